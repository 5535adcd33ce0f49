#include "engine/spec/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/spec/yaml_internal.h"

static void value_free(struct yaml_value *value)
{
	free(value->text);
	free(value->items);
	free(value);
}

void yaml_tree_free(struct yaml_tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->n_values; i++)
		value_free(tree->values[i]);
	free(tree->values);
	text_index_release(&tree->index);
	free(tree);
}

const struct yaml_value *yaml_root(const struct yaml_tree *tree)
{
	return tree->root;
}

const struct yaml_value *yaml_resolve(const struct yaml_value *value)
{
	return value && value->kind == YAML_ALIAS ? value->target : value;
}

bool yaml_map_next(const struct yaml_value *map, size_t *i, const struct yaml_value **ret_key,
		   const struct yaml_value **ret_value)
{
	for (; *i + 1 < map->n_items; *i += 2) {
		if (map->items[*i]->ignored)
			continue;
		*ret_key = map->items[*i];
		*ret_value = map->items[*i + 1];
		*i += 2;
		return true;
	}
	return false;
}

const struct yaml_value *yaml_map_get(const struct yaml_value *map, const char *key,
				      const struct yaml_value **ret_key)
{
	const struct yaml_value *name, *value;

	for (size_t i = 0; yaml_map_next(map, &i, &name, &value);) {
		if (strcmp(name->text, key))
			continue;
		if (ret_key)
			*ret_key = name;
		return value;
	}
	return NULL;
}

bool yaml_is_null(const struct yaml_value *value)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (value->kind != YAML_TEXT || !value->plain)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(nulls); i++) {
		if (!strcmp(value->text, nulls[i]))
			return true;
	}
	return false;
}

const char *yaml_tree_text(const struct yaml_tree *tree)
{
	return tree->text;
}

struct position yaml_tree_position(const struct yaml_tree *tree, size_t offset)
{
	return text_index_position(&tree->index, offset);
}

/* The byte of the next dash at or behind at: only blanks and comments are before it. */
static size_t next_dash(const struct yaml_tree *tree, size_t at)
{
	const char *text = tree->text;
	size_t length = tree->length;

	while (at < length && text[at] != '-') {
		if (text[at] == '#') {
			while (at < length && text[at] != '\n' && text[at] != '\r')
				at++;
		} else {
			at++;
		}
	}
	return at;
}

void yaml_item_range(const struct yaml_tree *tree, const struct yaml_value *list, size_t item,
		     size_t *ret_begin, size_t *ret_end)
{
	const struct yaml_value *value = list->items[item];
	size_t end = value->end;

	if (list->flow) {
		*ret_begin = value->position.offset;
		*ret_end = end;
		return;
	}
	*ret_begin = item ? next_dash(tree, list->items[item - 1]->end) : list->dash;
	while (end < tree->length && tree->text[end] != '\n')
		end++;
	*ret_end = end < tree->length ? end + 1 : end;
}
