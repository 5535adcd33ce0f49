/* keymap.h: which key does what, where.
 *
 * Life cycle: keymap_new() has the default keys of ui_actions; keymap_bind() and keymap_unbind() put
 * the person's over them; keymap_find() for each key pressed; keymap_free().
 *
 * A key is looked up in the context's own keys, then in the global ones. The prefix key leaves a
 * terminal pane and is no key of a context: whoever has a terminal compares with keymap_prefix()
 * first. Pressed twice it is sent to the terminal.
 */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "ui/action.h"
#include "ui/key.h"

#define KEYMAP_PREFIX_DEFAULT "Ctrl-]"

struct keymap;

struct keymap *keymap_new(void);
void keymap_free(struct keymap *keymap);

/* Binds a key (key_parse()) in place of what it does by default. ERR_USAGE when the key is none, when
 * the action has no use there, and when the key was bound or unbound before, however it is
 * written: the message names both. */
int keymap_bind(struct keymap *keymap, enum ui_context context, const char *key,
		enum ui_action action, struct err *err);

/* Lets a key do nothing in this context, not even what it does globally. Fails as keymap_bind(). */
int keymap_unbind(struct keymap *keymap, enum ui_context context, const char *key, struct err *err);

/* What the key does, or UI_ACTION_NONE. Where on the screen a mouse event is does not matter. */
enum ui_action keymap_find(const struct keymap *keymap, enum ui_context context,
			   const struct key *key);

/* Adds the names of the keys that do this there, the global ones included, those that the person
 * bound first. */
void keymap_keys_of(const struct keymap *keymap, enum ui_context context, enum ui_action action,
		    struct strv *ret_names);

/* The prefix key: one with a modifier, or a function key, as programs in a terminal need the others;
 * else ERR_USAGE. */
int keymap_set_prefix(struct keymap *keymap, const char *key, struct err *err);
const struct key *keymap_prefix(const struct keymap *keymap);

/* Every key of a context itself, with what it does, in no order that matters:
 * for (size_t i = 0; keymap_next(keymap, context, &i, &key, &action);). */
bool keymap_next(const struct keymap *keymap, enum ui_context context, size_t *i,
		 const struct key **ret_key, enum ui_action *ret_action);

#endif
