/* term.h: a terminal in memory: what a program printed, as a screen of cells (by libvterm), and what a
 * person does with it, as bytes for the program.
 *
 * Output may be hostile: it goes through vtfilter.h first, and never acts on the person's own terminal.
 * What the cells hold is safe to show: their width is the one of wcwidth(3) in a UTF-8 locale, so no
 * row is shifted, and what hides or reorders text is left out. The right half of a wide
 * character is a cell of width 0 behind it. All numbers of rows and columns are from 0.
 *
 * Lines that go up from the first row are kept in a history, of limited size, which gives them back
 * when the screen grows; what is on the alternate screen is never in it.
 *
 * Life cycle: term_new(); term_feed() as output comes, once a turn term_take_damage(), and term_row()
 * for each row that is damaged; term_end() when the program is gone; term_free().
 * Callbacks are called within the functions that say so, and may not call any of these.
 */
#ifndef UI_TERM_H
#define UI_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"
#include "ui/cell.h"
#include "ui/key.h"

enum {
	TERM_COLUMNS_MIN = 2, /* libvterm cannot have less */
	TERM_COLUMNS_MAX = 1000,
	TERM_ROWS_MAX = 500,
	TERM_HISTORY_BYTES = 4 << 20,
};

struct term;

/* What the program wants of whoever shows the terminal; each may be NULL. */
struct term_callbacks {
	/* Bytes that answer its queries, for its input; only while answering (below). */
	void (*reply)(void *user, const char *bytes, size_t length);
	/* A title, cleaned; the last one of a feed. */
	void (*title)(void *user, const char *title);
	/* Once a feed, however often it rang. */
	void (*bell)(void *user);
	void *user;
};

enum term_shape { TERM_BLOCK, TERM_UNDERLINE, TERM_BAR };

struct term_cursor {
	int row, column;
	bool visible;
	enum term_shape shape;
};

/* What the program wants to know of the mouse. */
enum term_mouse_mode { TERM_MOUSE_NONE, TERM_MOUSE_CLICK, TERM_MOUSE_DRAG, TERM_MOUSE_MOVE };

/* Sizes outside of the limits above are brought within. callbacks are copied; NULL for none. */
struct term *term_new(int columns, int rows, const struct term_callbacks *callbacks);
/* NULL is fine. */
void term_free(struct term *term);

/* Output of the program. Calls all callbacks. */
void term_feed(struct term *term, const char *bytes, size_t length);
/* From now on LF is CR LF, as with ONLCR on a pty; off at first. */
void term_set_onlcr(struct term *term, bool onlcr);
/* Whether queries are answered: yes for a shell, no for a step that runs by itself; no at first. */
void term_set_answering(struct term *term, bool answering);
/* How much of the history is kept, in bytes; TERM_HISTORY_BYTES at first, 0 for none. */
void term_limit_history(struct term *term, size_t bytes);

/* Changes the size, at any time: a sequence or character that is incomplete is still with the filter, and
 * is understood as if it had come as a whole afterwards. Margins are taken back. */
void term_resize(struct term *term, int columns, int rows);
int term_columns(const struct term *term);
int term_rows(const struct term *term);

/* The program ended: an incomplete sequence is forgotten, its modes are taken back (alternate screen,
 * mouse, margins, colours, ...), the cursor is visible. What it printed stays. */
void term_end(struct term *term);

/* The rows that changed since the last call, both inclusive; false when none did. */
bool term_take_damage(struct term *term, int *ret_first, int *ret_last);
/* The cells of a row, as many as term_columns(). */
void term_row(struct term *term, int row, struct cell *ret_cells);
struct term_cursor term_cursor(const struct term *term);
bool term_is_alternate(const struct term *term);
enum term_mouse_mode term_mouse_mode(const struct term *term);

/* The history: rows above the first one of the screen, the oldest is 0. */
size_t term_history_count(const struct term *term);
/* How many were dropped at the old end: adding it gives a row a number that stays. */
size_t term_history_dropped(const struct term *term);
/* The cells of a row: as many as given, cut off or filled up with blanks. */
void term_history_row(struct term *term, size_t row, struct cell *ret_cells, int columns);

/* --- what the person does: appends the bytes for the program to out */

/* A key, except of the mouse, as xterm sends it. */
void term_key(struct term *term, const struct key *key, struct buf *out);
/* Text from a clipboard: newlines as Enter, without control characters but tabs; in brackets if the program
 * asked for them. */
void term_paste(struct term *term, const char *text, size_t length, struct buf *out);
/* What the mouse did, in rows and columns of the terminal. Returns false, and appends nothing, when the
 * program does not want it: it is for whoever shows the terminal. On the alternate screen the
 * wheel is arrow keys then. */
bool term_mouse(struct term *term, const struct key_mouse *mouse, unsigned modifiers,
		struct buf *out);
/* The terminal got the person's attention, or lost it; for programs that asked to be told. */
void term_focus(struct term *term, bool focused, struct buf *out);

#endif
