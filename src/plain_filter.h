/* plain_filter.h: what may pass from a step's output to the person's terminal.
 *
 * Output of a build is not to be trusted with a terminal: control sequences can change its title
 * and its clipboard, move the cursor over what was said before, or make it answer as if
 * somebody had typed. Bytes may come in pieces of any length.
 *
 *	FILTER_TEXT   text, tab, newline, carriage return, and SGR (colours)
 *	FILTER_SHELL  for a program that has the terminal to itself: also the other C0 controls,
 *	              two-character and CSI sequences, but not those that report or change the
 *	              window (CSI t) or print (CSI i), nor ENQ; no OSC, DCS, APC, PM, SOS
 *
 * Sequences are recognised as ECMA-48 has them, with C1 controls in UTF-8. Characters that
 * reorder or hide text are dropped with FILTER_TEXT. Invalid UTF-8 becomes U+FFFD.
 */
#ifndef SRC_PLAIN_FILTER_H
#define SRC_PLAIN_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"

enum filter_kind { FILTER_TEXT, FILTER_SHELL };

enum filter_state {
	FILTER_GROUND,
	FILTER_ESCAPE, /* after ESC, perhaps with intermediate bytes */
	FILTER_CSI,    /* after ESC [ */
	FILTER_OSC,    /* up to BEL, ST or a newline */
	FILTER_STRING, /* DCS, APC, PM, SOS: up to ST */
	FILTER_STATES,
};

enum { FILTER_SEQUENCE_MAX = 256, FILTER_STRING_MAX = 1 << 16 };

struct plain_filter {
	enum filter_kind kind;
	bool color;   /* let SGR through */
	bool ascii;   /* what is not ASCII becomes "?" */
	bool colored; /* an SGR has passed since plain_filter_reset() */

	/* private */
	enum filter_state state;
	char sequence[FILTER_SEQUENCE_MAX]; /* of ESC and CSI, without ESC */
	size_t length;			    /* of it; of a string: bytes swallowed */
	bool escape;			    /* within a string: the last byte was ESC */
	char partial[4];		    /* the beginning of a character */
	size_t partial_length;
};

void plain_filter_init(struct plain_filter *filter, enum filter_kind kind, bool color, bool ascii);

/* Appends what passes to out. */
void plain_filter_feed(struct plain_filter *filter, const char *bytes, size_t length,
		       struct buf *out);

/* The output is over: forgets an unfinished sequence, and takes back colours that were set. */
void plain_filter_reset(struct plain_filter *filter, struct buf *out);

#endif
