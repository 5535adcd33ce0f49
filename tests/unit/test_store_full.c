/* A store on a disk that is full: a small tmpfs in a mount namespace of this program's own. */
#include "tests/unit/store_fixture.h"

#include <sched.h>
#include <sys/mount.h>

/* Writes one line into a file of /proc/self. */
static bool put_line(const char *path, const char *line)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
}

/* A mount namespace: root's own, or a person's with a user namespace around it. */
static bool enter_namespace(void)
{
	AUTO_FREE char *uid_map = mem_printf("0 %u 1", geteuid());
	AUTO_FREE char *gid_map = mem_printf("0 %u 1", getegid());

	if (geteuid() == 0)
		return unshare(CLONE_NEWNS) == 0 &&
		       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       put_line("/proc/self/setgroups", "deny") &&
	       put_line("/proc/self/uid_map", uid_map) && put_line("/proc/self/gid_map", gid_map);
}

/* Closes the store and opens it on a new file system; false (and skipped) where it cannot be. */
static void mount_small(struct fixture *fixture, const char *options)
{
	struct err err;

	assert_int_equal(store_remove_all(fixture->store, &err), 0);
	fixture->store = NULL;
	if (mount("tmpfs", fixture->dir, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0) {
		print_message("skipped: no tmpfs can be mounted here: %s\n", strerror(errno));
		skip();
	}
	fixture_open(fixture);
}

static void unmount_small(struct fixture *fixture)
{
	fixture_close(fixture);
	assert_int_equal(umount2(fixture->dir, MNT_DETACH), 0);
}

/* Fills the file system to its last byte with a file beside the store; its name. */
static char *fill(struct fixture *fixture)
{
	char *path = path_join(fixture->dir, "fill");
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char block[4096] = "x";

	assert_true(fd >= 0);
	while (write(fd, block, sizeof block) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	return path;
}

/* Expects an error about space that says what to do. */
static void expect_no_space(const struct err *err)
{
	if (err->code != ERR_HOST || err->sys_errno != ENOSPC)
		fail_msg("%s", err->text);
}

/* On a full disk a new attempt is refused with numbers and a remedy; the store opens, verifies and
 * gives space back; then attempts can be made again. */
static void test_full(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *path = NULL;
	struct attempt_draft draft;
	struct err err = {0};
	struct stat status;
	int removed;

	mount_small(fixture, "size=20m,mode=0700");
	assert_int_equal(fstatat(store_fd(fixture->store), "reserved", &status, 0), 0);
	assert_int_equal(status.st_size, 4 << 20);
	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	fixture_attempt(fixture->store, 'b', NULL, true, NULL);
	{
		AUTO_FREE char *block = mem_new((2 << 20) + 1);

		memset(block, 'x', 2 << 20);
		fixture_put(fixture, "layers/1/workspace/big", block);
	}
	path = fill(fixture);
	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), -1);
	expect_no_space(&err);
	assert_non_null(strstr(err.text, "no space left in"));
	assert_non_null(strstr(err.text, "KiB free"));
	assert_non_null(strstr(err.text, "contractor store remove"));
	fixture_close(fixture);
	fixture_open(fixture);
	fixture_expect_whole(fixture->store);
	/* The index can grow by what was reserved. */
	assert_int_equal(store_remove_attempt(fixture->store, 1, &removed, &err), 0);
	assert_int_equal(removed, 1);
	assert_false(fixture_has(fixture, "layers/1"));
	fixture_expect_whole(fixture->store);
	assert_int_equal(fixture_attempt(fixture->store, 'c', NULL, true, NULL), 3);
	/* The space is reserved again when there is some. */
	assert_int_equal(unlink(path), 0);
	fixture_close(fixture);
	fixture_open(fixture);
	assert_int_equal(fstatat(store_fd(fixture->store), "reserved", &status, 0), 0);
	assert_int_equal(status.st_size, 4 << 20);
	unmount_small(fixture);
}

/* A disk that fills up during an attempt: output and record fail or not, the store is whole. */
static void test_full_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *path = NULL, *output = mem_new(1 << 20);
	struct attempt attempt = {.has_layer = {false, true}};
	struct attempt_draft draft;
	struct err err = {0};

	mount_small(fixture, "size=20m,mode=0700");
	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	fixture_make_layer(fixture->store, draft.id, "workspace");
	path = fill(fixture);
	assert_int_equal(recording_add(draft.recording, output, 1 << 20, 0, &err), -1);
	expect_no_space(&err);
	attempt.ingredients = mem_new(1 << 20);
	memset(attempt.ingredients, ' ', (1 << 20) - 1);
	assert_int_equal(attempt_commit(fixture->store, &draft, &attempt, &err), -1);
	expect_no_space(&err);
	fixture_expect_whole(fixture->store);
	assert_false(fixture_has(fixture, "layers/1"));
	/* The same again after space was freed. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	fixture_make_layer(fixture->store, draft.id, "workspace");
	assert_int_equal(attempt_commit(fixture->store, &draft, &attempt, &err), 0);
	fixture_expect_whole(fixture->store);
	attempt_release(&attempt);
	unmount_small(fixture);
}

/* A very small disk, without room for the reserve, can be used to its end. */
static void test_small(void **state)
{
	struct fixture *fixture = *state;
	struct attempt_draft draft;
	struct err err = {0};
	int count = 0;

	mount_small(fixture, "size=1m,mode=0700");
	for (;; count++) {
		struct attempt attempt = {.has_layer = {false, true}};

		if (attempt_begin(fixture->store, 80, 24, &draft, &err) < 0)
			break;
		fixture_make_layer(fixture->store, draft.id, "workspace");
		if (attempt_commit(fixture->store, &draft, &attempt, &err) < 0)
			break;
	}
	assert_true(count >= 5);
	expect_no_space(&err);
	fixture_expect_whole(fixture->store);
	fixture_close(fixture);
	fixture_open(fixture);
	fixture_expect_whole(fixture->store);
	unmount_small(fixture);
}

/* The same when there are no more inodes: nothing of a failed attempt stays. */
static void test_no_inodes(void **state)
{
	struct fixture *fixture = *state;
	int removed, failures = 0;
	struct err err = {0};

	mount_small(fixture, "size=20m,nr_inodes=64,mode=0700");
	for (int i = 0; i < 100; i++) {
		struct attempt attempt = {0};
		struct attempt_draft draft;

		if (attempt_begin(fixture->store, 80, 24, &draft, &err) < 0)
			failures++;
		else
			assert_int_equal(attempt_commit(fixture->store, &draft, &attempt, &err), 0);
	}
	assert_true(failures > 50);
	expect_no_space(&err);
	fixture_expect_whole(fixture->store);
	assert_int_equal(store_remove_attempt(fixture->store, 1, &removed, &err), 0);
	assert_int_equal(store_remove_attempt(fixture->store, 2, &removed, &err), 0);
	assert_int_equal(store_remove_attempt(fixture->store, 3, &removed, &err), 0);
	fixture_attempt(fixture->store, 'z', NULL, false, NULL);
	fixture_expect_whole(fixture->store);
	unmount_small(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_full),
		FIXTURE_TEST(test_full_meanwhile),
		FIXTURE_TEST(test_small),
		FIXTURE_TEST(test_no_inodes),
	};

	/* Without one the mounts would be the machine's. */
	if (!enter_namespace()) {
		print_error("no mount namespace can be had here: %s\n", strerror(errno));
		return 1;
	}
	return cmocka_run_group_tests_name("store on a full disk", tests, NULL, NULL);
}
