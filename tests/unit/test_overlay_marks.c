/* Attributes of overlayfs in a tree that somebody else has written (engine/store/overlay_marks.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/overlay_marks.h"

static int set_up(void **state)
{
	char *dir = mem_strdup("/tmp/contractor-test-XXXXXX");

	*state = dir;
	return mkdtemp(dir) ? chdir(dir) : -1;
}

static int tear_down(void **state)
{
	struct err err;
	int result = path_remove_tree(AT_FDCWD, *state, &err);

	free(*state);
	return result;
}

static void make_file(const char *name, mode_t mode)
{
	AUTO_CLOSE int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	assert_true(fd >= 0);
}

static void mark(const char *name, const char *attribute)
{
	assert_int_equal(setxattr(name, attribute, "y", 1, 0), 0);
}

static bool has(const char *name, const char *attribute)
{
	return getxattr(name, attribute, NULL, 0) >= 0;
}

static int clean(const struct timespec *since)
{
	AUTO_CLOSE int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err err;

	return overlay_marks_remove(fd, since, &err);
}

static void test_all_are_removed(void **state)
{
	(void)state;
	assert_int_equal(mkdir("dir", 0755), 0);
	make_file("dir/file", 0600);
	assert_int_equal(symlink("/etc/passwd", "dir/link"), 0);
	assert_int_equal(mkfifo("dir/fifo", 0600), 0);
	mark(".", "user.overlay.opaque");
	mark("dir", "user.overlay.opaque");
	mark("dir", "user.overlay.redirect");
	mark("dir/file", "user.overlay.metacopy");
	mark("dir/file", "user.overlay.overlay.metacopy");
	mark("dir/file", "user.note");
	assert_int_equal(clean(NULL), 0);
	assert_false(has(".", "user.overlay.opaque"));
	assert_false(has("dir", "user.overlay.opaque") || has("dir", "user.overlay.redirect"));
	assert_false(has("dir/file", "user.overlay.metacopy"));
	assert_false(has("dir/file", "user.overlay.overlay.metacopy"));
	assert_true(has("dir/file", "user.note"));
}

/* Times in the far future and past: what was changed before, and after. */
static void test_only_what_is_later(void **state)
{
	const struct timespec future = {.tv_sec = INT32_MAX}, past = {.tv_sec = 1};

	(void)state;
	make_file("old", 0600);
	mark("old", "user.overlay.opaque");
	assert_int_equal(clean(&future), 0);
	assert_true(has("old", "user.overlay.opaque"));
	assert_int_equal(clean(&past), 0);
	assert_false(has("old", "user.overlay.opaque"));
}

static void test_names(void **state)
{
	(void)state;
	assert_true(overlay_mark_is_own("user.overlay.opaque"));
	assert_false(overlay_mark_is_own("user.overlay.overlay.opaque"));
	assert_false(overlay_mark_is_own("user.overlays"));
	assert_false(overlay_mark_is_own("trusted.overlay.opaque"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_are_removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_only_what_is_later, set_up, tear_down),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
