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

enum { NAME_LENGTH_MAX = 200 };

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

/* The person named a place that is not there, or is something else. */
static int cannot_write(const char *path, struct err *err)
{
	err_sys(err, "cannot write '%s'", path);
	if (err->code == ERR_FAULT)
		err->code = ERR_USAGE;
	return -1;
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
		return cannot_write(path, err);
	result = copy_bytes(fd, copy, err);
	if (!result &&
	    (fchmod(copy, new_file_mode()) < 0 || fsync(copy) < 0 || rename(temporary, path) < 0))
		result = cannot_write(path, err);
	if (result < 0)
		unlink(temporary);
	return result;
}
