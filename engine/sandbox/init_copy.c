/* init_copy.c: trees where no overlay can be mounted: copied before the step, and compared by
 * times afterwards. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/moment.h"
#include "engine/base/path.h"
#include "engine/sandbox/init_internal.h"
#include "engine/store/archive_walk.h"
#include "engine/store/merge.h"
#include "engine/store/overlay_marks.h"

static char *draft_path(const struct init_plan *plan, const char *part, const char *name)
{
	return mem_printf(INIT_TMP_DIR "/%s/%s/%s", plan->draft, part, name);
}

/* The directory path, made if need be. */
static int open_dir(const char *path, struct err *err)
{
	int fd;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open %s", path) : fd;
}

static int copy_chain(const struct overlay *overlay, int target_fd, struct err *err)
{
	AUTO_STRV struct strv layers = {0};
	const struct merge_options options = {.layers = &layers, .whole = true};

	for (size_t i = 0; i < overlay->chain->len; i++)
		strv_take(&layers, overlay_layer_path(overlay, i));
	if (!layers.len)
		strv_add(&layers, INIT_DIR "/empty");
	if (merge_layers(&options, target_fd, err) < 0)
		return err_in(err, "the %s", overlay->name);
	return 0;
}

static int bind_copy(const char *path, const char *target, struct err *err)
{
	if (mount(path, target, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL) < 0)
		return err_sys(err, "cannot mount %s", path);
	return 0;
}

int init_copy_overlay(const struct overlay *overlay, const char *path, const char *target,
		      struct err *err)
{
	AUTO_CLOSE int fd = open_dir(path, err);

	if (fd < 0 || copy_chain(overlay, fd, err) < 0)
		return -1;
	return bind_copy(path, target, err);
}

/* A moment of the file system's own clock that is later than all that was written, and earlier than
 * all that will be: its times go in steps of some milliseconds. */
static int take_moment(int dir_fd, struct timespec *ret_moment, struct err *err)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	AUTO_CLOSE int fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	struct stat first, now;

	if (fd < 0)
		fd = openat(dir_fd, "moment", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &first) < 0)
		return err_sys(err, "cannot tell the time of a copy");
	do {
		nanosleep(&pause, NULL);
		if (fchmod(fd, 0600) < 0 || fstat(fd, &now) < 0)
			return err_sys(err, "cannot tell the time of a copy");
	} while (!moment_is_later(&now.st_ctim, &first.st_ctim));
	*ret_moment = first.st_ctim;
	return 0;
}

int init_copy_tree(const struct init_plan *plan, enum tree tree, const struct overlay *overlay,
		   struct init_copies *copies, struct err *err)
{
	AUTO_FREE char *path = draft_path(plan, "layer", overlay->name);
	AUTO_FREE char *work = draft_path(plan, "work", "aside");
	AUTO_CLOSE int fd = -1, aside_fd = -1;

	if (init_copy_overlay(overlay, path, init_tree_path(tree), err) < 0)
		return -1;
	fd = open_dir(path, err);
	aside_fd = open_dir(work, err);
	if (fd < 0 || aside_fd < 0)
		return -1;
	if (tree == TREE_SYSTREE && !plan->worker &&
	    init_add_to_systree(plan, fd, aside_fd, copies, err) < 0)
		return -1;
	copies->made[tree] = true;
	return take_moment(aside_fd, &copies->at[tree], err);
}

/* Goes through the tree until something is met that is new. */
static int find_change(int root_fd, const struct timespec *at, struct err *err)
{
	struct tree_walk *walk = tree_walk_new(root_fd, ".", NULL, NULL, err);
	struct tree_entry entry;
	int found = walk ? 1 : -1;
	bool changed = false;

	if (walk)
		tree_walk_take_all(walk);
	while (found > 0 && !changed) {
		found = tree_walk_next(walk, &entry, err);
		changed = found > 0 && moment_is_later(&entry.status.st_ctim, at);
	}
	tree_walk_free(walk);
	return found < 0 ? -1 : changed;
}

int init_copy_changed(const struct init_plan *plan, enum tree tree,
		      const struct init_copies *copies, struct err *err)
{
	AUTO_FREE char *path = draft_path(plan, "layer", tree_name(tree));
	AUTO_FREE char *work = draft_path(plan, "work", "aside");
	AUTO_CLOSE int fd = open_dir(path, err), aside_fd = open_dir(work, err);
	int changed;

	if (fd < 0 || aside_fd < 0)
		return -1;
	changed = find_change(fd, &copies->at[tree], err);
	if (changed > 0 && overlay_marks_remove(fd, &copies->at[tree], err) < 0)
		return -1;
	if (changed > 0 && tree == TREE_SYSTREE &&
	    init_take_from_systree(fd, aside_fd, copies, err) < 0)
		return -1;
	return changed;
}
