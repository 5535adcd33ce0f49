/* The JSON schema: every key of the tables is in it, with what is said about it. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "tests/unit/spec_fixture.h"

/* The schema as JSON. */
static json_t *schema(void)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	json_error_t error;
	json_t *json;

	spec_write_json_schema(fixture_schemas, out);
	fclose(out);
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(json);
	free(text);
	return json;
}

static json_t *get(json_t *json, const char *first, const char *second)
{
	return json_object_get(json_object_get(json, first), second);
}

static bool contains(const json_t *list, const char *text)
{
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)list, i, item)
	{
		if (!strcmp(json_string_value(item), text))
			return true;
	}
	return false;
}

static void test_fields(void **state)
{
	json_t *json = schema();

	(void)state;
	for (size_t i = 0; fixture_schemas[i]; i++) {
		const struct action_schema *action = fixture_schemas[i];
		json_t *object = get(json, "$defs", action->name);
		size_t count = action->sandboxed ? 9 : 3; /* the common ones and "action" */

		assert_true(json_is_false(json_object_get(object, "additionalProperties")));
		assert_string_equal(json_string_value(json_object_get(object, "description")),
				    action->help);
		for (const struct field *field = action->fields; field->name; field++, count++) {
			json_t *property = get(object, "properties", field->name);
			const char *help =
				json_string_value(json_object_get(property, "description"));

			assert_non_null(help);
			assert_string_equal(help, field->help);
			assert_int_equal(!!json_object_get(property, "default"), !!field->fallback);
			assert_int_equal(contains(json_object_get(object, "required"), field->name),
					 !!(field->flags & FIELD_REQUIRED));
		}
		assert_int_equal(json_object_size(json_object_get(object, "properties")), count);
		assert_non_null(get(object, "properties", "note"));
		assert_int_equal(!!get(object, "properties", "user"), action->sandboxed);
	}
	json_decref(json);
}

static void test_top(void **state)
{
	static const char *const keys[] = {"name",    "description", "parameters", "environment",
					   "secrets", "limits",	     "actions"};
	json_t *json = schema();
	json_t *required = json_object_get(json, "required");
	json_t *names =
		get(json_object_get(get(json, "$defs", "action"), "properties"), "action", "enum");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(json, "$schema")),
			    "https://json-schema.org/draft/2020-12/schema");
	assert_true(json_is_false(json_object_get(json, "additionalProperties")));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		assert_non_null(get(json, "properties", keys[i]));
	assert_int_equal(json_object_size(json_object_get(json, "properties")), ARRAY_SIZE(keys));
	assert_int_equal(json_array_size(required), 2);
	assert_true(contains(required, "name") && contains(required, "actions"));
	assert_int_equal(json_array_size(names), 9);
	json_decref(json);
}

static void test_alternatives(void **state)
{
	json_t *json = schema();

	(void)state;
	assert_int_equal(
		json_array_size(json_object_get(get(json, "$defs", "unpack-artifact"), "oneOf")),
		2);
	assert_int_equal(json_array_size(json_object_get(get(json, "$defs", "apt"), "anyOf")), 4);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_alternatives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
