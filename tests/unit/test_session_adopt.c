/* What a shell changed becomes the result of its step, if the person says so. */
#include "tests/unit/shell_fixture.h"

#define THREE_STEPS                                                                  \
	FIXTURE_SPEC FIXTURE_SHELL("echo 2 > a") FIXTURE_SHELL("echo 3 >> a; false") \
		FIXTURE_SHELL("cat a > b")

/* Runs a script in a state and keeps what it changed; returns whether that was anything. */
static bool change(struct fixture *fixture, size_t step, enum shell_where where, const char *script)
{
	struct visit visit;
	bool kept;

	visit_init(&visit, fixture, step, where);
	strv_add_all(&visit.command, "sh", "-c", script, NULL);
	visit_start(&visit);
	visit_finish(&visit);
	kept = shell_keep(visit.shell);
	visit_release(&visit);
	return kept;
}

static void load_and_fail(struct fixture *fixture)
{
	fixture_load(fixture, THREE_STEPS);
	fixture_run(fixture, "continue");
	assert_int_equal(fixture->reason, STOP_FAILED);
	fixture_forget(fixture);
}

/* The build goes on from each of the three states, with what the shell left in it. */
static void test_each_state(void **state)
{
	static const struct {
		size_t step;
		enum shell_where where;
		const char *line, *a;
	} cases[] = {
		{3, SHELL_FAILED, "adopt", "2\n3\nmine\n"},
		{3, SHELL_BEFORE, "adopt 3", "2\nmine\n"},
		{2, SHELL_AFTER, "adopt 2", "2\nmine\n"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		load_and_fail(fixture);
		assert_true(change(fixture, cases[i].step, cases[i].where, "echo mine >> a"));
		fixture_start(fixture, cases[i].line);
		fixture_expect_step(fixture, cases[i].step, STEP_PASSED, STEP_ADOPTED);
		assert_int_equal(session_position(fixture->session), cases[i].step + 1);
		assert_false(session_is_at_failure(fixture->session));
		fixture_expect_file(fixture, cases[i].step + 1, "a", cases[i].a);
		fixture_verify(fixture);
	}
}

/* What follows runs on it, and neither is found by a later session. */
static void test_never_enters_the_cache(void **state)
{
	struct fixture *fixture = *state;
	struct attempt attempt = {0};
	struct err err = {0};

	load_and_fail(fixture);
	change(fixture, 3, SHELL_FAILED, "echo mine > a; echo t > /etc/t");
	fixture_start(fixture, "adopt");
	fixture_run(fixture, "continue");
	assert_int_equal(fixture->reason, STOP_END);
	fixture_expect_file(fixture, 5, "b", "mine\n");
	fixture_expect_step(fixture, 4, STEP_PASSED, 0);
	fixture_load(fixture, THREE_STEPS);
	assert_int_equal(session_look(fixture->session, &err), 0);
	fixture_expect_step(fixture, 2, STEP_CACHED, 0);
	fixture_expect_step(fixture, 3, STEP_FAILED, 0);
	fixture_expect_step(fixture, 4, STEP_PENDING, 0);
	assert_int_equal(store_find_latest_of_step(host_store(fixture->host), fixture->spec_path, 3,
						   &attempt, &err),
			 1);
	assert_true(attempt.adopted);
	attempt_release(&attempt);
}

/* Steps behind it become stale; run again, the step gives what it gives by itself. */
static void test_stale_and_run_again(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo 2 > a") FIXTURE_SHELL("cat a > b"));
	fixture_run(fixture, "continue");
	change(fixture, 2, SHELL_AFTER, "echo mine > a");
	fixture_start(fixture, "adopt");
	fixture_expect_step(fixture, 3, STEP_PASSED, STEP_STALE);
	fixture_run(fixture, "next");
	fixture_expect_file(fixture, 4, "b", "mine\n");
	fixture_run(fixture, "goto 2");
	fixture_run(fixture, "next");
	fixture_expect_step(fixture, 2, STEP_CACHED, 0);
	fixture_expect_file(fixture, 3, "a", "2\n");
	assert_null(session_state_before(fixture->session, 4));
}

/* Without a word they are dropped by the next command that runs something; nothing is left. */
static void test_dropped(void **state)
{
	struct fixture *fixture = *state;

	load_and_fail(fixture);
	assert_int_equal(session_adoptable(fixture->session), 0);
	assert_true(change(fixture, 3, SHELL_FAILED, "echo mine > a"));
	assert_int_equal(session_adoptable(fixture->session), 3);
	assert_true(change(fixture, 2, SHELL_AFTER, "echo mine > a"));
	assert_int_equal(session_adoptable(fixture->session), 2);
	fixture_run(fixture, "rerun 3");
	assert_int_equal(session_adoptable(fixture->session), 0);
	fixture_refuse(fixture, "adopt", ERR_USAGE, "there is nothing to adopt");
	assert_true(change(fixture, 3, SHELL_FAILED, "echo mine > a"));
	fixture_end_session(fixture);
	fixture_verify(fixture);
}

static void test_refused(void **state)
{
	struct fixture *fixture = *state;

	load_and_fail(fixture);
	assert_false(change(fixture, 3, SHELL_FAILED, "cat a"));
	fixture_refuse(fixture, "adopt", ERR_USAGE, "there is nothing to adopt");
	assert_true(change(fixture, 3, SHELL_FAILED, "echo mine > a"));
	fixture_refuse(fixture, "adopt 2", ERR_USAGE,
		       "the shell that ended last was one in step 3: `adopt 3`");
	fixture_start(fixture, "adopt 3");
	fixture_refuse(fixture, "adopt", ERR_USAGE, "there is nothing to adopt");
}

/* Of a position that is kept without a word in it nothing is taken. */
static void test_empty_position(void **state)
{
	struct fixture *fixture = *state;
	AUTO_BUF struct buf notes = BUF_INIT;
	struct err err = {0};

	fixture_load(fixture, THREE_STEPS);
	assert_int_equal(store_set_session(host_store(fixture->host), fixture->spec_path,
					   "position", "", &err),
			 0);
	assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
	assert_int_equal(session_position(fixture->session), 1);
	assert_string_equal(notes.data, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_each_state),
		FIXTURE_TEST(test_never_enters_the_cache),
		FIXTURE_TEST(test_stale_and_run_again),
		FIXTURE_TEST(test_dropped),
		FIXTURE_TEST(test_refused),
		FIXTURE_TEST(test_empty_position),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
