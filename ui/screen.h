/* screen.h: the debugger on the person's terminal: a client of the session, as `run` and the prompt are.
 *
 * Life cycle:
 *	1. screen_new() with a loop, and the function that opens the specification;
 *	2. the session is made with screen_event and screen_front, and the screen as their data;
 *	3. screen_run() takes the terminal, opens the specification, runs the loop until the person
 *	   leaves, or a signal says so, and gives the terminal back;
 *	4. screen_free(), after the session.
 *
 * All pointers must outlive the screen. A specification that is not valid is shown with what is wrong, to be mended and opened again.
 */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

#include <stdbool.h>

#include "engine/base/err.h"
#include "engine/process/loop.h"
#include "engine/session/command.h"
#include "engine/session/session.h"
#include "ui/config.h"
#include "ui/theme.h"

struct screen;

struct screen_options {
	struct loop *loop;
	const struct config *config;
	const struct theme *theme;
	int colors; /* most that may be used, as in canvas.h */
	const char *spec_path;
	const char *command_file; /* lines that are run first, or NULL */

	/* Opens the specification, again if need be, and leaves what an earlier session kept restored: 1,
	 * or 0 when it is not valid, and then ret_text says what is wrong; or -1. With 1, ret_text may have
	 * notes. The session of before was closed. */
	int (*open)(void *data, struct session **ret_session, struct buf *ret_text,
		    struct err *err);
	void (*close)(void *data);
	void *data;
};

struct screen *screen_new(const struct screen_options *options);
void screen_free(struct screen *screen);

void screen_event(void *screen, const struct event *event);
extern const struct command_front screen_front;
/* A signal that the program takes from the loop: SIGWINCH, SIGTSTP, SIGCONT, and those that end it. */
void screen_signal(void *screen, int number);

/* How it came to its end. */
struct screen_end {
	int signal_number; /* that ended it, or 0 */
	bool mistaken;	   /* a command of the command file was wrong */
	bool failed;	   /* the last step that was to run could not be run or recorded */
};

/* Fails when the terminal cannot be used, or the specification not be opened. */
int screen_run(struct screen *screen, struct screen_end *ret_end, struct err *err);

#endif
