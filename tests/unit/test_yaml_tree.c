/* yaml_tree.h and text_index.h: positions, limits, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "engine/spec/text_index.h"
#include "engine/spec/yaml_tree.h"

/* Reads text and checks its only diagnostic: "LINE:COLUMN: TEXT" or a beginning of it, or "". */
static void expect_bytes(const char *text, size_t length, const char *expected)
{
	struct diagnostics diagnostics = {0};
	struct yaml_tree *tree = yaml_tree_parse(text, length, &diagnostics, NULL);
	AUTO_FREE char *found = mem_strdup("");

	for (size_t i = 0; i < diagnostics.len; i++) {
		char *more =
			mem_printf("%s%zu:%zu: %s", found, diagnostics.items[i].position.line,
				   diagnostics.items[i].position.column, diagnostics.items[i].text);

		mem_cleanup_free(&found);
		found = more;
	}
	if (!*expected || strncmp(found, expected, strlen(expected)) != 0)
		assert_string_equal(found, expected);
	yaml_tree_free(tree);
	diagnostics_release(&diagnostics);
}

static void expect(const char *text, const char *expected)
{
	expect_bytes(text, strlen(text), expected);
}

static void test_what_is_refused(void **state)
{
	(void)state;
	expect("a: 1\nb: [x, {c: d}]\n", "");
	expect("a: 1\nb: 2\na: 3\n", "3:1: key 'a' is given twice, first in line 1");
	expect("a: !!str x\n", "1:4: tags ('tag:yaml.org,2002:str') are not read");
	expect("a: x\n---\nb: y\n", "2:1: a second document begins here");
	expect("? [a]\n: b\n", "1:3: a key must be a text");
	expect("x: &a k\n*a : y\n", "2:1: a key must be a text");
	expect("a: &b {c: d}\ne:\n  <<: *b\n", "3:3: merge keys");
	expect("a: *b\n", "1:4: alias '*b' refers to nothing");
	expect("a: &b [*b]\n", "1:8: alias '*b' stands inside of what it refers to");
	expect("a: \"x\\0y\"\n", "1:4: a text must not contain NUL characters");
	expect("a: [\n", "2:1: ");
	expect("a: b\n\tc: d\n", "2:1: ");
	expect("a:\n\t- b\n", "2:1: a tab cannot stand here: YAML is indented by blanks");
}

static void test_bad_bytes(void **state)
{
	static const char nul[] = "ab: c\nd: e\0f\n";

	(void)state;
	expect_bytes(nul, sizeof nul - 1, "2:5: a NUL character is not allowed");
	expect("a: \xc3\xa9\xff\n", "1:5: this is not valid UTF-8");
	expect("a: \xed\xa0\x80\n", "1:4: this is not valid UTF-8");
	expect("a: b\rc: d\n", "1:5: a carriage return must be followed by a newline");
	expect("\xff\xfe\x61\x00", "1:1: this is not valid UTF-8");
	expect("%TAG ! x\n---\na: b\n", "1:1: tag directives ('%TAG') are not read");
	expect("a: b\n...\n%TAG ! x\n", "3:1: tag directives ('%TAG') are not read");
	expect("%YAML 1.1\n---\na: b %TAG\nb: |\n  %TAG\n", "");
	expect("a: \x1b[31m\n", "1:4: control characters are not allowed");
}

/* Nested lists in the number of levels, as "[[...]]". */
static char *nested(size_t levels)
{
	char *text = mem_new(2 * levels + 1);

	memset(text, '[', levels);
	memset(text + levels, ']', levels);
	return text;
}

static void test_depth(void **state)
{
	AUTO_FREE char *fits = nested(SPEC_DEPTH_MAX);
	AUTO_FREE char *deep = nested(SPEC_DEPTH_MAX + 1);
	AUTO_FREE char *huge = nested(SPEC_SIZE_MAX / 2);
	AUTO_FREE char *half = nested(SPEC_DEPTH_MAX / 2);
	AUTO_FREE char *by_alias =
		mem_printf("- &a %s\n- - %s*a%s\n", half, "[[[[[[[[[[[[[[[", "]]]]]]]]]]]]]]]");
	AUTO_FREE char *alias_fits =
		mem_printf("- &a %s\n- %s*a%s\n", half, "[[[[[[[[[[[[[[[", "]]]]]]]]]]]]]]]");

	(void)state;
	expect(fits, "");
	expect(deep, "1:33: nested in more than 32 levels");
	expect(huge, "1:33: nested in more than 32 levels");
	expect(alias_fits, "");
	expect(by_alias, "2:20: nested in more than 32 levels");
}

/* A list of count values. */
static char *list_of(size_t count)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < count; i++)
		buf_add_str(&text, "- x\n");
	return buf_detach(&text);
}

static void test_number_of_values(void **state)
{
	AUTO_FREE char *fits = list_of(SPEC_NODES_MAX - 1);
	AUTO_FREE char *many = list_of(SPEC_NODES_MAX);
	struct buf bomb = BUF_INIT;

	(void)state;
	expect(fits, "");
	expect(many, "10000:3: more than 10000 values");
	buf_add_str(&bomb, "k0: &k0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 9; i++)
		buf_add_fmt(&bomb, "k%d: &k%d [*k%d, *k%d, *k%d, *k%d, *k%d, *k%d, *k%d]\n", i, i,
			    i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	expect(bomb.data, "5:15: more than 10000 values");
	buf_release(&bomb);
}

static void test_repeated_text(void **state)
{
	AUTO_FREE char *big = mem_new(600001);
	AUTO_FREE char *text = NULL;

	(void)state;
	memset(big, 'x', 600000);
	text = mem_printf("- &a %s\n- *a\n- *a\n", big);
	expect(text, "3:3: aliases repeat more than 1048576 bytes");
}

/* Checks place and end of the value of key b. */
static void expect_place(const char *text, size_t line, size_t column, const char *rest)
{
	struct diagnostics diagnostics = {0};
	struct yaml_tree *tree = yaml_tree_parse(text, strlen(text), &diagnostics, NULL);
	const struct yaml_value *value = yaml_map_get(yaml_root(tree), "b", NULL);

	assert_int_equal(diagnostics.len, 0);
	assert_non_null(value);
	assert_int_equal(value->position.line, line);
	assert_int_equal(value->position.column, column);
	assert_string_equal(text + value->end, rest);
	yaml_tree_free(tree);
}

static void test_places(void **state)
{
	(void)state;
	expect_place("a: x\nb: yy # c\nc: z\n", 2, 4, " # c\nc: z\n");
	expect_place("\xef\xbb\xbf"
		     "b: yy\n",
		     1, 4, "\n");
	expect_place("\xc3\xa9\xe2\x82\xac: \xf0\x9f\x98\x80\nb: \xc3\xa9 # \xc3\xa9\n", 2, 4,
		     " # \xc3\xa9\n");
	expect_place("a: x\r\nb: 'y\r\n  z'\r\nc: d\r\n", 2, 4, "\r\nc: d\r\n");
	expect_place("a: \"\xe2\x80\xa8\"\nb: y\n", 2, 4, "\n");
	expect_place("b:\n- x\n- y # c\n# d\nc: z\n", 2, 1, " # c\n# d\nc: z\n");
	expect_place("b: |\n  x\n\n\n# c\nc: z\n", 1, 4, "\n\n\n# c\nc: z\n");
	expect_place("b: |+\n  x\n\n# c\nc: z\n", 1, 4, "\n# c\nc: z\n");
	expect_place("b: {x: y,\n  z: [w]} # c\n", 1, 4, " # c\n");
	expect_place("b:\n  c: d\n  ? e\n# x\nf: g\n", 2, 3, "\n# x\nf: g\n");
}

/* Checks the byte ranges of the items of the key b. */
static void expect_items(const char *text, const char *const items[])
{
	struct diagnostics diagnostics = {0};
	size_t length = strlen(text), begin, end;
	struct yaml_tree *tree = yaml_tree_parse(text, length, &diagnostics, NULL);
	const struct yaml_value *list = yaml_map_get(yaml_root(tree), "b", NULL);

	assert_int_equal(diagnostics.len, 0);
	for (size_t i = 0; i < list->n_items; i++) {
		AUTO_FREE char *item = NULL;

		yaml_item_range(tree, list, i, &begin, &end);
		item = mem_strndup(text + begin, end - begin);
		assert_non_null(items[i]);
		assert_string_equal(item, items[i]);
	}
	assert_null(items[list->n_items]);
	yaml_tree_free(tree);
}

static void test_item_ranges(void **state)
{
	(void)state;
	expect_items("b:\n  - x: 1\n    y: 2 # c\n\n  # - d\n  - z\nc: d\n",
		     (const char *[]){"- x: 1\n    y: 2 # c\n", "- z\n", NULL});
	expect_items("b:\n- x\n-\n  y: 1\n- # - c\n  z: 1",
		     (const char *[]){"- x\n", "-\n  y: 1\n", "- # - c\n  z: 1", NULL});
}

static void test_item_ranges_with_anchors(void **state)
{
	(void)state;
	expect_items("a: &a x\nb: [y, {z: 1}, *a, ]\n",
		     (const char *[]){"y", "{z: 1}", "*a", NULL});
	expect_items(
		"b: &l\n  - &a\n    x: 1\n  - *a\n  - |+\n    t\n\n\n  - u\n",
		(const char *[]){"- &a\n    x: 1\n", "- *a\n", "- |+\n    t\n\n\n", "- u\n", NULL});
	expect_items("\xef\xbb\xbf"
		     "b:\r\n- \xc3\xa9\r\n- x\r\n",
		     (const char *[]){"- \xc3\xa9\r\n", "- x\r\n", NULL});
}

static void test_nulls(void **state)
{
	static const char text[] = "[~, null, NULL, '', 'null', nil]";
	static const bool expected[] = {true, true, true, false, false, false};
	struct diagnostics diagnostics = {0};
	struct yaml_tree *tree = yaml_tree_parse(text, sizeof text - 1, &diagnostics, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_int_equal(yaml_is_null(yaml_root(tree)->items[i]), expected[i]);
	yaml_tree_free(tree);
}

static void test_index(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
				   "a\xc3\xa9"
				   "b\r\n\xe2\x82\xac"
				   "c";
	struct text_index index;
	struct position place;

	(void)state;
	text_index_init(&index, text, sizeof text - 1);
	assert_int_equal(text_index_offset(&index, 0), 3);
	assert_int_equal(text_index_offset(&index, 2), 6);
	assert_int_equal(text_index_offset(&index, 99), sizeof text - 1);
	place = text_index_position(&index, 12);
	assert_int_equal(place.line, 2);
	assert_int_equal(place.column, 2);
	place = text_index_position(&index, 5);
	assert_int_equal(place.column, 2);
	assert_int_equal(place.offset, 4);
	text_index_release(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_bad_bytes),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_number_of_values),
		cmocka_unit_test(test_repeated_text),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_item_ranges),
		cmocka_unit_test(test_item_ranges_with_anchors),
		cmocka_unit_test(test_nulls),
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
