#include "engine/actions/artifact.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/archive.h"

/* A header of a tar archive, and where its checksum is (POSIX.1-2017, pax, "ustar Interchange
 * Format"). */
enum { TAR_BLOCK = 512, TAR_SUM = 148, TAR_SUM_LENGTH = 8 };

static char *artifact_path(const char *dir, const char *name, const char *suffix)
{
	return mem_printf("%s/%s.%s", dir, name, suffix);
}

char *artifact_find(const char *dir, const char *name)
{
	for (int kind = ARCHIVE_COMPRESSION_NONE; kind <= ARCHIVE_COMPRESSION_ZSTD; kind++) {
		char *path =
			artifact_path(dir, name, archive_suffix((enum archive_compression)kind));

		if (!access(path, F_OK))
			return path;
		free(path);
	}
	return NULL;
}

void artifact_remove_others(const char *dir, const char *name, const char *suffix)
{
	for (int kind = ARCHIVE_COMPRESSION_NONE; kind <= ARCHIVE_COMPRESSION_ZSTD; kind++) {
		const char *other = archive_suffix((enum archive_compression)kind);
		AUTO_FREE char *path = artifact_path(dir, name, other);

		if (strcmp(other, suffix) != 0)
			unlink(path);
	}
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
