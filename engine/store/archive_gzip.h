/* archive_gzip.h: takes gzip off a stream (RFC 1952, by zlib), and compares what comes out with the
 * checksum and the length that each member ends with: libarchive's own reader looks at neither, so
 * damage that can still be decompressed would be files with other contents.
 *
 * A stream is any number of members. What stands behind the last one, and does not begin like
 * another, is passed over, as gzip(1) does it.
 *
 * Life cycle: gunzip_new(); gunzip_feed() the next bytes and gunzip_read() until it gives none, again
 * and again; at the end of the stream gunzip_end(); gunzip_free().
 */
#ifndef ENGINE_STORE_ARCHIVE_GZIP_H
#define ENGINE_STORE_ARCHIVE_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "engine/base/err.h"

enum { GUNZIP_HEAD = 3 }; /* as many bytes gunzip_knows() looks at */

struct gunzip;

/* Whether these are the first bytes of a member. */
bool gunzip_knows(const void *bytes, size_t length);

struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *gunzip);

/* Gives it the next bytes. They must stay as they are until gunzip_read() returns 0, and all that
 * were given before must have been read. */
void gunzip_feed(struct gunzip *gunzip, const void *bytes, size_t length);

/* The next plain bytes, which stay until the next call: their number, or 0 when it must be fed, or -1
 * with ERR_STEP when the stream is damaged. */
ssize_t gunzip_read(struct gunzip *gunzip, const void **ret_bytes, struct err *err);

/* -1 with ERR_STEP when the stream must not end here. */
int gunzip_end(const struct gunzip *gunzip, struct err *err);

#endif
