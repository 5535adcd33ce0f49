/* yaml_tree.h: a YAML document as a tree that knows where each value stands.
 *
 * Life cycle: yaml_tree_parse() once; yaml_root(), yaml_map_get() ... to read; yaml_tree_free().
 * All values and texts belong to the tree.
 *
 * The tree is made from libyaml's events, and reading stops at the first event that leaves the
 * limits: SPEC_DEPTH_MAX levels, SPEC_NODES_MAX values with those that aliases repeat, as
 * libyaml itself has no limit. Aliases are not copied: an alias is a value that refers to
 * another, and the functions below follow it. Tags, keys that are no texts, keys given twice,
 * aliases to nothing or to what they are in, NUL, invalid UTF-8 and a second document are
 * errors; a tree comes back even then, with what was read until the end or until it stopped.
 */
#ifndef ENGINE_SPEC_YAML_TREE_H
#define ENGINE_SPEC_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/spec/diagnostics.h"

enum { SPEC_SIZE_MAX = 1 << 20, SPEC_DEPTH_MAX = 32, SPEC_NODES_MAX = 10000 };

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP, YAML_ALIAS };

struct yaml_value {
	enum yaml_kind kind;
	struct position position; /* of its first character, or of its anchor's "&" */
	size_t end;		  /* the byte behind its last one; comments do not belong to it */
	char *text;		  /* YAML_TEXT: without NUL characters */
	bool plain;		  /* YAML_TEXT: neither in quotes nor a block */
	bool flow;		  /* a list in [] or a map in {} */
	bool cut;		  /* reading stopped before its end */
	bool ignored;		  /* as a key: not usable, there is a diagnostic */
	size_t dash;		  /* a list with dashes: the byte of the first one */
	/* A list's values; a map's keys and values in turn, where the last value may lack. */
	struct yaml_value **items;
	size_t n_items, capacity;
	struct yaml_value *target; /* YAML_ALIAS; NULL when it refers to nothing */
	/* The levels of lists and maps, the values and the bytes of text that it has, itself and
	 * what aliases repeat included. */
	size_t height, nodes, bytes;
};

struct yaml_tree;

/* Reads length bytes, which must stay as long as the tree. *ret_sound, if not NULL, says whether
 * they are one whole YAML document without syntax errors (aliases to nothing are allowed). */
struct yaml_tree *yaml_tree_parse(const char *text, size_t length, struct diagnostics *diagnostics,
				  bool *ret_sound);
void yaml_tree_free(struct yaml_tree *tree);

/* The document's value; NULL when there is none. */
const struct yaml_value *yaml_root(const struct yaml_tree *tree);

/* What an alias stands for, other values themselves; NULL for NULL. */
const struct yaml_value *yaml_resolve(const struct yaml_value *value);

/* A map's value by key; *ret_key, if not NULL, is set to the key. NULL when it has no such
 * key. Aliases are not followed, as in all that give a value. */
const struct yaml_value *yaml_map_get(const struct yaml_value *map, const char *key,
				      const struct yaml_value **ret_key);

/* A map's entries, for (size_t i = 0; yaml_map_next(map, &i, &key, &value);). */
bool yaml_map_next(const struct yaml_value *map, size_t *i, const struct yaml_value **ret_key,
		   const struct yaml_value **ret_value);

/* Whether it is a value left out or a null: "", "~", "null" without quotes. */
bool yaml_is_null(const struct yaml_value *value);

/* The bytes that the tree was made of. */
const char *yaml_tree_text(const struct yaml_tree *tree);

/* The line and column of a byte of the text. */
struct position yaml_tree_position(const struct yaml_tree *tree, size_t offset);

/* The bytes of a list's item. With dashes: from its dash to the end of its last line, with the
 * newline; in []: the value's own. */
void yaml_item_range(const struct yaml_tree *tree, const struct yaml_value *list, size_t item,
		     size_t *ret_begin, size_t *ret_end);

#endif
