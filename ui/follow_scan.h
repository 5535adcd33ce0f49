/* follow_scan.h: which part of an output is plain (follow.h): found much quicker than a terminal shows it.
 *
 * Besides, which modes are set that plain output depends on, and the colours in force. Pure.
 *
 * Life cycle: zeroes, and the terminal's rows; follow_scan_feed() with all of the output, once.
 */
#ifndef UI_FOLLOW_SCAN_H
#define UI_FOLLOW_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "ui/cell.h"

/* What makes plain output show something else than on a terminal as new. */
enum follow_mode {
	FOLLOW_MARGINS = 1,
	FOLLOW_TABS = 2,
	FOLLOW_G0 = 4,	      /* G0 is not ASCII */
	FOLLOW_LINE_SIZE = 8, /* lines of double width or height */
	FOLLOW_INSERT = 16,
	FOLLOW_NEWLINE = 32,
	FOLLOW_ORIGIN = 64,
	FOLLOW_NO_WRAP = 128,
	FOLLOW_STYLE = 256, /* the colours are not known, until all are reset */
	FOLLOW_LOST =
		512, /* a sequence was broken off: a terminal may make anything of what follows */
	FOLLOW_G1 = 1024,
	FOLLOW_SHIFTED = 2048, /* G1 is in use */
};

struct follow_scan {
	int rows;		 /* of the terminal */
	uint64_t offset;	 /* up to where it has looked */
	uint64_t plain_from;	 /* from here to offset all is plain */
	unsigned modes;		 /* enum follow_mode, in force at offset */
	struct cell_style style; /* the same */
};

/* Looks at what follows. Returns how many bytes it took: all but a sequence that is not whole yet. */
size_t follow_scan_feed(struct follow_scan *scan, const char *bytes, size_t length);

#endif
