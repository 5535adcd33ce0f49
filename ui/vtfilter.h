/* vtfilter.h: what may pass from a program's output to libvterm.
 *
 * libvterm 0.1 crashes, hangs or shows rubbish on output that any program can make. So it is given only
 * what this filter lets through, which knows what it can take: whole, valid sequences from a
 * list of known ones. Bytes may come in pieces of any length; the output does not depend on it, and
 * never ends within a sequence or a character.
 *
 *	UTF-8     invalid bytes and C1 controls become U+FFFD; libvterm is not given what it mistakes for marks
 *	marks     with VTFILTER_MARK before each, which is for term_write.c; dropped are those that do not come
 *	          right behind a character, and more than MARKS_MAX on one (as wcwidth(3) has marks:
 *	          the locale has to be a UTF-8 one)
 *	C0        BEL BS HT LF VT FF CR; CAN and SUB end a sequence; the rest is dropped
 *	ESC       7 8 = > D E H M c, # with 3 4 5 6 8
 *	sets      ESC ( and ) with 0 A B, SO, SI: what is printed in another set passes as Unicode
 *	CSI       at most 15 parameters of at most 5 digits, one of the leaders ? and >, one
 *	          intermediate, 96 bytes; modes one at a time, ?47 as ?1047, no ?69 (margins left and right); REP as what
 *	          it repeats; s and u as ESC 7 and ESC 8
 *	SGR       of any number of parameters, written anew (sgr.h); dim as font 1, which libvterm keeps in
 *	          its cells, other than dim
 *	OSC       titles are handed out; all others, DCS, APC, PM and SOS are swallowed. One that is longer than
 *	          STRING_MAX is taken for unterminated: what follows is shown
 *
 * Sequences are recognised as ECMA-48 has them; what xterm adds, by its ctlseqs document.
 *
 * Life cycle: vtfilter_init(); vtfilter_feed()...; vtfilter_release().
 */
#ifndef UI_VTFILTER_H
#define UI_VTFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"

enum {
	VTFILTER_TITLE_MAX = 4096,   /* bytes of an OSC that are looked at */
	VTFILTER_SEQUENCE_MAX = 512, /* bytes of a CSI, which only SGR may use */
	VTFILTER_MARKS_MAX = 16,
	VTFILTER_STRING_MAX = 65536, /* bytes of an OSC, DCS, ... */
	VTFILTER_MARK = 1,	     /* a mark follows */
	VTFILTER_WIDE_MARK = 2,	     /* one that libvterm must be given by itself */
};

enum vtfilter_state {
	VTFILTER_GROUND,
	VTFILTER_ESCAPE, /* after ESC, perhaps with intermediate bytes */
	VTFILTER_CSI,
	VTFILTER_OSC,
	VTFILTER_STRING, /* DCS, APC, PM, SOS */
	VTFILTER_STATES,
};

struct vtfilter {
	int columns; /* of the terminal: REP repeats no more often */
	bool onlcr;  /* LF becomes CR LF, as a pty does it; may be set at any time */

	/* private */
	enum vtfilter_state state;
	char sequence
		[VTFILTER_SEQUENCE_MAX]; /* of ESC: intermediates; of CSI: all up to the final byte */
	size_t length;			 /* of it; more than it holds: too long */
	struct buf string;		 /* what was read of an OSC */
	size_t string_length;		 /* of that, or of another string, all that came */
	bool in_string;			 /* ESC came within a string: "\" ends it */
	struct buf title;		 /* the last one */
	bool has_title;			 /* not yet taken */
	char partial[4];		 /* the beginning of a character */
	size_t partial_length;
	char last[4]; /* the last character that passed, for REP */
	size_t last_length;
	int marks;    /* so many on the last character; MARKS_MAX: none can follow */
	char sets[2]; /* designated as G0 and G1: "B" (ASCII), "0" (line drawing), "A" (British) */
	int set;      /* which of them is in use */
	bool hides_cursor;
};

void vtfilter_init(struct vtfilter *filter, int columns);
void vtfilter_release(struct vtfilter *filter);

/* Appends what passes to out. */
void vtfilter_feed(struct vtfilter *filter, const char *bytes, size_t length, struct buf *out);

/* How many bytes at the front are printable ASCII. */
size_t vtfilter_run(const char *bytes, size_t length);

/* True while no sequence and no character is incomplete. */
bool vtfilter_idle(const struct vtfilter *filter);
/* Forgets an incomplete sequence; an incomplete character becomes U+FFFD. */
void vtfilter_abort(struct vtfilter *filter, struct buf *out);

/* The title that was set last, without control characters and what hides or reorders text; NULL when there
 * was none since the last call. Valid until the next vtfilter_feed(). */
const char *vtfilter_take_title(struct vtfilter *filter);

#endif
