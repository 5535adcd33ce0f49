/* test_archive.h: what the tests of archives share: a place with a canary beside the tree, and
 * tar archives written by hand, block by block (POSIX.1-2008, ustar). */
#ifndef TESTS_UNIT_TEST_ARCHIVE_H
#define TESTS_UNIT_TEST_ARCHIVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/archive_internal.h"

/* A directory of our own with a file that nothing may touch, and the tree inside. */
struct area {
	char *path;
	int fd;	  /* the directory */
	int tree; /* "tree" in it */
};

static inline void write_file(int dir_fd, const char *name, const char *text, mode_t mode)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static inline void assert_file(int dir_fd, const char *name, const char *text)
{
	AUTO_BUF struct buf buf = BUF_INIT;
	AUTO_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct err err = {0};

	assert_true(fd >= 0);
	assert_int_equal(buf_read_fd(&buf, fd, 1 << 20, name, &err), 0);
	assert_string_equal(buf.data, text);
}

static inline bool exists(int dir_fd, const char *name)
{
	struct stat status;

	return !fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW);
}

static inline struct stat look_at(int dir_fd, const char *name)
{
	struct stat status = {0};

	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		fail_msg("%s is not there: %s", name, strerror(errno));
	return status;
}

static inline int set_up(void **state)
{
	struct area *area = mem_new(sizeof *area);

	area->path = mem_strdup("/tmp/test-archive-XXXXXX");
	assert_non_null(mkdtemp(area->path));
	area->fd = open(area->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(area->fd, "tree", 0755), 0);
	area->tree = openat(area->fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_file(area->fd, "canary", "alive", 0640);
	*state = area;
	return 0;
}

static inline int tear_down(void **state)
{
	struct area *area = *state;
	struct err err = {0};

	close(area->fd);
	close(area->tree);
	assert_int_equal(path_remove_tree(AT_FDCWD, area->path, &err), 0);
	free(area->path);
	free(area);
	return 0;
}

/* Another empty directory in the area. */
static inline int make_tree(const struct area *area, const char *name)
{
	int fd;

	assert_int_equal(mkdirat(area->fd, name, 0755), 0);
	fd = openat(area->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* Nothing beside the tree was touched: the canary, the mode of its directory, its names. */
static inline void assert_untouched(const struct area *area)
{
	struct stat canary = look_at(area->fd, "canary"), top = look_at(area->fd, ".");

	assert_file(area->fd, "canary", "alive");
	assert_int_equal(canary.st_mode & 07777, 0640);
	assert_int_equal(canary.st_nlink, 1);
	assert_int_equal(top.st_mode & 07777, 0700);
	assert_int_equal(top.st_nlink, 3);
	assert_false(exists(area->fd, "evil"));
}

/* A file in memory with these bytes, at its beginning. */
static inline int memory_file(const void *bytes, size_t length)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, length), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* All of a file in memory. */
static inline void read_back(int fd, struct buf *buf)
{
	struct err err = {0};

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(buf_read_fd(buf, fd, (size_t)1 << 30, "memory", &err), 0);
}

/* Puts number into a field as octal digits. */
static inline void put_octal(char *field, int digits, unsigned long long number)
{
	char text[32];

	snprintf(text, sizeof text, "%0*llo", digits, number);
	memcpy(field, text, (size_t)digits);
}

/* Adds the header block; the owner is whoever runs the test. */
static inline void add_header(struct buf *tar, const char *name, char type, unsigned mode,
			      unsigned long long size, const char *link)
{
	char block[512] = {0};
	unsigned sum = 0;

	memcpy(block, name, strlen(name));
	put_octal(block + 100, 7, mode);
	put_octal(block + 108, 7, geteuid());
	put_octal(block + 116, 7, getegid());
	put_octal(block + 124, 11, size);
	put_octal(block + 136, 11, 1000000000);
	memset(block + 148, ' ', 8);
	block[156] = type;
	memcpy(block + 157, link ? link : "", link ? strlen(link) : 0);
	memcpy(block + 257,
	       "ustar\0"
	       "00",
	       8);
	for (size_t i = 0; i < sizeof block; i++)
		sum += (unsigned char)block[i];
	put_octal(block + 148, 6, sum);
	block[154] = '\0';
	buf_add(tar, block, sizeof block);
}

static inline void add_bytes(struct buf *tar, const char *bytes, size_t length)
{
	buf_add(tar, bytes, length);
	while (tar->len % 512)
		buf_add_char(tar, '\0');
}

static inline void add_file(struct buf *tar, const char *name, unsigned mode, const char *text)
{
	add_header(tar, name, '0', mode, strlen(text), NULL);
	add_bytes(tar, text, strlen(text));
}

static inline void add_link(struct buf *tar, const char *name, const char *target)
{
	add_header(tar, name, '2', 0777, 0, target);
}

static inline void add_dir(struct buf *tar, const char *name, unsigned mode)
{
	add_header(tar, name, '5', mode, 0, NULL);
}

/* Adds a pax header with one record for the entry that follows. */
static inline void add_pax(struct buf *tar, const char *key, const char *value)
{
	AUTO_FREE char *record = NULL;
	size_t rest = strlen(key) + strlen(value) + 3, length = rest + 1;

	for (;;) {
		free(record);
		record = mem_printf("%zu %s=%s\n", length, key, value);
		if (strlen(record) == length)
			break;
		length = strlen(record);
	}
	add_header(tar, "pax", 'x', 0644, length, NULL);
	add_bytes(tar, record, length);
}

static inline void add_end(struct buf *tar)
{
	char zeros[1024] = {0};

	buf_add(tar, zeros, sizeof zeros);
}

/* Unpacks bytes into dir_fd with the given options, or the defaults. */
static inline int unpack_bytes(const char *bytes, size_t length, int dir_fd,
			       const struct archive_unpack_options *options, struct strv *notes,
			       struct err *err)
{
	static const struct archive_unpack_options defaults = {0};
	AUTO_STRV struct strv own_notes = {0};
	AUTO_CLOSE int fd = memory_file(bytes, length);

	return archive_unpack(fd, dir_fd, options ? options : &defaults, notes ? notes : &own_notes,
			      err);
}

/* Unpacks a tar, given its end, that is fine. */
static inline void assert_unpacks(struct buf *tar, int dir_fd, struct strv *notes)
{
	struct err err = {0};

	add_end(tar);
	if (unpack_bytes(tar->data, tar->len, dir_fd, NULL, notes, &err) < 0)
		fail_msg("%s", err.text);
}

/* Unpacks a tar, given its end, that is to be refused with all these words. */
static inline void assert_refused(struct buf *tar, int dir_fd,
				  const struct archive_unpack_options *options, const char *name,
				  const char *why)
{
	struct err err = {0};

	add_end(tar);
	assert_int_equal(unpack_bytes(tar->data, tar->len, dir_fd, options, NULL, &err), -1);
	if (err.code != ERR_STEP || !strstr(err.text, why) || !strstr(err.text, name))
		fail_msg("code %d, not about %s and %s: %s", err.code, name, why, err.text);
}

/* Packs into memory. */
static inline int pack_bytes(int dir_fd, const char *name,
			     const struct archive_pack_options *options, struct buf *ret_tar,
			     struct err *err)
{
	AUTO_CLOSE int fd = memory_file("", 0);
	int result = archive_pack(dir_fd, name, options, fd, err);

	read_back(fd, ret_tar);
	return result;
}

static const struct archive_pack_options pack_plain = {.source_date_epoch = 2000000000};

static inline void set_time(int dir_fd, const char *name, time_t seconds)
{
	const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};

	assert_int_equal(utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

/* Packs dir_fd/name, which works, into tar. */
static inline void pack(int dir_fd, const char *name, const struct archive_pack_options *options,
			struct buf *tar)
{
	struct err err = {0};

	if (pack_bytes(dir_fd, name, options, tar, &err) < 0)
		fail_msg("%s", err.text);
}

#endif
