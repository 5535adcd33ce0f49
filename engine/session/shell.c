#include "engine/session/shell.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/actions/network.h"
#include "engine/actions/reach.h"
#include "engine/base/mem.h"
#include "engine/base/moment.h"
#include "engine/session/session_internal.h"

/* busybox goes by the beginning of its own name. */
#define BUSYBOX_PATH "/run/busybox-contractor"
#define HISTORY_PATH "/run/contractor-history"

/* The systree's own shell, the best it has that works, in the step's directory if it is there. Bash has
 * the step's script in its history; others, which read no such file, are preceded by its first lines. */
#define FIND_SHELL                                                                     \
	"cd \"$0\" 2>/dev/null; for s in /bin/bash /usr/bin/bash; do "                 \
	"[ -x $s ] && $s -c : 2>/dev/null && exec $s; done; unset PROMPT_COMMAND; "    \
	"if [ -s " HISTORY_PATH " ]; "                                                 \
	"then echo 'The script of the step; `(. " HISTORY_PATH ")` runs it:'; n=0; { " \
	"while [ $n -lt 10 ] && { IFS= read -r s || [ -n \"$s\" ]; }; do "             \
	"printf '    %s\\n' \"$s\"; n=$((n+1)); done; read -r s && echo '    ...'; } " \
	"<" HISTORY_PATH "; fi; [ -x /bin/sh ] && /bin/sh -c : 2>/dev/null && exec /bin/sh; "

struct shell {
	struct session *session;
	struct attempt_draft draft; /* its changes go to a draft that is never committed */
	struct runner *runner;
	struct strv chains[TREE_COUNT]; /* as they are mounted */
	struct run_callbacks callbacks;
	size_t step;
	struct state state; /* that it is in */
	int64_t started_ms; /* Unix time */
	bool changed[TREE_COUNT], whole[TREE_COUNT];
	int64_t duration_ms;
	char tmp_of[8]; /* the failed attempt whose /tmp is there, or "" */
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

static void forward_note(void *data, const char *text)
{
	struct shell *shell = data;

	if (shell->callbacks.note)
		shell->callbacks.note(shell->callbacks.data, text);
}

static void forward_end(void *data, const struct run_result *result)
{
	struct shell *shell = data;

	memcpy(shell->changed, result->changed, sizeof shell->changed);
	memcpy(shell->whole, result->whole, sizeof shell->whole);
	shell->duration_ms = result->duration_ms;
	shell->callbacks.ended(shell->callbacks.data, result);
}

/* What is looked for among all attempts, and the number of the newest so far; or 0. */
struct failure_search {
	const char *spec_path;
	int64_t step, number;
};

static int note_failure(void *data, const struct attempt *attempt)
{
	struct failure_search *search = data;

	if (attempt->step == search->step && attempt->result != ATTEMPT_PASSED &&
	    !strcmp(attempt->spec_path, search->spec_path))
		search->number = attempt->number;
	return 0;
}

/* The trees of the newest attempt of the step that did not pass. */
static int failed_state(struct shell *shell, size_t step, struct state *ret_state, struct err *err)
{
	struct session *session = shell->session;
	struct failure_search search = {session->spec->real_path, (int64_t)step, 0};
	struct store *store = host_store(session->host);
	struct attempt attempt;
	int found = 0;

	if (store_each_attempt(store, note_failure, &search, err) < 0)
		return -1;
	if (search.number)
		found = store_get_attempt(store, search.number, &attempt, err);
	if (found < 0)
		return -1;
	if (!found)
		return err_set(err, ERR_STEP, "step %zu has no attempt that failed", step);
	if (!store_use(store, attempt.number)) {
		attempt_release(&attempt);
		return err_set(err, ERR_STEP, "the failed attempt of step %zu was just pruned",
			       step);
	}
	store_touch(store, &attempt);
	state_init(ret_state);
	state_copy(ret_state, &attempt.after);
	if (attempt.has_tmp)
		snprintf(shell->tmp_of, sizeof shell->tmp_of, "%s", attempt.id);
	attempt_release(&attempt);
	return 0;
}

static int no_state(const struct shell_options *options, struct err *err)
{
	bool after = options->where == SHELL_AFTER;

	return err_set(err, ERR_STEP, "there is no state %s step %zu: %s",
		       after ? "after" : "before", options->step,
		       after ? "it has not passed; there may be one before it, or of its failure"
			     : "a step before it has not passed; run the build until there");
}

static int find_state(struct shell *shell, const struct shell_options *options,
		      struct state *ret_state, struct err *err)
{
	struct session *session = shell->session;
	size_t step = options->where == SHELL_AFTER ? options->step + 1 : options->step;
	size_t missing;
	int found;

	if (options->where == SHELL_FAILED)
		return failed_state(shell, options->step, ret_state, err);
	found = session_find_state(session, step, &missing, err);
	if (found <= 0)
		return found < 0 ? -1 : no_state(options, err);
	state_init(ret_state);
	state_copy(ret_state, &session_place(session, step)->before);
	return 0;
}

/* The command of an interactive shell. With the host's busybox there is one in every tree, also
 * in one that has no shell of its own. */
static void add_shell_command(struct sandbox_policy *policy, bool has_busybox)
{
	if (has_busybox)
		strv_add_all(&policy->argv, BUSYBOX_PATH, "sh", "-c",
			     FIND_SHELL "exec " BUSYBOX_PATH " sh", policy->workdir, NULL);
	else
		strv_add_all(&policy->argv, "/bin/sh", "-c", FIND_SHELL "exec /bin/sh",
			     policy->workdir, NULL);
	policy->workdir = "/workspace";
}

/* "(failed step 5) /workspace # ": so one always sees where one is. Bash's start files, as Debian's,
 * may set a prompt of their own: PROMPT_COMMAND runs behind them, once. */
static void set_prompt(struct sandbox_policy *policy, const struct shell_options *options)
{
	static const char *const words[] = {[SHELL_BEFORE] = "before step",
					    [SHELL_AFTER] = "after step",
					    [SHELL_FAILED] = "failed step",
					    [SHELL_JOIN] = "in step"};
	AUTO_FREE char *prompt =
		mem_printf("(%s %zu) \\w # ", words[options->where], options->step);
	AUTO_FREE char *again = mem_printf("PS1='%s'; unset PROMPT_COMMAND", prompt);

	strv_setenv(&policy->environment, "PS1", prompt);
	strv_setenv(&policy->environment, "PROMPT_COMMAND", again);
	strv_setenv(&policy->environment, "HISTFILE", HISTORY_PATH);
}

/* Whether a program of the host runs in any tree: it asks for no dynamic linker (elf(5)). */
static bool is_static(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ElfW(Ehdr) header;
	ElfW(Phdr) part;

	if (fd < 0 || pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return false;
	for (size_t i = 0; i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + i * sizeof part);

		if (pread(fd, &part, sizeof part, at) != (ssize_t)sizeof part ||
		    part.p_type == PT_INTERP)
			return false;
	}
	return true;
}

char *shell_find_busybox(const char *root)
{
	static const char *const paths[] = {"/usr/bin/busybox", "/bin/busybox"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		AUTO_FREE char *path = mem_printf("%s%s", root, paths[i]);

		if (!access(path, X_OK) && is_static(path))
			return take_ptr(&path);
	}
	return NULL;
}

/* What was run in the step, for the shell's history: the script, one command a line. Bash takes
 * lines that have an end alone. */
static void add_history(const struct step *step, struct buf *out)
{
	if (strcmp(step->schema->name, "shell") != 0)
		return;
	buf_add_str(out, step_text(step, "shell"));
	if (out->len && out->data[out->len - 1] != '\n')
		buf_add_char(out, '\n');
}

static int run_policy(struct shell *shell, const struct shell_options *options,
		      struct sandbox_policy *policy, const struct network *network, struct err *err)
{
	struct session *session = shell->session;
	struct run_options run = {
		.loop = host_loop(session->host),
		.draft = shell->draft.dir,
		.access = {policy->systree ? TREE_WRITE : TREE_ABSENT, TREE_WRITE},
		.chain = {&shell->chains[TREE_SYSTREE], &shell->chains[TREE_WORKSPACE]},
		.policy = policy,
		.files = network->tree_files,
		.n_files = policy->systree ? network->n_tree_files : 0,
		.existing_paths = host_existing_paths(session->host),
		.tmp_of = shell->tmp_of[0] ? shell->tmp_of : NULL,
		.worker_fd = -1,
		.callbacks = {.output = forward_output,
			      .mode = forward_mode,
			      .note = forward_note,
			      .ended = forward_end,
			      .data = shell},
	};

	memcpy(run.stdio, options->stdio, sizeof run.stdio);
	if (host_userns(session->host, &run.userns, err) < 0)
		return -1;
	if (options->where != SHELL_JOIN)
		return runner_start(&run, &shell->runner, err);
	/* The files that are there are the step's. */
	policy->n_files = 0;
	return runner_join(action_runner(session->run), &run, &shell->runner, err);
}

/* What an interactive shell has besides: a prompt, the history, and a shell to be. */
static int run_interactive(struct shell *shell, const struct shell_options *options,
			   struct sandbox_policy *policy, const struct network *network,
			   struct err *err)
{
	AUTO_BUF struct buf history = BUF_INIT;
	struct sandbox_file file = {.target = HISTORY_PATH, .mode = 0600, .for_user = true};

	add_history(session_spec_step(shell->session, options->step), &history);
	file.bytes = history.data;
	file.length = history.len;
	set_prompt(policy, options);
	sandbox_policy_add_file(policy, &file);
	add_shell_command(policy, policy->n_binds);
	return run_policy(shell, options, policy, network, err);
}

static int start_policy(struct shell *shell, const struct shell_options *options,
			const struct state *state, struct err *err)
{
	const struct action_input input = {shell->session->host, shell->session->spec,
					   session_spec_step(shell->session, options->step), state,
					   false};
	AUTO_FREE char *busybox = shell_find_busybox("");
	const struct sandbox_bind bind = {busybox, BUSYBOX_PATH};
	struct network network = {0};
	struct sandbox_policy policy;
	int result;

	action_policy(&input, &policy);
	if (!policy.unshare_network)
		network_init(&network, "/", environ, &policy);
	policy.terminal = options->terminal;
	policy.interactive = options->terminal;
	policy.columns = options->columns;
	policy.rows = options->rows;
	policy.binds = &bind;
	policy.n_binds = options->where != SHELL_JOIN && bind.source != NULL;
	strv_extend(&policy.argv, options->command);
	if (reach_check(&policy, NULL, err) < 0)
		result = -1;
	else if (options->command->len)
		result = run_policy(shell, options, &policy, &network, err);
	else
		result = run_interactive(shell, options, &policy, &network, err);
	network_release(&network);
	sandbox_policy_release(&policy);
	return result;
}

/* The step's result is a person's from now on: no other process waits for it. */
static int join(struct shell *shell, const struct shell_options *options, struct err *err)
{
	struct session *session = shell->session;

	if (!session->run || options->step != session->position)
		return err_set(err, ERR_USAGE, "step %zu is not running: there is nothing to join",
			       options->step);
	if (!action_runner(session->run))
		return err_set(err, ERR_STEP, "step %zu has no process that a shell could join",
			       options->step);
	if (start_policy(shell, options, &session_place(session, options->step)->before, err) < 0)
		return -1;
	session->joined = true;
	claim_release(&session->claim);
	return 0;
}

/* Finds the state and starts the sandbox on a draft that is thrown away. */
static int start(struct shell *shell, const struct shell_options *options, struct err *err)
{
	struct store *store = host_store(shell->session->host);
	struct state state;
	int result;

	if (session_check_step(shell->session, options->step, err) < 0)
		return -1;
	if (options->where == SHELL_JOIN)
		return join(shell, options, err);
	if (session_check_secrets(shell->session, options->step, err) < 0)
		return -1;
	if (find_state(shell, options, &state, err) < 0)
		return -1;
	result = attempt_begin(store, options->columns, options->rows, &shell->draft, err);
	if (!result) {
		host_shorten(shell->session->host, &state, shell->chains);
		result = start_policy(shell, options, &state, err);
		if (result < 0)
			attempt_discard(store, &shell->draft);
		else
			session_squash(shell->session, &state);
	}
	state_copy(&shell->state, &state);
	state_release(&state);
	return result;
}

static void free_shell(struct shell *shell)
{
	for (enum tree tree = 0; tree < TREE_COUNT; tree++)
		strv_release(&shell->chains[tree]);
	state_release(&shell->state);
	free(shell);
}

int shell_start(struct session *session, const struct shell_options *options,
		struct shell **ret_shell, struct err *err)
{
	struct shell *shell = mem_new(sizeof *shell);

	*shell = (struct shell){.session = session,
				.callbacks = options->callbacks,
				.step = options->step,
				.started_ms = moment_unix_ms()};
	state_init(&shell->state);
	if (start(shell, options, err) < 0) {
		free_shell(shell);
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
	free_shell(shell);
}

bool shell_keep(struct shell *shell)
{
	struct leftover leftover = {.step = shell->step,
				    .started_ms = shell->started_ms,
				    .duration_ms = shell->duration_ms};

	if (!shell->draft.id[0] ||
	    !(shell->changed[TREE_SYSTREE] || shell->changed[TREE_WORKSPACE]))
		return false;
	memcpy(leftover.changed, shell->changed, sizeof leftover.changed);
	memcpy(leftover.whole, shell->whole, sizeof leftover.whole);
	state_init(&leftover.state);
	state_copy(&leftover.state, &shell->state);
	leftover.draft = shell->draft;
	shell->draft = (struct attempt_draft){.lock_fd = -1};
	session_keep(shell->session, &leftover);
	return true;
}

struct runner *shell_runner(struct shell *shell)
{
	return shell->runner;
}
