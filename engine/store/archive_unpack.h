/* archive_unpack.h: the state of one archive_unpack(), and what bounds it.
 *
 * archive_unpack.c goes through the entries, archive_limits.c counts and takes notes,
 * archive_place.c makes the files.
 */
#ifndef ENGINE_STORE_ARCHIVE_UNPACK_H
#define ENGINE_STORE_ARCHIVE_UNPACK_H

#include <archive_entry.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/store/archive_input.h"
#include "engine/store/archive_place.h"

struct unpacker {
	int dir_fd;
	struct archive_unpack_options limits; /* none of them 0 */
	struct input input;
	struct place place;
	struct archive_notes notes;
	char *shown; /* the name of the entry at hand, safe to show */
	uint64_t entries, apparent, written, unchecked;
};

/* The options with the defaults filled in. */
struct archive_unpack_options unpack_limits(const struct archive_unpack_options *options);

/* Opens the input's members with what the limits say about it. */
int unpack_open_members(struct unpacker *unpacker, struct err *err);

/* Count an entry with the size it claims, and bytes about to be written; -1 beyond a limit. */
int unpack_count_entry(struct unpacker *unpacker, struct archive_entry *entry, struct err *err);
int unpack_count_written(struct unpacker *unpacker, uint64_t length, struct err *err);

/* Refuses the entry at hand; why goes on from "NAME in the archive is refused: ". Returns -1. */
int unpack_refuse(const struct unpacker *unpacker, struct err *err, const char *why);

/* Notes that what (of) the entry at hand was left out. */
void unpack_note(struct unpacker *unpacker, const char *what);

#endif
