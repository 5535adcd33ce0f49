/* Patterns on names relative to a tree (engine/base/glob.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "engine/base/glob.h"
#include "engine/base/mem.h"

struct glob_case {
	const char *pattern, *name;
	bool is_directory, match;
};

static void check_all(const struct glob_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct glob_case *one = &cases[i];

		if (glob_match(one->pattern, one->name, one->is_directory) != one->match)
			fail_msg("\"%s\" on \"%s\" is not %d", one->pattern, one->name, one->match);
	}
}

/* Stars, question marks and plain characters within one component. */
static void test_characters(void **state)
{
	static const struct glob_case cases[] = {
		{"a", "a", false, true},	   {"a", "b", false, false},
		{"a", "ab", false, false},	   {"*", "a", false, true},
		{"*.o", "main.o", false, true},	   {"*.o", "main.c", false, false},
		{"*.o", ".o", false, true},	   {"a*b*c", "aXbYbZc", false, true},
		{"a*b*c", "aXbYbZ", false, false}, {"a**b", "aXb", false, true},
		{"?", "a", false, true},	   {"?", "ab", false, false},
		{"?", "\xc3\xa9", false, true},	   {"??", "\xc3\xa9", false, false},
		{"?", "\xff", false, true},	   {"*\xff", "a\xff", false, true},
		{"\\*", "*", false, true},	   {"\\*", "a", false, false},
		{"a\\", "a\\", false, true},	   {"", "a", false, false},
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* Bracket sets, with ranges, negation and the odd places of "]" and "-". */
static void test_sets(void **state)
{
	static const struct glob_case cases[] = {
		{"[abc]", "b", false, true},
		{"[abc]", "d", false, false},
		{"[a-c]x", "bx", false, true},
		{"[a-c]", "d", false, false},
		{"[!a-c]", "d", false, true},
		{"[^a-c]", "b", false, false},
		{"[]]", "]", false, true},
		{"[!]]", "a", false, true},
		{"[a-]", "-", false, true},
		{"[\\]]", "]", false, true},
		{"[\xc3\xa0-\xc3\xaf]", "\xc3\xa9", false, true},
		{"[a", "[a", false, true},
		{"[a", "a", false, false},
		{"*[0-9].log", "run7.log", false, true},
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* Slashes anchor a pattern; "**" stands for directories; a final slash asks for one. */
static void test_directories(void **state)
{
	static const struct glob_case cases[] = {
		{"*.o", "src/deep/main.o", false, true},
		{"src", "lib/src", true, true},
		{"/src", "src", true, true},
		{"/src", "lib/src", true, false},
		{"src/*.c", "src/a.c", false, true},
		{"src/*.c", "src/sub/a.c", false, false},
		{"src/*.c", "lib/src/a.c", false, false},
		{"build/", "build", true, true},
		{"build/", "build", false, false},
		{"build/", "a/build", true, true},
		{"/a/b/", "a/b", true, true},
		{"src/**", "src/a/b", false, true},
		{"src/**", "src", true, false},
		{"**/a.c", "a.c", false, true},
		{"**/a.c", "x/y/a.c", false, true},
		{"a/**/z", "a/z", false, true},
		{"a/**/z", "a/b/c/z", false, true},
		{"a/**/z", "a/b/c/y", false, false},
		{"**/b/**/c", "a/b/x/b/c", false, true},
		{"a/?", "a/b/c", false, false},
		{"a*c/d", "a/c/d", false, false},
		{"a/b", "a", true, false},
		{"a", "a/b", false, false},
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* Many stars on a name that fails at its end: exponential ways must not be tried. */
static void test_no_explosion(void **state)
{
	char pattern[402], name[2001], deep[2001], globstars[401];

	(void)state;
	for (size_t i = 0; i < 200; i++)
		memcpy(pattern + 2 * i, "*a", 2);
	memcpy(pattern + 400, "b", 2);
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_false(glob_match(pattern, name, false));
	for (size_t i = 0; i < 80; i++)
		memcpy(globstars + 5 * i, "**/a/", 5);
	globstars[399] = '\0';
	for (size_t i = 0; i < 1000; i++)
		memcpy(deep + 2 * i, "a/", 2);
	deep[1999] = 'b';
	deep[2000] = '\0';
	assert_false(glob_match(globstars, deep, false));
}

/* A list matches when one of its patterns does; none and NULL never do. */
static void test_lists(void **state)
{
	AUTO_STRV struct strv patterns = {0};

	(void)state;
	assert_false(glob_match_any(NULL, "a", false));
	assert_false(glob_match_any(&patterns, "a", false));
	strv_add_all(&patterns, "*.c", "doc/", NULL);
	assert_true(glob_match_any(&patterns, "x/a.c", false));
	assert_true(glob_match_any(&patterns, "doc", true));
	assert_false(glob_match_any(&patterns, "doc", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters),  cmocka_unit_test(test_sets),
		cmocka_unit_test(test_directories), cmocka_unit_test(test_no_explosion),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
