/* term_internal.h: what the files of the terminal widget share. */
#ifndef UI_TERM_INTERNAL_H
#define UI_TERM_INTERNAL_H

#include <locale.h>

#include "ui/term.h"
#include "ui/term_grid.h"
#include "ui/term_history.h"
#include "ui/vtfilter.h"

/* The last character that was written, with its marks. */
struct term_glyph {
	char bytes[4 * (1 + VTFILTER_MARKS_MAX)];
	size_t length;
	int column;    /* of the cursor behind it */
	bool is_stuck; /* the cursor did not move on: it is at the right edge */
};

/* Where the last character came to stand. */
struct term_place {
	int row, column;
	bool is_simple; /* ASCII, in a line of single width */
};

struct term {
	struct VTerm *vterm;
	struct VTermState *state;
	struct term_callbacks callbacks;
	bool answering;
	struct buf *sink; /* where libvterm's output goes; NULL: it answers a query */

	struct vtfilter filter;
	struct buf filtered;
	struct term_glyph glyph;
	struct term_place last;
	bool has_moved; /* cells were moved or erased */

	int columns, rows;
	int damage_first, damage_last; /* none: first is greater */
	struct term_grid grids[2];     /* the screen, and the alternate one */
	struct cell pen, blank;	       /* what is written, without its character; what is erased */
	struct term_history history;
	struct cell *line; /* room for a row */

	bool alternate, reversed, cursor_visible, has_rung;
	enum term_shape shape;
	enum term_mouse_mode mouse;

	locale_t locale; /* a UTF-8 one, for wcwidth(3); 0: the person's */
};

/* Gives libvterm what has passed the filter (term_write.c). */
void term_write_filtered(struct term *term);
/* The same with bytes of our own. */
void term_write_text(struct term *term, const char *text);

/* Makes the screen, and has libvterm's state, which is reset, call back for it. */
void term_screen_attach(struct term *term);
void term_screen_release(struct term *term);
/* ASCII that goes on, just as it looks, behind the character that was written last. */
void term_screen_put(struct term *term, int row, int column, const char *text, int count);
/* Makes room for rows of so many columns. */
void term_screen_reserve(struct term *term, int columns);
/* The cells of a row, as they look. */
void term_screen_read(struct term *term, int row, struct cell *ret_cells);
/* All rows have changed. */
void term_screen_damage_all(struct term *term);

#endif
