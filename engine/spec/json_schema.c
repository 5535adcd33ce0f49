/* The JSON schema of specifications, made from the tables of fields. */
#include <jansson.h>

#include "engine/base/mem.h"
#include "engine/spec/spec_internal.h"

#define VARIABLE_PATTERN "^[A-Za-z_][A-Za-z0-9_]*$"
#define PARAMETER_PATTERN "^(?!(PATH|HOME)$|LD_)[A-Za-z_][A-Za-z0-9_]*$"
#define SPEC_NAME_PATTERN "^[A-Za-z0-9_][A-Za-z0-9._-]*$"

/* A value, or a text with a parameter, which is known only later. Takes over schema. */
static json_t *or_parameter(json_t *schema)
{
	return json_pack("{s:[o,{s:s,s:s}]}", "anyOf", schema, "type", "string", "pattern",
			 "\\$\\{");
}

/* A text, for which YAML may see a number or a truth value. */
static json_t *text_schema(bool may_be_empty)
{
	json_t *schema = json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");

	if (!may_be_empty)
		json_object_set_new(schema, "minLength", json_integer(1));
	return schema;
}

/* A text that has a pattern when it is a string. */
static json_t *pattern_schema(const char *pattern)
{
	json_t *schema = text_schema(false);

	if (!pattern)
		return schema;
	json_object_set_new(schema, "pattern", json_string(pattern));
	return or_parameter(schema);
}

static json_t *choice_schema(const struct field *field)
{
	AUTO_STRV struct strv choices = {0};
	json_t *names = json_array();

	field_choices(field, &choices);
	for (size_t i = 0; i < choices.len; i++)
		json_array_append_new(names, json_string(choices.items[i]));
	return or_parameter(json_pack("{s:o}", "enum", names));
}

static json_t *address_schema(const struct field *field)
{
	AUTO_FREE char *pattern = mem_printf("^(%s)://.", field->choices);

	return pattern_schema(pattern);
}

static json_t *bool_schema(void)
{
	return or_parameter(json_pack("{s:s}", "type", "boolean"));
}

static json_t *count_schema(void)
{
	return or_parameter(json_pack("{s:s,s:i,s:i}", "type", "integer", "minimum", 0, "maximum",
				      FIELD_COUNT_MAX));
}

static json_t *list_schema(const struct field *field)
{
	const struct field_rule *rule = &field_rules[field->type];
	const char *pattern = field->flags & FIELD_ANY ? NULL : rule->pattern;
	json_t *items = rule->may_be_empty ? text_schema(true) : pattern_schema(pattern);
	json_t *schema = json_pack("{s:s,s:o}", "type", "array", "items", items);

	if (field->type == FIELD_ARGV)
		json_object_set_new(schema, "minItems", json_integer(1));
	return schema;
}

/* A mapping whose keys have a pattern and whose values have a schema, taken over. */
static json_t *map_schema(const char *pattern, json_t *values)
{
	return json_pack("{s:s,s:{s:s},s:o}", "type", "object", "propertyNames", "pattern", pattern,
			 "additionalProperties", values);
}

static json_t *limits_schema(void)
{
	json_t *properties = json_object();

	for (const struct limit_rule *rule = limit_rules; rule->name; rule++) {
		json_t *schema = pattern_schema(rule->pattern);

		json_object_set_new(schema, "description", json_string(rule->wanted));
		json_object_set_new(properties, rule->name, schema);
	}
	return json_pack("{s:s,s:b,s:o}", "type", "object", "additionalProperties", 0, "properties",
			 properties);
}

static json_t *parameters_schema(void)
{
	return map_schema(PARAMETER_PATTERN, json_pack("{s:[s,s,s,s]}", "type", "string", "number",
						       "boolean", "null"));
}

static json_t *object_schema(const struct field *const lists[], size_t n_lists, const char *action);

/* A step's secret: its id, or a mapping. */
static json_t *secret_schema(void)
{
	const struct field *const lists[] = {spec_secret_fields};

	return json_pack("{s:[o,o]}", "anyOf", pattern_schema(field_rules[FIELD_SECRETS].pattern),
			 object_schema(lists, 1, NULL));
}

static json_t *secrets_schema(const struct field *field)
{
	json_t *items = field->type == FIELD_IDS ? pattern_schema(field_rules[FIELD_IDS].pattern)
						 : secret_schema();

	return json_pack("{s:s,s:i,s:o}", "type", "array", "maxItems", SPEC_SECRETS_MAX, "items",
			 items);
}

/* What the value of a field may be. */
static json_t *value_schema(const struct field *field)
{
	const char *pattern = field->flags & FIELD_ANY ? NULL : field_rules[field->type].pattern;

	switch (field->type) {
	case FIELD_BOOL:
		return bool_schema();
	case FIELD_COUNT:
		return count_schema();
	case FIELD_CHOICE:
		return choice_schema(field);
	case FIELD_ADDRESS:
		return address_schema(field);
	case FIELD_ENVIRONMENT:
		return map_schema(VARIABLE_PATTERN, text_schema(true));
	case FIELD_LIMITS:
		return limits_schema();
	case FIELD_IDS:
	case FIELD_SECRETS:
		return secrets_schema(field);
	case FIELD_LATER:
		return json_pack("{s:{}}", "not");
	case FIELD_PARAMETERS:
		return parameters_schema();
	case FIELD_ACTIONS:
		return json_pack("{s:s,s:i,s:{s:s}}", "type", "array", "minItems", 1, "items",
				 "$ref", "#/$defs/action");
	default:
		return field_rules[field->type].shape == YAML_LIST ? list_schema(field)
								   : pattern_schema(pattern);
	}
}

/* Adds a field's schema to the properties, and its name to those required if it is. */
static void add_field(json_t *properties, json_t *required, const struct field *field)
{
	json_t *schema = value_schema(field);

	if (field->help)
		json_object_set_new(schema, "description", json_string(field->help));
	if (field->fallback) {
		json_t *value = json_loads(field->fallback, JSON_DECODE_ANY, NULL);

		json_object_set_new(schema, "default",
				    value ? value : json_string(field->fallback));
	}
	json_object_set_new(properties, field->name, schema);
	if (field->flags & FIELD_REQUIRED)
		json_array_append_new(required, json_string(field->name));
}

/* A schema that wants this key to be there. */
static json_t *requires(const char *name)
{
	return json_pack("{s:[s]}", "required", name);
}

/* Adds that exactly one of a pair, or one of a group of fields, is given. */
static void add_alternatives(json_t *schema, const struct field *fields)
{
	json_t *group = json_array();

	for (const struct field *field = fields; field->name; field++) {
		if (field->flags & FIELD_EXCLUDES_NEXT)
			json_object_set_new(
				schema, "oneOf",
				json_pack("[o,o]", requires(field->name), requires(field[1].name)));
		if (field->flags & FIELD_ONE_OF_GROUP)
			json_array_append_new(group, requires(field->name));
	}
	if (json_array_size(group))
		json_object_set(schema, "anyOf", group);
	json_decref(group);
}

/* An object with all of these fields and no other key. */
static json_t *object_schema(const struct field *const lists[], size_t n_lists, const char *action)
{
	json_t *properties = json_object(), *required = json_array();

	if (action) {
		json_object_set_new(properties, "action", json_pack("{s:s}", "const", action));
		json_array_append_new(required, json_string("action"));
	}
	for (size_t i = 0; i < n_lists; i++) {
		for (const struct field *field = lists[i]; field && field->name; field++)
			add_field(properties, required, field);
	}
	return json_pack("{s:s,s:o,s:o,s:b}", "type", "object", "properties", properties,
			 "required", required, "additionalProperties", 0);
}

static json_t *action_schema(const struct action_schema *action)
{
	const struct field *const lists[] = {
		action->fields,
		spec_action_fields,
		action->sandboxed ? spec_sandbox_fields : NULL,
	};
	json_t *schema = object_schema(lists, ARRAY_SIZE(lists), action->name);

	add_alternatives(schema, action->fields);
	if (action->help)
		json_object_set_new(schema, "description", json_string(action->help));
	return schema;
}

/* Any action: its name decides which schema it has. So an editor can say what is wrong. */
static json_t *actions_schema(const struct action_schema *const *schemas, json_t *definitions)
{
	json_t *names = json_array(), *cases = json_array();

	for (; *schemas; schemas++) {
		const char *name = (*schemas)->name;
		AUTO_FREE char *reference = mem_printf("#/$defs/%s", name);

		json_array_append_new(names, json_string(name));
		json_object_set_new(definitions, name, action_schema(*schemas));
		json_array_append_new(cases,
				      json_pack("{s:{s:{s:{s:s}},s:[s]},s:{s:s}}", "if",
						"properties", "action", "const", name, "required",
						"action", "then", "$ref", reference));
	}
	return json_pack("{s:s,s:[s],s:{s:{s:o}},s:o}", "type", "object", "required", "action",
			 "properties", "action", "enum", names, "allOf", cases);
}

void spec_write_json_schema(const struct action_schema *const *schemas, FILE *out)
{
	const struct field *const lists[] = {spec_top_fields};
	json_t *schema =
		json_pack("{s:s,s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
			  "title", "Build specification");
	json_t *top = object_schema(lists, 1, NULL), *definitions = json_object();
	json_t *name = json_object_get(json_object_get(top, "properties"), "name");

	/* A spec's name is narrower than other names. */
	json_object_set_new(name, "anyOf",
			    json_pack("[{s:[s,s],s:s},{s:s,s:s}]", "type", "string", "number",
				      "pattern", SPEC_NAME_PATTERN, "type", "string", "pattern",
				      "\\$\\{"));
	json_object_update(schema, top);
	json_object_set_new(definitions, "action", actions_schema(schemas, definitions));
	json_object_set_new(schema, "$defs", definitions);
	json_dumpf(schema, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(top);
	json_decref(schema);
}
