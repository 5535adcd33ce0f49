/* display.h: a program on a pty of its own, and the terminal that shows what it writes.
 *
 * Life cycle: display_new(); display_start() once; the functions below; display_free(), which kills a
 * program that is still there. Rows and columns are from 0. Nothing here waits but display_wait().
 */
#ifndef TESTS_SCREEN_DISPLAY_H
#define TESTS_SCREEN_DISPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/process/loop.h"
#include "ui/term.h"

struct display {
	struct loop *loop;
	struct term *term;
	int master, slave; /* both stay open, so that no output is lost when the program is gone */
	struct loop_watch *watch;
	struct loop_child *child;
	pid_t pid;
	bool started, ended;
	int status; /* when it has ended, as a shell tells it: 128 and the signal's number, if one did */
	uint64_t bytes;	  /* that it wrote */
	struct buf begun; /* the first of them, as they were */
	char *modes;	  /* the pty's, before it was started */
};

int display_new(struct loop *loop, int columns, int rows, struct display **ret_display,
		struct err *err);
void display_free(struct display *display);

/* Runs a line of sh(1), which ought to `exec`, in this directory. */
int display_start(struct display *display, const char *line, const char *directory,
		  struct err *err);
/* What a person sends from the keyboard; turns the loop while the program does not read. */
void display_send(struct display *display, const struct buf *bytes);
void display_resize(struct display *display, int columns, int rows);
/* Closes the terminal, as when its window is closed. */
void display_hang_up(struct display *display);

/* Turns the loop until done(data) says so; false when the time is up first, or the program has
 * ended and said all. */
bool display_wait(struct display *display, int timeout_ms, bool (*done)(void *data), void *data);

/* The text of a row, without the blanks at its end. */
void display_row(struct display *display, int row, struct buf *ret_text);
/* Where a text stands first, on or behind a row; false when it is nowhere. */
bool display_find(struct display *display, const char *text, int *ret_row, int *ret_column);
/* The whole screen in a frame, with the rows' numbers from 1, each line behind "# ". */
void display_print(struct display *display);

/* What is not as it was before the program was started, or NULL: the pty's modes, the alternate screen, the
 * mouse, pastes in brackets, the keypad, the cursor, colours. */
const char *display_left_behind(struct display *display);

#endif
