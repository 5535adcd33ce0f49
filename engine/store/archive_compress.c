#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/store/archive_internal.h"

/* One row a method. The options are part of what makes archives identical: fixed levels, no time
 * stamps, and always two threads, since zstd and xz cut their work differently for one. */
struct method {
	const char *name, *suffix;
	int (*add_filter)(struct archive *archive);
	const char *options;
};

static const struct method methods[] = {
	[ARCHIVE_COMPRESSION_NONE] = {"none", "tar", archive_write_add_filter_none, NULL},
	[ARCHIVE_COMPRESSION_GZIP] = {"gzip", "tar.gz", archive_write_add_filter_gzip,
				      "gzip:compression-level=6,gzip:!timestamp"},
	[ARCHIVE_COMPRESSION_XZ] = {"xz", "tar.xz", archive_write_add_filter_xz,
				    "xz:compression-level=6,xz:threads=2"},
	[ARCHIVE_COMPRESSION_ZSTD] = {"zstd", "tar.zst", archive_write_add_filter_zstd,
				      "zstd:compression-level=3,zstd:threads=2"},
};

int archive_compression_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (!strcmp(methods[i].name, name))
			return (int)i;
	}
	return -1;
}

const char *archive_suffix(enum archive_compression compression)
{
	return methods[compression].suffix;
}

/* Where compressed bytes go. */
struct output {
	int fd;
	struct sha256 *sha;
	uint64_t size;
	int failed_errno;
};

/* libarchive hands out compressed bytes. */
static la_ssize_t write_output(struct archive *archive, void *data, const void *bytes,
			       size_t length)
{
	struct output *output = data;

	if (fd_write_all(output->fd, bytes, length) < 0) {
		output->failed_errno = errno;
		archive_set_error(archive, errno, "write error");
		return -1;
	}
	sha256_add(output->sha, bytes, length);
	output->size += length;
	return (la_ssize_t)length;
}

/* Fails with what a writer failed with. */
static int fail(struct archive *archive, const struct output *output, struct err *err)
{
	const char *text = archive_error_string(archive);

	if (!output->failed_errno)
		return err_set(err, ERR_FAULT, "cannot compress: %s",
			       text ? text : "libarchive gave no reason");
	errno = output->failed_errno;
	return err_sys(err, "cannot write the compressed archive");
}

/* Makes a writer of one nameless member, compressed. */
static int open_writer(struct archive *archive, const struct method *method, struct output *output,
		       struct err *err)
{
	struct archive_entry *entry = archive_entry_new();
	bool ok;

	archive_entry_set_filetype(entry, AE_IFREG);
	ok = archive_write_set_format_raw(archive) == ARCHIVE_OK &&
	     method->add_filter(archive) == ARCHIVE_OK &&
	     (!method->options ||
	      archive_write_set_options(archive, method->options) == ARCHIVE_OK) &&
	     archive_write_set_bytes_per_block(archive, ARCHIVE_CHUNK / 8) == ARCHIVE_OK &&
	     archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
	     archive_write_open(archive, output, NULL, write_output, NULL) == ARCHIVE_OK &&
	     archive_write_header(archive, entry) == ARCHIVE_OK;
	archive_entry_free(entry);
	return ok ? 0 : fail(archive, output, err);
}

/* Reads until the buffer is full or the input at its end: what is compressed together must not
 * depend on how a pipe was filled. */
static ssize_t read_full(int fd, char *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = read(fd, buffer + done, size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		if (!count)
			break;
		done += (size_t)count;
	}
	return (ssize_t)done;
}

static int compress_all(struct archive *archive, int in_fd, const struct output *output,
			struct err *err)
{
	AUTO_FREE char *buffer = mem_resize(NULL, ARCHIVE_CHUNK, 1);
	ssize_t count;

	while ((count = read_full(in_fd, buffer, ARCHIVE_CHUNK)) > 0) {
		if (archive_write_data(archive, buffer, (size_t)count) != count)
			return fail(archive, output, err);
	}
	if (count < 0)
		return err_sys(err, "cannot read what is to be compressed");
	if (archive_write_close(archive) != ARCHIVE_OK)
		return fail(archive, output, err);
	return 0;
}

int archive_compress(int in_fd, int out_fd, enum archive_compression compression,
		     char ret_digest[SHA256_HEX_SIZE], uint64_t *ret_size, struct err *err)
{
	struct output output = {.fd = out_fd, .sha = sha256_new()};
	struct archive *archive = archive_write_new();
	int result;

	archive_widen_pipe(in_fd);
	archive_widen_pipe(out_fd);
	result = open_writer(archive, &methods[compression], &output, err);
	if (!result)
		result = compress_all(archive, in_fd, &output, err);
	/* Otherwise freeing it would go on writing. */
	if (result < 0)
		archive_write_fail(archive);
	archive_write_free(archive);
	if (result < 0) {
		sha256_free(output.sha);
		return -1;
	}
	sha256_finish(output.sha, ret_digest);
	*ret_size = output.size;
	return 0;
}
