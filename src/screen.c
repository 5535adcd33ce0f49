/* contractor SPEC: the debugger on a screen (ui/screen.h), with what the command line says. */
#include "ui/screen.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "src/build.h"
#include "src/config.h"
#include "src/debug.h"
#include "src/run_failure.h"
#include "src/signals.h"
#include "ui/job.h"
#include "ui/words.h"

struct screen_command {
	struct build build;
	struct config *config;
	struct theme theme;
	struct screen *screen;
	struct build_wish wish;
	struct screen_end end;
	bool opened;   /* once: what the command line wants was done */
	bool settling; /* the screen is gone: what is waited for is the disk */
};

/* --- the specification */

static void close_spec(void *data)
{
	struct screen_command *command = data;

	build_close_session(&command->build);
}

static int open_spec(void *data, struct session **ret_session, struct buf *ret_text,
		     struct err *err)
{
	struct screen_command *command = data;
	int opened = build_open_session(&command->build, &command->wish, ret_text, err);

	if (opened < 1)
		return opened;
	*ret_session = command->build.session;
	if (session_restore(command->build.session, ret_text, err) < 0 ||
	    (!command->opened && build_take_stops(&command->build, err) < 0)) {
		/* What was kept is not to be replaced by a part of it. */
		close_spec(command);
		*ret_session = NULL;
		return -1;
	}
	command->opened = true;
	return 1;
}

/* --- what is said when the screen is gone */

/* The step that it stands at has failed: how, and how to go on. */
static void tell_failure(const struct build *build)
{
	size_t position = session_position(build->session);
	struct failure failure = {.reason = BUF_INIT, .unseen = true};
	struct attempt attempt = {0};
	struct err ignored;

	if (store_get_attempt(host_store(build->host),
			      session_step(build->session, position)->attempt, &attempt,
			      &ignored) > 0) {
		failure_note(&failure, position, &attempt);
		failure_report(&failure, build);
	}
	attempt_release(&attempt);
	failure_release(&failure);
}

static void tell_place(const struct build *build)
{
	size_t position = session_position(build->session), count = build->spec->n_steps;
	AUTO_BUF struct buf text = BUF_INIT;

	build_add_command(build, COMMAND_DEBUG, NULL, &text);
	if (position > count)
		program_warn(build->program, "at the end: %zu step%s done", count,
			     count == 1 ? " is" : "s are");
	else
		program_warn(build->program,
			     "stopped before step %zu of %zu; to go on there:\n  %s", position,
			     count, text.data);
}

/* Behind the screen only those that end the program end the waiting. */
static void on_signal(void *data, int number)
{
	struct screen_command *command = data;

	if (!command->settling) {
		screen_signal(command->screen, number);
	} else if (number == SIGTSTP) {
		job_stop();
	} else if (number != SIGWINCH && number != SIGCONT) {
		command->end.signal_number = number;
		loop_stop(command->build.loop, 0);
	}
}

/* Keeps the session, says where it is, and returns the exit status. */
static int conclude(struct screen_command *command)
{
	struct build *build = &command->build;
	const struct screen_end *end = &command->end;
	bool failed = false;
	struct err err;

	if (build->session) {
		build->spec = session_spec(build->session);
		failed = session_is_at_failure(build->session);
		if (session_state(build->session) == SESSION_STOPPED &&
		    session_save(build->session, &err) < 0)
			program_warn(build->program, "%s", err.text);
		command->settling = true;
		build_settle(build);
		if (failed)
			tell_failure(build);
		else
			tell_place(build);
		build_tell_unkept(build);
	}
	if (end->signal_number)
		return STATUS_SIGNAL + end->signal_number;
	if (end->mistaken || !build->session)
		return STATUS_USAGE;
	return failed || end->failed ? STATUS_STEP_FAILED : 0;
}

/* --- from the beginning to the end */

/* no-color.org: a NO_COLOR that is not empty; --color has the last word. */
static int most_colors(const struct program *program)
{
	const char *option = program->options.color, *no_color = getenv("NO_COLOR");
	bool none = no_color && *no_color;

	if (option && strcmp(option, "auto") != 0)
		none = !strcmp(option, "never");
	return none ? THEME_COLORS_NONE : THEME_COLORS_RGB;
}

static int run(struct screen_command *command, struct program *program)
{
	static const int more[] = {SIGWINCH, SIGTSTP, SIGCONT, 0};
	const struct screen_options options = {
		.loop = command->build.loop,
		.config = command->config,
		.theme = &command->theme,
		.colors = most_colors(program),
		.spec_path = program_argument(program, 0),
		.command_file = program->options.command_file,
		.open = open_spec,
		.close = close_spec,
		.data = command,
	};
	struct err err;

	command->screen = screen_new(&options);
	command->wish = (struct build_wish){
		.event = screen_event, .data = command->screen, .front = &screen_front};
	if (signals_take(options.loop, more, on_signal, command, &err) < 0 ||
	    screen_run(command->screen, &command->end, &err) < 0)
		return program_fail(program, &err);
	return conclude(command);
}

int screen_command(struct program *program)
{
	struct screen_command command = {0};
	int status = program_load_config(program, &command.config, &command.theme);

	if (!status)
		status = build_open_host(&command.build, program);
	if (!status)
		status = run(&command, program);
	build_close_session(&command.build);
	screen_free(command.screen);
	build_release(&command.build);
	config_free(command.config);
	return status;
}
