#include "engine/base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

char *path_join(const char *dir, const char *name)
{
	size_t length = strlen(dir);

	while (length > 1 && dir[length - 1] == '/')
		length--;
	if (length == 1 && dir[0] == '/')
		length = 0;
	return mem_printf("%.*s/%s", (int)length, dir, name);
}

char *path_dirname(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_strdup(".");
	return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool path_is_clean_relative(const char *path)
{
	if (!strcmp(path, "."))
		return true;
	for (;;) {
		size_t length = strcspn(path, "/");

		if (!length || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (!path[length])
			return true;
		path += length + 1;
	}
}

char *path_normalise(const char *path)
{
	struct buf buf = BUF_INIT;

	if (path[0] == '/')
		buf_add_char(&buf, '/');
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length && !(length == 1 && path[0] == '.')) {
			if (buf.len && buf.data[buf.len - 1] != '/')
				buf_add_char(&buf, '/');
			buf_add(&buf, path, length);
		}
		path += length + (path[length] == '/');
	}
	if (!buf.len)
		buf_add_char(&buf, '.');
	return buf_detach(&buf);
}

static int open_resolved(int dir_fd, const char *name, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
		.resolve = resolve,
	};

	/* openat2() refuses these together with O_PATH. */
	if (!(flags & O_PATH))
		how.flags |= O_NONBLOCK | O_NOCTTY;
	return (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof how);
}

int path_open_beneath(int dir_fd, const char *name, int flags, mode_t mode)
{
	return open_resolved(dir_fd, name, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int path_open_in_root(int dir_fd, const char *name, int flags, mode_t mode)
{
	return open_resolved(dir_fd, name, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* Where the symbolic link fd leads, to be shown; "" when it is none. Free with free(). */
static char *shown_target(int fd)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(fd, "", target, sizeof target - 1);

	target[length < 0 ? 0 : length] = '\0';
	return buf_shown(target);
}

int path_refuse_link(int dir_fd, const char *name, struct err *err)
{
	for (size_t length = strcspn(name, "/");; length += 1 + strcspn(name + length + 1, "/")) {
		AUTO_FREE char *part = mem_strndup(name, length);
		AUTO_CLOSE int fd = path_open_beneath(dir_fd, part, O_PATH | O_NOFOLLOW, 0);
		AUTO_FREE char *target = shown_target(fd), *shown = buf_shown(part);

		if (*target)
			return err_set(err, ERR_STEP,
				       "'%s' is a symbolic link to '%s', and links are not "
				       "followed; name what it leads to",
				       shown, target);
		if (!name[length])
			break;
	}
	return err_set(err, ERR_STEP, "there is a symbolic link in it, and links are not followed");
}

int path_make_dirs(const char *path, mode_t mode, struct err *err)
{
	AUTO_FREE char *partial = mem_strdup(path);

	for (char *slash = partial + 1; *slash; slash++) {
		if (*slash != '/')
			continue;
		*slash = '\0';
		if (mkdir(partial, mode) < 0 && errno != EEXIST)
			return err_sys(err, "cannot make the directory %s", partial);
		*slash = '/';
	}
	if (mkdir(partial, mode) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the directory %s", partial);
	return 0;
}

/* Opens the directory name to empty it, widening its mode first. It must not be a link. */
static int open_for_removal(int dir_fd, const char *name)
{
	struct stat status;

	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISDIR(status.st_mode) && (status.st_mode & 0700) != 0700)
		fchmodat(dir_fd, name, 0700, 0);
	return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Removes one entry of the directory fd; returns 1 for a full directory directly in top_fd,
 * which stays for remove_children(). Any other full directory is moved up to top_fd under a
 * name of ours: so the depth of the tree costs neither stack nor descriptors. */
static int remove_entry(int top_fd, int fd, const char *name, unsigned *serial)
{
	char moved[32];
	struct stat status;

	if (!unlinkat(fd, name, 0))
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (!unlinkat(fd, name, AT_REMOVEDIR))
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -1;
	if (fd == top_fd)
		return 1;
	/* Renaming a directory writes its "..": that needs its own write permission. */
	if (!fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) && !(status.st_mode & S_IWUSR))
		fchmodat(fd, name, 0700, 0);
	do
		snprintf(moved, sizeof moved, ".rm-%u", (*serial)++);
	while (!fstatat(top_fd, moved, &status, AT_SYMLINK_NOFOLLOW));
	return renameat(fd, name, top_fd, moved);
}

/* A stream over the directory fd, from its beginning; fd stays the caller's. */
static DIR *open_stream(int fd)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);

	if (!dir)
		fd_close(&own);
	return dir;
}

/* The next entry but "." and ".."; NULL with errno 0 at the end. */
static struct dirent *next_entry(DIR *dir)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")));
	return entry;
}

/* Empties the directory fd once; *ret_left says whether directories are left in it. */
static int empty_dir(int top_fd, int fd, unsigned *serial, bool *ret_left)
{
	AUTO_CLOSEDIR DIR *dir = open_stream(fd);
	struct dirent *entry;

	*ret_left = false;
	if (!dir)
		return -1;
	while ((entry = next_entry(dir))) {
		int result = remove_entry(top_fd, fd, entry->d_name, serial);

		if (result < 0)
			return -1;
		*ret_left |= result > 0;
	}
	return errno ? -1 : 0;
}

/* Empties each directory directly in top_fd and removes it. */
static int remove_children(int top_fd, unsigned *serial)
{
	AUTO_CLOSEDIR DIR *dir = open_stream(top_fd);
	struct dirent *entry;

	if (!dir)
		return -1;
	while ((entry = next_entry(dir))) {
		AUTO_CLOSE int fd = open_for_removal(top_fd, entry->d_name);
		bool left;

		if (fd < 0 || empty_dir(top_fd, fd, serial, &left) < 0)
			return -1;
		if (unlinkat(top_fd, entry->d_name, AT_REMOVEDIR) < 0)
			return -1;
	}
	return errno ? -1 : 0;
}

static int remove_dir(int dir_fd, const char *name)
{
	AUTO_CLOSE int top_fd = open_for_removal(dir_fd, name);
	unsigned serial = 0;
	bool left;

	if (top_fd < 0)
		return -1;
	for (;;) {
		if (empty_dir(top_fd, top_fd, &serial, &left) < 0)
			return -1;
		if (!left)
			return unlinkat(dir_fd, name, AT_REMOVEDIR);
		if (remove_children(top_fd, &serial) < 0)
			return -1;
	}
}

int path_remove_tree(int dir_fd, const char *name, struct err *err)
{
	if (!unlinkat(dir_fd, name, 0) || errno == ENOENT)
		return 0;
	if ((errno == EISDIR || errno == EPERM) && !remove_dir(dir_fd, name))
		return 0;
	return err_sys(err, "cannot remove %s", name);
}
