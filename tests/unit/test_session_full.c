/* Building on a disk that is full: a small tmpfs in a mount namespace of this program's own. Needs
 * root: an ordinary person's user namespace would leave no ids for those that steps run in. */
#include "tests/unit/session_fixture.h"

#include <sched.h>
#include <sys/mount.h>

/* Room for the systree and some files; what may be unpacked keeps 64 MiB free. */
#define SMALL "size=96m"

#define PRINT_AND_WRITE FIXTURE_SHELL("echo ready; read x; echo $x > a")

/* Puts the store on a file system of its own. */
static int set_up_small(void **state)
{
	struct fixture *fixture;
	AUTO_FREE char *disk = NULL;

	if (fixture_set_up(state) < 0 || geteuid() != 0)
		return 0;
	fixture = *state;
	disk = fixture_path(fixture, "disk");
	host_free(fixture->host);
	assert_int_equal(mkdir(disk, 0755), 0);
	assert_int_equal(mount("tmpfs", disk, "tmpfs", MS_NOSUID | MS_NODEV, SMALL), 0);
	free(fixture->store_path);
	fixture->store_path = fixture_path(fixture, "disk/store");
	fixture_open_host(fixture);
	return 0;
}

static int tear_down_small(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *disk = fixture_path(fixture, "disk");

	if (geteuid() == 0) {
		fixture_end_session(fixture);
		fixture_verify(fixture);
		host_free(fixture->host);
		assert_int_equal(umount(disk), 0);
		fixture_open_host(fixture);
	}
	return fixture_tear_down(state);
}

/* Fills the store's file system to its last byte by a file beside it, and takes the store's
 * reserve, too, if asked. */
static void fill(struct fixture *fixture, bool reserve)
{
	AUTO_FREE char *filler = fixture_path(fixture, "disk/filler");
	AUTO_CLOSE int fd = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	static const char block[65536];

	assert_true(fd >= 0);
	if (reserve)
		unlinkat(store_fd(host_store(fixture->host)), "reserved", 0);
	while (write(fd, block, sizeof block) > 0)
		continue;
	while (write(fd, block, 1) > 0)
		continue;
	assert_int_equal(errno, ENOSPC);
}

static void give_back(struct fixture *fixture)
{
	AUTO_FREE char *filler = fixture_path(fixture, "disk/filler");

	assert_int_equal(unlink(filler), 0);
}

/* Leaves so many MiB. */
static void leave(struct fixture *fixture, off_t mebibytes)
{
	AUTO_FREE char *filler = fixture_path(fixture, "disk/filler");
	struct stat status;

	fill(fixture, false);
	assert_int_equal(stat(filler, &status), 0);
	assert_int_equal(truncate(filler, status.st_size - (mebibytes << 20)), 0);
}

/* The step could not be run or recorded: one clear error about space, no attempt, a whole store. */
static void expect_no_space(struct fixture *fixture, size_t step)
{
	bool is_told = fixture->stop_err.sys_errno == ENOSPC ||
		       strstr(fixture->stop_text, "the disk is nearly full");

	if (fixture->reason != STOP_ERROR || fixture->stop_err.code != ERR_HOST || !is_told)
		fail_msg("%s (%s)", fixture->stop_text, stop_reason_name(fixture->reason));
	fixture_expect_step(fixture, step, STEP_PENDING, 0);
	assert_int_equal(session_position(fixture->session), step);
}

static void skip_without_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: only root can mount a file system of its own\n");
		skip();
	}
}

/* No room for an attempt: nothing is begun, with the numbers and a remedy. */
static void test_full_before(void **state)
{
	struct fixture *fixture = *state;

	skip_without_root();
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo a > a"));
	fixture_run(fixture, "next");
	fixture_forget(fixture);
	fill(fixture, false);
	fixture_run(fixture, "next");
	expect_no_space(fixture, 2);
	assert_non_null(strstr(fixture->stop_text, "no space left"));
	fixture_expect(fixture, "stopped 2 error\n");
	give_back(fixture);
	fixture_verify(fixture);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
}

/* A step that fills the disk itself: not even what it says of it can be kept. */
static void test_full_by_step(void **state)
{
	struct fixture *fixture = *state;

	skip_without_root();
	fixture_load(fixture,
		     FIXTURE_SPEC FIXTURE_SHELL(
			     "dd if=/dev/zero of=big bs=1M count=20 && rm big; echo a > a"));
	fixture_run(fixture, "next");
	leave(fixture, 10);
	fixture_forget(fixture);
	fixture_run(fixture, "next");
	expect_no_space(fixture, 2);
	fixture_expect(fixture, "step-started 2\nstopped 2 error\n");
	give_back(fixture);
	fixture_verify(fixture);
	fixture_forget(fixture);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
}

static void answer(struct fixture *fixture, const char *text)
{
	struct err err = {0};

	fixture_await(fixture, "ready");
	assert_int_equal(session_type(fixture->session, text, strlen(text), &err), 0);
	fixture_finish(fixture);
}

/* The disk fills in the middle of a step that prints without end: its log would not be complete,
 * so it is ended. A step that had passed before has its result still. */
static void fill_at_flood(struct fixture *fixture, const struct event *event)
{
	if (event->type == EVENT_STEP_OUTPUT && strstr(fixture->output.data, "y\ny\ny") &&
	    !fixture->hook_count++)
		fill(fixture, false);
}

static void test_full_log(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	skip_without_root();
	fixture->options.interactive = true;
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo ready; read x; test $x || yes"));
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	answer(fixture, "end\n");
	assert_int_equal(fixture->reason, STOP_END);
	fixture_forget(fixture);
	fixture->hook = fill_at_flood;
	fixture_start(fixture, "rerun 2");
	answer(fixture, "\n");
	expect_no_space(fixture, 2);
	fixture_expect(fixture, "step-started 2\nstopped 2 error\n");
	give_back(fixture);
	fixture_verify(fixture);
	assert_int_equal(session_look(fixture->session, &err), 0);
	fixture_expect_step(fixture, 2, STEP_CACHED, 0);
}

/* Runs the step that waits for a line, and fills the disk before it ends. */
static void run_and_fill(struct fixture *fixture, bool reserve)
{
	fixture->options.interactive = true;
	fixture_load(fixture, FIXTURE_SPEC PRINT_AND_WRITE);
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	fill(fixture, reserve);
	answer(fixture, "\n");
}

/* The disk is full when the step's result is to be recorded: the reserve is for that. */
static void test_full_at_commit(void **state)
{
	struct fixture *fixture = *state;

	skip_without_root();
	run_and_fill(fixture, false);
	if (fixture->reason == STOP_ERROR)
		expect_no_space(fixture, 2);
	fixture_verify(fixture);
	give_back(fixture);
	fixture_forget(fixture);
	fixture_start(fixture, "rerun 2");
	answer(fixture, "x\n");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
}

/* Without the reserve, too: then the result is lost, and that is said. */
static void test_full_without_reserve(void **state)
{
	struct fixture *fixture = *state;

	skip_without_root();
	run_and_fill(fixture, true);
	assert_int_not_equal(fixture->reason, STOP_END);
	give_back(fixture);
	fixture_verify(fixture);
	fixture_forget(fixture);
	fixture_start(fixture, "next");
	answer(fixture, "x\n");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
	fixture_expect_file(fixture, 3, "a", "x\n");
}

/* No room for an artifact: no blob, whole or half. */
static void test_full_artifact(void **state)
{
	struct fixture *fixture = *state;

	skip_without_root();
	fixture_load(fixture,
		     FIXTURE_SPEC FIXTURE_SHELL("dd if=/dev/urandom of=big bs=1M count=20 "
						"2>/dev/null") "- action: create-artifact\n  "
							       "artifact: big\n");
	fixture_run(fixture, "until 3");
	leave(fixture, 10);
	fixture_forget(fixture);
	fixture_run(fixture, "next");
	expect_no_space(fixture, 3);
	fixture_expect(fixture, "step-started 3\nstopped 3 error\n");
	fixture_verify(fixture);
	give_back(fixture);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
}

/* No room for what is unpacked. */
static void test_full_unpack(void **state)
{
	struct fixture *fixture = *state;

	skip_without_root();
	fixture_load(fixture, FIXTURE_SPEC);
	leave(fixture, 20);
	fixture_run(fixture, "next");
	expect_no_space(fixture, 1);
	fixture_expect(fixture, "step-started 1\nstopped 1 error\n");
	fixture_verify(fixture);
	give_back(fixture);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\nstopped 2 end\n");
}

#define SMALL_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_small, tear_down_small)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SMALL_TEST(test_full_before),
		SMALL_TEST(test_full_by_step),
		SMALL_TEST(test_full_log),
		SMALL_TEST(test_full_at_commit),
		SMALL_TEST(test_full_without_reserve),
		SMALL_TEST(test_full_artifact),
		SMALL_TEST(test_full_unpack),
	};

	if (geteuid() == 0 &&
	    (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
