/* keyboard.h: what the person types, as keys, from the terminal that a canvas has taken.
 *
 * The loop says when there is something to read; keyboard_next() is called until there is no more. Pasted
 * text comes as one event, when all of it is there.
 */
#ifndef UI_KEYBOARD_H
#define UI_KEYBOARD_H

#include "engine/base/buf.h"
#include "ui/canvas.h"
#include "ui/key.h"

struct keyboard;

/* Frees with keyboard_free(), before the canvas. */
struct keyboard *keyboard_new(struct canvas *canvas);
void keyboard_free(struct keyboard *keyboard);

enum keyboard_type {
	KEYBOARD_NONE,	  /* nothing more now */
	KEYBOARD_KEY,	  /* ret_key */
	KEYBOARD_PASTE,	  /* keyboard_pasted() */
	KEYBOARD_UNKNOWN, /* a key that has no name here: keyboard_unknown() */
	KEYBOARD_ENDED,	  /* the terminal is gone */
};
enum keyboard_type keyboard_next(struct keyboard *keyboard, struct key *ret_key);

/* What the terminal sent for the unknown key that came last, without the Esc in front: valid until the
 * next key. */
const struct buf *keyboard_unknown(const struct keyboard *keyboard);

/* What was pasted last: valid until the next paste. */
const struct buf *keyboard_pasted(const struct keyboard *keyboard);

#endif
