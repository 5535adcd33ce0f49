/* Path names, opening below a directory, and removing trees (engine/base/path.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"

enum { DEPTH = 3000, NOBODY = 65534 };

/* A directory of the test, and a descriptor of it. */
struct place {
	char path[64];
	int fd;
};

static int set_up(void **state)
{
	struct place *place = mem_new(sizeof *place);

	strcpy(place->path, "/tmp/contractor-path.XXXXXX");
	if (!mkdtemp(place->path))
		return -1;
	place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = place;
	return place->fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	struct err err = {0};
	int result = path_remove_tree(AT_FDCWD, place->path, &err);

	close(place->fd);
	free(place);
	return result;
}

static void make_dir(int dir_fd, const char *name, mode_t mode)
{
	assert_int_equal(mkdirat(dir_fd, name, 0700), 0);
	assert_int_equal(fchmodat(dir_fd, name, mode, 0), 0);
}

static void make_file(int dir_fd, const char *name, const char *text)
{
	AUTO_CLOSE int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static bool exists(int dir_fd, const char *name)
{
	struct stat status;

	return fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Names. */

static void test_join(void **state)
{
	static const struct {
		const char *dir, *name, *joined;
	} cases[] = {
		{"a", "b", "a/b"},	     {"a/", "b", "a/b"},
		{"a//", "b", "a/b"},	     {"/", "b", "/b"},
		{"//", "b", "/b"},	     {".", "b", "./b"},
		{"/a/b", "c/d", "/a/b/c/d"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *joined = path_join(cases[i].dir, cases[i].name);

		assert_string_equal(joined, cases[i].joined);
	}
}

static void test_dirname_and_basename(void **state)
{
	static const struct {
		const char *path, *dir, *base;
	} cases[] = {
		{"a", ".", "a"}, {"a/b", "a", "b"},	  {"/a", "/", "a"},
		{"/", "/", ""},	 {"/a/b/c", "/a/b", "c"}, {"a/", "a", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *dir = path_dirname(cases[i].path);

		assert_string_equal(dir, cases[i].dir);
		assert_string_equal(path_basename(cases[i].path), cases[i].base);
	}
}

static void test_is_clean_relative(void **state)
{
	static const char *const clean[] = {"a", ".", "a/b", "..a", "a..", "...", ".git/x", "a b"};
	static const char *const unclean[] = {"",     "/",	"/a", "..",  "../a", "a/..",
					      "a//b", "a/../b", "a/", "./a", "a/.",  "a/./b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(clean); i++)
		assert_true(path_is_clean_relative(clean[i]));
	for (size_t i = 0; i < ARRAY_SIZE(unclean); i++)
		assert_false(path_is_clean_relative(unclean[i]));
}

static void test_normalise(void **state)
{
	static const struct {
		const char *path, *normal;
	} cases[] = {
		{"", "."},	  {".", "."},	      {"./", "."},
		{"/", "/"},	  {"//", "/"},	      {"/./", "/"},
		{"a//b/", "a/b"}, {"./a/./b", "a/b"}, {"/a/../b", "/a/../b"},
		{"../a", "../a"}, {".a/b.", ".a/b."}, {"/..", "/.."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *normal = path_normalise(cases[i].path);

		assert_string_equal(normal, cases[i].normal);
	}
}

/* Opening. */

/* in/file, in/sub/deep; in/link -> file, in/up -> ../out, in/dir -> sub, in/abs -> /out; out. */
static int plant(const struct place *place)
{
	int in;

	make_dir(place->fd, "in", 0700);
	in = openat(place->fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_dir(in, "sub", 0700);
	make_file(in, "file", "inside");
	make_file(in, "sub/deep", "deep");
	make_file(in, "out", "the in-tree one");
	make_file(place->fd, "out", "the host's");
	assert_int_equal(symlinkat("file", in, "link"), 0);
	assert_int_equal(symlinkat("../out", in, "up"), 0);
	assert_int_equal(symlinkat("sub", in, "dir"), 0);
	assert_int_equal(symlinkat("/out", in, "abs"), 0);
	return in;
}

static void check_content(int fd, const char *expected)
{
	AUTO_BUF struct buf buf = BUF_INIT;
	struct err err = {0};

	if (fd < 0)
		fail_msg("not opened: %s", strerror(errno));
	assert_int_equal(buf_read_fd(&buf, fd, 100, "x", &err), 0);
	assert_string_equal(buf.data, expected);
	close(fd);
}

static void check_refused(int fd, int number)
{
	assert_int_equal(fd, -1);
	assert_int_equal(errno, number);
}

static void test_open_beneath(void **state)
{
	AUTO_CLOSE int in = plant(*state);

	check_content(path_open_beneath(in, "file", O_RDONLY, 0), "inside");
	check_content(path_open_beneath(in, "sub/deep", O_RDONLY, 0), "deep");
	check_content(path_open_beneath(in, "sub/../file", O_RDONLY, 0), "inside");
	check_refused(path_open_beneath(in, "link", O_RDONLY, 0), ELOOP);
	check_refused(path_open_beneath(in, "dir/deep", O_RDONLY, 0), ELOOP);
	check_refused(path_open_beneath(in, "up", O_RDONLY, 0), ELOOP);
	check_refused(path_open_beneath(in, "../out", O_RDONLY, 0), EXDEV);
	check_refused(path_open_beneath(in, "/etc/passwd", O_RDONLY, 0), EXDEV);
	check_refused(path_open_beneath(in, "none", O_RDONLY, 0), ENOENT);
}

/* Links mean what they would mean if the directory were "/". */
static void test_open_in_root(void **state)
{
	AUTO_CLOSE int in = plant(*state);

	check_content(path_open_in_root(in, "link", O_RDONLY, 0), "inside");
	check_content(path_open_in_root(in, "dir/deep", O_RDONLY, 0), "deep");
	check_content(path_open_in_root(in, "up", O_RDONLY, 0), "the in-tree one");
	check_content(path_open_in_root(in, "abs", O_RDONLY, 0), "the in-tree one");
	check_content(path_open_in_root(in, "../../out", O_RDONLY, 0), "the in-tree one");
	check_content(path_open_in_root(in, "/file", O_RDONLY, 0), "inside");
}

/* A magic link, as /proc has them, would lead anywhere. */
static void test_open_in_root_magic_link(void **state)
{
	AUTO_CLOSE int proc = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	check_refused(path_open_in_root(proc, "root/etc/passwd", O_RDONLY, 0), ELOOP);
}

static void test_open_creates(void **state)
{
	AUTO_CLOSE int in = plant(*state), fd = -1;
	mode_t mask = umask(0);
	struct stat status;

	fd = path_open_beneath(in, "sub/new", O_WRONLY | O_CREAT | O_EXCL, 0640);
	umask(mask);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* O_PATH goes with few other flags; it is how directories are passed on. */
static void test_open_path_only(void **state)
{
	AUTO_CLOSE int in = plant(*state);
	AUTO_CLOSE int sub = path_open_beneath(in, "sub", O_PATH | O_DIRECTORY, 0);
	AUTO_CLOSE int dir = path_open_in_root(in, "dir", O_PATH, 0);

	assert_true(sub >= 0);
	assert_true(dir >= 0);
	assert_true(exists(sub, "deep"));
	assert_true(exists(dir, "deep"));
	assert_true(fcntl(sub, F_GETFD) & FD_CLOEXEC);
}

/* Nobody writes to this FIFO: opening it must not wait for that. */
static void test_open_fifo(void **state)
{
	const struct place *place = *state;
	AUTO_CLOSE int fd = -1;

	assert_int_equal(mkfifoat(place->fd, "fifo", 0600), 0);
	fd = path_open_beneath(place->fd, "fifo", O_RDONLY, 0);
	assert_true(fd >= 0);
}

/* The first link on the way is named, with where it leads; neither can do harm on a terminal. */
static void test_refuse_link(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{"link",
		 "'link' is a symbolic link to 'dir', and links are not followed; name what "
		 "it leads to"},
		{"link/sub/x", "'link' is a symbolic link to 'dir', "},
		{"dir/deep/x", "'dir/deep' is a symbolic link to '/no\\x1b/where', "},
		{"dir/deep/link", "'dir/deep' is a symbolic link to '/no\\x1b/where', "},
		{"dir/sub", "there is a symbolic link in it"},
	};
	const struct place *place = *state;

	make_dir(place->fd, "dir", 0700);
	make_dir(place->fd, "dir/sub", 0700);
	assert_int_equal(symlinkat("dir", place->fd, "link"), 0);
	assert_int_equal(symlinkat("/no\033/where", place->fd, "dir/deep"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};

		assert_int_equal(path_refuse_link(place->fd, cases[i].name, &err), -1);
		assert_int_equal(err.code, ERR_STEP);
		assert_int_equal(strncmp(err.text, cases[i].text, strlen(cases[i].text)), 0);
	}
}

static void test_make_dirs(void **state)
{
	const struct place *place = *state;
	AUTO_FREE char *deep = path_join(place->path, "a/b/c"), *file = NULL;
	struct err err = {0};

	assert_int_equal(path_make_dirs(deep, 0700, &err), 0);
	assert_true(exists(place->fd, "a/b/c"));
	assert_int_equal(path_make_dirs(deep, 0700, &err), 0);
	make_file(place->fd, "file", "");
	file = path_join(place->path, "file/x");
	assert_int_equal(path_make_dirs(file, 0700, &err), -1);
	assert_non_null(strstr(err.text, file));
}

/* Removing. */

static void remove_tree(int dir_fd, const char *name)
{
	struct err err = {0};

	if (path_remove_tree(dir_fd, name, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(exists(dir_fd, name));
}

static void test_remove_simple(void **state)
{
	const struct place *place = *state;

	remove_tree(place->fd, "missing");
	make_file(place->fd, "file", "x");
	remove_tree(place->fd, "file");
	make_dir(place->fd, "empty", 0);
	remove_tree(place->fd, "empty");
}

/* Many entries and directories in one: the stream is read while it is emptied. */
static void test_remove_wide(void **state)
{
	const struct place *place = *state;

	make_dir(place->fd, "wide", 0700);
	for (int i = 0; i < 500; i++) {
		AUTO_FREE char *dir = mem_printf("wide/d%d", i);
		AUTO_FREE char *sub = mem_printf("wide/d%d/sub", i);
		AUTO_FREE char *file = mem_printf("wide/d%d/sub/file", i);

		make_dir(place->fd, dir, 0700);
		make_dir(place->fd, sub, 0700);
		make_file(place->fd, file, "");
	}
	remove_tree(place->fd, "wide");
}

/* A chain of directories, with a file in each; those between the first and the last get mode. */
static void make_chain(int dir_fd, const char *name, int depth, mode_t mode)
{
	int fd = dup(dir_fd);

	for (int i = 0; i < depth; i++) {
		int next;

		assert_int_equal(mkdirat(fd, i ? "d" : name, 0700), 0);
		next = openat(fd, i ? "d" : name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		make_file(next, "file", "x");
		/* Now that all is in it. */
		if (i)
			assert_int_equal(fchmod(fd, mode), 0);
		close(fd);
		fd = next;
	}
	close(fd);
}

static void test_remove_deep(void **state)
{
	const struct place *place = *state;

	make_chain(place->fd, "deep", DEPTH, 0700);
	remove_tree(place->fd, "deep");
}

/* The depth must not cost descriptors. */
static void test_remove_with_few_descriptors(void **state)
{
	const struct place *place = *state;
	int status;
	pid_t pid = 0;

	make_chain(place->fd, "deep", 300, 0700);
	pid = fork();
	if (pid == 0) {
		const struct rlimit limit = {(rlim_t)place->fd + 8, (rlim_t)place->fd + 8};
		struct err err = {0};

		if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
			_exit(2);
		_exit(path_remove_tree(place->fd, "deep", &err) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Directories without any permission, nested, and names that look like ours. */
static void plant_locked(int dir_fd)
{
	make_dir(dir_fd, "tree", 0700);
	make_dir(dir_fd, "tree/.rm-0", 0700);
	make_file(dir_fd, "tree/.rm-1", "");
	make_dir(dir_fd, "tree/.rm-0/full", 0700);
	make_file(dir_fd, "tree/.rm-0/full/file", "");
	make_dir(dir_fd, "tree/.rm-0/full/deeper", 0700);
	make_file(dir_fd, "tree/.rm-0/full/deeper/file", "");
	make_dir(dir_fd, "tree/read-only", 0700);
	make_dir(dir_fd, "tree/read-only/sub", 0700);
	make_file(dir_fd, "tree/read-only/sub/file", "");
	assert_int_equal(fchmodat(dir_fd, "tree/read-only/sub", 0555, 0), 0);
	assert_int_equal(fchmodat(dir_fd, "tree/read-only", 0555, 0), 0);
	assert_int_equal(fchmodat(dir_fd, "tree/.rm-0/full/deeper", 0, 0), 0);
	assert_int_equal(fchmodat(dir_fd, "tree/.rm-0/full", 0, 0), 0);
	assert_int_equal(fchmodat(dir_fd, "tree/.rm-0", 0, 0), 0);
	assert_int_equal(fchmodat(dir_fd, "tree", 0, 0), 0);
}

static void test_remove_locked(void **state)
{
	const struct place *place = *state;

	plant_locked(place->fd);
	remove_tree(place->fd, "tree");
}

/* The same without root's powers: as the user nobody if we are root. The child makes the trees and
 * removes them; what it exits with says where it failed. */
static int remove_as_ordinary_user(int dir_fd)
{
	struct err err = {0};

	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
			       setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return 2;
	plant_locked(dir_fd);
	if (openat(dir_fd, "tree/read-only", O_RDONLY | O_CLOEXEC) >= 0)
		return 3;
	if (path_remove_tree(dir_fd, "tree", &err) < 0 || exists(dir_fd, "tree"))
		return 4;
	make_chain(dir_fd, "chain", DEPTH / 3, 0);
	if (path_remove_tree(dir_fd, "chain", &err) < 0 || exists(dir_fd, "chain"))
		return 5;
	return 0;
}

static void test_remove_as_ordinary_user(void **state)
{
	const struct place *place = *state;
	int status;
	pid_t pid;

	assert_int_equal(fchmod(place->fd, 0777), 0);
	pid = fork();
	if (pid == 0)
		_exit(remove_as_ordinary_user(place->fd));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Links in the tree, and the tree's name itself, lead to a canary that must stay as it is. */
static void test_remove_follows_nothing(void **state)
{
	const struct place *place = *state;
	struct stat status;

	make_dir(place->fd, "canary", 0500);
	make_dir(place->fd, "tree", 0700);
	make_dir(place->fd, "tree/sub", 0700);
	assert_int_equal(fchmodat(place->fd, "canary", 0700, 0), 0);
	make_file(place->fd, "canary/file", "alive");
	assert_int_equal(fchmodat(place->fd, "canary", 0500, 0), 0);
	assert_int_equal(symlinkat("../../canary", place->fd, "tree/sub/dir"), 0);
	assert_int_equal(symlinkat("../canary", place->fd, "tree/.rm-0"), 0);
	assert_int_equal(symlinkat("../canary/file", place->fd, "tree/file"), 0);
	assert_int_equal(symlinkat("canary", place->fd, "link"), 0);
	remove_tree(place->fd, "tree");
	remove_tree(place->fd, "link");
	assert_int_equal(fstatat(place->fd, "canary", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0500);
	check_content(openat(place->fd, "canary/file", O_RDONLY | O_CLOEXEC), "alive");
}

/* What cannot be removed is named. */
static void test_remove_fails(void **state)
{
	AUTO_CLOSE int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err err = {0};

	(void)state;
	assert_int_equal(path_remove_tree(proc, "version", &err), -1);
	assert_non_null(strstr(err.text, "version"));
}

#define TEST_IN_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_dirname_and_basename),
		cmocka_unit_test(test_is_clean_relative),
		cmocka_unit_test(test_normalise),
		TEST_IN_PLACE(test_open_beneath),
		TEST_IN_PLACE(test_open_in_root),
		cmocka_unit_test(test_open_in_root_magic_link),
		TEST_IN_PLACE(test_open_creates),
		TEST_IN_PLACE(test_open_path_only),
		TEST_IN_PLACE(test_open_fifo),
		TEST_IN_PLACE(test_refuse_link),
		TEST_IN_PLACE(test_make_dirs),
		TEST_IN_PLACE(test_remove_simple),
		TEST_IN_PLACE(test_remove_wide),
		TEST_IN_PLACE(test_remove_deep),
		TEST_IN_PLACE(test_remove_with_few_descriptors),
		TEST_IN_PLACE(test_remove_locked),
		TEST_IN_PLACE(test_remove_as_ordinary_user),
		TEST_IN_PLACE(test_remove_follows_nothing),
		cmocka_unit_test(test_remove_fails),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
