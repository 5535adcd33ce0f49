/* log_view.h: a look at a recorded output (NAME.log of a recording, or any file that only grows).
 *
 * The top of the view is a line by its number, so new output never moves what a person reads; or the
 * view follows the end. Nothing of the log is kept in memory but marks into it (log_index.h).
 *
 * Life cycle: log_view_new(); log_view_resize(); then once a turn of the loop log_view_work(), which
 * finds new lines and goes on with a search, and log_view_draw() for each frame; log_view_free().
 * Functions that read the log return -1 with err set when it cannot be read.
 *
 * Lines are as a person sees them (log_line.h). A line longer than LOG_LINE_MAX bytes is shown as
 * several.
 */
#ifndef UI_LOG_VIEW_H
#define UI_LOG_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/base/err.h"
#include "ui/cell.h"

struct log_view;

/* A view of an open file, which must stay open as long. It begins following the end. */
struct log_view *log_view_new(int fd);
/* NULL is fine. */
void log_view_free(struct log_view *view);

/* The size to draw in, in cells; at least 1 by 1 is taken. */
void log_view_resize(struct log_view *view, int rows, int columns);

/* Goes on with what is to be done for about so many microseconds: finding the lines that came, the
 * search. Returns 1 when there is more to do now, 0 when all is done. */
int log_view_work(struct log_view *view, int64_t budget_us, struct err *err);

/* What is to be said about a place where a match is. */
enum log_view_mark { LOG_VIEW_PLAIN, LOG_VIEW_MATCH, LOG_VIEW_CURRENT };

/* Draws into cells and marks (enum log_view_mark), both of rows x columns; rows below the last line
 * are blank. */
int log_view_draw(struct log_view *view, struct cell *cells, uint8_t *marks, struct err *err);

/* Lines that were found so far; log_view_work() finds more. */
uint64_t log_view_lines(const struct log_view *view);
/* The number of the line at the top, from 0. */
uint64_t log_view_top(const struct log_view *view);

/* Moves by so many rows (down: positive) or pages; a move beyond the last line follows the end. */
int log_view_move(struct log_view *view, int64_t rows, struct err *err);
int log_view_page(struct log_view *view, int64_t pages, struct err *err);
void log_view_home(struct log_view *view);
/* To the end, and follows it. */
void log_view_end(struct log_view *view);
/* Puts a line at the top. */
void log_view_go(struct log_view *view, uint64_t line);
bool log_view_follows(const struct log_view *view);

/* Long lines go on in the next rows, or (as at first) are cut off and can be moved sideways. */
void log_view_wrap(struct log_view *view, bool wrap);
bool log_view_wraps(const struct log_view *view);
/* Moves sideways by so many columns (right: positive). */
void log_view_pan(struct log_view *view, int columns);

enum log_view_search {
	LOG_VIEW_IDLE,
	LOG_VIEW_SEARCHING, /* log_view_work() goes on with it */
	LOG_VIEW_FOUND,	    /* and the view is there */
	LOG_VIEW_WRAPPED,   /* the same, beyond the end or the start of the log */
	LOG_VIEW_NOT_FOUND,
};

/* Begins a search from the view's top for a text, or a POSIX extended regular expression; without an
 * upper-case letter in it, case does not matter. All matches are marked from now on. Fails with
 * ERR_USAGE. */
int log_view_search(struct log_view *view, const char *pattern, bool is_regex, bool forward,
		    struct err *err);
/* Goes on from the line found last; false when nothing was searched. */
bool log_view_search_next(struct log_view *view, bool forward);
/* Begins a search for the first problem (problems.h) of the log, or the next one. */
void log_view_first_problem(struct log_view *view);
void log_view_next_problem(struct log_view *view, bool forward);
/* Ends a search and its marks; the view stays where it is. */
void log_view_search_stop(struct log_view *view);
enum log_view_search log_view_searched(const struct log_view *view);
/* How far a search has come, from 0 to 100. */
int log_view_progress(const struct log_view *view);

/* Writes all of the log: its bytes, or the text as a person sees it. It takes as long as it takes: some
 * hundred MB a second for the bytes. */
int log_view_save(struct log_view *view, bool as_text, FILE *out, struct err *err);

/* Adds the text of lines as a person sees it, for copying; each ends with a newline. */
struct buf;
int log_view_copy(struct log_view *view, uint64_t first, uint64_t count, struct buf *out,
		  struct err *err);

#endif
