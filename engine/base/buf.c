#include "engine/base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"

char buf_empty[1];

void buf_init(struct buf *buf)
{
	*buf = (struct buf)BUF_INIT;
}

void buf_release(struct buf *buf)
{
	if (buf->capacity)
		free(buf->data);
	buf_init(buf);
}

void buf_clear(struct buf *buf)
{
	buf_truncate(buf, 0);
}

char *buf_detach(struct buf *buf)
{
	char *text = buf->capacity ? buf->data : mem_strdup("");

	buf_init(buf);
	return text;
}

char *buf_reserve(struct buf *buf, size_t extra)
{
	size_t needed = buf->len + extra + 1;

	if (needed > buf->capacity) {
		size_t capacity = buf->capacity * 2 > needed ? buf->capacity * 2 : needed;

		buf->data = mem_resize(buf->capacity ? buf->data : NULL, capacity, 1);
		buf->capacity = capacity;
		buf->data[buf->len] = '\0';
	}
	return buf->data + buf->len;
}

void buf_add(struct buf *buf, const void *bytes, size_t length)
{
	if (!length)
		return;
	memcpy(buf_reserve(buf, length), bytes, length);
	buf->len += length;
	buf->data[buf->len] = '\0';
}

void buf_add_char(struct buf *buf, char byte)
{
	buf_add(buf, &byte, 1);
}

void buf_add_str(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_fmt(struct buf *buf, const char *fmt, ...)
{
	va_list args, again;
	int length;

	va_start(args, fmt);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (length > 0) {
		vsnprintf(buf_reserve(buf, (size_t)length), (size_t)length + 1, fmt, again);
		buf->len += (size_t)length;
	}
	va_end(again);
}

void buf_add_count(struct buf *buf, uint64_t count, const char *thing)
{
	size_t length = strlen(thing);
	const char *ending = length && thing[length - 1] == 's' ? "es" : "s";

	buf_add_fmt(buf, "%llu %s%s", (unsigned long long)count, thing, count == 1 ? "" : ending);
}

void buf_drop(struct buf *buf, size_t count)
{
	if (!count)
		return;
	memmove(buf->data, buf->data + count, buf->len - count);
	buf_truncate(buf, buf->len - count);
}

void buf_truncate(struct buf *buf, size_t length)
{
	if (length >= buf->len)
		return;
	buf->len = length;
	buf->data[length] = '\0';
}

static void add_escaped(struct buf *buf, unsigned char byte)
{
	if (byte == '\n')
		buf_add_str(buf, "\\n");
	else if (byte == '\t')
		buf_add_str(buf, "\\t");
	else
		buf_add_fmt(buf, "\\x%02x", byte);
}

void buf_add_shown(struct buf *buf, const char *bytes, size_t length)
{
	size_t i = 0;

	while (i < length) {
		uint32_t code;
		size_t used = utf8_decode(bytes + i, length - i, &code);

		if (!used) {
			add_escaped(buf, (unsigned char)bytes[i++]);
			continue;
		}
		for (size_t k = 0; k < used; k++) {
			if (utf8_is_shown(code))
				buf_add_char(buf, bytes[i + k]);
			else
				add_escaped(buf, (unsigned char)bytes[i + k]);
		}
		i += used;
	}
}

char *buf_shown(const char *text)
{
	struct buf buf = BUF_INIT;

	buf_add_shown(&buf, text, strlen(text));
	return buf_detach(&buf);
}

int buf_read_fd(struct buf *buf, int fd, size_t limit, const char *what, struct err *err)
{
	size_t total = 0;

	for (;;) {
		ssize_t got = read(fd, buf_reserve(buf, 65536), 65536);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "cannot read %s", what);
		if (got == 0)
			return 0;
		total += (size_t)got;
		if (total > limit)
			return err_set(err, ERR_USAGE, "%s is larger than %zu bytes", what, limit);
		buf->len += (size_t)got;
		buf->data[buf->len] = '\0';
	}
}

int fd_write_all(int fd, const void *bytes, size_t length)
{
	const char *next = bytes;

	while (length) {
		ssize_t written = write(fd, next, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		next += written;
		length -= (size_t)written;
	}
	return 0;
}
