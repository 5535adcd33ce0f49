/* init_additions.c: what a copied systree is given for the time of a step, as an overlay would show it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/sandbox/init_internal.h"

/* A directory or file of ours. What is around it is to look untouched when it is gone again. */
struct init_addition {
	const char *name;    /* relative to the systree */
	bool is_dir, covers; /* covers: what was there before is in aside/NUMBER */
	struct stat own;
	struct timespec parent_before, parent_after; /* modification times */
};

/* Opens the directory that name is in; links are refused. */
static int open_parent(int root_fd, const char *name)
{
	AUTO_FREE char *dir = path_dirname(name);

	return path_open_beneath(root_fd, dir, O_RDONLY | O_DIRECTORY, 0);
}

static void aside_name(size_t number, char ret_name[24])
{
	snprintf(ret_name, 24, "%zu", number);
}

/* Notes what was made, with the times before and after. */
static int note_addition(struct init_copies *copies, int parent_fd, struct init_addition *addition)
{
	struct stat parent;

	if (fstatat(parent_fd, path_basename(addition->name), &addition->own, AT_SYMLINK_NOFOLLOW) <
		    0 ||
	    fstat(parent_fd, &parent) < 0)
		return -1;
	addition->parent_after = parent.st_mtim;
	addition->name = mem_strdup(addition->name);
	copies->additions = mem_grow(copies->additions, copies->count, &copies->capacity,
				     sizeof *copies->additions);
	copies->additions[copies->count++] = *addition;
	return 0;
}

/* Makes one directory, unless there is something of the name. */
static int add_dir(int root_fd, const char *name, mode_t mode, struct init_copies *copies,
		   struct err *err)
{
	AUTO_CLOSE int parent_fd = open_parent(root_fd, name);
	struct init_addition addition = {.name = name, .is_dir = true};
	const char *base = path_basename(name);
	struct stat parent;

	if (parent_fd < 0 || fstat(parent_fd, &parent) < 0)
		return err_sys(err, "cannot look at /%s of the systree", name);
	addition.parent_before = parent.st_mtim;
	if (mkdirat(parent_fd, base, 0700) < 0)
		return errno == EEXIST ? 0 : err_sys(err, "cannot make /%s in the systree", name);
	if (fchmodat(parent_fd, base, mode, 0) < 0 ||
	    note_addition(copies, parent_fd, &addition) < 0)
		return err_sys(err, "cannot make /%s in the systree", name);
	return 0;
}

/* Makes the missing directories above a file of ours. */
static int add_parents(int root_fd, const char *name, struct init_copies *copies, struct err *err)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		AUTO_FREE char *dir = mem_strndup(name, (size_t)(slash - name));
		struct stat status;

		if (add_dir(root_fd, dir, 0755, copies, err) < 0)
			return -1;
		if (fstatat(root_fd, dir, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    !S_ISDIR(status.st_mode))
			return err_set(err, ERR_STEP, "/%s of the systree is not a directory", dir);
	}
	return 0;
}

static int write_file(int parent_fd, const struct init_file *file)
{
	AUTO_CLOSE int fd = openat(parent_fd, path_basename(file->name),
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 || fd_write_all(fd, file->text, strlen(file->text)) < 0)
		return -1;
	return fchmod(fd, file->executable ? 0755 : 0644);
}

/* Puts a file of ours in the place of what is there. */
static int add_file(int root_fd, int aside_fd, const struct init_file *file,
		    struct init_copies *copies, struct err *err)
{
	struct init_addition addition = {.name = file->name};
	AUTO_CLOSE int parent_fd = -1;
	struct stat parent;
	char aside[24];

	if (add_parents(root_fd, file->name, copies, err) < 0)
		return -1;
	parent_fd = open_parent(root_fd, file->name);
	if (parent_fd < 0 || fstat(parent_fd, &parent) < 0)
		return err_sys(err, "cannot look at /%s of the systree", file->name);
	addition.parent_before = parent.st_mtim;
	aside_name(copies->count, aside);
	addition.covers = renameat(parent_fd, path_basename(file->name), aside_fd, aside) == 0;
	if ((!addition.covers && errno != ENOENT) || write_file(parent_fd, file) < 0 ||
	    note_addition(copies, parent_fd, &addition) < 0)
		return err_sys(err, "cannot put /%s into the systree", file->name);
	return 0;
}

int init_add_to_systree(const struct init_plan *plan, int root_fd, int aside_fd,
			struct init_copies *copies, struct err *err)
{
	for (size_t i = 0; i < INIT_MOUNT_POINTS; i++) {
		const struct init_mount_point *point = &init_mount_points[i];

		if (add_dir(root_fd, point->name, point->mode, copies, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < plan->n_files; i++) {
		if (add_file(root_fd, aside_fd, &plan->files[i], copies, err) < 0)
			return -1;
	}
	return 0;
}

static bool same_time(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

/* Whether the step has left a file of ours alone. */
static bool is_untouched(const struct init_addition *addition, const struct stat *now)
{
	return now->st_ino == addition->own.st_ino && now->st_dev == addition->own.st_dev &&
	       same_time(&now->st_ctim, &addition->own.st_ctim);
}

/* Removes a directory that nobody has put anything into, or an untouched file. */
static bool take_out(const struct init_addition *addition, int parent_fd, int aside_fd,
		     size_t number)
{
	const char *base = path_basename(addition->name);
	struct stat now;
	char aside[24];

	if (fstatat(parent_fd, base, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (addition->is_dir)
		return now.st_mode == addition->own.st_mode && now.st_uid == addition->own.st_uid &&
		       unlinkat(parent_fd, base, AT_REMOVEDIR) == 0;
	if (!is_untouched(addition, &now))
		return false;
	aside_name(number, aside);
	return addition->covers ? renameat(aside_fd, aside, parent_fd, base) == 0
				: unlinkat(parent_fd, base, 0) == 0;
}

/* Takes one addition out; what the step made of it stays the step's. */
static int take_addition(const struct init_addition *addition, int root_fd, int aside_fd,
			 size_t number, struct err *err)
{
	AUTO_CLOSE int parent_fd = open_parent(root_fd, addition->name);
	const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, addition->parent_before};
	struct stat parent;

	if (parent_fd < 0)
		return 0;
	if (fstat(parent_fd, &parent) < 0)
		return err_sys(err, "cannot look at /%s of the systree", addition->name);
	if (!take_out(addition, parent_fd, aside_fd, number) ||
	    !same_time(&parent.st_mtim, &addition->parent_after))
		return 0;
	if (futimens(parent_fd, times) < 0)
		return err_sys(err, "cannot set the times around /%s of the systree",
			       addition->name);
	return 0;
}

/* In the opposite order, so that each finds around it what it left. */
int init_take_from_systree(int root_fd, int aside_fd, const struct init_copies *copies,
			   struct err *err)
{
	for (size_t i = copies->count; i > 0; i--) {
		if (take_addition(&copies->additions[i - 1], root_fd, aside_fd, i - 1, err) < 0)
			return -1;
	}
	return 0;
}
