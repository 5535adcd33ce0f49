/* archive.h: trees as archive streams: tar out, tar and zip in.
 *
 * Every function works on descriptors, blocks, and is meant for a worker child: those that touch a
 * systree or workspace run inside the namespaces with the tree as their root directory, those
 * that touch a person's files run outside with the person's rights; a pipe joins the two.
 *
 * Names are bytes: neither converted nor normalised (those of a zip are UTF-8). A worker calls
 * setlocale(LC_ALL, "C.UTF-8") before it enters a tree: that loads what libarchive would otherwise
 * make the C library read from the tree (locale and gconv tables). No NSS.
 *
 * Archives made here are byte-identical for identical trees: a directory before what is in it and
 * names sorted by bytes within it, numeric ids without names, no access or change times,
 * modification times in whole seconds and clamped to source_date_epoch, pax headers only where they are
 * needed, one compression level a method.
 *
 * Extended attributes that cross, both ways: user.* but user.overlay.*, and security.capability.
 * ACLs, security labels and trusted.* do not.
 *
 * Reading is hostile territory: only tar and zip are known, and gzip, bzip2, xz and zstd, at
 * most two of them over each other. Absolute names, "..", hard links that leave the tree or lead to
 * nothing, names through a symbolic link, and whatever exceeds the limits are refused by name;
 * devices, whiteouts, sockets and other attributes are left out with a note. libarchive does not
 * check gzip's checksum: what comes from elsewhere is worth a digest.
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
	/* Called now and then with the bytes of the archive written or read so far; may be NULL. */
	void (*report)(void *data, uint64_t bytes);
	void *data;
};

struct archive_pack_options {
	/* Globs (engine/base/glob.h) on names relative to the tree; NULL or empty: all, none. A
	 * directory that matches is taken, or left out, with all below it; one in which something
	 * is taken is there too. What is excluded cannot be included again. */
	const struct strv *include, *exclude;
	int64_t source_date_epoch; /* seconds; later modification times become this */
	bool flatten_owner; /* `copy`: owner 0:0, modes 0644 and 0755 (0755 when the owner may
			       execute) */
	struct archive_progress progress;
	struct strv *notes; /* what was left out is appended, as by archive_unpack(); or NULL */
};

/* Writes what name is below dir_fd to out_fd as an uncompressed pax tar: a directory ("." for dir_fd)
 * as its tree, "./" first; a file or link as one entry with its last component. No component
 * but the last may be a link, and no link is followed. Sockets and devices are left out; FIFOs,
 * links, attributes, hard links, large holes and set-id bits are kept (with flatten_owner: no
 * attributes and no hard links, as in archive_tree_digest()). Trees may be 4096 levels deep.
 * What changes while it is read is ERR_STEP. */
int archive_pack(int dir_fd, const char *name, const struct archive_pack_options *options,
		 int out_fd, struct err *err);

struct archive_unpack_options {
	unsigned strip;	       /* leading components to remove; entries with fewer are left out */
	uint64_t bytes_max;    /* really written; 0: 64 GiB */
	uint64_t apparent_max; /* sum of sizes, holes included; 0: 1 TiB */
	uint64_t entries_max;  /* 0: 10,000,000 */
	unsigned depth_max;    /* components of a name; 0: 256 */
	uint64_t free_space_floor; /* bytes that must stay free; 0: 64 MiB */
	bool plain_owner; /* everything belongs to the caller, without set-id bits and attributes */
	bool single_id;	  /* only one id is mapped: entries of others are an error */
	struct archive_progress progress;
};

/* Unpacks the archive in_fd into the directory dir_fd, keeping owners (a zip has none: its files
 * belong to the caller), modes, times, links. What exists is replaced, but for a directory with
 * something in it by a non-directory. *ret_notes (appended to, one line each, at most 20, safe to show)
 * says what was left out. in_fd may be a pipe and is read to its end; a zip is copied to an unnamed
 * file in dir_fd first. On failure the tree is in an unknown state and is to be thrown away. A
 * damaged, truncated, refused or too large archive is ERR_STEP; a full disk, and an owner that
 * this host cannot give, ERR_HOST. */
int archive_unpack(int in_fd, int dir_fd, const struct archive_unpack_options *options,
		   struct strv *ret_notes, struct err *err);

/* Copies in_fd (a tar stream) compressed to out_fd and gives the digest and size of what was
 * written. */
int archive_compress(int in_fd, int out_fd, enum archive_compression compression,
		     char ret_digest[SHA256_HEX_SIZE], uint64_t *ret_size, struct err *err);

/* Copies in_fd to out_fd without its compression, found out from its first bytes: the other half of
 * archive_unpack() for whoever lets one process decompress and another one write. What is
 * compressed more than twice over is refused; what is not compressed at all (tar, zip, anything)
 * passes as it is. Damage is ERR_STEP. */
int archive_decompress(int in_fd, int out_fd, struct err *err);

/* A digest of the names, modes (as flatten_owner makes them), links and contents of the file or
 * tree `name` below dir_fd, leaving out what exclude matches: what `copy` reads. Contents come from
 * file_digest(), which may remember them. */
int archive_tree_digest(int dir_fd, const char *name, const struct strv *exclude,
			int (*file_digest)(void *data, int fd, char ret[SHA256_HEX_SIZE],
					   struct err *err),
			void *data, char ret_digest[SHA256_HEX_SIZE], struct err *err);

#endif
