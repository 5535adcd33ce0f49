/* States and their chains (engine/store/chain.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "engine/store/chain.h"

static void test_names(void **unused)
{
	(void)unused;
	assert_string_equal(tree_name(TREE_SYSTREE), "systree");
	assert_string_equal(tree_name(TREE_WORKSPACE), "workspace");
}

/* The first state: nothing in it, and keys that are no digest but have its form. */
static void test_first_state(void **unused)
{
	struct state state;

	(void)unused;
	memset(&state, 0xa5, sizeof state);
	state_init(&state);
	for (int tree = 0; tree < TREE_COUNT; tree++) {
		assert_int_equal(strlen(state.key[tree]), 64);
		assert_int_equal(strspn(state.key[tree], "0"), 64);
		assert_int_equal(state.chain[tree].len, 0);
	}
	assert_int_equal(state.artifacts.len, 0);
	state_release(&state);
}

/* A copy has everything, and is its own. */
static void test_copy(void **unused)
{
	struct state from, to;

	(void)unused;
	state_init(&from);
	state_init(&to);
	memset(from.key[TREE_WORKSPACE], 'a', 64);
	strv_add(&from.chain[TREE_SYSTREE], "1");
	strv_add(&from.chain[TREE_WORKSPACE], "2");
	strv_add(&from.chain[TREE_WORKSPACE], "3");
	strv_setenv(&from.artifacts, "tool", "digest");
	strv_add(&to.chain[TREE_SYSTREE], "old");
	state_copy(&to, &from);
	state_release(&from);
	assert_int_equal(to.key[TREE_WORKSPACE][0], 'a');
	assert_int_equal(to.key[TREE_SYSTREE][0], '0');
	assert_int_equal(to.chain[TREE_SYSTREE].len, 1);
	assert_string_equal(to.chain[TREE_SYSTREE].items[0], "1");
	assert_int_equal(to.chain[TREE_WORKSPACE].len, 2);
	assert_string_equal(to.chain[TREE_WORKSPACE].items[1], "3");
	assert_string_equal(strv_getenv(&to.artifacts, "tool"), "digest");
	state_copy(&to, &to);
	assert_int_equal(to.chain[TREE_WORKSPACE].len, 2);
	state_release(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_first_state),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
