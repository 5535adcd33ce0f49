/* Running a build: commands, the order and content of events, breakpoints, what is refused when. */
#include "tests/unit/session_fixture.h"

#define THREE_STEPS                                \
	FIXTURE_SPEC FIXTURE_SHELL("echo two > a") \
		FIXTURE_SHELL("cat a; echo three > a") "  name: third\n"

/* One step a `next`; what it prints, its status, and the state behind it are known then. */
static void test_next(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, THREE_STEPS);
	assert_int_equal(session_position(fixture->session), 1);
	assert_int_equal(session_state(fixture->session), SESSION_STOPPED);
	assert_null(session_state_before(fixture->session, 2));
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\nstopped 2 step\n");
	fixture_run(fixture, "n");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 step\n");
	fixture_expect_file(fixture, 3, "a", "two\n");
	fixture_run(fixture, "next");
	assert_string_equal(fixture->output.data, "two\n");
	fixture_expect(fixture, "step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
	fixture_expect_step(fixture, 3, STEP_PASSED, 0);
	fixture_expect_file(fixture, 4, "a", "three\n");
	fixture_refuse(fixture, "next", ERR_USAGE,
		       "the build is at its end: goto, back or rerun a step");
}

/* What is told of an attempt is what the store has, its log included. */
static void test_attempt(void **state)
{
	struct fixture *fixture = *state;
	const struct step_status *status;
	struct attempt attempt;
	AUTO_FREE char *log = NULL;
	AUTO_FREE char *name = NULL;
	struct err err = {0};

	fixture_load(fixture, THREE_STEPS);
	fixture_run(fixture, "continue");
	status = session_step(fixture->session, 3);
	assert_int_equal(status->attempt, fixture->last_attempt);
	assert_int_equal(
		store_get_attempt(host_store(fixture->host), status->attempt, &attempt, &err), 1);
	assert_string_equal(attempt.key, status->key);
	assert_string_equal(attempt.name, "third");
	assert_string_equal(attempt.action, "shell");
	assert_string_equal(attempt.spec_path, fixture->spec_path);
	assert_int_equal(attempt.step, 3);
	assert_int_equal(attempt.result, ATTEMPT_PASSED);
	assert_string_equal(attempt.message, "");
	assert_int_equal(attempt.started_ms, status->started_ms);
	assert_int_equal(attempt.duration_ms, status->duration_ms);
	assert_true(attempt.has_layer[TREE_WORKSPACE]);
	assert_false(attempt.has_layer[TREE_SYSTREE]);
	assert_non_null(strstr(attempt.ingredients, "\"action\":\"shell\""));
	name = mem_printf("%s.log", attempt.id);
	log = fixture_read_at(store_logs_fd(host_store(fixture->host)), name);
	assert_string_equal(log, "two\n");
	attempt_release(&attempt);
}

/* `continue` goes to the end; a second session takes all of it from the cache. */
static void test_continue_and_cached(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, THREE_STEPS);
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\n"
				"step-started 2\nstep-ended 2 passed 0\n"
				"step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
	fixture_load(fixture, THREE_STEPS);
	fixture_expect_step(fixture, 1, STEP_PENDING, 0);
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\nstep-cached 2 passed 0\n"
				"step-cached 3 passed 0\nstopped 4 end\n");
	fixture_expect_step(fixture, 2, STEP_CACHED, 0);
	fixture_expect_file(fixture, 3, "a", "two\n");
}

/* Cached steps are looked up without being run, as far as keys are known. */
static void test_look(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	fixture_load(fixture, THREE_STEPS FIXTURE_SHELL("false"));
	fixture_run(fixture, "continue");
	fixture_load(fixture, THREE_STEPS FIXTURE_SHELL("false") FIXTURE_SHELL("true"));
	assert_int_equal(session_look(fixture->session, &err), 0);
	fixture_expect(fixture, "");
	assert_int_equal(session_position(fixture->session), 1);
	fixture_expect_step(fixture, 1, STEP_CACHED, 0);
	fixture_expect_step(fixture, 3, STEP_CACHED, 0);
	fixture_expect_step(fixture, 4, STEP_FAILED, 0);
	fixture_expect_step(fixture, 5, STEP_PENDING, 0);
	assert_int_equal(session_step(fixture->session, 4)->exit_status, 1);
	assert_non_null(session_state_before(fixture->session, 4));
	assert_null(session_state_before(fixture->session, 5));
	assert_string_equal(session_step(fixture->session, 5)->key, "");
}

/* A failure stops before the step that failed, and says how. */
static void test_failure(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture,
		     FIXTURE_SPEC FIXTURE_SHELL("echo half > a; exit 7") FIXTURE_SHELL("true"));
	fixture_run(fixture, "continue");
	assert_string_equal(fixture->stop_text, "exit status 7");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\n"
				"step-started 2\nstep-ended 2 failed 7\nstopped 2 failed\n");
	fixture_expect_step(fixture, 2, STEP_FAILED, 0);
	assert_int_equal(session_step(fixture->session, 2)->exit_status, 7);
	assert_null(session_state_before(fixture->session, 3));
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 failed 7\nstopped 2 failed\n");
}

/* `until` stops before its step without running it; a breakpoint on the way stops it earlier. */
static void test_until(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, THREE_STEPS);
	fixture_refuse(fixture, "until 1", ERR_USAGE, "step 1 is not ahead: goto 1 goes back");
	fixture_refuse(fixture, "until 9", ERR_NOT_FOUND, "there is no step 9; the last one is 3");
	fixture_run(fixture, "until third");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\n"
				"step-started 2\nstep-ended 2 passed 0\nstopped 3 step\n");
	fixture_run(fixture, "goto 1");
	fixture_start(fixture, "break 2");
	fixture_forget(fixture);
	fixture_run(fixture, "until 3");
	fixture_expect(fixture, "step-cached 1 passed 0\nstopped 2 breakpoint\n");
	fixture_run(fixture, "until 3");
	fixture_expect(fixture, "step-cached 2 passed 0\nstopped 3 step\n");
}

/* A breakpoint stops before its step, also when it is cached, once; going on leaves it. */
static void test_breakpoints(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	fixture_load(fixture, THREE_STEPS);
	fixture_start(fixture, "break third");
	assert_true(session_has_breakpoint(fixture->session, 3));
	assert_false(session_has_breakpoint(fixture->session, 2));
	fixture_refuse(fixture, "break 3", ERR_USAGE, "step 3 has a breakpoint already");
	fixture_start(fixture, "break");
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\n"
				"step-started 2\nstep-ended 2 passed 0\nstopped 3 breakpoint\n");
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");

	fixture_load(fixture, THREE_STEPS);
	fixture_start(fixture, "break 2");
	fixture_start(fixture, "break 3");
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\nstopped 2 breakpoint\n");
	fixture_start(fixture, "delete 2");
	assert_int_equal(command_run(fixture->session, "delete 2", &err), -1);
	assert_non_null(strstr(err.text, "there is no breakpoint 2"));
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 2 passed 0\nstep-cached 3 passed 0\nstopped 4 end\n");
	fixture_refuse(fixture, "delete x", ERR_USAGE,
		       "'x' is not the number of a breakpoint, nor 'all'");
}

/* The numbers of breakpoints are not used twice. */
static void test_breakpoint_numbers(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	fixture_load(fixture, THREE_STEPS);
	assert_int_equal(session_break(fixture->session, 1, &err), 1);
	assert_int_equal(session_break(fixture->session, 2, &err), 2);
	assert_int_equal(session_delete_breakpoint(fixture->session, 1, &err), 0);
	assert_true(session_has_breakpoint(fixture->session, 2));
	assert_int_equal(session_break(fixture->session, 1, &err), 3);
	assert_int_equal(session_break(fixture->session, 4, &err), -1);
	assert_string_equal(err.text, "there is no step 4: the build has 3");
	assert_int_equal(session_break(fixture->session, 0, &err), -1);
}

/* While a step runs or is paused, only what makes sense then is allowed. */
static void test_refused(void **state)
{
	static const char *const going[] = {"next", "continue", "until 3",
					    "back", "goto 1",	"rerun"};
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo go; sleep 60"));
	fixture_refuse(fixture, "pause", ERR_USAGE, "pause: no step is running");
	fixture_refuse(fixture, "resume", ERR_USAGE, "resume: no step is running");
	fixture_refuse(fixture, "kill", ERR_USAGE, "kill: no step is running");
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "go");
	for (size_t i = 0; i < ARRAY_SIZE(going); i++) {
		AUTO_FREE char *text = mem_printf("%.*s: step 2 is running",
						  (int)strcspn(going[i], " "), going[i]);

		fixture_refuse(fixture, going[i], ERR_USAGE, text);
	}
	fixture_refuse(fixture, "resume", ERR_USAGE, "resume: step 2 is running");
	fixture_start(fixture, "pause");
	fixture_await_state(fixture, SESSION_PAUSED);
	fixture_refuse(fixture, "pause", ERR_USAGE, "pause: step 2 is paused");
	fixture_refuse(fixture, "next", ERR_USAGE, "next: step 2 is paused");
	fixture_start(fixture, "break 2");
	fixture_run(fixture, "kill");
}

/* The functions themselves refuse, too, and a refused one changes nothing. */
static void test_refused_directly(void **state)
{
	static const char why[] = "step 2 is running: pause, resume or kill it, or wait";
	struct fixture *fixture = *state;
	struct session *session;
	struct err err = {0};

	fixture->options.interactive = true;
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo go; read x") FIXTURE_SHELL("true")
				      FIXTURE_SHELL("true"));
	session = fixture->session;
	fixture_run(fixture, "next");
	assert_int_equal(session_until(session, 3, &err), 0);
	fixture_await(fixture, "go");
	assert_int_equal(session_until(session, 4, &err), -1);
	assert_string_equal(err.text, why);
	assert_int_equal(session_goto(session, 7, &err), -1);
	assert_string_equal(err.text, why);
	assert_int_equal(session_back(session, &err), -1);
	assert_string_equal(err.text, why);
	assert_int_equal(session_rerun(session, 1, &err), -1);
	assert_string_equal(err.text, why);
	assert_int_equal(session_resume(session, &err), -1);
	assert_int_equal(session_write_edits(session, &err), -1);
	assert_string_equal(err.text, why);
	assert_int_equal(session_type(session, "\n", 1, &err), 0);
	fixture_forget(fixture);
	fixture_finish(fixture);
	fixture_expect(fixture, "step-ended 2 passed 0\nstopped 3 step\n");
}

/* A client that gives the next command from within an event is obeyed. */
static void go_on(struct fixture *fixture, const struct event *event)
{
	if (event->type == EVENT_STOPPED && event->reason == STOP_STEP)
		fixture_start(fixture, "next");
}

static void test_command_in_event(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, THREE_STEPS);
	fixture->hook = go_on;
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\nstopped 2 step\n"
				"step-started 2\nstep-ended 2 passed 0\nstopped 3 step\n"
				"step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
	fixture_load(fixture, THREE_STEPS);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-cached 1 passed 0\nstopped 2 step\n"
				"step-cached 2 passed 0\nstopped 3 step\n"
				"step-cached 3 passed 0\nstopped 4 end\n");
}

/* Every result, event and reason has a name. */
static void test_names(void **state)
{
	(void)state;
	assert_string_equal(step_result_name(STEP_PENDING), "pending");
	assert_string_equal(step_result_name(STEP_PAUSED), "paused");
	assert_string_equal(step_result_name(STEP_TIMED_OUT), "timed-out");
	assert_string_equal(step_result_name(STEP_OVER_LIMIT), "over-limit");
	for (int type = 0; type < EVENT_TYPES; type++)
		assert_non_null(event_name((enum event_type)type));
	assert_string_equal(stop_reason_name(STOP_ERROR), "error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_next),
		FIXTURE_TEST(test_attempt),
		FIXTURE_TEST(test_continue_and_cached),
		FIXTURE_TEST(test_look),
		FIXTURE_TEST(test_failure),
		FIXTURE_TEST(test_until),
		FIXTURE_TEST(test_breakpoints),
		FIXTURE_TEST(test_breakpoint_numbers),
		FIXTURE_TEST(test_refused),
		FIXTURE_TEST(test_refused_directly),
		FIXTURE_TEST(test_command_in_event),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
