/* message.h: what children tell contractor, and contractor them, over a socket pair.
 *
 * Each message is one SOCK_SEQPACKET record: a type byte, then its body; a record may carry one
 * descriptor. When all ends of one side are closed, the other side reads end-of-file: that is
 * also the life-line of every child.
 *
 * Types are the same everywhere; who sends what:
 *
 *	'I' init's process id as a decimal text        spawner -> contractor
 *	'E' a struct err: the child failed              any child -> contractor
 *	'N' a note, a text                              workers -> contractor
 *	'P' progress: bytes so far, a decimal text      workers -> contractor
 *	'R' a result, a text                            workers -> contractor
 *	'S' the processes are stopped, 'G' they run     init -> contractor
 *	'K' no process of the step is left: what they   init -> contractor
 *	    left is looked at
 *	'D' a struct init_result: all is over           init -> contractor
 *	'p' a file with a plan, 'f' a descriptor of it  contractor -> init
 *	's' stop, 'g' go on, 't' terminate, 'k' kill    contractor -> init
 *	'j' a socket for a shell that joins the step,   contractor -> init
 *	    where its plan waits, and which then is
 *	    between the two as init's own
 */
#ifndef ENGINE_PROCESS_MESSAGE_H
#define ENGINE_PROCESS_MESSAGE_H

#include <stddef.h>
#include <sys/types.h>

#include "engine/base/err.h"

enum { MESSAGE_SIZE_MAX = 8192 };

struct message {
	char type;
	size_t length;
	char body[MESSAGE_SIZE_MAX]; /* length bytes and a NUL */
	int fd;			     /* received descriptor, the reader's to close; or -1 */
};

/* A connected pair, close-on-exec. */
int message_pair(int ret_fds[2], struct err *err);

/* Sends one record, a body too long is cut. Returns -1 with errno; EPIPE when nobody is left. */
int message_send(int fd, char type, const void *body, size_t length);
int message_send_text(int fd, char type, const char *text);
int message_send_fd(int fd, char type, int sent_fd);
int message_send_err(int fd, const struct err *err);

/* Receives one record. Returns 1, 0 at end-of-file, -1 with errno (EAGAIN on a non-blocking
 * socket with nothing to read). flags as for recv(2). */
int message_receive(int fd, struct message *ret_message, int flags);

/* Waits on a blocking socket for an 'R' message of a child that must send one; *ret_fd is its
 * descriptor, the caller's to close, or -1. An 'E' is that error; end-of-file means that `who` died. */
int message_expect(int socket, const char *who, int *ret_fd, struct err *err);

/* The error an 'E' message carries. */
void message_get_err(const struct message *message, struct err *ret_err);

#endif
