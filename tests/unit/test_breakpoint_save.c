/* breakpoint.h: storing breakpoints, and reading what was stored or is something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "tests/unit/breakpoint_set_fixture.h"

/* All that is in a set comes back. */
static void test_write_and_read(void **state)
{
	struct fixture *fixture = *state;
	struct breakpoints *set = &fixture->set, read = {0};
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_BUF struct buf info = BUF_INIT;
	AUTO_BUF struct buf again = BUF_INIT;
	AUTO_STRV struct strv words = {0};
	struct err err = {0};

	breakpoint_added(set, fixture->spec, "4 if output ~ /100% \xff/ log -");
	breakpoint_added(set, fixture->spec, ":12");
	breakpoint_added(set, fixture->spec, "1");
	assert_int_equal(breakpoints_add(set, fixture->spec, "make test log a\tb", true, &err), 4);
	breakpoint_added(set, fixture->spec, "shell");
	breakpoint_added(set, fixture->spec, "fail if hits > 2");
	set->items[4].hits = 12;
	strv_add(&words, "3");
	assert_int_equal(breakpoints_change(set, BREAKPOINT_DELETE, &words, &err), 0);
	assert_int_equal(breakpoints_change(set, BREAKPOINT_DISABLE,
					    &(struct strv){(char *[]){"2", NULL}, 1, 0}, &err),
			 0);
	breakpoints_write(set, &text);
	assert_string_equal(text.data,
			    "contractor-breakpoints 1 6\n"
			    "1 kept enabled 0 step 4 0 make output%20~%20/100%25%20%ff/ %2d\n"
			    "2 kept disabled 0 line 5 12 make%20test - -\n"
			    "4 temporary enabled 0 name 5 0 make%20test - a%09b\n"
			    "5 kept enabled 12 kind 0 0 shell - -\n"
			    "6 kept enabled 0 fail 0 0 - hits%20>%202 -\n");
	assert_int_equal(breakpoints_read(&read, fixture->spec, text.data, text.len, &err), 0);
	breakpoints_describe(set, fixture->spec, &info);
	expect_info(&read, fixture->spec, info.data);
	breakpoints_write(&read, &again);
	assert_string_equal(again.data, text.data);
	assert_int_equal(breakpoint_added(&read, fixture->spec, "4")->number, 7);
	breakpoints_release(&read);
}

/* The file changed since the set was written. */
static void test_read_resolves(void **state)
{
	static const char text[] = "contractor-breakpoints 1 9\n"
				   "3 kept enabled 0 step 9 0 make - -\n"
				   "9 kept enabled 0 name 1 0 gone - -\n";
	struct fixture *fixture = *state;
	struct err err = {0};

	breakpoint_added(&fixture->set, fixture->spec, "1");
	assert_int_equal(
		breakpoints_read(&fixture->set, fixture->spec, text, sizeof text - 1, &err), 0);
	expect_info(&fixture->set, fixture->spec,
		    "3   kept       enabled   4: step 4 'make'; 0 hits\n"
		    "9   kept       enabled   gone: not in the file now; 0 hits\n");
}

#define FIRST "contractor-breakpoints 1 5\n"

static void test_read_damaged(void **state)
{
	static const struct {
		const char *text;
		int line;
	} cases[] = {
		{"", 1},
		{"\n", 1},
		{"contractor-breakpoints 1 5", 1},
		{"contractor-breakpoints 2 5\n", 1},
		{"contractor-breakpoints 1 x\n", 1},
		{"contractor-breakpoints 1 1000001\n", 1},
		{"contractor-breakpoints 1 5 6\n", 1},
		{"breakpoints 1 5\n", 1},
		{FIRST "\n", 2},
		{FIRST "1 kept enabled 0 step 1 0 a - -", 2},
		{FIRST "1 kept enabled 0 step 1 0 a -\n", 2},
		{FIRST "1 kept enabled 0 step 1 0 a - - -\n", 2},
		{FIRST "0 kept enabled 0 step 1 0 a - -\n", 2},
		{FIRST "6 kept enabled 0 step 1 0 a - -\n", 2},
		{FIRST "-1 kept enabled 0 step 1 0 a - -\n", 2},
		{FIRST "1 keep enabled 0 step 1 0 a - -\n", 2},
		{FIRST "1 kept on 0 step 1 0 a - -\n", 2},
		{FIRST "1 kept enabled x step 1 0 a - -\n", 2},
		{FIRST "1 kept enabled 0 here 1 0 a - -\n", 2},
		{FIRST "1 kept enabled 0 step 0 0 a - -\n", 2},
		{FIRST "1 kept enabled 0 step 1 1 a - -\n", 2},
		{FIRST "1 kept enabled 0 step 1001 0 a - -\n", 2},
		{FIRST "1 kept enabled 0 step 1 0 - - -\n", 2},
		{FIRST "1 kept enabled 0 line 1 0 a - -\n", 2},
		{FIRST "1 kept enabled 0 kind 1 0 a - -\n", 2},
		{FIRST "1 kept enabled 0 fail 0 0 a - -\n", 2},
		{FIRST "1 kept enabled 0 step 1 0 %2 - -\n", 2},
		{FIRST "1 kept enabled 0 step 1 0 %g0 - -\n", 2},
		{FIRST "1 kept enabled 0 step 1 0 a%00 - -\n", 2},
		{FIRST "1 kept enabled 0 step 1 0  - -\n", 2},
		{FIRST "1 kept enabled 0 step 1 0 a exit -\n", 2},
		{FIRST "1 kept enabled 0 fail 0 0 - - -\n1 kept enabled 0 fail 0 0 - - -\n", 3},
	};
	struct fixture *fixture = *state;

	breakpoint_added(&fixture->set, fixture->spec, "4");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *message = mem_printf("line %d is damaged", cases[i].line);
		struct err err = {0};

		if (breakpoints_read(&fixture->set, fixture->spec, cases[i].text,
				     strlen(cases[i].text), &err) == 0)
			fail_msg("\"%s\" is taken", cases[i].text);
		assert_int_equal(err.code, ERR_FAULT);
		if (!strstr(err.text, message))
			fail_msg("\"%s\": %s", cases[i].text, err.text);
	}
	assert_int_equal(fixture->set.len, 1);
}

/* Any prefix, and any single byte changed: an error or a set, and no more than that. */
static void test_read_any_bytes(void **state)
{
	static const char text[] = FIRST "1 kept enabled 0 line 4 9 make exit%20==%200 a%25b\n";
	struct fixture *fixture = *state;
	static const char with_nul[] = "contractor-breakpoints 1 5\0\n";
	char changed[sizeof text];
	struct err err = {0};

	for (size_t i = 0; i < sizeof text - 1; i++) {
		int result = breakpoints_read(&fixture->set, fixture->spec, text, i, &err);

		assert_int_equal(result, i == strlen(FIRST) ? 0 : -1);
	}
	for (size_t i = 0; i < sizeof text - 1; i++) {
		for (int byte = 0; byte < 256; byte++) {
			AUTO_BUF struct buf again = BUF_INIT;

			memcpy(changed, text, sizeof text);
			changed[i] = (char)byte;
			if (breakpoints_read(&fixture->set, fixture->spec, changed, sizeof text - 1,
					     &err) == 0)
				breakpoints_write(&fixture->set, &again);
		}
	}
	assert_int_equal(
		breakpoints_read(&fixture->set, fixture->spec, with_nul, sizeof with_nul - 1, &err),
		-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_write_and_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read_resolves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read_any_bytes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
