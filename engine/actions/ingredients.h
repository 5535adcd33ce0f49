/* ingredients.h: what a cache key is made of, by name, so that it can be said what changed.
 *
 * The key is the SHA-256 of the names and values in the order they were added.
 */
#ifndef ENGINE_ACTIONS_INGREDIENTS_H
#define ENGINE_ACTIONS_INGREDIENTS_H

#include <stdint.h>

#include "engine/base/sha256.h"
#include "engine/base/strv.h"

struct ingredients {
	struct strv names, values;
};

void ingredients_release(struct ingredients *list);
/* value may be NULL (absent), which differs from "". */
void ingredients_add(struct ingredients *list, const char *name, const char *value);
void ingredients_add_list(struct ingredients *list, const char *name, const struct strv *values);
/* SOURCE_DATE_EPOCH, for what depends on it. */
void ingredients_add_epoch(struct ingredients *list, int64_t seconds);
void ingredients_key(const struct ingredients *list, char ret_key[SHA256_HEX_SIZE]);
/* {"name": "value", ...}; long values as their digest. Free with free(). */
char *ingredients_json(const struct ingredients *list);

#endif
