/* moment.h: times of files, compared, and the time that it is. */
#ifndef ENGINE_BASE_MOMENT_H
#define ENGINE_BASE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline bool moment_is_later(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec != other->tv_sec ? one->tv_sec > other->tv_sec
					    : one->tv_nsec > other->tv_nsec;
}

/* Milliseconds of Unix time. */
static inline int64_t moment_unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
