/* contractor shell: a shell, or one command, in the state of a step. */
#include "engine/session/shell.h"

#include <signal.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/sandbox/launcher/plan.h"
#include "src/build.h"
#include "src/relay.h"
#include "src/signals.h"
#include "ui/job.h"

struct shell_run {
	struct build build;
	struct relay *relay;
	struct shell *shell;
	int status;
	int signal_number; /* that ends us, or 0 */
};

static void on_output(void *data, const char *bytes, size_t length)
{
	struct shell_run *run = data;

	relay_output(run->relay, bytes, length);
}

/* The command's own status; 126 and 127, as shells have it, when it could not be executed. */
static int status_of_result(const struct run_result *result)
{
	int status = result->exit_status;
	bool not_executed = status == LAUNCH_EXIT_NOT_RUN || status == LAUNCH_EXIT_NOT_FOUND;

	return status < 0 || (result->end == RUN_FAILED && !not_executed) ? STATUS_SHELL_FAILED
									  : status;
}

static void on_ended(void *data, const struct run_result *result)
{
	struct shell_run *run = data;

	relay_finish(run->relay);
	if (result->end == RUN_FAILED)
		program_fail(run->build.program, &result->err);
	run->status = status_of_result(result);
	loop_stop(run->build.loop, 0);
}

/* Stops as any program does at ^Z, with the terminal as it was. */
static void stop_ourselves(struct shell_run *run)
{
	relay_suspend(run->relay);
	job_stop();
	relay_resume(run->relay);
}

static void on_signal(void *data, int number)
{
	struct shell_run *run = data;

	if (number == SIGWINCH) {
		relay_resize(run->relay);
	} else if (number == SIGTSTP) {
		stop_ourselves(run);
	} else {
		run->signal_number = number;
		loop_stop(run->build.loop, 0);
	}
}

/* The step to enter when none is named: the first that is not done, if it failed; else the last
 * that is. 0 when nothing has run. */
static size_t default_step(const struct build *build)
{
	for (size_t i = 1; i <= build->spec->n_steps; i++) {
		const struct step_status *status = session_step(build->session, i);

		if (status->result != STEP_CACHED)
			return status->attempt ? i : i - 1;
	}
	return build->spec->n_steps;
}

static int find_step(struct build *build, size_t *ret_step)
{
	const char *named = program_argument(build->program, 1);
	struct err err;

	if (session_look(build->session, &err) < 0)
		return program_fail(build->program, &err);
	if (named)
		return build_find_step(build, named, ret_step);
	*ret_step = default_step(build);
	if (*ret_step)
		return 0;
	err_set(&err, ERR_STEP, "no step has run yet: there is no state to enter");
	return program_fail(build->program, &err);
}

static enum shell_where find_where(const struct build *build, size_t step)
{
	const struct options *options = &build->program->options;
	const struct step_status *status = session_step(build->session, step);
	bool failed = status->attempt && status->result != STEP_CACHED;

	if (options->before || options->after)
		return options->before ? SHELL_BEFORE : SHELL_AFTER;
	return options->failed || failed ? SHELL_FAILED : SHELL_AFTER;
}

static int start(struct shell_run *run, size_t step, struct err *err)
{
	struct program *program = run->build.program;
	static const int more[] = {SIGWINCH, SIGTSTP, 0};
	struct shell_options options = {
		.step = step,
		.where = find_where(&run->build, step),
		.command = &program->rest,
		.terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
		.callbacks = {.output = on_output, .ended = on_ended, .data = run},
	};

	relay_size(&options.columns, &options.rows);
	if (relay_new(run->build.loop, options.terminal, &run->relay, err) < 0 ||
	    signals_take(run->build.loop, options.terminal ? more : NULL, on_signal, run, err) < 0)
		return -1;
	relay_stdio(run->relay, options.stdio);
	if (shell_start(run->build.session, &options, &run->shell, err) < 0)
		return -1;
	relay_start(run->relay, shell_runner(run->shell));
	return 0;
}

static int run_shell(struct shell_run *run, size_t step)
{
	struct err err;

	run->status = -1;
	if (start(run, step, &err) < 0)
		return program_fail(run->build.program, &err);
	if (run->status < 0)
		loop_run(run->build.loop);
	return run->signal_number ? STATUS_SIGNAL + run->signal_number : run->status;
}

int shell_command(struct program *program)
{
	const struct options *options = &program->options;
	struct shell_run run = {0};
	struct build_wish wish = {0};
	size_t step = 0;
	struct err err;
	int status;

	if (options->before + options->after + options->failed > 1) {
		err_set(&err, ERR_USAGE, "only one of --before, --after and --failed can be given");
		return program_fail_usage(program, &err);
	}
	status = build_open(&run.build, program, &wish);
	if (!status)
		status = find_step(&run.build, &step);
	if (!status)
		status = run_shell(&run, step);
	relay_free(run.relay);
	shell_free(run.shell);
	build_release(&run.build);
	return status;
}
