#include "src/artifact_file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/store/archive.h"

/* A header of a tar archive, and where its checksum is (POSIX.1-2017, pax, "ustar Interchange
 * Format"). */
enum { TAR_BLOCK = 512, TAR_SUM = 148, TAR_SUM_LENGTH = 8, NAME_LENGTH_MAX = 200 };

int artifact_check_name(const char *name, struct err *err)
{
	static const char known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789._-+";
	size_t length = strlen(name);

	if (length && length <= NAME_LENGTH_MAX && strspn(name, known) == length &&
	    name[0] != '-' && name[0] != '.')
		return 0;
	return err_set(err, ERR_USAGE,
		       "'%s' is no name for an artifact: letters, digits, '.', '_', '-' and '+', "
		       "not beginning with '-' or '.'",
		       name);
}

size_t artifact_name_length(const char *file)
{
	size_t length = strlen(file);

	for (int i = ARCHIVE_COMPRESSION_NONE; i <= ARCHIVE_COMPRESSION_ZSTD; i++) {
		const char *suffix = archive_suffix((enum archive_compression)i);
		size_t end = strlen(suffix);

		if (length > end + 1 && file[length - end - 1] == '.' &&
		    !strcmp(file + length - end, suffix) && file[0] != '.')
			return length - end - 1;
	}
	return 0;
}

/* Whether a block is a header with the right checksum, or all zero (an empty archive). */
static bool is_tar_header(const unsigned char block[TAR_BLOCK])
{
	unsigned long sum = 0, all = 0;
	char field[TAR_SUM_LENGTH + 1] = "";

	for (size_t i = 0; i < TAR_BLOCK; i++) {
		bool in_field = i >= TAR_SUM && i < TAR_SUM + TAR_SUM_LENGTH;

		sum += in_field ? ' ' : block[i];
		all |= block[i];
	}
	memcpy(field, block + TAR_SUM, TAR_SUM_LENGTH);
	return !all || strtoul(field, NULL, 8) == sum;
}

const char *artifact_suffix_of(int fd)
{
	/* RFC 1952; the xz file format, 1.2.1; RFC 8878 */
	static const struct {
		const char *magic;
		size_t length;
		enum archive_compression compression;
	} kinds[] = {
		{"\x1f\x8b", 2, ARCHIVE_COMPRESSION_GZIP},
		{"\xfd\x37\x7a\x58\x5a", 5, ARCHIVE_COMPRESSION_XZ},
		{"\x28\xb5\x2f\xfd", 4, ARCHIVE_COMPRESSION_ZSTD},
	};
	unsigned char block[TAR_BLOCK];
	struct stat status;
	ssize_t length;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return NULL;
	length = pread(fd, block, sizeof block, 0);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (length > (ssize_t)kinds[i].length &&
		    !memcmp(block, kinds[i].magic, kinds[i].length))
			return archive_suffix(kinds[i].compression);
	}
	if (length < TAR_BLOCK || !is_tar_header(block))
		return NULL;
	return archive_suffix(ARCHIVE_COMPRESSION_NONE);
}

static int copy_bytes(int from, int to, struct err *err)
{
	char bytes[1 << 16];
	off_t offset = 0;
	ssize_t length;

	while ((length = pread(from, bytes, sizeof bytes, offset)) > 0) {
		if (fd_write_all(to, bytes, (size_t)length) < 0)
			return err_sys(err, "cannot write the copy");
		offset += length;
	}
	return length < 0 ? err_sys(err, "cannot read the archive") : 0;
}

/* The mode that open(2) would have given the file. */
static mode_t new_file_mode(void)
{
	mode_t mask = umask(022);

	umask(mask);
	return 0666 & ~mask;
}

int artifact_copy(int fd, const char *path, struct err *err)
{
	AUTO_FREE char *temporary = mem_printf("%s.XXXXXX", path);
	AUTO_CLOSE int copy = mkostemp(temporary, O_CLOEXEC);
	int result;

	if (copy < 0)
		return err_sys(err, "cannot write '%s'", path);
	result = copy_bytes(fd, copy, err);
	if (!result &&
	    (fchmod(copy, new_file_mode()) < 0 || fsync(copy) < 0 || rename(temporary, path) < 0))
		result = err_sys(err, "cannot write '%s'", path);
	if (result < 0)
		unlink(temporary);
	return result;
}
