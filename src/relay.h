/* relay.h: the person's terminal and a program in a sandbox, joined.
 *
 * A program inside is never given the terminal itself: with it, it could read what is typed there,
 * change its settings, and write whatever it likes. Either the program has a pty of its own, and
 * the terminal is in raw mode meanwhile; or its standard streams are the caller's, and those that
 * are a terminal are replaced by a pipe. Output passes a filter (plain_filter.h).
 *
 * Life cycle: relay_new(); relay_stdio() for the descriptors; relay_start() when there is a runner;
 * relay_free() puts the terminal back as it was.
 */
#ifndef SRC_RELAY_H
#define SRC_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"
#include "engine/process/loop.h"
#include "engine/sandbox/runner.h"

struct relay;

/* raw: with a pty; the terminal is standard input, and standard output too. */
int relay_new(struct loop *loop, bool raw, struct relay **ret_relay, struct err *err);
void relay_free(struct relay *relay);

/* The descriptors to give to the program; without a pty only. They stay the relay's. */
void relay_stdio(const struct relay *relay, int ret_stdio[3]);

/* Begins to pass on what is typed: to the runner's pty, or the pipe. */
void relay_start(struct relay *relay, struct runner *runner);

/* What came from the pty. */
void relay_output(struct relay *relay, const char *bytes, size_t length);
/* The terminal has another size. */
void relay_resize(struct relay *relay);
/* Gives the terminal back, and takes it again: around a stop of the program (SIGTSTP). */
void relay_suspend(struct relay *relay);
void relay_resume(struct relay *relay);

/* The program has ended: passes on what it has printed until now, and gives the terminal back. */
void relay_finish(struct relay *relay);

/* Columns and rows of the terminal; 80 and 24 when they are not known. */
void relay_size(int *ret_columns, int *ret_rows);

#endif
