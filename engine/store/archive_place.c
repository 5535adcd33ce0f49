#include "engine/store/archive_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/archive_internal.h"

/* A directory that still needs its mode and time. */
struct late_dir {
	char *path;
	size_t order; /* in which it was named: the last one holds */
	mode_t mode;
	struct timespec mtime;
};

/* err_sys() with the path between what and the reason. */
static int fail_at(struct err *err, const char *what, const char *path)
{
	int number = errno;
	AUTO_FREE char *shown = archive_shown(path[0] ? path : ".");

	errno = number;
	return err_sys(err, "cannot %s %s", what, shown);
}

void place_init(struct place *place, int dir_fd)
{
	*place = (struct place){.dir_fd = dir_fd, .parent_fd = -1};
}

void place_release(struct place *place)
{
	for (size_t i = 0; i < place->late_count; i++)
		free(place->late[i].path);
	free(place->late);
	free(place->parent);
	fd_close(&place->parent_fd);
}

static void add_late(struct place *place, const char *path, mode_t mode, struct timespec mtime)
{
	place->late = mem_grow(place->late, place->late_count, &place->late_capacity,
			       sizeof *place->late);
	place->late[place->late_count] = (struct late_dir){
		.path = mem_strdup(path),
		.order = place->late_count,
		.mode = mode,
		.mtime = mtime,
	};
	place->late_count++;
}

/* Opens the directory name in dir_fd, which may be missing; path is all of it, cut behind name. */
static int enter(struct place *place, int dir_fd, const char *name, const char *path,
		 struct err *err)
{
	const struct timespec now = {.tv_nsec = UTIME_NOW};
	int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags);

	if (fd < 0 && errno == ENOENT && !place->finishing) {
		if (mkdirat(dir_fd, name, 0700) < 0)
			return fail_at(err, "make the directory", path);
		add_late(place, path, 0755, now);
		fd = openat(dir_fd, name, flags);
	}
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP) && !place->finishing) {
		AUTO_FREE char *shown = archive_shown(path);

		return err_set(err, ERR_STEP,
			       "the archive has names below %s, which is no directory (a link is "
			       "not followed)",
			       shown);
	}
	return fd < 0 ? fail_at(err, "open the directory", path) : fd;
}

/* How much of path the directory looked up last is the way to; 0 when none. */
static size_t known_length(const struct place *place, const char *path)
{
	size_t length = place->parent ? strlen(place->parent) : 0;

	if (!length || strncmp(path, place->parent, length) ||
	    (path[length] && path[length] != '/'))
		return 0;
	return length;
}

/* How much of path, in whole components, one call can take. */
static size_t piece_length(const char *path)
{
	size_t length = strlen(path);

	if (length < PATH_MAX)
		return length;
	for (length = PATH_MAX - 1; length && path[length] != '/'; length--)
		;
	return length ? length : strcspn(path, "/");
}

/* Goes on from the directory fd, path's first begin bytes: as far as one call leads, or else by one
 * component, which may be missing. *ret_at is how much of path that makes. */
static int step(struct place *place, int fd, const char *path, size_t begin, size_t *ret_at,
		struct err *err)
{
	size_t length = piece_length(path + begin);
	AUTO_FREE char *piece = mem_strndup(path + begin, length), *partial = NULL;
	int next = path_open_beneath(fd, piece, O_PATH | O_DIRECTORY, 0);

	if (next < 0) {
		length = strcspn(path + begin, "/");
		partial = mem_strndup(path, begin + length);
		next = enter(place, fd, partial + begin, partial, err);
	}
	*ret_at = begin + length;
	return next;
}

/* Opens the directory path, from what is known of it or from the top. */
static int walk_to(struct place *place, const char *path, struct err *err)
{
	size_t at = known_length(place, path), end = strlen(path);
	AUTO_CLOSE int fd = fcntl(at ? place->parent_fd : place->dir_fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return fail_at(err, "open the directory of", path);
	while (at < end) {
		int next = step(place, fd, path, at + (at > 0), &at, err);

		if (next < 0)
			return -1;
		fd_close(&fd);
		fd = next;
	}
	return take_fd(&fd);
}

/* Makes the directory path the one looked up last; missing ones are made. */
static int look_up(struct place *place, const char *path, struct err *err)
{
	int fd;

	if (place->parent && !strcmp(place->parent, path))
		return 0;
	fd = walk_to(place, path, err);
	if (fd < 0)
		return -1;
	fd_close(&place->parent_fd);
	place->parent_fd = fd;
	free(place->parent);
	place->parent = mem_strdup(path);
	return 0;
}

/* Looks up the directory that path is in; returns its last component, or NULL. */
static const char *look_up_parent(struct place *place, const char *path, struct err *err)
{
	const char *base = path_basename(path);
	AUTO_FREE char *parent = mem_strndup(path, base > path ? (size_t)(base - path - 1) : 0);

	return look_up(place, parent, err) < 0 ? NULL : base;
}

/* Removes what stands where path is to be, after a call failed with EEXIST. */
static int clear_way(struct place *place, const char *base, const char *path, struct err *err)
{
	if (!unlinkat(place->parent_fd, base, 0))
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return fail_at(err, "replace", path);
	if (!unlinkat(place->parent_fd, base, AT_REMOVEDIR))
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST) {
		AUTO_FREE char *shown = archive_shown(path);

		return err_set(err, ERR_STEP,
			       "%s would replace a directory that is not empty by something else",
			       shown);
	}
	return fail_at(err, "replace the directory", path);
}

/* Prepares for another try: 0 when the call failed since something stood in the way. */
static int retry(struct place *place, const char *base, const char *path, const char *what,
		 struct err *err)
{
	if (errno != EEXIST)
		return fail_at(err, what, path);
	return clear_way(place, base, path, err);
}

int place_file(struct place *place, const char *path, int *ret_fd, struct err *err)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	const char *base = look_up_parent(place, path, err);
	int fd;

	if (!base)
		return -1;
	while ((fd = openat(place->parent_fd, base, flags, 0600)) < 0) {
		if (retry(place, base, path, "make the file", err) < 0)
			return -1;
	}
	*ret_fd = fd;
	return 0;
}

/* Says whom a file cannot be given to. */
static int fail_owner(struct err *err, const char *path, const struct place_attributes *attributes)
{
	int number = errno;
	AUTO_FREE char *shown = archive_shown(path[0] ? path : ".");

	errno = number;
	err_sys(err, "cannot give %s to %lu:%lu", shown, (unsigned long)attributes->uid,
		(unsigned long)attributes->gid);
	/* EINVAL: an id that is not mapped, the host's lack and not a fault. */
	if (number == EINVAL)
		err->code = ERR_HOST;
	return -1;
}

int place_set_owner(int fd, const char *path, const struct place_attributes *attributes,
		    struct err *err)
{
	if (fchown(fd, attributes->uid, attributes->gid) < 0)
		return fail_owner(err, path, attributes);
	return 0;
}

/* Sets mode and time of what fd is open on. */
static int set_mode_and_time(int fd, const char *path, mode_t mode, struct timespec mtime,
			     struct err *err)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, mtime};

	if (fchmod(fd, mode) < 0)
		return fail_at(err, "set the mode of", path);
	if (futimens(fd, times) < 0)
		return fail_at(err, "set the time of", path);
	return 0;
}

int place_set_mode_and_time(int fd, const char *path, const struct place_attributes *attributes,
			    struct err *err)
{
	return set_mode_and_time(fd, path, attributes->mode, attributes->mtime, err);
}

/* Sets owner and time of a link or FIFO just made, and the mode of a FIFO. */
static int set_attributes(struct place *place, const char *base, const char *path,
			  const struct place_attributes *attributes, bool with_mode,
			  struct err *err)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, attributes->mtime};

	if (fchownat(place->parent_fd, base, attributes->uid, attributes->gid,
		     AT_SYMLINK_NOFOLLOW) < 0)
		return fail_owner(err, path, attributes);
	if (with_mode && fchmodat(place->parent_fd, base, attributes->mode, 0) < 0)
		return fail_at(err, "set the mode of", path);
	if (utimensat(place->parent_fd, base, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_at(err, "set the time of", path);
	return 0;
}

int place_link(struct place *place, const char *path, const char *target,
	       const struct place_attributes *attributes, struct err *err)
{
	const char *base = look_up_parent(place, path, err);

	if (!base)
		return -1;
	while (symlinkat(target, place->parent_fd, base) < 0) {
		if (retry(place, base, path, "make the link", err) < 0)
			return -1;
	}
	return set_attributes(place, base, path, attributes, false, err);
}

int place_fifo(struct place *place, const char *path, const struct place_attributes *attributes,
	       struct err *err)
{
	const char *base = look_up_parent(place, path, err);

	if (!base)
		return -1;
	while (mkfifoat(place->parent_fd, base, 0600) < 0) {
		if (retry(place, base, path, "make the FIFO", err) < 0)
			return -1;
	}
	return set_attributes(place, base, path, attributes, true, err);
}

/* Opens what target names, for linking to it. */
static int open_target(struct place *place, const char *path, const char *target, struct err *err)
{
	const char *base = look_up_parent(place, target, err);
	struct stat status;
	int fd = -1;

	if (!base)
		return -1;
	fd = openat(place->parent_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail_at(err, "open the directory of", target);
	if (fstatat(fd, base, &status, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(status.st_mode)) {
		AUTO_FREE char *shown = archive_shown(path), *other = archive_shown(target);

		fd_close(&fd);
		return err_set(err, ERR_STEP,
			       "%s is a hard link to %s, which is not a file in the tree", shown,
			       other);
	}
	return fd;
}

int place_hard_link(struct place *place, const char *path, const char *target, struct err *err)
{
	AUTO_CLOSE int target_fd = open_target(place, path, target, err);
	const char *base;

	if (target_fd < 0)
		return -1;
	/* Making way for it would remove the only name. */
	if (!strcmp(path, target))
		return 0;
	base = look_up_parent(place, path, err);
	if (!base)
		return -1;
	while (linkat(target_fd, path_basename(target), place->parent_fd, base, 0) < 0) {
		if (retry(place, base, path, "make the hard link", err) < 0)
			return -1;
	}
	return 0;
}

/* Makes the directory base in the one looked up last, unless it is there. */
static int make_dir(struct place *place, const char *base, const char *path, struct err *err)
{
	struct stat status;

	while (mkdirat(place->parent_fd, base, 0700) < 0) {
		int number = errno;

		if (number == EEXIST &&
		    !fstatat(place->parent_fd, base, &status, AT_SYMLINK_NOFOLLOW) &&
		    S_ISDIR(status.st_mode))
			return 0;
		errno = number;
		if (retry(place, base, path, "make the directory", err) < 0)
			return -1;
	}
	return 0;
}

int place_dir(struct place *place, const char *path, const struct place_attributes *attributes,
	      struct err *err)
{
	const char *base = ".";

	if (path[0])
		base = look_up_parent(place, path, err);
	else if (look_up(place, "", err) < 0)
		return -1;
	if (!base || (path[0] && make_dir(place, base, path, err) < 0))
		return -1;
	if (fchownat(place->parent_fd, base, attributes->uid, attributes->gid,
		     AT_SYMLINK_NOFOLLOW) < 0)
		return fail_owner(err, path, attributes);
	add_late(place, path, attributes->mode, attributes->mtime);
	return 0;
}

int place_open_dir(struct place *place, const char *path, int *ret_fd, struct err *err)
{
	const char *base = ".";
	int fd;

	if (path[0])
		base = look_up_parent(place, path, err);
	else if (look_up(place, "", err) < 0)
		return -1;
	if (!base)
		return -1;
	fd = openat(place->parent_fd, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_at(err, "open the directory", path);
	*ret_fd = fd;
	return 0;
}

/* What is in a directory comes before it; of one directory, the last word comes last. */
static int compare_late(const void *left, const void *right)
{
	const struct late_dir *one = left, *other = right;
	int order = strcmp(other->path, one->path);

	return order ? order : (one->order > other->order) - (one->order < other->order);
}

/* Gives one directory its mode and time; one that was replaced meanwhile has none to get. */
static int finish_dir(struct place *place, const struct late_dir *dir, struct err *err)
{
	AUTO_CLOSE int fd = -1;

	if (place_open_dir(place, dir->path, &fd, err) < 0)
		return err->sys_errno == ENOTDIR || err->sys_errno == ELOOP ||
				       err->sys_errno == ENOENT
			       ? 0
			       : -1;
	return set_mode_and_time(fd, dir->path, dir->mode, dir->mtime, err);
}

int place_finish(struct place *place, struct err *err)
{
	place->finishing = true;
	if (place->late_count)
		qsort(place->late, place->late_count, sizeof *place->late, compare_late);
	for (size_t i = 0; i < place->late_count; i++) {
		if (finish_dir(place, &place->late[i], err) < 0)
			return -1;
	}
	return 0;
}
