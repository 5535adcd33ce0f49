/* Breakpoints in a running session: when they stop, on what they look, and what they say. */
#include "tests/unit/session_fixture.h"

#define THREE_STEPS                                                   \
	FIXTURE_SPEC FIXTURE_SHELL("echo second") "- action: shell\n" \
						  "  name: third\n"   \
						  "  shell: echo last line\n"

/* Before its step while running, and as such when single steps come there. */
static void test_next_comes_to_a_breakpoint(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, THREE_STEPS);
	fixture_start(fixture, "break 2");
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\nstopped 2 breakpoint\n");
	assert_int_equal(session_breakpoints(fixture->session)->items[0].hits, 1);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 step\n");
}

/* A condition on the outcome stops behind its step, whether it ran or was cached. */
static void test_after_a_step(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, THREE_STEPS);
	fixture_start(fixture, "break 2 if exit == 0 && output ~ /^sec+ond$/");
	fixture_start(fixture, "break 2 if output ~ /nothing/");
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\n"
				"step-started 2\nstep-ended 2 passed 0\nstopped 3 breakpoint\n");
	fixture_run(fixture, "goto 1");
	fixture_forget(fixture);
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\nstep-cached 2 passed 0\n"
				"stopped 3 breakpoint\n");
}

/* At the end of the build it is the end that is told. */
static void test_after_the_last_step(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, THREE_STEPS);
	fixture_start(fixture, "break third if exit == 0");
	fixture_run(fixture, "until 3");
	fixture_forget(fixture);
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
	assert_int_equal(session_breakpoints(fixture->session)->items[0].hits, 1);
}

static void test_log(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, THREE_STEPS);
	fixture_start(fixture, "break shell log come to {name}");
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\nbreakpoint-log 2\n"
				"step-started 2\nstep-ended 2 passed 0\nbreakpoint-log 3\n"
				"step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
}

static void test_temporary(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, THREE_STEPS);
	fixture_start(fixture, "tbreak 2");
	fixture_run(fixture, "continue");
	assert_int_equal(session_breakpoints(fixture->session)->len, 0);
	fixture_run(fixture, "goto 1");
	fixture_forget(fixture);
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\n"
				"step-started 2\nstep-ended 2 passed 0\n"
				"step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
}

/* Backwards to what stops before a step; those that log, or act behind a step, do not. */
static void test_reverse_continue(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, THREE_STEPS);
	fixture_refuse(fixture, "reverse-continue", ERR_USAGE, "this is the first step");
	fixture_run(fixture, "continue");
	fixture_forget(fixture);
	fixture_start(fixture, "break 2");
	fixture_start(fixture, "break 3 log x");
	fixture_start(fixture, "break fail");
	fixture_run(fixture, "reverse-continue");
	fixture_expect(fixture, "stopped 2 step\n");
	fixture_run(fixture, "rc");
	fixture_expect(fixture, "stopped 1 step\n");
}

/* What one session leaves, the next one finds: on the same file, and only when it asks. */
static void test_restore(void **state)
{
	struct fixture *fixture = *state;
	AUTO_BUF struct buf notes = BUF_INIT;
	struct err err = {0};

	fixture_load(fixture, THREE_STEPS);
	fixture_start(fixture, "break 3");
	fixture_start(fixture, "break fail");
	fixture_start(fixture, "delete 1");
	fixture_run(fixture, "until 2");
	assert_int_equal(session_save(fixture->session, &err), 0);

	fixture_load(fixture, THREE_STEPS);
	assert_int_equal(session_breakpoints(fixture->session)->len, 0);
	assert_int_equal(session_position(fixture->session), 1);
	assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
	assert_string_equal(notes.data, "");
	assert_int_equal(session_position(fixture->session), 2);
	assert_false(session_is_at_failure(fixture->session));
	assert_int_equal(session_breakpoints(fixture->session)->len, 1);
	assert_int_equal(session_breakpoints(fixture->session)->items[0].number, 2);
	fixture_expect(fixture, "");
}

/* A step that has failed since is where one wants to be; but only once. */
static void test_restore_at_a_new_failure(void **state)
{
	struct fixture *fixture = *state;
	AUTO_BUF struct buf notes = BUF_INIT;
	struct err err = {0};

	for (int i = 0; i < 2; i++) {
		fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("exit 7"));
		if (i == 0)
			fixture_run(fixture, "continue");
		else
			assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
		assert_int_equal(session_position(fixture->session), 2);
		assert_true(session_is_at_failure(fixture->session));
		fixture_run(fixture, "goto 1");
		assert_false(session_is_at_failure(fixture->session));
	}
	assert_int_equal(session_save(fixture->session, &err), 0);
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("exit 7"));
	assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
	assert_int_equal(session_position(fixture->session), 1);
}

/* Edits are found again where the file still has the text that they began with. */
static void test_restore_edits(void **state)
{
	static const char text[] = "action: shell\nshell: echo new\n";
	struct fixture *fixture = *state;
	struct diagnostics diagnostics = {0};
	AUTO_BUF struct buf notes = BUF_INIT;
	struct err err = {0};

	fixture_load(fixture, THREE_STEPS);
	assert_false(session_has_edits(fixture->session));
	assert_int_equal(
		session_replace_step(fixture->session, 2, text, strlen(text), &diagnostics, &err),
		0);
	assert_true(session_has_edits(fixture->session));
	assert_true(session_is_edited(fixture->session, 2));
	assert_false(session_is_edited(fixture->session, 3));
	assert_int_equal(session_save(fixture->session, &err), 0);

	fixture_load(fixture, THREE_STEPS);
	assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
	assert_string_equal(notes.data, "step 2 is edited, and not written yet\n");
	assert_true(session_is_edited(fixture->session, 2));
	fixture_start(fixture, "write");
	assert_false(session_has_edits(fixture->session));
	assert_int_equal(session_step(fixture->session, 2)->flags, 0);
	fixture_refuse(fixture, "write", ERR_USAGE, "no step is edited: there is nothing to write");
	assert_int_equal(session_save(fixture->session, &err), 0);

	fixture_load(fixture, THREE_STEPS);
	buf_clear(&notes);
	assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
	assert_string_equal(notes.data, "");
	assert_false(session_has_edits(fixture->session));
}

static void edit_and_save(struct session *session, size_t step)
{
	static const char text[] = "action: shell\nshell: echo new\n";
	struct diagnostics diagnostics = {0};
	struct err err = {0};

	assert_int_equal(
		session_replace_step(session, step, text, strlen(text), &diagnostics, &err), 0);
	assert_int_equal(session_save(session, &err), 0);
}

/* Two on the same file at once: the edits of neither are lost. */
static void test_edits_of_two_sessions(void **state)
{
	struct fixture *fixture = *state;
	AUTO_BUF struct buf notes = BUF_INIT;
	struct session *other;
	struct err err = {0};

	fixture_load(fixture, THREE_STEPS);
	other = take_ptr(&fixture->session);
	fixture_load(fixture, THREE_STEPS);
	edit_and_save(other, 2);
	edit_and_save(fixture->session, 3);
	assert_int_equal(session_save(other, &err), 0);
	session_free(other);

	fixture_load(fixture, THREE_STEPS);
	assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
	assert_true(session_is_edited(fixture->session, 2));
	assert_true(session_is_edited(fixture->session, 3));
}

/* Another value of a parameter makes the steps stale that have it, and those behind them. */
static void test_set(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture,
		     "name: test\nparameters:\n  word: one\nactions:\n"
		     "- action: create-systree\n  path: systree.tar\n" FIXTURE_SHELL("echo fix")
			     FIXTURE_SHELL("echo ${word} > a"));
	fixture_run(fixture, "continue");
	fixture_start(fixture, "set word=two");
	assert_int_equal(session_position(fixture->session), 2);
	fixture_run(fixture, "continue");
	fixture_expect_file(fixture, 4, "a", "two\n");
	fixture_refuse(fixture, "set word", ERR_USAGE, "usage: set NAME=VALUE");
	fixture_refuse(fixture, "set wort=x", ERR_USAGE,
		       "there is no parameter 'wort' (did you mean 'word'?)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_next_comes_to_a_breakpoint),
		FIXTURE_TEST(test_after_a_step),
		FIXTURE_TEST(test_after_the_last_step),
		FIXTURE_TEST(test_log),
		FIXTURE_TEST(test_temporary),
		FIXTURE_TEST(test_reverse_continue),
		FIXTURE_TEST(test_restore),
		FIXTURE_TEST(test_restore_at_a_new_failure),
		FIXTURE_TEST(test_restore_edits),
		FIXTURE_TEST(test_edits_of_two_sessions),
		FIXTURE_TEST(test_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
