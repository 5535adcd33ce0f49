#include "engine/base/mask.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mask_internal.h"
#include "engine/base/mem.h"
#include "engine/base/private.h"

/* Bytes of the stream that are part of texts, by their offsets in it. */
struct covered {
	uint64_t from, to;
};

struct mask {
	struct mask_texts *texts;
	uint32_t node;	/* the longest beginning of a text that the stream ends with */
	uint64_t taken; /* bytes of the stream so far */
	/* Those of them that are not decided: room[begin] to room[end]. */
	char *room;
	size_t begin, end, capacity;
	/* What is covered of these: covered[head] to covered[n_covered], neither overlapping nor
	 * touching each other, in their order. */
	struct covered *covered;
	size_t head, n_covered, covered_capacity;
	bool hidden; /* "***" stands for the last byte that was decided */
};

struct mask *mask_new(struct mask_texts *texts)
{
	struct mask *mask = mem_new(sizeof *mask);

	mask_texts_link(texts);
	mask->texts = texts;
	/* A byte is added before one is decided. Twice the room is seldom moved. */
	mask->capacity = 2 * (texts->longest + 1);
	mask->room = private_new(mask->capacity);
	return mask;
}

void mask_free(struct mask *mask)
{
	if (!mask)
		return;
	private_free(mask->room);
	free(mask->covered);
	free(mask);
}

/* Keeps a byte until it is decided. */
static void keep_byte(struct mask *mask, char byte)
{
	if (mask->end == mask->capacity) {
		memmove(mask->room, mask->room + mask->begin, mask->end - mask->begin);
		mask->end -= mask->begin;
		mask->begin = 0;
	}
	mask->room[mask->end++] = byte;
	mask->taken++;
}

/* The bytes from an offset to the last one are part of a text. */
static void cover(struct mask *mask, uint64_t from)
{
	while (mask->n_covered > mask->head && mask->covered[mask->n_covered - 1].to >= from) {
		mask->n_covered--;
		if (mask->covered[mask->n_covered].from < from)
			from = mask->covered[mask->n_covered].from;
	}
	mask->covered = mem_grow(mask->covered, mask->n_covered, &mask->covered_capacity,
				 sizeof *mask->covered);
	mask->covered[mask->n_covered++] = (struct covered){from, mask->taken};
}

/* Leaves out the first bytes that are not decided, up to an offset. */
static void hide(struct mask *mask, uint64_t to, uint64_t offset, struct buf *out)
{
	if (to > offset && !mask->hidden)
		buf_add_str(out, MASK_SHOWN);
	mask->hidden |= to > offset;
	mask->begin += to > offset ? (size_t)(to - offset) : 0;
	if (++mask->head == mask->n_covered)
		mask->head = mask->n_covered = 0;
}

/* Decides the bytes before an offset; and those behind it that are covered and stand next. */
static void decide(struct mask *mask, uint64_t before, struct buf *out)
{
	while (mask->begin < mask->end) {
		uint64_t offset = mask->taken - (mask->end - mask->begin), end = before;
		bool is_covered = mask->head < mask->n_covered;

		if (is_covered && mask->covered[mask->head].from <= offset) {
			hide(mask, mask->covered[mask->head].to, offset, out);
			continue;
		}
		if (is_covered && mask->covered[mask->head].from < end)
			end = mask->covered[mask->head].from;
		if (end <= offset)
			return;
		buf_add(out, mask->room + mask->begin, (size_t)(end - offset));
		mask->begin += (size_t)(end - offset);
		mask->hidden = false;
	}
}

static void take_byte(struct mask *mask, char byte, struct buf *out)
{
	const struct mask_node *node;

	mask->node = mask_texts_next(mask->texts, mask->node, (unsigned char)byte);
	node = &mask->texts->nodes[mask->node];
	keep_byte(mask, byte);
	if (node->covers)
		cover(mask, mask->taken - node->covers);
	decide(mask, mask->taken - node->length, out);
}

/* How many bytes at the front begin no text. Most are told by their own value, nearly all others by the
 * byte behind them. */
static size_t plain_length(const struct mask_texts *texts, const char *bytes, size_t length)
{
	size_t plain = 0;

	while (plain < length && (!texts->first[(unsigned char)bytes[plain]] ||
				  (plain + 1 < length && !mask_texts_begin(texts, bytes + plain))))
		plain++;
	return plain;
}

void mask_write(struct mask *mask, const char *bytes, size_t length, struct buf *out)
{
	for (size_t at = 0; at < length;) {
		size_t plain = 0;

		if (!mask->node)
			plain = plain_length(mask->texts, bytes + at, length - at);
		if (plain) {
			buf_add(out, bytes + at, plain);
			mask->taken += plain;
			mask->hidden = false;
			at += plain;
		} else {
			take_byte(mask, bytes[at++], out);
		}
	}
}

bool mask_waits(const struct mask *mask)
{
	return mask->begin < mask->end && mask->texts->nodes[mask->node].length < MASK_LENGTH_MIN;
}

void mask_pause(struct mask *mask, struct buf *out)
{
	if (mask_waits(mask))
		decide(mask, mask->taken, out);
}

void mask_finish(struct mask *mask, struct buf *out)
{
	decide(mask, mask->taken, out);
	mask->node = 0;
	mask->hidden = false;
}

char *mask_text(struct mask_texts *texts, const char *text)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct mask *mask = mask_new(texts);

	mask_write(mask, text, strlen(text), &out);
	mask_finish(mask, &out);
	mask_free(mask);
	return buf_detach(&out);
}
