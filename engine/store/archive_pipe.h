/* archive_pipe.h: bytes into a pipe that are not copied to pages of the kernel's on the way.
 *
 * What is written is copied to a ring of our own, and the ring's pages go into the pipe as they are
 * (vmsplice(2)). A page is written again only after so many others went into the pipe that it must
 * have been read: the ring holds twice what the pipe does. The reader must read(2), not splice, and
 * may widen the pipe to ARCHIVE_CHUNK bytes and no further; a careless one spoils what it reads
 * itself, nothing else. Where fd is no pipe, or the kernel does not let us, it is write(2).
 */
#ifndef ENGINE_STORE_ARCHIVE_PIPE_H
#define ENGINE_STORE_ARCHIVE_PIPE_H

#include <stddef.h>

struct pipe_out {
	int fd;
	char *ring; /* NULL: plain writes */
	size_t size, at;
};

/* Widens the pipe as archive_widen_pipe() does. fd stays the caller's. */
void pipe_out_init(struct pipe_out *out, int fd);
/* What is in the pipe stays readable. */
void pipe_out_release(struct pipe_out *out);

/* Writes all of bytes; -1 with errno. The caller may change bytes at once. */
int pipe_out_write(struct pipe_out *out, const void *bytes, size_t length);

#endif
