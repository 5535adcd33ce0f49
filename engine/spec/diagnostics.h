/* diagnostics.h: what is wrong with a file, at which place.
 *
 * Life cycle: `struct diagnostics list = {0};` diagnostics_add() ...; look at items and len, or
 * diagnostics_format() for people; diagnostics_release().
 */
#ifndef ENGINE_SPEC_DIAGNOSTICS_H
#define ENGINE_SPEC_DIAGNOSTICS_H

#include <stddef.h>

#include "engine/base/buf.h"

/* A place in the file; line and column count from 1, column in characters. offset counts
 * bytes from the beginning of the file. */
struct position {
	size_t line, column, offset;
};

struct diagnostic {
	struct position position;
	char *text; /* safe to show */
};

/* Everything wrong with a file, in the order of the file. */
struct diagnostics {
	struct diagnostic *items;
	size_t len, capacity;
	size_t dropped; /* how many came when there were DIAGNOSTICS_MAX */
};

enum { DIAGNOSTICS_MAX = 1000 };

void diagnostics_release(struct diagnostics *list);

/* Adds a formatted text, made safe to show, at its place in the order. Something that is
 * already in the list at this position is not added again: what aliases refer to is checked
 * once for each use. */
void diagnostics_add(struct diagnostics *list, struct position position, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "PATH:LINE:COLUMN: error: TEXT", the line and a caret below it, for each. text is the
 * file's content. Appends to out. */
void diagnostics_format(const struct diagnostics *list, const char *path, const struct buf *text,
			struct buf *out);

/* A word from outside for use in a message: cut at a character, with "..." when longer. */
struct short_text {
	char text[72];
};
struct short_text short_text(const char *word);

#endif
