/* theme_internal.h: what the parts of the theme reader share. */
#ifndef UI_THEME_INTERNAL_H
#define UI_THEME_INTERNAL_H

#include <stdint.h>

#include "engine/spec/diagnostics.h"
#include "engine/spec/yaml_tree.h"
#include "ui/theme.h"

enum theme_given { THEME_GIVEN = 1, THEME_GIVEN_FG = 2, THEME_GIVEN_BG = 4 };

/* A theme while it is read. */
struct theme_draft {
	struct theme theme;
	uint8_t given[THEME_ROLES]; /* enum theme_given, or'ed */
};

/* Reads a document into the draft, over what is in it. *ret_inherit is the name of the theme to be
 * inherited from, owned by the tree, or NULL. */
void theme_read(const struct yaml_tree *tree, struct theme_draft *draft,
		struct diagnostics *diagnostics, const struct yaml_value **ret_inherit);

#endif
