/* wrap.h: a text broken into lines between its words. */
#ifndef ENGINE_BASE_WRAP_H
#define ENGINE_BASE_WRAP_H

#include <stddef.h>

#include "engine/base/buf.h"

/* Adds the text, which is safe to show, and a newline. It begins in the column (from 0) that the
 * present line of out has reached; a line that would have more than width characters goes on in the
 * next one, in the same column. A word that is longer than a line stays whole. */
void wrap_add(struct buf *out, const char *text, size_t column, size_t width);

#endif
