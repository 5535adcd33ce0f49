/* guard.h: a small process that gives the person's terminal back when this one dies without doing so.
 *
 * Handlers of the fatal signals do so themselves. Nothing can be done at SIGKILL, so a child waits for the end
 * of a pipe that nobody else holds. It is a child and not the parent, so that the process that the shell knows
 * stays the one that works: job control, signals and exit statuses are as in any program. In a session of its
 * own it outlives what is done to the whole job (`kill -9 %1`), and may set the terminal's modes at any time.
 * The shell may be quicker with its prompt: modes that are another's by then stay so, and a line says what was.
 *
 * While it is there, standard error goes to a file in memory if it is a terminal, so that a stray message cannot
 * garble the screen. guard_free() gives it out; after a crash, the child does.
 *
 * Life cycle: guard_new(); guard_arm() and guard_disarm() as the terminal is taken and given back; guard_free().
 */
#ifndef UI_GUARD_H
#define UI_GUARD_H

#include <stddef.h>
#include <termios.h>

struct guard;

enum { GUARD_RESET_MAX = 512 };

/* For the terminal of standard input and output. Where no process can be made, there is none that guards. */
struct guard *guard_new(void);
void guard_free(struct guard *guard);

/* The terminal is taken, its modes are set. From now on these modes are to be put back, and so many bytes written, which
 * must not be more than GUARD_RESET_MAX. */
void guard_arm(struct guard *guard, const struct termios *before, const char *reset, size_t length);
void guard_disarm(struct guard *guard);

#endif
