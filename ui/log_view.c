#include "ui/log_view.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/mem.h"
#include "ui/log_view_internal.h"

enum { SCAN_BYTES = 1 << 20 }; /* taken in between two looks at the clock */

struct log_view *log_view_new(int fd)
{
	struct log_view *view = mem_new(sizeof *view);

	view->fd = fd;
	view->index = log_index_new(fd);
	log_file_init(&view->file, fd);
	log_search_init(&view->search, view->index, fd);
	buf_init(&view->marks);
	view->follow = true;
	view->rows = view->columns = 1;
	return view;
}

void log_view_free(struct log_view *view)
{
	if (!view)
		return;
	log_view_search_stop(view);
	problems_free(view->problems);
	log_search_release(&view->search);
	buf_release(&view->marks);
	log_line_release(&view->line);
	log_file_release(&view->file);
	log_index_free(view->index);
	free(view);
}

void log_view_resize(struct log_view *view, int rows, int columns)
{
	view->rows = rows < 1 ? 1 : rows;
	view->columns = columns < 1 ? 1 : columns;
	view->top_row = 0;
}

/* Microseconds of a clock that never goes back. */
static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int log_view_work(struct log_view *view, int64_t budget_us, struct err *err)
{
	int64_t deadline_us = now_us() + budget_us;
	int more;

	do
		more = log_index_scan(view->index, SCAN_BYTES, err);
	while (more > 0 && now_us() < deadline_us);
	if (more)
		return more;
	if (view->searched != LOG_VIEW_SEARCHING)
		return 0;
	do
		more = log_view_search_step(view, err);
	while (more > 0 && now_us() < deadline_us);
	return more;
}

uint64_t log_view_lines(const struct log_view *view)
{
	return log_index_lines(view->index);
}

uint64_t log_view_top(const struct log_view *view)
{
	return view->top;
}

bool log_view_follows(const struct log_view *view)
{
	return view->follow;
}

int log_view_load(struct log_view *view, uint64_t number, struct err *err)
{
	struct log_place place;
	const char *bytes;
	size_t available, length;

	if (log_index_find(view->index, number, &place, err) < 0 ||
	    log_file_get(&view->file, place.offset, LOG_LINE_MAX + 1, &bytes, &available, err) < 0)
		return -1;
	length = log_line_length(bytes, available);
	log_line_render(&view->line, bytes, length ? length : available, &place.style);
	return 0;
}

/* How many rows a line takes. */
static int line_rows(struct log_view *view, uint64_t number, size_t *ret_rows, struct err *err)
{
	*ret_rows = 1;
	if (!view->wrap)
		return 0;
	if (log_view_load(view, number, err) < 0)
		return -1;
	*ret_rows = log_line_rows(&view->line, (size_t)view->columns);
	return 0;
}

/* The top with which the last line is in the last row. */
static int find_end(struct log_view *view, uint64_t *ret_top, size_t *ret_top_row, struct err *err)
{
	uint64_t top = log_view_lines(view);
	size_t rows = 0, wanted = (size_t)view->rows, more;

	while (top > 0 && rows < wanted) {
		if (line_rows(view, --top, &more, err) < 0)
			return -1;
		rows += more;
	}
	*ret_top = top;
	*ret_top_row = rows > wanted ? rows - wanted : 0;
	return 0;
}

int log_view_settle(struct log_view *view, struct err *err)
{
	return view->follow ? find_end(view, &view->top, &view->top_row, err) : 0;
}

/* Moves the top by one row; at the ends of the log it stays. */
static int move_one(struct log_view *view, bool down, struct err *err)
{
	size_t rows;

	if (!down && view->top_row) {
		view->top_row--;
		return 0;
	}
	if (!down && !view->top)
		return 0;
	if (line_rows(view, down ? view->top : --view->top, &rows, err) < 0)
		return -1;
	if (!down) {
		view->top_row = rows - 1;
	} else if (view->top_row + 1 < rows) {
		view->top_row++;
	} else if (view->top + 1 < log_view_lines(view)) {
		view->top++;
		view->top_row = 0;
	}
	return 0;
}

/* Moves the top by rows, each of which is a line. */
static void move_lines(struct log_view *view, int64_t rows)
{
	uint64_t count = rows < 0 ? 0 - (uint64_t)rows : (uint64_t)rows;
	uint64_t room = rows < 0 ? view->top : log_view_lines(view) - view->top;

	count = count < room ? count : room;
	view->top = rows < 0 ? view->top - count : view->top + count;
}

/* Moves the top by rows, where lines may have several. */
static int move_rows(struct log_view *view, int64_t rows, struct err *err)
{
	for (; rows; rows += rows < 0 ? 1 : -1) {
		if (move_one(view, rows > 0, err) < 0)
			return -1;
	}
	return 0;
}

/* Follows the end when the view has come there. */
static int follow_at_end(struct log_view *view, struct err *err)
{
	uint64_t top;
	size_t top_row;

	if (find_end(view, &top, &top_row, err) < 0)
		return -1;
	if (view->top > top || (view->top == top && view->top_row >= top_row))
		log_view_end(view);
	return log_view_settle(view, err);
}

int log_view_move(struct log_view *view, int64_t rows, struct err *err)
{
	if (log_view_settle(view, err) < 0)
		return -1;
	/* There is nothing above: what fits wholly goes on following. */
	if (!rows || (rows < 0 && !view->top && !view->top_row))
		return 0;
	view->follow = false;
	if (!view->wrap)
		move_lines(view, rows);
	else if (move_rows(view, rows, err) < 0)
		return -1;
	return rows > 0 ? follow_at_end(view, err) : 0;
}

int log_view_page(struct log_view *view, int64_t pages, struct err *err)
{
	/* A row stays, for the eye. */
	return log_view_move(view, pages * (view->rows > 1 ? view->rows - 1 : 1), err);
}

void log_view_home(struct log_view *view)
{
	log_view_go(view, 0);
}

void log_view_end(struct log_view *view)
{
	view->follow = true;
}

void log_view_go(struct log_view *view, uint64_t line)
{
	uint64_t lines = log_view_lines(view);

	view->follow = false;
	view->top = line < lines ? line : lines ? lines - 1 : 0;
	view->top_row = 0;
}

int log_view_show(struct log_view *view, uint64_t line, struct err *err)
{
	uint64_t end, rows = (uint64_t)view->rows;
	size_t end_row;

	if (log_view_settle(view, err) < 0)
		return -1;
	if (!view->wrap && line >= view->top && line - view->top < rows) {
		view->follow = false;
		return 0;
	}
	/* A wrapped line is put at the top, since those before it may fill the view. */
	log_view_go(view, view->wrap || line < rows / 3 ? line : line - rows / 3);
	if (find_end(view, &end, &end_row, err) < 0)
		return -1;
	if (view->top > end) {
		view->top = end;
		view->top_row = end_row;
	}
	return 0;
}

void log_view_wrap(struct log_view *view, bool wrap)
{
	view->wrap = wrap;
	view->top_row = 0;
	view->left = 0;
}

bool log_view_wraps(const struct log_view *view)
{
	return view->wrap;
}

void log_view_pan(struct log_view *view, int columns)
{
	int64_t left = (int64_t)view->left + columns;

	if (view->wrap || left < 0)
		left = 0;
	view->left = left < LOG_COLUMNS_MAX ? (size_t)left : LOG_COLUMNS_MAX - 1;
}

/* Draws the columns of the loaded line from one to before the other; a wide character that is cut is
 * a blank. */
static void draw_row(const struct log_view *view, size_t first, size_t behind, struct cell *cells,
		     uint8_t *marks)
{
	if (behind > view->line.n_columns)
		behind = view->line.n_columns;
	for (size_t i = first; i < behind; i++) {
		struct cell cell = view->line.cells[i];

		if ((i == first && cell.width == 0) || (i + 1 == behind && cell.width == 2))
			cell = (struct cell){.width = 1, .style = cell.style};
		cells[i - first] = cell;
		marks[i - first] = (uint8_t)view->marks.data[i];
	}
}

/* Draws the rows of a line from row on, which has room for as many as given; *ret_drawn is how many
 * it took. */
static int draw_line(struct log_view *view, uint64_t number, size_t row, size_t room,
		     struct cell *cells, uint8_t *marks, size_t *ret_drawn, struct err *err)
{
	size_t columns = (size_t)view->columns, drawn = 0, first = view->left;

	if (log_view_load(view, number, err) < 0)
		return -1;
	if (view->wrap)
		first = log_line_row_start(&view->line, row, columns);
	log_view_mark(view, number, first + room * columns);
	do {
		size_t behind = view->wrap ? log_line_row_end(&view->line, first, columns)
					   : first + columns;

		draw_row(view, first, behind, cells + drawn * columns, marks + drawn * columns);
		first = behind;
	} while (++drawn < room && view->wrap && first < view->line.n_columns);
	*ret_drawn = drawn;
	return 0;
}

int log_view_draw(struct log_view *view, struct cell *cells, uint8_t *marks, struct err *err)
{
	size_t rows = (size_t)view->rows, columns = (size_t)view->columns, row = 0, drawn;
	uint64_t line, lines = log_view_lines(view);

	for (size_t i = 0; i < rows * columns; i++)
		cells[i] = (struct cell){.width = 1};
	memset(marks, LOG_VIEW_PLAIN, rows * columns);
	if (log_view_settle(view, err) < 0)
		return -1;
	for (line = view->top; line < lines && row < rows; line++, row += drawn) {
		if (draw_line(view, line, line == view->top ? view->top_row : 0, rows - row,
			      cells + row * columns, marks + row * columns, &drawn, err) < 0)
			return -1;
	}
	return 0;
}
