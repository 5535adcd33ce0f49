/* The debugger's `shell`: joins it with the person's terminal. */
#include <unistd.h>

#include "engine/sandbox/launcher/plan.h"
#include "src/debug.h"

static void on_output(void *data, const char *bytes, size_t length)
{
	struct debug *debug = data;

	relay_output(debug->relay, bytes, length);
}

static void on_ended(void *data, const struct run_result *result)
{
	struct debug *debug = data;

	relay_finish(debug->relay);
	if (result->end == RUN_FAILED)
		debug_say(debug, "%s", result->err.text);
	else if (result->exit_status > 0)
		debug_say(debug, "exit status %d", result->exit_status);
	if (debug->shell && shell_keep(debug->shell))
		debug_say(debug,
			  "what it changed is dropped when something runs; `adopt` takes it as the "
			  "result of step %zu",
			  session_adoptable(debug->build.session));
	debug->shell_done = true;
	debug_wake(debug);
}

void debug_end_shell(struct debug *debug)
{
	relay_free(debug->relay);
	shell_free(debug->shell);
	debug->relay = NULL;
	debug->shell = NULL;
	debug->shell_done = false;
}

static int start(struct debug *debug, struct shell_options *options, struct err *err)
{
	if (relay_new(debug->build.loop, options->terminal, &debug->relay, err) < 0)
		return -1;
	relay_stdio(debug->relay, options->stdio);
	/* Commands that are piped in are not the shell's. */
	if (!debug->prompt)
		options->stdio[STDIN_FILENO] = -1;
	if (shell_start(debug->build.session, options, &debug->shell, err) < 0)
		return -1;
	relay_start(debug->relay, shell_runner(debug->shell));
	return 0;
}

int debug_shell(void *data, const struct command_shell *wanted, struct err *err)
{
	struct debug *debug = data;
	struct shell_options options = {
		.step = wanted->step,
		.where = wanted->where,
		.command = wanted->command,
		.terminal = debug->prompt != NULL,
		.callbacks = {.output = on_output, .ended = on_ended, .data = debug},
	};

	if (!options.terminal && !wanted->command->len)
		return err_set(err, ERR_USAGE,
			       "shell: without a terminal it needs a command: shell -- COMMAND");
	console_flush(&debug->program->out);
	relay_size(&options.columns, &options.rows);
	if (start(debug, &options, err) == 0)
		return 0;
	debug_end_shell(debug);
	return -1;
}
