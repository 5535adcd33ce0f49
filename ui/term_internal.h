/* term_internal.h: what the files of the terminal widget share. */
#ifndef UI_TERM_INTERNAL_H
#define UI_TERM_INTERNAL_H

#include <locale.h>

#include "ui/term.h"
#include "ui/term_history.h"
#include "ui/vtfilter.h"

struct term {
	struct VTerm *vterm;
	struct VTermState *state;
	struct VTermScreen *screen;
	struct term_callbacks callbacks;
	bool answering;
	struct buf *sink; /* where libvterm's output goes; NULL: it answers a query */

	struct vtfilter filter;
	struct buf filtered;

	int columns, rows;
	int damage_first, damage_last; /* none: first is greater */
	struct term_history history;
	struct cell *line; /* room for a row */
	void *raw;	   /* and for one of libvterm's */

	bool alternate, reversed, cursor_visible, has_rung;
	enum term_shape shape;
	enum term_mouse_mode mouse;

	locale_t locale; /* a UTF-8 one, for wcwidth(3); 0: the person's */
};

/* Has libvterm's screen call back. */
void term_screen_attach(struct term *term);
/* Makes room for rows of so many columns. */
void term_screen_reserve(struct term *term, int columns);
/* All rows have changed. */
void term_screen_damage_all(struct term *term);

#endif
