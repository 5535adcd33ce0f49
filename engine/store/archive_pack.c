#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/archive_internal.h"
#include "engine/store/archive_links.h"
#include "engine/store/archive_sparse.h"
#include "engine/store/archive_tar.h"
#include "engine/store/archive_walk.h"

/* A directory whose header is not written yet: it is, once something in it is included. */
struct waiting_dir {
	unsigned depth;
	char *name;
	struct stat status;
	struct buf xattrs;
};

struct packer {
	const struct archive_pack_options *options;
	struct tar_writer writer;
	struct link_table links;
	struct waiting_dir *waiting; /* each one inside the one before */
	size_t waiting_count, waiting_capacity;
};

/* Forgets the waiting directories from depth on: the walk has left them. */
static void drop_waiting(struct packer *packer, unsigned depth)
{
	while (packer->waiting_count && packer->waiting[packer->waiting_count - 1].depth >= depth) {
		struct waiting_dir *dir = &packer->waiting[--packer->waiting_count];

		free(dir->name);
		buf_release(&dir->xattrs);
	}
}

/* The names of the extended attributes of fd that are kept, sorted. */
static int list_xattrs(int fd, struct strv *names)
{
	AUTO_FREE char *list = NULL;
	ssize_t length = flistxattr(fd, NULL, 0);

	if (length <= 0)
		return length < 0 && errno != ENOTSUP ? -1 : 0;
	list = mem_resize(NULL, ARCHIVE_XATTR_MAX, 1);
	length = flistxattr(fd, list, ARCHIVE_XATTR_MAX);
	if (length < 0)
		return -1;
	for (const char *name = list; name < list + length; name += strlen(name) + 1) {
		if (archive_xattr_is_kept(name))
			strv_add(names, name);
	}
	archive_sort_names(names);
	return 0;
}

/* Reads the attributes of entry, open as fd, as records. `copy` keeps none. */
static int read_xattrs(const struct packer *packer, const struct tree_entry *entry, int fd,
		       struct buf *records, struct err *err)
{
	AUTO_STRV struct strv names = {0};
	AUTO_FREE char *value = NULL, *shown = NULL;

	if (packer->options->flatten_owner)
		return 0;
	if (list_xattrs(fd, &names) < 0) {
		shown = archive_shown(entry->path);
		return err_sys(err, "cannot read the attributes of %s", shown);
	}
	for (size_t i = 0; i < names.len; i++) {
		ssize_t length;

		if (!value)
			value = mem_resize(NULL, ARCHIVE_XATTR_MAX, 1);
		length = fgetxattr(fd, names.items[i], value, ARCHIVE_XATTR_MAX);
		if (length < 0) {
			shown = archive_shown(entry->path);
			return err_sys(err, "cannot read an attribute of %s", shown);
		}
		tar_add_xattr(records, names.items[i], value, (size_t)length);
	}
	return 0;
}

/* Writes a header: kind, names and size are given, the rest follows from status and options. */
static int put_header(struct packer *packer, struct tar_header *header, const struct stat *status,
		      uint64_t *ret_stored, struct err *err)
{
	const struct archive_pack_options *options = packer->options;

	header->mtime = archive_clamped_time(status->st_mtim.tv_sec, options->source_date_epoch);
	header->mode = S_ISLNK(status->st_mode) ? 0777 : status->st_mode & 07777;
	if (!options->flatten_owner) {
		header->uid = status->st_uid;
		header->gid = status->st_gid;
	} else if (!S_ISLNK(status->st_mode)) {
		header->mode = archive_flat_mode(status->st_mode);
	}
	return tar_write_header(&packer->writer, header, ret_stored, err);
}

/* Writes the headers of the directories that an included entry is in. */
static int put_waiting(struct packer *packer, struct err *err)
{
	for (size_t i = 0; i < packer->waiting_count; i++) {
		struct waiting_dir *dir = &packer->waiting[i];
		struct tar_header header = {
			.name = dir->name,
			.type = TAR_DIRECTORY,
			.xattrs = &dir->xattrs,
		};
		uint64_t stored;

		if (put_header(packer, &header, &dir->status, &stored, err) < 0)
			return -1;
	}
	drop_waiting(packer, 0);
	return 0;
}

/* Lets a directory wait for something included; it may be included itself. */
static int pack_dir(struct packer *packer, const struct tree_entry *entry, struct err *err)
{
	struct waiting_dir *dir;

	packer->waiting = mem_grow(packer->waiting, packer->waiting_count,
				   &packer->waiting_capacity, sizeof *packer->waiting);
	dir = &packer->waiting[packer->waiting_count++];
	*dir = (struct waiting_dir){
		.depth = entry->depth,
		.name = mem_printf("%s/", entry->path[0] ? entry->path : "."),
		.status = entry->status,
	};
	buf_init(&dir->xattrs);
	return read_xattrs(packer, entry, entry->dir_fd, &dir->xattrs, err);
}

/* Copies length bytes at offset of the file to the archive. */
static int put_region(struct packer *packer, const struct tree_entry *entry, int fd,
		      uint64_t offset, uint64_t length, struct err *err)
{
	while (length) {
		size_t room;
		char *place = tar_room(&packer->writer, &room, err);
		ssize_t count;

		if (!place)
			return -1;
		if (room > length)
			room = (size_t)length;
		count = pread(fd, place, room, (off_t)offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			AUTO_FREE char *shown = archive_shown(entry->path);

			if (count < 0)
				return err_sys(err, "cannot read %s", shown);
			return err_set(err, ERR_STEP, "%s became shorter while it was read", shown);
		}
		tar_advance(&packer->writer, (size_t)count);
		offset += (uint64_t)count;
		length -= (uint64_t)count;
	}
	return 0;
}

/* Writes the content behind a header, stored bytes: that of the regions of a map, or all. */
static int put_content(struct packer *packer, const struct tree_entry *entry, int fd,
		       const struct tar_map *map, uint64_t stored, struct err *err)
{
	const struct tar_region all = {0, stored};
	const struct tar_region *regions = map ? map->regions : &all;
	size_t count = map ? map->count : 1;

	for (size_t i = 0; i < count; i++) {
		if (put_region(packer, entry, fd, regions[i].offset, regions[i].length, err) < 0)
			return -1;
	}
	if (tree_entry_check_unchanged(entry, fd, err) < 0)
		return -1;
	return tar_pad(&packer->writer, stored, err);
}

/* Writes a regular file that is no further name of one written before. */
static int put_file(struct packer *packer, const struct tree_entry *entry,
		    struct tar_header *header, struct err *err)
{
	AUTO_CLOSE int fd = tree_entry_open(entry, err);
	AUTO_BUF struct buf xattrs = BUF_INIT;
	struct tar_map map = {0};
	uint64_t stored;
	int result = -1;

	header->size = (uint64_t)entry->status.st_size;
	if (fd < 0 || read_xattrs(packer, entry, fd, &xattrs, err) < 0)
		return -1;
	header->xattrs = &xattrs;
	if (sparse_map_find(fd, header->size, &map) < 0) {
		AUTO_FREE char *shown = archive_shown(entry->path);

		err_sys(err, "cannot read %s", shown);
	} else {
		header->map = map.regions ? &map : NULL;
		result = put_header(packer, header, &entry->status, &stored, err);
	}
	if (!result)
		result = put_content(packer, entry, fd, header->map, stored, err);
	free(map.regions);
	header->map = NULL;
	header->xattrs = NULL;
	return result;
}

static int pack_file(struct packer *packer, const struct tree_entry *entry, struct err *err)
{
	struct tar_header header = {.name = entry->path, .type = TAR_FILE};
	const struct stat *status = &entry->status;
	uint64_t stored;

	/* What `copy` reads has no links in its digest, so it has none in the archive. */
	if (status->st_nlink > 1 && !packer->options->flatten_owner)
		header.link = link_table_meet(&packer->links, status->st_dev, status->st_ino,
					      entry->path);
	if (!header.link)
		return put_file(packer, entry, &header, err);
	header.type = TAR_HARD_LINK;
	return put_header(packer, &header, status, &stored, err);
}

/* Writes a symbolic link or a FIFO. */
static int pack_special(struct packer *packer, const struct tree_entry *entry, struct err *err)
{
	struct tar_header header = {.name = entry->path, .type = TAR_FIFO};
	AUTO_FREE char *target = NULL;
	uint64_t stored;

	if (S_ISLNK(entry->status.st_mode)) {
		target = tree_entry_link(entry, err);
		if (!target)
			return -1;
		header.type = TAR_SYMBOLIC_LINK;
		header.link = target;
	}
	return put_header(packer, &header, &entry->status, &stored, err);
}

static int pack_entry(struct packer *packer, const struct tree_entry *entry, struct err *err)
{
	drop_waiting(packer, entry->depth);
	if (S_ISDIR(entry->status.st_mode)) {
		if (pack_dir(packer, entry, err) < 0)
			return -1;
		return entry->included ? put_waiting(packer, err) : 0;
	}
	if (!entry->included)
		return 0;
	if (put_waiting(packer, err) < 0)
		return -1;
	if (S_ISREG(entry->status.st_mode))
		return pack_file(packer, entry, err);
	return pack_special(packer, entry, err);
}

/* Writes the whole walk. */
static int pack_all(struct packer *packer, struct tree_walk *walk, struct err *err)
{
	struct tree_entry entry;
	int more;

	while ((more = tree_walk_next(walk, &entry, err)) > 0) {
		if (pack_entry(packer, &entry, err) < 0)
			return -1;
	}
	return more < 0 ? -1 : tar_finish(&packer->writer, err);
}

int archive_pack(int dir_fd, const char *name, const struct archive_pack_options *options,
		 int out_fd, struct err *err)
{
	struct packer packer = {.options = options};
	struct archive_notes notes = {0};
	struct tree_walk *walk =
		tree_walk_new(dir_fd, name, options->include, options->exclude, err);
	int result;

	if (!walk)
		return -1;
	tree_walk_note(walk, &notes);
	tar_writer_init(&packer.writer, out_fd, &options->progress);
	result = pack_all(&packer, walk, err);
	archive_notes_give(&notes, options->notes);
	drop_waiting(&packer, 0);
	free(packer.waiting);
	link_table_release(&packer.links);
	tar_writer_release(&packer.writer);
	tree_walk_free(walk);
	return result;
}
