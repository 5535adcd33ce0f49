/* init_disk.c: how much space on the disk a step has taken.
 *
 * What counts is what the draft's directory holds more than at the beginning: the upper directories of
 * the trees, /tmp, and what overlayfs keeps beside them; and files without a name that are still
 * open. Looking at all of it takes time. So it is done when the file system has less space than
 * would do, and now and then besides, in case that somebody else has made room on it meanwhile.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/loop.h"
#include "engine/sandbox/init_meters.h"
#include "engine/sandbox/init_processes.h"
#include "engine/store/tree_scan.h"

enum {
	ENTRY_BYTES = 1024,    /* of each name, besides what it holds: an inode, and its place */
	SCAN_EVERY_MS = 1000,  /* or later: */
	SCAN_EVERY_TIMES = 20, /* after so many times what a scan takes */
};

struct sum {
	uint64_t bytes, enough; /* no need to look further */
	dev_t dev;		/* of the draft's file system */
};

static bool add_entry(void *data, const struct tree_scan *scan, const char *name,
		      const struct stat *status)
{
	struct sum *sum = data;

	(void)scan;
	(void)name;
	sum->bytes += tree_scan_bytes(status) + ENTRY_BYTES;
	return sum->bytes <= sum->enough;
}

/* Not those on a tmpfs: they are memory. */
static void add_unnamed(void *data, const struct init_unnamed *file)
{
	struct sum *sum = data;

	if (file->file_system == OVERLAYFS_SUPER_MAGIC || file->status->st_dev == sum->dev)
		sum->bytes += tree_scan_bytes(file->status) + ENTRY_BYTES;
}

/* Bytes in use on the file system, an inode counting like an entry above. */
static uint64_t used_on_disk(const struct init_disk *disk)
{
	struct statvfs place;

	if (fstatvfs(disk->fd, &place) < 0)
		return 0;
	return (uint64_t)(place.f_blocks - place.f_bfree) * place.f_frsize +
	       (uint64_t)(place.f_files - place.f_ffree) * ENTRY_BYTES;
}

/* Counts the bytes, at least until there are more than enough. */
static uint64_t scan(const struct init_disk *disk, uint64_t enough)
{
	struct sum sum = {.enough = enough};
	uint64_t used;
	struct stat status;

	if (fstat(disk->fd, &status) == 0)
		sum.dev = status.st_dev;
	tree_scan(disk->fd, ".", add_entry, &sum);
	if (sum.bytes > enough || init_each_unnamed(add_unnamed, &sum))
		return sum.bytes;
	used = used_on_disk(disk);
	return used > disk->used_before ? disk->before + used - disk->used_before : disk->before;
}

void init_disk_start(struct init_disk *disk, const char *draft)
{
	AUTO_FREE char *path = mem_printf(INIT_TMP_DIR "/%s", draft);

	disk->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	disk->used = disk->used_before = used_on_disk(disk);
	disk->before = scan(disk, UINT64_MAX);
	disk->next_ms = loop_now_ms() + SCAN_EVERY_MS;
}

uint64_t init_disk_bytes(struct init_disk *disk, uint64_t limit)
{
	uint64_t held = scan(disk, disk->before + limit);

	return held > disk->before ? held - disk->before : 0;
}

uint64_t init_disk_look(struct init_disk *disk, uint64_t limit)
{
	uint64_t used = used_on_disk(disk), more = used > disk->used ? used - disk->used : 0;
	int64_t now_ms = loop_now_ms(), took_ms;

	if (now_ms < disk->next_ms && disk->bytes + more <= limit)
		return disk->bytes;
	disk->used = used;
	disk->bytes = init_disk_bytes(disk, limit);
	took_ms = loop_now_ms() - now_ms;
	disk->next_ms = now_ms + SCAN_EVERY_MS + SCAN_EVERY_TIMES * took_ms;
	return disk->bytes;
}

/* What a look for a file that cannot grow further finds. */
struct search {
	uint64_t size;
	char *path;
};

static bool note_large(void *data, const struct tree_scan *scan, const char *name,
		       const struct stat *status)
{
	struct search *search = data;

	if (!S_ISREG(status->st_mode) || (uint64_t)status->st_size != search->size)
		return true;
	search->path = tree_scan_path(scan, name);
	return false;
}

/* What the step calls a file of its layer: "systree/etc/x" is its /etc/x, all others lie where their
 * tree has its name. Free with free(). */
static char *name_inside(const char *path)
{
	static const char systree[] = "systree/";
	bool in_root = !strncmp(path, systree, strlen(systree));

	return mem_printf("/%s", in_root ? path + strlen(systree) : path);
}

bool init_find_large_file(const char *draft, uint64_t size, char *ret_path, size_t path_size)
{
	AUTO_FREE char *layer = mem_printf(INIT_TMP_DIR "/%s/layer", draft), *path = NULL;
	struct search search = {.size = size};

	tree_scan(AT_FDCWD, layer, note_large, &search);
	if (!search.path)
		return false;
	path = name_inside(search.path);
	free(search.path);
	/* A name that has no room here is not told at all. */
	if (strlen(path) < path_size)
		strcpy(ret_path, path);
	return true;
}
