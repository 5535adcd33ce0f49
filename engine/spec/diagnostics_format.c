/* Diagnostics for people: the place, the text, the line of the file and a caret below. */
#include "engine/spec/diagnostics.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"

enum {
	BEFORE_MAX = 60, /* characters of the line that are shown before the place */
	AFTER_MAX = 40,	 /* and from it on */
	TAB_WIDTH = 8,
};

struct code_range {
	uint32_t first, last;
};

/* Characters that take two columns (Unicode's East Asian Width W and F, in broad blocks). */
static const struct code_range wide[] = {
	{0x1100, 0x115f},   {0x231a, 0x231b},	{0x2e80, 0x303e},   {0x3041, 0x4dbf},
	{0x4e00, 0xa4cf},   {0xa960, 0xa97c},	{0xac00, 0xd7a3},   {0xf900, 0xfaff},
	{0xfe30, 0xfe6f},   {0xff00, 0xff60},	{0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
	{0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

/* Characters that take none: combining marks and variation selectors. */
static const struct code_range combining[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
	{0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

static bool is_in(const struct code_range *ranges, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

/* The columns a terminal uses for a character that is shown as it is. */
static size_t width_of(uint32_t code)
{
	if (is_in(wide, ARRAY_SIZE(wide), code))
		return 2;
	return is_in(combining, ARRAY_SIZE(combining), code) ? 0 : 1;
}

/* Adds one character of a line that begins at *column and moves column on; returns its bytes. */
static size_t add_character(struct buf *out, const char *bytes, size_t length, size_t *column)
{
	size_t before = out->len;
	uint32_t code = 0;
	size_t used = utf8_decode(bytes, length, &code);

	if (used && code == '\t') {
		size_t spaces = TAB_WIDTH - *column % TAB_WIDTH;

		buf_add_fmt(out, "%*s", (int)spaces, "");
		*column += spaces;
		return used;
	}
	buf_add_shown(out, bytes, used ? used : 1);
	*column += used && utf8_is_shown(code) ? width_of(code) : out->len - before;
	return used ? used : 1;
}

/* The first byte of the character before offset. */
static size_t step_back(const struct buf *text, size_t offset)
{
	do
		offset--;
	while (offset && ((unsigned char)text->data[offset] & 0xc0) == 0x80);
	return offset;
}

/* Where the shown part of the line with offset begins; at most BEFORE_MAX characters back. */
static size_t shown_begin(const struct buf *text, size_t offset)
{
	size_t begin = offset;

	for (size_t i = 0; i < BEFORE_MAX && begin && text->data[begin - 1] != '\n'; i++)
		begin = step_back(text, begin);
	return begin;
}

/* Whether the line ends at offset: a newline, also with a return before it, or the text's end. */
static bool is_line_end(const struct buf *text, size_t offset)
{
	if (offset >= text->len || text->data[offset] == '\n')
		return true;
	return text->data[offset] == '\r' && offset + 1 < text->len &&
	       text->data[offset + 1] == '\n';
}

/* Adds the line that offset is in, cut around it, and a caret below the offset. */
static void add_line(struct buf *out, const struct buf *text, size_t offset)
{
	size_t at = shown_begin(text, offset), column = 0, caret;

	if (!at && text->len >= 3 && !memcmp(text->data, "\xef\xbb\xbf", 3) && offset >= 3)
		at = 3;
	if (at > 3 && text->data[at - 1] != '\n') {
		buf_add_str(out, "...");
		column = 3;
	}
	while (at < offset)
		at += add_character(out, text->data + at, offset - at, &column);
	caret = column;
	for (size_t i = 0; i < AFTER_MAX && !is_line_end(text, at); i++)
		at += add_character(out, text->data + at, text->len - at, &column);
	buf_add_fmt(out, "%s\n%*s^\n", is_line_end(text, at) ? "" : "...", (int)caret, "");
}

void diagnostics_format(const struct diagnostics *list, const char *path, const struct buf *text,
			struct buf *out)
{
	for (size_t i = 0; i < list->len; i++) {
		const struct diagnostic *item = list->items + i;
		size_t offset = item->position.offset;

		buf_add_shown(out, path, strlen(path));
		buf_add_fmt(out, ":%zu:%zu: error: %s\n", item->position.line,
			    item->position.column, item->text);
		add_line(out, text, offset < text->len ? offset : text->len);
	}
	if (list->dropped) {
		buf_add_shown(out, path, strlen(path));
		buf_add_str(out, ": not shown: ");
		buf_add_count(out, list->dropped, "more error");
		buf_add_char(out, '\n');
	}
}
