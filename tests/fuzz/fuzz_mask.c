/* Arbitrary values and output: whatever pieces the output comes in, what is shown of it is the same,
 * and is what looking at each place of the whole output for each text gives.
 *
 * Input: up to four texts, each with its length (1 to 32) before it, as one byte, modulo 32, plus 1,
 * and a 0 behind the last; then the output, whose bytes also say how it is cut. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mask.h"
#include "engine/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXTS_MAX = 4, LENGTH_MAX = 32, PIECE_MAX = 16, OUTPUT_MAX = 4096 };

struct text {
	const char *bytes;
	size_t length;
};

/* Takes the texts from the front; how many there are. */
static size_t take_texts(const uint8_t **data, size_t *size, struct text *texts)
{
	size_t count = 0;

	while (count < TEXTS_MAX && *size) {
		size_t length = **data ? 1 + **data % LENGTH_MAX : 0;

		++*data;
		--*size;
		if (!length || length > *size)
			break;
		texts[count++] = (struct text){(const char *)*data, length};
		*data += length;
		*size -= length;
	}
	return count;
}

/* The output with every byte of every occurrence left out. */
static void mask_plainly(const struct text *texts, size_t count, const char *bytes, size_t length,
			 struct buf *out)
{
	AUTO_FREE char *covered = mem_new(length + 1);

	for (size_t i = 0; i < length; i++) {
		for (size_t j = 0; j < count; j++) {
			if (texts[j].length <= length - i &&
			    !memcmp(bytes + i, texts[j].bytes, texts[j].length))
				memset(covered + i, 1, texts[j].length);
		}
	}
	for (size_t i = 0; i < length; i++) {
		if (!covered[i])
			buf_add_char(out, bytes[i]);
		else if (!i || !covered[i - 1])
			buf_add_str(out, MASK_SHOWN);
	}
}

/* The same in pieces, or in one. */
static void mask_stream(struct mask_texts *texts, const char *bytes, size_t length, bool cut,
			struct buf *out)
{
	struct mask *mask = mask_new(texts);

	for (size_t at = 0; at < length;) {
		size_t piece = cut ? 1 + (unsigned char)bytes[at] % PIECE_MAX : length;

		if (piece > length - at)
			piece = length - at;
		mask_write(mask, bytes + at, piece, out);
		at += piece;
	}
	mask_finish(mask, out);
	mask_free(mask);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BUF struct buf expected = BUF_INIT, whole = BUF_INIT, cut = BUF_INIT;
	struct text list[TEXTS_MAX];
	size_t count = take_texts(&data, &size, list);
	struct mask_texts *texts = mask_texts_new();

	if (size > OUTPUT_MAX)
		size = OUTPUT_MAX;
	for (size_t i = 0; i < count; i++)
		mask_texts_add(texts, list[i].bytes, list[i].length);
	mask_plainly(list, count, (const char *)data, size, &expected);
	mask_stream(texts, (const char *)data, size, false, &whole);
	mask_stream(texts, (const char *)data, size, true, &cut);
	if (whole.len != expected.len || memcmp(whole.data, expected.data, whole.len) != 0 ||
	    cut.len != expected.len || memcmp(cut.data, expected.data, cut.len) != 0)
		abort();
	mask_texts_free(texts);
	return 0;
}
