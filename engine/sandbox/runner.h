/* runner.h: runs one policy, or one worker of ours, on trees: contractor's side of init.
 *
 * Life cycle:
 *	1. runner_start() with what is to run and what to call back.
 *	2. Callbacks come from the loop: output and notes as they come, ended() last and once, when
 *	   init is gone and the pty is drained. ended() is also called when the set-up failed.
 *	   Where another is to follow, and the step passed without a change, it does not wait for
 *	   init: that has reported that no process is left, and takes a millisecond to unmount. (A
 *	   tree that is still mounted as a layer to write to is not to be mounted as one to read.)
 *	3. runner_free(), after ended() or before: then everything is killed and forgotten.
 *
 * Time limits do not run while the step is paused, nor when its own program has ended and only
 * shells that joined are left.
 */
#ifndef ENGINE_SANDBOX_RUNNER_H
#define ENGINE_SANDBOX_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "engine/process/loop.h"
#include "engine/process/userns.h"
#include "engine/sandbox/init.h"
#include "engine/sandbox/policy.h"
#include "engine/sandbox/cgroup.h"
#include "engine/sandbox/spare.h"

struct runner;

/* How it ended. */
enum run_end {
	RUN_EXITED, /* by itself; see exit_status */
	RUN_KILLED, /* runner_kill() */
	RUN_TIMED_OUT,
	RUN_OVER_OUTPUT,
	RUN_OVER_MEMORY,
	RUN_OVER_DISK,
	RUN_AT_FILE_SIZE, /* by itself, and this limit is the reason; see exit_status, over_file */
	RUN_AT_PROCESSES, /* the same */
	RUN_FAILED,	  /* it could not be set up, or the worker failed; see err */
};

struct run_result {
	enum run_end end;
	int exit_status;	  /* 0 to 255; 128 + number after a signal; -1: nothing ran */
	bool changed[TREE_COUNT]; /* tmp/DRAFT/layer/TREE is there and says something */
	bool whole[TREE_COUNT];	  /* it is not a layer above the chain, but all of the tree */
	bool tmp_kept;		  /* tmp/DRAFT/layer/tmp is there */
	struct rusage usage;
	int64_t duration_ms; /* without pauses */
	/* A name of the step's choice, "/workspace/a", as the step sees it; or "". */
	char over_file[256];
	/* With RUN_AT_PROCESSES: the person's own limit, where that is lower than the step's; or 0. */
	uint64_t person_processes;
	char lost_network[INIT_LOST_SIZE]; /* why it had none from some moment on; or "" */
	struct err err;
};

struct run_limits {
	int64_t time_ms;
	uint64_t output_bytes, memory_bytes, processes, disk_bytes, file_bytes; /* 0: none */
};

struct run_callbacks {
	void (*output)(void *data, const char *bytes, size_t length); /* from the pty */
	void (*mode)(void *data, bool onlcr); /* the slave's ONLCR is now this */
	void (*note)(void *data, const char *text);
	void (*progress)(void *data, uint64_t bytes);
	void (*paused)(void *data, bool paused); /* every process is stopped, or runs again */
	void (*ended)(void *data, const struct run_result *result);
	void *data;
};

struct run_options {
	struct loop *loop;
	const struct userns *userns;
	const char *draft; /* directory below the store's tmp/ */
	enum tree_access access[TREE_COUNT];
	const struct strv *chain[TREE_COUNT];
	const struct init_file *files;
	size_t n_files;

	/* One of the two: */
	const struct sandbox_policy *policy;
	const struct init_worker *worker;

	const struct strv *existing_paths; /* with a policy: sandbox_existing_paths() */
	const struct strv *outputs; /* names in the workspace that must exist at the end; or NULL */
	const char *tmp_of;	    /* an attempt whose kept /tmp is to be there; or NULL */
	int worker_fd;		    /* with a worker: a descriptor it keeps, or -1 */
	int stdio[3];		    /* with a policy without terminal; -1: /dev/null */
	struct spare **spare;	    /* where an init for the next sandbox is kept; or NULL */
	struct cgroups *cgroups;    /* where the step's group is made; or NULL */
	bool another;		    /* a sandbox of the same kind is likely to follow this one */
	struct run_limits limits;
	bool end_of_file; /* nobody types: a read from the terminal gets end-of-file */
	struct run_callbacks callbacks;
};

/* Starts it. The options, and all they point to, are copied or used up before this returns, except
 * loop and userns. */
int runner_start(const struct run_options *options, struct runner **ret_runner, struct err *err);
void runner_free(struct runner *runner);

/* Runs options->policy in the sandbox of a step that runs or is paused: with its namespaces, trees
 * and network, and with what the policy says of user, environment, privileges and terminal. Only
 * loop, policy, stdio, end_of_file and callbacks are looked at; the policy's files and binds are not
 * made. The sandbox stays until the last that joined it has ended, or the step is killed, which ends
 * them too. A pause does not stop them. */
int runner_join(struct runner *step, const struct run_options *options, struct runner **ret_runner,
		struct err *err);

/* Stops every process, or lets them run again; callbacks.paused tells when it is so. */
void runner_pause(struct runner *runner);
void runner_resume(struct runner *runner);
/* Ends the step: SIGTERM to its processes, after grace_ms SIGKILL to all. 0: at once. */
void runner_kill(struct runner *runner, int64_t grace_ms);

/* Somebody types from now on: a read waits, instead of getting end-of-file. */
void runner_interact(struct runner *runner);
/* Queues bytes for the terminal, as if typed. Nothing is lost while the step does not read, nor while its
 * terminal is being made; false when it has none, or more than a megabyte is queued. */
bool runner_write(struct runner *runner, const void *bytes, size_t length);
void runner_resize(struct runner *runner, int columns, int rows);

#endif
