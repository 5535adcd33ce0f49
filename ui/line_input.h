/* line_input.h: one line that a person types: a command, a pattern, a condition.
 *
 * Life cycle: `struct line_input line = {0};` line_input_begin(); line_input_key() for each key until
 * it says that it is over; line_input_release(). It may be begun again.
 */
#ifndef UI_LINE_INPUT_H
#define UI_LINE_INPUT_H

#include <stdbool.h>

#include "engine/base/buf.h"
#include "engine/base/strv.h"
#include "ui/frame.h"
#include "ui/key.h"

struct line_input {
	char *prompt;
	struct buf text; /* UTF-8 */
	size_t cursor;	 /* byte in text */

	struct strv *history; /* the caller's, oldest first; or NULL */
	size_t recalled;      /* entry of history that is shown; its length: none */
	char *typed;	      /* what stood there before history was recalled */
};

enum line_result {
	LINE_GOES_ON,
	LINE_ENTERED,	/* text is what was entered, and is in the history */
	LINE_CANCELLED, /* Esc, ^C, or Backspace in an empty line */
	LINE_COMPLETE,	/* Tab: the caller may insert something */
};

/* Begins a line with this text in it; history may be NULL. */
void line_input_begin(struct line_input *line, const char *prompt, const char *text,
		      struct strv *history);
void line_input_release(struct line_input *line);

enum line_result line_input_key(struct line_input *line, const struct key *key);
/* Puts text where the cursor is; control characters are left out. */
void line_input_insert(struct line_input *line, const char *text, size_t length);
/* Replaces what stands from byte `from` up to the cursor. */
void line_input_replace(struct line_input *line, size_t from, const char *text);

/* Draws it into the first row of rect, with the cursor in sight. */
void line_input_draw(const struct line_input *line, struct frame *frame, struct rect rect,
		     struct cell_style style, struct cell_style prompt_style);

#endif
