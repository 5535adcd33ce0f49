/* Shells that join a step: while it runs, while it is paused, and when it ends or is killed. */
#include <sys/mman.h>

#include "engine/sandbox/runner_internal.h"
#include "engine/session/session_internal.h"
#include "tests/unit/shell_fixture.h"

/* A step that waits for a line, with something in the workspace, in /tmp and in the environment. */
#define WAITS                                                                                \
	"echo here > w; echo there > /tmp/t; sleep 1000 & echo ready; read x; echo $x > a; " \
	"test -e stop || exit 0; exit 3"
#define ONE_STEP FIXTURE_SPEC FIXTURE_SHELL(WAITS) "  environment: {A: own}\n"

/* In the place of cgroup_make(): for init, a step with a limit of memory is in a group. */
bool __wrap_cgroup_make(struct cgroups *cgroups, uint64_t memory_bytes, struct cgroup *ret_group);
bool __wrap_cgroup_make(struct cgroups *cgroups, uint64_t memory_bytes, struct cgroup *ret_group)
{
	(void)cgroups;
	(void)memory_bytes;
	*ret_group = (struct cgroup){.join_fd = memfd_create("procs", MFD_CLOEXEC),
				     .events_fd = memfd_create("events", MFD_CLOEXEC)};
	return true;
}

/* Starts the session and runs its second step until it waits. */
static void begin(struct fixture *fixture, const char *spec)
{
	fixture->options.interactive = true;
	fixture_load(fixture, spec);
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
}

static void type_to_step(struct fixture *fixture, const char *text)
{
	struct err err = {0};

	if (session_type(fixture->session, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

static void get_last(struct fixture *fixture, struct attempt *ret_attempt)
{
	struct err err = {0};

	*ret_attempt = (struct attempt){0};
	assert_int_equal(store_get_attempt(host_store(fixture->host), fixture->last_attempt,
					   ret_attempt, &err),
			 1);
}

static void expect_adopted(struct fixture *fixture, bool adopted)
{
	struct attempt attempt;

	get_last(fixture, &attempt);
	assert_int_equal(attempt.adopted, adopted);
	attempt_release(&attempt);
}

/* Begins, and joins the step by a shell on a terminal. */
static void begin_joined(struct visit *visit, struct fixture *fixture, const char *steps)
{
	begin(fixture, steps);
	visit_on_terminal(visit, fixture, 2, SHELL_JOIN, " # ");
}

/* It is in the step's trees, /tmp, environment and namespaces, and sees its processes. */
static void test_is_in_the_step(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, ONE_STEP);
	visit_command(
		fixture, 2, SHELL_JOIN,
		"cat w /tmp/t; echo $A; pwd; grep -l '[s]leep.1000' /proc/[0-9]*/cmdline | wc -l; "
		"for n in mnt ipc uts net user pid cgroup; do "
		"test $(stat -L -c %i /proc/self/ns/$n) = "
		"$(stat -L -c %i /proc/2/ns/$n) || echo $n; done; echo new > made; exit 4",
		"here\nthere\nown\n/workspace\n1\n", 4);
	type_to_step(fixture, "yes\n");
	fixture_finish(fixture);
	fixture_expect_file(fixture, 3, "a", "yes\n");
	fixture_expect_file(fixture, 3, "made", "new\n");
}

/* What a process may and may not do: all that a shell is to have as its step has it. */
#define RIGHTS                                                                           \
	"(grep -E 'Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|Umask|SigBlk|SigIgn' "          \
	"/proc/self/status; cat /proc/self/limits /proc/self/oom_score_adj "             \
	"/proc/self/cgroup /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; " \
	"set -- $(cat /proc/self/stat); echo ${18} ${19} ${41}) > /tmp/"

/* With the step's user, capabilities, filter and limits, as the step itself has them; also where the
 * kernel limits the memory, and is to end a process of the step rather than init. */
static void test_has_the_steps_privileges(void **state)
{
	static const struct {
		const char *fields, *printed;
	} steps[] = {
		{"", "0\n0\n"},
		{"  user: user\n", "0\n1000\n"},
		{"  limits: {memory: 100M}\n", "1000\n0\n"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		AUTO_FREE char *spec =
			mem_printf("%s%s%s", FIXTURE_SPEC,
				   FIXTURE_SHELL(RIGHTS "s; echo ready; read x"), steps[i].fields);

		begin(fixture, spec);
		visit_command(fixture, 2, SHELL_JOIN,
			      RIGHTS "j; busybox cmp /tmp/s /tmp/j; "
				     "cat /proc/self/oom_score_adj; id -u",
			      steps[i].printed, 0);
		type_to_step(fixture, "\n");
		fixture_finish(fixture);
	}
}

/* Nothing of the host is there: no descriptor, variable, directory, or process. */
static void test_brings_nothing_along(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, ONE_STEP);
	setenv("CONTRACTOR_TEST_LEAK", "leak", 1);
	visit_command(fixture, 2, SHELL_JOIN,
		      "ls /proc/$$/fd; env | grep -c LEAK; "
		      "for p in /proc/[0-9]*; do busybox tr '\\0' '\\n' < $p/cmdline; done | "
		      "grep -E '[s]ession|[c]ontractor' | grep -Ev '[l]auncher|[s]cript'",
		      "0\n1\n2\n0\n", 1);
	unsetenv("CONTRACTOR_TEST_LEAK");
}

/* On a terminal of its own, which leads a session. */
static void test_on_a_terminal(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	begin(fixture, ONE_STEP);
	visit_on_terminal(&visit, fixture, 2, SHELL_JOIN, "(in step 2) /workspace # ");
	visit_type(&visit, "tty; cat w; exit 7\n");
	visit_await(&visit, "/dev/pts/1\r\nhere");
	visit_finish(&visit);
	assert_int_equal(visit.result.exit_status, 7);
	visit_release(&visit);
	fixture_expect_step(fixture, 2, STEP_RUNNING, 0);
}

/* A pause stops the step's processes and no shell; what a shell leaves running ends with it. */
static void test_paused(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	begin_joined(&visit, fixture, ONE_STEP);
	fixture_start(fixture, "pause");
	fixture_await_state(fixture, SESSION_PAUSED);
	visit_type(&visit, "grep -h State /proc/1/status /proc/2/status; echo $((6*7))\n");
	visit_await(&visit, "T (stopped)\r\nState:\tT (stopped)\r\n42\r\n");
	visit_command(fixture, 2, SHELL_JOIN, "grep State /proc/2/status; sleep 2000 >/dev/null & ",
		      "State:\tT (stopped)\n", 0);
	visit_type(&visit, "exit 5\n");
	visit_finish(&visit);
	assert_int_equal(visit.result.exit_status, 5);
	visit_release(&visit);
	visit_command(fixture, 2, SHELL_JOIN, "grep -ls '[2]000' /proc/[0-9]*/cmdline", "", 1);
	fixture_start(fixture, "resume");
	fixture_await_state(fixture, SESSION_RUNNING);
	type_to_step(fixture, "yes\n");
	fixture_finish(fixture);
	assert_int_equal(fixture->reason, STOP_END);
}

/* A step that ends is kept until the last shell in it has ended; its status is its own. */
static void test_holds_the_step(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	begin_joined(&visit, fixture, ONE_STEP);
	type_to_step(fixture, "yes\n");
	visit_type(&visit, "touch stop; while kill -0 2 2>/dev/null; do :; done; cat a\n");
	visit_await(&visit, "\r\nyes\r\n");
	fixture_expect_step(fixture, 2, STEP_RUNNING, 0);
	visit_type(&visit, "echo late > late; exit\n");
	visit_finish(&visit);
	assert_int_equal(visit.result.end, RUN_EXITED);
	fixture_finish(fixture);
	fixture_expect_step(fixture, 2, STEP_PASSED, STEP_ADOPTED);
	fixture_expect_file(fixture, 3, "late", "late\n");
	visit_release(&visit);
}

/* A step that failed far from its limit of processes is not tried with many: their end would be waited for. */
static void test_failure_tries_few_processes(void **state)
{
	struct fixture *fixture = *state;
	struct runner *runner;
	struct visit visit;

	begin(fixture, ONE_STEP);
	visit_command(fixture, 2, SHELL_JOIN, "touch stop", "", 0);
	visit_init(&visit, fixture, 2, SHELL_JOIN);
	visit.options.terminal = true;
	visit_start(&visit);
	visit_await(&visit, " # ");
	runner = action_runner(fixture->session->run);
	type_to_step(fixture, "yes\n");
	while (!runner->held)
		loop_turn(fixture->loop, 1000);
	visit_type(&visit, "sh -c 'test $$ -lt 100 && echo fe\"\"w'; exit\n");
	visit_finish(&visit);
	assert_non_null(strstr(visit.output.data, "few"));
	visit_release(&visit);
	fixture_finish(fixture);
	fixture_expect_step(fixture, 2, STEP_FAILED, STEP_ADOPTED);
}

/* When the step's own program has ended, its time does not go on; nor does a pause start it again. */
static void test_held_step_takes_no_time(void **state)
{
	struct fixture *fixture = *state;
	struct runner *runner;
	struct visit visit;

	begin_joined(&visit, fixture, ONE_STEP "  limits: {time: 1h}\n");
	runner = action_runner(fixture->session->run);
	assert_non_null(runner->time_limit);
	type_to_step(fixture, "yes\n");
	while (runner->time_limit)
		loop_turn(fixture->loop, 1000);
	fixture_expect_step(fixture, 2, STEP_RUNNING, 0);
	fixture_start(fixture, "pause");
	fixture_await_state(fixture, SESSION_PAUSED);
	fixture_start(fixture, "resume");
	fixture_await_state(fixture, SESSION_RUNNING);
	assert_null(runner->time_limit);
	assert_int_equal(runner_time_ms(runner), runner->run_ms);
	visit_type(&visit, "exit\n");
	visit_finish(&visit);
	fixture_finish(fixture);
	fixture_expect_step(fixture, 2, STEP_PASSED, STEP_ADOPTED);
	visit_release(&visit);
}

/* When the step is killed its shells end with it. */
static void test_killed_with_the_step(void **state)
{
	static const bool is_paused[] = {false, true};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(is_paused); i++) {
		struct visit visit;

		begin(fixture, ONE_STEP);
		visit_init(&visit, fixture, 2, SHELL_JOIN);
		visit.options.terminal = true;
		visit_start(&visit);
		visit_await(&visit, " # ");
		if (is_paused[i]) {
			fixture_start(fixture, "pause");
			fixture_await_state(fixture, SESSION_PAUSED);
		}
		fixture_run(fixture, "kill");
		assert_int_equal(fixture->reason, STOP_KILLED);
		visit_finish(&visit);
		visit_release(&visit);
		fixture_expect_step(fixture, 2, STEP_KILLED, STEP_ADOPTED);
	}
}

/* One that is killed, or freed, takes along all that it started, and nothing of the step. */
static void test_killed_alone(void **state)
{
	static const char script[] =
		"for i in 1 2 3; do setsid sh -c 'sleep 3000 & sleep 3000' & done; "
		"echo started; sleep 3000";
	struct fixture *fixture = *state;

	begin(fixture, ONE_STEP);
	for (int round = 0; round < 2; round++) {
		struct visit visit;

		visit_init(&visit, fixture, 2, SHELL_JOIN);
		visit.options.terminal = true;
		strv_add_all(&visit.command, "sh", "-c", script, NULL);
		visit_start(&visit);
		visit_await(&visit, "started");
		if (round == 0) {
			runner_kill(shell_runner(visit.shell), 0);
			visit_finish(&visit);
			assert_int_equal(visit.result.end, RUN_KILLED);
		}
		shell_free(take_ptr(&visit.shell));
		strv_release(&visit.command);
		buf_release(&visit.output);
		visit_command(fixture, 2, SHELL_JOIN,
			      "while grep -qs '[3]000' /proc/[0-9]*/cmdline; do :; done; "
			      "grep -ls '[1]000' /proc/[0-9]*/cmdline | wc -l",
			      "1\n", 0);
	}
	fixture_expect_step(fixture, 2, STEP_RUNNING, 0);
}

/* The result has a key that nothing else has: it is never taken from the cache, nor is what follows
 * from it. */
static void test_is_never_cached(void **state)
{
	static const char spec[] = FIXTURE_SPEC FIXTURE_SHELL("echo ready; read x; echo 1 > a")
		FIXTURE_SHELL("cat a > b");
	struct fixture *fixture = *state;
	struct attempt joined, after;

	begin(fixture, spec);
	visit_command(fixture, 2, SHELL_JOIN, "true", "", 0);
	type_to_step(fixture, "\n");
	fixture_finish(fixture);
	fixture_expect_step(fixture, 2, STEP_PASSED, STEP_ADOPTED);
	expect_adopted(fixture, true);
	get_last(fixture, &joined);
	fixture_run(fixture, "next");
	get_last(fixture, &after);
	assert_false(after.adopted);
	fixture_load(fixture, spec);
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	type_to_step(fixture, "\n");
	fixture_finish(fixture);
	expect_adopted(fixture, false);
	fixture_expect_step(fixture, 2, STEP_PASSED, 0);
	assert_string_not_equal(session_step(fixture->session, 2)->key, joined.key);
	fixture_run(fixture, "next");
	assert_string_not_equal(session_step(fixture->session, 3)->key, after.key);
	fixture_expect_step(fixture, 3, STEP_PASSED, 0);
	attempt_release(&joined);
	attempt_release(&after);
}

/* A shell that comes before the step's sandbox is there waits for it. */
static void test_comes_early(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.interactive = true;
	fixture_load(fixture, ONE_STEP);
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	while (session_step(fixture->session, 2)->result != STEP_RUNNING)
		loop_turn(fixture->loop, 0);
	visit_command(fixture, 2, SHELL_JOIN, "readlink /proc/self/ns/pid >/dev/null && echo in",
		      "in\n", 0);
	fixture_await(fixture, "ready");
	type_to_step(fixture, "yes\n");
	fixture_finish(fixture);
	fixture_expect_file(fixture, 3, "a", "yes\n");
	expect_adopted(fixture, true);
}

/* So many at once that no more can: the last one is refused, also while they wait. */
static void test_too_many(void **state)
{
	enum { MOST = 16 };
	struct visit visits[MOST + 1];
	struct fixture *fixture = *state;

	fixture->options.interactive = true;
	fixture_load(fixture, ONE_STEP);
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	while (session_step(fixture->session, 2)->result != STEP_RUNNING)
		loop_turn(fixture->loop, 0);
	for (size_t i = 0; i <= MOST; i++) {
		visit_init(&visits[i], fixture, 2, SHELL_JOIN);
		strv_add_all(&visits[i].command, "sh", "-c", "read x; echo end", NULL);
		visits[i].options.terminal = true;
		visit_start(&visits[i]);
	}
	visit_finish(&visits[MOST]);
	assert_string_equal(visits[MOST].result.err.text,
			    "16 shells have joined the step: no more can");
	for (size_t i = 0; i < MOST; i++) {
		visit_type(&visits[i], "x\n");
		visit_finish(&visits[i]);
		assert_int_equal(visits[i].result.end, RUN_EXITED);
	}
	for (size_t i = 0; i <= MOST; i++)
		visit_release(&visits[i]);
}

/* What there is nothing to join in is refused, and so is more than is reasonable. */
static void test_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.interactive = true;
	fixture_load(fixture, ONE_STEP);
	visit_refused(fixture, 2, SHELL_JOIN, ERR_USAGE,
		      "step 2 is not running: there is nothing to join");
	visit_refused(fixture, 9, SHELL_JOIN, ERR_USAGE, "there is no step 9: the build has 2");
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	visit_refused(fixture, 1, SHELL_JOIN, ERR_USAGE,
		      "step 1 is not running: there is nothing to join");
	visit_command(fixture, 2, SHELL_JOIN, "exit 1", "", 1);
}

/* A command that is not there fails as such, and disturbs nothing. */
static void test_no_command(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	begin(fixture, ONE_STEP);
	visit_init(&visit, fixture, 2, SHELL_JOIN);
	strv_add(&visit.command, "nothing-like-it");
	visit_start(&visit);
	visit_finish(&visit);
	assert_int_equal(visit.result.end, RUN_FAILED);
	assert_int_equal(visit.result.exit_status, 127);
	assert_non_null(strstr(visit.result.err.text, "nothing-like-it"));
	visit_release(&visit);
	fixture_expect_step(fixture, 2, STEP_RUNNING, 0);
}

/* A step that ends what waits for a shell, or holds its terminal, does not keep it from ending. */
static void test_ended_by_the_step(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	begin_joined(&visit, fixture, ONE_STEP);
	visit_type(&visit, "kill -9 $PPID\n");
	visit_finish(&visit);
	visit_release(&visit);
	fixture_expect_step(fixture, 2, STEP_RUNNING, 0);
}

/* A session that ends all at once, with a shell in its step. */
static void test_session_ends(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	begin_joined(&visit, fixture, ONE_STEP);
	shell_free(take_ptr(&visit.shell));
	fixture_end_session(fixture);
	fixture_verify(fixture);
	buf_release(&visit.output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_is_in_the_step),
		FIXTURE_TEST(test_has_the_steps_privileges),
		FIXTURE_TEST(test_brings_nothing_along),
		FIXTURE_TEST(test_on_a_terminal),
		FIXTURE_TEST(test_paused),
		FIXTURE_TEST(test_holds_the_step),
		FIXTURE_TEST(test_failure_tries_few_processes),
		FIXTURE_TEST(test_held_step_takes_no_time),
		FIXTURE_TEST(test_killed_with_the_step),
		FIXTURE_TEST(test_killed_alone),
		FIXTURE_TEST(test_is_never_cached),
		FIXTURE_TEST(test_comes_early),
		FIXTURE_TEST(test_too_many),
		FIXTURE_TEST(test_refused),
		FIXTURE_TEST(test_no_command),
		FIXTURE_TEST(test_ended_by_the_step),
		FIXTURE_TEST(test_session_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
