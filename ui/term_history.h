/* term_history.h: rows that have left a terminal's screen, kept small.
 *
 * A row is its text in UTF-8 and runs of equal styles, without the blanks at its end. Rows are in a ring,
 * limited by the bytes that they take: the oldest is dropped for a new one.
 * Cells have to be as term.h has them: their width is wcwidth(3) of the character.
 */
#ifndef UI_TERM_HISTORY_H
#define UI_TERM_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/cell.h"

struct history_row;

struct term_history {
	size_t limit; /* bytes */

	/* private */
	struct history_row **rows; /* a ring of capacity places, a power of two */
	size_t capacity, first, count;
	size_t bytes;
	size_t dropped;
};

void scrollback_init(struct term_history *history, size_t limit);
void scrollback_release(struct term_history *history);
/* Another limit; drops what is beyond it. */
void scrollback_limit(struct term_history *history, size_t limit);

/* Adds the newest row. */
void scrollback_push(struct term_history *history, const struct cell *cells, int count);
/* Takes the newest row: count cells, cut off or filled up with blanks. False when there is none. */
bool scrollback_pop(struct term_history *history, struct cell *ret_cells, int count);
/* A row, the oldest is 0; one that is not there is blank. */
void scrollback_get(const struct term_history *history, size_t row, struct cell *ret_cells,
		    int count);

#endif
