/* buf.h: growable bytes, always followed by a NUL that is not counted.
 *
 * Life cycle: `struct buf b = BUF_INIT;` or buf_init(); buf_add...(); read b.data and
 * b.len; buf_release(), or buf_detach() to keep the text. b.data is never NULL, so an
 * empty buffer is the empty string. AUTO_BUF releases at the end of the scope.
 */
#ifndef ENGINE_BASE_BUF_H
#define ENGINE_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"

struct buf {
	char *data; /* len bytes and a NUL */
	size_t len;
	size_t capacity; /* private: 0 while data is the shared empty string */
};

extern char buf_empty[1];
#define BUF_INIT                  \
	{                         \
		.data = buf_empty \
	}

void buf_init(struct buf *buf);
void buf_release(struct buf *buf);
/* Makes it empty and keeps the room. */
void buf_clear(struct buf *buf);
/* The text, to be freed with free(); the buffer is empty afterwards. */
char *buf_detach(struct buf *buf);

/* Room for extra more bytes; returns where they go. The caller adds what it wrote to len. */
char *buf_reserve(struct buf *buf, size_t extra);

void buf_add(struct buf *buf, const void *bytes, size_t length);
void buf_add_char(struct buf *buf, char byte);
void buf_add_str(struct buf *buf, const char *text);
void buf_add_fmt(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds a number of things: "1 layer", "3 layers", "2 processes"; their plural takes s or es. */
void buf_add_count(struct buf *buf, uint64_t count, const char *thing);
/* Removes count bytes from the front. */
void buf_drop(struct buf *buf, size_t count);
/* Cuts to length bytes; no effect when it is shorter. */
void buf_truncate(struct buf *buf, size_t length);

/* Adds bytes from outside so that they are safe to show on a terminal: control
 * characters and invalid UTF-8 as \xNN (newline as \n, tab as \t), the rest as it is. */
void buf_add_shown(struct buf *buf, const char *bytes, size_t length);
/* The same as a new string. Free with free(). */
char *buf_shown(const char *text);

/* Reads fd to its end, at most limit bytes. Returns -1 on a read error or when there is
 * more than limit (err says which); what names the file in messages. */
int buf_read_fd(struct buf *buf, int fd, size_t limit, const char *what, struct err *err);

/* Writes all bytes to a blocking descriptor. Returns -1 with errno set on failure. */
int fd_write_all(int fd, const void *bytes, size_t length);

#define AUTO_BUF __attribute__((cleanup(buf_release)))

#endif
