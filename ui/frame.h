/* frame.h: what is to be on the screen, as a grid of cells. Pure: it draws nothing.
 *
 * A frame is filled anew for every picture; canvas.h shows it, and changes only what differs from the
 * one before. All drawing is clipped to the rectangle that is given, and to the frame.
 *
 * Life cycle: `struct frame frame = {0};` frame_resize(); draw; frame_release().
 */
#ifndef UI_FRAME_H
#define UI_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/cell.h"

/* A part of the screen, in cells from its upper left corner. */
struct rect {
	int row, column, rows, columns;
};

struct frame {
	int rows, columns;
	struct cell *cells; /* rows * columns */
	bool ascii;	    /* nothing but ASCII can be shown: the rest becomes "?" */

	/* Where the terminal's cursor is to be; row -1: hidden. */
	int cursor_row, cursor_column;
};

/* Gives it this size, all blank. */
void frame_resize(struct frame *frame, int rows, int columns);
void frame_release(struct frame *frame);
/* All blank in this style, the cursor hidden. */
void frame_clear(struct frame *frame, struct cell_style style);

struct cell *frame_at(struct frame *frame, int row, int column);

/* Blanks in this style. */
void frame_fill(struct frame *frame, struct rect rect, struct cell_style style);

/* Draws text (UTF-8, control characters as "?") in one row of rect, from its column on; what does not
 * fit is cut off, with an ellipsis where it is. Returns the columns taken. */
int frame_text(struct frame *frame, struct rect rect, int row, int column, struct cell_style style,
	       const char *text);

/* The columns that the text takes. */
int frame_text_columns(const char *text);

/* Puts cells into one row of rect, from its first column on, and blanks in the style behind them.
 * A wide character that does not fit wholly becomes a blank. */
void frame_cells(struct frame *frame, struct rect rect, int row, const struct cell *cells,
		 int count, struct cell_style blank);

/* Gives all cells in a row of rect these colours, where style has them, and attributes. In reverse
 * they lose their own colours: each would be a block of another one. */
void frame_tint(struct frame *frame, struct rect rect, int row, struct cell_style style);

/* A border within rect, with a title in its upper edge. Returns what is inside. */
struct rect frame_box(struct frame *frame, struct rect rect, struct cell_style border,
		      struct cell_style title_style, const char *title);

/* Shows the cursor there, if it is within rect. */
void frame_cursor(struct frame *frame, struct rect rect, int row, int column);

/* The part of rect without so many of its first rows, and the like. */
struct rect rect_inset(struct rect rect, int top, int right, int bottom, int left);
bool rect_contains(struct rect rect, int row, int column);

#endif
