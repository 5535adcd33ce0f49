/* The list of steps: where the build stands, what has become of each step, and where it stops. */
#include <string.h>

#include "engine/base/mem.h"
#include "ui/screen_internal.h"
#include "ui/words.h"

/* Columns in front of a step's name: position, breakpoint, state, a blank, number, a blank. */
enum {
	MARKS_COLUMNS = 4,
	TIME_COLUMNS = 1 + BRIEF_DURATION_COLUMNS,
	NAME_COLUMNS_MIN = 12,
	NAME_COLUMNS_LEAST = 4
};

static int number_columns(const struct screen *screen)
{
	int columns = 1;

	for (size_t rest = screen_n_steps(screen); rest >= 10; rest /= 10)
		columns++;
	return columns;
}

/* What stands in front of the state's glyph: "▶" where the build is, "●" where it stops. */
static void draw_marks(struct screen *screen, struct rect rect, int row, size_t step)
{
	const struct breakpoint *breakpoint =
		breakpoints_on(session_breakpoints(screen->session), screen_step(screen, step));
	bool ascii = screen->frame.ascii;

	if (session_position(screen->session) == step)
		frame_text(&screen->frame, rect, row, 0, screen_style(screen, THEME_POSITION),
			   ascii ? ">" : "▶");
	if (breakpoint && breakpoint->enabled)
		frame_text(&screen->frame, rect, row, 1, screen_style(screen, THEME_BREAKPOINT),
			   ascii ? "*" : "●");
	else if (breakpoint)
		frame_text(&screen->frame, rect, row, 1,
			   screen_style(screen, THEME_BREAKPOINT_DISABLED), ascii ? "o" : "○");
}

static enum theme_role role_of(const struct step_status *status)
{
	if (status->flags & STEP_STALE)
		return THEME_STEP_STALE;
	return (enum theme_role)(THEME_STEP_PENDING + (int)status->result);
}

/* "3.2 s", of the step that runs until now; or nothing. */
static void add_time_of(const struct screen *screen, const struct step_status *status,
			struct buf *out)
{
	bool runs = status->result == STEP_RUNNING || status->result == STEP_PAUSED;

	if (runs && screen->started_ms)
		add_brief_duration(out, screen_elapsed(screen));
	else if (status->attempt && !runs)
		add_brief_duration(out, status->duration_ms);
}

/* "edited", "stale", "adopted": the flags, which have words since colour is never the only sign. */
static const char *flag_word(const struct step_status *status)
{
	static const struct {
		enum step_flags flag;
		const char *word;
	} flags[] = {
		{STEP_EDITED, " ~edited"}, {STEP_ADOPTED, " +adopted"}, {STEP_STALE, " (stale)"}};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (status->flags & flags[i].flag)
			return flags[i].word;
	}
	return "";
}

/* The name, cut so that there is room for the flag's word behind it, as far as it goes. */
static void draw_name(struct screen *screen, struct rect rect, int row, int column,
		      struct cell_style style, const char *name, const char *word)
{
	int spare = rect.columns - column - NAME_COLUMNS_LEAST, columns = frame_text_columns(word);
	AUTO_BUF struct buf shown = BUF_INIT;
	struct rect rest = rect;

	if (spare > 0)
		rest.columns -= columns < spare ? columns : spare;
	buf_add_shown(&shown, name, strlen(name));
	column += frame_text(&screen->frame, rest, row, column, style, shown.data);
	frame_text(&screen->frame, rect, row, column, style, word);
}

static void draw_step(struct screen *screen, struct rect rect, int row, size_t number)
{
	const struct step *step = screen_step(screen, number);
	const struct step_status *status = session_step(screen->session, number);
	const struct look *look = look_of(status->result);
	struct cell_style style = screen_style(screen, role_of(status));
	AUTO_BUF struct buf label = BUF_INIT, time = BUF_INIT;
	int digits = number_columns(screen), column = MARKS_COLUMNS + digits + 1;
	struct rect name = rect;

	draw_marks(screen, rect, row, number);
	frame_text(&screen->frame, rect, row, 2, style,
		   screen->frame.ascii ? look->ascii : look->glyph);
	buf_add_fmt(&label, "%*zu", digits, number);
	frame_text(&screen->frame, rect, row, MARKS_COLUMNS,
		   screen_style(screen, THEME_STEP_NUMBER), label.data);
	add_time_of(screen, status, &time);
	if (rect.columns - column - TIME_COLUMNS >= NAME_COLUMNS_MIN && time.len) {
		name.columns -= TIME_COLUMNS;
		frame_text(&screen->frame, rect, row, rect.columns - frame_text_columns(time.data),
			   screen_style(screen, THEME_FAINT), time.data);
	}
	draw_name(screen, name, row, column, style, step->name, flag_word(status));
}

/* Scrolls so that the selected step is in sight. */
static void scroll_to_selected(struct screen *screen, int rows)
{
	size_t selected = screen->selected - 1, height = rows > 0 ? (size_t)rows : 1;
	size_t count = screen_n_steps(screen);

	if (screen->steps_top > selected)
		screen->steps_top = selected;
	if (selected >= screen->steps_top + height)
		screen->steps_top = selected + 1 - height;
	if (count < height)
		screen->steps_top = 0;
	else if (screen->steps_top > count - height)
		screen->steps_top = count - height;
}

static void draw(struct screen *screen, struct rect rect)
{
	bool focused = screen->focus == PANE_STEPS;
	size_t count = screen_n_steps(screen);

	scroll_to_selected(screen, rect.rows);
	for (int row = 0; row < rect.rows; row++) {
		size_t number = screen->steps_top + (size_t)row + 1;

		if (number > count)
			break;
		draw_step(screen, rect, row, number);
		if (number == screen->selected)
			frame_tint(&screen->frame, rect, row,
				   screen_style(screen, focused ? THEME_SELECTION
								: THEME_SELECTION_UNFOCUSED));
	}
}

static void add_title(struct screen *screen, struct buf *out)
{
	(void)screen;
	buf_add_str(out, "Steps");
}

void screen_select(struct screen *screen, size_t step)
{
	size_t count = screen_n_steps(screen);

	step = step < 1 ? 1 : step > count ? count : step;
	if (step != screen->selected)
		screen->output_attempt = 0;
	screen->selected = step;
	screen_refresh_output(screen);
	screen_touch(screen);
}

static void move(struct screen *screen, enum motion motion)
{
	int page = screen->layout.panes[PANE_STEPS].rows - 1;
	int count = (int)screen_n_steps(screen), selected = (int)screen->selected;
	const int targets[] = {[MOTION_UP] = selected - 1,
			       [MOTION_DOWN] = selected + 1,
			       [MOTION_LEFT] = selected,
			       [MOTION_RIGHT] = selected,
			       [MOTION_PAGE_UP] = selected - page,
			       [MOTION_PAGE_DOWN] = selected + page,
			       [MOTION_HOME] = 1,
			       [MOTION_END] = count};
	int target = targets[motion];

	screen_select(screen, target < 1 ? 1 : (size_t)target);
}

/* To the next step whose name has the pattern in it. */
static bool find(struct screen *screen, const char *pattern, bool forward)
{
	size_t count = screen_n_steps(screen), step = screen->selected;

	for (size_t i = 0; i < count; i++) {
		step = forward ? step % count + 1 : (step + count - 2) % count + 1;
		if (strcasestr(screen_step(screen, step)->name, pattern)) {
			screen_select(screen, step);
			return true;
		}
	}
	return false;
}

static void click(struct screen *screen, int row, int column)
{
	size_t step = screen->steps_top + (size_t)row + 1;

	if (step > screen_n_steps(screen))
		return;
	screen_select(screen, step);
	if (column < 2)
		screen_act(screen, UI_ACTION_TOGGLE_BREAKPOINT);
}

const struct pane_type pane_steps = {UI_CONTEXT_STEPS, draw, add_title, move, find, click};
