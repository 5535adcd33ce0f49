/* archive_input.h: reading a stream that may be compressed, and the members of what is in it.
 *
 * Two libarchive readers, one above the other: the lower one takes off the compression (at most
 * two layers), so that every byte of the plain archive passes through here, is counted, and is
 * read to its end; the upper one knows tar, or zip, and nothing else. A zip has its table of
 * contents at the end: it is copied to an unnamed file first. Below them gzip is taken off, which is
 * checked there (archive_gzip.h); gzip inside of another compression is left to the lower reader.
 *
 * Life cycle: input_open(); either input_read() until 0, or input_open_members() and
 * input_next() until 0, with archive_read_data_block(input->members, ...) for contents;
 * input_close(). struct input must not move in between.
 */
#ifndef ENGINE_STORE_ARCHIVE_INPUT_H
#define ENGINE_STORE_ARCHIVE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/store/archive_gzip.h"
#include "engine/store/archive_internal.h"

enum { INPUT_LAYERS_MAX = 2 }; /* of compression, one in the other */

struct input {
	int fd;
	const struct archive_progress *progress;
	char *buffer;
	uint64_t taken; /* bytes read from fd */

	struct gunzip *gunzips[INPUT_LAYERS_MAX]; /* the outermost first */
	size_t n_gunzips;
	const void *first; /* bytes below them, looked at but not handed out */
	size_t first_length;

	struct archive *filters; /* the lower reader */
	const void *waiting;	 /* plain bytes looked at but not handed out */
	size_t waiting_length;
	uint64_t plain;	    /* plain bytes handed out */
	uint64_t plain_max; /* more are an error */
	bool ended;

	struct archive *members; /* the upper reader */
	struct archive_locale locale;
	bool is_zip;
	int spool_fd;	/* a zip */
	struct err err; /* why reading below the upper reader failed; code ERR_NONE: it did not */
};

/* Starts to read fd. The input is to be closed in any case. */
int input_open(struct input *input, int fd, const struct archive_progress *progress,
	       struct err *err);
void input_close(struct input *input);

/* The next piece of the plain archive: its length, or 0 at the end, or -1. */
ssize_t input_read(struct input *input, const void **ret_bytes, struct err *err);

/* How much may be read, in bytes. A zip is copied to an unnamed file in spool_dir_fd. */
struct input_limits {
	uint64_t plain_max; /* of uncompressed tar */
	uint64_t spool_max; /* of zip */
	uint64_t free_space_floor;
	int spool_dir_fd;
};

/* Finds out the format. limits is needed during the call only. */
int input_open_members(struct input *input, const struct input_limits *limits, struct err *err);

/* The next member: 1, or 0 at the end, or -1. At the end everything was read and was whole. */
int input_next(struct input *input, struct archive_entry **ret_entry, struct err *err);

/* Sets err to what the upper reader failed with. Returns -1. */
int input_damaged(struct input *input, struct err *err);

#endif
