/* archive.h: trees as archive streams, by libarchive.
 *
 * Every function works on descriptors, blocks, and is meant for a worker child: those that touch a
 * systree or workspace run inside the namespaces with the tree as their root directory, those
 * that touch a person's files run outside with the person's rights; a pipe joins the two.
 * The locale must be C.UTF-8 or C and names are bytes: no iconv, no NSS.
 *
 * Archives made here are byte-identical for identical trees: entries sorted by name (bytes),
 * numeric ids without names, no access or change times, modification times clamped to
 * source_date_epoch, pax format, one compression level a method.
 *
 * Reading is hostile territory: only tar, zip (and gzip, bzip2, xz, zstd, at most two filters) are
 * enabled; absolute names, "..", links that leave the tree, hard links that do, entries through a
 * symbolic link, devices, overlay xattrs (user.overlay.*, trusted.overlay.*), set-id
 * files of kinds that do not belong, and whatever exceeds the limits are refused by name or left
 * out with a note.
 */
#ifndef ENGINE_STORE_ARCHIVE_H
#define ENGINE_STORE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/sha256.h"
#include "engine/base/strv.h"

enum archive_compression {
	ARCHIVE_COMPRESSION_NONE,
	ARCHIVE_COMPRESSION_GZIP,
	ARCHIVE_COMPRESSION_XZ,
	ARCHIVE_COMPRESSION_ZSTD,
};

/* By name ("none", "gzip", "xz", "zstd"); -1 when unknown. */
int archive_compression_by_name(const char *name);
/* "tar", "tar.gz", "tar.xz", "tar.zst" */
const char *archive_suffix(enum archive_compression compression);

struct archive_progress {
	/* Called now and then with the bytes handled so far; may be NULL. */
	void (*report)(void *data, uint64_t bytes);
	void *data;
};

struct archive_pack_options {
	const struct strv *include,
		*exclude; /* globs on names relative to the tree; NULL or empty: all, none */
	int64_t source_date_epoch; /* seconds; later modification times become this */
	bool flatten_owner; /* `copy`: owner 0:0, modes 0644 and 0755 (0755 when the owner may
			       execute) */
	struct archive_progress progress;
};

/* Writes the tree below dir_fd, or the one file name below it ("." for the tree), to out_fd as an
 * uncompressed pax tar. Sockets are left out; FIFOs, links, xattrs (not *.overlay.*), hard links,
 * sparse files and set-id bits are kept. The tree must not change meanwhile. */
int archive_pack(int dir_fd, const char *name, const struct archive_pack_options *options,
		 int out_fd, struct err *err);

struct archive_unpack_options {
	unsigned strip;	       /* leading components to remove; entries with fewer are left out */
	uint64_t bytes_max;    /* really written; 0: 64 GiB */
	uint64_t apparent_max; /* sum of sizes, holes included; 0: 1 TiB */
	uint64_t entries_max;  /* 0: 10,000,000 */
	unsigned depth_max;    /* components of a name; 0: 256 */
	uint64_t free_space_floor; /* bytes that must stay free; 0: 64 MiB */
	bool single_id;		   /* only one id is mapped: entries of others are an error */
	struct archive_progress progress;
};

/* Unpacks the archive in_fd into the directory dir_fd, keeping owners, modes, times, links. Device
 * nodes are left out; *ret_notes (appended to, one line each, at most 20, safe to show) says what
 * was. On failure the tree is in an unknown state and is to be thrown away. A damaged or truncated
 * archive is ERR_STEP. */
int archive_unpack(int in_fd, int dir_fd, const struct archive_unpack_options *options,
		   struct strv *ret_notes, struct err *err);

/* Copies in_fd (a tar stream) compressed to out_fd and gives the digest and size of what was
 * written. */
int archive_compress(int in_fd, int out_fd, enum archive_compression compression,
		     char ret_digest[SHA256_HEX_SIZE], uint64_t *ret_size, struct err *err);

/* A digest of the names, modes (as flatten_owner makes them), links and contents of the file or
 * tree `name` below dir_fd, leaving out what exclude matches: what `copy` reads. Contents come from
 * file_digest(), which may remember them. */
int archive_tree_digest(int dir_fd, const char *name, const struct strv *exclude,
			int (*file_digest)(void *data, int fd, char ret[SHA256_HEX_SIZE],
					   struct err *err),
			void *data, char ret_digest[SHA256_HEX_SIZE], struct err *err);

#endif
