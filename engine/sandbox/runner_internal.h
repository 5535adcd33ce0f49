/* runner_internal.h: what the files runner*.c share. */
#ifndef ENGINE_SANDBOX_RUNNER_INTERNAL_H
#define ENGINE_SANDBOX_RUNNER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/process/loop.h"
#include "engine/sandbox/init.h"
#include "engine/sandbox/runner.h"
#include "engine/sandbox/terminal.h"

struct runner {
	struct loop *loop;
	struct run_callbacks callbacks;
	struct run_limits limits;
	struct terminal *terminal; /* once the launcher has sent the pty; or NULL */
	bool expects_terminal;
	struct buf typed;  /* before that */
	int columns, rows; /* as it was resized before that; 0: it was not */
	bool end_of_file;

	int init_socket, control_fd, diagnostic_fd;
	struct loop_watch *init_watch, *control_watch, *diagnostic_watch;
	struct loop_child *spawner, *init;
	struct loop_timer *time_limit, *kill_timer;

	int64_t started_ms, run_ms, resumed_ms; /* run_ms: until resumed_ms, without pauses */
	int64_t ready_ms;			/* of that, until its sandbox was ready */
	bool paused, pausing;
	bool held; /* the step's own program has ended: what is left is with shells that joined */
	bool killed, dead; /* init was told to kill the step; no process of it is left */
	uint64_t output_bytes;
	bool crowded; /* it failed when it could have no further process */
	struct buf diagnostic;
	struct cgroups *cgroups;
	struct cgroup group;

	bool is_sandbox; /* there is a policy */
	bool joined;	 /* init is another runner's: the socket is all there is of it */

	bool another; /* see struct run_options */
	bool hurries; /* init's report is the end: what is left of init is only its own end */
	bool have_result, init_gone, ended;
	struct init_result init_result;
	struct run_result result;
};

struct prepared;

/* One that has not started anything. */
struct runner *runner_new(const struct run_options *options);
/* Follows what was started: contractor's ends of what was prepared are watched, the others are
 * closed with it. */
void runner_watch(struct runner *runner, struct prepared *prepared);

/* How long it ran, without pauses. */
int64_t runner_time_ms(const struct runner *runner);
/* Starts the timer of the time limit anew, for what is left of it: once the step's own time has begun. */
void runner_arm_limit(struct runner *runner);

/* Sends init a command (message.h), while there is one. */
void runner_command(struct runner *runner, char command);

/* Ends the step as runner_kill() does; the first reason counts. */
void runner_end_by(struct runner *runner, enum run_end end, int64_t grace_ms);
/* Calls back, later in this turn, when all is over. */
void runner_end_if_over(struct runner *runner);

#endif
