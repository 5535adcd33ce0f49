#include "ui/log_file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"

void log_file_init(struct log_file *file, int fd)
{
	*file = (struct log_file){.fd = fd};
}

void log_file_release(struct log_file *file)
{
	free(file->bytes);
	file->bytes = NULL;
	file->length = 0;
}

int log_file_size(const struct log_file *file, uint64_t *ret_size, struct err *err)
{
	struct stat status;

	if (fstat(file->fd, &status) < 0)
		return err_sys(err, "cannot read a log");
	*ret_size = (uint64_t)status.st_size;
	return 0;
}

/* Fills the window with what begins at an offset. */
static int fill(struct log_file *file, uint64_t offset, struct err *err)
{
	if (!file->bytes)
		file->bytes = mem_resize(NULL, LOG_WINDOW + 1, 1);
	file->offset = offset;
	file->length = 0;
	while (file->length < LOG_WINDOW) {
		ssize_t got = pread(file->fd, file->bytes + file->length, LOG_WINDOW - file->length,
				    (off_t)(offset + file->length));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "cannot read a log");
		if (got == 0)
			break;
		file->length += (size_t)got;
	}
	file->bytes[file->length] = '\0';
	return 0;
}

int log_file_get(struct log_file *file, uint64_t offset, size_t wanted, const char **ret_bytes,
		 size_t *ret_length, struct err *err)
{
	uint64_t end = file->offset + file->length;

	if (!file->bytes || offset < file->offset || offset + wanted > end) {
		if (fill(file, offset, err) < 0)
			return -1;
	}
	*ret_bytes = file->bytes + (offset - file->offset);
	*ret_length = file->length - (size_t)(offset - file->offset);
	return 0;
}
