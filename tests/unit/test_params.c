/* params.h: replacement, names, and the places of errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "engine/spec/params.h"

static const struct parameter known[] = {
	{.name = (char *)"suite", .value = (char *)"bookworm"},
	{.name = (char *)"tricky", .value = (char *)"${suite}"},
	{.name = (char *)"empty", .value = (char *)""},
	{.name = (char *)"missing", .value = NULL},
};

/* Replaces in the value of "v" of a YAML text. Checks the result (NULL: none) and the
 * diagnostics, "LINE:COLUMN TEXT;" each (a beginning is enough for TEXT). */
static void expect(const char *yaml, const char *result, size_t line, size_t column,
		   const char *message)
{
	struct params params = {.items = known, .len = ARRAY_SIZE(known)};
	struct diagnostics diagnostics = {0};
	struct yaml_tree *tree = yaml_tree_parse(yaml, strlen(yaml), &diagnostics, NULL);
	const struct yaml_value *value = yaml_map_get(yaml_root(tree), "v", NULL);
	AUTO_FREE char *replaced = params_replace(&params, tree, value, &diagnostics);

	if (result)
		assert_string_equal(replaced, result);
	else
		assert_null(replaced);
	assert_int_equal(diagnostics.len, message ? 1 : 0);
	if (message) {
		assert_memory_equal(diagnostics.items[0].text, message, strlen(message));
		assert_int_equal(diagnostics.items[0].position.line, line);
		assert_int_equal(diagnostics.items[0].position.column, column);
	}
	yaml_tree_free(tree);
	diagnostics_release(&diagnostics);
}

static void test_replacement(void **state)
{
	(void)state;
	expect("v: plain", "plain", 0, 0, NULL);
	expect("v: a-${suite}-${suite}", "a-bookworm-bookworm", 0, 0, NULL);
	expect("v: $${suite} $$ $ $(x) 5$", "${suite} $$ $ $(x) 5$", 0, 0, NULL);
	expect("v: $$${suite}", "$${suite}", 0, 0, NULL);
	expect("v: ${tricky}", "${suite}", 0, 0, NULL);
	expect("v: a${empty}b", "ab", 0, 0, NULL);
	expect("v: ${missing}", NULL, 0, 0, NULL);
}

static void test_errors_are_at_their_place(void **state)
{
	static const char form[] = "'${' must be followed by";

	(void)state;
	expect("v: a ${suite} ${siute}", NULL, 1, 15,
	       "unknown parameter 'siute' (did you mean 'suite'?)");
	expect("v: ${x}", NULL, 1, 4,
	       "unknown parameter 'x'; known: suite, tricky, empty, missing");
	expect("x: ${b}\nv: |\n  $${a}\n  \xc3\xa9 ${a}\n", NULL, 4, 5, "unknown parameter 'a'");
	expect("v: \"\\x24{a} \xe2\x82\xac\"", NULL, 1, 4, "unknown parameter 'a'");
	expect("v: '${suite'", NULL, 1, 5, form);
	expect("v: ${a-b}", NULL, 1, 4, form);
	expect("v: ${}", NULL, 1, 4, form);
	expect("v: ${1a}", NULL, 1, 4, form);
}

static void test_growth_is_limited(void **state)
{
	AUTO_FREE char *big = mem_new(600001);
	struct parameter one = {.name = (char *)"p", .value = big};
	struct params params = {.items = &one, .len = 1};
	struct diagnostics diagnostics = {0};
	static const char yaml[] = "v: ${p}${p}";
	struct yaml_tree *tree = yaml_tree_parse(yaml, sizeof yaml - 1, &diagnostics, NULL);
	const struct yaml_value *value = yaml_map_get(yaml_root(tree), "v", NULL);

	(void)state;
	memset(big, 'x', 600000);
	assert_null(params_replace(&params, tree, value, &diagnostics));
	assert_int_equal(diagnostics.len, 1);
	assert_int_equal(diagnostics.items[0].position.column, 8);
	yaml_tree_free(tree);
	diagnostics_release(&diagnostics);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(params_name_is_valid("_a1"));
	assert_true(params_name_is_valid("A"));
	assert_false(params_name_is_valid(""));
	assert_false(params_name_is_valid("1a"));
	assert_false(params_name_is_valid("a-b"));
	assert_false(params_name_is_valid("\xc3\xa9"));
	assert_true(params_name_is_reserved("PATH"));
	assert_true(params_name_is_reserved("HOME"));
	assert_true(params_name_is_reserved("LD_PRELOAD"));
	assert_false(params_name_is_reserved("PATHS"));
	assert_false(params_name_is_reserved("LD"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replacement),
		cmocka_unit_test(test_errors_are_at_their_place),
		cmocka_unit_test(test_growth_is_limited),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
