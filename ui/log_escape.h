/* log_escape.h: one escape sequence at the front of some bytes (ECMA-48), for those who want to know what it
 * is but not to carry it out. Pure.
 *
 * No sequence goes on behind a control character that is not its end; what is left of it there is
 * ESCAPE_BROKEN. So sequences never reach over the end of a line.
 */
#ifndef UI_LOG_ESCAPE_H
#define UI_LOG_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/cell.h"

enum escape_kind {
	ESCAPE_CSI,    /* ESC [ parameters intermediates final */
	ESCAPE_STRING, /* OSC, DCS, ... with its end, which is ESC \, of an OSC also BEL */
	ESCAPE_OTHER,  /* ESC intermediates final */
	ESCAPE_BROKEN, /* begun, and never ended */
};

struct escape {
	enum escape_kind kind;
	size_t length;	       /* of all of it, ESC included */
	const char *params;    /* of a CSI, within the bytes */
	size_t n_params;       /* bytes of them */
	bool has_intermediate; /* something is between the parameters and the final byte */
	char final;	       /* of a CSI or ESCAPE_OTHER */
	char introducer;       /* the byte behind ESC */
};

/* Reads the sequence that begins at bytes[0], which is ESC; false when the bytes end within it. */
bool escape_read(const char *bytes, size_t length, struct escape *ret_escape);

/* True for SGR (CSI m), which has no private marker and no intermediates. */
bool escape_is_sgr(const struct escape *escape);

/* True for an SGR that begins with a reset: what was before does not matter behind it. */
bool escape_is_reset(const struct escape *escape);

/* The length of an SGR of digits, ";" and ":" at bytes[0]; 0 for all else. Quicker than the above. */
size_t escape_sgr_length(const char *bytes, size_t length);

/* Applies all SGR in the bytes to style; quick, however many there are before the last reset. */
void escape_carry_style(const char *bytes, size_t length, struct cell_style *style);

#endif
