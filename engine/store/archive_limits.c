#include "engine/store/archive_unpack.h"

#include <stdlib.h>

#include "engine/base/mem.h"

enum { CHECK_SPACE_ENTRIES = 1024 }; /* the free space is looked at so often */

/* The limits for whatever options leave open. */
struct archive_unpack_options unpack_limits(const struct archive_unpack_options *options)
{
	struct archive_unpack_options all = *options;

	if (!all.bytes_max)
		all.bytes_max = (uint64_t)64 << 30;
	if (!all.apparent_max)
		all.apparent_max = (uint64_t)1 << 40;
	if (!all.entries_max)
		all.entries_max = 10000000;
	if (!all.depth_max)
		all.depth_max = 256;
	if (!all.free_space_floor)
		all.free_space_floor = (uint64_t)64 << 20;
	return all;
}

/* Refuses the entry at hand. */
int unpack_refuse(const struct unpacker *unpacker, struct err *err, const char *why)
{
	return err_set(err, ERR_STEP, "%s in the archive is refused: %s", unpacker->shown, why);
}

static int refuse_limit(const struct unpacker *unpacker, struct err *err, const char *what,
			uint64_t limit)
{
	AUTO_FREE char *size = archive_size_text(limit);

	return err_set(err, ERR_STEP, "%s in the archive goes beyond the limit of %s %s",
		       unpacker->shown, size, what);
}

void unpack_note(struct unpacker *unpacker, const char *what)
{
	archive_note(&unpacker->notes, what, unpacker->shown);
}

/* Counts length bytes that are about to be written. */
int unpack_count_written(struct unpacker *unpacker, uint64_t length, struct err *err)
{
	unpacker->written += length;
	if (unpacker->written > unpacker->limits.bytes_max)
		return refuse_limit(unpacker, err, "unpacked", unpacker->limits.bytes_max);
	unpacker->unchecked += length;
	if (unpacker->unchecked < ARCHIVE_CHECK_SPACE)
		return 0;
	unpacker->unchecked = 0;
	return archive_check_space(unpacker->dir_fd, unpacker->limits.free_space_floor, err);
}

/* Counts an entry and the size it claims. */
int unpack_count_entry(struct unpacker *unpacker, struct archive_entry *entry, struct err *err)
{
	const struct archive_unpack_options *limits = &unpacker->limits;
	int64_t size = archive_entry_size(entry);

	if (++unpacker->entries > limits->entries_max)
		return err_set(err, ERR_STEP,
			       "%s is beyond the limit of %llu entries in an archive",
			       unpacker->shown, (unsigned long long)limits->entries_max);
	if (unpacker->entries % CHECK_SPACE_ENTRIES == 1 &&
	    archive_check_space(unpacker->dir_fd, unpacker->limits.free_space_floor, err) < 0)
		return -1;
	if (size < 0)
		return unpack_refuse(unpacker, err, "its size is negative");
	if ((uint64_t)size > limits->apparent_max - unpacker->apparent)
		return refuse_limit(unpacker, err, "(holes included)", limits->apparent_max);
	unpacker->apparent += (uint64_t)size;
	return 0;
}

static uint64_t add_saturating(uint64_t one, uint64_t other)
{
	return one > UINT64_MAX - other ? UINT64_MAX : one + other;
}

/* How long a tar within the limits may be at most: contents, headers, what pads its end. */
static uint64_t plain_max(const struct archive_unpack_options *limits)
{
	const uint64_t header = 4096, end = 1 << 20;
	uint64_t headers = limits->entries_max > UINT64_MAX / header ? UINT64_MAX
								     : limits->entries_max * header;

	return add_saturating(add_saturating(limits->apparent_max, headers), end);
}

int unpack_open_members(struct unpacker *unpacker, struct err *err)
{
	const struct archive_unpack_options *limits = &unpacker->limits;
	const struct input_limits input_limits = {
		.plain_max = plain_max(limits),
		.spool_dir_fd = unpacker->dir_fd,
		.spool_max = limits->bytes_max,
		.free_space_floor = limits->free_space_floor,
	};

	return input_open_members(&unpacker->input, &input_limits, err);
}
