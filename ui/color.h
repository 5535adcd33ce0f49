/* color.h: colours as people write them, and as they look.
 *
 * Indexes are those of xterm's 256 colours (its 256colres.h and XTerm-col.ad): 0 to 15 are the
 * terminal's own, taken for xterm's defaults where their values matter; 16 to 231 a cube of 6 by 6
 * by 6 with the levels 0, 95, 135, 175, 215, 255; 232 to 255 greys, 8 + 10 i.
 */
#ifndef UI_COLOR_H
#define UI_COLOR_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/cell.h"

struct color_rgb {
	uint8_t red, green, blue;
};

/* Where the cube and the greys begin, and how many indexes there are. */
enum { COLOR_CUBE = 16, COLOR_GREYS = 232, COLOR_INDEXES = 256 };

/* Reads "default", a name ("red", "bright-red"), an index ("208") or "#rrggbb"; false when it is none. */
bool color_parse(const char *text, struct cell_color *ret_color);

/* The name of an index below 16, or NULL: "black", "red", ..., "bright-white". */
const char *color_name(unsigned index);

/* What it looks like; false for CELL_DEFAULT, which only the person's terminal knows. */
bool color_rgb_of(const struct cell_color *color, struct color_rgb *ret_rgb);

/* How different they are: the sum of the squares of the differences in red, green and blue. */
uint32_t color_distance(struct color_rgb one, struct color_rgb other);

/* The index from first on, before end, with the least color_distance(); the lowest of several. */
uint8_t color_nearest(struct color_rgb rgb, unsigned first, unsigned end);

#endif
