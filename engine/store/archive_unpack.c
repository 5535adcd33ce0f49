#include "engine/store/archive_unpack.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

/* Makes path from a name of the archive, without the leading ones that are
 * to be removed: 1, or 0 when that leaves nothing, or -1. */
static int clean_name(const struct unpacker *unpacker, const char *name, struct buf *path,
		      struct err *err)
{
	unsigned strip = unpacker->limits.strip, depth = 0;

	if (!*name)
		return unpack_refuse(unpacker, err, "its name is empty");
	if (*name == '/')
		return unpack_refuse(unpacker, err, "its name is absolute");
	for (size_t length; *name; name += length + (name[length] == '/')) {
		length = strcspn(name, "/");
		if (!length || (length == 1 && *name == '.'))
			continue;
		if (length == 2 && !memcmp(name, "..", 2))
			return unpack_refuse(unpacker, err, "its name has \"..\" in it");
		if (length > NAME_MAX)
			return unpack_refuse(unpacker, err, "a part of its name is too long");
		if (depth++ < strip)
			continue;
		if (path->len)
			buf_add_char(path, '/');
		buf_add(path, name, length);
	}
	if (depth > strip && depth - strip > unpacker->limits.depth_max)
		return err_set(err, ERR_STEP, "%s in the archive is deeper than %u levels",
			       unpacker->shown, unpacker->limits.depth_max);
	return path->len || !strip ? 1 : 0;
}

/* Reads the owner, or refuses one that cannot be had here. */
static int read_owner(const struct unpacker *unpacker, struct archive_entry *entry,
		      struct place_attributes *attributes, struct err *err)
{
	int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);

	attributes->uid = geteuid();
	attributes->gid = getegid();
	/* The owners in a zip are those of whoever made it, if any. */
	if (unpacker->input.is_zip || unpacker->limits.plain_owner)
		return 0;
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
		return unpack_refuse(unpacker, err, "its owner is no valid id");
	if (unpacker->limits.single_id &&
	    ((uid_t)uid != attributes->uid || (gid_t)gid != attributes->gid))
		return err_set(
			err, ERR_STEP,
			"%s belongs to %u:%u, but this host maps a single id; give the person "
			"a range in /etc/subuid and /etc/subgid",
			unpacker->shown, (unsigned)uid, (unsigned)gid);
	attributes->uid = (uid_t)uid;
	attributes->gid = (gid_t)gid;
	return 0;
}

static void read_mode_and_time(const struct unpacker *unpacker, struct archive_entry *entry,
			       struct place_attributes *attributes)
{
	attributes->mode =
		archive_entry_perm(entry) & (unpacker->limits.plain_owner ? 0777 : 07777);
	attributes->mtime = (struct timespec){.tv_nsec = UTIME_NOW};
	if (archive_entry_mtime_is_set(entry)) {
		attributes->mtime.tv_sec = archive_entry_mtime(entry);
		attributes->mtime.tv_nsec = archive_entry_mtime_nsec(entry) % 1000000000;
		if (attributes->mtime.tv_nsec < 0)
			attributes->mtime.tv_nsec = 0;
	}
}

/* Says why an attribute cannot be set: most reasons are the host's, some are in the archive. */
static int fail_xattr(const struct unpacker *unpacker, const char *what, struct err *err)
{
	if (errno != E2BIG && errno != EINVAL)
		return err_sys(err, "cannot set %s %s", what, unpacker->shown);
	return err_set(err, ERR_STEP,
		       "%s %s in the archive is refused: its value is too long, or not of its kind",
		       what, unpacker->shown);
}

/* Sets the extended attributes of what fd is open on, but those that do not cross. */
static int set_xattrs(struct unpacker *unpacker, struct archive_entry *entry, int fd,
		      struct err *err)
{
	const char *name;
	const void *value;
	size_t size;

	if (unpacker->limits.plain_owner)
		return 0;
	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
		AUTO_FREE char *shown = archive_shown(name);
		AUTO_FREE char *what = mem_printf("the attribute %s of", shown);

		if (!archive_xattr_is_kept(name) || strlen(name) > 255)
			unpack_note(unpacker, what);
		else if (!fsetxattr(fd, name, value, size, 0))
			continue;
		else if (errno == ENOTSUP || errno == EPERM)
			unpack_note(unpacker, what);
		else
			return fail_xattr(unpacker, what, err);
	}
	return 0;
}

/* Writes one piece of content where it belongs. */
static int write_piece(struct unpacker *unpacker, int fd, const char *bytes, size_t length,
		       int64_t offset, struct err *err)
{
	if (unpack_count_written(unpacker, length, err) < 0)
		return -1;
	while (length) {
		ssize_t count = pwrite(fd, bytes, length, offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return err_sys(err, "cannot write %s", unpacker->shown);
		bytes += count;
		offset += count;
		length -= (size_t)count;
	}
	return 0;
}

/* Writes the content, of exactly the size that the entry said. */
static int write_content(struct unpacker *unpacker, struct archive_entry *entry, int fd,
			 struct err *err)
{
	int64_t size = archive_entry_size(entry), end = 0, offset;
	const void *bytes;
	size_t length;
	int status;

	while ((status = archive_read_data_block(unpacker->input.members, &bytes, &length,
						 &offset)) == ARCHIVE_OK) {
		if (offset < end || offset > size || (uint64_t)length > (uint64_t)(size - offset))
			return unpack_refuse(unpacker, err, "it has more content than it says");
		if (write_piece(unpacker, fd, bytes, length, offset, err) < 0)
			return -1;
		end = offset + (int64_t)length;
	}
	if (status != ARCHIVE_EOF)
		return input_damaged(&unpacker->input, err);
	if (end < size && ftruncate(fd, size) < 0)
		return err_sys(err, "cannot set the size of %s", unpacker->shown);
	return 0;
}

static int unpack_file(struct unpacker *unpacker, struct archive_entry *entry, const char *path,
		       const struct place_attributes *attributes, struct err *err)
{
	AUTO_CLOSE int fd = -1;

	if (place_file(&unpacker->place, path, &fd, err) < 0 ||
	    write_content(unpacker, entry, fd, err) < 0 ||
	    place_set_owner(fd, path, attributes, err) < 0 ||
	    set_xattrs(unpacker, entry, fd, err) < 0)
		return -1;
	return place_set_mode_and_time(fd, path, attributes, err);
}

static int unpack_dir(struct unpacker *unpacker, struct archive_entry *entry, const char *path,
		      const struct place_attributes *attributes, struct err *err)
{
	AUTO_CLOSE int fd = -1;

	if (place_dir(&unpacker->place, path, attributes, err) < 0)
		return -1;
	if (!archive_entry_xattr_count(entry))
		return 0;
	if (place_open_dir(&unpacker->place, path, &fd, err) < 0)
		return -1;
	return set_xattrs(unpacker, entry, fd, err);
}

static int unpack_link(struct unpacker *unpacker, struct archive_entry *entry, const char *path,
		       const struct place_attributes *attributes, struct err *err)
{
	const char *target = archive_entry_symlink(entry);

	if (!target || !*target)
		return unpack_refuse(unpacker, err, "it is a link to nowhere");
	if (strlen(target) >= PATH_MAX)
		return unpack_refuse(unpacker, err, "where it leads is too long a name");
	return place_link(&unpacker->place, path, target, attributes, err);
}

static int unpack_fifo(struct unpacker *unpacker, struct archive_entry *entry, const char *path,
		       const struct place_attributes *attributes, struct err *err)
{
	(void)entry;
	return place_fifo(&unpacker->place, path, attributes, err);
}

/* A further name for what was unpacked under another: checked like any name. */
static int unpack_hard_link(struct unpacker *unpacker, struct archive_entry *entry,
			    const char *path, struct err *err)
{
	AUTO_BUF struct buf target = BUF_INIT;
	int kept = clean_name(unpacker, archive_entry_hardlink(entry), &target, err);

	if (kept < 0)
		return err_in(err, "a hard link");
	if (!kept || !target.len)
		return unpack_refuse(unpacker, err, "it is a hard link to what is not unpacked");
	return place_hard_link(&unpacker->place, path, target.data, err);
}

/* How each kind of entry is unpacked. */
static const struct unpack_kind {
	unsigned type;
	const char *left_out; /* what a note calls it, when it is not unpacked */
	int (*unpack)(struct unpacker *unpacker, struct archive_entry *entry, const char *path,
		      const struct place_attributes *attributes, struct err *err);
} kinds[] = {
	{AE_IFREG, NULL, unpack_file},
	{AE_IFDIR, NULL, unpack_dir},
	{AE_IFLNK, NULL, unpack_link},
	{AE_IFIFO, NULL, unpack_fifo},
	{AE_IFCHR, "the character device", NULL},
	{AE_IFBLK, "the block device", NULL},
	{AE_IFSOCK, "the socket", NULL},
};

/* Unpacks an entry that is no hard link. */
static int unpack_kind(struct unpacker *unpacker, struct archive_entry *entry, const char *path,
		       struct err *err)
{
	struct place_attributes attributes;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].type != archive_entry_filetype(entry))
			continue;
		if (kinds[i].left_out) {
			bool whiteout = kinds[i].type == AE_IFCHR && !archive_entry_rdev(entry);

			unpack_note(unpacker, whiteout ? "the whiteout" : kinds[i].left_out);
			return 0;
		}
		if (read_owner(unpacker, entry, &attributes, err) < 0)
			return -1;
		read_mode_and_time(unpacker, entry, &attributes);
		return kinds[i].unpack(unpacker, entry, path, &attributes, err);
	}
	return unpack_refuse(unpacker, err, "it is of an unknown kind");
}

static int unpack_entry(struct unpacker *unpacker, struct archive_entry *entry, struct err *err)
{
	const char *name = archive_entry_pathname(entry);
	AUTO_BUF struct buf path = BUF_INIT;
	int kept;

	free(unpacker->shown);
	unpacker->shown = archive_shown(name ? name : "an entry without a readable name");
	if (!name)
		return unpack_refuse(unpacker, err, "its name is not valid UTF-8");
	if (unpack_count_entry(unpacker, entry, err) < 0)
		return -1;
	kept = clean_name(unpacker, name, &path, err);
	if (kept <= 0)
		return kept;
	if (!path.len && archive_entry_filetype(entry) != AE_IFDIR)
		return unpack_refuse(unpacker, err, "it is named like the tree, but no directory");
	if (archive_entry_hardlink(entry))
		return unpack_hard_link(unpacker, entry, path.data, err);
	return unpack_kind(unpacker, entry, path.data, err);
}

/* Unpacks everything, then sets what directories get last. */
static int unpack_all(struct unpacker *unpacker, struct err *err)
{
	struct archive_entry *entry;
	int more;

	if (unpack_open_members(unpacker, err) < 0)
		return -1;
	while ((more = input_next(&unpacker->input, &entry, err)) > 0) {
		if (unpack_entry(unpacker, entry, err) < 0)
			return -1;
	}
	return more < 0 ? -1 : place_finish(&unpacker->place, err);
}

int archive_unpack(int in_fd, int dir_fd, const struct archive_unpack_options *options,
		   struct strv *ret_notes, struct err *err)
{
	struct unpacker unpacker = {.dir_fd = dir_fd, .limits = unpack_limits(options)};
	int result = input_open(&unpacker.input, in_fd, &options->progress, err);

	place_init(&unpacker.place, dir_fd);
	if (!result)
		result = unpack_all(&unpacker, err);
	archive_notes_give(&unpacker.notes, ret_notes);
	free(unpacker.shown);
	place_release(&unpacker.place);
	input_close(&unpacker.input);
	return result;
}
