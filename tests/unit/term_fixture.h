/* term_fixture.h: what the tests of ui/term.h share. */
#ifndef TESTS_UNIT_TERM_FIXTURE_H
#define TESTS_UNIT_TERM_FIXTURE_H

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/term.h"

static inline void feed(struct term *term, const char *text)
{
	term_feed(term, text, strlen(text));
}

/* The cells as text: blanks as spaces, those at the end left out. */
static inline void cells_text(const struct cell *cells, int columns, struct buf *out)
{
	size_t used = 0;

	for (int i = 0; i < columns; i++) {
		for (int j = 0; j < cells[i].n_chars; j++) {
			char *room = buf_reserve(out, 4);

			out->len += utf8_encode(cells[i].chars[j], room);
			room[out->len - (size_t)(room - out->data)] = '\0';
		}
		if (cells[i].n_chars)
			used = out->len;
		else if (cells[i].width)
			buf_add_char(out, ' ');
	}
	buf_truncate(out, used);
}

/* Fails unless a row of the screen has this text. */
static inline void check_row(struct term *term, int row, const char *text)
{
	AUTO_BUF struct buf is = BUF_INIT;
	struct cell cells[TERM_COLUMNS_MAX];

	term_row(term, row, cells);
	cells_text(cells, term_columns(term), &is);
	if (strcmp(is.data, text) != 0)
		fail_msg("row %d is \"%s\", not \"%s\"", row, is.data, text);
}

/* The same of the history. */
static inline void check_history(struct term *term, size_t row, const char *text)
{
	AUTO_BUF struct buf is = BUF_INIT;
	struct cell cells[TERM_COLUMNS_MAX];

	term_history_row(term, row, cells, TERM_COLUMNS_MAX);
	cells_text(cells, TERM_COLUMNS_MAX, &is);
	if (strcmp(is.data, text) != 0)
		fail_msg("row %zu of the history is \"%s\", not \"%s\"", row, is.data, text);
}

static inline struct cell cell_at(struct term *term, int row, int column)
{
	struct cell cells[TERM_COLUMNS_MAX];

	term_row(term, row, cells);
	return cells[column];
}

static inline void check_cursor(struct term *term, int row, int column)
{
	struct term_cursor cursor = term_cursor(term);

	if (cursor.row != row || cursor.column != column)
		fail_msg("the cursor is at %d,%d, not %d,%d", cursor.row, cursor.column, row,
			 column);
}

#endif
