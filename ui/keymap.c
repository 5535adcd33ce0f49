#include "ui/keymap.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/spec/diagnostics.h"

struct binding {
	enum ui_context context;
	struct key key;
	enum ui_action action; /* UI_ACTION_NONE: the key does nothing, also not globally */
	char *text;	       /* as the person wrote the key; NULL: a default */
};

struct keymap {
	struct binding *bindings;
	size_t count, capacity;
	struct key prefix;
};

/* The binding of the context itself, or NULL. */
static struct binding *find_own(const struct keymap *keymap, enum ui_context context,
				const struct key *key)
{
	for (size_t i = 0; i < keymap->count; i++) {
		if (keymap->bindings[i].context == context &&
		    key_equal(&keymap->bindings[i].key, key))
			return keymap->bindings + i;
	}
	return NULL;
}

static void add(struct keymap *keymap, enum ui_context context, const struct key *key,
		enum ui_action action)
{
	keymap->bindings = mem_grow(keymap->bindings, keymap->count, &keymap->capacity,
				    sizeof *keymap->bindings);
	keymap->bindings[keymap->count++] = (struct binding){context, *key, action, NULL};
}

/* Adds the default keys of an action, in each of its contexts. */
static void add_defaults(struct keymap *keymap, enum ui_action action)
{
	for (const char *keys = ui_actions[action].keys; *keys;) {
		size_t length = strcspn(keys, " ");
		AUTO_FREE char *text = mem_strndup(keys, length);
		struct key key;
		struct err err;

		if (key_parse(text, &key, &err) < 0)
			abort(); /* the table of actions is wrong */
		for (size_t i = 0; i < UI_CONTEXTS; i++) {
			if (ui_actions[action].contexts >> i & 1)
				add(keymap, (enum ui_context)i, &key, action);
		}
		keys += length + (keys[length] == ' ');
	}
}

struct keymap *keymap_new(void)
{
	struct keymap *keymap = mem_new(sizeof *keymap);
	struct err err;

	for (size_t i = 0; i < UI_ACTIONS; i++)
		add_defaults(keymap, (enum ui_action)i);
	if (keymap_set_prefix(keymap, KEYMAP_PREFIX_DEFAULT, &err) < 0)
		abort();
	return keymap;
}

void keymap_free(struct keymap *keymap)
{
	if (!keymap)
		return;
	for (size_t i = 0; i < keymap->count; i++)
		free(keymap->bindings[i].text);
	free(keymap->bindings);
	free(keymap);
}

static int refuse_twice(const struct binding *binding, const char *text, enum ui_action action,
			struct err *err)
{
	return err_set(err, ERR_USAGE,
		       "'%s' is given twice in '%s': as '%s' for '%s', and for '%s'; leave one out",
		       text, ui_context_name(binding->context), binding->text,
		       ui_actions[binding->action].name, ui_actions[action].name);
}

int keymap_bind(struct keymap *keymap, enum ui_context context, const char *text,
		enum ui_action action, struct err *err)
{
	struct binding *binding;
	struct key key;

	if (key_parse(text, &key, err) < 0)
		return -1;
	if (!ui_action_applies(action, context))
		return err_set(err, ERR_USAGE, "'%s' is of no use in '%s'", ui_actions[action].name,
			       ui_context_name(context));
	binding = find_own(keymap, context, &key);
	if (binding && binding->text)
		return refuse_twice(binding, text, action, err);
	if (!binding) {
		add(keymap, context, &key, action);
		binding = keymap->bindings + keymap->count - 1;
	}
	binding->action = action;
	binding->text = mem_strdup(text);
	return 0;
}

int keymap_unbind(struct keymap *keymap, enum ui_context context, const char *key, struct err *err)
{
	return keymap_bind(keymap, context, key, UI_ACTION_NONE, err);
}

/* What decides about the key there, or NULL. */
static const struct binding *find(const struct keymap *keymap, enum ui_context context,
				  const struct key *key)
{
	const struct binding *own = find_own(keymap, context, key);

	return own ? own : find_own(keymap, UI_CONTEXT_GLOBAL, key);
}

enum ui_action keymap_find(const struct keymap *keymap, enum ui_context context,
			   const struct key *key)
{
	const struct binding *binding = find(keymap, context, key);

	return binding ? binding->action : UI_ACTION_NONE;
}

/* Adds the keys of an action that the person has bound, or those that are defaults. */
static void add_names(const struct keymap *keymap, enum ui_context context, enum ui_action action,
		      bool bound, struct strv *names)
{
	for (size_t i = 0; i < keymap->count; i++) {
		const struct binding *binding = keymap->bindings + i;
		AUTO_BUF struct buf name = BUF_INIT;

		if (binding->action != action || (binding->text != NULL) != bound ||
		    find(keymap, context, &binding->key) != binding)
			continue;
		key_add_name(&binding->key, &name);
		strv_add(names, name.data);
	}
}

void keymap_keys_of(const struct keymap *keymap, enum ui_context context, enum ui_action action,
		    struct strv *ret_names)
{
	add_names(keymap, context, action, true, ret_names);
	add_names(keymap, context, action, false, ret_names);
}

/* Whether programs in a terminal need the key: what is typed, and Enter and the like. */
static bool is_typing(const struct key *key)
{
	return key->type == KEY_MOUSE_EVENT ||
	       (!key->modifiers && (key->type == KEY_CHARACTER || key->code < KEY_NAME_F1));
}

int keymap_set_prefix(struct keymap *keymap, const char *text, struct err *err)
{
	struct key key;

	if (key_parse(text, &key, err) < 0)
		return -1;
	if (is_typing(&key))
		return err_set(
			err, ERR_USAGE,
			"'%s' cannot be the prefix key, as the programs in a terminal need it; "
			"take one with Ctrl- or Alt-, or a function key",
			text);
	keymap->prefix = key;
	return 0;
}

const struct key *keymap_prefix(const struct keymap *keymap)
{
	return &keymap->prefix;
}

bool keymap_next(const struct keymap *keymap, enum ui_context context, size_t *i,
		 const struct key **ret_key, enum ui_action *ret_action)
{
	while (*i < keymap->count) {
		const struct binding *binding = keymap->bindings + (*i)++;

		if (binding->context != context)
			continue;
		*ret_key = &binding->key;
		*ret_action = binding->action;
		return true;
	}
	return false;
}
