/* Limits that end a step, and pausing. */
#include "tests/sandbox/scenes.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/mem.h"

enum {
	SHORT_MS = 150, /* how long something is seen not to happen */
	LIMIT_MS = 600, /* a time limit */
	CLOCK_MS = 1500,
	SLOWER_TIMES = 5, /* so much longer, */
	SLOWER_MAX = 2,	  /* and again, when a step does not come to what is tried before */
	GROWTH_MAX_MS = 60000,
	MEMORY_LIMIT = 64 << 20,
	CROWD_MAX = 40,
};

/* Says how the trial ended, releases it, and fails. */
static bool fail(struct trial *trial, struct buf *notes, const char *expected)
{
	AUTO_FREE char *told = trial_describe(trial);

	buf_add_fmt(notes, "expected %s; %s\n", expected, told);
	trial_release(trial);
	return false;
}

/* Runs a command with a limit that is long enough for it to say this. */
static void run_limited(struct trial *trial, struct rig *rig, const char *command, const char *said)
{
	int64_t limit_ms = LIMIT_MS;

	for (int slower = 0;; slower++, limit_ms *= SLOWER_TIMES) {
		trial_init(trial, rig, RIG_ROOT, "/bin/sh", "-c", command, NULL);
		trial->options.limits.time_ms = limit_ms;
		trial_run(trial);
		if (slower == SLOWER_MAX || strstr(trial->output.data, said))
			return;
		trial_release(trial);
	}
}

/* Whether a step of this command is out of time when it has said this, and ended by this signal. */
static bool runs_out_of_time(struct rig *rig, struct buf *notes, const char *command,
			     const char *said, int expected_signal)
{
	struct trial trial;

	run_limited(&trial, rig, command, said);
	if (trial.result.end != RUN_TIMED_OUT || trial.result.exit_status != 128 + expected_signal)
		return fail(&trial, notes, "a step that is out of time");
	trial_release(&trial);
	return true;
}

/* Without the limit it goes on. */
static bool goes_on(struct rig *rig, struct buf *notes)
{
	struct trial trial;

	trial_init(&trial, rig, RIG_ROOT, "sleep", "1000", NULL);
	trial_start(&trial);
	trial_let_pass(&trial, LIMIT_MS + SHORT_MS);
	if (trial.ended)
		return fail(&trial, notes, "a step that goes on");
	trial_release(&trial);
	return true;
}

bool scene_time_limit(struct rig *rig, struct buf *notes)
{
	return runs_out_of_time(rig, notes, "echo begun; exec sleep 1000", "begun", SIGTERM) &&
	       goes_on(rig, notes);
}

/* The signal that ended it tells this from the other scene. */
bool scene_time_limit_ignoring_term(struct rig *rig, struct buf *notes)
{
	return runs_out_of_time(rig, notes, "exec inside hold -", "holding", SIGKILL);
}

static bool prints(struct rig *rig, struct buf *notes, uint64_t limit, enum run_end expected)
{
	struct trial trial;

	trial_init(&trial, rig, RIG_ROOT, "/bin/sh", "-c", "yes | head -c 300000", NULL);
	trial.options.limits.output_bytes = limit;
	trial_run(&trial);
	if (trial.result.end != expected) {
		buf_truncate(&trial.output, 0);
		return fail(&trial, notes, limit ? "too much output" : "an end by itself");
	}
	trial_release(&trial);
	return true;
}

bool scene_output_limit(struct rig *rig, struct buf *notes)
{
	return prints(rig, notes, 100000, RUN_OVER_OUTPUT) && prints(rig, notes, 0, RUN_EXITED);
}

/* Uses four times MEMORY_LIMIT, and ends when it is typed to, if it comes so far. */
static bool eats(struct rig *rig, struct buf *notes, uint64_t limit, enum run_end expected)
{
	struct trial trial;

	trial_init(&trial, rig, RIG_ROOT, "inside", "eat", "268435456", NULL);
	trial.options.limits.memory_bytes = limit;
	trial_start(&trial);
	if (!limit && trial_wait_output(&trial, "eaten"))
		runner_write(trial.runner, "\n", 1);
	trial_wait_end(&trial);
	if (trial.result.end != expected)
		return fail(&trial, notes, limit ? "too much memory" : "an end by itself");
	trial_release(&trial);
	return true;
}

/* What comes of trying to have more than 30 processes while only so many are allowed. */
static int try_crowd(struct rig *rig, uint64_t processes, struct buf *notes)
{
	AUTO_FREE char *told = NULL;
	struct trial trial;
	int status;

	trial_init(&trial, rig, RIG_ROOT, "inside", "bomb", "30", NULL);
	trial.policy.processes = trial.options.limits.processes = processes;
	status = trial_run(&trial);
	told = trial_describe(&trial);
	buf_add_fmt(notes, "%llu processes: %s\n", (unsigned long long)processes, told);
	trial_release(&trial);
	return status;
}

/* Another step at its limit, with the same ids, takes nothing from this one. The mutation is a
 * lower limit. */
bool scene_process_limits_apart(struct rig *rig, struct buf *notes)
{
	struct trial other;
	int alone, lower;

	trial_init(&other, rig, RIG_ROOT, "inside", "crowd", "35", NULL);
	other.policy.processes = other.options.limits.processes = CROWD_MAX;
	trial_start(&other);
	if (!trial_wait_output(&other, "crowded"))
		return fail(&other, notes, "a crowd of processes");
	alone = try_crowd(rig, CROWD_MAX, notes);
	lower = try_crowd(rig, CROWD_MAX / 2, notes);
	trial_release(&other);
	return alone == 0 && lower == 1;
}

bool scene_memory_limit(struct rig *rig, struct buf *notes)
{
	return eats(rig, notes, MEMORY_LIMIT, RUN_OVER_MEMORY) && eats(rig, notes, 0, RUN_EXITED);
}

/* A step of several processes, one of them a daemon, that make a file grow. */
static void start_counting(struct trial *trial, struct rig *rig, int64_t time_ms)
{
	trial_init(trial, rig, RIG_ROOT, "inside", "count", "/workspace/counter", NULL);
	trial->options.limits.time_ms = time_ms;
	trial_start(trial);
	trial_wait_output(trial, "counting");
}

static long counter(const struct trial *trial)
{
	AUTO_FREE char *path = mem_printf("%s/store/tmp/%s/layer/workspace/counter",
					  trial->rig->dir, trial->draft.dir);
	struct stat status;

	return stat(path, &status) < 0 ? -1 : (long)status.st_size;
}

static bool grows(struct trial *trial)
{
	long before = counter(trial);

	for (int passed = 0; passed < GROWTH_MAX_MS && !trial->ended; passed += 10) {
		trial_let_pass(trial, 10);
		if (counter(trial) > before)
			return true;
	}
	return false;
}

static void wait_paused(struct trial *trial, bool paused)
{
	while (!trial->ended && trial->paused != paused)
		loop_turn(trial->rig->loop, -1);
}

bool scene_pause_stops_all(struct rig *rig, struct buf *notes)
{
	struct trial trial;
	long before;

	start_counting(&trial, rig, 0);
	if (!grows(&trial))
		return fail(&trial, notes, "a counter that grows");
	runner_pause(trial.runner);
	wait_paused(&trial, true);
	before = counter(&trial);
	trial_let_pass(&trial, SHORT_MS);
	if (counter(&trial) != before)
		return fail(&trial, notes, "a counter that stands still while it is paused");
	runner_resume(trial.runner);
	wait_paused(&trial, false);
	if (!grows(&trial))
		return fail(&trial, notes, "a counter that grows again");
	runner_write(trial.runner, "\n", 1);
	trial_wait_end(&trial);
	if (trial.result.end != RUN_EXITED || trial.result.exit_status != 0)
		return fail(&trial, notes, "an end by itself");
	trial_release(&trial);
	return true;
}

/* Starts a step with a time limit that is long enough for it to begin, and to be paused if that is wanted. */
static int64_t start_clock(struct trial *trial, struct rig *rig, bool pause)
{
	int64_t limit_ms = CLOCK_MS;

	for (int slower = 0;; slower++, limit_ms *= SLOWER_TIMES) {
		start_counting(trial, rig, limit_ms);
		if (pause) {
			runner_pause(trial->runner);
			wait_paused(trial, true);
		}
		if (slower == SLOWER_MAX || !trial->ended)
			return limit_ms;
		trial_release(trial);
	}
}

/* More time passes than the limit, paused or not. */
static bool passes_time(struct rig *rig, struct buf *notes, bool pause, enum run_end expected)
{
	struct trial trial;

	trial_let_pass(&trial, start_clock(&trial, rig, pause) + SHORT_MS);
	if (pause) {
		runner_resume(trial.runner);
		wait_paused(&trial, false);
	}
	if (!trial.ended)
		runner_write(trial.runner, "\n", 1);
	trial_wait_end(&trial);
	if (trial.result.end != expected)
		return fail(&trial, notes, pause ? "an end by itself" : "a step out of time");
	trial_release(&trial);
	return true;
}

bool scene_pause_stops_clock(struct rig *rig, struct buf *notes)
{
	return passes_time(rig, notes, true, RUN_EXITED) &&
	       passes_time(rig, notes, false, RUN_TIMED_OUT);
}
