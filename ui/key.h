/* key.h: what a person pressed, and how it is written in a keymap: `n`, `N`, `Ctrl-]`, `Alt-x`, `F5`,
 * `PgUp`, `S-Tab`, `Space`.
 */
#ifndef UI_KEY_H
#define UI_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"

enum key_type {
	KEY_NONE,
	KEY_CHARACTER, /* code: a code point, 0x20 or more; the letter itself with KEY_CTRL: `Ctrl-a` */
	KEY_NAMED,     /* code: enum key_name */
	KEY_MOUSE_EVENT, /* see struct key_mouse */
};

enum key_name {
	KEY_NAME_UP,
	KEY_NAME_DOWN,
	KEY_NAME_LEFT,
	KEY_NAME_RIGHT,
	KEY_NAME_HOME,
	KEY_NAME_END,
	KEY_NAME_PAGE_UP,
	KEY_NAME_PAGE_DOWN,
	KEY_NAME_INSERT,
	KEY_NAME_DELETE,
	KEY_NAME_BACKSPACE,
	KEY_NAME_TAB,
	KEY_NAME_ENTER,
	KEY_NAME_ESCAPE,
	KEY_NAME_F1, /* F2 to F12 follow */
	KEY_NAME_F12 = KEY_NAME_F1 + 11,
	KEY_NAMES,
};

enum key_modifier { KEY_SHIFT = 1, KEY_ALT = 2, KEY_CTRL = 4 };

/* A button pressed, released, the wheel, or the pointer moved with a button down. */
struct key_mouse {
	int row, column; /* from 0, of the whole screen */
	int button;	 /* 1 to 3; 4: wheel up, 5: wheel down; 0: none */
	bool pressed;	 /* else released */
	bool moved;	 /* since the button was pressed */
};

struct key {
	enum key_type type;
	uint32_t code;
	unsigned
		modifiers; /* enum key_modifier; of a character never KEY_SHIFT, which is in the code */
	struct key_mouse mouse;
};

/* Reads a key as it is written in a keymap; upper and lower case of names and modifiers do not
 * matter (`ctrl-]`, `C-]`, `pgup`). `WheelUp` and `WheelDown` are the mouse's. Fails with ERR_USAGE,
 * naming what is not known, or what no terminal can send. */
int key_parse(const char *text, struct key *ret_key, struct err *err);

/* The usual name of it, which key_parse() reads: "n", "Ctrl-]", "F5"; of a mouse event other than the
 * wheel's nothing. */
void key_add_name(const struct key *key, struct buf *out);

/* Whether they are the same; of mouse events the place does not matter. */
bool key_equal(const struct key *a, const struct key *b);

#endif
