/* Replacing a step's text in a session. */
#include "tests/unit/session_fixture.h"

#include "engine/spec/spec_edit.h"

#define FOUR_STEPS                                                            \
	FIXTURE_SPEC FIXTURE_SHELL("echo 2 > a") FIXTURE_SHELL("echo 3 >> a") \
		FIXTURE_SHELL("echo 4 >> a")

/* Replaces the text; the first diagnostic is put into ret_why, "" without one. */
static int replace(struct fixture *fixture, size_t step, const char *text, char ret_why[256],
		   struct err *err)
{
	struct diagnostics diagnostics = {0};
	int result =
		session_replace_step(fixture->session, step, text, strlen(text), &diagnostics, err);

	snprintf(ret_why, 256, "%s", diagnostics.len ? diagnostics.items[0].text : "");
	diagnostics_release(&diagnostics);
	return result;
}

static void replace_well(struct fixture *fixture, size_t step, const char *text)
{
	struct err err = {0};
	char why[256];

	if (replace(fixture, step, text, why, &err) < 0)
		fail_msg("%s %s", err.text, why);
	assert_string_equal(why, "");
}

/* The position moves back, results before the step stay, those behind it are stale, and what
 * the file says does not change. */
static void test_replace(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *file = NULL;
	int64_t second;

	fixture_load(fixture, FOUR_STEPS);
	fixture_run(fixture, "continue");
	second = session_step(fixture->session, 2)->attempt;
	fixture_forget(fixture);
	replace_well(fixture, 3, "action: shell\nshell: echo new >> a\n");
	fixture_expect(fixture, "");
	assert_int_equal(session_position(fixture->session), 3);
	fixture_expect_step(fixture, 2, STEP_PASSED, 0);
	fixture_expect_step(fixture, 3, STEP_PASSED, STEP_EDITED);
	fixture_expect_step(fixture, 4, STEP_PASSED, STEP_STALE);
	assert_null(session_state_before(fixture->session, 4));
	fixture_expect_file(fixture, 3, "a", "2\n");
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-started 3\nstep-ended 3 passed 0\n"
				"step-started 4\nstep-ended 4 passed 0\nstopped 5 end\n");
	fixture_expect_file(fixture, 5, "a", "2\nnew\n4\n");
	fixture_expect_step(fixture, 3, STEP_PASSED, STEP_EDITED);
	fixture_expect_step(fixture, 4, STEP_PASSED, 0);
	assert_int_equal(session_step(fixture->session, 2)->attempt, second);
	file = fixture_read_at(AT_FDCWD, fixture->spec_path);
	assert_string_equal(file, FOUR_STEPS);
}

/* An edit behind the position does not move it; taken back, the old results are found. */
static void test_replace_ahead_and_back(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FOUR_STEPS);
	fixture_run(fixture, "continue");
	fixture_run(fixture, "goto 2");
	replace_well(fixture, 4, "action: shell\nshell: echo new > b\n");
	assert_int_equal(session_position(fixture->session), 2);
	fixture_run(fixture, "continue");
	fixture_forget(fixture);
	replace_well(fixture, 4, "action: shell\nshell: echo 4 >> a\n");
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 4 passed 0\nstopped 5 end\n");
	fixture_expect_step(fixture, 4, STEP_CACHED, STEP_EDITED);
	fixture_expect_file(fixture, 5, "a", "2\n3\n4\n");
	fixture_expect_file(fixture, 5, "b", NULL);
}

/* A text that is not valid changes nothing, and it is said what is wrong with it. */
static void test_replace_invalid(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};
	char why[256];

	fixture_load(fixture, FOUR_STEPS);
	fixture_run(fixture, "continue");
	assert_int_equal(replace(fixture, 3, "action: shell\nshel: x\n", why, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.text, "the new text of step 3 is not valid");
	assert_string_equal(why, "action 'shell' needs 'shell'");
	assert_int_equal(replace(fixture, 3, "action: [", why, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(why, "");
	assert_int_equal(replace(fixture, 3, "", why, &err), -1);
	assert_int_equal(replace(fixture, 9, "action: x", why, &err), -1);
	assert_string_equal(err.text, "there is no step 9: the build has 4");
	assert_int_equal(session_position(fixture->session), 5);
	fixture_expect_step(fixture, 3, STEP_PASSED, 0);
	fixture_expect_step(fixture, 4, STEP_PASSED, 0);
	fixture_expect_file(fixture, 5, "a", "2\n3\n4\n");
	assert_string_equal(session_spec(fixture->session)->text.data, FOUR_STEPS);
	fixture_forget(fixture);
}

/* One step stays one step, whatever is tried. */
static void test_replace_keeps_count(void **state)
{
	static const char *const texts[] = {
		"action: shell\nshell: a\n- action: shell\n  shell: b\n",
		"- action: shell\n  shell: a\n- action: shell\n  shell: b\n",
		"action: shell\nshell: a\n---\naction: shell\nshell: b\n",
		"{action: shell, shell: a}\n- {action: shell, shell: b}\n",
		"# nothing\n",
		"null\n",
		"[]\n",
		"*x\n",
	};
	struct fixture *fixture = *state;

	fixture_load(fixture, FOUR_STEPS);
	fixture_run(fixture, "until 3");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct err err = {0};
		char why[256];

		if (replace(fixture, 2, texts[i], why, &err) == 0)
			fail_msg("accepted: %s", texts[i]);
		assert_int_equal(err.code, ERR_USAGE);
		assert_int_equal(session_spec(fixture->session)->n_steps, 4);
	}
	fixture_forget(fixture);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 3\nstep-ended 3 passed 0\nstopped 4 step\n");
}

/* An edit that the key does not depend on: the result is the one that was. */
static void test_replace_name(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FOUR_STEPS);
	fixture_run(fixture, "continue");
	fixture_forget(fixture);
	replace_well(fixture, 3, "name: other\nnote: told\naction: shell\nshell: echo 3 >> a\n");
	assert_string_equal(session_spec(fixture->session)->steps[2].name, "other");
	fixture_start(fixture, "break other");
	fixture_run(fixture, "goto 1");
	fixture_run(fixture, "continue");
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "stopped 1 step\nstep-cached 1 passed 0\n"
				"step-cached 2 passed 0\nstopped 3 breakpoint\n"
				"step-cached 3 passed 0\nstep-cached 4 passed 0\nstopped 5 end\n");
}

/* With --no-cache an edited step is run, though the store has a result for its new text. */
static void test_replace_without_cache(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo new > a") FIXTURE_SHELL("cat a"));
	fixture_run(fixture, "continue");
	fixture->options.no_cache_from = 2;
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo old > a") FIXTURE_SHELL("cat a"));
	fixture_run(fixture, "continue");
	fixture_forget(fixture);
	replace_well(fixture, 2, "action: shell\nshell: echo new > a\n");
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\n"
				"step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
}

/* Where the step failed, its new text runs on the clean state. */
static void test_replace_after_failure(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo bad > a; exit 1"));
	fixture_run(fixture, "continue");
	fixture_forget(fixture);
	replace_well(fixture, 2, "action: shell\nshell: test ! -e a; echo good > a\n");
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
	fixture_expect_file(fixture, 3, "a", "good\n");
}

/* While a step runs, those behind it can be edited, and then run with the new text; it, and what it stands on, cannot. */
static void test_replace_while_running(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};
	char why[256];

	fixture->options.interactive = true;
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo ready; read x; echo 2 > a")
				      FIXTURE_SHELL("echo 3 >> a") FIXTURE_SHELL("echo 4 >> a"));
	fixture_start(fixture, "continue");
	fixture_await(fixture, "ready");
	assert_int_equal(replace(fixture, 2, "action: shell\nshell: x\n", why, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.text, "step 2 cannot be edited while step 2 is running or paused, "
				      "only those behind that: wait, or `kill` it");
	assert_int_equal(replace(fixture, 1, "action: empty-workspace\n", why, &err), -1);
	replace_well(fixture, 3, "action: shell\nshell: echo new >> a\n");
	assert_int_equal(session_state(fixture->session), SESSION_RUNNING);
	assert_int_equal(session_position(fixture->session), 2);
	fixture_expect_step(fixture, 2, STEP_RUNNING, 0);
	fixture_expect_step(fixture, 3, STEP_PENDING, STEP_EDITED);
	assert_int_equal(session_type(fixture->session, "\n", 1, &err), 0);
	fixture_finish(fixture);
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\n"
				"step-started 2\nstep-ended 2 passed 0\n"
				"step-started 3\nstep-ended 3 passed 0\n"
				"step-started 4\nstep-ended 4 passed 0\nstopped 5 end\n");
	fixture_expect_file(fixture, 5, "a", "2\nnew\n4\n");
}

/* Edits a step twice as soon as another one runs. */
static void edit_twice(struct fixture *fixture, const struct event *event)
{
	if (event->type != EVENT_STEP_STARTED)
		return;
	replace_well(fixture, 2, "action: shell\nshell: echo once\n");
	replace_well(fixture, 2, "action: shell\nshell: echo twice\n");
}

/* A running step needs the text that it was begun with to its end: here to say which archive is damaged. */
static void test_replace_keeps_text_of_running(void **state)
{
	struct fixture *fixture = *state;

	fixture_write(fixture, "bad.tar", "this is no archive");
	fixture_load(fixture, "name: test\nactions:\n- action: unpack-artifact\n"
			      "  path: bad.tar\n" FIXTURE_SHELL("true"));
	replace_well(fixture, 2, "action: shell\nshell: echo before\n");
	fixture->hook = edit_twice;
	fixture_run(fixture, "next");
	fixture->hook = NULL;
	assert_int_equal(fixture->reason, STOP_FAILED);
	assert_non_null(strstr(fixture->stop_text, "cannot unpack bad.tar: "));
	assert_non_null(strstr(session_spec(fixture->session)->text.data, "echo twice"));
	fixture_forget(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_replace),
		FIXTURE_TEST(test_replace_ahead_and_back),
		FIXTURE_TEST(test_replace_invalid),
		FIXTURE_TEST(test_replace_keeps_count),
		FIXTURE_TEST(test_replace_name),
		FIXTURE_TEST(test_replace_without_cache),
		FIXTURE_TEST(test_replace_after_failure),
		FIXTURE_TEST(test_replace_while_running),
		FIXTURE_TEST(test_replace_keeps_text_of_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
