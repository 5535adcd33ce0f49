#include "engine/store/archive_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "engine/base/buf.h"
#include "engine/store/archive_internal.h"

/* What is copied at once: it stays in the processor's cache, and is at most half of a pipe. */
enum { PIECE = 128 << 10 };

void pipe_out_init(struct pipe_out *out, int fd)
{
	int held;
	void *ring;

	*out = (struct pipe_out){.fd = fd};
	archive_widen_pipe(fd);
	held = fcntl(fd, F_GETPIPE_SZ);
	if (held < 0)
		return;
	/* Whoever reads may widen it to ARCHIVE_CHUNK later on. */
	out->size = 2 * (size_t)(held > ARCHIVE_CHUNK ? held : ARCHIVE_CHUNK);
	/* Not of malloc(): pages that are freed but still in the pipe must not be used anew. */
	ring = mmap(NULL, out->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ring != MAP_FAILED)
		out->ring = ring;
}

void pipe_out_release(struct pipe_out *out)
{
	if (out->ring)
		munmap(out->ring, out->size);
	out->ring = NULL;
}

/* Puts a piece of the ring into the pipe: how much of it, or -1. */
static ssize_t splice_piece(const struct pipe_out *out, size_t length)
{
	struct iovec piece = {out->ring + out->at, length};
	ssize_t count;

	do
		count = vmsplice(out->fd, &piece, 1, 0);
	while (count < 0 && errno == EINTR);
	return count;
}

/* Sends what was copied to the ring, at most PIECE bytes. */
static int send_piece(struct pipe_out *out, size_t length)
{
	while (length) {
		ssize_t count = splice_piece(out, length);

		if (count < 0 && errno != EPIPE)
			return fd_write_all(out->fd, out->ring + out->at, length);
		if (count < 0)
			return -1;
		out->at += (size_t)count;
		length -= (size_t)count;
	}
	return 0;
}

int pipe_out_write(struct pipe_out *out, const void *bytes, size_t length)
{
	const char *from = bytes;

	if (!out->ring)
		return fd_write_all(out->fd, bytes, length);
	while (length) {
		size_t piece = length < PIECE ? length : PIECE;

		if (out->at + piece > out->size)
			out->at = 0;
		memcpy(out->ring + out->at, from, piece);
		if (send_piece(out, piece) < 0)
			return -1;
		from += piece;
		length -= piece;
	}
	return 0;
}
