/* Reading a spec's tree: its top, and its parameters. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "engine/spec/spec_internal.h"
#include "engine/spec/suggest.h"

const struct field spec_top_fields[] = {
	{"name", FIELD_NAME, FIELD_REQUIRED, .help = "The specification's name."},
	{"description", FIELD_TEXT, FIELD_ANY, .help = "What it builds."},
	{"parameters", FIELD_PARAMETERS, 0,
	 .help = "Parameters and their default values; one with null must be given by -p "
		 "NAME=VALUE."},
	{"environment", FIELD_ENVIRONMENT, 0,
	 .help = "Environment variables of every sandboxed action."},
	{"secrets", FIELD_IDS, 0,
	 .help = "Ids of the secrets that steps may use; their values are given by --secret."},
	{"limits", FIELD_LIMITS, 0, .help = "Limits of every sandboxed action."},
	{"actions", FIELD_ACTIONS, FIELD_REQUIRED, .help = "What is done, in this order."},
	{0},
};

static const struct position file_begin = {.line = 1, .column = 1};

/* The value given by -p for a parameter, the last one if there are several; or NULL. */
static const char *given_value(const struct reader *reader, const char *name)
{
	const struct strv *given = reader->options->parameters;
	size_t length = strlen(name);

	for (size_t i = given ? given->len : 0; i-- > 0;) {
		if (!strncmp(given->items[i], name, length) && given->items[i][length] == '=')
			return given->items[i] + length + 1;
	}
	return NULL;
}

static bool is_utf8(const char *text)
{
	size_t length = strlen(text), used = 0;
	uint32_t code;

	for (size_t at = 0; at < length; at += used) {
		used = utf8_decode(text + at, length - at, &code);
		if (!used)
			return false;
	}
	return true;
}

static void check_parameter_name(struct reader *reader, const struct yaml_value *key)
{
	if (!params_name_is_valid(key->text))
		diagnostics_add(reader->diagnostics, key->position,
				"'%s' is no name of a parameter: letters, digits and '_', without "
				"a digit in front",
				short_text(key->text).text);
	else if (params_name_is_reserved(key->text))
		diagnostics_add(reader->diagnostics, key->position,
				"a parameter cannot be called '%s', as each becomes an environment "
				"variable",
				short_text(key->text).text);
}

/* A parameter's value: the one given by -p, else its default; NULL with a diagnostic. */
static char *parameter_value(struct reader *reader, const struct yaml_value *key,
			     const struct yaml_value *value)
{
	const char *given = given_value(reader, key->text);
	struct short_text name = short_text(key->text);

	if (given && is_utf8(given))
		return mem_strdup(given);
	if (given) {
		diagnostics_add(reader->diagnostics, key->position,
				"the value given for parameter '%s' is not UTF-8", name.text);
		return NULL;
	}
	if (!value)
		return NULL;
	if (yaml_is_null(value)) {
		diagnostics_add(reader->diagnostics, key->position,
				"parameter '%s' has no default value: give one by -p %s=VALUE",
				name.text, name.text);
		return NULL;
	}
	return field_read_text(reader, key->text, value, false, true);
}

/* Adds a parameter; those before it may be used in its default value. */
static void add_parameter(struct reader *reader, const struct yaml_value *key,
			  const struct yaml_value *value, size_t *capacity)
{
	struct spec *spec = reader->spec;

	check_parameter_name(reader, key);
	spec->parameters =
		mem_grow(spec->parameters, spec->n_parameters, capacity, sizeof *spec->parameters);
	reader->params.items = spec->parameters;
	spec->parameters[spec->n_parameters] = (struct parameter){
		.name = mem_strdup(key->text),
		.value = parameter_value(reader, key, value),
		.position = key->position,
	};
	reader->params.len = ++spec->n_parameters;
}

/* Refuses what -p gives for a parameter that is not there. */
static void check_given(struct reader *reader, struct position position)
{
	const struct strv *given = reader->options->parameters;
	AUTO_STRV struct strv known = {0};

	for (size_t i = 0; i < reader->params.len; i++)
		strv_add(&known, reader->params.items[i].name);
	for (size_t i = 0; given && i < given->len; i++) {
		size_t length = strcspn(given->items[i], "=");
		AUTO_FREE char *name = mem_strndup(given->items[i], length);
		AUTO_FREE char *suggestion = suggest_text(name, &known);

		if (!given->items[i][length])
			diagnostics_add(reader->diagnostics, position,
					"-p must be followed by NAME=VALUE, not '%s'",
					short_text(name).text);
		else if (!strv_contains(&known, name))
			diagnostics_add(reader->diagnostics, position,
					"-p gives the unknown parameter '%s'%s",
					short_text(name).text, suggestion);
	}
}

void spec_read_parameters(struct reader *reader, const struct yaml_value *root)
{
	const struct yaml_value *at = NULL, *key, *value;
	const struct yaml_value *map = yaml_resolve(yaml_map_get(root, "parameters", &at));
	size_t capacity = 0;

	for (size_t i = 0; map && map->kind == YAML_MAP && yaml_map_next(map, &i, &key, &value);) {
		if (reader->spec->n_parameters == SPEC_PARAMETERS_MAX) {
			diagnostics_add(reader->diagnostics, key->position,
					"more than %d parameters", SPEC_PARAMETERS_MAX);
			break;
		}
		add_parameter(reader, key, yaml_resolve(value), &capacity);
	}
	reader->params.partial = map ? map->cut : root->cut;
	if (!reader->params.partial)
		check_given(reader, at ? at->position : file_begin);
}

/* What every step gets: the parameters and the spec's environment, and its limits. */
static void set_defaults(struct reader *reader, const struct field_value *environment,
			 const struct field_value *limits)
{
	size_t bytes = 0;

	for (size_t i = 0; i < reader->params.len; i++) {
		if (reader->params.items[i].value)
			strv_setenv(&reader->environment, reader->params.items[i].name,
				    reader->params.items[i].value);
	}
	strv_setenv_all(&reader->environment, &environment->list);
	for (size_t i = 0; i < reader->environment.len; i++)
		bytes += strlen(reader->environment.items[i]) + 1;
	if (bytes > SPEC_ENVIRONMENT_MAX) {
		diagnostics_add(reader->diagnostics, environment->position,
				"parameters and environment are larger than %d bytes",
				SPEC_ENVIRONMENT_MAX);
		strv_clear(&reader->environment);
	}
	reader->limits = limits_default();
	limits_apply(&limits->list, &reader->limits);
}

/* The value that the tree has for the key "actions", if it is a list with something in it. */
static const struct yaml_value *find_actions(struct reader *reader, const struct yaml_value *root)
{
	const struct yaml_value *actions = yaml_resolve(yaml_map_get(root, "actions", NULL));

	if (!actions || actions->kind != YAML_LIST)
		return NULL;
	if (!actions->n_items && !actions->cut)
		diagnostics_add(reader->diagnostics, actions->position, "'actions' is empty");
	return actions;
}

static void read_top(struct reader *reader, const struct yaml_value *root)
{
	static const char what[] = "a specification";
	const struct field *const lists[] = {spec_top_fields};
	size_t count;
	struct field_value *values = field_values_new(lists, 1, &count);
	struct field_value *name = field_values_find(values, count, "name");
	const struct yaml_value *actions;

	spec_read_parameters(reader, root);
	secrets_collect_ids(reader, root);
	fields_read(reader, root, what, NULL, values, count);
	if (name->text && strchr(name->text, '+'))
		diagnostics_add(reader->diagnostics, name->position,
				"'name' must be letters, digits, '.', '_' or '-', not '%s'",
				short_text(name->text).text);
	reader->spec->name = take_ptr(&name->text);
	reader->spec->description =
		take_ptr(&field_values_find(values, count, "description")->text);
	strv_extend(&reader->spec->secrets, &field_values_find(values, count, "secrets")->list);
	set_defaults(reader, field_values_find(values, count, "environment"),
		     field_values_find(values, count, "limits"));
	actions = find_actions(reader, root);
	if (actions)
		spec_read_steps(reader, actions);
	field_values_free(values, count);
}

/* The key that only Ick files have, or NULL. */
static const struct yaml_value *ick_key(const struct yaml_value *root)
{
	const struct yaml_value *key = NULL;

	if (!yaml_map_get(root, "pipelines", &key))
		yaml_map_get(root, "projects", &key);
	return key;
}

void spec_read(struct reader *reader)
{
	const struct yaml_value *root = yaml_resolve(yaml_root(reader->tree));

	if (!root || yaml_is_null(root)) {
		if (!reader->diagnostics->len)
			diagnostics_add(
				reader->diagnostics, file_begin,
				"the file is empty; a specification has the keys 'name' and "
				"'actions'");
	} else if (root->kind != YAML_MAP) {
		diagnostics_add(reader->diagnostics, root->position,
				"a specification is a mapping with the keys 'name' and 'actions'");
	} else if (ick_key(root)) {
		diagnostics_add(reader->diagnostics, ick_key(root)->position,
				"Ick files are not read yet");
	} else {
		read_top(reader, root);
	}
}
