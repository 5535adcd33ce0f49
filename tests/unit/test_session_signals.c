/* Steps that do not just end: paused, killed, out of time, flooding, leaving things behind; and
 * those that cannot start. */
#include "tests/unit/session_fixture.h"

/* Runs the one shell step of a spec, behind the systree's. */
static void run_step(struct fixture *fixture, const char *step)
{
	AUTO_FREE char *text = mem_printf(FIXTURE_SPEC "%s", step);

	fixture_load(fixture, text);
	fixture_run(fixture, "next");
	fixture_forget(fixture);
	fixture_run(fixture, "next");
}

static void test_pause_and_resume(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	fixture->options.interactive = true;
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo ready; read x; echo got $x"));
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	fixture_forget(fixture);
	fixture_start(fixture, "pause");
	fixture_await_state(fixture, SESSION_PAUSED);
	fixture_expect(fixture, "step-paused 2\n");
	fixture_expect_step(fixture, 2, STEP_PAUSED, 0);
	assert_int_equal(session_type(fixture->session, "it\n", 3, &err), 0);
	for (int turn = 0; turn < 10; turn++)
		loop_turn(fixture->loop, 10);
	assert_null(strstr(fixture->output.data, "got"));
	fixture_run(fixture, "resume");
	assert_non_null(strstr(fixture->output.data, "got it\n"));
	fixture_expect(fixture, "step-resumed 2\nstep-ended 2 passed 0\nstopped 3 end\n");
}

/* A paused step is killed as a running one is. */
static void test_kill_paused(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo ready; sleep 60"));
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	fixture_start(fixture, "pause");
	fixture_await_state(fixture, SESSION_PAUSED);
	fixture_forget(fixture);
	fixture_run(fixture, "kill");
	assert_string_equal(fixture->stop_text, "killed");
	assert_int_equal(fixture->reason, STOP_KILLED);
	fixture_expect(fixture, "step-resumed 2\nstep-ended 2 killed 143\nstopped 2 killed\n");
}

/* A step that hears SIGTERM ends by itself; what it did is kept as a killed attempt, never taken
 * from the cache. */
static void test_kill(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo half > a; echo ready; sleep 60")
				      FIXTURE_SHELL("true"));
	fixture_run(fixture, "next");
	fixture_start(fixture, "continue");
	fixture_await(fixture, "ready");
	fixture_forget(fixture);
	fixture_run(fixture, "kill");
	fixture_expect(fixture, "step-ended 2 killed 143\nstopped 2 killed\n");
	fixture_expect_step(fixture, 2, STEP_KILLED, 0);
	assert_null(session_state_before(fixture->session, 3));
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	assert_string_equal(fixture->events.data, "step-started 2\n");
	fixture_run(fixture, "kill");
}

/* One that ignores SIGTERM is ended all the same, after the grace. */
static void test_kill_stubborn(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL(
				      "trap '' TERM; echo ready; while true; do sleep 1; done"));
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	fixture_forget(fixture);
	fixture_run(fixture, "kill");
	fixture_expect(fixture, "step-ended 2 killed 137\nstopped 2 killed\n");
}

/* session_kill_now() does not ask. */
static void test_kill_now(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture,
		     FIXTURE_SPEC FIXTURE_SHELL(
			     "trap 'echo asked' TERM; echo ready; while true; do sleep 1; done"));
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	session_kill_now(fixture->session);
	fixture_finish(fixture);
	assert_int_equal(fixture->reason, STOP_KILLED);
	assert_null(strstr(fixture->output.data, "asked"));
}

/* A kill that comes between two cached steps stops there. */
static void kill_at_cached(struct fixture *fixture, const struct event *event)
{
	if (event->type == EVENT_STEP_CACHED && event->step == 2)
		fixture_start(fixture, "kill");
}

static void test_kill_between_cached(void **state)
{
	static const char spec[] = FIXTURE_SPEC FIXTURE_SHELL("echo 2 > a")
		FIXTURE_SHELL("echo 3 > a") FIXTURE_SHELL("echo 4 > a");
	struct fixture *fixture = *state;

	fixture_load(fixture, spec);
	fixture_run(fixture, "continue");
	fixture_load(fixture, spec);
	fixture->hook = kill_at_cached;
	fixture_run(fixture, "continue");
	fixture_expect(fixture,
		       "step-cached 1 passed 0\nstep-cached 2 passed 0\nstopped 3 killed\n");
	fixture->hook = NULL;
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 3 passed 0\nstep-cached 4 passed 0\nstopped 5 end\n");
}

/* A kill on the news that a step was started ends that step. */
static void kill_at_start(struct fixture *fixture, const struct event *event)
{
	if (event->type == EVENT_STEP_STARTED)
		fixture_start(fixture, "kill");
}

static void test_kill_at_start(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("sleep 60"));
	fixture_run(fixture, "next");
	fixture->hook = kill_at_start;
	fixture_run(fixture, "next");
	fixture->hook = NULL;
	assert_int_equal(fixture->reason, STOP_KILLED);
	fixture_expect_step(fixture, 2, STEP_KILLED, 0);
}

/* A step whose shell kills itself has failed by a signal. */
static void test_suicide(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture, FIXTURE_SHELL("echo half > a; kill -9 $$"));
	assert_string_equal(fixture->stop_text, "exit status 137 (signal 9: Killed)");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 failed 137\nstopped 2 failed\n");
	run_step(fixture, FIXTURE_SHELL("kill -TERM $$; sleep 60"));
	fixture_expect(fixture, "step-started 2\nstep-ended 2 failed 143\nstopped 2 failed\n");
}

/* Daemons that a step leaves behind do not outlive it, nor keep it. */
static void test_daemon(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture, FIXTURE_SHELL("setsid sh -c 'trap \"\" HUP TERM; sleep 1000; echo late > "
					"late' & echo $! > pid"));
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
	fixture_expect_file(fixture, 3, "late", NULL);
}

/* More output than allowed ends the step; what was printed until then is in the log. */
static void test_output_limit(void **state)
{
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct err err = {0};
	AUTO_FREE char *name = NULL;
	struct stat log;

	run_step(fixture, FIXTURE_SHELL("yes") "  limits: {output: 1M}\n");
	assert_string_equal(fixture->stop_text, "stopped: printed more than 1 MiB");
	fixture_expect_step(fixture, 2, STEP_OVER_LIMIT, 0);
	assert_true(fixture->output.len > 1 << 20);
	assert_int_equal(
		store_get_attempt(host_store(fixture->host), fixture->last_attempt, &attempt, &err),
		1);
	name = mem_printf("%s.log", attempt.id);
	assert_int_equal(fstatat(store_logs_fd(host_store(fixture->host)), name, &log, 0), 0);
	assert_int_equal(log.st_size, fixture->output.len);
	attempt_release(&attempt);
	fixture_expect(fixture, "step-started 2\nstep-ended 2 over-limit 137\nstopped 2 failed\n");
}

static void test_time_limit(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture, FIXTURE_SHELL("echo half > a; sleep 60") "  limits: {time: 1s}\n");
	assert_string_equal(fixture->stop_text, "stopped: ran longer than 1 s");
	fixture_expect_step(fixture, 2, STEP_TIMED_OUT, 0);
	fixture_expect(fixture, "step-started 2\nstep-ended 2 timed-out 143\nstopped 2 failed\n");
}

static void test_memory_limit(void **state)
{
	struct fixture *fixture = *state;

	run_step(
		fixture,
		FIXTURE_SHELL("dd if=/dev/zero of=/dev/null bs=200M count=1000") "  limits: "
										 "{memory: 50M}\n");
	assert_string_equal(fixture->stop_text, "stopped: used more than 50 MiB of memory");
	fixture_expect_step(fixture, 2, STEP_OVER_LIMIT, 0);
}

/* A limit of the disk counts what is left behind, too, even if the step has passed by itself. */
static void test_disk_limit(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture, FIXTURE_SHELL("head -c 3000000 /dev/zero > a") "  limits: {disk: 2M}\n");
	assert_string_equal(fixture->stop_text, "stopped: took more than 2 MiB of the disk");
	fixture_expect_step(fixture, 2, STEP_OVER_LIMIT, 0);
	run_step(fixture, FIXTURE_SHELL("head -c 1000000 /dev/zero > a") "  limits: {disk: 2M}\n");
	fixture_expect_step(fixture, 2, STEP_PASSED, 0);
}

static void test_file_size_limit(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture,
		 FIXTURE_SHELL("head -c 3000000 /dev/zero > a") "  limits: {file-size: 1M}\n");
	assert_string_equal(fixture->stop_text,
			    "failed at its limit of 1 MiB for a file: /workspace/a");
	fixture_expect_step(fixture, 2, STEP_OVER_LIMIT, 0);
	run_step(fixture, FIXTURE_SHELL("head -c 3000000 /dev/zero > /tmp/b") "  limits: "
									      "{file-size: 1M}\n");
	assert_string_equal(fixture->stop_text, "failed at its limit of 1 MiB for a file: /tmp/b");
	run_step(fixture,
		 FIXTURE_SHELL(
			 "mkdir /etc/d; head -c 3000000 /dev/zero > /etc/d/c") "  limits: "
									       "{file-size: 1M}\n");
	assert_string_equal(fixture->stop_text,
			    "failed at its limit of 1 MiB for a file: /etc/d/c");
	/* Another reason to fail. */
	run_step(fixture, FIXTURE_SHELL("echo > a; exit 7") "  limits: {file-size: 1M}\n");
	assert_string_equal(fixture->stop_text, "exit status 7");
	fixture_expect_step(fixture, 2, STEP_FAILED, 0);
}

static void test_processes_limit(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture, FIXTURE_SHELL("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 60 & done; "
					"exit 0") "  limits: {processes: 9}\n");
	assert_string_equal(fixture->stop_text, "failed at its limit of 9 processes");
	fixture_expect_step(fixture, 2, STEP_OVER_LIMIT, 0);
	run_step(fixture, FIXTURE_SHELL("exit 7") "  limits: {processes: 20}\n");
	assert_string_equal(fixture->stop_text, "exit status 7");
}

/* Nobody types: reading gives end-of-file, again and again. */
static void test_reads_end_of_file(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture, FIXTURE_SHELL("cat > a; echo one; cat >> a; read x || echo two"));
	assert_string_equal(fixture->output.data, "one\ntwo\n");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
	fixture_expect_file(fixture, 3, "a", "");
}

/* Output by way of /dev/tty, with every descriptor closed, is output. */
static void test_writes_to_tty(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture, FIXTURE_SHELL("exec <&- >&- 2>&-; sleep 0.2; echo late > /dev/tty"));
	assert_string_equal(fixture->output.data, "late\n");
}

static void test_missing_outputs(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture, FIXTURE_SHELL("mkdir d; touch d/x") "  outputs: [d/x, y]\n");
	assert_string_equal(fixture->stop_text,
			    "the step did not make 'y', which its outputs name");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 failed 0\nstopped 2 failed\n");
	run_step(fixture, FIXTURE_SHELL("mkdir d; touch d/x y") "  outputs: [d/x, y]\n");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
}

static void test_missing_interpreter(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture, FIXTURE_SHELL("true") "  interpreter: [/bin/python9]\n");
	assert_int_equal(fixture->reason, STOP_FAILED);
	assert_string_equal(fixture->stop_text, "the systree has no /bin/python9");
	fixture_expect_step(fixture, 2, STEP_FAILED, 0);
}

static void test_missing_workdir(void **state)
{
	struct fixture *fixture = *state;

	run_step(fixture, FIXTURE_SHELL("true") "  workdir: /nowhere\n");
	assert_int_equal(fixture->reason, STOP_FAILED);
	assert_string_equal(fixture->stop_text,
			    "cannot enter workdir /nowhere: No such file or directory");
	run_step(fixture, FIXTURE_SHELL("pwd") "  workdir: /etc\n");
	assert_string_equal(fixture->output.data, "/etc\n");
}

/* A step has what its spec gives it: parameters, environment, user. */
static void test_environment(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture,
		     "name: test\nparameters: {version: '7 8'}\nenvironment: {A: all}\n"
		     "actions:\n- action: create-systree\n  path: systree.tar\n"
		     "- action: shell\n  shell: echo \"$version,$A,$B,$(id -u),$(id -g)\"\n"
		     "  environment: {A: own, B: $more}\n  user: user\n");
	fixture_run(fixture, "continue");
	assert_string_equal(fixture->output.data, "7 8,own,$more,1000,1000\n");
	fixture_forget(fixture);
}

/* What is typed reaches the step in order, but only a step that runs. */
static void test_type(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	fixture->options.interactive = true;
	fixture_load(fixture,
		     FIXTURE_SPEC FIXTURE_SHELL("echo ready; read x; read y; echo \"<$y$x>\""));
	assert_int_equal(session_type(fixture->session, "x", 1, &err), -1);
	assert_string_equal(err.text, "no step is running");
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	assert_int_equal(session_type(fixture->session, "1\n", 2, &err), 0);
	assert_int_equal(session_type(fixture->session, "2\n", 2, &err), 0);
	fixture_finish(fixture);
	assert_non_null(strstr(fixture->output.data, "<21>\n"));
	fixture_forget(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_pause_and_resume),
		FIXTURE_TEST(test_kill_paused),
		FIXTURE_TEST(test_kill),
		FIXTURE_TEST(test_kill_stubborn),
		FIXTURE_TEST(test_kill_now),
		FIXTURE_TEST(test_kill_between_cached),
		FIXTURE_TEST(test_kill_at_start),
		FIXTURE_TEST(test_suicide),
		FIXTURE_TEST(test_daemon),
		FIXTURE_TEST(test_output_limit),
		FIXTURE_TEST(test_time_limit),
		FIXTURE_TEST(test_memory_limit),
		FIXTURE_TEST(test_disk_limit),
		FIXTURE_TEST(test_file_size_limit),
		FIXTURE_TEST(test_processes_limit),
		FIXTURE_TEST(test_reads_end_of_file),
		FIXTURE_TEST(test_writes_to_tty),
		FIXTURE_TEST(test_missing_outputs),
		FIXTURE_TEST(test_missing_interpreter),
		FIXTURE_TEST(test_missing_workdir),
		FIXTURE_TEST(test_environment),
		FIXTURE_TEST(test_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
