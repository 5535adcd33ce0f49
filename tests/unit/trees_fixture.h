/* trees_fixture.h: what the tests of layers share: the outer namespaces with layers in them, made
 * through real overlays, and a comparison of two trees in everything that can be seen.
 *
 * The checks run in a child inside the namespaces and return -1 with the reason: a longjmp out of a
 * child would run the tests twice.
 */
#ifndef TESTS_UNIT_TREES_FIXTURE_H
#define TESTS_UNIT_TREES_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/child.h"
#include "engine/process/message.h"
#include "engine/process/userns.h"
#include "engine/store/overlay.h"

#define CHECK(condition)                                                                     \
	do {                                                                                 \
		if (!(condition))                                                            \
			return err_set(err, ERR_FAULT, "%s:%d: %s (%s)", __FILE__, __LINE__, \
				       #condition, strerror(errno));                         \
	} while (0)

#define TREES_LAYERS USERNS_DIR "/layers"
#define TREES_NAME "workspace"
#define TREES_ONE USERNS_DIR "/step/one"
#define TREES_OTHER USERNS_DIR "/step/other"
#define TREES_UNDER USERNS_DIR "/step/under"

enum { TREES_DEPTH = 70, TREES_HOLE = 2 << 20 };

struct trees {
	char dir[32]; /* of this test, with layers/ and tmp/ */
	struct id_map map;
	struct userns *userns;
};

static inline int trees_make_dir(const struct trees *trees, const char *name)
{
	AUTO_FREE char *path = path_join(trees->dir, name);

	assert_int_equal(mkdir(path, 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(
			chown(path, id_map_root_uid(&trees->map), id_map_root_gid(&trees->map)), 0);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static inline int trees_set_up(void **state)
{
	struct trees *trees = mem_new(sizeof *trees);
	struct userns_options options = {.launcher = "", .launcher_length = 0};
	struct err err = {0};

	strcpy(trees->dir, "/tmp/trees-XXXXXX");
	assert_non_null(mkdtemp(trees->dir));
	assert_int_equal(id_map_find(&trees->map, &err), 0);
	options.layers_fd = trees_make_dir(trees, "layers");
	options.tmp_fd = trees_make_dir(trees, "tmp");
	if (userns_new(&trees->map, &options, &trees->userns, &err) < 0)
		fail_msg("%s", err.text);
	close(options.layers_fd);
	close(options.tmp_fd);
	*state = trees;
	return 0;
}

/* Runs a check in a child inside, and waits for it; what it found fails the test. */
static inline void trees_run(struct trees *trees,
			     int (*check)(void *data, int socket, struct err *err))
{
	const int keep[] = {userns_user_fd(trees->userns), userns_mount_fd(trees->userns)};
	const struct child_job job = {check, trees, keep, 2};
	struct message message;
	struct err err = {0};
	int socket, got, status;
	pid_t pid;

	assert_int_equal(child_fork(&job, &pid, &socket, &err), 0);
	fcntl(socket, F_SETFL, 0);
	got = message_receive(socket, &message, 0);
	close(socket);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (got == 1 && message.type == 'E')
		message_get_err(&message, &err);
	if (err.code)
		fail_msg("%s", err.text);
	assert_int_equal(got, 1);
	assert_int_equal(status, 0);
}

/* Removes the layers, which may belong to other ids. */
static inline int trees_empty(void *data, int socket, struct err *err)
{
	const struct trees *trees = data;
	static const char *const dirs[] = {TREES_LAYERS, USERNS_DIR "/tmp"};

	if (userns_enter(trees->userns, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		AUTO_CLOSEDIR DIR *dir = opendir(dirs[i]);
		const struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			if (entry->d_name[0] != '.' &&
			    path_remove_tree(dirfd(dir), entry->d_name, err) < 0)
				return -1;
		}
	}
	message_send_text(socket, 'R', "");
	return 0;
}

static inline int trees_tear_down(void **state)
{
	struct trees *trees = *state;
	struct err err;
	int result;

	trees_run(trees, trees_empty);
	result = path_remove_tree(AT_FDCWD, trees->dir, &err);
	userns_free(trees->userns);
	free(trees);
	return result;
}

/* The first thing in a check: enters, and makes the directories to mount on. */
static inline int trees_begin(const struct trees *trees, struct err *err)
{
	if (userns_enter(trees->userns, err) < 0)
		return -1;
	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount("trees", USERNS_DIR "/step", "tmpfs", 0, "mode=0755") == 0);
	CHECK(mkdir(TREES_ONE, 0755) == 0 && mkdir(TREES_OTHER, 0755) == 0);
	CHECK(mkdir(TREES_UNDER, 0755) == 0);
	umask(022);
	return 0;
}

/* --- making things in a tree; 0 or -1 with errno */

static inline char *trees_path(const char *tree, const char *name)
{
	return path_join(tree, name);
}

static inline int trees_write(const char *tree, const char *name, int flags, const char *text)
{
	AUTO_FREE char *path = trees_path(tree, name);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0644);

	return fd < 0 ? -1 : fd_write_all(fd, text, strlen(text));
}

static inline int trees_file(const char *tree, const char *name, const char *text)
{
	return trees_write(tree, name, O_CREAT | O_EXCL, text);
}

static inline int trees_append(const char *tree, const char *name, const char *text)
{
	return trees_write(tree, name, O_APPEND, text);
}

static inline int trees_dir(const char *tree, const char *name)
{
	AUTO_FREE char *path = trees_path(tree, name);

	return mkdir(path, 0755);
}

static inline int trees_remove(const char *tree, const char *name)
{
	AUTO_FREE char *path = trees_path(tree, name);
	struct err ignored;

	return path_remove_tree(AT_FDCWD, path, &ignored);
}

static inline int trees_link(const char *tree, const char *from, const char *to)
{
	AUTO_FREE char *old = trees_path(tree, from), *new = trees_path(tree, to);

	return link(old, new);
}

static inline int trees_symlink(const char *tree, const char *to, const char *name)
{
	AUTO_FREE char *path = trees_path(tree, name);

	return symlink(to, path);
}

static inline int trees_fifo(const char *tree, const char *name)
{
	AUTO_FREE char *path = trees_path(tree, name);

	return mkfifo(path, 0640);
}

/* With one id mapped, everything stays root's. */
static inline int trees_own(const char *tree, const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	AUTO_FREE char *path = trees_path(tree, name);

	if (chown(path, uid, gid) < 0 && errno != EINVAL)
		return -1;
	return chmod(path, mode);
}

static inline int trees_xattr(const char *tree, const char *name, const char *attribute,
			      const char *value)
{
	AUTO_FREE char *path = trees_path(tree, name);

	return lsetxattr(path, attribute, value, strlen(value), 0);
}

/* CAP_NET_RAW, permitted and effective, as struct vfs_cap_data of linux/capability.h has it. */
static inline int trees_capability(const char *tree, const char *name)
{
	static const unsigned char value[20] = {1, 0, 0, 2, 0, 0x20};
	AUTO_FREE char *path = trees_path(tree, name);

	return lsetxattr(path, "security.capability", value, sizeof value, 0);
}

static inline int trees_times(const char *tree, const char *name, time_t seconds, long nanoseconds)
{
	const struct timespec times[] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
	AUTO_FREE char *path = trees_path(tree, name);

	return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

/* A hole of TREES_HOLE bytes between two texts. */
static inline int trees_sparse(const char *tree, const char *name)
{
	AUTO_FREE char *path = trees_path(tree, name);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || pwrite(fd, "begin", 5, 0) != 5 || pwrite(fd, "end", 3, TREES_HOLE) != 3)
		return -1;
	return 0;
}

/* Makes, or goes down, TREES_DEPTH directories and puts a file into each tenth. */
static inline int trees_deep(const char *tree, const char *name, char letter, struct err *err)
{
	AUTO_BUF struct buf path = BUF_INIT;
	AUTO_FREE char *file = mem_printf("/%c", letter);

	buf_add_str(&path, name);
	for (int i = 0; i < TREES_DEPTH; i++) {
		size_t length = path.len;

		CHECK(trees_dir(tree, path.data) == 0 || errno == EEXIST);
		buf_add_str(&path, file);
		if (i % 10 == 0)
			CHECK(trees_file(tree, path.data, file) == 0);
		buf_truncate(&path, length);
		buf_add_str(&path, "/d");
	}
	return 0;
}

/* --- layers */

/* Makes the directory of a new layer; a descriptor on it. */
static inline int trees_make_layer(const char *id)
{
	AUTO_FREE char *dir = path_join(TREES_LAYERS, id);
	AUTO_FREE char *path = path_join(dir, TREES_NAME);

	if (mkdir(dir, 0755) < 0 || mkdir(path, 0755) < 0)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Makes a layer above the chain by what fill() does in an overlay. */
static inline int trees_layer(const struct strv *chain, const char *id,
			      int (*fill)(const char *tree, struct err *err), struct err *err)
{
	AUTO_FREE char *upper = mem_printf(TREES_LAYERS "/%s/" TREES_NAME, id);
	AUTO_FREE char *work = mem_printf(TREES_LAYERS "/%s/work", id);
	const struct overlay overlay = {.layers_dir = TREES_LAYERS,
					.name = TREES_NAME,
					.chain = chain,
					.under = TREES_UNDER,
					.upper = upper,
					.work = work};
	AUTO_CLOSE int fd = trees_make_layer(id);

	CHECK(fd >= 0 && mkdir(work, 0700) == 0);
	if (overlay_prepare_upper(&overlay, err) < 0 ||
	    overlay_mount(&overlay, TREES_ONE, err) < 0 || fill(TREES_ONE, err) < 0)
		return -1;
	CHECK(umount2(TREES_ONE, MNT_DETACH) == 0);
	return 0;
}

/* Mounts the layers that the characters of ids name, read-only. */
static inline int trees_mount(const char *ids, const char *target, struct err *err)
{
	AUTO_STRV struct strv chain = {0};
	const struct overlay overlay = {.layers_dir = TREES_LAYERS,
					.name = TREES_NAME,
					.chain = &chain,
					.under = TREES_UNDER};

	for (; *ids; ids++)
		strv_add_fmt(&chain, "%c", *ids);
	return overlay_mount(&overlay, target, err);
}

/* --- comparing */

/* The names in a directory, sorted. */
static inline void trees_names(const char *path, struct strv *names)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		if (strcmp(entries[i]->d_name, ".") && strcmp(entries[i]->d_name, ".."))
			strv_add(names, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

/* Everything a file says, but for the numbers by which the kernel knows it. */
static inline void trees_add_xattrs(struct buf *text, const char *path)
{
	char names[4096], value[4096];
	ssize_t length = llistxattr(path, names, sizeof names);

	for (const char *name = names; length > 0 && name < names + length;
	     name += strlen(name) + 1) {
		ssize_t size = lgetxattr(path, name, value, sizeof value);

		buf_add_fmt(text, " %s=", name);
		buf_add(text, value, size > 0 ? (size_t)size : 0);
	}
}

static inline void trees_add_content(struct buf *text, const char *path, const struct stat *status)
{
	char target[4096];
	ssize_t length;
	struct err err;

	if (S_ISREG(status->st_mode)) {
		AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOATIME | O_CLOEXEC);

		buf_read_fd(text, fd, 64 << 20, path, &err);
	} else if (S_ISLNK(status->st_mode)) {
		length = readlink(path, target, sizeof target);
		buf_add(text, target, length > 0 ? (size_t)length : 0);
	}
}

static inline void trees_describe(struct buf *text, const char *path, struct stat *ret_status)
{
	struct stat status = {0};
	bool is_dir;

	lstat(path, &status);
	is_dir = S_ISDIR(status.st_mode);
	buf_add_fmt(text, "%o %u:%u %lld %lld.%09ld %llx", status.st_mode, status.st_uid,
		    status.st_gid, is_dir ? 0 : (long long)status.st_size,
		    (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
		    (unsigned long long)(S_ISCHR(status.st_mode) ? status.st_rdev : 0));
	trees_add_xattrs(text, path);
	trees_add_content(text, path, &status);
	*ret_status = status;
}

/* The files with several names met so far: entry i of both is of one name. */
struct trees_links {
	struct stat one[64], other[64];
	size_t count;
};

/* Two names of one file in a tree must be two names of one file in the other. */
static inline bool trees_same_links(struct trees_links *links, const struct stat *one,
				    const struct stat *other)
{
	for (size_t i = 0; i < links->count; i++) {
		if ((links->one[i].st_ino == one->st_ino) !=
		    (links->other[i].st_ino == other->st_ino))
			return false;
	}
	if ((one->st_nlink < 2 && other->st_nlink < 2) || links->count == ARRAY_SIZE(links->one))
		return true;
	links->one[links->count] = *one;
	links->other[links->count++] = *other;
	return true;
}

static inline int trees_compare_at(const char *one, const char *other, struct trees_links *links,
				   struct err *err)
{
	AUTO_STRV struct strv names = {0}, other_names = {0};
	AUTO_BUF struct buf text = BUF_INIT, other_text = BUF_INIT;
	struct stat status, other_status;

	trees_describe(&text, one, &status);
	trees_describe(&other_text, other, &other_status);
	if (text.len != other_text.len || memcmp(text.data, other_text.data, text.len) != 0)
		return err_set(err, ERR_FAULT, "%s differs: %.300s, %.300s", one, text.data,
			       other_text.data);
	if (!S_ISDIR(status.st_mode) && !trees_same_links(links, &status, &other_status))
		return err_set(err, ERR_FAULT, "%s has other hard links", one);
	if (!S_ISDIR(status.st_mode))
		return 0;
	trees_names(one, &names);
	trees_names(other, &other_names);
	if (names.len != other_names.len)
		return err_set(err, ERR_FAULT, "%s has %zu entries, and %zu", one, names.len,
			       other_names.len);
	for (size_t i = 0; i < names.len; i++) {
		AUTO_FREE char *path = path_join(one, names.items[i]);
		AUTO_FREE char *other_path = path_join(other, other_names.items[i]);

		if (strcmp(names.items[i], other_names.items[i]) != 0)
			return err_set(err, ERR_FAULT, "%s and %s", path, other_path);
		if (trees_compare_at(path, other_path, links, err) < 0)
			return -1;
	}
	return 0;
}

/* 0 when both trees have the same names with the same types, modes, owners, sizes,
 * modification times, attributes, contents and hard links. */
static inline int trees_compare(const char *one, const char *other, struct err *err)
{
	struct trees_links links = {.count = 0};

	return trees_compare_at(one, other, &links, err);
}

#define TREES_TEST(test) cmocka_unit_test_setup_teardown(test, trees_set_up, trees_tear_down)

#endif
