/* log_line.h: one line of a log as a person sees it: cells with colours, and plain text.
 *
 * As a terminal would show it that had this line alone: SGR colours; tabs to each eighth column; a
 * carriage return and a backspace go back, and what follows overwrites (progress bars); wide characters
 * take two columns, combining ones join the one before; EL (CSI K) erases. Other sequences and
 * control characters have no effect. What is no valid UTF-8, and marks that reorder or hide text,
 * are U+FFFD. Widths are those of the locale (wcwidth(3)).
 *
 * Life cycle: `struct log_line line = {0};` log_line_render() as often as wanted; log_line_release().
 */
#ifndef UI_LOG_LINE_H
#define UI_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"
#include "ui/cell.h"

enum { LOG_COLUMNS_MAX = 65536 }; /* what is further to the right is not kept */

struct log_line {
	struct cell *cells; /* of n_columns columns */
	size_t n_columns, capacity;
	struct cell_style pen; /* in force behind the line */
};

void log_line_release(struct log_line *line);

/* Makes it what bytes show, with the style in force before them; a newline at the end is no part of
 * it. */
void log_line_render(struct log_line *line, const char *bytes, size_t length,
		     const struct cell_style *style);

/* Appends its text, without blanks at its end. */
void log_line_add_text(const struct log_line *line, struct buf *out);

/* A column, and where in that text it begins. */
struct log_text_place {
	size_t column, byte;
};

/* Moves a place (zeroes at first) on to the column that has a byte of the text. */
void log_line_advance(const struct log_line *line, struct log_text_place *place, size_t byte);

/* How many rows of so many columns it takes when it goes on in the next row: at least 1. A wide
 * character that does not fit wholly begins the next row. */
size_t log_line_rows(const struct log_line *line, size_t columns);
/* The column behind a row that begins at first, where the next one begins. */
size_t log_line_row_end(const struct log_line *line, size_t first, size_t columns);
/* The first column of such a row; that of a row behind the last is n_columns. */
size_t log_line_row_start(const struct log_line *line, size_t row, size_t columns);

#endif
