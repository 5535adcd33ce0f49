/* moment.h: times of files, compared. */
#ifndef ENGINE_BASE_MOMENT_H
#define ENGINE_BASE_MOMENT_H

#include <stdbool.h>
#include <time.h>

static inline bool moment_is_later(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec != other->tv_sec ? one->tv_sec > other->tv_sec
					    : one->tv_nsec > other->tv_nsec;
}

#endif
