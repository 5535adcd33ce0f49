#include "engine/store/overlay_marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/moment.h"
#include "engine/store/archive_internal.h"
#include "engine/store/archive_walk.h"

enum { NAMES_MAX = 1 << 16 }; /* XATTR_LIST_MAX: no file has more */

static const char marks[] = "user.overlay.", escaped[] = "user.overlay.overlay.";

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

bool overlay_mark_is_own(const char *name)
{
	return begins(name, marks) && !begins(name, escaped);
}

static int fail_at(const char *name, const char *path, struct err *err)
{
	int number = errno;
	AUTO_FREE char *shown = archive_shown(path[0] ? path : ".");

	errno = number;
	return err_sys(err, "cannot remove the attribute %s of %s", name, shown);
}

/* Removes them from one file or directory. */
static int remove_from(int fd, char *names, const char *path, struct err *err)
{
	ssize_t length = flistxattr(fd, names, NAMES_MAX);

	for (char *name = names; name < names + length; name += strlen(name) + 1) {
		if (begins(name, marks) && fremovexattr(fd, name) < 0)
			return fail_at(name, path, err);
	}
	return 0;
}

/* Only directories and regular files can have such attributes (xattr(7)). */
static int clean(const struct tree_entry *entry, char *names, struct err *err)
{
	AUTO_CLOSE int file_fd = -1;

	if (S_ISDIR(entry->status.st_mode))
		return remove_from(entry->dir_fd, names, entry->path, err);
	if (!S_ISREG(entry->status.st_mode))
		return 0;
	file_fd = tree_entry_open(entry, err);
	return file_fd < 0 ? -1 : remove_from(file_fd, names, entry->path, err);
}

int overlay_marks_remove(int root_fd, const struct timespec *since, struct err *err)
{
	struct tree_walk *walk = tree_walk_new(root_fd, ".", NULL, NULL, err);
	AUTO_FREE char *names = mem_resize(NULL, NAMES_MAX, 1);
	int found = walk ? 1 : -1;
	struct tree_entry entry;

	while (found > 0 && (found = tree_walk_next(walk, &entry, err)) > 0) {
		if (since && !moment_is_later(&entry.status.st_ctim, since))
			continue;
		if (clean(&entry, names, err) < 0)
			found = -1;
	}
	tree_walk_free(walk);
	return found;
}
