/* Reading the keys of a mapping as a table of fields describes them. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/spec/spec_internal.h"
#include "engine/spec/suggest.h"

struct field_value *field_values_new(const struct field *const lists[], size_t n_lists,
				     size_t *ret_count)
{
	struct field_value *values = NULL;
	size_t count = 0, capacity = 0;

	for (size_t i = 0; i < n_lists; i++) {
		for (const struct field *field = lists[i]; field && field->name; field++) {
			values = mem_grow(values, count, &capacity, sizeof *values);
			values[count++] = (struct field_value){.field = field};
		}
	}
	*ret_count = count;
	return values;
}

void field_values_free(struct field_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(values[i].text);
		strv_release(&values[i].list);
	}
	free(values);
}

struct field_value *field_values_find(struct field_value *values, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(values[i].field->name, name))
			return values + i;
	}
	return NULL;
}

char *field_read_text(struct reader *reader, const char *name, const struct yaml_value *value,
		      bool raw, bool may_be_empty)
{
	AUTO_FREE char *text = NULL;

	if (value->kind != YAML_TEXT) {
		diagnostics_add(reader->diagnostics, value->position,
				"'%s' must be a text here, not a %s", short_text(name).text,
				value->kind == YAML_LIST ? "list" : "mapping");
		return NULL;
	}
	if (yaml_is_null(value)) {
		diagnostics_add(reader->diagnostics, value->position, "'%s' needs a value%s",
				short_text(name).text,
				may_be_empty ? "; write \"\" for an empty one" : "");
		return NULL;
	}
	text = raw ? mem_strdup(value->text)
		   : params_replace(&reader->params, reader->tree, value, reader->diagnostics);
	if (text && !*text && !may_be_empty) {
		diagnostics_add(reader->diagnostics, value->position, "'%s' must not be empty",
				short_text(name).text);
		return NULL;
	}
	return take_ptr(&text);
}

/* Says what a text should have been. */
static void report_wanted(struct reader *reader, const struct field *field,
			  const struct yaml_value *value, const char *text)
{
	AUTO_FREE char *hint = field_hint(field, text);
	AUTO_FREE char *wanted = field_wanted(field);

	diagnostics_add(reader->diagnostics, value->position, "'%s' must be %s, not '%s'%s",
			field->name, wanted, short_text(text).text, hint);
}

char *field_read_checked(struct reader *reader, const struct field *field,
			 const struct yaml_value *value)
{
	const struct field_rule *rule = &field_rules[field->type];
	AUTO_FREE char *text = field_read_text(reader, field->name, value,
					       field->type == FIELD_SCRIPT, rule->may_be_empty);

	if (!text)
		return NULL;
	if (!rule->check(field, &text)) {
		report_wanted(reader, field, value, text);
		return NULL;
	}
	return take_ptr(&text);
}

static void read_list(struct reader *reader, const struct yaml_value *list, struct field_value *out)
{
	for (size_t i = 0; i < list->n_items; i++) {
		const struct yaml_value *item = yaml_resolve(list->items[i]);
		char *text = item ? field_read_checked(reader, out->field, item) : NULL;

		if (text)
			strv_take(&out->list, text);
	}
	if (out->field->type == FIELD_ARGV &&
	    (!list->n_items || (out->list.len && !*out->list.items[0])))
		diagnostics_add(reader->diagnostics, list->position,
				"'%s' must begin with a program", out->field->name);
}

static bool check_variable(struct reader *reader, const struct yaml_value *key)
{
	if (params_name_is_valid(key->text))
		return true;
	diagnostics_add(reader->diagnostics, key->position,
			"'%s' is no name of a variable: letters, digits and '_', without a digit "
			"in front",
			short_text(key->text).text);
	return false;
}

static bool check_limit_name(struct reader *reader, const struct yaml_value *key)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;

	if (limit_find(key->text))
		return true;
	for (const struct limit_rule *rule = limit_rules; rule->name; rule++)
		strv_add(&known, rule->name);
	suggestion = suggest_text(key->text, &known);
	diagnostics_add(reader->diagnostics, key->position, "unknown limit '%s'%s",
			short_text(key->text).text, suggestion);
	return false;
}

static bool check_limit(struct reader *reader, const char *name, const struct yaml_value *value,
			const char *text)
{
	const struct limit_rule *rule = limit_find(name);
	uint64_t number;

	if (limit_parse(rule, text, &number))
		return true;
	diagnostics_add(reader->diagnostics, value->position, "'%s' must be %s, not '%s'", name,
			rule->wanted, short_text(text).text);
	return false;
}

/* Reads an environment or limits, as NAME=VALUE. */
static void read_map(struct reader *reader, const struct yaml_value *map, struct field_value *out)
{
	bool limits = out->field->type == FIELD_LIMITS;
	const struct yaml_value *key, *value;

	for (size_t i = 0; yaml_map_next(map, &i, &key, &value);) {
		AUTO_FREE char *text = NULL;

		value = yaml_resolve(value);
		if (!(limits ? check_limit_name(reader, key) : check_variable(reader, key)) ||
		    !value)
			continue;
		text = field_read_text(reader, key->text, value, false, !limits);
		if (text && (!limits || check_limit(reader, key->text, value, text)))
			strv_add_fmt(&out->list, "%s=%s", key->text, text);
	}
}

/* Reads the value of a field that is given. */
static void read_value(struct reader *reader, const struct yaml_value *value,
		       struct field_value *out)
{
	const struct field *field = out->field;
	const struct field_rule *rule = &field_rules[field->type];

	if (rule->shape != YAML_TEXT && yaml_is_null(value)) {
		diagnostics_add(reader->diagnostics, value->position, "'%s' needs a value",
				field->name);
	} else if (rule->shape != value->kind && rule->shape != YAML_TEXT) {
		diagnostics_add(reader->diagnostics, value->position, "'%s' must be %s%s",
				field->name, rule->wanted,
				rule->shape == YAML_LIST && value->kind == YAML_TEXT
					? "; write it in [ ]"
					: "");
	} else if (rule->shape == YAML_TEXT) {
		out->text = field_read_checked(reader, field, value);
	} else if (rule->shape == YAML_LIST && rule->check) {
		read_list(reader, value, out);
	} else if (field->type == FIELD_ENVIRONMENT || field->type == FIELD_LIMITS) {
		read_map(reader, value, out);
	} else if (field->type == FIELD_IDS) {
		secrets_read_declared(reader, value, out);
	} else if (field->type == FIELD_SECRETS) {
		secrets_read_used(reader, value, out);
	}
}

/* Gives a field that is absent the value of its fallback. */
static void read_fallback(struct field_value *out)
{
	const char *text = out->field->fallback;
	struct diagnostics diagnostics = {0};
	struct yaml_tree *tree = yaml_tree_parse(text, strlen(text), &diagnostics, NULL);
	struct reader reader = {.diagnostics = &diagnostics, .tree = tree};

	if (yaml_root(tree))
		read_value(&reader, yaml_root(tree), out);
	if (diagnostics.len)
		abort(); /* the table of fields is wrong */
	yaml_tree_free(tree);
}

static void report_unknown_key(struct reader *reader, const struct yaml_value *key,
			       const char *what, const char *also, const struct field_value *values,
			       size_t count)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;

	for (size_t i = 0; i < count; i++)
		strv_add(&known, values[i].field->name);
	if (also)
		strv_add(&known, also);
	suggestion = suggest_text(key->text, &known);
	diagnostics_add(reader->diagnostics, key->position, "unknown key '%s' in %s%s",
			short_text(key->text).text, what, suggestion);
}

/* Checks the pair of fields of which exactly one is to be given. */
static void check_pair(struct reader *reader, const struct yaml_value *map, const char *what,
		       const struct field_value *pair)
{
	const struct field_value *later =
		pair[0].position.offset > pair[1].position.offset ? pair : pair + 1;

	if (pair[0].given && pair[1].given)
		diagnostics_add(reader->diagnostics, later->position,
				"'%s' and '%s' exclude each other", pair[0].field->name,
				pair[1].field->name);
	else if (!pair[0].given && !pair[1].given && !map->cut)
		diagnostics_add(reader->diagnostics, map->position, "%s needs '%s' or '%s'", what,
				pair[0].field->name, pair[1].field->name);
}

/* Checks the group of fields of which at least one is to be given. */
static void check_group(struct reader *reader, const struct yaml_value *map, const char *what,
			const struct field_value *values, size_t count)
{
	AUTO_STRV struct strv names = {0};
	AUTO_FREE char *joined = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!(values[i].field->flags & FIELD_ONE_OF_GROUP))
			continue;
		if (values[i].given)
			return;
		strv_add(&names, values[i].field->name);
	}
	if (!names.len || map->cut)
		return;
	joined = strv_join(&names, ", ");
	diagnostics_add(reader->diagnostics, map->position, "%s needs one of: %s", what, joined);
}

/* What a map lacks, and the fallbacks. */
static void finish_fields(struct reader *reader, const struct yaml_value *map, const char *what,
			  struct field_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct field *field = values[i].field;

		if (field->flags & FIELD_EXCLUDES_NEXT && i + 1 < count)
			check_pair(reader, map, what, values + i);
		if (values[i].given)
			continue;
		values[i].position = map->position;
		if (field->fallback)
			read_fallback(values + i);
		else if (field->flags & FIELD_REQUIRED && !map->cut)
			diagnostics_add(reader->diagnostics, map->position, "%s needs '%s'", what,
					field->name);
	}
	check_group(reader, map, what, values, count);
}

void fields_read(struct reader *reader, const struct yaml_value *map, const char *what,
		 const char *also, struct field_value *values, size_t count)
{
	const struct yaml_value *key, *value;

	for (size_t i = 0; yaml_map_next(map, &i, &key, &value);) {
		struct field_value *out = field_values_find(values, count, key->text);

		if (!out && (!also || strcmp(key->text, also))) {
			report_unknown_key(reader, key, what, also, values, count);
			continue;
		}
		value = yaml_resolve(value);
		if (!out || !value)
			continue;
		out->given = true;
		out->position = value->position;
		if (out->field->type == FIELD_LATER)
			diagnostics_add(reader->diagnostics, key->position,
					"'%s' is not built yet; leave it out", key->text);
		else
			read_value(reader, value, out);
	}
	finish_fields(reader, map, what, values, count);
}
