/* The lines that say what went wrong in a build (ui/problems.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "engine/base/buf.h"
#include "ui/problems.h"

static int set_up(void **state)
{
	*state = problems_new();
	return 0;
}

static int tear_down(void **state)
{
	problems_free(*state);
	return 0;
}

/* Each row knows its line, and leaves the one alone that only looks like it. */
static void test_examples(void **state)
{
	struct problem_examples examples;
	size_t row = 0;

	for (; problems_examples(row, &examples); row++) {
		struct log_match match;

		if (!problems_find(*state, examples.line, strlen(examples.line), &match))
			fail_msg("%s: not found: %s", examples.name, examples.line);
		if (problems_find(*state, examples.no_line, strlen(examples.no_line), &match))
			fail_msg("%s: is none: %s", examples.name, examples.no_line);
	}
	assert_true(row >= 20);
}

/* Lines of other tools and spellings, that one may meet. */
static void test_more_lines(void **state)
{
	static const char *const lines[] = {
		"main.c:3: fatal error: stdio.h: No such file or directory",
		"/w/a b.c:1:1: internal compiler error: Segmentation fault",
		"clang-14: error: linker command failed with exit code 1",
		"collect2: error: ld returned 1 exit status",
		"make: *** No rule to make target 'all'.  Stop.",
		"/usr/bin/make[1]: *** [all] Error 1",
		"gmake: *** [x] Error 1",
		"CMake Error: The source directory does not exist.",
		"bash: line 1: frobnicate: command not found",
		"sh: 1: frobnicate: not found",
		"  Traceback (most recent call last):",
		"error: could not compile `x` (bin \"x\") due to 1 previous error",
		"not ok",
		"    --- FAIL: TestSum/negative (0.00s)",
		"dpkg: unrecoverable fatal error, aborting:",
		"dpkg-deb: error: not a Debian format archive",
		"E: Sub-process /usr/bin/dpkg returned an error code (1)",
	};
	static const char *const others[] = {
		"",
		"all: ok",
		"checking for gcc... not found",
		"-- Looking for error.h - not found",
		"gcc -Werror -c error.c -o error.o",
		"0 errors, 0 warnings",
		"not ok 2 # skip no network",
		"ok 1 - not ok is said",
		"100% tests passed, 0 tests failed out of 3",
	};
	struct log_match match;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		if (!problems_find(*state, lines[i], strlen(lines[i]), &match))
			fail_msg("not found: %s", lines[i]);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (problems_find(*state, others[i], strlen(others[i]), &match))
			fail_msg("is none: %s", others[i]);
	}
}

/* The first of several is found, whichever row it is of. */
static void test_first(void **state)
{
	static const char lines[] = "cc -c error.c\n"
				    "FAILED: error.o\n"
				    "error.c:1:1: error: no\n"
				    "make: *** [all] Error 1\n";
	struct log_match match;

	assert_true(problems_find(*state, lines, strlen(lines), &match));
	assert_int_equal(match.start, 14);
	assert_int_equal(match.end, 14 + strlen("FAILED: "));
	assert_true(problems_find(*state, lines + 16, strlen(lines) - 16, &match));
	assert_int_equal(match.start, 30 - 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_more_lines),
		cmocka_unit_test(test_first),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
