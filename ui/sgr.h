/* sgr.h: colours and attributes as SGR sequences set them (ECMA-48 8.3.117, with xterm's colours as in
 * its ctlseqs document and ITU-T T.416's form with colons): read, and written.
 *
 * A group is one thing that a sequence says: one parameter, or a colour with all that belongs to
 * it. The filter of the terminal widget (vtfilter.h) writes groups anew, a follower of a
 * log applies them to a style: both show the same, as both read by the same rules:
 *
 *	38 and 48 with ;5;N, ;2;R;G;B, :5:N, :2:R:G:B, :2:SPACE:R:G:B
 *	4:0 is 24, 4:N and 21 are 4, 6 is 5; 30 to 37, 90 to 97 and their backgrounds are indexed colours
 *	58 (the colour of an underline) is skipped with what belongs to it, like whatever is unknown
 *	a colour that is cut short, or has a value over 255, is skipped
 */
#ifndef UI_SGR_H
#define UI_SGR_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"
#include "ui/cell.h"

/* What a group does, as the parameter that does it; SGR_FG and SGR_BG have a colour. */
enum sgr_code {
	SGR_RESET = 0,
	SGR_BOLD = 1,
	SGR_DIM = 2,
	SGR_ITALIC = 3,
	SGR_UNDERLINE = 4,
	SGR_BLINK = 5,
	SGR_REVERSE = 7,
	SGR_STRIKE = 9,
	SGR_NORMAL = 22, /* neither bold nor dim; 23 to 29 end the others */
	SGR_NO_UNDERLINE = 24,
	SGR_FG = 38,
	SGR_DEFAULT_FG = 39,
	SGR_BG = 48,
	SGR_DEFAULT_BG = 49,
	SGR_UNDERLINE_COLOR = 58, /* read, but never given */
};

struct sgr_group {
	int code; /* enum sgr_code, or what ends an attribute */
	struct cell_color color;
};

/* What is left to read of the parameters: what stands between "ESC [" and "m". */
struct sgr_reader {
	const char *at, *end; /* at: NULL when all is read */
};

void sgr_reader_init(struct sgr_reader *reader, const char *parameters, size_t length);
/* The next group that is known; false at the end. No parameters at all are one SGR_RESET. */
bool sgr_next(struct sgr_reader *reader, struct sgr_group *ret_group);

/* Changes style as the parameters of one sequence say. */
void sgr_apply(const char *parameters, size_t length, struct cell_style *style);

/* Appends one group as parameters, without a separator: "1", "38;5;208". */
void sgr_add_group(const struct sgr_group *group, struct buf *out);
/* Appends a sequence that sets exactly this style, whatever was set before. */
void sgr_write(const struct cell_style *style, struct buf *out);

#endif
