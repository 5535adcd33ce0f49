#include "engine/store/tree_scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/strv.h"

/* Directories open at a time, counted from the deepest. */
enum { OPEN_MAX_LEVELS = 64 };

/* A directory that was read: which in it are still to be looked at. */
struct level {
	char *name;
	int fd; /* -1: closed for now */
	dev_t dev;
	ino_t ino;
	struct strv below;
};

struct tree_scan {
	tree_scan_function *each;
	void *data;
	struct level *levels;
	size_t count, capacity;
	bool over; /* each() has seen enough, or the way back is gone */
};

static struct level *top(const struct tree_scan *scan)
{
	return &scan->levels[scan->count - 1];
}

uint64_t tree_scan_bytes(const struct stat *status)
{
	nlink_t names = S_ISDIR(status->st_mode) || !status->st_nlink ? 1 : status->st_nlink;

	return (uint64_t)status->st_blocks * 512 / names;
}

char *tree_scan_path(const struct tree_scan *scan, const char *name)
{
	struct buf path = BUF_INIT;

	if (!scan->count)
		return mem_strdup("");
	for (size_t i = 1; i < scan->count; i++)
		buf_add_fmt(&path, "%s/", scan->levels[i].name);
	buf_add_str(&path, name);
	return path.data;
}

/* Shows an entry; whether it is a directory to go into. */
static bool show(struct tree_scan *scan, int dir_fd, const char *name)
{
	struct stat status;

	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (!scan->each(scan->data, scan, name, &status))
		scan->over = true;
	return !scan->over && S_ISDIR(status.st_mode);
}

/* Shows all that is in the topmost directory, and notes the directories. */
static void read_level(struct tree_scan *scan)
{
	struct level *level = top(scan);
	int own = openat(level->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = own < 0 ? NULL : fdopendir(own);
	const struct dirent *entry;

	if (!dir)
		fd_close(&own);
	while (dir && !scan->over && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (show(scan, level->fd, entry->d_name))
			strv_add(&level->below, entry->d_name);
	}
}

static void enter(struct tree_scan *scan, int dir_fd, const char *name)
{
	AUTO_CLOSE int fd =
		openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return;
	scan->levels = mem_grow(scan->levels, scan->count, &scan->capacity, sizeof *scan->levels);
	scan->levels[scan->count++] = (struct level){.name = mem_strdup(name),
						     .fd = take_fd(&fd),
						     .dev = status.st_dev,
						     .ino = status.st_ino};
	if (scan->count > OPEN_MAX_LEVELS)
		fd_close(&scan->levels[scan->count - 1 - OPEN_MAX_LEVELS].fd);
	read_level(scan);
}

/* Opens a directory again from the one below it, if that is still there. */
static bool reopen(struct level *level, int below_fd)
{
	struct stat status;

	level->fd = openat(below_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return level->fd >= 0 && fstat(level->fd, &status) == 0 && status.st_dev == level->dev &&
	       status.st_ino == level->ino;
}

static void release_level(struct level *level)
{
	fd_close(&level->fd);
	free(level->name);
	strv_release(&level->below);
}

static void leave(struct tree_scan *scan)
{
	struct level left = *top(scan);

	scan->count--;
	if (scan->count && !scan->over && top(scan)->fd < 0)
		scan->over = !reopen(top(scan), left.fd);
	release_level(&left);
}

/* The directory that was noted last, or back from one that is done. */
static void go_on(struct tree_scan *scan)
{
	struct level *level = top(scan);
	AUTO_FREE char *name = NULL;

	if (!level->below.len || scan->over) {
		leave(scan);
		return;
	}
	name = mem_strdup(level->below.items[level->below.len - 1]);
	strv_remove(&level->below, level->below.len - 1);
	enter(scan, level->fd, name);
}

void tree_scan(int dir_fd, const char *name, tree_scan_function *each, void *data)
{
	struct tree_scan scan = {.each = each, .data = data};

	if (show(&scan, dir_fd, name))
		enter(&scan, dir_fd, name);
	while (scan.count)
		go_on(&scan);
	free(scan.levels);
}
