/* child.h: forked children that run a function of ours.
 *
 * child_fork() gives the child what every child must have: a session of its own, default signals
 * (but SIGPIPE and SIGXFSZ are ignored, until child_reset_signals()) and an empty mask, standard
 * streams on /dev/null, no descriptor but those named, and _exit() at its end. It talks to
 * contractor by messages (message.h).
 */
#ifndef ENGINE_PROCESS_CHILD_H
#define ENGINE_PROCESS_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "engine/base/err.h"

/* Work for a child: runs there, with the socket to contractor. On failure (-1, err set)
 * the error is sent as an 'E' message and the child exits with 1. */
struct child_job {
	int (*run)(void *data, int socket, struct err *err);
	void *data;
	const int *keep; /* descriptors the job needs, besides the socket */
	size_t n_keep;
};

/* Forks; *ret_socket is contractor's end (non-blocking), to be closed by the caller: closing it
 * is the child's end-of-file. */
int child_fork(const struct child_job *job, pid_t *ret_pid, int *ret_socket, struct err *err);

/* What a child does first: see above. keep lists the descriptors that stay open besides 0, 1, 2. */
void child_reset(const int *keep, size_t n_keep);

/* Default dispositions, an empty mask, SIGPIPE included. */
void child_reset_signals(void);

/* Lets this process have as many open files as anybody may give it. */
void child_raise_open_files(void);

/* Closes every descriptor from 3 on but those in keep. */
void child_close_others(const int *keep, size_t n_keep);

#endif
