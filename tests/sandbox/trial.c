/* One step run under a policy that a test has changed; see rig.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "tests/sandbox/rig.h"

enum { STEPS_BEFORE = 2, READ_EVERY_MS = 5 };

extern const char inside_start[], inside_end[]; /* image.S */

static void on_output(void *data, const char *bytes, size_t length)
{
	struct trial *trial = data;

	buf_add(&trial->output, bytes, length);
}

static void on_paused(void *data, bool paused)
{
	struct trial *trial = data;

	trial->paused = paused;
}

static void on_ended(void *data, const struct run_result *result)
{
	struct trial *trial = data;

	trial->result = *result;
	trial->ended = true;
}

static struct action_input input_of(const struct trial *trial, enum rig_step step)
{
	const struct spec *spec = session_spec(trial->rig->session);

	return (struct action_input){.host = trial->rig->host,
				     .spec = spec,
				     .step = &spec->steps[STEPS_BEFORE + step],
				     .before = &trial->state};
}

/* The trees are there as for the step; those of the host have none. */
static void init_options(struct trial *trial)
{
	const struct userns *userns;
	struct err err;

	if (host_userns(trial->rig->host, &userns, &err) < 0)
		rig_give_up("%s", err.text);
	trial->options = (struct run_options){
		.loop = trial->rig->loop,
		.userns = userns,
		.policy = &trial->policy,
		.existing_paths = host_existing_paths(trial->rig->host),
		.worker_fd = -1,
		.stdio = {-1, -1, -1},
		.limits = {.processes = trial->policy.processes},
		.callbacks = {.output = on_output,
			      .paused = on_paused,
			      .ended = on_ended,
			      .data = trial},
	};
	for (int tree = 0; tree < TREE_COUNT; tree++) {
		trial->options.access[tree] = TREE_WRITE;
		trial->options.chain[tree] = &trial->state.chain[tree];
	}
	if (!trial->policy.systree)
		trial->options.access[TREE_SYSTREE] = TREE_ABSENT;
}

/* What is on the host cannot have inside in its tree. */
static void add_inside(struct trial *trial)
{
	const struct sandbox_file file = {.target = "/run/bin/inside",
					  .bytes = inside_start,
					  .length = (size_t)(inside_end - inside_start),
					  .mode = 0555};

	sandbox_policy_add_file(&trial->policy, &file);
	strv_setenv(&trial->policy.environment, "PATH", "/run/bin:/usr/bin:/bin");
}

void trial_init(struct trial *trial, struct rig *rig, enum rig_step step, ...)
{
	struct action_input input;
	const char *word;
	va_list words;

	*trial = (struct trial){.rig = rig, .pipe_fds = {-1, -1}};
	buf_init(&trial->output);
	seccomp_cache_init(&trial->filters);
	state_init(&trial->state);
	state_copy(&trial->state, &rig->state);
	input = input_of(trial, step);
	action_policy(&input, &trial->policy);
	trial->policy.unshare_network = true;
	trial->policy.stack = STACK_HOST;
	va_start(words, step);
	while ((word = va_arg(words, const char *)))
		strv_add(&trial->policy.argv, word);
	va_end(words);
	for (size_t i = 0; i < rig->around.len; i++)
		strv_add(&trial->policy.environment, rig->around.items[i]);
	if (!trial->policy.systree)
		add_inside(trial);
	init_options(trial);
}

void trial_plain(struct trial *trial)
{
	trial->policy.terminal = false;
	if (pipe2(trial->pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		rig_give_up("cannot make a pipe: %s", strerror(errno));
	trial->options.stdio[1] = trial->options.stdio[2] = trial->pipe_fds[1];
}

void trial_prepare(struct trial *trial)
{
	struct store *store = host_store(trial->rig->host);
	struct err err = {0};

	if (attempt_begin(store, 80, 24, &trial->draft, &err) < 0)
		rig_give_up("%s", err.text);
	trial->options.draft = trial->draft.dir;
}

void trial_launch(struct trial *trial)
{
	struct err err = {0};

	if (runner_start(&trial->options, &trial->runner, &err) < 0)
		rig_give_up("%s", err.text);
}

void trial_start(struct trial *trial)
{
	trial_prepare(trial);
	trial_launch(trial);
}

void trial_join(struct trial *trial, struct trial *step)
{
	struct err err = {0};

	if (runner_join(step->runner, &trial->options, &trial->runner, &err) == 0)
		return;
	trial->result = (struct run_result){.end = RUN_FAILED, .err = err};
	trial->ended = true;
}

/* What came by the pipe; the pipe is large enough for what probes print. */
static void read_pipe(struct trial *trial)
{
	char bytes[4096];
	ssize_t got;

	while (trial->pipe_fds[0] >= 0 && (got = read(trial->pipe_fds[0], bytes, sizeof bytes)) > 0)
		buf_add(&trial->output, bytes, (size_t)got);
}

bool trial_wait_output(struct trial *trial, const char *text)
{
	while (!trial->ended && !strstr(trial->output.data, text)) {
		loop_turn(trial->rig->loop, trial->pipe_fds[0] < 0 ? -1 : READ_EVERY_MS);
		read_pipe(trial);
	}
	return strstr(trial->output.data, text) != NULL;
}

void trial_let_pass(struct trial *trial, int64_t ms)
{
	int64_t end = loop_now_ms() + ms, left;

	while ((left = end - loop_now_ms()) > 0)
		loop_turn(trial->rig->loop, (int)left);
}

void trial_wait_end(struct trial *trial)
{
	while (!trial->ended)
		loop_turn(trial->rig->loop, -1);
	read_pipe(trial);
}

/* Whether it was not contractor that ended it. */
static bool ended_itself(const struct trial *trial)
{
	enum run_end end = trial->result.end;

	return end == RUN_EXITED || end == RUN_AT_FILE_SIZE || end == RUN_AT_PROCESSES;
}

int trial_run(struct trial *trial)
{
	trial_start(trial);
	trial_wait_end(trial);
	return ended_itself(trial) ? trial->result.exit_status : -1;
}

void trial_release(struct trial *trial)
{
	runner_free(trial->runner);
	attempt_discard(host_store(trial->rig->host), &trial->draft);
	sandbox_policy_release(&trial->policy);
	state_release(&trial->state);
	buf_release(&trial->output);
	seccomp_cache_release(&trial->filters);
	fd_close(&trial->pipe_fds[0]);
	fd_close(&trial->pipe_fds[1]);
}

char *trial_describe(const struct trial *trial)
{
	static const char *const ends[] = {
		[RUN_EXITED] = "exited",
		[RUN_KILLED] = "was killed",
		[RUN_TIMED_OUT] = "timed out",
		[RUN_OVER_OUTPUT] = "printed too much",
		[RUN_OVER_MEMORY] = "used too much",
		[RUN_OVER_DISK] = "took too much",
		[RUN_AT_FILE_SIZE] = "failed with a file too large",
		[RUN_AT_PROCESSES] = "failed with too many processes",
		[RUN_FAILED] = "could not be run",
	};

	if (!trial->ended)
		return mem_printf("it runs; it printed: %s", trial->output.data);
	return mem_printf("it %s, status %d, %s; it printed: %s", ends[trial->result.end],
			  trial->result.exit_status, trial->result.err.text, trial->output.data);
}
