/* Files that take long to be read, at a debugger: they are read by a child. */
#include "tests/unit/shell_fixture.h"

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
static void open_on(struct fixture *fixture, const char *spec)
{
	AUTO_BUF struct buf notes = BUF_INIT;
	struct err err = {0};

	fixture_load(fixture, spec);
	assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
}

static void open_debugger(struct fixture *fixture)
{
	open_on(fixture, COPY);
}

/* Gives the file other times: what is in it is not known any more. */
static void touch_huge(struct fixture *fixture, int64_t time_s)
{
	const struct timespec times[2] = {{.tv_sec = time_s}, {.tv_sec = time_s}};
	AUTO_FREE char *path = fixture_path(fixture, "huge");

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
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
	struct fixture *fixture = *state;

	set_up(fixture, many);
	touch_huge(fixture, INT64_C(4102444800));
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

/* What stands behind files that are not read yet may be cached: a secret that it would need is not asked for. */
static void test_secret_behind(void **state)
{
	struct fixture *fixture = *state;

	make_huge(fixture, endless);
	open_on(fixture, "secrets: [key]\n" COPY "  secrets: [key]\n");
	fixture_run(fixture, "next");
	fixture_forget(fixture);
	fixture_start(fixture, "continue");
	while (!fixture->progress)
		loop_turn(fixture->loop, -1);
	fixture_run(fixture, "kill");
	fixture_expect(fixture, "step-reading 2\nstopped 2 killed\n");
}

/* Nor is it taken away by the limit of the store's size, before it is known to be of use. */
static void test_kept_behind(void **state)
{
	struct fixture *fixture = *state;

	make_huge(fixture, many);
	fixture_load(fixture, COPY);
	fixture_run(fixture, "continue");
	fixture_reap(fixture);
	fixture_close_host(fixture);
	touch_huge(fixture, 1000000000);
	fixture_open_host(fixture);
	fixture->options.store_size = 1;
	open_debugger(fixture);
	fixture_forget(fixture);
	fixture_run(fixture, "continue");
	assert_non_null(strstr(fixture->events.data, "step-cached 2 passed 0\n"));
	assert_non_null(strstr(fixture->events.data, "step-cached 3 passed 0\n"));
	fixture_forget(fixture);
}

/* Makes the failed step's result by hand. */
static void adopt_failed(struct fixture *fixture, size_t step)
{
	struct visit visit;

	visit_init(&visit, fixture, step, SHELL_FAILED);
	strv_add_all(&visit.command, "sh", "-c", "echo mine >mine", NULL);
	visit_start(&visit);
	visit_finish(&visit);
	assert_true(shell_keep(visit.shell));
	visit_release(&visit);
	fixture_start(fixture, "adopt");
	fixture_expect_step(fixture, step, STEP_PASSED, STEP_ADOPTED);
}

/* A result that was adopted is found again when they are read, in the next session or a later one. */
static void test_adopted_behind(void **state)
{
	static const char spec[] =
		FIXTURE_SPEC "- action: copy\n  from: huge\n" FIXTURE_SHELL("false");
	struct fixture *fixture = *state;
	struct err err = {0};

	make_huge(fixture, many);
	open_on(fixture, spec);
	fixture_run(fixture, "continue");
	adopt_failed(fixture, 3);
	assert_int_equal(session_save(fixture->session, &err), 0);
	touch_huge(fixture, 1000000000);
	for (int i = 0; i < 2; i++) {
		open_on(fixture, spec);
		fixture_expect_step(fixture, 3, STEP_PENDING, 0);
		assert_int_equal(session_save(fixture->session, &err), 0);
	}
	fixture_run(fixture, "until 3");
	fixture_expect_step(fixture, 3, STEP_PASSED, STEP_ADOPTED);
	fixture_forget(fixture);
}

/* Somebody changes it, as soon as it is being read. */
static void change_huge(struct fixture *fixture, const struct event *event)
{
	uint64_t done, all;

	if (event->type != EVENT_STEP_READING)
		return;
	assert_true(session_is_reading(fixture->session, &done, &all));
	assert_int_equal(all, many);
	touch_huge(fixture, 1000000000 + ++fixture->hook_count);
}

/* A file that is being written is not read for ever. */
static void test_always_changed(void **state)
{
	struct fixture *fixture = *state;

	make_huge(fixture, many);
	open_on(fixture, "name: test\nactions:\n- action: create-systree\n  path: huge\n");
	fixture->hook = change_huge;
	fixture_run(fixture, "next");
	fixture_expect(fixture,
		       "step-reading 1\nstep-reading 1\nstep-reading 1\nstopped 1 error\n");
	assert_int_equal(fixture->stop_err.code, ERR_STEP);
	assert_non_null(strstr(fixture->stop_text, "try again when nobody writes them"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_read_once),	   FIXTURE_TEST(test_future),
		FIXTURE_TEST(test_kill),	   FIXTURE_TEST(test_leave),
		FIXTURE_TEST(test_changed),	   FIXTURE_TEST(test_other_archive),
		FIXTURE_TEST(test_not_known),	   FIXTURE_TEST(test_secret_behind),
		FIXTURE_TEST(test_kept_behind),	   FIXTURE_TEST(test_adopted_behind),
		FIXTURE_TEST(test_always_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
