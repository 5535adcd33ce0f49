#include "engine/session/shell.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/session/session_internal.h"

#define BUSYBOX_PATH "/run/contractor-busybox"
#define HISTORY_PATH "/run/contractor-history"

/* The systree's own shell, the best it has. */
#define FIND_SHELL "for s in /bin/bash /usr/bin/bash /bin/sh; do [ -x $s ] && exec $s; done; "

struct shell {
	struct session *session;
	struct attempt_draft draft; /* its changes go to a draft that is never committed */
	struct runner *runner;
	struct run_callbacks callbacks;
};

static void forward_output(void *data, const char *bytes, size_t length)
{
	struct shell *shell = data;

	if (shell->callbacks.output)
		shell->callbacks.output(shell->callbacks.data, bytes, length);
}

static void forward_mode(void *data, bool onlcr)
{
	struct shell *shell = data;

	if (shell->callbacks.mode)
		shell->callbacks.mode(shell->callbacks.data, onlcr);
}

static void forward_end(void *data, const struct run_result *result)
{
	struct shell *shell = data;

	shell->callbacks.ended(shell->callbacks.data, result);
}

/* The trees of the newest attempt of the step that did not pass. */
static int failed_state(struct session *session, size_t step, struct state *ret_state,
			struct err *err)
{
	struct attempt attempt = {0};
	struct store *store = host_store(session->host);
	int found = store_find_latest_of_step(store, session->spec->real_path, (int64_t)step,
					      &attempt, err);

	if (found > 0 && attempt.result == ATTEMPT_PASSED) {
		attempt_release(&attempt);
		found = 0;
	}
	if (found < 0)
		return -1;
	if (!found)
		return err_set(err, ERR_STEP, "step %zu has no attempt that failed", step);
	state_init(ret_state);
	state_copy(ret_state, &attempt.after);
	attempt_release(&attempt);
	return 0;
}

static int find_state(struct session *session, const struct shell_options *options,
		      struct state *ret_state, struct err *err)
{
	size_t step = options->where == SHELL_AFTER ? options->step + 1 : options->step;
	const struct state *state;

	if (options->where == SHELL_FAILED)
		return failed_state(session, options->step, ret_state, err);
	if (session_look(session, err) < 0)
		return -1;
	state = session_state_before(session, step);
	if (!state)
		return err_set(
			err, ERR_STEP,
			"there is no state %s step %zu: %s (--failed enters a failed attempt)",
			options->where == SHELL_AFTER ? "after" : "before", options->step,
			options->where == SHELL_AFTER ? "it has not passed"
						      : "a step before it has not passed");
	state_init(ret_state);
	state_copy(ret_state, state);
	return 0;
}

/* The command of an interactive shell. With the host's busybox there is one in every tree, also
 * in one that has no shell of its own. */
static void add_shell_command(struct sandbox_policy *policy, bool has_busybox)
{
	if (has_busybox)
		strv_add_all(&policy->argv, BUSYBOX_PATH, "sh", "-c",
			     FIND_SHELL "exec " BUSYBOX_PATH " sh", NULL);
	else
		strv_add_all(&policy->argv, "/bin/sh", "-c", FIND_SHELL "exec /bin/sh", NULL);
}

/* "(step 5 failed) # ": so one always sees where one is. */
static void set_prompt(struct sandbox_policy *policy, const struct shell_options *options)
{
	static const char *const words[] = {[SHELL_BEFORE] = "before step",
					    [SHELL_AFTER] = "after step",
					    [SHELL_FAILED] = "failed step"};
	AUTO_FREE char *prompt =
		mem_printf("(%s %zu) \\w # ", words[options->where], options->step);

	strv_setenv(&policy->environment, "PS1", prompt);
	strv_setenv(&policy->environment, "HISTFILE", HISTORY_PATH);
}

static const char *find_busybox(void)
{
	static const char *const paths[] = {"/usr/bin/busybox", "/bin/busybox"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (!access(paths[i], X_OK))
			return paths[i];
	}
	return NULL;
}

/* What was run in the step, for the shell's history: the script, one command a line. */
static const char *history_of(const struct step *step)
{
	return strcmp(step->schema->name, "shell") ? "" : step_text(step, "shell");
}

static int run_policy(struct shell *shell, const struct shell_options *options,
		      const struct state *state, struct sandbox_policy *policy, struct err *err)
{
	struct session *session = shell->session;
	struct run_options run = {
		.loop = host_loop(session->host),
		.draft = shell->draft.dir,
		.access = {policy->systree ? TREE_WRITE : TREE_ABSENT, TREE_WRITE},
		.chain = {&state->chain[TREE_SYSTREE], &state->chain[TREE_WORKSPACE]},
		.policy = policy,
		.existing_paths = host_existing_paths(session->host),
		.worker_fd = -1,
		.callbacks = {.output = forward_output,
			      .mode = forward_mode,
			      .ended = forward_end,
			      .data = shell},
	};

	memcpy(run.stdio, options->stdio, sizeof run.stdio);
	if (host_userns(session->host, &run.userns, err) < 0)
		return -1;
	return runner_start(&run, &shell->runner, err);
}

static int start_policy(struct shell *shell, const struct shell_options *options,
			const struct state *state, struct err *err)
{
	const struct step *step = session_spec_step(shell->session, options->step);
	const char *busybox = find_busybox(), *history = history_of(step);
	const struct action_input input = {shell->session->host, shell->session->spec, step, state};
	const struct sandbox_bind bind = {busybox, BUSYBOX_PATH};
	const struct sandbox_file file = {.target = HISTORY_PATH,
					  .bytes = history,
					  .length = strlen(history),
					  .mode = 0600,
					  .for_user = true};
	struct sandbox_policy policy;
	int result;

	action_policy(&input, &policy);
	policy.terminal = options->terminal;
	policy.interactive = options->terminal;
	policy.columns = options->columns;
	policy.rows = options->rows;
	policy.binds = &bind;
	policy.n_binds = busybox != NULL;
	if (options->command->len)
		strv_extend(&policy.argv, options->command);
	else
		add_shell_command(&policy, busybox != NULL);
	if (!options->command->len) {
		set_prompt(&policy, options);
		policy.files = &file;
		policy.n_files = 1;
	}
	result = run_policy(shell, options, state, &policy, err);
	sandbox_policy_release(&policy);
	return result;
}

int shell_start(struct session *session, const struct shell_options *options,
		struct shell **ret_shell, struct err *err)
{
	struct shell *shell;
	struct state state;
	int result;

	if (find_state(session, options, &state, err) < 0)
		return -1;
	shell = mem_new(sizeof *shell);
	*shell = (struct shell){.session = session, .callbacks = options->callbacks};
	result = attempt_begin(host_store(session->host), options->columns, options->rows,
			       &shell->draft, err);
	if (!result) {
		result = start_policy(shell, options, &state, err);
		if (result < 0)
			attempt_discard(host_store(session->host), &shell->draft);
	}
	state_release(&state);
	if (result < 0) {
		free(shell);
		return -1;
	}
	*ret_shell = shell;
	return 0;
}

void shell_free(struct shell *shell)
{
	if (!shell)
		return;
	runner_free(shell->runner);
	attempt_discard(host_store(shell->session->host), &shell->draft);
	free(shell);
}

struct runner *shell_runner(struct shell *shell)
{
	return shell->runner;
}
