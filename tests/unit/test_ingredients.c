/* Ingredients of a key: no two different lists give the same key, and people can read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/actions/ingredients.h"
#include "engine/base/mem.h"

/* The key of one ingredient. */
static void key_of(const char *name, const char *value, char ret_key[SHA256_HEX_SIZE])
{
	struct ingredients list = {0};

	ingredients_add(&list, name, value);
	ingredients_key(&list, ret_key);
	ingredients_release(&list);
}

/* The SHA-256 of the fields, each behind its length in eight bytes; "=" marks a value. */
static void test_key(void **state)
{
	static const char bytes[] = "\0\0\0\0\0\0\0\1a\0\0\0\0\0\0\0\2=b";
	char key[SHA256_HEX_SIZE], expected[SHA256_HEX_SIZE];
	struct sha256 *sha = sha256_new();

	(void)state;
	sha256_add(sha, bytes, sizeof bytes - 1);
	sha256_finish(sha, expected);
	key_of("a", "b", key);
	assert_string_equal(key, expected);
}

static void test_different_keys(void **state)
{
	static const char *const pairs[][2] = {
		{"a", NULL}, {"a", ""}, {"a", "b"}, {"a", "="}, {"a", "=b"}, {"ab", ""}, {"b", "a"},
	};
	char keys[ARRAY_SIZE(pairs)][SHA256_HEX_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		key_of(pairs[i][0], pairs[i][1], keys[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
	}
}

/* The key of one list, given as words with "|" between. */
static void list_key(const char *words, char ret_key[SHA256_HEX_SIZE])
{
	AUTO_STRV struct strv values = {0};
	AUTO_FREE char *copy = mem_strdup(words);
	char *rest = copy, *word;
	struct ingredients list = {0};

	while (*words && (word = strsep(&rest, "|")))
		strv_add(&values, word);
	ingredients_add_list(&list, "list", &values);
	ingredients_key(&list, ret_key);
	ingredients_release(&list);
}

/* Lists that read the same are told apart, also behind the part that is shown. */
static void test_lists(void **state)
{
	AUTO_FREE char *same_start = mem_printf("%0300d|a", 0);
	AUTO_FREE char *other_end = mem_printf("%0300d|b", 0);
	const char *const words[] = {"", "a b", "a|b", "a||b", "a", "b|a", same_start, other_end};
	char keys[ARRAY_SIZE(words)][SHA256_HEX_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		list_key(words[i], keys[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
	}
}

/* The order in which they are added counts. */
static void test_order(void **state)
{
	struct ingredients list = {0}, turned = {0};
	char key[SHA256_HEX_SIZE], other[SHA256_HEX_SIZE];

	(void)state;
	ingredients_add(&list, "a", "1");
	ingredients_add(&list, "b", "2");
	ingredients_add(&turned, "b", "2");
	ingredients_add(&turned, "a", "1");
	ingredients_key(&list, key);
	ingredients_key(&turned, other);
	assert_string_not_equal(key, other);
	ingredients_release(&list);
	ingredients_release(&turned);
}

/* Short text is shown as it is; what is long or no text by its digest; nothing as null. */
static void test_json(void **state)
{
	static const char *const hidden[] = {"long", "bytes"};
	struct ingredients list = {0};
	AUTO_FREE char *json = NULL;
	AUTO_FREE char *text = mem_printf("%01000d", 0);
	AUTO_STRV struct strv values = {0};
	json_t *object;

	(void)state;
	strv_add_all(&values, "x", "y", NULL);
	ingredients_add(&list, "plain", "say \"hi\"\n\xc3\xa4");
	ingredients_add(&list, "empty", "");
	ingredients_add(&list, "absent", NULL);
	ingredients_add(&list, "long", text);
	ingredients_add(&list, "bytes", "\xff\xfe");
	ingredients_add_list(&list, "list", &values);
	ingredients_add_epoch(&list, INT64_C(12345678901));
	json = ingredients_json(&list);
	object = json_loads(json, 0, NULL);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "plain")),
			    "say \"hi\"\n\xc3\xa4");
	assert_string_equal(json_string_value(json_object_get(object, "empty")), "");
	assert_true(json_is_null(json_object_get(object, "absent")));
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		const char *shown = json_string_value(json_object_get(object, hidden[i]));

		assert_int_equal(strncmp(shown, "sha256:", 7), 0);
		assert_true(sha256_is_hex(shown + 7));
	}
	assert_int_equal(strncmp(json_string_value(json_object_get(object, "list")), "x y (2: ", 8),
			 0);
	assert_string_equal(json_string_value(json_object_get(object, "SOURCE_DATE_EPOCH")),
			    "12345678901");
	json_decref(object);
	ingredients_release(&list);
}

/* Long values that differ somewhere are shown differently. */
static void test_long_values(void **state)
{
	AUTO_FREE char *one = mem_printf("%01000d", 1), *two = mem_printf("%01000d", 2);
	struct ingredients first = {0}, second = {0};
	AUTO_FREE char *first_json = NULL, *second_json = NULL;

	(void)state;
	ingredients_add(&first, "a", one);
	ingredients_add(&second, "a", two);
	first_json = ingredients_json(&first);
	second_json = ingredients_json(&second);
	assert_string_not_equal(first_json, second_json);
	ingredients_release(&first);
	ingredients_release(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key),   cmocka_unit_test(test_different_keys),
		cmocka_unit_test(test_lists), cmocka_unit_test(test_order),
		cmocka_unit_test(test_json),  cmocka_unit_test(test_long_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
