/* The whole picture: where the panes are, the borders, the topmost line. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/clamp.h"
#include "engine/base/mem.h"
#include "ui/screen_internal.h"
#include "ui/words.h"

enum {
	STEPS_COLUMNS_MIN = 14,
	STEPS_COLUMNS_MAX = 48,
	OUTPUT_COLUMNS_MIN = 24,
	DETAILS_ROWS_MIN = 2,
	UPPER_ROWS_MIN = 4
};

extern const struct pane_type pane_steps, pane_output, pane_details, pane_program;

const struct pane_type *const pane_types[PANES] = {
	[PANE_STEPS] = &pane_steps,
	[PANE_OUTPUT] = &pane_output,
	[PANE_DETAILS] = &pane_details,
	[PANE_PROGRAM] = &pane_program,
};

/* --- the layout */

static int percent(const struct screen *screen, enum config_setting setting)
{
	return (int)config_number(screen->options.config, setting);
}

/* The pane that stands on the right. */
static enum pane_id right_pane(const struct screen *screen)
{
	return screen->program_in_front && screen->n_programs ? PANE_PROGRAM : PANE_OUTPUT;
}

/*
 *	title
 *	+ steps -+ output or program -+
 *	+ details -------------------+
 *	+----------------------------+
 *	hints
 */
static void lay_out_all(struct screen *screen, struct rect all)
{
	struct layout *layout = &screen->layout;
	int wanted = screen->details_rows ? screen->details_rows
					  : all.rows * percent(screen, CONFIG_DETAILS_HEIGHT) / 100;
	int details = clamp(wanted, DETAILS_ROWS_MIN, all.rows - 3 - UPPER_ROWS_MIN);
	int columns = screen->steps_columns
			      ? screen->steps_columns
			      : clamp(all.columns * percent(screen, CONFIG_STEPS_WIDTH) / 100,
				      STEPS_COLUMNS_MIN, STEPS_COLUMNS_MAX);
	int upper = all.rows - 3 - details;

	columns = clamp(columns, STEPS_COLUMNS_MIN, all.columns - 3 - OUTPUT_COLUMNS_MIN);
	layout->divider_row = all.row + 1 + upper;
	layout->divider_column = all.column + 1 + columns;
	layout->panes[PANE_STEPS] = (struct rect){all.row + 1, all.column + 1, upper, columns};
	layout->panes[right_pane(screen)] = (struct rect){all.row + 1, layout->divider_column + 1,
							  upper, all.columns - columns - 3};
	layout->panes[PANE_DETAILS] =
		(struct rect){layout->divider_row + 1, all.column + 1, details, all.columns - 2};
}

void screen_lay_out(struct screen *screen)
{
	struct rect all = {1, 0, screen->frame.rows - 2, screen->frame.columns};

	screen->layout = (struct layout){.divider_row = -1, .divider_column = -1};
	if (screen->frame.rows < SCREEN_ROWS_MIN || screen->frame.columns < SCREEN_COLUMNS_MIN)
		return;
	if (!screen->session)
		screen->layout.panes[PANE_PROGRAM] = rect_inset(all, 1, 1, 1, 1);
	else if (screen->zoomed)
		screen->layout.panes[screen->focus] = rect_inset(all, 1, 1, 1, 1);
	else
		lay_out_all(screen, all);
	screen_resize_programs(screen);
}

/* --- borders and titles */

static void draw_title(struct screen *screen, enum pane_id pane)
{
	struct rect rect = screen->layout.panes[pane];
	bool focused = screen->focus == pane;
	AUTO_BUF struct buf text = BUF_INIT;

	if (!rect.rows)
		return;
	buf_add_char(&text, ' ');
	pane_types[pane]->add_title(screen, &text);
	buf_add_char(&text, ' ');
	frame_text(&screen->frame,
		   (struct rect){rect.row - 1, rect.column + 1, 1, rect.columns - 2}, 0, 0,
		   screen_style(screen, focused ? THEME_PANE_TITLE_FOCUSED : THEME_PANE_TITLE),
		   text.data);
}

/* The border between the panes, with what joins it to the outer one. */
static void draw_dividers(struct screen *screen, struct rect all, struct cell_style style)
{
	const struct layout *layout = &screen->layout;
	bool ascii = screen->frame.ascii;
	int bottom = layout->divider_row;

	if (bottom < 0)
		return;
	for (int column = 1; column < all.columns - 1; column++)
		frame_text(&screen->frame, all, bottom - all.row, column, style, ascii ? "-" : "─");
	for (int row = 1; row < bottom - all.row; row++)
		frame_text(&screen->frame, all, row, layout->divider_column, style,
			   ascii ? "|" : "│");
	frame_text(&screen->frame, all, 0, layout->divider_column, style, ascii ? "+" : "┬");
	frame_text(&screen->frame, all, bottom - all.row, layout->divider_column, style,
		   ascii ? "+" : "┴");
	frame_text(&screen->frame, all, bottom - all.row, 0, style, ascii ? "+" : "├");
	frame_text(&screen->frame, all, bottom - all.row, all.columns - 1, style,
		   ascii ? "+" : "┤");
}

static void draw_panes(struct screen *screen)
{
	struct rect all = {1, 0, screen->frame.rows - 2, screen->frame.columns};
	struct cell_style border = screen_style(screen, screen->zoomed ? THEME_PANE_BORDER_FOCUSED
								       : THEME_PANE_BORDER);

	frame_box(&screen->frame, all, border, border, NULL);
	draw_dividers(screen, all, border);
	for (int pane = 0; pane < PANES; pane++) {
		if (screen->layout.panes[pane].rows)
			pane_types[pane]->draw(screen, screen->layout.panes[pane]);
		draw_title(screen, (enum pane_id)pane);
	}
}

/* --- the topmost line */

static size_t count_results(const struct screen *screen, enum step_result result)
{
	size_t count = 0;

	for (size_t i = 1; i <= screen_n_steps(screen); i++)
		count += session_step(screen->session, i)->result == result;
	return count;
}

/* Whether it is stopped where a step has failed. */
static bool is_at_failure(const struct screen *screen)
{
	return session_state(screen->session) == SESSION_STOPPED &&
	       session_is_at_failure(screen->session);
}

/* "reading the files of 6: 1.2 GiB of 3.4 GiB" */
static void add_reading(struct buf *out, size_t step, uint64_t done, uint64_t all)
{
	buf_add_fmt(out, "reading the files of %zu: ", step);
	add_size(out, done);
	buf_add_str(out, " of ");
	add_size(out, all);
}

/* "stopped before 6/9", "running 6/9", "at the end" */
static void add_place(const struct screen *screen, struct buf *out)
{
	static const char *const words[] = {[SESSION_STOPPED] = "stopped before",
					    [SESSION_RUNNING] = "running",
					    [SESSION_PAUSED] = "paused in"};
	size_t position = session_position(screen->session), count = screen_n_steps(screen);
	uint64_t done, all;

	if (session_is_reading(screen->session, &done, &all))
		add_reading(out, position, done, all);
	else if (position > count)
		buf_add_fmt(out, "at the end of %zu", count);
	else if (is_at_failure(screen))
		buf_add_fmt(out, "%s in %zu/%zu",
			    step_result_name(session_step(screen->session, position)->result),
			    position, count);
	else
		buf_add_fmt(out, "%s %zu/%zu", words[session_state(screen->session)], position,
			    count);
}

/* "00:00:12", since the screen was opened. */
static void add_clock(const struct screen *screen, struct buf *out)
{
	int64_t seconds = (loop_now_ms() - screen->begun_ms) / 1000;

	buf_add_fmt(out, "%02d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60),
		    (int)(seconds % 60));
}

static void add_state(const struct screen *screen, struct buf *out)
{
	const char *between = screen->frame.ascii ? " - " : " · ";
	size_t cached = count_results(screen, STEP_CACHED);

	add_place(screen, out);
	if (cached)
		buf_add_fmt(out, "%s%zu cached", between, cached);
	if (session_has_edits(screen->session))
		buf_add_fmt(out, "%sedited", between);
	if (screen->stop_note && session_state(screen->session) == SESSION_STOPPED)
		buf_add_fmt(out, "%s%s", between, screen->stop_note);
	buf_add_str(out, between);
	add_clock(screen, out);
	buf_add_char(out, ' ');
}

static enum theme_role status_role(const struct screen *screen)
{
	if (!screen->session)
		return THEME_STATUS_FAILED;
	if (session_state(screen->session) != SESSION_STOPPED)
		return THEME_STATUS_RUNNING;
	return session_is_at_failure(screen->session) ? THEME_STATUS_FAILED : THEME_STATUS;
}

static void draw_status(struct screen *screen)
{
	struct rect line = {0, 0, 1, screen->frame.columns};
	struct cell_style style = screen_style(screen, status_role(screen));
	const char *slash = strrchr(screen->options.spec_path, '/');
	AUTO_BUF struct buf text = BUF_INIT, name = BUF_INIT;
	int columns;

	buf_add_str(&name, " contractor  ");
	buf_add_shown(&name, slash ? slash + 1 : screen->options.spec_path,
		      strlen(slash ? slash + 1 : screen->options.spec_path));
	if (screen->session)
		add_state(screen, &text);
	columns = frame_text_columns(text.data);
	frame_fill(&screen->frame, line, style);
	frame_text(&screen->frame,
		   (struct rect){0, 0, 1, clamp(line.columns - columns - 1, 12, line.columns)}, 0,
		   0, style, name.data);
	frame_text(&screen->frame, line, 0, clamp(line.columns - columns, 14, line.columns), style,
		   text.data);
}

/* --- all of it */

static void draw_too_small(struct screen *screen)
{
	struct rect all = {0, 0, screen->frame.rows, screen->frame.columns};
	AUTO_FREE char *size =
		mem_printf("the terminal has %dx%d,", screen->frame.columns, screen->frame.rows);
	AUTO_FREE char *needed =
		mem_printf("the screen needs %dx%d", SCREEN_COLUMNS_MIN, SCREEN_ROWS_MIN);
	struct cell_style style = screen_style(screen, THEME_TEXT);

	frame_text(&screen->frame, all, 0, 0, style, size);
	frame_text(&screen->frame, all, 1, 0, style, needed);
}

void screen_draw(struct screen *screen)
{
	if (screen->frame.rows != canvas_rows(screen->canvas) ||
	    screen->frame.columns != canvas_columns(screen->canvas)) {
		frame_resize(&screen->frame, canvas_rows(screen->canvas),
			     canvas_columns(screen->canvas));
		screen_lay_out(screen);
	}
	frame_clear(&screen->frame, screen_style(screen, THEME_TEXT));
	if (screen->frame.rows < SCREEN_ROWS_MIN || screen->frame.columns < SCREEN_COLUMNS_MIN) {
		draw_too_small(screen);
	} else {
		draw_status(screen);
		if (screen->session || screen->n_programs)
			draw_panes(screen);
		if (screen->popup != POPUP_NONE)
			screen_draw_popup(screen);
		screen_draw_bottom(screen);
	}
	canvas_show(screen->canvas, &screen->frame);
}
