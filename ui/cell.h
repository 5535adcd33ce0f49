/* cell.h: one place on a screen: a character, and how it looks. What a terminal in a pane, a line of
 * a log and a theme have in common; it knows neither curses nor libvterm.
 */
#ifndef UI_CELL_H
#define UI_CELL_H

#include <stdint.h>

enum cell_color_type {
	CELL_DEFAULT, /* the person's own colour */
	CELL_INDEXED, /* one of xterm's 256, by index */
	CELL_RGB,
};

struct cell_color {
	uint8_t type; /* enum cell_color_type */
	uint8_t index;
	uint8_t red, green, blue;
};

enum cell_attribute {
	CELL_BOLD = 1,
	CELL_DIM = 2,
	CELL_ITALIC = 4,
	CELL_UNDERLINE = 8,
	CELL_BLINK = 16,
	CELL_REVERSE = 32,
	CELL_STRIKE = 64,
};

struct cell_style {
	struct cell_color fg, bg;
	uint8_t attributes; /* enum cell_attribute, or'ed */
};

/* A character and those that combine with it; as many as curses draws in one place. */
enum { CELL_CHARS_MAX = 5 };

struct cell {
	uint32_t chars[CELL_CHARS_MAX]; /* code points; none: blank */
	uint8_t n_chars;
	uint8_t width; /* 1, or 2; 0: the right half of the one before it */
	struct cell_style style;
};

#endif
