#include "ui/log_index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "ui/log_escape.h"
#include "ui/log_file.h"

#define ONES UINT64_C(0x0101010101010101)

enum {
	MARKS_MAX = 4096,
	CUT_ESCAPE_MAX = 64, /* an escape sequence that begins within so many bytes of a cut goes
				behind it */
	NEAR_LINES = 200,
	LEAP_MIN = 64, /* bytes that are worth counting lines in */
	WORDS = 31,    /* as many as the sum of their newlines fits into a byte */
	ESC = 0x1b,
};

struct log_index {
	struct log_file scan, look; /* to take in, and to find: neither disturbs the other */
	struct log_place end;	    /* behind the last whole line that is in */
	size_t tail;		    /* bytes behind it that are in */
	struct log_place *marks;    /* the first is that of line 0 */
	size_t n_marks, marks_capacity;
	uint64_t stride; /* least bytes from a mark to the next */
	/* What was found last, and a place some lines before: the next is often near. */
	struct log_place last, near;
};

struct log_index *log_index_new(int fd)
{
	struct log_index *index = mem_new(sizeof *index);

	log_file_init(&index->scan, fd);
	log_file_init(&index->look, fd);
	index->stride = LOG_WINDOW / 2;
	index->marks = mem_grow(NULL, 0, &index->marks_capacity, sizeof *index->marks);
	index->marks[index->n_marks++] = index->end;
	return index;
}

void log_index_free(struct log_index *index)
{
	if (!index)
		return;
	log_file_release(&index->scan);
	log_file_release(&index->look);
	free(index->marks);
	free(index);
}

/* Where a line that is too long is cut: not within a character, nor within an escape sequence. */
static size_t cut_length(const char *bytes)
{
	const char *escape = memrchr(bytes + LOG_LINE_MAX - CUT_ESCAPE_MAX, ESC, CUT_ESCAPE_MAX);
	size_t length = LOG_LINE_MAX;
	struct escape whole;

	if (escape && !escape_read(escape, (size_t)(bytes + LOG_LINE_MAX - escape), &whole))
		return (size_t)(escape - bytes);
	while (length > LOG_LINE_MAX - 3 && ((unsigned char)bytes[length] & 0xc0) == 0x80)
		length--;
	return length;
}

size_t log_line_length(const char *bytes, size_t available)
{
	size_t limit = available > LOG_LINE_MAX ? LOG_LINE_MAX + 1 : available;
	const char *newline = memchr(bytes, '\n', limit);

	if (newline)
		return (size_t)(newline - bytes) + 1;
	return available > LOG_LINE_MAX ? cut_length(bytes) : 0;
}

/* 1 in each byte of the word that is a newline, 0 in the others. */
static uint64_t newlines_of(const char *bytes)
{
	const uint64_t low = ONES * 0x7f;
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	word ^= ONES * '\n';
	return ~(((word & low) + low) | word | low) >> 7;
}

/* How many newlines the bytes have, eight at a time: many lines are very short. */
static uint64_t count_newlines(const char *bytes, size_t length)
{
	uint64_t count = 0;
	size_t at = 0;

	while (length - at >= sizeof(uint64_t)) {
		size_t words = (length - at) / sizeof(uint64_t);
		uint64_t sums = 0;

		for (size_t i = words < WORDS ? words : WORDS; i; i--, at += sizeof(uint64_t))
			sums += newlines_of(bytes + at);
		count += sums * ONES >> 56;
	}
	for (; at < length; at++)
		count += bytes[at] == '\n';
	return count;
}

/* Moves place over many whole lines in bytes at once, of which none is too long; to no line behind the one
 * given. Returns by how many bytes; 0 when that cannot be told without looking at each line. */
static size_t leap(struct log_place *place, const char *bytes, size_t length, uint64_t line)
{
	size_t piece = length < LOG_LINE_MAX ? length : LOG_LINE_MAX;

	for (; piece >= LEAP_MIN; piece /= 2) {
		const char *newline = memrchr(bytes, '\n', piece);
		size_t step = newline ? (size_t)(newline - bytes) + 1 : 0;
		uint64_t count = count_newlines(bytes, step);

		if (count <= line - place->line) {
			place->line += count;
			return step;
		}
	}
	return 0;
}

/* Moves place over whole lines in bytes, which begin there, but to no line behind the one given, and
 * not over the byte at offset. Returns by how many bytes. */
static size_t walk_bytes(struct log_place *place, const char *bytes, size_t length, uint64_t line,
			 uint64_t offset)
{
	size_t at = 0, styled = 0, step;

	for (; place->line < line; at += step, place->offset += step) {
		uint64_t before = offset - place->offset;

		step = leap(place, bytes + at, length - at < before ? length - at : before, line);
		if (step)
			continue;
		step = log_line_length(bytes + at, length - at);
		if (!step || step > before)
			break;
		place->line++;
		/* What a cut makes of a sequence is decided by the pieces. */
		if (bytes[at + step - 1] != '\n') {
			escape_carry_style(bytes + styled, at + step - styled, &place->style);
			styled = at + step;
		}
	}
	escape_carry_style(bytes + styled, at - styled, &place->style);
	return at;
}

/* Keeps every other mark. */
static void thin_marks(struct log_index *index)
{
	for (size_t i = 0; i < index->n_marks; i += 2)
		index->marks[i / 2] = index->marks[i];
	index->n_marks = (index->n_marks + 1) / 2;
	index->stride *= 2;
}

/* Marks the end of what is in, when the last mark is far. */
static void add_mark(struct log_index *index)
{
	if (index->end.offset < index->marks[index->n_marks - 1].offset + index->stride)
		return;
	if (index->n_marks == MARKS_MAX)
		thin_marks(index);
	index->marks = mem_grow(index->marks, index->n_marks, &index->marks_capacity,
				sizeof *index->marks);
	index->marks[index->n_marks++] = index->end;
}

int log_index_scan(struct log_index *index, uint64_t budget, struct err *err)
{
	uint64_t start = index->end.offset, size;
	const char *bytes;
	size_t length;

	if (log_file_size(&index->scan, &size, err) < 0)
		return -1;
	if (size < index->end.offset)
		return err_set(err, ERR_FAULT, "a log became shorter while it was read");
	if (size == index->end.offset + index->tail)
		return 0;
	do {
		if (log_file_get(&index->scan, index->end.offset, LOG_LINE_MAX + 1, &bytes, &length,
				 err) < 0)
			return -1;
		index->tail = 0;
		if (!walk_bytes(&index->end, bytes, length, UINT64_MAX, UINT64_MAX)) {
			index->tail = length;
			return 0;
		}
		add_mark(index);
	} while (index->end.offset - start < budget);
	return index->end.offset < size;
}

uint64_t log_index_lines(const struct log_index *index)
{
	return index->end.line + (index->tail > 0);
}

uint64_t log_index_bytes(const struct log_index *index)
{
	return index->end.offset + index->tail;
}

/* The last mark that is neither behind the line nor behind the offset. */
static struct log_place nearest_mark(const struct log_index *index, uint64_t line, uint64_t offset)
{
	size_t low = 0, high = index->n_marks;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		const struct log_place *mark = &index->marks[middle];

		if (mark->line <= line && mark->offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return index->marks[low];
}

struct log_place log_index_before(const struct log_index *index, uint64_t offset)
{
	return nearest_mark(index, UINT64_MAX, offset - 1);
}

/* The nearest place before both that is known without reading. */
static struct log_place nearest_known(const struct log_index *index, uint64_t line, uint64_t offset)
{
	const struct log_place *known[] = {&index->near, &index->last};
	struct log_place place = nearest_mark(index, line, offset);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i]->line <= line && known[i]->offset <= offset &&
		    known[i]->offset > place.offset)
			place = *known[i];
	}
	return place;
}

/* Moves place to the last line that begins neither behind that line nor behind the offset. */
static int walk(struct log_index *index, struct log_place *place, uint64_t line, uint64_t offset,
		struct err *err)
{
	const char *bytes;
	size_t length;

	while (place->line < line) {
		if (log_file_get(&index->look, place->offset, LOG_LINE_MAX + 1, &bytes, &length,
				 err) < 0)
			return -1;
		if (!walk_bytes(place, bytes, length, line, offset))
			break;
	}
	return 0;
}

/* Finds that line. Lines are often looked for one after another, upwards as well. */
static int find(struct log_index *index, uint64_t line, uint64_t offset,
		struct log_place *ret_place, struct err *err)
{
	struct log_place place = nearest_known(index, line, offset);

	if (line - place.line > NEAR_LINES && line != UINT64_MAX) {
		if (walk(index, &place, line - NEAR_LINES, offset, err) < 0)
			return -1;
		index->near = place;
	}
	if (walk(index, &place, line, offset, err) < 0)
		return -1;
	*ret_place = index->last = place;
	return 0;
}

int log_index_find(struct log_index *index, uint64_t line, struct log_place *ret_place,
		   struct err *err)
{
	uint64_t lines = log_index_lines(index);

	if (line >= lines)
		line = lines ? lines - 1 : 0;
	return find(index, line, UINT64_MAX, ret_place, err);
}

int log_index_find_offset(struct log_index *index, uint64_t offset, struct log_place *ret_place,
			  struct err *err)
{
	return find(index, UINT64_MAX, offset, ret_place, err);
}
