/* log_fixture.h: logs for tests, as files without a name. */
#ifndef TESTS_UNIT_LOG_FIXTURE_H
#define TESTS_UNIT_LOG_FIXTURE_H

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/buf.h"

/* Appends to a log. */
static inline void log_add(int fd, const void *bytes, size_t length)
{
	assert_int_equal(lseek(fd, 0, SEEK_END) >= 0, 1);
	assert_int_equal(fd_write_all(fd, bytes, length), 0);
}

/* A new log; to be closed. */
static inline int log_make(const void *bytes, size_t length)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd >= 0);
	log_add(fd, bytes, length);
	return fd;
}

static inline int log_make_text(const char *text)
{
	return log_make(text, strlen(text));
}

/* A generator of numbers that is the same everywhere (Marsaglia's xorshift64). */
static inline uint64_t log_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
