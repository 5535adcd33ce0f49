/* yaml_internal.h: what the reading and the use of a tree share. */
#ifndef ENGINE_SPEC_YAML_INTERNAL_H
#define ENGINE_SPEC_YAML_INTERNAL_H

#include "engine/spec/text_index.h"
#include "engine/spec/yaml_tree.h"

struct yaml_tree {
	const char *text; /* the caller's */
	size_t length;
	struct yaml_value *root;    /* or NULL */
	struct yaml_value **values; /* all of them, to be freed */
	size_t n_values, capacity;
	struct text_index index;
};

#endif
