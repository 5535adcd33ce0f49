/* Files that take long to be read, at a debugger: they are read by a child. */
#include "tests/unit/session_fixture.h"

#define COPY FIXTURE_SPEC "- action: copy\n  from: huge\n" FIXTURE_SHELL("test -f huge")

/* Bytes of a file: more than a person is kept waiting for; and so many that they are never all read. */
static const off_t many = (off_t)65 << 20, endless = (off_t)4 << 40;

static void make_huge(struct fixture *fixture, off_t size)
{
	AUTO_FREE char *path = fixture_path(fixture, "huge");

	fixture_write(fixture, "huge", "");
	assert_int_equal(truncate(path, size), 0);
}

/* Opens the debugger. */
static void open_debugger(struct fixture *fixture)
{
	AUTO_BUF struct buf notes = BUF_INIT;
	struct err err = {0};

	fixture_load(fixture, COPY);
	assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
}

/* Goes to before step 2, whose files are not known. */
static void set_up(struct fixture *fixture, off_t size)
{
	make_huge(fixture, size);
	open_debugger(fixture);
	fixture_run(fixture, "next");
	fixture_forget(fixture);
}

/* Starts reading, and turns the loop until the child has told that it does. */
static void start_reading(struct fixture *fixture)
{
	uint64_t done, all;

	fixture_start(fixture, "next");
	while (!fixture->progress)
		loop_turn(fixture->loop, -1);
	fixture_expect(fixture, "step-reading 2\n");
	assert_true(session_is_reading(fixture->session, &done, &all));
	assert_true(done > 0);
	assert_int_equal(all, endless);
	assert_int_equal(session_state(fixture->session), SESSION_RUNNING);
}

/* The step runs when they are read, and what was read is remembered, unless it had only just changed. */
static void test_read_once(void **state)
{
	struct fixture *fixture = *state;
	int64_t deadline = loop_now_ms() + FIXTURE_PATIENCE_MS;
	AUTO_FREE char *path = NULL;
	struct stat status;

	set_up(fixture, many);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-reading 2\nstep-started 2\nstep-ended 2 passed 0\n"
				"stopped 3 step\n");
	path = fixture_file_path(fixture, 3, "huge");
	assert_int_equal(fstatat(store_layers_fd(host_store(fixture->host)), path, &status, 0), 0);
	assert_int_equal(status.st_size, many);
	open_debugger(fixture);
	while (session_step(fixture->session, 2)->result != STEP_CACHED) {
		assert_true(loop_now_ms() < deadline);
		fixture_expect_step(fixture, 2, STEP_PENDING, 0);
		fixture_run(fixture, "next");
		fixture_run(fixture, "next");
		fixture_expect(fixture, "step-cached 1 passed 0\nstopped 2 step\n"
					"step-reading 2\nstep-cached 2 passed 0\nstopped 3 step\n");
		open_debugger(fixture);
	}
}

/* A file whose time is yet to come is never remembered: it is read all the same, and once. */
static void test_future(void **state)
{
	const struct timespec times[2] = {{.tv_sec = INT64_C(4102444800)},
					  {.tv_sec = INT64_C(4102444800)}};
	struct fixture *fixture = *state;
	AUTO_FREE char *path = fixture_path(fixture, "huge");

	set_up(fixture, many);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-reading 2\nstep-started 2\nstep-ended 2 passed 0\n"
				"stopped 3 step\n");
}

/* Who kills it stands before the step, as if nothing had been read; and can try again. */
static void test_kill(void **state)
{
	struct fixture *fixture = *state;

	set_up(fixture, endless);
	start_reading(fixture);
	fixture_refuse(fixture, "pause", ERR_USAGE, "step 2 has no process to pause");
	fixture_refuse(fixture, "goto 1", ERR_USAGE, "goto: step 2 is running");
	fixture_run(fixture, "kill");
	fixture_expect(fixture, "stopped 2 killed\n");
	fixture_expect_step(fixture, 2, STEP_PENDING, 0);
	start_reading(fixture);
	fixture_run(fixture, "kill");
	fixture_forget(fixture);
	make_huge(fixture, 5);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 step\n");
}

/* The end of a session is the child's, which the fixture would miss. */
static void test_leave(void **state)
{
	struct fixture *fixture = *state;

	set_up(fixture, endless);
	start_reading(fixture);
	session_end_run(fixture->session, FIXTURE_PATIENCE_MS);
	fixture_expect(fixture, "stopped 2 killed\n");
	start_reading(fixture);
	fixture_end_session(fixture);
}

/* What the child fails at is the step's failure. */
static void test_changed(void **state)
{
	struct fixture *fixture = *state;

	set_up(fixture, endless);
	start_reading(fixture);
	make_huge(fixture, 0);
	fixture_finish(fixture);
	fixture_expect(fixture, "stopped 2 error\n");
	assert_non_null(strstr(fixture->stop_text, "changed while it was read"));
	fixture_expect_step(fixture, 2, STEP_PENDING, 0);
}

/* An archive may be another one by then: it is that one that is used. */
static void test_other_archive(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *huge = fixture_path(fixture, "huge");
	AUTO_FREE char *good = fixture_path(fixture, "systree.tar");
	AUTO_BUF struct buf notes = BUF_INIT;
	struct err err = {0};

	make_huge(fixture, endless);
	fixture_load(fixture, "name: test\nactions:\n- action: create-systree\n  path: huge\n"
			      "- action: empty-workspace\n");
	assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
	fixture_start(fixture, "next");
	while (!fixture->progress)
		loop_turn(fixture->loop, -1);
	assert_int_equal(truncate(huge, 0), 0);
	assert_int_equal(unlink(huge), 0);
	assert_int_equal(link(good, huge), 0);
	fixture_finish(fixture);
	fixture_expect(fixture, "step-reading 1\nstep-started 1\nstep-ended 1 passed 0\n"
				"stopped 2 step\n");
}

/* Nobody waits for files to go elsewhere: what does not run the step says what does. */
static void test_not_known(void **state)
{
	struct fixture *fixture = *state;

	set_up(fixture, endless);
	fixture_refuse(fixture, "goto 3", ERR_UNREAD, "the files of step 2");
	fixture_expect_step(fixture, 2, STEP_PENDING, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_read_once), FIXTURE_TEST(test_future),
		FIXTURE_TEST(test_kill),      FIXTURE_TEST(test_leave),
		FIXTURE_TEST(test_changed),   FIXTURE_TEST(test_other_archive),
		FIXTURE_TEST(test_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
