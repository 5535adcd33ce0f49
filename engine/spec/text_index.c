#include "engine/spec/text_index.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"

static void add_line(struct text_index *index)
{
	index->lines = mem_grow(index->lines, index->n_lines, &index->lines_capacity,
				sizeof *index->lines);
	index->lines[index->n_lines++] = (uint32_t)index->n_chars;
}

void text_index_init(struct text_index *index, const char *text, size_t length)
{
	size_t at;

	*index = (struct text_index){0};
	index->first = length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
	index->chars = mem_resize(NULL, length - index->first + 1, sizeof *index->chars);
	add_line(index);
	for (at = index->first; at < length;) {
		uint32_t code;
		size_t used = utf8_decode(text + at, length - at, &code);

		index->chars[index->n_chars++] = (uint32_t)at;
		if (text[at] == '\n')
			add_line(index);
		at += used ? used : 1;
	}
	index->chars[index->n_chars] = (uint32_t)at;
}

void text_index_release(struct text_index *index)
{
	free(index->chars);
	free(index->lines);
	*index = (struct text_index){0};
}

size_t text_index_offset(const struct text_index *index, size_t character)
{
	return index->chars[character < index->n_chars ? character : index->n_chars];
}

/* The index of the last of count ascending numbers that is not above wanted; 0 if all are. */
static size_t last_not_above(const uint32_t *numbers, size_t count, size_t wanted)
{
	size_t low = 0, high = count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (numbers[middle] <= wanted)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct position text_index_position(const struct text_index *index, size_t offset)
{
	size_t character = last_not_above(index->chars, index->n_chars + 1, offset);
	size_t line = last_not_above(index->lines, index->n_lines, character);

	return (struct position){
		.line = line + 1,
		.column = character - index->lines[line] + 1,
		.offset = index->chars[character],
	};
}
