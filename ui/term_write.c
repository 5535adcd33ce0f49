/* Giving libvterm what passed the filter, so that it does not matter in which pieces it came */
#include <stdio.h>
#include <string.h>
#include <vterm.h>

#include "ui/term_internal.h"

/* libvterm puts four times as many bytes on the stack; and a screen that is narrower than a few columns has
 * no marks: whether a character stands at its edge cannot be told there. */
enum { WRITE_MAX = 4096, COLUMNS_WITH_MARKS = 4 };

void term_write_text(struct term *term, const char *text)
{
	vterm_input_write(term->vterm, text, strlen(text));
}

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* How much to write at once: at most WRITE_MAX, and no part of a character, which libvterm could not
 * put together again. */
static size_t piece_length(const char *bytes, size_t length)
{
	if (length <= WRITE_MAX)
		return length;
	length = WRITE_MAX;
	while (continues(bytes[length]))
		length--;
	return length;
}

static void write_pieces(struct term *term, const char *bytes, size_t length)
{
	while (length) {
		size_t piece = piece_length(bytes, length);

		vterm_input_write(term->vterm, bytes, piece);
		bytes += piece;
		length -= piece;
	}
}

static int cursor_column(const struct term *term)
{
	VTermPos position;

	vterm_state_get_cursorpos(term->state, &position);
	return position.col;
}

/* Writes bytes that end with a character, and remembers where that came to stand. */
static void write_to_glyph(struct term *term, const char *bytes, size_t length)
{
	struct term_glyph *glyph = &term->glyph;
	size_t start = length - 1;
	int before;

	while (start && continues(bytes[start]))
		start--;
	write_pieces(term, bytes, start);
	before = cursor_column(term);
	vterm_input_write(term->vterm, bytes + start, length - start);
	glyph->length = length - start;
	memcpy(glyph->bytes, bytes + start, glyph->length);
	glyph->column = cursor_column(term);
	glyph->is_stuck = glyph->column == before;
}

/* At the right edge libvterm would put a mark that comes by itself into the next row: the character is
 * written once more, with its marks. Those that are wide cannot be there. */
static void write_edge_mark(struct term *term, const char *mark, size_t length, bool is_wide)
{
	struct term_glyph *glyph = &term->glyph;
	char move[16];

	if (is_wide)
		return;
	memcpy(glyph->bytes + glyph->length, mark, length);
	glyph->length += length;
	snprintf(move, sizeof move, "\033[%dG", glyph->column + 1);
	term_write_text(term, move);
	vterm_input_write(term->vterm, glyph->bytes, glyph->length);
}

/* Writes a mark, which always comes by itself. Returns its length. */
static size_t write_mark(struct term *term, const char *mark, size_t available, bool is_wide)
{
	size_t length = 1;

	while (length < available && continues(mark[length]))
		length++;
	if (term->columns < COLUMNS_WITH_MARKS)
		return length;
	if (term->glyph.is_stuck)
		write_edge_mark(term, mark, length, is_wide);
	else
		vterm_input_write(term->vterm, mark, length);
	return length;
}

/* Where the next mark is announced, or the end. */
static const char *find_mark(const char *at, const char *end)
{
	while (at < end && *at != VTFILTER_MARK && *at != VTFILTER_WIDE_MARK)
		at++;
	return at;
}

void term_write_filtered(struct term *term)
{
	const char *at = term->filtered.data, *end = at + term->filtered.len;

	while (at < end) {
		const char *mark = find_mark(at, end);

		/* Only characters have marks; and one may still come for the last. */
		if (mark > at && (mark < end || !term->filter.marks))
			write_to_glyph(term, at, (size_t)(mark - at));
		else
			write_pieces(term, at, (size_t)(mark - at));
		at = mark;
		if (mark < end)
			at += 1 + write_mark(term, mark + 1, (size_t)(end - mark - 1),
					     *mark == VTFILTER_WIDE_MARK);
	}
	buf_clear(&term->filtered);
}
