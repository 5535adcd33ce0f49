#include "ui/log_line.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/log_escape.h"
#include "ui/sgr.h"

enum { BS = 0x08, ESC = 0x1b, DEL = 0x7f, TAB_COLUMNS = 8, REPLACEMENT = 0xfffd };

/* A line that is being made. */
struct rendering {
	struct log_line *line;
	size_t column; /* where the next character goes */
};

void log_line_release(struct log_line *line)
{
	free(line->cells);
	*line = (struct log_line){0};
}

/* A place without a character. */
static struct cell blank_cell(void)
{
	return (struct cell){.width = 1};
}

/* Makes the line reach to before column. */
static void reach(struct log_line *line, size_t column)
{
	while (line->n_columns < column) {
		line->cells = mem_grow(line->cells, line->n_columns, &line->capacity,
				       sizeof *line->cells);
		line->cells[line->n_columns++] = blank_cell();
	}
}

/* Takes what is left of a wide character away, of which the half at column goes. */
static void part_wide(struct log_line *line, size_t column)
{
	struct cell *cell = &line->cells[column];

	if (cell->width == 2 && column + 1 < line->n_columns)
		cell[1] = (struct cell){.width = 1, .style = cell->style};
	else if (cell->width == 0 && column > 0)
		cell[-1] = (struct cell){.width = 1, .style = cell->style};
}

/* Puts a character of 1 or 2 columns. */
static void put(struct rendering *rendering, uint32_t code, uint8_t width)
{
	struct log_line *line = rendering->line;
	size_t column = rendering->column;

	rendering->column += width;
	if (rendering->column > LOG_COLUMNS_MAX)
		return;
	reach(line, rendering->column);
	for (size_t i = column; i < rendering->column; i++)
		part_wide(line, i);
	line->cells[column] =
		(struct cell){.chars = {code}, .n_chars = 1, .width = width, .style = line->pen};
	if (width == 2)
		line->cells[column + 1] = (struct cell){.style = line->pen};
}

/* Joins a combining character with the one before; one at the beginning joins nothing. */
static void combine(struct rendering *rendering, uint32_t code)
{
	size_t column = rendering->column;
	struct cell *cell;

	if (!column || column > rendering->line->n_columns)
		return;
	cell = &rendering->line->cells[column - 1];
	if (!cell->width)
		cell--;
	if (cell->n_chars && cell->n_chars < CELL_CHARS_MAX)
		cell->chars[cell->n_chars++] = code;
}

/* Puts the character at the front of bytes; returns how many bytes it takes. */
static size_t put_character(struct rendering *rendering, const char *bytes, size_t length)
{
	uint32_t code;
	size_t used = utf8_decode(bytes, length, &code);
	int width;

	if (!used || !utf8_is_shown(code)) {
		put(rendering, REPLACEMENT, 1);
		return used ? used : 1;
	}
	width = wcwidth((wchar_t)code);
	if (width == 0)
		combine(rendering, code);
	else
		put(rendering, code, width == 2 ? 2 : 1);
	return used;
}

/* Erases the columns from one to before the other; with a background, they have it. */
static void erase(struct rendering *rendering, size_t first, size_t behind)
{
	struct log_line *line = rendering->line;

	if (behind > line->n_columns)
		behind = line->n_columns;
	for (size_t i = first; i < behind; i++) {
		part_wide(line, i);
		line->cells[i] = blank_cell();
		line->cells[i].style.bg = line->pen.bg;
	}
	if (behind == line->n_columns && first < behind)
		line->n_columns = first;
}

/* EL: to the end of the line, from its beginning, or all of it. */
static void erase_line(struct rendering *rendering, const struct escape *escape)
{
	char what = escape->n_params ? escape->params[0] : '0';

	if (what == '0')
		erase(rendering, rendering->column, SIZE_MAX);
	else if (what == '1')
		erase(rendering, 0, rendering->column + 1);
	else if (what == '2')
		erase(rendering, 0, SIZE_MAX);
}

/* Takes an escape sequence; one that never ends takes all. */
static size_t take_escape(struct rendering *rendering, const char *bytes, size_t length)
{
	struct escape escape;

	if (!escape_read(bytes, length, &escape))
		return length;
	if (escape_is_sgr(&escape))
		sgr_apply(escape.params, escape.n_params, &rendering->line->pen);
	else if (escape.kind == ESCAPE_CSI && escape.final == 'K' && !escape.has_intermediate)
		erase_line(rendering, &escape);
	return escape.length;
}

/* Takes a control character. */
static void take_control(struct rendering *rendering, char byte)
{
	if (byte == '\r')
		rendering->column = 0;
	else if (byte == BS && rendering->column)
		rendering->column--;
	else if (byte == '\t')
		rendering->column += TAB_COLUMNS - rendering->column % TAB_COLUMNS;
}

/* Takes what is at the front of bytes; returns how many bytes it takes. */
static size_t take(struct rendering *rendering, const char *bytes, size_t length)
{
	unsigned char byte = (unsigned char)bytes[0];

	if (byte >= 0x20 && byte < DEL) {
		put(rendering, byte, 1);
		return 1;
	}
	if (byte == ESC)
		return take_escape(rendering, bytes, length);
	if (byte > DEL)
		return put_character(rendering, bytes, length);
	take_control(rendering, bytes[0]);
	return 1;
}

void log_line_render(struct log_line *line, const char *bytes, size_t length,
		     const struct cell_style *style)
{
	struct rendering rendering = {.line = line};

	line->n_columns = 0;
	line->pen = *style;
	for (size_t at = 0; at < length;)
		at += take(&rendering, bytes + at, length - at);
}

/* Appends the characters of a cell; a blank is a space. */
static void add_cell(const struct cell *cell, struct buf *out)
{
	char bytes[4];

	if (!cell->n_chars && cell->width)
		buf_add_char(out, ' ');
	for (size_t i = 0; i < cell->n_chars; i++)
		buf_add(out, bytes, utf8_encode(cell->chars[i], bytes));
}

/* How many columns there are without blanks at the end. */
static size_t text_columns(const struct log_line *line)
{
	size_t columns = line->n_columns;

	while (columns) {
		const struct cell *cell = &line->cells[columns - 1];

		if (!cell->width || (cell->n_chars && cell->chars[0] != ' '))
			break;
		columns--;
	}
	return columns;
}

void log_line_add_text(const struct log_line *line, struct buf *out)
{
	size_t columns = text_columns(line);

	for (size_t i = 0; i < columns; i++)
		add_cell(&line->cells[i], out);
}

/* How many bytes of text a cell gives. */
static size_t cell_bytes(const struct cell *cell)
{
	size_t bytes = !cell->n_chars && cell->width;
	char encoded[4];

	for (size_t i = 0; i < cell->n_chars; i++)
		bytes += utf8_encode(cell->chars[i], encoded);
	return bytes;
}

void log_line_advance(const struct log_line *line, struct log_text_place *place, size_t byte)
{
	while (place->column < line->n_columns) {
		size_t behind = place->byte + cell_bytes(&line->cells[place->column]);

		if (behind > byte)
			break;
		place->byte = behind;
		place->column++;
	}
}

size_t log_line_row_end(const struct log_line *line, size_t first, size_t columns)
{
	size_t end = first + columns;

	if (end >= line->n_columns)
		return line->n_columns;
	return !line->cells[end].width && columns > 1 ? end - 1 : end;
}

size_t log_line_rows(const struct log_line *line, size_t columns)
{
	size_t rows = 0, at = 0;

	do {
		at = log_line_row_end(line, at, columns);
		rows++;
	} while (at < line->n_columns);
	return rows;
}

size_t log_line_row_start(const struct log_line *line, size_t row, size_t columns)
{
	size_t at = 0;

	while (row-- && at < line->n_columns)
		at = log_line_row_end(line, at, columns);
	return at;
}
