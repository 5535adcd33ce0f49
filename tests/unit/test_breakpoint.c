/* breakpoint.h: reading, changing, listing and finding breakpoints again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "tests/unit/breakpoint_set_fixture.h"

/* Where each form of WHERE stops. */
static void test_where(void **state)
{
	static const struct {
		const char *line;
		enum breakpoint_where where;
		size_t step;
		const char *name;
	} cases[] = {
		{"4", BREAKPOINT_STEP, 4, "make"},
		{":9", BREAKPOINT_LINE, 4, "make"},
		{":11", BREAKPOINT_LINE, 4, "make"},
		{":3", BREAKPOINT_LINE, 1, "empty-workspace"},
		{"fail", BREAKPOINT_FAIL, 0, NULL},
		{"make", BREAKPOINT_NAME, 4, "make"},
		{"make test", BREAKPOINT_NAME, 5, "make test"},
		{"make t", BREAKPOINT_NAME, 5, "make test"},
		{"  make test  ", BREAKPOINT_NAME, 5, "make test"},
		{"'make test'", BREAKPOINT_NAME, 5, "make test"},
		{"\"make test\"", BREAKPOINT_NAME, 5, "make test"},
		{"conf", BREAKPOINT_NAME, 3, "configure"},
		{"shell", BREAKPOINT_KIND, 0, "shell"},
		{"apt", BREAKPOINT_KIND, 0, "apt"},
		{"empty-workspace", BREAKPOINT_NAME, 1, "empty-workspace"},
		{"apt g", BREAKPOINT_NAME, 2, "apt gcc"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct breakpoint *added =
			breakpoint_added(&fixture->set, fixture->spec, cases[i].line);

		assert_int_equal(added->number, i + 1);
		assert_true(added->resolved && added->enabled && !added->temporary);
		assert_null(added->condition);
		assert_null(added->log);
		assert_int_equal(added->where, cases[i].where);
		assert_int_equal(added->step, cases[i].step);
		if (cases[i].name)
			assert_string_equal(added->name, cases[i].name);
		else
			assert_null(added->name);
	}
}

/* What may stand behind WHERE. */
static void test_parts(void **state)
{
	static const struct {
		const char *line, *condition, *log;
	} cases[] = {
		{"4 if exit != 0", "exit != 0", NULL},
		{"4\tif\thits>2 \n", "hits>2", NULL},
		{"make test if exit == 1 || hits > 2", "exit == 1 || hits > 2", NULL},
		{"4 log came by  {name} ", NULL, "came by  {name}"},
		{"4 log if exit == 0", NULL, "if exit == 0"},
		{"4 if output ~ / log x/ log it if so", "output ~ / log x/", "it if so"},
		{"'make' if hits == 1 log x", "hits == 1", "x"},
		{"'make'", NULL, NULL},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct breakpoint *added =
			breakpoint_added(&fixture->set, fixture->spec, cases[i].line);

		if (cases[i].condition)
			assert_string_equal(condition_text(added->condition), cases[i].condition);
		else
			assert_null(added->condition);
		if (cases[i].log)
			assert_string_equal(added->log, cases[i].log);
		else
			assert_null(added->log);
	}
}

/* The words of a command, from which quotes are gone already. */
static void test_words(void **state)
{
	struct fixture *fixture = *state;
	AUTO_STRV struct strv words = {0};
	const struct breakpoint *added;
	struct err err = {0};

	strv_add_all(&words, "make", "test", "if", "output", "~", "/a  b/", "log", "{name}", "did",
		     NULL);
	assert_int_equal(breakpoints_add_words(&fixture->set, fixture->spec, &words, true, &err),
			 1);
	added = breakpoints_find(&fixture->set, 1);
	assert_true(added->temporary);
	assert_int_equal(added->step, 5);
	assert_string_equal(condition_text(added->condition), "output ~ /a  b/");
	assert_string_equal(added->log, "{name} did");
	strv_clear(&words);
	strv_add(&words, "make test");
	assert_int_equal(breakpoints_add_words(&fixture->set, fixture->spec, &words, false, &err),
			 2);
	assert_int_equal(breakpoints_find(&fixture->set, 2)->step, 5);
	strv_clear(&words);
	assert_int_equal(breakpoints_add_words(&fixture->set, fixture->spec, &words, false, &err),
			 -1);
}

/* A name with a keyword in it needs quotes. */
static void test_keyword_in_name(void **state)
{
	struct spec *spec = breakpoint_spec("name: x\nactions:\n" STEP("do if so") STEP("fail"));
	struct breakpoints set = {0};

	(void)state;
	assert_int_equal(breakpoint_added(&set, spec, "'do if so' if hits > 1")->step, 1);
	assert_int_equal(breakpoint_added(&set, spec, "do if hits > 1")->step, 1);
	assert_int_equal(breakpoint_added(&set, spec, "fail")->where, BREAKPOINT_FAIL);
	breakpoints_release(&set);
	spec_free(spec);
}

static void test_errors(void **state)
{
	static const struct {
		const char *line;
		enum err_code code;
		const char *text;
	} cases[] = {
		{"", ERR_USAGE, "name a step, a ':LINE', an action or 'fail' to stop at"},
		{"if exit != 0", ERR_USAGE,
		 "name a step, a ':LINE', an action or 'fail' to stop at"},
		{"''", ERR_USAGE, "name a step, a ':LINE', an action or 'fail' to stop at"},
		{"8", ERR_NOT_FOUND, "there is no step 8; the last one is 7"},
		{"0", ERR_NOT_FOUND, "there is no step 0; the last one is 7"},
		{":2", ERR_NOT_FOUND, "line 2 of the file belongs to no step"},
		{":99", ERR_NOT_FOUND, "line 99 of the file belongs to no step"},
		{":", ERR_USAGE, "':' is not a line; write ':12' for line 12"},
		{":x\x1b", ERR_USAGE, "':x\\x1b' is not a line; write ':12' for line 12"},
		{"twin", ERR_USAGE, "several steps are called 'twin'; give a number: 6, 7"},
		{"tw", ERR_USAGE,
		 "several steps have names that begin with 'tw'; give a number: 6, 7"},
		{"mak", ERR_USAGE,
		 "several steps have names that begin with 'mak'; give a number: 4, 5"},
		{"Configure", ERR_NOT_FOUND,
		 "no step or action is called 'Configure' (did you mean 'configure'?)"},
		{"shel\x1b[1m", ERR_NOT_FOUND, "no step or action is called 'shel\\x1b[1m'"},
		{"fial", ERR_NOT_FOUND,
		 "no step or action is called 'fial' (did you mean 'fail'?)"},
		{"'make", ERR_USAGE, "a ' is not closed"},
		{"'make'if exit == 0", ERR_USAGE, "a space is missing behind a '"},
		{"'make' or not", ERR_USAGE,
		 "only 'if CONDITION' and 'log TEXT' may stand behind the place"},
		{"4 log  ", ERR_USAGE, "give the text to log behind 'log'"},
		{"4 if", ERR_USAGE,
		 "column 1 of the condition '': expected exit, duration, hits, output, '!' or '('"},
		{"4 if log x", ERR_USAGE,
		 "column 1 of the condition 'log x': expected exit, duration, hits, output, '!' or "
		 "'(', not 'log'"},
		{"4 if changed /usr/lib", ERR_USAGE,
		 "column 1 of the condition 'changed /usr/lib': 'changed' is not built yet"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};

		if (breakpoints_add(&fixture->set, fixture->spec, cases[i].line, false, &err) >= 0)
			fail_msg("\"%s\" is taken", cases[i].line);
		assert_int_equal(err.code, cases[i].code);
		if (strncmp(err.text, cases[i].text, strlen(cases[i].text)) != 0)
			fail_msg("\"%s\": %s", cases[i].line, err.text);
	}
	assert_int_equal(fixture->set.len, 0);
	assert_int_equal(fixture->set.last_number, 0);
}

static void change(struct breakpoints *set, enum breakpoint_change how, const char *word,
		   int result)
{
	AUTO_STRV struct strv words = {0};
	struct err err = {0};

	strv_add_all(&words, "2", word, NULL);
	assert_int_equal(breakpoints_change(set, how, &words, &err), result);
}

/* Numbers are never used again; a list with a mistake in it changes nothing. */
static void test_change(void **state)
{
	struct fixture *fixture = *state;
	struct breakpoints *set = &fixture->set;
	AUTO_STRV struct strv words = {0};
	struct err err = {0};

	for (int i = 0; i < 4; i++)
		breakpoint_added(set, fixture->spec, "4");
	change(set, BREAKPOINT_DISABLE, "5", -1);
	change(set, BREAKPOINT_DISABLE, "x", -1);
	change(set, BREAKPOINT_DISABLE, "all", -1);
	assert_true(breakpoints_find(set, 2)->enabled);
	change(set, BREAKPOINT_DISABLE, "4", 0);
	assert_true(breakpoints_find(set, 1)->enabled && !breakpoints_find(set, 2)->enabled);
	assert_true(breakpoints_find(set, 3)->enabled && !breakpoints_find(set, 4)->enabled);
	change(set, BREAKPOINT_ENABLE, "2", 0);
	assert_true(breakpoints_find(set, 2)->enabled && !breakpoints_find(set, 4)->enabled);
	change(set, BREAKPOINT_DELETE, "4", 0);
	assert_null(breakpoints_find(set, 2));
	assert_null(breakpoints_find(set, 4));
	assert_int_equal(set->len, 2);
	assert_int_equal(breakpoint_added(set, fixture->spec, "4")->number, 5);
	change(set, BREAKPOINT_DELETE, "2", -1);
	assert_int_equal(breakpoints_change(set, BREAKPOINT_DELETE, &words, &err), -1);
	strv_add(&words, "all");
	assert_int_equal(breakpoints_change(set, BREAKPOINT_DISABLE, &words, &err), 0);
	for (size_t i = 0; i < set->len; i++)
		assert_false(set->items[i].enabled);
	assert_int_equal(breakpoints_change(set, BREAKPOINT_DELETE, &words, &err), 0);
	assert_int_equal(set->len, 0);
	assert_int_equal(breakpoint_added(set, fixture->spec, "4")->number, 6);
	strv_clear(&words);
	strv_add_all(&words, "6", "6", NULL);
	assert_int_equal(breakpoints_change(set, BREAKPOINT_DELETE, &words, &err), 0);
	assert_int_equal(set->len, 0);
}

static void test_change_errors(void **state)
{
	struct fixture *fixture = *state;
	AUTO_STRV struct strv words = {0};
	struct err err = {0};

	strv_add(&words, "7");
	assert_int_equal(breakpoints_change(&fixture->set, BREAKPOINT_DELETE, &words, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.text, "there is no breakpoint 7; `info breakpoints` lists them");
	strv_clear(&words);
	strv_add(&words, "\x1b");
	assert_int_equal(breakpoints_change(&fixture->set, BREAKPOINT_DELETE, &words, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.text, "'\\x1b' is not the number of a breakpoint, nor 'all'");
}

static void test_set_condition(void **state)
{
	struct fixture *fixture = *state;
	struct breakpoints *set = &fixture->set;
	struct err err = {0};

	breakpoint_added(set, fixture->spec, "4 if hits > 1");
	assert_int_equal(breakpoints_set_condition(set, 1, "exit == 0", &err), 0);
	assert_string_equal(condition_text(set->items[0].condition), "exit == 0");
	assert_int_equal(breakpoints_set_condition(set, 1, "exit", &err), -1);
	assert_string_equal(condition_text(set->items[0].condition), "exit == 0");
	assert_int_equal(breakpoints_set_condition(set, 1, NULL, &err), 0);
	assert_null(set->items[0].condition);
	assert_int_equal(breakpoints_set_condition(set, 2, NULL, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

/* For the mark in the list of steps, and for the key that sets and removes it. */
static void test_on(void **state)
{
	struct fixture *fixture = *state;
	struct breakpoints *set = &fixture->set;
	const struct step *steps = fixture->spec->steps;

	breakpoint_added(set, fixture->spec, "fail");
	assert_null(breakpoints_on(set, &steps[3]));
	breakpoint_added(set, fixture->spec, "shell");
	breakpoint_added(set, fixture->spec, "make");
	breakpoint_added(set, fixture->spec, "shell");
	assert_int_equal(breakpoints_on(set, &steps[2])->number, 2);
	assert_int_equal(breakpoints_on(set, &steps[3])->number, 3);
	assert_null(breakpoints_on(set, &steps[1]));
}

static void test_describe(void **state)
{
	struct fixture *fixture = *state;
	struct breakpoints *set = &fixture->set;
	AUTO_STRV struct strv words = {0};
	struct err err = {0};

	breakpoint_added(set, fixture->spec, "4 if exit != 0");
	assert_int_equal(breakpoints_add(set, fixture->spec, "apt log a\x1b[1m {name}", true, &err),
			 2);
	breakpoint_added(set, fixture->spec, "shell if output ~ /x/ log y");
	breakpoint_added(set, fixture->spec, ":12");
	breakpoint_added(set, fixture->spec, "fail");
	strv_add(&words, "2");
	assert_int_equal(breakpoints_change(set, BREAKPOINT_DISABLE, &words, &err), 0);
	set->items[0].hits = 2;
	set->items[1].hits = 1;
	expect_info(
		set, fixture->spec,
		"1   kept       enabled   4: step 4 'make'; if exit != 0; 2 hits\n"
		"2   temporary  disabled  apt: step 2; log a\\x1b[1m {name}; 1 hit\n"
		"3   kept       enabled   shell: steps 3, 4, 5, 6, 7; if output ~ /x/; log y; 0 "
		"hits\n"
		"4   kept       enabled   :12: step 5 'make test'; 0 hits\n"
		"5   kept       enabled   fail: any step that fails; 0 hits\n");
}

/* More steps than fit into a line. */
static void test_describe_many(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct breakpoints set = {0};
	struct spec *spec;

	(void)state;
	buf_add_str(&text, "name: x\nactions:\n");
	for (int i = 0; i < 13; i++)
		buf_add_str(&text, STEP("x"));
	spec = breakpoint_spec(text.data);
	breakpoint_added(&set, spec, "shell");
	expect_info(
		&set, spec,
		"1   kept       enabled   shell: steps 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 3 more; "
		"0 hits\n");
	breakpoints_release(&set);
	spec_free(spec);
}

/* A step that moved is known by its name; one that is gone may come back. */
static void test_resolve(void **state)
{
	struct fixture *fixture = *state;
	struct breakpoints *set = &fixture->set;
	struct spec *moved =
		breakpoint_spec("name: x\nactions:\n" STEP("new") STEP("make test") STEP("make"));

	breakpoint_added(set, fixture->spec, "4");
	breakpoint_added(set, fixture->spec, ":12");
	breakpoint_added(set, fixture->spec, "make");
	breakpoint_added(set, fixture->spec, "configure");
	breakpoint_added(set, fixture->spec, "1");
	breakpoint_added(set, fixture->spec, "6");
	breakpoint_added(set, fixture->spec, "apt");
	breakpoint_added(set, fixture->spec, "fail");
	breakpoint_added(set, fixture->spec, ":18");
	breakpoints_resolve(set, moved, 0);
	expect_info(set, moved,
		    "1   kept       enabled   3: step 3 'make'; 0 hits\n"
		    "2   kept       enabled   :6: step 2 'make test'; 0 hits\n"
		    "3   kept       enabled   make: step 3 'make'; 0 hits\n"
		    "4   kept       enabled   configure: not in the file now; 0 hits\n"
		    "5   kept       enabled   1: step 1 'new'; 0 hits\n"
		    "6   kept       enabled   6: not in the file now; 0 hits\n"
		    "7   kept       enabled   apt: not in the file now; 0 hits\n"
		    "8   kept       enabled   fail: any step that fails; 0 hits\n"
		    "9   kept       enabled   :18: not in the file now; 0 hits\n");
	assert_int_equal(breakpoints_on(set, &moved->steps[1])->number, 2);
	assert_null(breakpoints_on(set, &fixture->spec->steps[5]));
	breakpoints_resolve(set, fixture->spec, 0);
	expect_info(set, fixture->spec,
		    "1   kept       enabled   4: step 4 'make'; 0 hits\n"
		    "2   kept       enabled   :12: step 5 'make test'; 0 hits\n"
		    "3   kept       enabled   make: step 4 'make'; 0 hits\n"
		    "4   kept       enabled   configure: step 3 'configure'; 0 hits\n"
		    "5   kept       enabled   1: step 1 'empty-workspace'; 0 hits\n"
		    "6   kept       enabled   6: step 6 'twin'; 0 hits\n"
		    "7   kept       enabled   apt: step 2; 0 hits\n"
		    "8   kept       enabled   fail: any step that fails; 0 hits\n"
		    "9   kept       enabled   :18: step 7 'twin'; 0 hits\n");
	spec_free(moved);
}

/* The name of a step may change when its text does: its breakpoints stay with it. */
static void test_resolve_edited(void **state)
{
	struct fixture *fixture = *state;
	struct breakpoints *set = &fixture->set;
	struct spec *edited = breakpoint_spec(FIXTURE_HEAD STEP("configure") STEP("build")
						      STEP("make test") STEP("twin") STEP("twin"));

	breakpoint_added(set, fixture->spec, "make");
	breakpoint_added(set, fixture->spec, "configure");
	breakpoints_resolve(set, edited, 4);
	expect_info(set, edited,
		    "1   kept       enabled   build: step 4 'build'; 0 hits\n"
		    "2   kept       enabled   configure: step 3 'configure'; 0 hits\n");
	breakpoints_resolve(set, fixture->spec, 0);
	assert_false(set->items[0].resolved);
	breakpoints_resolve(set, fixture->spec, 4);
	assert_false(set->items[0].resolved);
	spec_free(edited);
}

/* Lines that move take their breakpoints along, also where names say nothing; without the name the
 * line itself counts. */
static void test_resolve_lines(void **state)
{
	struct fixture *fixture = *state;
	struct breakpoints *set = &fixture->set;
	struct spec *lower = breakpoint_spec("# a line more\n" FIXTURE);
	struct spec *renamed =
		breakpoint_spec(FIXTURE_HEAD STEP("a") STEP("b") STEP("c") STEP("d") STEP("e"));

	breakpoint_added(set, fixture->spec, ":18");
	breakpoint_added(set, fixture->spec, ":10");
	breakpoints_resolve(set, lower, 0);
	expect_info(set, lower,
		    "1   kept       enabled   :19: step 7 'twin'; 0 hits\n"
		    "2   kept       enabled   :10: step 4 'make'; 0 hits\n");
	breakpoints_resolve(set, renamed, 0);
	expect_info(set, renamed,
		    "1   kept       enabled   :19: step 7 'e'; 0 hits\n"
		    "2   kept       enabled   :10: step 4 'b'; 0 hits\n");
	spec_free(lower);
	spec_free(renamed);
}

static void test_limits(void **state)
{
	static const char last[] = "contractor-breakpoints 1 1000000\n";
	struct fixture *fixture = *state;
	AUTO_BUF struct buf line = BUF_INIT;
	struct err err = {0};

	buf_add_str(&line, "4 log ");
	while (line.len < 6 + BREAKPOINT_LOG_MAX)
		buf_add_char(&line, 'x');
	breakpoint_added(&fixture->set, fixture->spec, line.data);
	buf_add_char(&line, 'x');
	assert_int_equal(breakpoints_add(&fixture->set, fixture->spec, line.data, false, &err), -1);
	for (int i = 1; i < BREAKPOINTS_MAX; i++)
		breakpoint_added(&fixture->set, fixture->spec, "4");
	assert_int_equal(breakpoints_add(&fixture->set, fixture->spec, "4", false, &err), -1);
	assert_int_equal(
		breakpoints_read(&fixture->set, fixture->spec, last, sizeof last - 1, &err), 0);
	assert_int_equal(breakpoints_add(&fixture->set, fixture->spec, "4", false, &err), -1);
	assert_string_equal(err.text, "there are too many breakpoints");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_where, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_words, set_up, tear_down),
		cmocka_unit_test(test_keyword_in_name),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_change_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_set_condition, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_describe, set_up, tear_down),
		cmocka_unit_test(test_describe_many),
		cmocka_unit_test_setup_teardown(test_resolve, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_resolve_edited, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_resolve_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
