/* merge_copy.c: copying one entry of a tree. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/merge_internal.h"
#include "engine/store/overlay_marks.h"

enum { NAMES_MAX = 1 << 16 };

/* What overlayfs itself has noted is not so of a copy: where a file came from, which directory is
 * opaque, which is decided anew. A plain tree has no such names at all. */
static bool is_kept(const struct merge *merge, const char *name)
{
	static const char *const prefixes[] = {"user.", "security.capability", "system.posix_acl_"};

	if (overlay_mark_is_own(name) ||
	    (merge->options->whole && !strncmp(name, "user.overlay.", 13)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	}
	return false;
}

/* The buffer has the names in its first half, one value at a time in the other. */
static int copy_xattrs(const struct merge *merge, int source_fd, int target_fd)
{
	char *buffer = merge->buffer, *value = buffer + NAMES_MAX;
	ssize_t length = flistxattr(source_fd, buffer, NAMES_MAX);

	if (length < 0)
		return errno == ENOTSUP ? 0 : -1;
	for (char *name = buffer; name < buffer + length; name += strlen(name) + 1) {
		ssize_t size;

		if (!is_kept(merge, name))
			continue;
		size = fgetxattr(source_fd, name, value, MERGE_BUFFER - NAMES_MAX);
		if (size < 0 || fsetxattr(target_fd, name, value, (size_t)size, 0) < 0)
			return -1;
	}
	return 0;
}

/* In this order: a new owner takes set-id bits and capabilities away. */
int merge_copy_attributes(struct merge *merge, int source_fd, const struct stat *status,
			  int target_fd)
{
	if (fchown(target_fd, status->st_uid, status->st_gid) < 0 ||
	    fchmod(target_fd, status->st_mode & 07777) < 0)
		return -1;
	return copy_xattrs(merge, source_fd, target_fd);
}

int merge_set_times(int target_fd, const struct stat *status)
{
	const struct timespec times[] = {status->st_atim, status->st_mtim};

	return futimens(target_fd, times);
}

/* Copies length bytes at offset by reading and writing. */
static int copy_by_hand(char *buffer, int source_fd, int target_fd, off_t offset, off_t length)
{
	while (length > 0) {
		size_t want = length < MERGE_BUFFER ? (size_t)length : MERGE_BUFFER;
		ssize_t got = pread(source_fd, buffer, want, offset);

		if (got <= 0)
			return -1;
		for (ssize_t done = 0; done < got;) {
			ssize_t count = pwrite(target_fd, buffer + done, (size_t)(got - done),
					       offset + done);

			if (count < 0)
				return -1;
			done += count;
		}
		offset += got;
		length -= got;
	}
	return 0;
}

/* Copies length bytes at offset, within the kernel if it can. */
static int copy_range(char *buffer, int source_fd, int target_fd, off_t offset, off_t length)
{
	while (length > 0) {
		off_t from = offset, to = offset;
		ssize_t count =
			copy_file_range(source_fd, &from, target_fd, &to, (size_t)length, 0);

		if (count <= 0)
			return copy_by_hand(buffer, source_fd, target_fd, offset, length);
		offset += count;
		length -= count;
	}
	return 0;
}

/* Copies what is data; holes stay holes. */
static int copy_data(char *buffer, int source_fd, int target_fd, off_t size)
{
	off_t hole = 0;

	if (ftruncate(target_fd, size) < 0)
		return -1;
	while (hole < size) {
		off_t data = lseek(source_fd, hole, SEEK_DATA);

		if (data < 0)
			return errno == ENXIO ? 0 : -1;
		hole = lseek(source_fd, data, SEEK_HOLE);
		if (hole < 0 || copy_range(buffer, source_fd, target_fd, data, hole - data) < 0)
			return -1;
	}
	return 0;
}

static int copy_content(struct merge *merge, int source_fd, const struct stat *status,
			int target_fd)
{
	uint64_t bytes_max = merge->options->bytes_max;

	if (!status->st_size)
		return 0;
	if (!merge->no_clone) {
		if (ioctl(target_fd, FICLONE, source_fd) == 0)
			return 0;
		merge->no_clone = true;
	}
	merge->bytes += (uint64_t)status->st_blocks * 512;
	if (bytes_max && merge->bytes > bytes_max) {
		errno = EFBIG;
		return -1;
	}
	return copy_data(merge->buffer, source_fd, target_fd, status->st_size);
}

static int copy_file(struct merge *merge, int source_fd, const char *name,
		     const struct stat *status, int target_fd)
{
	AUTO_CLOSE int from =
		openat(source_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	AUTO_CLOSE int to = -1;

	if (from < 0)
		return -1;
	to = openat(target_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0 || copy_content(merge, from, status, to) < 0 ||
	    merge_copy_attributes(merge, from, status, to) < 0)
		return -1;
	return merge_set_times(to, status);
}

static int copy_link(struct merge *merge, int source_fd, const char *name, int target_fd)
{
	ssize_t length = readlinkat(source_fd, name, merge->buffer, PATH_MAX);

	if (length < 0)
		return -1;
	merge->buffer[length] = '\0';
	return symlinkat(merge->buffer, target_fd, name);
}

/* A FIFO, socket or whiteout; a link is made by copy_link(). */
static int copy_node(struct merge *merge, int source_fd, const char *name,
		     const struct stat *status, int target_fd)
{
	const struct timespec times[] = {status->st_atim, status->st_mtim};
	bool is_link = S_ISLNK(status->st_mode);
	int made = is_link ? copy_link(merge, source_fd, name, target_fd)
			   : mknodat(target_fd, name, status->st_mode, status->st_rdev);

	if (made < 0 ||
	    fchownat(target_fd, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!is_link && fchmodat(target_fd, name, status->st_mode & 07777, 0) < 0)
		return -1;
	return utimensat(target_fd, name, times, AT_SYMLINK_NOFOLLOW);
}

/* The directory, below the target, of a path that may be longer than system calls take; *path
 * becomes its last part. */
static int open_parent(int root_fd, const char **path)
{
	int fd = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && strlen(*path) >= PATH_MAX) {
		const char *end = memrchr(*path, '/', PATH_MAX - 1);
		AUTO_FREE char *part = mem_strndup(*path, (size_t)(end - *path));
		int below = openat(fd, part, O_PATH | O_DIRECTORY | O_CLOEXEC);

		fd_close(&fd);
		fd = below;
		*path = end + 1;
	}
	return fd;
}

int merge_copy_entry(struct merge *merge, int source_fd, const char *name,
		     const struct stat *status, int target_fd)
{
	const char *met = NULL;

	if (status->st_nlink > 1 && !merge_is_whiteout(status))
		met = link_table_meet(&merge->links, status->st_dev, status->st_ino,
				      merge->path.data);
	if (met) {
		AUTO_CLOSE int fd = open_parent(merge->root_fd, &met);

		return fd < 0 ? -1 : linkat(fd, met, target_fd, name, 0);
	}
	if (S_ISREG(status->st_mode))
		return copy_file(merge, source_fd, name, status, target_fd);
	return copy_node(merge, source_fd, name, status, target_fd);
}
