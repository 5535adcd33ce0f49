#include "engine/store/archive_tar.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/store/archive_internal.h"

enum { BLOCK = 512 };

/* The first block of an entry; numbers are octal digits and a NUL (POSIX.1-2008, ustar). */
struct ustar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char padding[12];
};

_Static_assert(sizeof(struct ustar_header) == BLOCK, "a ustar header is one block");

void tar_writer_init(struct tar_writer *writer, int fd, const struct archive_progress *progress)
{
	*writer = (struct tar_writer){.fd = fd, .progress = progress};
	writer->buffer = mem_resize(NULL, ARCHIVE_CHUNK, 1);
	archive_widen_pipe(fd);
}

void tar_writer_release(struct tar_writer *writer)
{
	free(take_ptr(&writer->buffer));
}

/* Writes out what is buffered. */
static int flush(struct tar_writer *writer, struct err *err)
{
	if (fd_write_all(writer->fd, writer->buffer, writer->used) < 0)
		return err_sys(err, "cannot write the archive");
	writer->written += writer->used;
	writer->used = 0;
	if (writer->progress && writer->progress->report)
		writer->progress->report(writer->progress->data, writer->written);
	return 0;
}

char *tar_room(struct tar_writer *writer, size_t *ret_room, struct err *err)
{
	if (writer->used == ARCHIVE_CHUNK && flush(writer, err) < 0)
		return NULL;
	*ret_room = ARCHIVE_CHUNK - writer->used;
	return writer->buffer + writer->used;
}

void tar_advance(struct tar_writer *writer, size_t length)
{
	writer->used += length;
}

/* Writes bytes, or zeros when bytes is NULL. */
static int put(struct tar_writer *writer, const char *bytes, size_t length, struct err *err)
{
	while (length) {
		size_t room;
		char *place = tar_room(writer, &room, err);

		if (!place)
			return -1;
		if (room > length)
			room = length;
		if (bytes) {
			memcpy(place, bytes, room);
			bytes += room;
		} else {
			memset(place, 0, room);
		}
		tar_advance(writer, room);
		length -= room;
	}
	return 0;
}

int tar_pad(struct tar_writer *writer, uint64_t stored, struct err *err)
{
	return put(writer, NULL, (size_t)(-stored % BLOCK), err);
}

int tar_finish(struct tar_writer *writer, struct err *err)
{
	if (put(writer, NULL, 2 * (size_t)BLOCK, err) < 0)
		return -1;
	return flush(writer, err);
}

/* Adds the record "LENGTH KEY=VALUE\n", whose length counts its own digits. */
static void add_record(struct buf *records, const char *key, const void *value, size_t length)
{
	size_t rest = strlen(key) + length + 3, total = rest + 1;
	char digits[24];

	while ((size_t)snprintf(digits, sizeof digits, "%zu", total) + rest != total)
		total++;
	buf_add_fmt(records, "%zu %s=", total, key);
	buf_add(records, value, length);
	buf_add_char(records, '\n');
}

static void add_text_record(struct buf *records, const char *key, const char *text)
{
	add_record(records, key, text, strlen(text));
}

static void add_number_record(struct buf *records, const char *key, int64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)number);
	add_text_record(records, key, text);
}

void tar_add_xattr(struct buf *records, const char *name, const void *value, size_t length)
{
	AUTO_FREE char *key = mem_printf("SCHILY.xattr.%s", name);

	add_record(records, key, value, length);
}

/* Writes number as octal digits that fill the field but for its NUL; false when it is too large,
 * and the field is zero. */
static bool set_octal(char *field, size_t size, uint64_t number)
{
	bool fits = number >> (3 * (size - 1)) == 0;

	if (!fits)
		number = 0;
	field[--size] = '\0';
	while (size--) {
		field[size] = (char)('0' + (number & 7));
		number >>= 3;
	}
	return fits;
}

/* As set_octal(), with a pax record for what does not fit. */
static void set_number(char *field, size_t size, uint64_t number, const char *key,
		       struct buf *records)
{
	if (!set_octal(field, size, number))
		add_number_record(records, key, (int64_t)number);
}

/* Puts the name into the header, split at a slash if need be, or into a pax record. */
static void set_name(struct ustar_header *ustar, const char *name, struct buf *records)
{
	size_t length = strlen(name);
	const char *slash;

	if (length <= sizeof ustar->name) {
		memcpy(ustar->name, name, length);
		return;
	}
	/* The earliest slash that leaves few enough bytes behind it, but some. */
	slash = strchr(name + length - sizeof ustar->name - 1, '/');
	if (slash && slash[1] && slash > name && (size_t)(slash - name) <= sizeof ustar->prefix) {
		memcpy(ustar->prefix, name, (size_t)(slash - name));
		memcpy(ustar->name, slash + 1, strlen(slash + 1));
		return;
	}
	memcpy(ustar->name, name, sizeof ustar->name);
	add_text_record(records, "path", name);
}

static void set_link(struct ustar_header *ustar, const char *link, struct buf *records)
{
	size_t length = strlen(link);

	if (length > sizeof ustar->link) {
		add_text_record(records, "linkpath", link);
		length = sizeof ustar->link;
	}
	memcpy(ustar->link, link, length);
}

/* Sets what all headers have, and the checksum: the sum of all bytes, its own as spaces. */
static void seal_header(struct ustar_header *ustar)
{
	const unsigned char *bytes = (const unsigned char *)ustar;
	unsigned sum = 0;

	memcpy(ustar->magic, "ustar", 6);
	memcpy(ustar->version, "00", 2);
	set_octal(ustar->major, sizeof ustar->major, 0);
	set_octal(ustar->minor, sizeof ustar->minor, 0);
	memset(ustar->checksum, ' ', sizeof ustar->checksum);
	for (size_t i = 0; i < sizeof *ustar; i++)
		sum += bytes[i];
	set_octal(ustar->checksum, sizeof ustar->checksum - 1, sum);
}

/* Writes the pax header that holds records for the entry behind it. */
static int put_pax_header(struct tar_writer *writer, const struct buf *records, struct err *err)
{
	struct ustar_header ustar = {.name = "././@PaxHeader", .type = 'x'};

	set_octal(ustar.mode, sizeof ustar.mode, 0644);
	set_octal(ustar.uid, sizeof ustar.uid, 0);
	set_octal(ustar.gid, sizeof ustar.gid, 0);
	set_octal(ustar.size, sizeof ustar.size, records->len);
	set_octal(ustar.mtime, sizeof ustar.mtime, 0);
	seal_header(&ustar);
	if (put(writer, (const char *)&ustar, sizeof ustar, err) < 0 ||
	    put(writer, records->data, records->len, err) < 0)
		return -1;
	return tar_pad(writer, records->len, err);
}

/* The map as it stands before a sparse file's data, a multiple of blocks; *ret_stored is that
 * and the data. */
static void format_map(const struct tar_map *map, struct buf *text, uint64_t *ret_stored)
{
	uint64_t data = 0;

	buf_add_fmt(text, "%zu\n", map->count);
	for (size_t i = 0; i < map->count; i++) {
		const struct tar_region *region = &map->regions[i];

		buf_add_fmt(text, "%llu\n%llu\n", (unsigned long long)region->offset,
			    (unsigned long long)region->length);
		data += region->length;
	}
	while (text->len % BLOCK)
		buf_add_char(text, '\0');
	*ret_stored = text->len + data;
}

/* Names a sparse file (GNU.sparse, version 1.0): the true name and size are in the records. */
static void set_sparse_name(struct ustar_header *ustar, const struct tar_header *header,
			    struct buf *records)
{
	add_text_record(records, "GNU.sparse.major", "1");
	add_text_record(records, "GNU.sparse.minor", "0");
	add_text_record(records, "GNU.sparse.name", header->name);
	add_number_record(records, "GNU.sparse.realsize", (int64_t)header->size);
	memcpy(ustar->name, "././@SparseFile", sizeof "././@SparseFile");
}

int tar_write_header(struct tar_writer *writer, const struct tar_header *header,
		     uint64_t *ret_stored, struct err *err)
{
	AUTO_BUF struct buf records = BUF_INIT, map = BUF_INIT;
	struct ustar_header ustar = {.type = (char)header->type};
	uint64_t stored = header->type == TAR_FILE ? header->size : 0;

	if (header->map) {
		format_map(header->map, &map, &stored);
		set_sparse_name(&ustar, header, &records);
	} else {
		set_name(&ustar, header->name, &records);
	}
	set_link(&ustar, header->link ? header->link : "", &records);
	set_octal(ustar.mode, sizeof ustar.mode, header->mode & 07777);
	set_number(ustar.uid, sizeof ustar.uid, header->uid, "uid", &records);
	set_number(ustar.gid, sizeof ustar.gid, header->gid, "gid", &records);
	set_number(ustar.size, sizeof ustar.size, stored, "size", &records);
	set_number(ustar.mtime, sizeof ustar.mtime, (uint64_t)header->mtime, "mtime", &records);
	if (header->xattrs)
		buf_add(&records, header->xattrs->data, header->xattrs->len);
	seal_header(&ustar);
	if ((records.len && put_pax_header(writer, &records, err) < 0) ||
	    put(writer, (const char *)&ustar, sizeof ustar, err) < 0 ||
	    put(writer, map.data, map.len, err) < 0)
		return -1;
	*ret_stored = stored - map.len;
	return 0;
}
