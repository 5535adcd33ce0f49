/* A shell that joins a step: what the step, which may be hostile, can do to it. */
#include "tests/sandbox/scenes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"

/* The step tries each line that is typed, and says what came of it. */
#define TRIES "echo ready; while read line; do eval \"$line\" >/dev/null 2>&1; echo \"is:$?\"; done"

/* A step that is told what to try, and a shell in it that waits. */
struct pair {
	struct trial step, shell;
	int waiter, pid; /* of what waits for the shell, and of it, as the step sees them */
};

static bool join(struct pair *pair, struct buf *notes)
{
	struct err err = {0};

	trial_start(&pair->step);
	if (!trial_wait_output(&pair->step, "ready"))
		return false;
	if (runner_join(pair->step.runner, &pair->shell.options, &pair->shell.runner, &err) < 0) {
		buf_add_fmt(notes, "%s\n", err.text);
		return false;
	}
	return trial_wait_output(&pair->shell, "joined") &&
	       sscanf(pair->shell.output.data, "%d %d", &pair->waiter, &pair->pid) == 2;
}

/* Has the step try a command on a process, whose id is the format's argument; returns its status. */
static int attempt(struct pair *pair, struct buf *notes, const char *format, int pid)
{
	AUTO_FREE char *number = mem_printf("%d", pid);
	const char *mark = strstr(format, "PID"), *answer;
	AUTO_FREE char *line =
		mem_printf("%.*s%s%s\n", (int)(mark - format), format, number, mark + 3);
	int status;

	buf_clear(&pair->step.output);
	runner_write(pair->step.runner, line, strlen(line));
	if (!trial_wait_output(&pair->step, "is:"))
		return -1;
	trial_wait_output(&pair->step, "\n");
	answer = strstr(pair->step.output.data, "is:");
	status = atoi(answer + 3);
	buf_add_fmt(notes, "%s status %d\n", line, status);
	return status;
}

/* Each is refused on what waits, and goes through on the shell itself, which is the step's as all
 * that the step runs: so the attempt is one. */
static bool is_out_of_reach(struct pair *pair, struct buf *notes)
{
	static const char *const attempts[] = {
		"inside trace PID",	  "inside open-for-writing /proc/PID/mem",
		"cat /proc/PID/environ",  "readlink /proc/PID/cwd",
		"readlink /proc/PID/exe", "cat /proc/PID/maps",
	};
	bool passed = true;

	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		passed &= attempt(pair, notes, attempts[i], pair->waiter) > 0;
		passed &= attempt(pair, notes, attempts[i], pair->pid) == 0;
	}
	return passed;
}

/* The command line is for everybody to read: there is no path in it, as there is in the shell's. */
static bool tells_nothing(struct pair *pair, struct buf *notes)
{
	static const char look[] = "grep -aqv / /proc/PID/cmdline";

	return attempt(pair, notes, look, pair->waiter) == 0 &&
	       attempt(pair, notes, look, pair->pid) != 0;
}

/* A step may end what is in its namespace: that is the end of the shell alone. */
static bool can_be_ended(struct pair *pair, struct buf *notes)
{
	if (attempt(pair, notes, "kill -9 PID", pair->waiter) != 0)
		return false;
	trial_wait_end(&pair->shell);
	return !pair->step.ended && attempt(pair, notes, "test PID", 1) == 0;
}

bool scene_join(struct rig *rig, struct buf *notes)
{
	struct pair pair;
	bool passed;

	trial_init(&pair.step, rig, RIG_ROOT, "/bin/sh", "-c", TRIES, NULL);
	trial_init(&pair.shell, rig, RIG_ROOT, "/bin/sh", "-c", "echo $PPID $$ joined; read line",
		   NULL);
	passed = join(&pair, notes) && is_out_of_reach(&pair, notes) &&
		 tells_nothing(&pair, notes) && can_be_ended(&pair, notes);
	trial_release(&pair.shell);
	trial_release(&pair.step);
	return passed;
}
