/* run.h: how actions start what they do; for the files of engine/actions/.
 *
 * An action starts one of
 *	- nothing: action_run_done() (empty-workspace);
 *	- a sandbox: action_run_sandbox();
 *	- a worker on a tree, inside the namespaces, and perhaps a second one outside, with the
 *	  person's rights, joined by a pipe: action_run_pair().
 * The run has ended when all it started has ended.
 */
#ifndef ENGINE_ACTIONS_RUN_H
#define ENGINE_ACTIONS_RUN_H

#include "engine/actions/action.h"
#include "engine/process/child.h"
#include "engine/process/worker.h"

struct action_run {
	struct action_input input;
	const struct attempt_draft *draft;
	struct action_callbacks callbacks;
	struct masking *masking; /* of the output; or NULL */
	bool interactive;

	struct runner *runner;	/* inside, or NULL */
	struct worker *outside; /* or NULL */
	bool runner_done, outside_done;
	bool is_pair; /* workers of ours: they need not be asked to end */
	struct action_result result;
	struct strv chains[TREE_COUNT]; /* as they are mounted */

	/* For a sandbox: names below the workspace that must exist afterwards; may be NULL. */
	const struct strv *outputs;
	/* For the action: what it needs until the end, freed by free(), after free_own() (or NULL)
	 * has released what it holds. */
	void *own;
	void (*free_own)(void *own);
	/* Called when all has ended, before the callback, and only once; may be NULL. */
	void (*finish)(struct action_run *run);
	/* Called with the step's output as it comes, before it is masked; may be NULL. */
	void (*watch_output)(struct action_run *run, const char *bytes, size_t length);
};

/* It is done, and passed. */
void action_run_done(struct action_run *run);

/* Runs the policy on the step's trees. files are put into the systree. Both may be released
 * afterwards. */
int action_run_sandbox(struct action_run *run, const struct sandbox_policy *policy,
		       const struct init_file *files, size_t n_files, struct err *err);

/* A pipe between a worker inside and one outside. */
struct action_pair {
	const struct init_worker *inside;
	int inside_fd;			 /* its end of the pipe; closed by action_run_pair() */
	const struct child_job *outside; /* NULL: none */
};

/* Starts both. Data of the jobs must live until the run ends (run->own), descriptors that the outside job
 * keeps may be closed afterwards. */
int action_run_pair(struct action_run *run, const struct action_pair *pair, struct err *err);

/* A pipe: ret_fds[0] to read from, [1] to write to; close-on-exec, with room for a megabyte. */
int action_pipe(int ret_fds[2], struct err *err);

/* For workers: sends what archive_progress wants reported. data points to the socket. */
void action_report_progress(void *data, uint64_t bytes);

/* For workers: sends lines that the step is to say. */
void action_report_notes(int socket, const struct strv *notes);

/* Fails with ERR_USAGE or ERR_HOST when the step's network is not granted (--offline). */
int action_check_network(const struct action_run *run, struct err *err);

#endif
