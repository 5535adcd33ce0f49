/* What is written to standard output in many small pieces, given to it in one. */
#include "ui/burst.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/mem.h"

void burst_open(struct burst *burst)
{
	burst->memory = memfd_create("contractor-frame", MFD_CLOEXEC);
	burst->terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (burst->memory < 0 || burst->terminal < 0)
		burst_close(burst);
}

void burst_close(struct burst *burst)
{
	fd_close(&burst->memory);
	fd_close(&burst->terminal);
}

void burst_begin(struct burst *burst)
{
	if (burst->memory >= 0)
		dup2(burst->memory, STDOUT_FILENO);
}

/* Writes all to standard output, which may be set not to block. */
static void put_out(const char *bytes, size_t length)
{
	while (length) {
		ssize_t written = write(STDOUT_FILENO, bytes, length);
		struct pollfd polled = {.fd = STDOUT_FILENO, .events = POLLOUT};

		if (written < 0 && errno == EAGAIN)
			poll(&polled, 1, -1);
		else if (written < 0 && errno != EINTR)
			return;
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
}

void burst_end(struct burst *burst)
{
	off_t length;
	void *bytes;

	if (burst->memory < 0)
		return;
	dup2(burst->terminal, STDOUT_FILENO);
	length = lseek(burst->memory, 0, SEEK_CUR);
	if (length <= 0)
		return;
	bytes = mmap(NULL, (size_t)length, PROT_READ, MAP_SHARED, burst->memory, 0);
	if (bytes != MAP_FAILED) {
		put_out(bytes, (size_t)length);
		munmap(bytes, (size_t)length);
	}
	lseek(burst->memory, 0, SEEK_SET);
}
