/* runner_end.c: what ends a run, and what its end means. */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "engine/base/mem.h"
#include "engine/process/message.h"
#include "engine/sandbox/runner_internal.h"

enum {
	TIMEOUT_GRACE_MS = 2000, /* out of time: SIGTERM first */
	STUCK_MS = 5000,	 /* no process must be left by then after a kill */
};

int64_t runner_time_ms(const struct runner *runner)
{
	bool runs = !runner->paused && !runner->held;

	return runner->run_ms + (runs ? loop_now_ms() - runner->resumed_ms : 0);
}

void runner_command(struct runner *runner, char command)
{
	if (runner->init_socket >= 0)
		message_send_text(runner->init_socket, command, "");
}

/* Only the first reason counts. */
static void set_end(struct runner *runner, enum run_end end)
{
	if (runner->result.end == RUN_EXITED)
		runner->result.end = end;
}

static const enum run_end overs[] = {
	[INIT_WITHIN] = RUN_EXITED,
	[INIT_OVER_MEMORY] = RUN_OVER_MEMORY,
	[INIT_OVER_DISK] = RUN_OVER_DISK,
	[INIT_AT_FILE_SIZE] = RUN_AT_FILE_SIZE,
	[INIT_AT_PROCESSES] = RUN_AT_PROCESSES,
};

/* The person's own limit of processes, if it is lower than the step's: in force when the outer user
 * namespace was made, it bounds all that the person's id has there and outside together. */
static uint64_t lower_processes(uint64_t processes)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
	    (processes && limit.rlim_cur >= processes))
		return 0;
	return limit.rlim_cur;
}

/* What a step that ended means, from init's report. */
static void judge(struct runner *runner)
{
	struct run_result *result = &runner->result;
	int status = runner->init_result.status;

	result->duration_ms = runner_time_ms(runner);
	if (!runner->have_result) {
		if (!result->err.code && result->end == RUN_EXITED && runner->joined)
			err_set(&result->err, ERR_STEP,
				"the step has ended, and with it the shell that joined it");
		else if (!result->err.code && result->end == RUN_EXITED)
			err_set(&result->err, ERR_FAULT, "the step's init died");
		if (result->end == RUN_EXITED)
			result->end = RUN_FAILED;
		return;
	}
	memcpy(result->changed, runner->init_result.changed, sizeof result->changed);
	memcpy(result->whole, runner->init_result.whole, sizeof result->whole);
	result->tmp_kept = runner->init_result.tmp_kept;
	result->usage = runner->init_result.usage;
	result->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	memcpy(result->over_file, runner->init_result.over_file, sizeof result->over_file);
	memcpy(result->lost_network, runner->init_result.lost_network, sizeof result->lost_network);
	if ((unsigned)runner->init_result.over < ARRAY_SIZE(overs))
		set_end(runner, overs[runner->init_result.over]);
	if (result->err.code)
		set_end(runner, RUN_FAILED);
	else if (runner->crowded)
		set_end(runner, RUN_AT_PROCESSES);
	if (result->end == RUN_AT_PROCESSES)
		result->person_processes = lower_processes(runner->limits.processes);
}

/* bwrap failed before the launcher ran: its own words are the reason. */
static void use_diagnostic(struct runner *runner)
{
	AUTO_FREE char *shown = NULL;

	if (runner->terminal || runner->result.err.code || !runner->diagnostic.len ||
	    runner->result.end != RUN_EXITED)
		return;
	while (runner->diagnostic.len &&
	       runner->diagnostic.data[runner->diagnostic.len - 1] == '\n')
		buf_truncate(&runner->diagnostic, runner->diagnostic.len - 1);
	shown = buf_shown(runner->diagnostic.data);
	err_set(&runner->result.err, ERR_HOST, "the sandbox could not be set up: %s", shown);
}

static void tell_end(void *data)
{
	struct runner *runner = data;

	use_diagnostic(runner);
	judge(runner);
	runner->callbacks.ended(runner->callbacks.data, &runner->result);
}

/* It has ended when init is gone and every descriptor it wrote to is drained. */
void runner_end_if_over(struct runner *runner)
{
	if (runner->ended || !runner->init_gone || runner->init_watch || runner->control_watch ||
	    runner->diagnostic_watch || (runner->terminal && !terminal_drained(runner->terminal)))
		return;
	runner->ended = true;
	loop_timer_remove(&runner->time_limit);
	loop_timer_remove(&runner->kill_timer);
	loop_defer(runner->loop, tell_end, runner);
}

static void kill_init(void *data)
{
	struct runner *runner = data;

	runner->kill_timer = NULL;
	if (runner->init)
		loop_child_kill(runner->init, SIGKILL);
	else if (runner->spawner)
		loop_child_kill(runner->spawner, SIGKILL);
}

static void kill_now(void *data)
{
	struct runner *runner = data;

	runner_command(runner, 'k');
	runner->killed = true;
	runner->kill_timer = NULL;
	if (!runner->dead)
		runner->kill_timer = loop_timer(runner->loop, STUCK_MS, kill_init, runner);
}

void runner_end_by(struct runner *runner, enum run_end end, int64_t grace_ms)
{
	set_end(runner, end);
	if (runner->paused || runner->pausing)
		runner_resume(runner);
	loop_timer_remove(&runner->kill_timer);
	if (!grace_ms) {
		kill_now(runner);
		return;
	}
	runner_command(runner, 't');
	runner->kill_timer = loop_timer(runner->loop, grace_ms, kill_now, runner);
}

void runner_kill(struct runner *runner, int64_t grace_ms)
{
	runner_end_by(runner, RUN_KILLED, grace_ms);
}

static void out_of_time(void *data)
{
	struct runner *runner = data;

	runner->time_limit = NULL;
	runner_end_by(runner, RUN_TIMED_OUT, TIMEOUT_GRACE_MS);
}

void runner_arm_limit(struct runner *runner)
{
	int64_t left = runner->limits.time_ms + runner->ready_ms - runner_time_ms(runner);
	bool is_ready = runner->terminal || !runner->expects_terminal;

	loop_timer_remove(&runner->time_limit);
	if (runner->limits.time_ms && is_ready && !runner->paused && !runner->held)
		runner->time_limit =
			loop_timer(runner->loop, left > 0 ? left : 0, out_of_time, runner);
}
