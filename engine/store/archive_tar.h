/* archive_tar.h: writing a tar stream (pax interchange format, POSIX.1-2008, "pax").
 *
 * Written here and not by libarchive because names are bytes: libarchive either passes them
 * through iconv, which depends on the locale and may load modules of the tree it runs in, or marks
 * every entry with hdrcharset=BINARY, which GNU tar complains about, each time. So the
 * bytes also stay the same when libarchive changes.
 *
 * An entry has a pax header only for what its ustar header cannot say: long names, large
 * numbers, attributes (SCHILY.xattr.NAME) and holes (GNU.sparse 1.0). Numeric ids only; no user
 * names, no access or change times, whole seconds.
 *
 * Life cycle: tar_writer_init(); for each entry tar_write_header(), then exactly entry->stored
 * bytes by tar_room() and tar_advance(), then tar_pad(); tar_finish(); tar_writer_release().
 */
#ifndef ENGINE_STORE_ARCHIVE_TAR_H
#define ENGINE_STORE_ARCHIVE_TAR_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/buf.h"
#include "engine/store/archive.h"

struct tar_writer {
	int fd;
	const struct archive_progress *progress;
	char *buffer;
	size_t used;
	uint64_t written; /* without what is in the buffer */
};

enum tar_type {
	TAR_FILE = '0',
	TAR_HARD_LINK = '1',
	TAR_SYMBOLIC_LINK = '2',
	TAR_DIRECTORY = '5',
	TAR_FIFO = '6',
};

/* What of a sparse file is data: ascending, not touching. */
struct tar_region {
	uint64_t offset, length;
};

struct tar_map {
	struct tar_region *regions;
	size_t count, capacity;
};

struct tar_header {
	const char *name; /* of a directory: with a slash at the end */
	enum tar_type type;
	const char *link; /* where a link leads */
	unsigned mode;	  /* permissions and set-id bits */
	uint64_t uid, gid;
	int64_t mtime;
	uint64_t size;		   /* of the file, holes included */
	const struct buf *xattrs;  /* tar_add_xattr() records, or NULL */
	const struct tar_map *map; /* of a sparse file, or NULL */
};

void tar_writer_init(struct tar_writer *writer, int fd, const struct archive_progress *progress);
void tar_writer_release(struct tar_writer *writer);

/* Adds a pax record for an extended attribute; the caller adds them sorted by name. */
void tar_add_xattr(struct buf *records, const char *name, const void *value, size_t length);

/* Writes the header, and the map of a sparse file; *ret_stored is how many bytes of content follow:
 * those of its regions, or all. */
int tar_write_header(struct tar_writer *writer, const struct tar_header *header,
		     uint64_t *ret_stored, struct err *err);

/* Where content goes: a place for *ret_room bytes, at least one. NULL when writing failed. */
char *tar_room(struct tar_writer *writer, size_t *ret_room, struct err *err);
/* length bytes were put there. */
void tar_advance(struct tar_writer *writer, size_t length);
/* Fills up the last block behind stored bytes of content. */
int tar_pad(struct tar_writer *writer, uint64_t stored, struct err *err);

/* Writes the end of the archive and what is buffered. */
int tar_finish(struct tar_writer *writer, struct err *err);

#endif
