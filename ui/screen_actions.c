/* What keys do, beyond the commands of the session. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "ui/screen_internal.h"

enum { GROW_STEP = 2 };

/* --- panes */

void screen_focus(struct screen *screen, enum pane_id pane)
{
	if (pane == PANE_PROGRAM && !screen->n_programs)
		return;
	screen->focus = pane;
	if (pane == PANE_PROGRAM || pane == PANE_OUTPUT)
		screen->program_in_front = pane == PANE_PROGRAM;
	screen_lay_out(screen);
	screen_touch(screen);
}

/* The panes that can have the focus: a program's stands where the output is. */
static void focus_by(struct screen *screen, int direction)
{
	int pane = (int)screen->focus;

	do
		pane = (pane + direction + PANES) % PANES;
	while (pane == PANE_PROGRAM && !screen->n_programs);
	screen_focus(screen, (enum pane_id)pane);
}

static void focus_next(struct screen *screen)
{
	focus_by(screen, 1);
}

static void focus_previous(struct screen *screen)
{
	focus_by(screen, -1);
}

/* 1 to 3 are the panes, 4 and on the programs. */
static void focus_number(struct screen *screen, size_t number)
{
	if (number < PANE_PROGRAM) {
		screen_focus(screen, (enum pane_id)number);
	} else if (number - PANE_PROGRAM < screen->n_programs) {
		screen->program = number - PANE_PROGRAM;
		screen_focus(screen, PANE_PROGRAM);
	} else {
		screen_say(screen, THEME_WARNING, "there is no pane %zu", number + 1);
	}
}

static void zoom(struct screen *screen)
{
	screen->zoomed = !screen->zoomed;
	screen_lay_out(screen);
}

/* The steps grow to the right, what is below upwards; the output takes from both. */
static void resize_by(struct screen *screen, int amount)
{
	const struct layout *layout = &screen->layout;
	int rows = layout->panes[PANE_DETAILS].rows + amount;

	if (screen->zoomed)
		return;
	/* 0 would be as it fits. */
	if (screen->focus == PANE_DETAILS)
		screen->details_rows = rows > 0 ? rows : 1;
	else if (screen->focus == PANE_STEPS)
		screen->steps_columns = layout->panes[PANE_STEPS].columns + amount;
	else
		screen->steps_columns = layout->panes[PANE_STEPS].columns - amount;
	screen_lay_out(screen);
}

static void grow(struct screen *screen)
{
	resize_by(screen, GROW_STEP);
}

static void shrink(struct screen *screen)
{
	resize_by(screen, -GROW_STEP);
}

static void next_tab(struct screen *screen)
{
	screen_show_tab(screen, (enum details_tab)((screen->tab + 1) % TABS));
}

static void previous_tab(struct screen *screen)
{
	screen_show_tab(screen, (enum details_tab)((screen->tab + TABS - 1) % TABS));
}

static void show_environment(struct screen *screen)
{
	screen_show_tab(screen, TAB_ENVIRONMENT);
	screen_focus(screen, PANE_DETAILS);
}

/* Leaves what was entered last: the zoom, a search, the pane. */
static void cancel(struct screen *screen)
{
	if (screen->output)
		output_stop_search(screen->output);
	if (screen->zoomed)
		zoom(screen);
	else
		screen_focus(screen, PANE_STEPS);
}

static void close_pane(struct screen *screen)
{
	if (screen->focus == PANE_PROGRAM)
		screen_close_program(screen, screen->program);
	else
		cancel(screen);
}

/* --- breakpoints */

static const struct breakpoint *selected_breakpoint(const struct screen *screen)
{
	return breakpoints_on(session_breakpoints(screen->session),
			      screen_step(screen, screen->selected));
}

static void toggle_breakpoint(struct screen *screen)
{
	const struct breakpoint *breakpoint = selected_breakpoint(screen);
	struct err err;
	int result = breakpoint
			     ? session_delete_breakpoint(screen->session, breakpoint->number, &err)
			     : session_break(screen->session, screen->selected, &err);

	if (result < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
	screen_keep(screen);
}

static void edit_condition(struct screen *screen)
{
	const struct breakpoint *breakpoint = selected_breakpoint(screen);
	const char *text =
		breakpoint && breakpoint->condition ? condition_text(breakpoint->condition) : "";

	screen->condition_of = breakpoint ? breakpoint->number : 0;
	screen_begin_line(screen, LINE_CONDITION, text);
}

/* --- the running step */

static void pause_or_resume(struct screen *screen)
{
	bool paused = session_state(screen->session) == SESSION_PAUSED;

	screen_run_line(screen, paused ? "resume" : "pause");
}

/* Keys go to the step; before it runs, to the next one that does. */
static void type_into_step(struct screen *screen)
{
	session_interact(screen->session, true);
	if (session_state(screen->session) == SESSION_STOPPED) {
		screen_say(screen, THEME_NOTE,
			   "the next step waits for what is typed: run it, and press this again");
		return;
	}
	screen->output_attempt = 0;
	screen_select(screen, session_position(screen->session));
	screen_focus(screen, PANE_OUTPUT);
	screen->typing = !screen->running_id[0] || /* it is about to begin */
			 (screen->output && output_is_live(screen->output));
}

/* --- logs */

static void show_log(struct screen *screen)
{
	screen_focus(screen, PANE_OUTPUT);
	screen->zoomed = true;
	screen_lay_out(screen);
}

static void open_step(struct screen *screen)
{
	screen_focus(screen, PANE_OUTPUT);
}

static void older_attempt(struct screen *screen)
{
	screen_step_attempts(screen, -1);
}

static void newer_attempt(struct screen *screen)
{
	screen_step_attempts(screen, 1);
}

static bool has_output(struct screen *screen)
{
	if (!screen->output)
		screen_say(screen, THEME_WARNING, "step %zu has not run: there is no log of it",
			   screen->selected);
	return screen->output;
}

static void first_error(struct screen *screen)
{
	if (has_output(screen)) {
		output_first_error(screen->output);
		screen_focus(screen, PANE_OUTPUT);
	}
}

static void toggle_wrap(struct screen *screen)
{
	if (has_output(screen))
		output_toggle_wrap(screen->output);
}

static void save_log(struct screen *screen)
{
	AUTO_FREE char *name = mem_printf("step-%zu.log", screen->selected);

	if (has_output(screen))
		screen_begin_line(screen, LINE_SAVE, name);
}

static void search(struct screen *screen)
{
	screen_begin_line(screen, LINE_SEARCH, "");
}

static void search_by(struct screen *screen, bool forward)
{
	bool names = screen->popup == POPUP_NONE && screen->focus == PANE_STEPS;
	const char *where = names ? " among the names of steps" : "";
	bool found;

	if (!screen->pattern) {
		screen_say(screen, THEME_WARNING, "nothing was searched for yet");
		return;
	}
	if (screen->popup != POPUP_NONE)
		found = text_view_find(&screen->popup_text, screen->pattern, forward);
	else
		found = !pane_types[screen->focus]->find ||
			pane_types[screen->focus]->find(screen, screen->pattern, forward);
	if (!found)
		screen_say(screen, THEME_WARNING, "not found%s: %s", where, screen->pattern);
}

static void search_next(struct screen *screen)
{
	search_by(screen, true);
}

static void search_previous(struct screen *screen)
{
	search_by(screen, false);
}

/* --- the rest */

static void command_line(struct screen *screen)
{
	screen_begin_line(screen, LINE_COMMAND, "");
}

static void redraw(struct screen *screen)
{
	canvas_redraw(screen->canvas);
}

static const struct {
	enum ui_action action;
	enum motion motion;
} motions[] = {
	{UI_ACTION_UP, MOTION_UP},	     {UI_ACTION_DOWN, MOTION_DOWN},
	{UI_ACTION_LEFT, MOTION_LEFT},	     {UI_ACTION_RIGHT, MOTION_RIGHT},
	{UI_ACTION_PAGE_UP, MOTION_PAGE_UP}, {UI_ACTION_PAGE_DOWN, MOTION_PAGE_DOWN},
	{UI_ACTION_TOP, MOTION_HOME},	     {UI_ACTION_BOTTOM, MOTION_END},
	{UI_ACTION_SCROLL_UP, MOTION_UP},    {UI_ACTION_SCROLL_DOWN, MOTION_DOWN},
};

static bool move(struct screen *screen, enum ui_action action)
{
	for (size_t i = 0; i < ARRAY_SIZE(motions); i++) {
		if (motions[i].action == action) {
			pane_types[screen->focus]->move(screen, motions[i].motion);
			return true;
		}
	}
	return false;
}

static void (*const functions[UI_ACTIONS])(struct screen *screen) = {
	[UI_ACTION_TOGGLE_BREAKPOINT] = toggle_breakpoint,
	[UI_ACTION_EDIT_CONDITION] = edit_condition,
	[UI_ACTION_PAUSE_OR_RESUME] = pause_or_resume,
	[UI_ACTION_TYPE] = type_into_step,
	[UI_ACTION_ENVIRONMENT] = show_environment,
	[UI_ACTION_LOG] = show_log,
	[UI_ACTION_SAVE_LOG] = save_log,
	[UI_ACTION_OLDER_ATTEMPT] = older_attempt,
	[UI_ACTION_NEWER_ATTEMPT] = newer_attempt,
	[UI_ACTION_FIRST_ERROR] = first_error,
	[UI_ACTION_SEARCH] = search,
	[UI_ACTION_SEARCH_NEXT] = search_next,
	[UI_ACTION_SEARCH_PREVIOUS] = search_previous,
	[UI_ACTION_TOGGLE_WRAP] = toggle_wrap,
	[UI_ACTION_OPEN] = open_step,
	[UI_ACTION_FOCUS_NEXT] = focus_next,
	[UI_ACTION_FOCUS_PREVIOUS] = focus_previous,
	[UI_ACTION_TAB_NEXT] = next_tab,
	[UI_ACTION_TAB_PREVIOUS] = previous_tab,
	[UI_ACTION_ZOOM] = zoom,
	[UI_ACTION_GROW] = grow,
	[UI_ACTION_SHRINK] = shrink,
	[UI_ACTION_COMMAND_LINE] = command_line,
	[UI_ACTION_HELP] = screen_show_help,
	[UI_ACTION_REDRAW] = redraw,
	[UI_ACTION_SUSPEND] = screen_suspend,
	[UI_ACTION_CLOSE] = close_pane,
	[UI_ACTION_QUIT] = screen_quit,
	[UI_ACTION_CANCEL] = cancel,
	[UI_ACTION_RETURN] = screen_return_to_terminal,
};

void screen_run_asked(struct screen *screen)
{
	screen_run_line(screen, screen->asked_line);
}

/* An action that is a command, for the selected step; some are asked about first. */
static void run_command(struct screen *screen, enum ui_action action)
{
	AUTO_BUF struct buf line = BUF_INIT;

	ui_action_add_command(action, screen->selected, &line);
	if (!ui_actions[action].question || session_state(screen->session) == SESSION_STOPPED) {
		screen_run_line(screen, line.data);
		return;
	}
	free(screen->asked_line);
	screen->asked_line = buf_detach(&line);
	screen_ask(screen, ui_actions[action].question, screen_run_asked);
}

void screen_act(struct screen *screen, enum ui_action action)
{
	if (action >= UI_ACTION_PANE_1 && action <= UI_ACTION_PANE_9)
		focus_number(screen, action - UI_ACTION_PANE_1);
	else if (functions[action])
		functions[action](screen);
	else if (ui_actions[action].command)
		run_command(screen, action);
	else
		move(screen, action);
	screen_touch(screen);
}
