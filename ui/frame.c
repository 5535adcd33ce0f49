/* What is to be on the screen, as a grid of cells. */
#include "ui/frame.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"

enum { REPLACEMENT = 0xfffd, ELLIPSIS = 0x2026, UTF8_BYTES_MAX = 4 };

static struct cell blank_cell(struct cell_style style)
{
	return (struct cell){.width = 1, .style = style};
}

void frame_resize(struct frame *frame, int rows, int columns)
{
	frame->rows = rows;
	frame->columns = columns;
	frame->cells =
		mem_resize(frame->cells, (size_t)rows * (size_t)columns + 1, sizeof *frame->cells);
	frame_clear(frame, (struct cell_style){0});
}

void frame_release(struct frame *frame)
{
	free(take_ptr(&frame->cells));
}

void frame_clear(struct frame *frame, struct cell_style style)
{
	frame_fill(frame, (struct rect){0, 0, frame->rows, frame->columns}, style);
	frame->cursor_row = -1;
	frame->cursor_column = 0;
}

struct cell *frame_at(struct frame *frame, int row, int column)
{
	return &frame->cells[(size_t)row * (size_t)frame->columns + (size_t)column];
}

/* The part of rect that is on the frame. */
static struct rect clip(const struct frame *frame, struct rect rect)
{
	int bottom = rect.row + rect.rows, right = rect.column + rect.columns;

	rect.row = rect.row < 0 ? 0 : rect.row;
	rect.column = rect.column < 0 ? 0 : rect.column;
	rect.rows = (bottom > frame->rows ? frame->rows : bottom) - rect.row;
	rect.columns = (right > frame->columns ? frame->columns : right) - rect.column;
	if (rect.rows < 0 || rect.columns < 0)
		rect.rows = rect.columns = 0;
	return rect;
}

/* What is about to be drawn over may begin or end within a wide character: its other half becomes blank. */
static void split_wide(struct frame *frame, int row, int column, int columns)
{
	struct cell *cells = frame_at(frame, row, 0);
	int end = column + columns;

	if (column > 0 && column < frame->columns && !cells[column].width)
		cells[column - 1] = blank_cell(cells[column - 1].style);
	if (end < frame->columns && !cells[end].width)
		cells[end] = blank_cell(cells[end].style);
}

void frame_fill(struct frame *frame, struct rect rect, struct cell_style style)
{
	rect = clip(frame, rect);
	for (int row = 0; row < rect.rows; row++) {
		split_wide(frame, rect.row + row, rect.column, rect.columns);
		for (int column = 0; column < rect.columns; column++)
			*frame_at(frame, rect.row + row, rect.column + column) = blank_cell(style);
	}
}

/* What is shown for a code point: never a control character, and only what a terminal can show. */
static uint32_t shown_code(uint32_t code, bool ascii)
{
	if (ascii && code == ELLIPSIS)
		return '~';
	if (!utf8_is_shown(code) || (ascii && code >= 0x80))
		return '?';
	return wcwidth((wchar_t)code) < 0 ? REPLACEMENT : code;
}

/* Takes the next character from text; returns its code point, with its columns. */
static uint32_t next_code(const char **text, bool ascii, int *ret_width)
{
	uint32_t code = REPLACEMENT;
	size_t used = utf8_decode(*text, strnlen(*text, UTF8_BYTES_MAX), &code);

	*text += used ? used : 1;
	code = shown_code(code, ascii);
	*ret_width = code == REPLACEMENT ? 1 : wcwidth((wchar_t)code);
	return code;
}

int frame_text_columns(const char *text)
{
	int columns = 0, width;

	while (*text) {
		next_code(&text, false, &width);
		columns += width;
	}
	return columns;
}

/* Whether the text needs no more columns; of a long one only the beginning is looked at. */
static bool fits(const char *text, bool ascii, int columns)
{
	int width;

	while (*text && columns >= 0) {
		next_code(&text, ascii, &width);
		columns -= width;
	}
	return columns >= 0;
}

/* A combining character belongs to the cell before it. */
static void combine(struct cell *cell, uint32_t code)
{
	if (cell->n_chars && cell->n_chars < CELL_CHARS_MAX)
		cell->chars[cell->n_chars++] = code;
}

/* The cell of the character that ends in front of a column. */
static struct cell *last_of(struct frame *frame, int row, int column)
{
	struct cell *cell = frame_at(frame, row, column - 1);

	return cell->width ? cell : cell - 1;
}

static void put_code(struct frame *frame, int row, int column, uint32_t code, int width,
		     struct cell_style style)
{
	struct cell *cell = frame_at(frame, row, column);

	split_wide(frame, row, column, width);
	*cell = (struct cell){
		.chars = {code}, .n_chars = 1, .width = (uint8_t)width, .style = style};
	if (width == 2)
		cell[1] = (struct cell){.width = 0, .style = style};
}

int frame_text(struct frame *frame, struct rect rect, int row, int column, struct cell_style style,
	       const char *text)
{
	struct rect line = clip(frame, (struct rect){rect.row + row, rect.column + column, 1,
						     rect.columns - column});
	int at = 0, width;
	bool whole = fits(text, frame->ascii, line.columns);
	int room = whole ? line.columns : line.columns - 1;

	if (!line.rows || row < 0 || row >= rect.rows)
		return 0;
	while (*text) {
		uint32_t code = next_code(&text, frame->ascii, &width);

		if (at + width > room)
			break;
		if (width)
			put_code(frame, line.row, line.column + at, code, width, style);
		else if (at)
			combine(last_of(frame, line.row, line.column + at), code);
		at += width;
	}
	if (!whole && line.columns)
		put_code(frame, line.row, line.column + at++, shown_code(ELLIPSIS, frame->ascii), 1,
			 style);
	return at;
}

/* A cell of a terminal or a log, as this frame can show it. */
static struct cell shown_cell(const struct frame *frame, struct cell cell)
{
	for (int i = 0; i < cell.n_chars && frame->ascii; i++) {
		if (cell.chars[i] >= 0x80) {
			cell.chars[0] = '?';
			cell.n_chars = 1;
		}
	}
	return cell;
}

void frame_cells(struct frame *frame, struct rect rect, int row, const struct cell *cells,
		 int count, struct cell_style blank)
{
	struct rect line = clip(frame, (struct rect){rect.row + row, rect.column, 1, rect.columns});

	if (!line.rows || row < 0 || row >= rect.rows)
		return;
	frame_fill(frame, line, blank);
	for (int i = 0; i < count && i < line.columns; i++) {
		if (cells[i].width == 2 && i + 1 >= line.columns)
			break;
		*frame_at(frame, line.row, line.column + i) = shown_cell(frame, cells[i]);
	}
}

void frame_tint(struct frame *frame, struct rect rect, int row, struct cell_style style)
{
	struct rect line = clip(frame, (struct rect){rect.row + row, rect.column, 1, rect.columns});
	bool reverse = style.attributes & CELL_REVERSE;

	for (int i = 0; line.rows && i < line.columns; i++) {
		struct cell *cell = frame_at(frame, line.row, line.column + i);

		if (style.bg.type != CELL_DEFAULT || reverse)
			cell->style.bg = style.bg;
		if (style.fg.type != CELL_DEFAULT || reverse)
			cell->style.fg = style.fg;
		cell->style.attributes |= style.attributes;
	}
}

/* One row or column of a border. */
static void draw_edge(struct frame *frame, struct rect edge, struct cell_style style, uint32_t code)
{
	edge = clip(frame, edge);
	for (int row = 0; row < edge.rows; row++) {
		for (int column = 0; column < edge.columns; column++)
			put_code(frame, edge.row + row, edge.column + column, code, 1, style);
	}
}

static void draw_corners(struct frame *frame, struct rect rect, struct cell_style style,
			 const uint32_t codes[4])
{
	int bottom = rect.row + rect.rows - 1, right = rect.column + rect.columns - 1;
	const struct rect corners[] = {{rect.row, rect.column, 1, 1},
				       {rect.row, right, 1, 1},
				       {bottom, rect.column, 1, 1},
				       {bottom, right, 1, 1}};

	for (size_t i = 0; i < ARRAY_SIZE(corners); i++)
		draw_edge(frame, corners[i], style, codes[i]);
}

struct rect frame_box(struct frame *frame, struct rect rect, struct cell_style border,
		      struct cell_style title_style, const char *title)
{
	static const uint32_t lines[2][2] = {{0x2500, 0x2502}, {'-', '|'}};
	static const uint32_t corners[2][4] = {{0x250c, 0x2510, 0x2514, 0x2518},
					       {'+', '+', '+', '+'}};
	int right = rect.column + rect.columns - 1, bottom = rect.row + rect.rows - 1;

	draw_edge(frame, (struct rect){rect.row, rect.column, 1, rect.columns}, border,
		  lines[frame->ascii][0]);
	draw_edge(frame, (struct rect){bottom, rect.column, 1, rect.columns}, border,
		  lines[frame->ascii][0]);
	draw_edge(frame, (struct rect){rect.row, rect.column, rect.rows, 1}, border,
		  lines[frame->ascii][1]);
	draw_edge(frame, (struct rect){rect.row, right, rect.rows, 1}, border,
		  lines[frame->ascii][1]);
	draw_corners(frame, rect, border, corners[frame->ascii]);
	if (title && *title)
		frame_text(frame, rect_inset(rect, 0, 2, 0, 2), 0, 0, title_style, title);
	return rect_inset(rect, 1, 1, 1, 1);
}

void frame_cursor(struct frame *frame, struct rect rect, int row, int column)
{
	if (row < 0 || column < 0 || row >= rect.rows || column >= rect.columns)
		return;
	frame->cursor_row = rect.row + row;
	frame->cursor_column = rect.column + column;
}

struct rect rect_inset(struct rect rect, int top, int right, int bottom, int left)
{
	rect.row += top;
	rect.column += left;
	rect.rows -= top + bottom;
	rect.columns -= left + right;
	rect.rows = rect.rows < 0 ? 0 : rect.rows;
	rect.columns = rect.columns < 0 ? 0 : rect.columns;
	return rect;
}

bool rect_contains(struct rect rect, int row, int column)
{
	return row >= rect.row && row < rect.row + rect.rows && column >= rect.column &&
	       column < rect.column + rect.columns;
}
