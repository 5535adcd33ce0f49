/* Searching in a view of a log: where a search begins and goes on, and which cells match. */
#include <string.h>

#include "engine/base/mem.h"
#include "ui/log_view_internal.h"

enum { MARKED_MAX = 1000 }; /* matches of one line that are marked */

static bool find_pattern(const void *data, const char *lines, size_t length,
			 struct log_match *ret_match)
{
	return log_pattern_find(data, lines, length, ret_match);
}

static bool find_problem(const void *data, const char *lines, size_t length,
			 struct log_match *ret_match)
{
	return problems_find(data, lines, length, ret_match);
}

/* Searches from a line on, or what is before it; log_view_work() begins with it. */
static void start(struct log_view *view, uint64_t line, bool forward)
{
	view->searched = LOG_VIEW_SEARCHING;
	view->origin = line;
	view->forward = forward;
	view->begun = view->wrapped = false;
}

/* True when the line found last can be seen. */
static bool sees_current(const struct log_view *view)
{
	return view->has_current && view->current >= view->top &&
	       view->current - view->top < (uint64_t)view->rows;
}

int log_view_search(struct log_view *view, const char *pattern, bool is_regex, bool forward,
		    struct err *err)
{
	struct log_pattern *compiled;

	if (log_view_settle(view, err) < 0 ||
	    log_pattern_new(pattern, is_regex, &compiled, err) < 0)
		return -1;
	log_view_search_stop(view);
	view->pattern = compiled;
	view->finder = (struct log_finder){find_pattern, view->pattern};
	start(view, forward ? view->top : view->top + (uint64_t)view->rows, forward);
	return 0;
}

bool log_view_search_next(struct log_view *view, bool forward)
{
	uint64_t line = view->top;

	if (!view->finder.find)
		return false;
	if (sees_current(view))
		line = view->current + forward;
	start(view, line, forward);
	return true;
}

/* Looks for problems from now on. */
static void use_problems(struct log_view *view)
{
	if (!view->problems)
		view->problems = problems_new();
	if (view->finder.find != find_problem)
		log_view_search_stop(view);
	view->finder = (struct log_finder){find_problem, view->problems};
}

void log_view_first_problem(struct log_view *view)
{
	use_problems(view);
	start(view, 0, true);
}

void log_view_next_problem(struct log_view *view, bool forward)
{
	use_problems(view);
	log_view_search_next(view, forward);
}

void log_view_search_stop(struct log_view *view)
{
	log_pattern_free(take_ptr(&view->pattern));
	view->finder = (struct log_finder){0};
	view->searched = LOG_VIEW_IDLE;
	view->has_current = false;
}

enum log_view_search log_view_searched(const struct log_view *view)
{
	return view->searched;
}

int log_view_progress(const struct log_view *view)
{
	uint64_t size = log_index_bytes(view->index), at = log_search_offset(&view->search), done;

	if (view->searched != LOG_VIEW_SEARCHING)
		return 100;
	if (!view->begun || !size)
		return 0;
	done = view->forward ? at - view->origin_byte : view->origin_byte - at;
	if (view->wrapped)
		done += size; /* the subtraction above went below 0 by as much as was left */
	return (int)(done >= size ? 100 : done * 100 / size);
}

/* The offset of a line, or the end of the log. */
static int line_offset(struct log_view *view, uint64_t line, uint64_t *ret_offset, struct err *err)
{
	struct log_place place;

	if (line >= log_index_lines(view->index)) {
		*ret_offset = log_index_bytes(view->index);
		return 0;
	}
	if (log_index_find(view->index, line, &place, err) < 0)
		return -1;
	*ret_offset = place.offset;
	return 0;
}

/* Begins with what is behind the origin (or before it, searching backward). */
static int begin(struct log_view *view, struct err *err)
{
	if (line_offset(view, view->origin, &view->origin_byte, err) < 0)
		return -1;
	view->begun = true;
	log_search_begin(&view->search, view->finder, view->origin_byte,
			 view->forward ? log_index_bytes(view->index) : 0, view->forward);
	return 0;
}

/* Goes on with the other part of the log, if it was not looked through. */
static int wrap_around(struct log_view *view)
{
	if (view->wrapped) {
		view->searched = LOG_VIEW_NOT_FOUND;
		return 0;
	}
	view->wrapped = true;
	log_search_begin(&view->search, view->finder,
			 view->forward ? 0 : log_index_bytes(view->index), view->origin_byte,
			 view->forward);
	return 1;
}

int log_view_search_step(struct log_view *view, struct err *err)
{
	int result;

	if (!view->begun && begin(view, err) < 0)
		return -1;
	result = log_search_step(&view->search, &view->current, err);
	if (result < 0)
		return -1;
	if (result == LOG_SEARCH_MORE)
		return 1;
	if (result == LOG_SEARCH_NONE)
		return wrap_around(view);
	view->searched = view->wrapped ? LOG_VIEW_WRAPPED : LOG_VIEW_FOUND;
	view->has_current = true;
	return log_view_show(view, view->current, err);
}

/* Marks the columns of a match in the loaded line; place goes on to where it ends. */
static void mark_match(struct log_view *view, struct log_text_place *place, struct log_match match,
		       enum log_view_mark mark)
{
	const struct log_line *line = &view->line;
	size_t column = place->column;

	log_line_advance(line, place, match.end - 1);
	while (column < line->n_columns && (column <= place->column || !line->cells[column].width))
		view->marks.data[column++] = (char)mark;
}

void log_view_mark(struct log_view *view, uint64_t number, size_t columns)
{
	bool is_current = view->has_current && number == view->current;
	struct log_text_place place = {0};
	AUTO_BUF struct buf text = BUF_INIT;
	struct log_match match;

	buf_clear(&view->marks);
	memset(buf_reserve(&view->marks, view->line.n_columns), LOG_VIEW_PLAIN,
	       view->line.n_columns);
	view->marks.len = view->line.n_columns;
	if (!view->finder.find)
		return;
	log_line_add_text(&view->line, &text);
	for (size_t at = 0, count = 0; count < MARKED_MAX; at = match.end, count++) {
		if (!view->finder.find(view->finder.data, text.data + at, text.len - at, &match))
			break;
		match.start += at;
		match.end += at;
		log_line_advance(&view->line, &place, match.start);
		if (place.column >= columns)
			break;
		mark_match(view, &place, match, is_current ? LOG_VIEW_CURRENT : LOG_VIEW_MATCH);
	}
}
