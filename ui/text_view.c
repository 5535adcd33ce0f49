/* A text of some lines that can be scrolled and searched. */
#include "ui/text_view.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "engine/base/wrap.h"

enum { TAB_WIDTH = 8, PAN = 8 };

/* Adds the text with its tabs as blanks, and without the carriage returns at the ends of lines, since
 * both mean nothing in a frame. */
static void add_expanded(struct buf *out, const char *text)
{
	size_t start = out->len;

	for (; *text; text++) {
		if (*text == '\r' && (!text[1] || text[1] == '\n'))
			continue;
		if (*text == '\t') {
			do
				buf_add_char(out, ' ');
			while ((out->len - start) % TAB_WIDTH);
		} else {
			buf_add_char(out, *text);
		}
		if (*text == '\n')
			start = out->len;
	}
}

static void release_lines(struct text_view *view)
{
	free(take_ptr(&view->text));
	free(take_ptr(&view->lines));
	view->n_lines = 0;
}

/* Takes the text over, as the lines that are shown. */
static void split(struct text_view *view, char *text)
{
	size_t capacity = 0;
	char *rest = text, *line;

	release_lines(view);
	view->text = text;
	while ((line = strsep(&rest, "\n")) && (rest || *line)) {
		view->lines = mem_grow(view->lines, view->n_lines, &capacity, sizeof *view->lines);
		view->lines[view->n_lines++] = line;
	}
	view->match = view->n_lines;
}

void text_view_set(struct text_view *view, const char *text, bool keep)
{
	AUTO_BUF struct buf expanded = BUF_INIT;

	add_expanded(&expanded, text);
	text_view_release(view);
	view->source = mem_strdup(expanded.data);
	split(view, buf_detach(&expanded));
	view->columns = view->wrapped = 0;
	for (size_t i = 0; i < view->n_lines; i++) {
		int columns = frame_text_columns(view->lines[i]);

		view->columns = columns > view->columns ? columns : view->columns;
	}
	if (!keep)
		view->top = 0;
	if (!keep)
		view->left = 0;
}

void text_view_release(struct text_view *view)
{
	release_lines(view);
	free(take_ptr(&view->source));
}

/* --- long lines */

/* Where the last column of words begins in a line, within so many characters: in bytes and characters. */
static size_t find_hang(const char *line, size_t most, size_t *ret_characters)
{
	size_t bytes = strspn(line, " "), characters = bytes;

	*ret_characters = bytes;
	for (size_t at = bytes; line[at] && characters < most; at++) {
		if (!strncmp(line + at, "  ", 2)) {
			size_t blanks = strspn(line + at, " ");

			at += blanks - 1;
			characters += blanks;
			bytes = at + 1;
			*ret_characters = characters;
		} else {
			characters += ((unsigned char)line[at] & 0xc0) != 0x80;
		}
	}
	return bytes;
}

static bool is_mark(const char *line)
{
	size_t blanks = line ? strspn(line, " ") : 0;

	return line && line[blanks] == '^';
}

static void wrap_line(const char *line, size_t columns, struct buf *out)
{
	size_t characters, hang = find_hang(line, columns / 2, &characters);

	buf_add(out, line, hang);
	wrap_add(out, line + hang, characters, columns);
}

void text_view_wrap(struct text_view *view, int columns)
{
	AUTO_BUF struct buf wrapped = BUF_INIT;

	if (view->wrapped == columns || !view->source)
		return;
	view->wrapped = columns;
	split(view, mem_strdup(view->source));
	if (columns <= 0)
		return;
	for (size_t i = 0; i < view->n_lines; i++) {
		const char *line = view->lines[i];
		const char *next = i + 1 < view->n_lines ? view->lines[i + 1] : NULL;

		if (frame_text_columns(line) <= columns || is_mark(line) || is_mark(next))
			buf_add_fmt(&wrapped, "%s\n", line);
		else
			wrap_line(line, (size_t)columns, &wrapped);
	}
	split(view, buf_detach(&wrapped));
}

/* The last line that may be at the top. */
static size_t last_top(const struct text_view *view)
{
	size_t rows = view->rows > 0 ? (size_t)view->rows : 1;

	return view->n_lines > rows ? view->n_lines - rows : 0;
}

static void scroll(struct text_view *view, ptrdiff_t lines)
{
	size_t last = last_top(view);

	if (lines < 0)
		view->top -= view->top < (size_t)-lines ? view->top : (size_t)-lines;
	else
		view->top += (size_t)lines;
	view->top = view->top > last ? last : view->top;
}

void text_view_move(struct text_view *view, enum motion motion)
{
	ptrdiff_t page = view->rows > 2 ? view->rows - 1 : 1;
	const ptrdiff_t by[] = {[MOTION_UP] = -1,
				[MOTION_DOWN] = 1,
				[MOTION_PAGE_UP] = -page,
				[MOTION_PAGE_DOWN] = page,
				[MOTION_HOME] = -(ptrdiff_t)view->n_lines,
				[MOTION_END] = (ptrdiff_t)view->n_lines};

	if (motion == MOTION_LEFT)
		view->left -= view->left < PAN ? view->left : PAN;
	else if (motion == MOTION_RIGHT)
		view->left += PAN;
	else
		scroll(view, by[motion]);
}

static bool has_upper(const char *text)
{
	while (*text && !isupper((unsigned char)*text))
		text++;
	return *text;
}

bool text_view_find(struct text_view *view, const char *pattern, bool forward)
{
	char *(*find)(const char *, const char *) = has_upper(pattern) ? strstr : strcasestr;
	size_t count = view->n_lines;
	size_t at = view->match < count ? view->match : forward ? view->top + count - 1 : view->top;

	for (size_t i = 0; i < count; i++) {
		at = (at + (forward ? 1 : count - 1)) % count;
		if (!find(view->lines[at], pattern))
			continue;
		view->match = at;
		if (at < view->top || at >= view->top + (size_t)view->rows)
			view->top = at > last_top(view) ? last_top(view) : at;
		return true;
	}
	return false;
}

/* What is left of a line when so many columns are scrolled away. */
static const char *pan(const char *line, int columns)
{
	enum { UTF8_BYTES_MAX = 4 };
	uint32_t code;

	while (*line && columns-- > 0) {
		size_t used = utf8_decode(line, strnlen(line, UTF8_BYTES_MAX), &code);

		line += used ? used : 1;
	}
	return line;
}

void text_view_draw(struct text_view *view, struct frame *frame, struct rect rect,
		    struct cell_style style, struct cell_style match)
{
	view->rows = rect.rows;
	scroll(view, 0);
	frame_fill(frame, rect, style);
	for (int row = 0; row < rect.rows && view->top + (size_t)row < view->n_lines; row++) {
		size_t line = view->top + (size_t)row;

		frame_text(frame, rect, row, 0, line == view->match ? match : style,
			   pan(view->lines[line], view->left));
	}
}
