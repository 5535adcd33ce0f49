/* Giving libvterm what passed the filter, so that it does not matter in which pieces it came */
#include <stdio.h>
#include <string.h>
#include <vterm.h>

#include "ui/term_internal.h"

/* libvterm puts four times as many bytes on the stack; and a screen that is narrower than a few columns has
 * no marks: whether a character stands at its edge cannot be told there. A run of characters that is shorter
 * is not worth the sequence that moves the cursor over it. */
enum { WRITE_MAX = 4096, COLUMNS_WITH_MARKS = 4, RUN_MIN = 12 };

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

static VTermPos cursor_of(const struct term *term)
{
	VTermPos position;

	vterm_state_get_cursorpos(term->state, &position);
	return position;
}

/* --- runs of ASCII, of which libvterm is given the first character only, and told to move its cursor */

/* The length of the sequence at the front of what has passed the filter, which begins with ESC. */
static size_t sequence_length(const char *bytes, size_t length)
{
	size_t used = 2;

	if (bytes[1] == '#')
		return 3;
	if (bytes[1] != '[')
		return 2;
	while (used < length && bytes[used] < 0x40)
		used++;
	return used + 1;
}

/* The first run that is long enough; what is before it is none. Returns its length, or 0. */
static size_t find_run(const char *bytes, size_t length, size_t *ret_before)
{
	size_t at = 0;

	while (at < length) {
		size_t run = vtfilter_run(bytes + at, length - at);

		if (run >= RUN_MIN) {
			*ret_before = at;
			return run;
		}
		at += run;
		if (at < length)
			at += bytes[at] == '\x1b' ? sequence_length(bytes + at, length - at) : 1;
	}
	*ret_before = length;
	return 0;
}

/* How many characters can be put behind the one that libvterm was given just now: up to the last column
 * but one, since who stands in the last one may wrap. Whether it inserts is seen by what it does then. */
static int room_behind(const struct term *term, VTermPos *ret_cursor)
{
	VTermPos cursor = cursor_of(term);

	*ret_cursor = cursor;
	if (term->has_moved || !term->last.is_simple || cursor.row != term->last.row ||
	    cursor.col != term->last.column + 1)
		return 0;
	return term->columns - 1 - cursor.col;
}

/* Writes a part of a run. Returns its length. */
static size_t write_run_part(struct term *term, const char *run, size_t length)
{
	char move[16];
	VTermPos cursor;
	int room;

	term->has_moved = false;
	vterm_input_write(term->vterm, run, 1);
	room = room_behind(term, &cursor);
	if (room < RUN_MIN || length < RUN_MIN) {
		length = length < RUN_MIN ? length : RUN_MIN;
		vterm_input_write(term->vterm, run + 1, length - 1);
		return length;
	}
	if ((size_t)room > length - 1)
		room = (int)length - 1;
	term_screen_put(term, cursor.row, cursor.col, run + 1, room);
	snprintf(move, sizeof move, "\033[%dC", room);
	term_write_text(term, move);
	return 1 + (size_t)room;
}

/* Writes what has no marks, and is not followed by any. */
static void write_text(struct term *term, const char *bytes, size_t length)
{
	while (length) {
		size_t before, run = find_run(bytes, length, &before);

		write_pieces(term, bytes, before);
		bytes += before;
		length -= before;
		for (size_t part; run; run -= part) {
			part = write_run_part(term, bytes, run);
			bytes += part;
			length -= part;
		}
	}
}

/* --- marks */

/* Writes bytes that end with a character, and remembers where that came to stand. */
static void write_to_glyph(struct term *term, const char *bytes, size_t length)
{
	struct term_glyph *glyph = &term->glyph;
	size_t start = length - 1;
	int before;

	while (start && continues(bytes[start]))
		start--;
	write_text(term, bytes, start);
	before = cursor_of(term).col;
	vterm_input_write(term->vterm, bytes + start, length - start);
	glyph->length = length - start;
	memcpy(glyph->bytes, bytes + start, glyph->length);
	glyph->column = cursor_of(term).col;
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
			write_text(term, at, (size_t)(mark - at));
		at = mark;
		if (mark < end)
			at += 1 + write_mark(term, mark + 1, (size_t)(end - mark - 1),
					     *mark == VTFILTER_WIDE_MARK);
	}
	buf_clear(&term->filtered);
}
