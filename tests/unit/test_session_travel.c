/* Going anywhere in a build: back, goto, rerun from the clean state, and what is kept of failures. */
#include "tests/unit/session_fixture.h"

#define GROWING                                                                                  \
	FIXTURE_SPEC FIXTURE_SHELL("echo 2 >> a; echo 2 > b") FIXTURE_SHELL("echo 3 >> a; rm b") \
		FIXTURE_SHELL("echo 4 >> a; mkdir d; echo 4 > d/c")

/* Every state is exactly what it was, whatever was run since; nothing is run to get there. */
static void test_states_are_exact(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, GROWING);
	fixture_run(fixture, "continue");
	fixture_forget(fixture);
	fixture_run(fixture, "goto 3");
	fixture_expect(fixture, "stopped 3 step\n");
	fixture_expect_file(fixture, 3, "a", "2\n");
	fixture_expect_file(fixture, 3, "b", "2\n");
	fixture_run(fixture, "back");
	fixture_expect(fixture, "stopped 2 step\n");
	fixture_expect_file(fixture, 2, "a", NULL);
	fixture_expect_file(fixture, 4, "b", NULL);
	fixture_expect_file(fixture, 4, "a", "2\n3\n");
	fixture_expect_file(fixture, 5, "a", "2\n3\n4\n");
	fixture_expect_file(fixture, 5, "d/c", "4\n");
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 2 passed 0\nstep-cached 3 passed 0\n"
				"step-cached 4 passed 0\nstopped 5 end\n");
	fixture_run(fixture, "back");
	fixture_expect(fixture, "stopped 4 step\n");
	fixture_expect_step(fixture, 2, STEP_PASSED, 0);
}

/* A new session goes to a state that an earlier one made; where there is none it says why. */
static void test_goto_needs_a_state(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, GROWING);
	fixture_refuse(fixture, "back", ERR_USAGE, "this is the first step");
	fixture_refuse(fixture, "goto 3", ERR_STEP,
		       "there is no state before step 3 yet: step 1 has not passed (`until 3` runs "
		       "what is missing)");
	assert_int_equal(session_position(fixture->session), 1);
	fixture_run(fixture, "until 3");
	fixture_load(fixture, GROWING);
	fixture_run(fixture, "goto 3");
	fixture_expect(fixture, "stopped 3 step\n");
	fixture_expect_file(fixture, 3, "a", "2\n");
	fixture_expect_step(fixture, 2, STEP_CACHED, 0);
	fixture_refuse(fixture, "goto 4", ERR_STEP,
		       "there is no state before step 4 yet: step 3 has not passed (`until 4` runs "
		       "what is missing)");
	assert_int_equal(session_position(fixture->session), 3);
}

/* A step that appends, run three times from the clean state, has appended once; each time is an
 * attempt of its own. */
static void test_rerun_is_clean(void **state)
{
	struct fixture *fixture = *state;
	int64_t attempt = 0;

	fixture_load(fixture, GROWING);
	fixture_run(fixture, "continue");
	fixture_forget(fixture);
	for (int round = 0; round < 3; round++) {
		fixture_run(fixture, "rerun 3");
		fixture_expect(fixture, "step-started 3\nstep-ended 3 passed 0\nstopped 4 step\n");
		fixture_expect_file(fixture, 4, "a", "2\n3\n");
		assert_true(session_step(fixture->session, 3)->attempt > attempt);
		attempt = session_step(fixture->session, 3)->attempt;
	}
	fixture_expect_step(fixture, 3, STEP_PASSED, 0);
	fixture_expect_step(fixture, 4, STEP_PASSED, STEP_STALE);
	assert_null(session_state_before(fixture->session, 5));
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 4 passed 0\nstopped 5 end\n");
	fixture_expect_step(fixture, 4, STEP_PASSED, 0);
	fixture_expect_file(fixture, 5, "a", "2\n3\n4\n");
}

/* Without an argument `rerun` takes the present step; at the end there is none. */
static void test_rerun_present(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, GROWING);
	fixture_refuse(fixture, "rerun 2", ERR_STEP,
		       "there is no state before step 2 yet: step 1 has not passed (`until 2` runs "
		       "what is missing)");
	fixture_run(fixture, "rerun");
	fixture_run(fixture, "rerun");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\nstopped 2 step\n"
				"step-started 2\nstep-ended 2 passed 0\nstopped 3 step\n");
	fixture_run(fixture, "continue");
	fixture_refuse(fixture, "rerun", ERR_USAGE, "there is no step 5: the build has 4");
	fixture_forget(fixture);
}

/* A step whose outcome is decided by hand: it asks for a line on its terminal. */
#define ASKING                                                                  \
	FIXTURE_SPEC FIXTURE_SHELL("echo ask > a; echo ready; read x; exit $x") \
		FIXTURE_SHELL("true")

static void answer(struct fixture *fixture, const char *text)
{
	struct err err = {0};

	fixture_await(fixture, "ready");
	if (session_type(fixture->session, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
	fixture_finish(fixture);
}

/* Runs the build to behind that step, which passes. */
static void pass_asking(struct fixture *fixture)
{
	fixture->options.interactive = true;
	fixture_load(fixture, ASKING);
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	answer(fixture, "0\n");
}

/* A step that passed and then fails when it is run again: the failure is what is shown, looking
 * does not change that, and the cache still has the result of its key. */
static void test_failure_after_pass(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	pass_asking(fixture);
	fixture_forget(fixture);
	fixture_start(fixture, "rerun 2");
	answer(fixture, "3\n");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 failed 3\nstopped 2 failed\n");
	fixture_expect_step(fixture, 2, STEP_FAILED, 0);
	assert_int_equal(session_look(fixture->session, &err), 0);
	fixture_expect_step(fixture, 2, STEP_FAILED, 0);
	assert_int_equal(session_step(fixture->session, 2)->exit_status, 3);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-cached 2 passed 0\nstopped 3 step\n");
	fixture_expect_step(fixture, 2, STEP_CACHED, 0);
}

/* Looking at all steps does not change what is said of the one that runs. */
static void test_look_while_running(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	pass_asking(fixture);
	fixture_load(fixture, ASKING);
	fixture_start(fixture, "rerun 2");
	fixture_await(fixture, "ready");
	assert_int_equal(session_look(fixture->session, &err), 0);
	fixture_expect_step(fixture, 2, STEP_RUNNING, 0);
	answer(fixture, "3\n");
	fixture_expect_step(fixture, 2, STEP_FAILED, 0);
}

/* Another process records a result of the step with this status, without a change of any tree. */
static void record_elsewhere(struct fixture *fixture, const struct step_status *status)
{
	struct store *store = host_store(fixture->host);
	struct attempt attempt = {.name = mem_strdup(""), .action = mem_strdup("")};
	struct attempt_draft draft;
	struct err err = {0};

	memcpy(attempt.key, status->key, sizeof attempt.key);
	state_init(&attempt.before);
	state_init(&attempt.after);
	assert_int_equal(attempt_begin(store, 80, 24, &draft, &err), 0);
	assert_int_equal(attempt_commit(store, &draft, &attempt, &err), 0);
	attempt_release(&attempt);
}

/* Nor does it change the state that the running step stands on, whatever was recorded since. */
static void test_state_of_running_step(void **state)
{
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct err err = {0};

	fixture->options.interactive = true;
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo 2 > a")
				      FIXTURE_SHELL("echo ready; read x; cat a"));
	fixture_run(fixture, "until 3");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	record_elsewhere(fixture, session_step(fixture->session, 2));
	assert_int_equal(session_look(fixture->session, &err), 0);
	answer(fixture, "\n");
	assert_int_equal(
		store_get_attempt(host_store(fixture->host), fixture->last_attempt, &attempt, &err),
		1);
	assert_int_equal(attempt.step, 3);
	assert_int_equal(attempt.before.chain[TREE_WORKSPACE].len, 1);
	fixture_expect_file(fixture, 4, "a", "2\n");
	attempt_release(&attempt);
}

/* With --no-cache a step is run again although the store has it, until it has passed here. */
static void test_no_cache(void **state)
{
	struct fixture *fixture = *state;

	fixture->options.interactive = true;
	fixture_load(fixture, ASKING);
	fixture_run(fixture, "next");
	fixture_start(fixture, "continue");
	answer(fixture, "0\n");
	fixture->options.no_cache_from = 2;
	fixture_load(fixture, ASKING);
	fixture_start(fixture, "continue");
	answer(fixture, "4\n");
	fixture_expect(fixture, "step-cached 1 passed 0\n"
				"step-started 2\nstep-ended 2 failed 4\nstopped 2 failed\n");
	fixture_start(fixture, "continue");
	answer(fixture, "0\n");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\n"
				"step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
	fixture_run(fixture, "goto 2");
	fixture_forget(fixture);
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 2 passed 0\nstep-cached 3 passed 0\nstopped 4 end\n");
	fixture_expect_step(fixture, 3, STEP_PASSED, 0);
}

/* Failed attempts keep their trees in the store, each its own. */
static void test_failed_trees_are_kept(void **state)
{
	struct fixture *fixture = *state;
	int layers_fd = store_layers_fd(host_store(fixture->host));

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo half > a; echo t > /tmp/t; exit 1"));
	fixture_run(fixture, "next");
	for (int round = 0; round < 2; round++) {
		AUTO_FREE char *path = NULL, *content = NULL, *tmp = NULL;
		struct attempt attempt;
		struct err err = {0};

		fixture_run(fixture, "next");
		assert_int_equal(store_get_attempt(host_store(fixture->host), fixture->last_attempt,
						   &attempt, &err),
				 1);
		path = mem_printf("%s/workspace/a", attempt.id);
		content = fixture_read_at(layers_fd, path);
		assert_string_equal(content, "half\n");
		assert_true(attempt.has_tmp);
		tmp = mem_printf("%s/tmp/t", attempt.id);
		assert_int_equal(faccessat(layers_fd, tmp, F_OK, 0), 0);
		attempt_release(&attempt);
	}
	fixture_expect_file(fixture, 2, "a", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_states_are_exact),	  FIXTURE_TEST(test_goto_needs_a_state),
		FIXTURE_TEST(test_rerun_is_clean),	  FIXTURE_TEST(test_rerun_present),
		FIXTURE_TEST(test_failure_after_pass),	  FIXTURE_TEST(test_look_while_running),
		FIXTURE_TEST(test_state_of_running_step), FIXTURE_TEST(test_no_cache),
		FIXTURE_TEST(test_failed_trees_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
