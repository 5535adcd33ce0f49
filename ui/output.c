/* What an attempt of a step printed, in a pane. */
#include "ui/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/recording.h"
#include "ui/follow.h"
#include "ui/term.h"

/* As the pty of a step (design: "Terminal"). */
enum { STEP_COLUMNS = 80, STEP_ROWS = 24, FEED_PIECE = 4 << 10 };

struct output {
	char id[8];
	int log_fd;
	struct log_view *log;
	struct term *term;
	struct follow *follow;
	bool live;
	char *pattern; /* searched for last, or NULL */
	struct buf typed;
	struct cell *cells; /* rows * columns, for drawing */
	uint8_t *marks;
	int rows, columns;
};

int output_open(int logs_fd, const char *id, bool live, struct output **ret_output, struct err *err)
{
	AUTO_CLOSE int log_fd = recording_open_file(logs_fd, id, ".log");
	AUTO_CLOSE int times_fd = recording_open_file(logs_fd, id, ".times");
	struct output *output;
	struct err ignored;

	if (log_fd < 0)
		return err_sys(err, "cannot read the log of attempt %s", id);
	output = mem_new(sizeof *output);
	snprintf(output->id, sizeof output->id, "%s", id);
	buf_init(&output->typed);
	output->log_fd = take_fd(&log_fd);
	output->live = live;
	output->log = log_view_new(output->log_fd);
	log_view_wrap(output->log, true);
	output->term = term_new(STEP_COLUMNS, STEP_ROWS, NULL);
	output->follow = follow_new(output->term, output->log_fd);
	/* Without its times, line feeds are drawn as they are. */
	if (times_fd >= 0)
		follow_load_times(output->follow, times_fd, &ignored);
	*ret_output = output;
	return 0;
}

void output_free(struct output *output)
{
	if (!output)
		return;
	follow_free(output->follow);
	term_free(output->term);
	log_view_free(output->log);
	fd_close(&output->log_fd);
	buf_release(&output->typed);
	free(output->pattern);
	free(output->cells);
	free(output->marks);
	free(output);
}

const char *output_id(const struct output *output)
{
	return output->id;
}

bool output_is_live(const struct output *output)
{
	return output->live;
}

void output_onlcr(struct output *output, uint64_t offset, bool onlcr)
{
	follow_onlcr(output->follow, offset, onlcr);
}

void output_end(struct output *output)
{
	output->live = false;
}

/* Microseconds of a clock that never goes back. */
static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int output_work(struct output *output, int64_t budget_us, struct err *err)
{
	int64_t deadline_us = now_us() + budget_us;
	int lines = log_view_work(output->log, budget_us, err), fed = 0;

	if (lines < 0)
		return -1;
	if (output->live) {
		do
			fed = follow_frame(output->follow, FEED_PIECE, err);
		while (fed > 0 && now_us() < deadline_us);
	}
	return fed < 0 ? -1 : lines || fed;
}

/* --- drawing */

/* Whether the terminal is shown rather than the lines. */
static bool shows_terminal(const struct output *output, bool typing)
{
	return output->live && log_view_follows(output->log) &&
	       (typing || term_is_alternate(output->term) || follow_is_addressed(output->follow));
}

/* The step's screen at the bottom of the pane, and above it what has gone up. */
static void draw_terminal(struct output *output, struct frame *frame, struct rect rect,
			  struct cell_style blank, bool typing)
{
	int columns = term_columns(output->term), rows = term_rows(output->term);
	AUTO_FREE struct cell *cells = mem_new((size_t)columns * sizeof *cells);
	int history = (int)term_history_count(output->term);
	int shift = rect.rows - rows;
	struct term_cursor cursor = term_cursor(output->term);

	shift = shift > history ? history : shift;
	/* A pane that is too low shows the upper part, as long as the cursor is there. */
	if (shift < 0 && cursor.row < rect.rows)
		shift = 0;
	else if (shift < 0)
		shift = rect.rows - 1 - cursor.row;
	for (int row = 0; row < rect.rows; row++) {
		int line = history - shift + row;

		if (row - shift >= rows)
			break;
		if (row < shift)
			term_history_row(output->term, (size_t)line, cells, columns);
		else
			term_row(output->term, row - shift, cells);
		frame_cells(frame, rect, row, cells, columns, blank);
	}
	if (typing && cursor.visible)
		frame_cursor(frame, rect, cursor.row + shift, cursor.column);
}

static void make_room(struct output *output, struct rect rect)
{
	size_t count = (size_t)rect.rows * (size_t)rect.columns;

	if (output->rows == rect.rows && output->columns == rect.columns)
		return;
	output->rows = rect.rows;
	output->columns = rect.columns;
	output->cells = mem_resize(output->cells, count + 1, sizeof *output->cells);
	output->marks = mem_resize(output->marks, count + 1, sizeof *output->marks);
	log_view_resize(output->log, rect.rows, rect.columns);
}

static void draw_lines(struct output *output, struct frame *frame, struct rect rect,
		       const struct theme *theme)
{
	static const enum theme_role roles[] = {
		[LOG_VIEW_MATCH] = THEME_SEARCH_MATCH, [LOG_VIEW_CURRENT] = THEME_SEARCH_CURRENT};
	struct err ignored;

	make_room(output, rect);
	if (log_view_draw(output->log, output->cells, output->marks, &ignored) < 0)
		return;
	for (int row = 0; row < rect.rows; row++) {
		size_t at = (size_t)row * (size_t)rect.columns;

		for (size_t i = at; i < at + (size_t)rect.columns; i++) {
			if (output->marks[i] != LOG_VIEW_PLAIN)
				output->cells[i].style =
					theme_over(output->cells[i].style,
						   theme->styles[roles[output->marks[i]]]);
		}
		frame_cells(frame, rect, row, output->cells + at, rect.columns,
			    theme->styles[THEME_TEXT]);
	}
}

void output_draw(struct output *output, struct frame *frame, struct rect rect,
		 const struct theme *theme, bool typing)
{
	if (!rect.rows || !rect.columns)
		return;
	if (shows_terminal(output, typing))
		draw_terminal(output, frame, rect, theme->styles[THEME_TEXT], typing);
	else
		draw_lines(output, frame, rect, theme);
}

/* --- moving and searching */

int output_move(struct output *output, enum motion motion, struct err *err)
{
	enum { PAN = 8 };

	switch (motion) {
	case MOTION_UP:
		return log_view_move(output->log, -1, err);
	case MOTION_DOWN:
		return log_view_move(output->log, 1, err);
	case MOTION_PAGE_UP:
		return log_view_page(output->log, -1, err);
	case MOTION_PAGE_DOWN:
		return log_view_page(output->log, 1, err);
	case MOTION_HOME:
		log_view_home(output->log);
		return 0;
	case MOTION_END:
		log_view_end(output->log);
		return 0;
	case MOTION_LEFT:
		log_view_pan(output->log, -PAN);
		return 0;
	case MOTION_RIGHT:
		log_view_pan(output->log, PAN);
		return 0;
	}
	return 0;
}

bool output_follows(const struct output *output)
{
	return log_view_follows(output->log);
}

int output_search(struct output *output, const char *pattern, bool forward, struct err *err)
{
	if (output->pattern && !strcmp(output->pattern, pattern) &&
	    log_view_search_next(output->log, forward))
		return 0;
	free(output->pattern);
	output->pattern = mem_strdup(pattern);
	return log_view_search(output->log, pattern, true, forward, err);
}

void output_first_error(struct output *output)
{
	free(take_ptr(&output->pattern));
	log_view_first_problem(output->log);
}

void output_stop_search(struct output *output)
{
	log_view_search_stop(output->log);
	free(take_ptr(&output->pattern));
}

enum log_view_search output_searched(const struct output *output)
{
	return log_view_searched(output->log);
}

int output_progress(const struct output *output)
{
	return log_view_progress(output->log);
}

void output_toggle_wrap(struct output *output)
{
	log_view_wrap(output->log, !log_view_wraps(output->log));
}

int output_save(struct output *output, const char *path, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(path);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	int result;

	if (!file)
		return err_set(err, ERR_USAGE, "cannot write '%s': %s", shown, strerror(errno));
	take_fd(&fd);
	result = log_view_save(output->log, false, file, err);
	if (fclose(file) != 0 && result == 0)
		result = err_sys(err, "cannot write '%s'", shown);
	return result;
}

/* --- typing */

bool output_type(struct output *output, const struct key *key)
{
	buf_clear(&output->typed);
	term_key(output->term, key, &output->typed);
	return output->live;
}

bool output_paste(struct output *output, const char *text, size_t length)
{
	buf_clear(&output->typed);
	term_paste(output->term, text, length, &output->typed);
	return output->live;
}

const struct buf *output_typed(const struct output *output)
{
	return &output->typed;
}
