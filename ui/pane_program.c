/* Shells and editors in a pane. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "ui/screen_internal.h"

struct program_pane *screen_program(struct screen *screen)
{
	return screen->focus == PANE_PROGRAM && screen->program < screen->n_programs
		       ? screen->programs[screen->program]
		       : NULL;
}

/* Ends the program, and closes the gap. */
static void close_pane(struct screen *screen, size_t index)
{
	bool shown = index == screen->program;

	program_pane_free(screen->programs[index]);
	screen->n_programs--;
	memmove(&screen->programs[index], &screen->programs[index + 1],
		(screen->n_programs - index) * sizeof screen->programs[0]);
	if (screen->program > index || (screen->program && screen->program == screen->n_programs))
		screen->program--;
	screen->program_in_front &= screen->n_programs > 0;
	if (shown && screen->focus == PANE_PROGRAM)
		screen->focus = PANE_STEPS;
	screen_lay_out(screen);
	screen_touch(screen);
}

/* What a line of usual output takes in a terminal's history. */
enum { HISTORY_LINE_BYTES = 128 };

/* --- what the programs tell */

static void on_changed(void *data)
{
	screen_touch(data);
}

static void on_bell(void *data)
{
	screen_bell(data);
}

/* A program that has ended: what an editor has made is taken, which may close all other panes. */
static void reap_one(struct screen *screen, size_t index)
{
	const struct program_pane *pane = screen->programs[index];
	bool is_editor = program_pane_is_editor(pane);
	int status = program_pane_status(pane);

	if (!is_editor && status < 0)
		screen_say(screen, THEME_ERROR, "%s", program_pane_error(pane)->text);
	else if (program_pane_has_changes(pane))
		screen_say(screen, THEME_NOTE,
			   "`:adopt` takes what the shell changed as the result of step %zu",
			   session_adoptable(screen->session));
	close_pane(screen, index);
	if (is_editor)
		screen_end_editing(screen, status);
}

/* What a command printed stays to be read, until a key is pressed there. */
static bool is_over(const struct program_pane *pane)
{
	return program_pane_has_ended(pane) &&
	       !(program_pane_is_command(pane) && program_pane_status(pane) >= 0);
}

/* From the loop, since panes are freed. */
static void reap(void *data)
{
	struct screen *screen = data;
	size_t i = 0;

	while (i < screen->n_programs) {
		if (is_over(screen->programs[i]))
			reap_one(screen, i);
		else
			i++;
	}
}

static void on_ended(void *data, struct program_pane *pane)
{
	struct screen *screen = data;

	if (!is_over(pane))
		screen_say(screen, THEME_NOTE, "it ended with status %d: any key closes its pane",
			   program_pane_status(pane));
	loop_defer(screen->options.loop, reap, screen);
}

static struct program_pane_callbacks callbacks_of(struct screen *screen)
{
	return (struct program_pane_callbacks){on_changed, on_bell, on_ended, screen};
}

/* --- beginning and end */

static int check_room(const struct screen *screen, struct err *err)
{
	if (screen->n_programs < PROGRAMS_MAX)
		return 0;
	return err_set(err, ERR_USAGE, "there are %d programs open already: close one first",
		       PROGRAMS_MAX);
}

static void show(struct screen *screen, struct program_pane *pane)
{
	uint64_t lines = config_number(screen->options.config, CONFIG_SCROLLBACK);

	program_pane_limit_history(pane, lines * HISTORY_LINE_BYTES);
	screen->programs[screen->n_programs] = pane;
	screen->program = screen->n_programs++;
	screen_focus(screen, PANE_PROGRAM);
	screen_lay_out(screen);
}

/* The size that a program's pane has, or will have; none while nothing is shown on the right. */
static struct rect program_rect(const struct screen *screen)
{
	struct rect rect = screen->layout.panes[PANE_PROGRAM];

	return rect.rows ? rect : screen->layout.panes[PANE_OUTPUT];
}

/* The size that a program begins with. */
static struct rect first_rect(const struct screen *screen)
{
	struct rect rect = program_rect(screen);

	return rect.rows ? rect : (struct rect){0, 0, 24, 80};
}

/* The step is about to begin: the shell is opened when it does. */
static bool is_early(const struct screen *screen, const struct command_shell *wanted)
{
	return wanted->where == SHELL_JOIN && !screen->running_id[0] && !wanted->command->len;
}

static void open_early_shell(void *data)
{
	struct screen *screen = data;
	const struct strv no_command = {0};
	const struct command_shell wanted = {
		.step = screen->early_shell, .where = SHELL_JOIN, .command = &no_command};
	struct err err;

	screen->early_shell = 0;
	if (wanted.step && screen->running_id[0] && screen_start_shell(screen, &wanted, &err) < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
}

void screen_open_early_shell(struct screen *screen, size_t step)
{
	if (screen->early_shell == step)
		loop_defer(screen->options.loop, open_early_shell, screen);
}

int screen_start_shell(void *data, const struct command_shell *wanted, struct err *err)
{
	static const char *const words[] = {[SHELL_BEFORE] = "before",
					    [SHELL_AFTER] = "after",
					    [SHELL_FAILED] = "at the failure of",
					    [SHELL_JOIN] = "in"};
	struct screen *screen = data;
	const struct program_pane_callbacks callbacks = callbacks_of(screen);
	struct rect rect = first_rect(screen);
	const struct shell_options options = {.step = wanted->step,
					      .where = wanted->where,
					      .command = wanted->command,
					      .columns = rect.columns,
					      .rows = rect.rows,
					      .stdio = {-1, -1, -1}};
	AUTO_FREE char *title = mem_printf("shell %s step %zu", words[wanted->where], wanted->step);
	struct program_pane *pane;

	if (is_early(screen, wanted)) {
		screen->early_shell = wanted->step;
		screen_say(screen, THEME_NOTE, "a shell opens in step %zu when it begins",
			   wanted->step);
		return 0;
	}
	if (check_room(screen, err) < 0 ||
	    program_pane_shell(screen->session, &options, title, &callbacks, &pane, err) < 0)
		return -1;
	show(screen, pane);
	return 0;
}

/* An editor on a file of the host. */
static int start_editor(struct screen *screen, const char *path, const char *title, struct err *err)
{
	const struct program_pane_callbacks callbacks = callbacks_of(screen);
	struct rect rect = first_rect(screen);
	struct program_pane *pane;

	if (check_room(screen, err) < 0 ||
	    program_pane_editor(screen->options.loop, editing_command(), path, title, rect.columns,
				rect.rows, &callbacks, &pane, err) < 0)
		return -1;
	show(screen, pane);
	return 0;
}

int screen_start_editor(void *data, size_t step, struct err *err)
{
	struct screen *screen = data;
	AUTO_FREE char *title = mem_printf("step %zu in the editor", step);

	if (screen->editing.path)
		return err_set(err, ERR_USAGE, "step %zu is being edited: end that editor first",
			       screen->editing.step);
	if (editing_begin(&screen->editing, screen->session, step, err) < 0)
		return -1;
	if (start_editor(screen, screen->editing.path, title, err) == 0)
		return 0;
	editing_drop(&screen->editing);
	return -1;
}

void screen_edit_again(struct screen *screen)
{
	AUTO_FREE char *line = mem_printf("edit %zu", screen->editing.step);

	screen_run_line(screen, line);
}

void screen_edit_file(struct screen *screen)
{
	struct err err;

	if (screen->n_programs)
		screen_return_to_terminal(screen);
	else if (start_editor(screen, screen->options.spec_path, screen->options.spec_path, &err) <
		 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
	else
		screen_close_popup(screen);
}

void screen_close_program(struct screen *screen, size_t index)
{
	bool is_editor;

	if (index >= screen->n_programs)
		return;
	is_editor = program_pane_is_editor(screen->programs[index]);
	close_pane(screen, index);
	if (is_editor && screen->editing.path) {
		editing_drop(&screen->editing);
		screen_say(screen, THEME_WARNING, "the editor was closed: step %zu is as it was",
			   screen->editing.step);
	}
	if (!screen->session && !screen->n_programs)
		screen->popup = POPUP_INVALID;
}

void screen_resize_programs(struct screen *screen)
{
	struct rect rect = program_rect(screen);

	for (size_t i = 0; i < screen->n_programs && rect.rows; i++)
		program_pane_resize(screen->programs[i], rect.columns, rect.rows);
}

/* Back to what the prefix key left. */
void screen_return_to_terminal(struct screen *screen)
{
	if (screen->typed_last) {
		screen_act(screen, UI_ACTION_TYPE);
	} else if (screen->n_programs) {
		screen->zoomed = screen->program_zoomed;
		screen_focus(screen, PANE_PROGRAM);
		screen_close_popup(screen);
	}
}

/* --- the pane */

static struct program_pane *shown(const struct screen *screen)
{
	return screen->programs[screen->program];
}

static void draw(struct screen *screen, struct rect rect)
{
	if (screen->n_programs)
		program_pane_draw(shown(screen), &screen->frame, rect,
				  screen_style(screen, THEME_TEXT), screen->focus == PANE_PROGRAM);
}

/* "4 [shell after step 3] · 5 vi" */
static void add_title(struct screen *screen, struct buf *out)
{
	const char *between = screen->frame.ascii ? " - " : " · ";

	for (size_t i = 0; i < screen->n_programs; i++) {
		const char *title = program_pane_title(screen->programs[i]);
		bool active = i == screen->program;

		buf_add_fmt(out, "%s%zu %s", i ? between : "", PANE_PROGRAM + 1 + i,
			    active ? "[" : "");
		buf_add_shown(out, title, strlen(title));
		buf_add_str(out, active ? "]" : "");
	}
}

static void move(struct screen *screen, enum motion motion)
{
	if (screen->n_programs)
		program_pane_move(shown(screen), motion);
}

const struct pane_type pane_program = {UI_CONTEXT_TERMINAL, draw, add_title, move, NULL, NULL};
