#include "src/columns.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "ui/words.h"

/* What is left of a column that is cut. */
enum { CUT_MIN = 8 };

void columns_add(struct columns *columns, const char *text)
{
	strv_take(&columns->cells, buf_shown(text));
}

void columns_add_fmt(struct columns *columns, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	columns_add(columns, text);
}

static size_t width_of(const char *cell)
{
	return columns_of(cell, strlen(cell));
}

static size_t width_of_column(const struct columns *columns, size_t column)
{
	size_t widest = 0;

	for (size_t i = column; i < columns->cells.len; i += columns->count) {
		size_t width = width_of(columns->cells.items[i]);

		widest = width > widest ? width : widest;
	}
	return widest;
}

/* The widest column that may be cut, or NULL. */
static size_t *widest_to_cut(const struct columns *columns, size_t *widths)
{
	size_t *widest = NULL;

	for (size_t i = 0; i < columns->count; i++) {
		if (columns->right[i] == 'c' && widths[i] > CUT_MIN &&
		    (!widest || widths[i] > *widest))
			widest = &widths[i];
	}
	return widest;
}

/* Takes from the columns that may be cut, as long as the row is wider than the terminal. */
static void cut_columns(const struct columns *columns, size_t *widths, size_t available)
{
	size_t total = 2 * (columns->count - 1);
	size_t *widest;

	for (size_t i = 0; i < columns->count; i++)
		total += widths[i];
	for (; total > available && (widest = widest_to_cut(columns, widths)); total--)
		--*widest;
}

static void print_cell(const struct columns *columns, size_t i, size_t width, struct console *out)
{
	AUTO_BUF struct buf fitting = BUF_INIT;
	const char *cell = columns->cells.items[i];
	size_t column = i % columns->count;
	bool last = column + 1 == columns->count, right = columns->right[column] == 'r';
	int blanks;

	if (columns->right[column] == 'c') {
		add_fitting(&fitting, cell, width, !out->utf8);
		cell = fitting.data;
	}
	blanks = (int)(width - width_of(cell));

	console_print(out, "%*s%s%*s%s", right ? blanks : 0, "", cell, right || last ? 0 : blanks,
		      "", last ? "\n" : "  ");
}

void columns_print(const struct columns *columns, struct console *out)
{
	size_t *widths = mem_new(columns->count * sizeof *widths);

	for (size_t i = 0; i < columns->count; i++)
		widths[i] = width_of_column(columns, i);
	if (out->terminal)
		cut_columns(columns, widths, (size_t)console_columns(out));
	for (size_t i = 0; columns->count && i < columns->cells.len; i++)
		print_cell(columns, i, widths[i % columns->count], out);
	free(widths);
}

void columns_release(struct columns *columns)
{
	strv_release(&columns->cells);
}
