/* contractor debug: a person, or a file of commands, at a session. */
#include "src/debug.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "src/signals.h"
#include "ui/job.h"
#include "ui/words.h"

enum { ENDING_MS = 6000 }; /* what a step that is ended may take for it, on leaving */

void debug_say(struct debug *debug, const char *fmt, ...)
{
	struct console *console = &debug->program->err;
	char text[ERR_TEXT_SIZE + 256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	console_flush(&debug->program->out);
	console_print(console, "%s\n", text);
	console_flush(console);
}

/* --- turns */

static bool is_busy(const struct debug *debug)
{
	const struct session *session = debug->build.session;

	return debug->shell || debug->editor || session_is_ending(session) ||
	       session_is_resuming(session) || session_state(session) == SESSION_RUNNING;
}

/* Keeps what is to be found again, and takes the next line, if nothing has the terminal. */
static void go_on(void *data)
{
	struct debug *debug = data;
	struct err err;

	if (debug->shell_done)
		debug_end_shell(debug);
	if (debug->over) {
		loop_stop(debug->build.loop, 0);
		return;
	}
	if (is_busy(debug))
		return;
	console_flush(&debug->program->out);
	console_flush(&debug->program->err);
	debug->build.spec = session_spec(debug->build.session);
	if (session_save(debug->build.session, &err) < 0)
		debug_say(debug, "%s", err.text);
	debug_take_line(debug);
}

void debug_wake(struct debug *debug)
{
	loop_defer_cancel(debug->build.loop, debug);
	loop_defer(debug->build.loop, go_on, debug);
}

/* --- what the session tells */

static void on_started(struct debug *debug, const struct event *event)
{
	debug->build.spec = session_spec(debug->build.session);
	debug->view.type->started(&debug->view, event->step);
}

static void on_output(struct debug *debug, const struct event *event)
{
	debug->view.type->output(&debug->view, event->bytes, event->length);
}

/* What comes while a line is being typed does not end it. */
static void on_text(struct debug *debug, const struct event *event)
{
	bool shown = prompt_is_shown(debug->prompt);

	debug_say(debug, "%s%s", shown ? "\n" : "", event->text);
	if (shown)
		prompt_redraw(debug->prompt);
}

static void on_note(struct debug *debug, const struct event *event)
{
	debug->view.type->note(&debug->view, event->text);
}

static void on_done(struct debug *debug, const struct event *event)
{
	bool cached = event->type == EVENT_STEP_CACHED;

	debug->build.spec = session_spec(debug->build.session);
	debug->view.type->ended(&debug->view, event->step,
				cached ? STEP_CACHED : result_of_attempt(event->attempt),
				event->attempt);
}

static void on_paused(struct debug *debug, const struct event *event)
{
	console_end_output(&debug->program->out);
	debug_say(debug, "step %zu is paused: resume or kill it", event->step);
	debug_wake(debug);
}

static void on_stopped(struct debug *debug, const struct event *event)
{
	debug_tell_stop(debug, event);
	debug_wake(debug);
}

static void on_event(void *data, const struct event *event)
{
	static void (*const handlers[EVENT_TYPES])(struct debug * debug,
						   const struct event *event) = {
		[EVENT_STEP_READING] = on_text,	 [EVENT_STEP_STARTED] = on_started,
		[EVENT_STEP_OUTPUT] = on_output, [EVENT_STEP_NOTE] = on_note,
		[EVENT_STEP_PAUSED] = on_paused, [EVENT_STEP_CACHED] = on_done,
		[EVENT_STEP_ENDED] = on_done,	 [EVENT_BREAKPOINT_LOG] = on_text,
		[EVENT_STOPPED] = on_stopped,	 [EVENT_STORE_PRUNED] = on_text,
		[EVENT_STORE_FAILED] = on_text,
	};

	if (handlers[event->type])
		handlers[event->type](data, event);
}

/* --- what commands ask of the front */

static void print(void *data, const char *text, size_t length)
{
	struct debug *debug = data;

	console_add(&debug->program->out, text, length);
	console_flush(&debug->program->out);
}

static int show_log(void *data, const struct attempt *attempt, struct err *err)
{
	struct debug *debug = data;
	int result = build_print_log(&debug->build, attempt, err);

	console_end_output(&debug->program->out);
	return result;
}

static int source(void *data, const char *path, struct err *err)
{
	struct debug *debug = data;

	return scripts_add(&debug->scripts, path, err);
}

/* A person is asked when something would end or wait; elsewhere it is said. */
static int quit(void *data, struct err *err)
{
	struct debug *debug = data;
	bool edits = session_has_edits(debug->build.session);
	bool paused = session_state(debug->build.session) == SESSION_PAUSED;

	(void)err;
	if (edits)
		debug_say(debug,
			  "there are edits that are not written: they are kept for the next time");
	if (paused)
		debug_say(debug, "step %zu is paused, and will be ended",
			  session_position(debug->build.session));
	debug->asking = debug->prompt && (edits || paused);
	debug->over = !debug->asking;
	return 0;
}

static const struct command_front front = {print, show_log, debug_shell, debug_edit, source, quit};

/* --- signals */

/* ^C: takes back a line that is being typed, or pauses the step; what cannot be paused is ended. */
static void interrupt(struct debug *debug)
{
	struct session *session = debug->build.session;
	struct err err;

	if (prompt_is_shown(debug->prompt)) {
		prompt_hide(debug->prompt);
		debug_say(debug, "^C");
		debug->asking = false;
		debug_wake(debug);
	} else if (debug->shell || debug->editor) {
		return;
	} else if (session_is_ending(session)) {
		session_kill_now(session);
	} else if (session_state(session) == SESSION_RUNNING && session_pause(session, &err) < 0) {
		session_kill(session, &err);
	}
}

/* Stops as any program does at ^Z, with the terminal as it was. */
static void suspend(struct debug *debug)
{
	bool shown = prompt_is_shown(debug->prompt);

	if (shown)
		prompt_hide(debug->prompt);
	if (debug->relay)
		relay_suspend(debug->relay);
	job_stop();
	if (debug->relay)
		relay_resume(debug->relay);
	if (shown)
		debug_wake(debug);
}

static void resize(struct debug *debug)
{
	if (debug->relay)
		relay_resize(debug->relay);
	if (debug->prompt)
		prompt_resize(debug->prompt);
}

static void on_signal(void *data, int number)
{
	struct debug *debug = data;

	if (number == SIGWINCH) {
		resize(debug);
	} else if (number == SIGTSTP) {
		suspend(debug);
	} else if (number == SIGINT && debug->prompt) {
		interrupt(debug);
	} else {
		debug->signal_number = number;
		loop_stop(debug->build.loop, 0);
	}
}

/* --- from the beginning to the end */

/* Nobody reads any more, or the disk is full: no use in going on. What the debugger says goes to standard error: without
 * a step that prints, only that shows it. */
static void on_sleep(void *data)
{
	struct debug *debug = data;

	debug->view.type->flush(&debug->view);
	if (debug->program->out.error || debug->program->err.error == EPIPE)
		loop_stop(debug->build.loop, 0);
}

static void on_line(void *data, const char *line)
{
	debug_take_typed(data, line);
}

static size_t on_complete(void *data, const char *line, struct strv *ret_words)
{
	struct debug *debug = data;

	return command_complete(debug->build.session, line, ret_words);
}

static int open_terminal(struct debug *debug, struct err *err)
{
	static const int more[] = {SIGWINCH, SIGTSTP, 0};
	const struct prompt_callbacks callbacks = {on_line, on_complete, debug};

	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	    prompt_new(debug->build.loop, &callbacks, &debug->prompt, err) < 0)
		return -1;
	return signals_take(debug->build.loop, debug->prompt ? more : NULL, on_signal, debug, err);
}

/* Takes up what an earlier session left, and says where that is. */
static int restore(struct debug *debug, struct err *err)
{
	AUTO_BUF struct buf notes = BUF_INIT;

	if (session_restore(debug->build.session, &notes, err) < 0)
		return -1;
	console_add(&debug->program->err, notes.data, notes.len);
	debug_tell_start(debug);
	return 0;
}

static int start(struct debug *debug, struct err *err)
{
	const char *file = debug->program->options.command_file;

	loop_before_sleep(debug->build.loop, on_sleep, debug);
	if (open_terminal(debug, err) < 0 || restore(debug, err) < 0 ||
	    build_take_stops(&debug->build, err) < 0)
		return -1;
	if (file && scripts_add(&debug->scripts, file, err) < 0)
		return -1;
	debug_wake(debug);
	return 0;
}

/* What it all came to. */
static int conclude(struct debug *debug)
{
	struct err err;

	loop_before_sleep(debug->build.loop, NULL, NULL);
	session_end_run(debug->build.session, ENDING_MS);
	if (session_state(debug->build.session) == SESSION_STOPPED &&
	    session_save(debug->build.session, &err) < 0)
		debug_say(debug, "%s", err.text);
	/* Nobody types any more: ^C ends the waiting. */
	prompt_free(take_ptr(&debug->prompt));
	debug_release_input(debug);
	loop_defer_cancel(debug->build.loop, debug);
	build_settle(&debug->build);
	if (debug->signal_number)
		return STATUS_SIGNAL + debug->signal_number;
	if (debug->mistaken)
		return STATUS_USAGE;
	return debug->failed ? STATUS_STEP_FAILED : 0;
}

static void release(struct debug *debug)
{
	prompt_free(debug->prompt);
	debug_release_editing(debug);
	debug_release_input(debug);
	debug_end_shell(debug);
	view_release(&debug->view);
	if (debug->build.loop) {
		loop_before_sleep(debug->build.loop, NULL, NULL);
		loop_defer_cancel(debug->build.loop, debug);
	}
	build_release(&debug->build);
}

static int debug_build(struct debug *debug)
{
	struct err err;

	if (start(debug, &err) < 0)
		return program_fail(debug->program, &err);
	loop_run(debug->build.loop);
	return conclude(debug);
}

int debug_command(struct program *program)
{
	struct debug debug = {.program = program, .typed = BUF_INIT};
	const struct build_wish wish = {.event = on_event, .data = &debug, .front = &front};
	int status;

	if (!program->options.plain)
		return screen_command(program);
	status = build_open(&debug.build, program, &wish);
	view_init(&debug.view, &debug.build);
	debug.view.type = &view_lines;
	if (!status)
		status = debug_build(&debug);
	release(&debug);
	return status;
}
