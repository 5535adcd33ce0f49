#include "ui/term_history.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"

/* So many characters in this style. */
struct run {
	struct cell_style style;
	uint16_t characters;
};

struct history_row {
	uint32_t size; /* of all of it, in bytes */
	uint16_t n_runs;
	struct run runs[]; /* and behind them the text; a blank is a NUL */
};

enum { ROWS_MIN = 64, ROW_OVERHEAD = sizeof(void *) + 16 /* of malloc */ };

void scrollback_init(struct term_history *history, size_t limit)
{
	*history = (struct term_history){.limit = limit};
}

void scrollback_release(struct term_history *history)
{
	scrollback_limit(history, 0);
	free(history->rows);
	*history = (struct term_history){.limit = 0};
}

/* The place of a row. */
static struct history_row **place(const struct term_history *history, size_t row)
{
	return &history->rows[(history->first + row) & (history->capacity - 1)];
}

/* Forgets the row at this place, which is the first or the last. */
static void forget(struct term_history *history, struct history_row **row)
{
	history->bytes -= (*row)->size + ROW_OVERHEAD;
	history->count--;
	free(*row);
}

void scrollback_limit(struct term_history *history, size_t limit)
{
	history->limit = limit;
	while (history->count && history->bytes > limit) {
		forget(history, place(history, 0));
		history->first++;
		history->dropped++;
	}
}

/* Twice as many places. */
static void grow(struct term_history *history)
{
	struct term_history old = *history;

	history->capacity = old.capacity ? old.capacity * 2 : ROWS_MIN;
	history->rows = mem_resize(NULL, history->capacity, sizeof *history->rows);
	history->first = 0;
	for (size_t i = 0; i < old.count; i++)
		history->rows[i] = *place(&old, i);
	free(old.rows);
}

static bool color_equal(const struct cell_color *a, const struct cell_color *b)
{
	return a->type == b->type && a->index == b->index && a->red == b->red &&
	       a->green == b->green && a->blue == b->blue;
}

static bool style_equal(const struct cell_style *a, const struct cell_style *b)
{
	return a->attributes == b->attributes && color_equal(&a->fg, &b->fg) &&
	       color_equal(&a->bg, &b->bg);
}

/* How many cells there are without the blanks at the end. */
static int used_cells(const struct cell *cells, int count)
{
	const struct cell_style plain = {.attributes = 0};

	while (count && cells[count - 1].width == 1 && !cells[count - 1].n_chars &&
	       style_equal(&cells[count - 1].style, &plain))
		count--;
	return count;
}

/* The characters of one cell. */
static void add_chars(const struct cell *cell, struct buf *text)
{
	if (!cell->n_chars)
		buf_add_char(text, '\0');
	for (int i = 0; i < cell->n_chars; i++) {
		char *room = buf_reserve(text, 4);

		text->len += utf8_encode(cell->chars[i], room);
		text->data[text->len] = '\0';
	}
}

/* The cells' text and runs. */
static struct history_row *pack(const struct cell *cells, int count)
{
	AUTO_BUF struct buf text = BUF_INIT, runs = BUF_INIT;
	struct run run = {.characters = 0};
	struct history_row *row;

	count = used_cells(cells, count);
	for (int i = 0; i < count; i++) {
		if (!cells[i].width)
			continue;
		if (run.characters && !style_equal(&run.style, &cells[i].style)) {
			buf_add(&runs, &run, sizeof run);
			run.characters = 0;
		}
		run.style = cells[i].style;
		run.characters++;
		add_chars(&cells[i], &text);
	}
	if (run.characters)
		buf_add(&runs, &run, sizeof run);
	row = mem_new(sizeof *row + runs.len + text.len);
	row->size = (uint32_t)(sizeof *row + runs.len + text.len);
	row->n_runs = (uint16_t)(runs.len / sizeof run);
	memcpy(row->runs, runs.data, runs.len);
	memcpy((char *)row->runs + runs.len, text.data, text.len);
	return row;
}

void scrollback_push(struct term_history *history, const struct cell *cells, int count)
{
	struct history_row *row = pack(cells, count);

	if (history->count == history->capacity)
		grow(history);
	history->count++;
	*place(history, history->count - 1) = row;
	history->bytes += row->size + ROW_OVERHEAD;
	scrollback_limit(history, history->limit);
}

/* Reads one character with its marks, at most until end; returns what follows. */
static const char *read_cell(const char *text, const char *end, struct cell *ret_cell)
{
	struct cell cell = {.width = 1};
	uint32_t code;
	size_t length;

	while (text < end && (length = utf8_decode(text, (size_t)(end - text), &code))) {
		int width = code ? wcwidth((wchar_t)code) : 1;

		if (cell.n_chars == CELL_CHARS_MAX || (cell.n_chars && width))
			break;
		text += length;
		if (!code)
			break;
		if (!cell.n_chars)
			cell.width = width == 2 ? 2 : 1;
		cell.chars[cell.n_chars++] = code;
	}
	*ret_cell = cell;
	return text;
}

/* The cells of a row. */
static void unpack(const struct history_row *row, struct cell *cells, int count)
{
	const char *text = (const char *)(row->runs + row->n_runs);
	const char *end = (const char *)row + row->size;
	int column = 0;

	for (size_t i = 0; i < row->n_runs; i++) {
		for (int j = 0; j < row->runs[i].characters && column < count; j++) {
			struct cell cell;

			text = read_cell(text, end, &cell);
			cell.style = row->runs[i].style;
			if (column + cell.width > count)
				cell = (struct cell){.width = 1, .style = cell.style};
			cells[column] = cell;
			if (cell.width == 2)
				cells[column + 1] = (struct cell){.style = cell.style};
			column += cell.width;
		}
	}
}

/* Fills with blanks. */
static void clear(struct cell *cells, int count)
{
	for (int i = 0; i < count; i++)
		cells[i] = (struct cell){.width = 1};
}

void scrollback_get(const struct term_history *history, size_t row, struct cell *ret_cells,
		    int count)
{
	clear(ret_cells, count);
	if (row < history->count)
		unpack(*place(history, row), ret_cells, count);
}

bool scrollback_pop(struct term_history *history, struct cell *ret_cells, int count)
{
	if (!history->count)
		return false;
	scrollback_get(history, history->count - 1, ret_cells, count);
	forget(history, place(history, history->count - 1));
	return true;
}
