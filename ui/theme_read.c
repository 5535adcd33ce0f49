/* Reading the YAML of a theme. */
#include <string.h>

#include "engine/base/mem.h"
#include "engine/spec/suggest.h"
#include "ui/color.h"
#include "ui/theme_internal.h"
#include "ui/yaml_file.h"

static const char *const attribute_names[] = {
	"bold", "dim", "italic", "underline", "blink", "reverse", "strike",
};

static void read_color(struct diagnostics *diagnostics, const struct yaml_value *key,
		       const struct yaml_value *value, struct cell_color *color)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;
	const char *text = yaml_file_text(diagnostics, key->text, value);

	if (!text || color_parse(text, color))
		return;
	strv_add(&known, "default");
	for (unsigned i = 0; color_name(i); i++)
		strv_add(&known, color_name(i));
	suggestion = suggest_nearest(text, &known) ? suggest_text(text, &known) : mem_strdup("");
	diagnostics_add(
		diagnostics, value->position,
		"'%s' must be a colour: default, a name as red or bright-red, a number from "
		"0 to 255, or \"#rrggbb\" in quotes; not '%s'%s",
		key->text, short_text(text).text, suggestion);
}

static void read_attribute(struct diagnostics *diagnostics, const struct yaml_value *value,
			   struct cell_style *style)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;
	const char *text = yaml_file_text(diagnostics, "attributes", value);

	for (size_t i = 0; text && i < ARRAY_SIZE(attribute_names); i++) {
		if (!strcmp(attribute_names[i], text)) {
			style->attributes |= (uint8_t)(1U << i);
			return;
		}
		strv_add(&known, attribute_names[i]);
	}
	if (!text)
		return;
	suggestion = suggest_text(text, &known);
	diagnostics_add(diagnostics, value->position, "unknown attribute '%s'%s",
			short_text(text).text, suggestion);
}

static void read_attributes(struct diagnostics *diagnostics, const struct yaml_value *list,
			    struct cell_style *style)
{
	if (list->kind != YAML_LIST) {
		diagnostics_add(diagnostics, list->position,
				"'attributes' must be a list; write it in [ ]");
		return;
	}
	for (size_t i = 0; i < list->n_items; i++) {
		const struct yaml_value *item = yaml_resolve(list->items[i]);

		if (item)
			read_attribute(diagnostics, item, style);
	}
}

/* Reads one key of a role; false when there is no such key. */
static bool read_part(struct diagnostics *diagnostics, const struct yaml_value *key,
		      const struct yaml_value *value, struct cell_style *style, uint8_t *given)
{
	if (!strcmp(key->text, "fg")) {
		*given |= THEME_GIVEN_FG;
		read_color(diagnostics, key, value, &style->fg);
	} else if (!strcmp(key->text, "bg")) {
		*given |= THEME_GIVEN_BG;
		read_color(diagnostics, key, value, &style->bg);
	} else if (!strcmp(key->text, "attributes")) {
		read_attributes(diagnostics, value, style);
	} else {
		return false;
	}
	return true;
}

static void read_role(struct diagnostics *diagnostics, const struct yaml_value *name,
		      const struct yaml_value *map, struct cell_style *ret_style,
		      uint8_t *ret_given)
{
	static const char *const keys[] = {"fg", "bg", "attributes", NULL};
	const struct yaml_value *key, *value;
	struct cell_style style = {0};
	uint8_t given = THEME_GIVEN;

	if (!yaml_file_is_map(diagnostics, name->text, map))
		return;
	for (size_t i = 0; yaml_map_next(map, &i, &key, &value);) {
		value = yaml_resolve(value);
		if (value && !read_part(diagnostics, key, value, &style, &given))
			yaml_file_unknown(diagnostics, key, "a role", keys);
	}
	*ret_style = style;
	*ret_given = given;
}

/* The names of all roles, with a NULL behind them. */
static void list_roles(const char *names[THEME_ROLES + 1])
{
	for (size_t i = 0; i < THEME_ROLES; i++)
		names[i] = theme_role_name((enum theme_role)i);
	names[THEME_ROLES] = NULL;
}

static void read_roles(struct diagnostics *diagnostics, const struct yaml_value *map,
		       struct theme_draft *draft)
{
	const char *names[THEME_ROLES + 1];
	const struct yaml_value *key, *value;

	list_roles(names);
	if (!yaml_file_is_map(diagnostics, "roles", map))
		return;
	for (size_t i = 0; yaml_map_next(map, &i, &key, &value);) {
		size_t role = 0;

		while (role < THEME_ROLES && strcmp(names[role], key->text) != 0)
			role++;
		value = yaml_resolve(value);
		if (role == THEME_ROLES)
			yaml_file_unknown(diagnostics, key, "'roles'", names);
		else if (value)
			read_role(diagnostics, key, value, draft->theme.styles + role,
				  draft->given + role);
	}
}

void theme_read(const struct yaml_tree *tree, struct theme_draft *draft,
		struct diagnostics *diagnostics, const struct yaml_value **ret_inherit)
{
	static const char *const keys[] = {"description", "inherit", "roles", NULL};
	const struct yaml_value *root = yaml_resolve(yaml_root(tree)), *key, *value;

	*ret_inherit = NULL;
	if (!root || !yaml_file_is_map(diagnostics, "a theme", root))
		return;
	for (size_t i = 0; yaml_map_next(root, &i, &key, &value);) {
		value = yaml_resolve(value);
		if (!value)
			continue;
		if (!strcmp(key->text, "roles"))
			read_roles(diagnostics, value, draft);
		else if (!strcmp(key->text, "description"))
			yaml_file_text(diagnostics, key->text, value);
		else if (strcmp(key->text, "inherit") != 0)
			yaml_file_unknown(diagnostics, key, "a theme", keys);
		else if (yaml_file_text(diagnostics, key->text, value))
			*ret_inherit = value;
	}
}
