#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/sandbox/init_internal.h"
#include "engine/store/overlay.h"
#include "engine/store/overlay_marks.h"

/* Below every systree: the mount points that it may lack. */
const struct init_mount_point init_mount_points[INIT_MOUNT_POINTS] = {
	{"proc", 0555}, {"dev", 0755}, {"run", 0755}, {"tmp", 01777}, {"workspace", 0755},
};

static const char *const plain_dirs[] = {
	INIT_DIR "/systree", INIT_DIR "/workspace", INIT_DIR "/empty", INIT_DIR "/under",
	INIT_DIR "/over",    INIT_DIR "/proc",	    INIT_DIR "/tmp",
};

static const char *const tree_paths[TREE_COUNT] = {INIT_DIR "/systree", INIT_DIR "/workspace"};

const char *init_tree_path(enum tree tree)
{
	return tree_paths[tree];
}

static char *draft_path(const struct init_plan *plan, const char *part, const char *name)
{
	return mem_printf(INIT_TMP_DIR "/%s/%s/%s", plan->draft, part, name);
}

char *init_tmp_path(const struct init_plan *plan)
{
	return plan->tmp_of ? mem_strdup(INIT_DIR "/tmp") : draft_path(plan, "layer", "tmp");
}

static int make_dir(const char *path, mode_t mode, struct err *err)
{
	if ((mkdir(path, 0700) < 0 && errno != EEXIST) || chmod(path, mode) < 0)
		return err_sys(err, "cannot make %s", path);
	return 0;
}

int init_mount_scaffold(struct err *err)
{
	if (mount("contractor", INIT_DIR, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
		return err_sys(err, "cannot mount a tmpfs");
	for (size_t i = 0; i < ARRAY_SIZE(plain_dirs); i++) {
		if (make_dir(plain_dirs[i], 0755, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < INIT_MOUNT_POINTS; i++) {
		AUTO_FREE char *path = path_join(INIT_DIR "/under", init_mount_points[i].name);

		if (make_dir(path, init_mount_points[i].mode, err) < 0)
			return -1;
	}
	if (mount("proc", INIT_DIR "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return err_sys(err,
			       "cannot mount /proc of a pid namespace (inside a container whose "
			       "/proc is masked this is refused)");
	/* bwrap looks its child up there, by the number it has in this pid namespace. */
	if (mount(INIT_DIR "/proc", "/proc", NULL, MS_BIND, NULL) < 0)
		return err_sys(err, "cannot mount /proc");
	return 0;
}

/* A directory of one of our files gets mode and owner of the systree's own, which it will cover. */
static int make_over_dir(int root_fd, const char *dir, struct err *err)
{
	AUTO_FREE char *over = path_join(INIT_DIR "/over", dir);
	struct stat status = {.st_mode = S_IFDIR | 0755};

	if (fstatat(root_fd, dir, &status, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
		return err_sys(err, "cannot look at /%s of the systree", dir);
	if (!S_ISDIR(status.st_mode))
		return err_set(err, ERR_STEP, "/%s of the systree is not a directory", dir);
	if (make_dir(over, status.st_mode & 07777, err) < 0)
		return -1;
	if (chown(over, status.st_uid, status.st_gid) < 0)
		return err_sys(err, "cannot prepare %s", over);
	return 0;
}

/* From the top down, so that no directory is looked at through a link. */
static int make_over_dirs(int root_fd, const char *name, struct err *err)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		AUTO_FREE char *dir = mem_strndup(name, (size_t)(slash - name));

		if (make_over_dir(root_fd, dir, err) < 0)
			return -1;
	}
	return 0;
}

static int write_over_file(int root_fd, const struct init_file *file, struct err *err)
{
	AUTO_FREE char *path = path_join(INIT_DIR "/over", file->name);
	AUTO_CLOSE int fd = -1;

	if (make_over_dirs(root_fd, file->name, err) < 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, file->text, strlen(file->text)) < 0 ||
	    fchmod(fd, file->executable ? 0755 : 0644) < 0)
		return err_sys(err, "cannot write %s", path);
	return 0;
}

/* Our files for the systree, in a layer above its own: a read-only look at the systree says
 * what they cover. */
static int make_over_layer(const struct init_plan *plan, const struct overlay *systree,
			   struct err *err)
{
	struct overlay look = {.layers_dir = systree->layers_dir,
			       .name = tree_name(TREE_SYSTREE),
			       .chain = systree->chain,
			       .under = INIT_DIR "/under"};
	AUTO_CLOSE int root_fd = -1;
	struct stat root;

	if (overlay_mount(&look, INIT_DIR "/systree", err) < 0)
		return -1;
	root_fd = open(INIT_DIR "/systree", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0 || fstat(root_fd, &root) < 0 ||
	    chmod(INIT_DIR "/over", root.st_mode & 07777) < 0 ||
	    chown(INIT_DIR "/over", root.st_uid, root.st_gid) < 0)
		return err_sys(err, "cannot look at the systree");
	for (size_t i = 0; i < plan->n_files; i++) {
		if (write_over_file(root_fd, &plan->files[i], err) < 0)
			return -1;
	}
	fd_close(&root_fd);
	if (umount2(INIT_DIR "/systree", MNT_DETACH) < 0)
		return err_sys(err, "cannot unmount the systree");
	return 0;
}

/* Every mount point must be a real directory: a link there could send a mount elsewhere. */
static int check_mount_points(struct err *err)
{
	AUTO_CLOSE int root_fd = open(INIT_DIR "/systree", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		return err_sys(err, "cannot open the systree");
	for (size_t i = 0; i < INIT_MOUNT_POINTS; i++) {
		const char *name = init_mount_points[i].name;
		struct stat status;

		if (fstatat(root_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(err, "cannot look at /%s of the systree", name);
		if (!S_ISDIR(status.st_mode))
			return err_set(
				err, ERR_STEP,
				"/%s of the systree is not a directory: a step must leave it one "
				"(a link there is refused)",
				name);
	}
	return 0;
}

/* Mounts the overlay with a fresh upper directory in the draft. */
static int mount_upper(const struct init_plan *plan, const struct overlay *lowers, struct err *err)
{
	AUTO_FREE char *upper = draft_path(plan, "layer", lowers->name);
	AUTO_FREE char *work = draft_path(plan, "work", lowers->name);
	AUTO_FREE char *target = path_join(INIT_DIR, lowers->name);
	struct overlay overlay = *lowers;

	overlay.upper = upper;
	overlay.work = work;
	if (make_dir(upper, 0755, err) < 0 || overlay_prepare_upper(&overlay, err) < 0)
		return -1;
	/* A worker of ours writes a new tree without an overlay in between. */
	if (plan->worker && !overlay.chain->len) {
		if (mount(upper, target, NULL, MS_BIND, NULL) < 0)
			return err_sys(err, "cannot mount %s", upper);
		return 0;
	}
	if (make_dir(work, 0700, err) < 0)
		return -1;
	return overlay_mount(&overlay, target, err);
}

static struct overlay overlay_of(const struct init_plan *plan, enum tree tree)
{
	bool with_mount_points = tree == TREE_SYSTREE && !plan->worker;

	return (struct overlay){.layers_dir = INIT_LAYERS_DIR,
				.name = tree_name(tree),
				.chain = plan->chain[tree],
				.over = tree == TREE_SYSTREE && plan->n_files ? INIT_DIR "/over"
									      : NULL,
				.under = with_mount_points ? INIT_DIR "/under" : INIT_DIR "/empty"};
}

static int mount_overlay(const struct init_plan *plan, enum tree tree,
			 const struct overlay *overlay, struct err *err)
{
	if (overlay->over && make_over_layer(plan, overlay, err) < 0)
		return -1;
	if (plan->access[tree] == TREE_WRITE)
		return mount_upper(plan, overlay, err);
	return overlay_mount(overlay, init_tree_path(tree), err);
}

/* A tree that is only read is copied to where nothing is kept. */
static int copy_tree(const struct init_plan *plan, enum tree tree, const struct overlay *overlay,
		     struct init_copies *copies, struct err *err)
{
	AUTO_FREE char *path = draft_path(plan, "work", overlay->name);

	if (plan->access[tree] == TREE_WRITE)
		return init_copy_tree(plan, tree, overlay, copies, err);
	return init_copy_overlay(overlay, path, init_tree_path(tree), err);
}

static int mount_tree(const struct init_plan *plan, enum tree tree, struct init_copies *copies,
		      struct err *err)
{
	struct overlay overlay = overlay_of(plan, tree);

	if (mount_overlay(plan, tree, &overlay, err) == 0)
		return 0;
	return overlay_is_refused(err) ? copy_tree(plan, tree, &overlay, copies, err) : -1;
}

/* The step's /tmp: empty, or that of an attempt with a layer of its own above. */
static int make_tmp(const struct init_plan *plan, struct err *err)
{
	AUTO_FREE char *upper = draft_path(plan, "layer", "tmp");
	AUTO_STRV struct strv chain = {0};
	struct overlay overlay = {.layers_dir = INIT_LAYERS_DIR,
				  .name = "tmp",
				  .chain = &chain,
				  .under = INIT_DIR "/empty"};

	if (!plan->tmp_of)
		return make_dir(upper, 01777, err);
	strv_add(&chain, plan->tmp_of);
	if (mount_upper(plan, &overlay, err) == 0)
		return 0;
	return overlay_is_refused(err) ? init_copy_overlay(&overlay, upper, INIT_DIR "/tmp", err)
				       : -1;
}

int init_mount_trees(const struct init_plan *plan, struct init_copies *copies, struct err *err)
{
	AUTO_FREE char *work = mem_printf(INIT_TMP_DIR "/%s/work", plan->draft);

	if (make_dir(work, 0700, err) < 0)
		return -1;
	if (plan->keep_tmp && make_tmp(plan, err) < 0)
		return -1;
	for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
		if (plan->access[tree] != TREE_ABSENT && mount_tree(plan, tree, copies, err) < 0)
			return -1;
	}
	if (plan->access[TREE_SYSTREE] != TREE_ABSENT && !plan->worker)
		return check_mount_points(err);
	return 0;
}

int init_check_outputs(const struct init_plan *plan, struct err *err)
{
	AUTO_CLOSE int root_fd = open(INIT_DIR "/workspace", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (plan->outputs && root_fd < 0)
		return err_sys(err, "cannot open the workspace");
	for (size_t i = 0; plan->outputs && i < plan->outputs->len; i++) {
		const char *name = plan->outputs->items[i];
		AUTO_CLOSE int fd = path_open_in_root(root_fd, name, O_PATH, 0);

		if (fd < 0)
			return err_set(err, ERR_STEP,
				       "the step did not make '%s', which its outputs name", name);
	}
	return 0;
}

static int remove_draft_part(const struct init_plan *plan, const char *part, const char *name,
			     struct err *err)
{
	AUTO_FREE char *path = draft_path(plan, part, name);

	return path_remove_tree(AT_FDCWD, path, err);
}

/* Whether the layer says anything: 1, 0, or -1. */
static int has_changed(const struct init_plan *plan, enum tree tree,
		       const struct init_copies *copies, struct err *err)
{
	AUTO_FREE char *upper = draft_path(plan, "layer", tree_name(tree));
	struct overlay overlay = overlay_of(plan, tree);

	if (copies->made[tree])
		return init_copy_changed(plan, tree, copies, err);
	overlay.upper = upper;
	return overlay_upper_changed(&overlay, err);
}

/* Finds out whether the layer is to be kept; removes the directory when not. */
static int judge_layer(const struct init_plan *plan, enum tree tree,
		       const struct init_copies *copies, struct init_result *result,
		       struct err *err)
{
	int changed = has_changed(plan, tree, copies, err);

	if (changed < 0)
		return -1;
	result->changed[tree] = changed;
	result->whole[tree] = changed && copies->made[tree];
	return changed ? 0 : remove_draft_part(plan, "layer", tree_name(tree), err);
}

/* Whether a failed step's /tmp can be kept as a layer: the step has written it without an overlay. */
static bool clean_tmp(const struct init_plan *plan)
{
	AUTO_FREE char *path = draft_path(plan, "layer", "tmp");
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct err err;

	return plan->tmp_of || (fd >= 0 && overlay_marks_remove(fd, NULL, &err) == 0);
}

int init_finish_trees(const struct init_plan *plan, const struct init_copies *copies, bool failed,
		      struct init_result *result, struct err *err)
{
	AUTO_FREE char *work = mem_printf(INIT_TMP_DIR "/%s/work", plan->draft);

	for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
		if (plan->access[tree] == TREE_WRITE &&
		    judge_layer(plan, tree, copies, result, err) < 0)
			return -1;
	}
	result->tmp_kept = plan->keep_tmp && failed && clean_tmp(plan);
	if (plan->keep_tmp && !result->tmp_kept && remove_draft_part(plan, "layer", "tmp", err) < 0)
		return -1;
	return path_remove_tree(AT_FDCWD, work, err);
}
