#include "engine/store/archive_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/store/archive_pipe.h"

/* Fails with libarchive's words, which may have names from the archive in them. */
static int set_damaged(struct err *err, struct archive *archive)
{
	const char *text = archive_error_string(archive);
	AUTO_FREE char *shown = archive_shown(text ? text : "it cannot be read");

	return err_set(err, ERR_STEP, "the archive is damaged or cut off: %s", shown);
}

int input_damaged(struct input *input, struct err *err)
{
	if (input->err.code == ERR_NONE)
		return set_damaged(err, input->members);
	*err = input->err;
	return -1;
}

/* The next bytes of the file: enough of them to tell by the first ones what they are. */
static ssize_t read_file(struct input *input, const void **ret_bytes)
{
	size_t have = 0;
	ssize_t count;

	do {
		count = read(input->fd, input->buffer + have, ARCHIVE_CHUNK - have);
		have += count > 0 ? (size_t)count : 0;
	} while ((count < 0 && errno == EINTR) || (count > 0 && have < GUNZIP_HEAD));
	if (count < 0)
		return err_sys(&input->err, "cannot read the archive");
	input->taken += have;
	if (input->progress && input->progress->report)
		input->progress->report(input->progress->data, input->taken);
	*ret_bytes = input->buffer;
	return (ssize_t)have;
}

/* The next bytes of the file with so many layers of gzip taken off. */
static ssize_t read_layer(struct input *input, size_t layer, const void **ret_bytes)
{
	struct gunzip *gunzip = layer ? input->gunzips[layer - 1] : NULL;

	if (!gunzip)
		return read_file(input, ret_bytes);
	for (;;) {
		const void *bytes;
		ssize_t count = gunzip_read(gunzip, ret_bytes, &input->err);

		if (count)
			return count;
		count = read_layer(input, layer - 1, &bytes);
		if (count < 0)
			return -1;
		if (!count)
			return gunzip_end(gunzip, &input->err);
		gunzip_feed(gunzip, bytes, (size_t)count);
	}
}

/* Takes off what layers of gzip there are at the top, and keeps the first bytes below them. */
static int open_layers(struct input *input)
{
	for (;;) {
		ssize_t count = read_layer(input, input->n_gunzips, &input->first);

		if (count < 0)
			return -1;
		input->first_length = (size_t)count;
		if (input->n_gunzips == INPUT_LAYERS_MAX ||
		    !gunzip_knows(input->first, input->first_length))
			return 0;
		input->gunzips[input->n_gunzips++] = gunzip_new();
		gunzip_feed(input->gunzips[input->n_gunzips - 1], input->first,
			    input->first_length);
	}
}

/* libarchive asks for more of what it is to read. */
static la_ssize_t read_below(struct archive *archive, void *data, const void **ret_bytes)
{
	struct input *input = data;
	ssize_t count = (ssize_t)input->first_length;

	*ret_bytes = input->first;
	input->first_length = 0;
	if (!count)
		count = read_layer(input, input->n_gunzips, ret_bytes);
	if (count < 0)
		archive_set_error(archive, EIO, "read error");
	return count;
}

/* Fails for the lower reader. */
static int fail_filters(struct input *input, struct err *err)
{
	if (input->err.code == ERR_NONE)
		return set_damaged(err, input->filters);
	*err = input->err;
	return -1;
}

int input_open(struct input *input, int fd, const struct archive_progress *progress,
	       struct err *err)
{
	struct archive_entry *entry;
	int status;

	*input = (struct input){
		.fd = fd, .progress = progress, .plain_max = UINT64_MAX, .spool_fd = -1};
	input->buffer = mem_resize(NULL, ARCHIVE_CHUNK, 1);
	archive_widen_pipe(fd);
	input->filters = archive_read_new();
	if (!input->filters || archive_read_support_filter_gzip(input->filters) < ARCHIVE_OK ||
	    archive_read_support_filter_bzip2(input->filters) < ARCHIVE_OK ||
	    archive_read_support_filter_xz(input->filters) < ARCHIVE_OK ||
	    archive_read_support_filter_zstd(input->filters) < ARCHIVE_OK ||
	    archive_read_support_format_raw(input->filters) < ARCHIVE_OK ||
	    archive_read_support_format_empty(input->filters) < ARCHIVE_OK)
		return err_set(err, ERR_FAULT, "libarchive lacks gzip, bzip2, xz or zstd");
	if (open_layers(input) < 0 ||
	    archive_read_open(input->filters, input, NULL, read_below, NULL) < ARCHIVE_OK)
		return fail_filters(input, err);
	status = archive_read_next_header(input->filters, &entry);
	if (status < ARCHIVE_OK)
		return fail_filters(input, err);
	input->ended = status == ARCHIVE_EOF;
	/* The plain stream below them counts as one. */
	if ((int)input->n_gunzips + archive_filter_count(input->filters) - 1 > INPUT_LAYERS_MAX)
		return err_set(err, ERR_STEP, "the archive is compressed more than %d times over",
			       INPUT_LAYERS_MAX);
	return 0;
}

void input_close(struct input *input)
{
	archive_read_free(input->members);
	archive_read_free(input->filters);
	for (size_t i = 0; i < input->n_gunzips; i++)
		gunzip_free(input->gunzips[i]);
	archive_locale_leave(&input->locale);
	fd_close(&input->spool_fd);
	free(take_ptr(&input->buffer));
}

ssize_t input_read(struct input *input, const void **ret_bytes, struct err *err)
{
	size_t length = input->waiting_length;
	la_int64_t offset;
	int status;

	*ret_bytes = input->waiting;
	input->waiting_length = 0;
	while (!length && !input->ended) {
		status = archive_read_data_block(input->filters, ret_bytes, &length, &offset);
		if (status < ARCHIVE_OK)
			return fail_filters(input, err);
		input->ended = status == ARCHIVE_EOF;
		if (input->ended)
			length = 0;
	}
	input->plain += length;
	if (input->plain > input->plain_max)
		return err_set(err, ERR_STEP,
			       "the archive is longer than %llu bytes when it is uncompressed",
			       (unsigned long long)input->plain_max);
	return (ssize_t)length;
}

/* The upper reader asks for more of the plain archive. */
static la_ssize_t read_plain(struct archive *archive, void *data, const void **ret_bytes)
{
	struct input *input = data;
	ssize_t count = input_read(input, ret_bytes, &input->err);

	if (count < 0)
		archive_set_error(archive, EIO, "read error");
	return count;
}

/* A file without a name, in the directory or, if it cannot be there, in memory. */
static int open_spool(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : memfd_create("zip", MFD_CLOEXEC);
}

/* Copies the rest of the plain archive to a file that can be read from its end. */
static int spool(struct input *input, const struct input_limits *limits, struct err *err)
{
	uint64_t checked = 0;
	const void *bytes;
	ssize_t count;

	input->plain_max = limits->spool_max;
	input->spool_fd = open_spool(limits->spool_dir_fd);
	if (input->spool_fd < 0)
		return err_sys(err, "cannot make a file for the zip archive");
	while ((count = input_read(input, &bytes, err)) > 0) {
		if (fd_write_all(input->spool_fd, bytes, (size_t)count) < 0)
			return err_sys(err, "cannot write a copy of the zip archive");
		if (input->plain - checked < ARCHIVE_CHECK_SPACE)
			continue;
		checked = input->plain;
		if (archive_check_space(input->spool_fd, limits->free_space_floor, err) < 0)
			return -1;
	}
	if (!count && lseek(input->spool_fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read the copy of the zip archive");
	return count < 0 ? -1 : 0;
}

/* Sets err to why the upper reader could not be opened: reading failed, or it is as why says. */
static int fail_open(struct input *input, struct err *err, const char *why)
{
	if (input->err.code == ERR_NONE)
		return err_set(err, ERR_STEP, "%s", why);
	*err = input->err;
	return -1;
}

static int open_zip(struct input *input, const struct input_limits *limits, struct err *err)
{
	/* Names flagged as UTF-8 are lost in any other locale. */
	input->locale = archive_locale_enter("C.UTF-8");
	input->is_zip = true;
	if (spool(input, limits, err) < 0)
		return -1;
	if (archive_read_support_format_zip_seekable(input->members) < ARCHIVE_OK ||
	    archive_read_open_fd(input->members, input->spool_fd, ARCHIVE_CHUNK / 4) < ARCHIVE_OK)
		return fail_open(input, err,
				 "the archive is damaged or cut off: a zip without its table of "
				 "contents");
	return 0;
}

static int open_tar(struct input *input, struct err *err)
{
	/* Here libarchive keeps names as they are; in a UTF-8 locale it would normalise them. */
	input->locale = archive_locale_enter("C");
	if (archive_read_support_format_tar(input->members) < ARCHIVE_OK ||
	    archive_read_open(input->members, input, NULL, read_plain, NULL) < ARCHIVE_OK)
		return fail_open(input, err,
				 "not an archive in a known format (tar, or zip; plain, or "
				 "compressed by gzip, bzip2, xz or zstd)");
	return 0;
}

/* True for the first bytes of a zip: a member, or the table of contents of none (APPNOTE 4.3). */
static bool looks_like_zip(const void *bytes, size_t length)
{
	return length >= 4 && (!memcmp(bytes, "PK\3\4", 4) || !memcmp(bytes, "PK\5\6", 4));
}

int input_open_members(struct input *input, const struct input_limits *limits, struct err *err)
{
	ssize_t length;
	const void *bytes;

	input->plain_max = limits->plain_max;
	length = input_read(input, &bytes, err);
	if (length < 0)
		return -1;
	if (!length)
		return err_set(err, ERR_STEP, "the archive is empty");
	input->plain = 0;
	input->waiting = bytes;
	input->waiting_length = (size_t)length;
	input->members = archive_read_new();
	if (!input->members)
		return err_set(err, ERR_FAULT, "libarchive cannot make a reader");
	return looks_like_zip(bytes, (size_t)length) ? open_zip(input, limits, err)
						     : open_tar(input, err);
}

/* Reads what follows the last member to its end, so that nobody who writes it is stopped by a
 * closed pipe, checksums behind it are checked, and a tar without its end mark is noticed. */
static int finish(struct input *input, struct err *err)
{
	uint64_t end = (uint64_t)archive_read_header_position(input->members);
	const void *bytes;
	ssize_t count;

	while ((count = input_read(input, &bytes, err)) > 0)
		;
	if (count < 0)
		return -1;
	/* libarchive takes the plain end of the input for the end of a tar. */
	if (!input->is_zip && input->plain - end < 512)
		return err_set(err, ERR_STEP,
			       "the archive is damaged or cut off: it has no end mark");
	return 0;
}

/* A warning that says only that a name is not ASCII, and is kept as it is. */
static bool is_about_charset(struct archive *archive)
{
	const char *text = archive_error_string(archive);

	return text && strstr(text, "converted");
}

int input_next(struct input *input, struct archive_entry **ret_entry, struct err *err)
{
	int status = archive_read_next_header(input->members, ret_entry);

	if (status == ARCHIVE_OK || (status == ARCHIVE_WARN && is_about_charset(input->members)))
		return 1;
	if (status == ARCHIVE_EOF)
		return finish(input, err) < 0 ? -1 : 0;
	return input_damaged(input, err);
}

int archive_decompress(int in_fd, int out_fd, struct err *err)
{
	struct input input;
	int result = input_open(&input, in_fd, NULL, err);
	struct pipe_out out;
	const void *bytes;
	ssize_t count = -1;

	pipe_out_init(&out, out_fd);
	while (!result && (count = input_read(&input, &bytes, err)) > 0) {
		if (pipe_out_write(&out, bytes, (size_t)count) < 0)
			result = err_sys(err, "cannot write the uncompressed archive");
	}
	pipe_out_release(&out);
	input_close(&input);
	return count < 0 ? -1 : result;
}
