/* host_program.h: a program of the host, the person's editor, on a terminal in a pane.
 *
 * Life cycle: host_program_start(); callbacks come from the loop; host_program_free(), after ended() or
 * before: then the program is hung up on, as when a terminal is closed.
 */
#ifndef UI_HOST_PROGRAM_H
#define UI_HOST_PROGRAM_H

#include "engine/base/err.h"
#include "engine/process/loop.h"
#include "engine/sandbox/terminal.h"

struct host_program;

struct host_program_callbacks {
	void (*output)(void *data, const char *bytes, size_t length);
	void (*ended)(void *data, int status); /* of wait(2); last, and once */
	void *data;
};

/* Runs `COMMAND FILE` by a shell, on a pty of this size. */
int host_program_start(struct loop *loop, const char *command, const char *file, int columns,
		       int rows, const struct host_program_callbacks *callbacks,
		       struct host_program **ret_program, struct err *err);
void host_program_free(struct host_program *program);

/* Queues bytes as if typed; false when too much is queued. */
bool host_program_write(struct host_program *program, const void *bytes, size_t length);
void host_program_resize(struct host_program *program, int columns, int rows);

#endif
