/* canvas.h: the person's terminal, through curses.
 *
 * Life cycle: canvas_new() takes the terminal over; frames are drawn and shown; canvas_free() gives it
 * back as it was. Between canvas_suspend() and canvas_resume() it is the person's, for ^Z.
 * While it is taken, standard error goes to a file in memory, which canvas_free() gives out: a stray message
 * cannot garble the screen. A crash gives the terminal back, and what was said, too (guard.h).
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include <stdbool.h>

#include "engine/base/err.h"
#include "ui/frame.h"

struct canvas;

struct canvas_options {
	bool mouse;
	int colors; /* most that may be used: 0, 8, 16, 256 or 1 << 24; what the terminal lacks is not */
	int escape_ms; /* a key within that time after Esc is Alt and that key */
};

/* Whether a screen can be drawn on a terminal as TERM says, and how many colours it has, without taking
 * it. */
bool canvas_look(int *ret_colors);

/* Takes the terminal of standard input and output. Fails with ERR_USAGE when they are none, or the
 * terminal cannot move its cursor. */
int canvas_new(const struct canvas_options *options, struct canvas **ret_canvas, struct err *err);
void canvas_free(struct canvas *canvas);

void canvas_suspend(struct canvas *canvas);
void canvas_resume(struct canvas *canvas);
/* Takes it again, because somebody else may have had it: this process was stopped without a word. */
void canvas_retake(struct canvas *canvas);

/* Looks up the terminal's size; true when it has another one than before. */
bool canvas_measure(struct canvas *canvas);
int canvas_rows(const struct canvas *canvas);
int canvas_columns(const struct canvas *canvas);

/* How many colours are used: 0, 8, 16, 256 or 1 << 24. */
int canvas_colors(const struct canvas *canvas);
/* Whether the locale has nothing but ASCII. */
bool canvas_is_ascii(const struct canvas *canvas);

/* Shows a frame of the canvas's size. */
void canvas_show(struct canvas *canvas, const struct frame *frame);
/* The next frame is drawn wholly, whatever the terminal may show. */
void canvas_redraw(struct canvas *canvas);
void canvas_bell(struct canvas *canvas);

/* The window that keys are read from (keyboard.h), a WINDOW of curses. */
void *canvas_key_window(struct canvas *canvas);

#endif
