/* session_systree.h: a root file system for steps of tests: busybox, names for some of its tools,
 * and two users. For session_fixture.h. */
#ifndef TESTS_UNIT_SESSION_SYSTREE_H
#define TESTS_UNIT_SESSION_SYSTREE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/archive.h"

/* Writes the file name below dir, and makes the directories above it. */
static inline void systree_write(const char *dir, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(dir, name);
	AUTO_FREE char *parent = path_dirname(path);
	struct err err = {0};
	AUTO_CLOSE int fd = -1;

	assert_int_equal(path_make_dirs(parent, 0755, &err), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static const char *const systree_tools[] = {
	"sh", "cat",  "echo", "sleep", "mkdir", "ls",	"rm",  "mv",	 "touch", "chmod",
	"dd", "yes",  "id",   "true",  "false", "test", "env", "setsid", "chown", "stat",
	"ln", "head", "tty",  "wc",    "grep",	"kill", "pwd", "cp",	 "find"};

static inline void systree_copy_busybox(const char *to)
{
	static const char *const paths[] = {"/usr/bin/busybox", "/bin/busybox"};
	AUTO_CLOSE int in = -1, out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	char block[65536];
	ssize_t got;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && in < 0; i++)
		in = open(paths[i], O_RDONLY | O_CLOEXEC);
	if (in < 0)
		fail_msg("busybox is missing: apt-get install busybox-static");
	while ((got = read(in, block, sizeof block)) > 0)
		assert_int_equal(fd_write_all(out, block, (size_t)got), 0);
}

/* Makes DIR/systree.tar. */
static inline void systree_make(const char *dir)
{
	const struct archive_pack_options options = {.flatten_owner = true};
	AUTO_FREE char *root = path_join(dir, "systree"), *tar = path_join(dir, "systree.tar");
	AUTO_FREE char *busybox = path_join(root, "bin/busybox");
	AUTO_CLOSE int fd = open(tar, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), root_fd = -1;
	struct err err = {0};

	systree_write(dir, "systree/etc/passwd",
		      "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n");
	systree_write(dir, "systree/bin/.keep", "");
	systree_copy_busybox(busybox);
	for (size_t i = 0; i < ARRAY_SIZE(systree_tools); i++) {
		AUTO_FREE char *link = mem_printf("%s/bin/%s", root, systree_tools[i]);

		assert_int_equal(symlink("busybox", link), 0);
	}
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (archive_pack(root_fd, ".", &options, fd, &err) < 0 ||
	    path_remove_tree(AT_FDCWD, root, &err) < 0)
		fail_msg("%s", err.text);
}

#endif
