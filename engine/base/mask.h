/* mask.h: takes texts that nobody is to see out of a stream of bytes.
 *
 * Every byte that is part of one of the texts is left out, and "***" stands for each unbroken sequence
 * of such bytes. It does not matter in which pieces the bytes come: what may be the beginning of a text
 * is kept back until the bytes behind it decide.
 *
 * Life cycle:
 *	1. mask_texts_new(), mask_texts_add_value() for each value: the texts.
 *	2. mask_new() for each stream; mask_write() for its bytes; where nothing more came for a while
 *	   and mask_waits(), mask_pause(); at the end of the stream mask_finish(); mask_free().
 *	3. mask_texts_free(), when no stream is left.
 *
 * The texts are one automaton, which takes time in proportion to the bytes alone: A. V. Aho and M. J.
 * Corasick, "Efficient string matching: an aid to bibliographic search", Communications of the ACM 18
 * (6), 1975. All that has some of a text is private memory (private.h).
 */
#ifndef ENGINE_BASE_MASK_H
#define ENGINE_BASE_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"

/* A line of a value that is shorter is not looked for, and a beginning that is shorter is given out in
 * a pause: so few bytes are in any output. */
enum { MASK_LENGTH_MIN = 4 };

#define MASK_SHOWN "***"

struct mask_texts;

struct mask_texts *mask_texts_new(void);
/* NULL is fine. */
void mask_texts_free(struct mask_texts *texts);

/* Adds a text as it is; an empty one is none. */
void mask_texts_add(struct mask_texts *texts, const char *bytes, size_t length);
/* Adds what is not to be seen of a value: all of it, without the newlines at its end, with its lines
 * ended as they are, by LF, and by CR LF; and each of its lines, without the blanks around it, that
 * has at least MASK_LENGTH_MIN bytes. */
void mask_texts_add_value(struct mask_texts *texts, const char *bytes, size_t length);

/* How many bytes the longest text has. */
size_t mask_texts_longest(const struct mask_texts *texts);

struct mask;

/* A stream. The texts must outlive it, and get no more. */
struct mask *mask_new(struct mask_texts *texts);
/* NULL is fine. */
void mask_free(struct mask *mask);

/* The next bytes: adds to out what is decided. */
void mask_write(struct mask *mask, const char *bytes, size_t length, struct buf *out);

/* Whether mask_pause() would give something out. */
bool mask_waits(const struct mask *mask);
/* Gives out the beginning of a text that has fewer than MASK_LENGTH_MIN bytes: somebody may wait to see
 * it. The rest of the text is masked all the same, should it come. */
void mask_pause(struct mask *mask, struct buf *out);

/* No more bytes come: adds all that was kept back. */
void mask_finish(struct mask *mask, struct buf *out);

/* A whole text, masked. Free with free(). */
char *mask_text(struct mask_texts *texts, const char *text);

#endif
