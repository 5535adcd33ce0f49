#include "engine/store/archive_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/glob.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/archive_internal.h"

/* So many directories are held open; one further up is found again through "..". */
enum { OPEN_MAX_LEVELS = 64 };

/* A directory whose names are being gone through. */
struct walk_frame {
	int fd; /* -1: closed for now */
	dev_t dev;
	ino_t ino;
	struct strv names; /* sorted */
	size_t next;
	size_t path_length; /* of the directory's own path */
	bool included;
};

struct tree_walk {
	struct walk_frame *frames; /* the first holds only the name of the tree itself */
	size_t count, capacity;
	struct buf path;
	int enter_fd; /* the directory returned last, to be gone into; or -1 */
	struct stat enter_status;
	bool enter_included;
	const struct strv *include, *exclude;
	bool takes_all;
	struct archive_notes *notes; /* or NULL */
};

static struct walk_frame *push_frame(struct tree_walk *walk, int fd)
{
	struct walk_frame *frame;

	walk->frames = mem_grow(walk->frames, walk->count, &walk->capacity, sizeof *walk->frames);
	frame = &walk->frames[walk->count++];
	*frame = (struct walk_frame){.fd = fd, .path_length = walk->path.len};
	/* The first one stays: what is above the tree is not looked for through "..". */
	if (walk->count > OPEN_MAX_LEVELS + 1)
		fd_close(&walk->frames[walk->count - 1 - OPEN_MAX_LEVELS].fd);
	return frame;
}

/* A stream over the directory fd, which stays the caller's. */
static DIR *open_stream(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (!dir)
		fd_close(&copy);
	return dir;
}

/* Reads the names in the directory fd, sorted. */
static int read_names(int fd, struct strv *names)
{
	AUTO_CLOSEDIR DIR *dir = open_stream(fd);
	struct dirent *entry;

	if (!dir)
		return -1;
	while (errno = 0, (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			strv_add(names, entry->d_name);
	}
	if (errno)
		return -1;
	archive_sort_names(names);
	return 0;
}

/* The present name, to be shown. Free with free(). */
static char *shown_path(const struct tree_walk *walk)
{
	return archive_shown(walk->path.len ? walk->path.data : ".");
}

/* Goes into the directory that was returned last. */
static int enter_dir(struct tree_walk *walk, struct err *err)
{
	struct walk_frame *frame = push_frame(walk, take_fd(&walk->enter_fd));

	frame->dev = walk->enter_status.st_dev;
	frame->ino = walk->enter_status.st_ino;
	frame->included = walk->enter_included;
	if (read_names(frame->fd, &frame->names) < 0) {
		AUTO_FREE char *shown = shown_path(walk);

		return err_sys(err, "cannot read the directory %s", shown);
	}
	return 0;
}

/* Opens the directory above fd, which must be the one that frame was made for. */
static int reopen_frame(const struct tree_walk *walk, struct walk_frame *frame, int fd,
			struct err *err)
{
	struct stat status;

	frame->fd = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (frame->fd >= 0 && !fstat(frame->fd, &status) && status.st_dev == frame->dev &&
	    status.st_ino == frame->ino)
		return 0;
	{
		AUTO_FREE char *shown = shown_path(walk);

		return err_set(err, ERR_STEP, "the directory above %s changed while it was read",
			       shown);
	}
}

/* Leaves a directory for the one above it. */
static int leave_dir(struct tree_walk *walk, struct err *err)
{
	struct walk_frame *frame = &walk->frames[--walk->count];
	AUTO_CLOSE int fd = frame->fd;

	strv_release(&frame->names);
	buf_truncate(&walk->path, frame->path_length);
	if (!walk->count || walk->frames[walk->count - 1].fd >= 0)
		return 0;
	return reopen_frame(walk, &walk->frames[walk->count - 1], fd, err);
}

/* Opens a directory that is to be returned, so that it can be read, and its attributes too. */
static int open_dir(struct tree_walk *walk, struct tree_entry *entry, struct err *err)
{
	entry->dir_fd = openat(entry->parent_fd, entry->base,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (entry->dir_fd < 0) {
		AUTO_FREE char *shown = shown_path(walk);

		return err_sys(err, "cannot open the directory %s", shown);
	}
	walk->enter_fd = entry->dir_fd;
	walk->enter_status = entry->status;
	walk->enter_included = entry->included;
	return 0;
}

/* What kind of file it is, if that is one that no archive of ours holds; else NULL. */
static const char *kind_passed_over(mode_t mode)
{
	static const struct {
		mode_t kind;
		const char *name;
	} kinds[] = {
		{S_IFSOCK, "socket"},
		{S_IFCHR, "character device"},
		{S_IFBLK, "block device"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if ((mode & S_IFMT) == kinds[i].kind)
			return kinds[i].name;
	}
	return NULL;
}

/* Passes over an entry of that kind; but not when it is all there is to read. */
static int pass_over(struct tree_walk *walk, const struct tree_entry *entry, const char *kind,
		     struct err *err)
{
	AUTO_FREE char *shown = shown_path(walk), *what = mem_printf("the %s", kind);

	if (!entry->depth)
		return err_set(err, ERR_STEP,
			       "%s is a %s: only files, directories, links and FIFOs can be taken",
			       shown, kind);
	if (walk->notes && entry->included)
		archive_note(walk->notes, what, shown);
	return 0;
}

/* Looks at entry->base; returns 1 when it is to be returned, 0 when it is left out. */
static int examine(struct tree_walk *walk, const struct walk_frame *frame, struct tree_entry *entry,
		   struct err *err)
{
	AUTO_FREE char *shown = NULL;
	const char *path = walk->path.data, *passed_over;
	bool is_dir;

	if (fstatat(entry->parent_fd, entry->base, &entry->status, AT_SYMLINK_NOFOLLOW) < 0) {
		shown = shown_path(walk);
		return err_sys(err, "cannot look at %s", shown);
	}
	is_dir = S_ISDIR(entry->status.st_mode);
	if (entry->depth && glob_match_any(walk->exclude, path, is_dir))
		return 0;
	if (entry->depth > TREE_WALK_DEPTH_MAX || walk->path.len > TREE_WALK_NAME_MAX) {
		shown = shown_path(walk);
		return err_set(
			err, ERR_STEP,
			"%s is nested too deeply: at most %d levels and %d bytes of name are "
			"archived; leave it out or make the tree flatter",
			shown, TREE_WALK_DEPTH_MAX, TREE_WALK_NAME_MAX);
	}
	entry->included = frame->included || !walk->include || !walk->include->len ||
			  !entry->depth || glob_match_any(walk->include, path, is_dir);
	passed_over = walk->takes_all ? NULL : kind_passed_over(entry->status.st_mode);
	if (passed_over)
		return pass_over(walk, entry, passed_over, err);
	return is_dir && open_dir(walk, entry, err) < 0 ? -1 : 1;
}

/* Takes the next name of the directory at the top and looks at it. */
static int take_name(struct tree_walk *walk, struct tree_entry *entry, struct err *err)
{
	struct walk_frame *frame = &walk->frames[walk->count - 1];
	int result;

	*entry = (struct tree_entry){
		.parent_fd = frame->fd,
		.dir_fd = -1,
		.depth = (unsigned)walk->count - 1,
		.base = frame->names.items[frame->next++],
	};
	buf_truncate(&walk->path, frame->path_length);
	if (walk->path.len)
		buf_add_char(&walk->path, '/');
	buf_add_str(&walk->path, entry->base);
	result = examine(walk, frame, entry, err);
	/* The tree itself has no name; what is below it is named without it. */
	if (result > 0 && !entry->depth && entry->dir_fd >= 0) {
		buf_truncate(&walk->path, 0);
		walk->enter_included = !walk->include || !walk->include->len;
	}
	entry->path = walk->path.data;
	return result;
}

int tree_walk_next(struct tree_walk *walk, struct tree_entry *ret_entry, struct err *err)
{
	if (walk->enter_fd >= 0 && enter_dir(walk, err) < 0)
		return -1;
	while (walk->count) {
		const struct walk_frame *frame = &walk->frames[walk->count - 1];
		int result;

		if (frame->next == frame->names.len) {
			if (leave_dir(walk, err) < 0)
				return -1;
			continue;
		}
		result = take_name(walk, ret_entry, err);
		if (result)
			return result;
	}
	return 0;
}

struct tree_walk *tree_walk_new(int dir_fd, const char *name, const struct strv *include,
				const struct strv *exclude, struct err *err)
{
	AUTO_FREE char *parent = path_dirname(name);
	AUTO_FREE char *shown = archive_shown(name);
	AUTO_CLOSE int fd = -1;
	struct tree_walk *walk;

	if (!path_is_clean_relative(name)) {
		err_set(err, ERR_USAGE, "%s is not a clean relative name", shown);
		return NULL;
	}
	fd = path_open_beneath(dir_fd, parent, O_PATH | O_DIRECTORY, 0);
	if (fd < 0) {
		if (errno == ELOOP)
			path_refuse_link(dir_fd, parent, err);
		else
			err_sys(err, "cannot open the directory of %s", shown);
		return NULL;
	}
	walk = mem_new(sizeof *walk);
	*walk = (struct tree_walk){.include = include, .exclude = exclude, .enter_fd = -1};
	buf_init(&walk->path);
	strv_add(&push_frame(walk, take_fd(&fd))->names, path_basename(name));
	return walk;
}

void tree_walk_take_all(struct tree_walk *walk)
{
	walk->takes_all = true;
}

void tree_walk_note(struct tree_walk *walk, struct archive_notes *notes)
{
	walk->notes = notes;
}

void tree_walk_free(struct tree_walk *walk)
{
	if (!walk)
		return;
	for (size_t i = 0; i < walk->count; i++) {
		fd_close(&walk->frames[i].fd);
		strv_release(&walk->frames[i].names);
	}
	fd_close(&walk->enter_fd);
	free(walk->frames);
	buf_release(&walk->path);
	free(walk);
}

int tree_entry_open(const struct tree_entry *entry, struct err *err)
{
	int fd = openat(entry->parent_fd, entry->base,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		AUTO_FREE char *shown = archive_shown(entry->path);

		return err_sys(err, "cannot open %s", shown);
	}
	return fd;
}

char *tree_entry_link(const struct tree_entry *entry, struct err *err)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(entry->parent_fd, entry->base, target, sizeof target);

	if (length < 0 || length == sizeof target) {
		AUTO_FREE char *shown = archive_shown(entry->path);

		if (length > 0)
			errno = ENAMETOOLONG;
		err_sys(err, "cannot read the link %s", shown);
		return NULL;
	}
	return mem_strndup(target, (size_t)length);
}

int tree_entry_check_unchanged(const struct tree_entry *entry, int fd, struct err *err)
{
	const struct stat *before = &entry->status;
	AUTO_FREE char *shown = NULL;
	struct stat now;

	if (!fstat(fd, &now) && now.st_dev == before->st_dev && now.st_ino == before->st_ino &&
	    now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == before->st_mtim.tv_nsec)
		return 0;
	shown = archive_shown(entry->path);
	return err_set(err, ERR_STEP, "%s changed while it was read; try again", shown);
}
