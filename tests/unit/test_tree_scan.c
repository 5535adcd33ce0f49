/* Looking at a tree for what it takes up (engine/store/tree_scan.h). */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/tree_scan.h"

enum { DEEP = 3000 };

static int set_up(void **state)
{
	char dir[] = "/tmp/contractor-test-XXXXXX";

	*state = mkdtemp(dir) ? mem_strdup(dir) : NULL;
	return !*state || chdir(*state) < 0 || mkdir("tree", 0700) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct err err;
	int result = path_remove_tree(AT_FDCWD, *state, &err);

	free(*state);
	return result;
}

static void make_file(int dir_fd, const char *name, size_t size)
{
	AUTO_CLOSE int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	AUTO_FREE char *bytes = mem_new(size + 1);

	assert_true(fd >= 0);
	memset(bytes, 'x', size);
	assert_int_equal(write(fd, bytes, size), size);
}

/* What was seen; ends after `enough` entries. */
struct seen {
	size_t count, enough;
	uint64_t bytes;
	const char *wanted; /* a name */
	char *path;	    /* where it is */
};

static bool see(void *data, const struct tree_scan *scan, const char *name,
		const struct stat *status)
{
	struct seen *seen = data;

	seen->count++;
	if (S_ISREG(status->st_mode))
		seen->bytes += tree_scan_bytes(status);
	if (seen->wanted && !strcmp(seen->wanted, name))
		seen->path = tree_scan_path(scan, name);
	return seen->count != seen->enough;
}

static struct seen look(const char *name, const char *wanted, size_t enough)
{
	struct seen seen = {.enough = enough, .wanted = wanted};

	tree_scan(AT_FDCWD, name, see, &seen);
	return seen;
}

/* Every entry once, the tree itself too; a link is an entry, and where it leads is not looked at. */
static void test_entries(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(mkdir("tree/a", 0700), 0);
	assert_int_equal(mkdir("tree/a/b", 0700), 0);
	make_file(AT_FDCWD, "tree/a/b/file", 1);
	assert_int_equal(mkdir("outside", 0700), 0);
	make_file(AT_FDCWD, "outside/file", 1);
	assert_int_equal(symlink("../outside", "tree/link"), 0);
	seen = look("tree", "file", 0);
	assert_int_equal(seen.count, 5);
	assert_string_equal(seen.path, "a/b/file");
	free(seen.path);
	seen = look("tree/link", "tree/link", 0);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.path, "");
	free(seen.path);
	assert_int_equal(look("nothing", NULL, 0).count, 0);
}

/* It ends when it is told to. */
static void test_enough(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++) {
		AUTO_FREE char *name = mem_printf("tree/%d", i);

		assert_int_equal(mkdir(name, 0700), 0);
	}
	assert_int_equal(look("tree", NULL, 1).count, 1);
	assert_int_equal(look("tree", NULL, 4).count, 4);
	assert_int_equal(look("tree", NULL, 0).count, 10);
}

/* Two names of a file count as one, and a hole not at all. */
static void test_bytes(void **state)
{
	uint64_t once;

	(void)state;
	make_file(AT_FDCWD, "tree/file", 100000);
	once = look("tree", NULL, 0).bytes;
	assert_true(once >= 100000 && once < 200000);
	assert_int_equal(link("tree/file", "tree/again"), 0);
	assert_int_equal(look("tree", NULL, 0).bytes, once);
	make_file(AT_FDCWD, "tree/sparse", 0);
	assert_int_equal(truncate("tree/sparse", 1 << 30), 0);
	assert_int_equal(look("tree", NULL, 0).bytes, once);
}

/* Makes directories "d" below each other, and in the last a file; their names are too long for the
 * kernel. Beside each there is a file that is only seen on the way back. */
static void make_deep(void)
{
	AUTO_CLOSE int fd = open("tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < DEEP; i++) {
		int below;

		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		assert_int_equal(mkdirat(fd, "e", 0700), 0);
		below = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	make_file(fd, "last", 1);
}

static void test_deep(void **state)
{
	struct seen seen;
	size_t length = strlen("d/") * DEEP;

	(void)state;
	make_deep();
	seen = look("tree", "last", 0);
	assert_int_equal(seen.count, 1 + 2 * DEEP + 1);
	assert_int_equal(strlen(seen.path), length + strlen("last"));
	assert_string_equal(seen.path + length, "last");
	free(seen.path);
}

/* Moves a directory of the way back elsewhere while the scan is below it. */
static bool move_away(void *data, const struct tree_scan *scan, const char *name,
		      const struct stat *status)
{
	size_t *count = data;

	(void)scan;
	(void)status;
	++*count;
	if (!strcmp(name, "last"))
		assert_int_equal(rename("tree/d", "outside/d"), 0);
	return true;
}

/* Then it ends, and sees nothing of where that directory is now. */
static void test_moved_away(void **state)
{
	size_t count = 0;

	(void)state;
	assert_int_equal(mkdir("outside", 0700), 0);
	for (int i = 0; i < 100; i++) {
		AUTO_FREE char *name = mem_printf("outside/%d", i);

		assert_int_equal(mkdir(name, 0700), 0);
	}
	make_deep();
	tree_scan(AT_FDCWD, "tree", move_away, &count);
	/* All but the "e" whose turn comes after the "d" beside it, or fewer. */
	assert_true(count > DEEP && count <= 1 + 2 * DEEP + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_entries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_enough, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_deep, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_moved_away, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
