/* Groups whose memory the kernel limits, in a directory that looks like the hierarchy (engine/sandbox/cgroup.h).
 * There the kernel fills in nothing by itself, so what is looked at is what is written. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/sandbox/cgroup.h"

static const uint64_t limit = 100 << 20;

static void put(const char *path, const char *text)
{
	AUTO_FREE char *dir = path_dirname(path);
	AUTO_CLOSE int fd = -1;
	struct err err;

	assert_int_equal(path_make_dirs(dir, 0755, &err), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void expect_text(const char *path, const char *text)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char found[64] = "";

	assert_true(fd >= 0 && read(fd, found, sizeof found - 1) >= 0);
	assert_string_equal(found, text);
}

/* The present directory is the root: with the group /mine, delegated, and nobody else in it. */
static int set_up(void **state)
{
	char dir[] = "/tmp/contractor-test-XXXXXX";

	*state = mkdtemp(dir) ? mem_strdup(dir) : NULL;
	if (!*state || chdir(*state) < 0)
		return -1;
	put("proc/self/cgroup", "0::/mine\n");
	put("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
	put("sys/fs/cgroup/mine/cgroup.controllers", "memory pids\n");
	put("sys/fs/cgroup/mine/cgroup.subtree_control", "");
	put("sys/fs/cgroup/mine/cgroup.procs", "");
	return 0;
}

static int tear_down(void **state)
{
	struct err err;
	int result = path_remove_tree(AT_FDCWD, *state, &err);

	free(*state);
	return result;
}

static void expect_place(const char *root, const char *below)
{
	const char *why = NULL;
	AUTO_FREE char *dir = cgroups_find(root, &why);
	AUTO_FREE char *wanted = below ? mem_printf("%s/sys/fs/cgroup%s", root, below) : NULL;

	if (wanted)
		assert_string_equal(dir, wanted);
	else
		assert_null(dir);
	assert_true(!dir == !!why);
}

/* Only a group that is ours alone will do; or the top, for root, if it has the controller for others. */
static void test_place(void **state)
{
	char *root = *state;
	AUTO_FREE char *own = mem_printf("%d\n", getpid());

	expect_place(root, "/mine");
	put("sys/fs/cgroup/mine/cgroup.procs", own);
	expect_place(root, "/mine");
	put("sys/fs/cgroup/mine/cgroup.procs", "1\n");
	expect_place(root, NULL);
	put("sys/fs/cgroup/cgroup.procs", "1\n");
	put("sys/fs/cgroup/cgroup.subtree_control", "memory\n");
	expect_place(root, geteuid() ? NULL : "");
	put("sys/fs/cgroup/cgroup.subtree_control", "cpu\n");
	put("sys/fs/cgroup/mine/cgroup.procs", "");
	put("sys/fs/cgroup/mine/cgroup.controllers", "pids\n");
	expect_place(root, NULL);
	put("sys/fs/cgroup/mine/cgroup.controllers", "memory\n");
	/* Where contractor has moved itself to. */
	put("proc/self/cgroup", "1:name=x:/\n0::/mine/contractor-itself-7\n");
	expect_place(root, "/mine");
	put("proc/self/cgroup", "1:name=x:/mine\n");
	expect_place(root, NULL);
}

/* What others left goes; and a group without the kernel's files is none, and does not stay. */
static void test_group(void **state)
{
	AUTO_FREE char *group = mem_printf("sys/fs/cgroup/mine/contractor-%d-1", getpid());
	struct cgroups *cgroups;
	struct cgroup made;

	assert_int_equal(mkdir("sys/fs/cgroup/mine/contractor-1-9", 0755), 0);
	put("sys/fs/cgroup/mine/contractor-1-8/full", "");
	put("sys/fs/cgroup/mine/cgroup.subtree_control", "memory\n");
	cgroups = cgroups_new(*state);
	assert_non_null(cgroups);
	assert_int_equal(access("sys/fs/cgroup/mine/contractor-1-9", F_OK), -1);
	assert_int_equal(access("sys/fs/cgroup/mine/contractor-1-8", F_OK), 0);
	assert_false(cgroup_make(NULL, limit, &made));
	assert_false(cgroup_make(cgroups, cgroup_memory_least - 1, &made));
	assert_false(cgroup_make(cgroups, limit, &made));
	assert_int_equal(made.join_fd, -1);
	assert_int_equal(access(group, F_OK), -1);
	cgroups_free(cgroups);
}

/* A group of the same name, from a container with process ids of its own say, stays its owner's. */
static void test_taken_name(void **state)
{
	AUTO_FREE char *group = mem_printf("sys/fs/cgroup/mine/contractor-%d-1", getpid());
	struct cgroups *cgroups;
	struct cgroup made;

	put("sys/fs/cgroup/mine/cgroup.subtree_control", "memory\n");
	cgroups = cgroups_new(*state);
	assert_non_null(cgroups);
	assert_int_equal(mkdir(group, 0755), 0);
	assert_false(cgroup_make(cgroups, limit, &made));
	cgroup_remove(cgroups, &made);
	assert_int_equal(access(group, F_OK), 0);
	cgroups_free(cgroups);
}

/* Without the controller for groups below, and no way to get it, nothing stays. */
static void test_refused(void **state)
{
	AUTO_FREE char *leaf = mem_printf("sys/fs/cgroup/mine/contractor-itself-%d", getpid());

	/* The new group has no file to move processes to. */
	assert_null(cgroups_new(*state));
	assert_int_equal(access(leaf, F_OK), -1);
	expect_text("sys/fs/cgroup/mine/cgroup.subtree_control", "");
}

static void test_oom_kills(void **state)
{
	AUTO_CLOSE int fd = -1;

	(void)state;
	put("events", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n");
	fd = open("events", O_RDONLY | O_CLOEXEC);
	assert_int_equal(cgroup_oom_kills(fd), 2);
	put("events", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 0\noom_group_kill 0\n");
	assert_int_equal(cgroup_oom_kills(fd), 0);
	assert_int_equal(cgroup_oom_kills(-1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_group, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_taken_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_oom_kills, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
