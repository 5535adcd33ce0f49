/* text_index.h: from character numbers to bytes, and from bytes to lines and columns.
 *
 * libyaml's marks count characters, and its lines end at characters that no editor takes for
 * line ends; so a place is kept as its byte, and line and column are found from that. A byte
 * order mark is no character here. Lines end at "\n".
 *
 * Life cycle: text_index_init() with valid UTF-8; the others; text_index_release().
 */
#ifndef ENGINE_SPEC_TEXT_INDEX_H
#define ENGINE_SPEC_TEXT_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "engine/spec/diagnostics.h"

struct text_index {
	size_t first;	 /* the first byte behind a byte order mark */
	uint32_t *chars; /* the byte at which each character begins, and the text's end */
	size_t n_chars;
	uint32_t *lines; /* the character with which each line begins */
	size_t n_lines, lines_capacity;
};

/* Up to 4 GiB of text. Bytes that are not UTF-8 count as one character each. */
void text_index_init(struct text_index *index, const char *text, size_t length);
void text_index_release(struct text_index *index);

/* The byte at which a character (from 0) begins; the text's end for one behind the last. */
size_t text_index_offset(const struct text_index *index, size_t character);

/* Line and column of the character that the byte at offset belongs to. */
struct position text_index_position(const struct text_index *index, size_t offset);

#endif
