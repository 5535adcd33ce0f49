/* text_view.h: a text of some lines that can be scrolled and searched: a step's YAML, help, what a
 * command has printed.
 *
 * Life cycle: `struct text_view view = {0};` text_view_set(); draw and move; text_view_release().
 */
#ifndef UI_TEXT_VIEW_H
#define UI_TEXT_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"
#include "ui/frame.h"

/* How a person moves in a pane. */
enum motion {
	MOTION_UP,
	MOTION_DOWN,
	MOTION_LEFT,
	MOTION_RIGHT,
	MOTION_PAGE_UP,
	MOTION_PAGE_DOWN,
	MOTION_HOME,
	MOTION_END,
};

struct text_view {
	char *source; /* as it was set, with tabs expanded */
	int columns;  /* of its longest line */
	int wrapped;  /* to so many columns; 0: it is not */
	char *text;
	char **lines; /* into text, which has NULs for its newlines */
	size_t n_lines;
	size_t top;   /* line at the top */
	int left;     /* columns that are scrolled away */
	int rows;     /* as it was drawn last */
	size_t match; /* line that was found last; n_lines: none */
};

/* Shows another text. At the top; or, with keep, where it was. */
void text_view_set(struct text_view *view, const char *text, bool keep);
/* Breaks lines that are longer than so many columns between their words; 0: none. What goes on is indented as the
 * line's last column of words, or as the line. Lines with a mark (^) below, and the mark, stay whole. */
void text_view_wrap(struct text_view *view, int columns);
void text_view_release(struct text_view *view);

void text_view_move(struct text_view *view, enum motion motion);
/* To the next line, or the one before, that has the pattern in it (without an upper-case letter in the
 * pattern, case does not matter), from the last one found on, round the end; false when there is none. */
bool text_view_find(struct text_view *view, const char *pattern, bool forward);

/* The line found last is drawn in match. */
void text_view_draw(struct text_view *view, struct frame *frame, struct rect rect,
		    struct cell_style style, struct cell_style match);

#endif
