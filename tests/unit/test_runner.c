/* The runner: what init says, and a worker that a hostile tree has taken over (engine/sandbox/runner.h). */
#include "session_fixture.h"

#include "engine/process/message.h"
#include "engine/sandbox/runner_internal.h"
#include "engine/sandbox/runner_prepare.h"

enum { BYSTANDER_STATUS = 7 };

/* A process that has nothing to do with the worker: it ends by itself when the pipe does. */
struct bystander {
	int pipe[2];
	pid_t pid;
	bool named; /* the worker has said that it is init */
};

static void start_bystander(struct bystander *bystander)
{
	char byte;

	assert_int_equal(pipe2(bystander->pipe, O_CLOEXEC), 0);
	bystander->pid = fork();
	assert_true(bystander->pid >= 0);
	if (bystander->pid)
		return;
	close(bystander->pipe[1]);
	_exit(read(bystander->pipe[0], &byte, 1) == 0 ? BYSTANDER_STATUS : 1);
}

static void expect_unharmed(struct bystander *bystander)
{
	int status;

	close(bystander->pipe[0]);
	close(bystander->pipe[1]);
	assert_int_equal(waitpid(bystander->pid, &status, 0), bystander->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), BYSTANDER_STATUS);
}

/* The worker: says that init is the bystander, and never ends. */
static int name_another(void *data, int root_fd, int socket, struct err *err)
{
	const struct bystander *bystander = data;
	AUTO_FREE char *pid = mem_printf("%d", (int)bystander->pid);

	(void)root_fd;
	if (message_send_text(socket, 'I', pid) < 0 || message_send_text(socket, 'P', "1") < 0)
		return err_sys(err, "cannot tell");
	for (;;)
		pause();
}

static void on_progress(void *data, uint64_t bytes)
{
	struct bystander *bystander = data;

	(void)bytes;
	bystander->named = true;
}

static void on_ended(void *data, const struct run_result *result)
{
	(void)data;
	fail_msg("it ended: %s", result->err.text);
}

/* Whom a worker names is neither watched nor killed. */
static void test_worker_names_another_process(void **state)
{
	static const struct strv no_chain = {0};
	struct fixture *fixture = *state;
	struct bystander bystander = {0};
	const struct init_worker worker = {name_another, &bystander, TREE_WORKSPACE};
	struct run_options options = {
		.loop = fixture->loop,
		.access = {TREE_ABSENT, TREE_WRITE},
		.chain = {&no_chain, &no_chain},
		.worker = &worker,
		.worker_fd = -1,
		.callbacks = {.progress = on_progress, .ended = on_ended, .data = &bystander},
	};
	struct store *store = host_store(fixture->host);
	struct attempt_draft draft;
	struct runner *runner;
	struct err err = {0};

	start_bystander(&bystander);
	assert_int_equal(host_userns(fixture->host, &options.userns, &err), 0);
	assert_int_equal(attempt_begin(store, 80, 24, &draft, &err), 0);
	options.draft = draft.dir;
	assert_int_equal(runner_start(&options, &runner, &err), 0);
	while (!bystander.named)
		loop_turn(fixture->loop, -1);
	runner_free(runner);
	expect_unharmed(&bystander);
	fixture_reap(fixture);
	attempt_discard(store, &draft);
}

/* Init is killed when a step does not die, but not while it looks what the step has left. */
static void test_patience(void **state)
{
	struct fixture *fixture = *state;
	const struct run_options options = {.loop = fixture->loop};
	struct prepared prepared = {.control = {-1, -1}, .diagnostic = {-1, -1}};
	struct runner *runner = runner_new(&options);
	struct err err;
	int pair[2];

	assert_int_equal(message_pair(pair, &err), 0);
	runner->init_socket = pair[0];
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	runner_watch(runner, &prepared);
	runner_end_by(runner, RUN_TIMED_OUT, 0);
	assert_non_null(runner->kill_timer);
	assert_int_equal(message_send_text(pair[1], 'K', ""), 0);
	loop_turn(fixture->loop, -1);
	assert_null(runner->kill_timer);
	runner_end_by(runner, RUN_KILLED, 0);
	assert_null(runner->kill_timer);
	runner_free(runner);
	close(pair[1]);
}

/* A sandbox that takes longer to make than its step may run: the step has all of its time. */
static void test_time_begins_when_it_is_ready(void **state)
{
	enum { LIMIT_MS = 3600000 };
	struct fixture *fixture = *state;
	const struct sandbox_policy policy = {.terminal = true};
	const struct run_options options = {
		.loop = fixture->loop, .policy = &policy, .limits.time_ms = LIMIT_MS};
	struct prepared prepared = {.control = {-1, -1}, .diagnostic = {-1, -1}};
	struct runner *runner = runner_new(&options);
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), pair[2];
	struct err err;

	assert_int_equal(message_pair(pair, &err), 0);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	prepared.control[0] = pair[0];
	runner_watch(runner, &prepared);
	runner->resumed_ms -= 2 * LIMIT_MS;
	runner_arm_limit(runner);
	assert_null(runner->time_limit);
	assert_int_equal(message_send_fd(pair[1], 'P', master), 0);
	while (!runner->terminal)
		loop_turn(fixture->loop, -1);
	assert_non_null(runner->time_limit);
	loop_turn(fixture->loop, 0);
	assert_non_null(runner->time_limit);
	assert_int_equal(runner->result.end, RUN_EXITED);
	runner_free(runner);
	close(pair[1]);
	close(master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_worker_names_another_process),
		FIXTURE_TEST(test_patience),
		FIXTURE_TEST(test_time_begins_when_it_is_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
