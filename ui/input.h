/* input.h: what the person types, as keys, from the terminal that a canvas has taken.
 *
 * The loop says when there is something to read; input_next() is called until there is no more. Pasted
 * text comes as one event, when all of it is there.
 */
#ifndef UI_INPUT_H
#define UI_INPUT_H

#include "engine/base/buf.h"
#include "ui/canvas.h"
#include "ui/key.h"

struct input;

/* Frees with input_free(), before the canvas. */
struct input *input_new(struct canvas *canvas);
void input_free(struct input *input);

enum input_type {
	INPUT_NONE,  /* nothing more now */
	INPUT_KEY,   /* ret_key */
	INPUT_PASTE, /* input_pasted() */
	INPUT_ENDED, /* the terminal is gone */
};
enum input_type input_next(struct input *input, struct key *ret_key);

/* What was pasted last: valid until the next paste. */
const struct buf *input_pasted(const struct input *input);

#endif
