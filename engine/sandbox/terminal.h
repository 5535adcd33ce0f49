/* terminal.h: the master side of a step's pty, as contractor holds it.
 *
 * Output is read at most TERMINAL_BUDGET bytes a turn of the loop, so that keys and other
 * work are never kept waiting. Input is queued: a step that does not read loses nothing and
 * blocks nobody. Where nobody types, end-of-file characters answer reads (termios(3), VEOF),
 * as long as the slave is in canonical mode.
 */
#ifndef ENGINE_SANDBOX_TERMINAL_H
#define ENGINE_SANDBOX_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/process/loop.h"

enum { TERMINAL_BUDGET = 1 << 18, TERMINAL_QUEUE_MAX = 1 << 20 };

struct terminal;

struct terminal_callbacks {
	void (*output)(void *data, const char *bytes, size_t length);
	void (*mode)(void *data, bool onlcr); /* first with the value at the start */
	void (*closed)(void *data);	      /* every slave is closed and all is read */
	void *data;
};

/* Takes fd over. Free with terminal_free(). */
struct terminal *terminal_new(struct loop *loop, int fd, bool end_of_file,
			      const struct terminal_callbacks *callbacks);
void terminal_free(struct terminal *terminal);

/* Says that the program has ended: when all is read, closed() is called. A second is given to those
 * who still have the slave. */
void terminal_finish(struct terminal *terminal);

/* Whether closed() has been called. */
bool terminal_drained(const struct terminal *terminal);

/* Somebody types from now on: reads are no more answered with end-of-file. */
void terminal_interact(struct terminal *terminal);

/* Queues bytes as if typed; false, and nothing queued, when the queue is full. */
bool terminal_write(struct terminal *terminal, const void *bytes, size_t length);
void terminal_resize(struct terminal *terminal, int columns, int rows);

#endif
