/* suggest.h: "did you mean" for a mistyped word. */
#ifndef ENGINE_SPEC_SUGGEST_H
#define ENGINE_SPEC_SUGGEST_H

#include <stddef.h>

#include "engine/base/strv.h"

enum { SUGGEST_DISTANCE_MAX = 2 };

/* How many characters must be inserted, removed, replaced or swapped with their neighbour to
 * turn one word into the other (optimal string alignment), for bytes; anything above
 * SUGGEST_DISTANCE_MAX is SUGGEST_DISTANCE_MAX + 1. */
size_t suggest_distance(const char *one, const char *other);

/* The nearest of the candidates, the first among equals; NULL when none is near. A word is
 * near when it differs in at most SUGGEST_DISTANCE_MAX places and in fewer than half. */
const char *suggest_nearest(const char *word, const struct strv *candidates);

/* What may stand behind a message about an unknown word: " (did you mean 'x'?)", else
 * "; known: a, b, c", at most a dozen, else "; none is known". Free with free(). */
char *suggest_text(const char *word, const struct strv *candidates);
/* The x of a message that ends with " (did you mean 'x'?)", or NULL. Free with free(). */
char *suggest_of_message(const char *message);

#endif
