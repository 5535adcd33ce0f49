#include "engine/store/archive_gzip.h"

#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* what is read is not written to */
#include <zlib.h>

#include "engine/base/mem.h"

enum {
	PLAIN_SIZE = 1 << 17,	     /* bytes handed out at a time, at most */
	WINDOW_BITS = MAX_WBITS + 16 /* for zlib: gzip, and nothing else */
};

static const unsigned char head[GUNZIP_HEAD] = {0x1f, 0x8b, Z_DEFLATED};

struct gunzip {
	z_stream stream;
	enum {
		IN_MEMBER,
		BETWEEN_MEMBERS,
		BEHIND_MEMBERS, /* in what is no gzip */
	} place;
	bool more; /* there is output left that did not fit */
	unsigned char plain[PLAIN_SIZE];
};

bool gunzip_knows(const void *bytes, size_t length)
{
	return length >= sizeof head && !memcmp(bytes, head, sizeof head);
}

struct gunzip *gunzip_new(void)
{
	struct gunzip *gunzip = mem_new(sizeof *gunzip);

	if (inflateInit2(&gunzip->stream, WINDOW_BITS) != Z_OK)
		abort();
	return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
	if (!gunzip)
		return;
	inflateEnd(&gunzip->stream);
	free(gunzip);
}

void gunzip_feed(struct gunzip *gunzip, const void *bytes, size_t length)
{
	gunzip->stream.next_in = bytes;
	gunzip->stream.avail_in = (uInt)length;
}

/* Decides, behind a member, what the next byte belongs to. */
static void go_on(struct gunzip *gunzip)
{
	if (gunzip->place == BETWEEN_MEMBERS && *gunzip->stream.next_in == head[0]) {
		inflateReset(&gunzip->stream);
		gunzip->place = IN_MEMBER;
		return;
	}
	gunzip->place = BEHIND_MEMBERS;
	gunzip->stream.avail_in = 0;
}

/* Decompresses as far as there is input, or room. */
static int decompress(struct gunzip *gunzip, struct err *err)
{
	z_stream *stream = &gunzip->stream;
	int status = inflate(stream, Z_NO_FLUSH);

	gunzip->more = status == Z_OK && !stream->avail_out;
	if (status == Z_STREAM_END)
		gunzip->place = BETWEEN_MEMBERS;
	else if (status != Z_OK && status != Z_BUF_ERROR)
		return err_set(err, ERR_STEP, "the archive is damaged or cut off: gzip: %s",
			       stream->msg ? stream->msg : "it cannot be read");
	return 0;
}

ssize_t gunzip_read(struct gunzip *gunzip, const void **ret_bytes, struct err *err)
{
	z_stream *stream = &gunzip->stream;

	stream->next_out = gunzip->plain;
	stream->avail_out = PLAIN_SIZE;
	while (stream->avail_out && (stream->avail_in || gunzip->more)) {
		if (gunzip->place != IN_MEMBER)
			go_on(gunzip);
		else if (decompress(gunzip, err) < 0)
			return -1;
	}
	*ret_bytes = gunzip->plain;
	return (ssize_t)(PLAIN_SIZE - stream->avail_out);
}

int gunzip_end(const struct gunzip *gunzip, struct err *err)
{
	if (gunzip->place != IN_MEMBER)
		return 0;
	return err_set(err, ERR_STEP, "the archive is damaged or cut off: gzip: it ends too early");
}
