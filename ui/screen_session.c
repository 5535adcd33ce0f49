/* The session: opening it, what it tells, and what commands ask of the screen. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "engine/actions/host.h"
#include "engine/base/mem.h"
#include "ui/screen_internal.h"
#include "ui/words.h"

/* --- opening */

/* Remembers what the file is like, to see when somebody else changes it. */
static void stamp_file(struct screen *screen)
{
	if (stat(screen->options.spec_path, &screen->stamp) < 0)
		screen->stamp = (struct stat){0};
}

static void select_first(struct screen *screen)
{
	size_t position = session_position(screen->session), count = screen_n_steps(screen);

	screen->selected = 0;
	screen->output_attempt = 0;
	screen_select(screen, position > count ? count : position);
}

int screen_open(struct screen *screen, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	int opened;

	stamp_file(screen);
	opened = screen->options.open(screen->options.data, &screen->session, &text, err);
	if (opened < 0)
		return -1;
	if (!opened) {
		screen->session = NULL;
		screen_popup(screen, POPUP_INVALID, "the specification is not valid", text.data);
		return 0;
	}
	screen_close_popup(screen);
	select_first(screen);
	if (text.len)
		screen_popup(screen, POPUP_TEXT, "taken over from last time", text.data);
	return 0;
}

/* Keeps what is to be found again, and opens the specification as it is now. */
void screen_reopen(struct screen *screen)
{
	struct err err;

	while (screen->n_programs)
		screen_close_program(screen, screen->n_programs - 1);
	editing_release(&screen->editing);
	output_free(screen->output);
	screen->output = NULL;
	screen->line_use = LINE_NONE;
	screen->typing = false;
	screen->early_shell = 0;
	if (screen->session && session_save(screen->session, &err) < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
	screen->session = NULL;
	screen->options.close(screen->options.data);
	if (screen_open(screen, &err) < 0)
		screen_popup(screen, POPUP_INVALID, "the specification cannot be opened", err.text);
	screen_lay_out(screen);
}

/* Whether the file is another one than when it was read, or gone. */
static bool file_has_changed(const struct screen *screen)
{
	struct stat now = {0};
	const struct stat *then = &screen->stamp;

	if (stat(screen->options.spec_path, &now) < 0)
		return then->st_ino != 0;
	return now.st_ino != then->st_ino || now.st_size != then->st_size ||
	       now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != then->st_mtim.tv_nsec;
}

/* Whether the file still has the text that the session knows: it was only touched, or written by `write`. */
static bool has_same_text(const struct screen *screen)
{
	const struct buf *known = session_file_text(screen->session);
	AUTO_CLOSE int fd = open(screen->options.spec_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	AUTO_BUF struct buf text = BUF_INIT;
	struct err ignored;

	return fd >= 0 && buf_read_fd(&text, fd, known->len, "the file", &ignored) == 0 &&
	       text.len == known->len && !memcmp(text.data, known->data, text.len);
}

/* Whether a person is at something that a question must not take the keys from. */
static bool is_typing(const struct screen *screen)
{
	return screen->question.text || screen->line_use != LINE_NONE ||
	       screen->popup != POPUP_NONE || screen_context(screen) == UI_CONTEXT_TERMINAL;
}

void screen_check_file(struct screen *screen)
{
	bool busy = !screen->session || screen->editing.path || is_typing(screen) ||
		    session_state(screen->session) != SESSION_STOPPED;

	if (busy || !file_has_changed(screen))
		return;
	stamp_file(screen);
	if (has_same_text(screen))
		return;
	if (screen->stamp.st_ino)
		screen_ask(screen, "the file has changed on disk: read it again?", screen_reopen);
	else
		screen_say(screen, THEME_WARNING,
			   "the file is gone: what is here still works, `write` does not");
}

/* --- commands */

static bool runs_program(const struct screen *screen)
{
	for (size_t i = 0; i < screen->n_programs; i++) {
		if (!program_pane_has_ended(screen->programs[i]))
			return true;
	}
	return false;
}

bool screen_is_busy(const struct screen *screen)
{
	return screen->session && (session_state(screen->session) == SESSION_RUNNING ||
				   session_is_ending(screen->session) ||
				   session_is_resuming(screen->session) || runs_program(screen));
}

void screen_keep(struct screen *screen)
{
	struct err err;

	if (session_save(screen->session, &err) < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
}

/* What was printed is shown: a line as a message, more as a text. */
static void show_printed(struct screen *screen, const char *title)
{
	AUTO_FREE char *text = buf_detach(&screen->printed);
	char *newline = strchr(text, '\n');

	if (!*text)
		return;
	if (newline && newline[1]) {
		screen_popup(screen, POPUP_TEXT, title, text);
		return;
	}
	if (newline)
		*newline = '\0';
	screen_say(screen, THEME_NOTE, "%s", text);
}

static int run_line(struct screen *screen, const char *line, struct err *err)
{
	int result;

	if (!screen->session)
		return err_set(err, ERR_USAGE, "the specification is not valid");
	buf_clear(&screen->printed);
	result = command_run(screen->session, line, err);
	show_printed(screen, line);
	screen_keep(screen);
	screen_refresh_output(screen);
	screen_touch(screen);
	return result;
}

void screen_run_line(struct screen *screen, const char *line)
{
	struct err err;

	if (run_line(screen, line, &err) < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
}

void screen_take_script_line(struct screen *screen)
{
	AUTO_BUF struct buf place = BUF_INIT;
	AUTO_FREE char *line = NULL;
	struct err err;

	if (!screen->scripts.len || screen->left || screen_is_busy(screen) || !screen->session ||
	    screen->question.text)
		return;
	line = scripts_next(&screen->scripts, &place);
	if (line && run_line(screen, line, &err) < 0) {
		screen_say(screen, THEME_ERROR, "%s: %s", place.data, err.text);
		screen->end.mistaken = true;
		scripts_clear(&screen->scripts);
	}
	screen_touch(screen);
}

/* --- leaving */

void screen_quit(struct screen *screen)
{
	bool runs = screen->session && session_state(screen->session) != SESSION_STOPPED;
	bool edited = screen->session && session_has_edits(screen->session);

	if (runs)
		screen_ask(screen, "a step is running and would be ended: quit?", screen_leave);
	else if (screen->n_programs)
		screen_ask(screen, "a terminal is open and would be closed: quit?", screen_leave);
	else if (edited)
		screen_ask(screen, "edits not in the file (kept for next time): quit?",
			   screen_leave);
	else
		screen_leave(screen);
}

/* --- what commands ask */

static void front_print(void *data, const char *text, size_t length)
{
	struct screen *screen = data;

	buf_add(screen->caught ? screen->caught : &screen->printed, text, length);
}

static int front_log(void *data, const struct attempt *attempt, struct err *err)
{
	struct screen *screen = data;

	(void)err;
	screen_select(screen, (size_t)attempt->step);
	screen_show_attempt(screen, attempt->number);
	screen_act(screen, UI_ACTION_LOG);
	return 0;
}

static int front_source(void *data, const char *path, struct err *err)
{
	struct screen *screen = data;

	return scripts_add(&screen->scripts, path, err);
}

static int front_quit(void *data, struct err *err)
{
	(void)err;
	screen_quit(data);
	return 0;
}

const struct command_front screen_front = {front_print,		front_log,    screen_start_shell,
					   screen_start_editor, front_source, front_quit};

/* --- what the session tells */

/* How long the step took when it last passed; 0: not known. */
static int64_t expected_ms(const struct screen *screen, size_t step)
{
	struct attempt attempt = {0};
	struct err ignored;
	int64_t duration_ms = 0;

	if (store_find_passed_of_step(host_store(session_host(screen->session)),
				      session_spec(screen->session)->real_path, (int64_t)step,
				      &attempt, &ignored) > 0)
		duration_ms = attempt.duration_ms;
	attempt_release(&attempt);
	return duration_ms;
}

/* Shows the step where the build is, unless a person types about the one that is selected. */
static void go_along(struct screen *screen, size_t step)
{
	if (!screen_is_line_about_step(screen))
		screen_select(screen, step);
}

static void on_reading(struct screen *screen, const struct event *event)
{
	go_along(screen, event->step);
}

static void on_started(struct screen *screen, const struct event *event)
{
	snprintf(screen->running_id, sizeof screen->running_id, "%s", event->attempt_id);
	screen->started_ms = loop_now_ms();
	screen->paused_ms = screen->paused_since_ms = 0;
	screen->expected_ms = expected_ms(screen, event->step);
	if (!screen_is_line_about_step(screen))
		screen->output_attempt = 0;
	go_along(screen, event->step);
	screen_open_early_shell(screen, event->step);
}

static void on_terminal(struct screen *screen, const struct event *event)
{
	if (screen->output && output_is_live(screen->output))
		output_onlcr(screen->output, event->amount, event->onlcr);
}

static void on_paused(struct screen *screen, const struct event *event)
{
	(void)event;
	screen->paused_since_ms = loop_now_ms();
}

static void on_resumed(struct screen *screen, const struct event *event)
{
	(void)event;
	screen->paused_ms += loop_now_ms() - screen->paused_since_ms;
	screen->paused_since_ms = 0;
}

static void on_text(struct screen *screen, const struct event *event)
{
	screen_say(screen, THEME_NOTE, "%s", event->text);
}

static void forget_running(struct screen *screen)
{
	/* What was asked is about the step that has ended, not about the next one. */
	if (screen->question.yes == screen_run_asked)
		screen_ask(screen, NULL, NULL);
	screen->running_id[0] = '\0';
	screen->started_ms = 0;
	screen->early_shell = 0;
	if (screen->typing)
		screen_focus(screen, PANE_STEPS);
	screen->typing = false;
	screen_refresh_output(screen);
}

static void on_done(struct screen *screen, const struct event *event)
{
	screen->done_step = event->step;
	forget_running(screen);
}

static void note_stop(struct screen *screen, const struct event *event)
{
	free(take_ptr(&screen->stop_note));
	if (event->reason == STOP_BREAKPOINT)
		screen->stop_note = mem_printf("breakpoint %d", event->breakpoint);
}

/* At the end of the build its artifacts are written as by `run`. */
static void deliver(struct screen *screen)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err;

	if (session_deliver_artifacts(screen->session, &text, &err) < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
	else if (text.len)
		screen_say(screen, THEME_NOTE, "%s", text.data);
}

static void on_stopped(struct screen *screen, const struct event *event)
{
	size_t count = screen_n_steps(screen);

	forget_running(screen);
	note_stop(screen, event);
	screen->end.failed = event->err != NULL;
	go_along(screen, event->step > count ? count : event->step);
	if (event->err)
		screen_say(screen, THEME_ERROR, "step %zu: %s", event->step, event->err->text);
	if (event->reason == STOP_END)
		deliver(screen);
	screen_keep(screen);
	if (event->reason != STOP_STEP)
		screen_bell(screen);
}

void screen_event(void *data, const struct event *event)
{
	static void (*const handlers[EVENT_TYPES])(struct screen * screen,
						   const struct event *event) = {
		[EVENT_STEP_READING] = on_reading, [EVENT_STEP_STARTED] = on_started,
		[EVENT_STEP_NOTE] = on_text,	   [EVENT_STEP_PAUSED] = on_paused,
		[EVENT_STEP_RESUMED] = on_resumed, [EVENT_STEP_CACHED] = on_done,
		[EVENT_STEP_ENDED] = on_done,	   [EVENT_BREAKPOINT_LOG] = on_text,
		[EVENT_STOPPED] = on_stopped,	   [EVENT_STEP_TERMINAL] = on_terminal,
		[EVENT_STORE_PRUNED] = on_text,	   [EVENT_STORE_FAILED] = on_text,
	};
	struct screen *screen = data;

	if (handlers[event->type] && screen->session)
		handlers[event->type](screen, event);
	screen_touch(screen);
}

/* --- an editor that has ended */

/* The editor that a command of a file has asked for came to nothing. */
static void end_scripts(struct screen *screen)
{
	screen->end.mistaken |= screen->scripts.len > 0;
	scripts_clear(&screen->scripts);
}

/* What is wrong in the text is mended at once; what only comes too late, another time. */
static void show_refused(struct screen *screen, const char *why, const char *problems)
{
	end_scripts(screen);
	if (*problems)
		screen_popup(screen, POPUP_REFUSED, why, problems);
	else
		screen_say(screen, THEME_WARNING,
			   "%s; the text is kept: `edit %zu` goes on with it", why,
			   screen->editing.step);
}

void screen_end_editing(struct screen *screen, int status)
{
	AUTO_BUF struct buf problems = BUF_INIT;
	enum editing_result result = EDITING_UNCHANGED;
	size_t step = screen->editing.step;
	struct err err;

	if (!screen->editing.path) {
		screen_reopen(screen);
	} else if (status != 0) {
		editing_drop(&screen->editing);
		end_scripts(screen);
		screen_say(screen, THEME_ERROR,
			   "the editor failed (exit status %d): step %zu is as it was", status,
			   step);
	} else if (editing_end(&screen->editing, screen->session, &result, &problems, &err) < 0) {
		end_scripts(screen);
		screen_say(screen, THEME_ERROR, "%s", err.text);
	} else if (result == EDITING_REFUSED) {
		show_refused(screen, err.text, problems.data);
	} else if (result == EDITING_TAKEN) {
		screen_say(screen, THEME_NOTE, "step %zu is edited, for this session", step);
		screen_keep(screen);
	}
	screen_refresh_output(screen);
}
