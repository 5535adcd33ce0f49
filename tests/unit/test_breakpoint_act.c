/* breakpoint.h: what happens when a session comes by the steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "tests/unit/breakpoint_fixture.h"

struct fixture {
	struct spec *spec;
	struct breakpoints set;
	struct buf log;
};

static const struct breakpoint_outcome passed = {.exit_status = 0, .duration_ms = 1500};
static const struct breakpoint_outcome failed = {
	.exit_status = 2, .duration_ms = 90000, .failed = true};

static int set_up(void **state)
{
	struct fixture *fixture = mem_new(sizeof *fixture);

	fixture->spec = breakpoint_spec(FIXTURE);
	buf_init(&fixture->log);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	breakpoints_release(&fixture->set);
	buf_release(&fixture->log);
	spec_free(fixture->spec);
	free(fixture);
	return 0;
}

static void add(struct fixture *fixture, const char *line, bool temporary)
{
	struct err err = {0};

	if (breakpoints_add(&fixture->set, fixture->spec, line, temporary, &err) < 0)
		fail_msg("\"%s\": %s", line, err.text);
}

static const struct step *step_of(const struct fixture *fixture, size_t number)
{
	return &fixture->spec->steps[number - 1];
}

static int before(struct fixture *fixture, size_t step)
{
	return breakpoints_before(&fixture->set, step_of(fixture, step), &fixture->log);
}

static int after(struct fixture *fixture, size_t step, const struct breakpoint_outcome *outcome)
{
	return breakpoints_after(&fixture->set, step_of(fixture, step), outcome, &fixture->log);
}

/* A run of a step that prints this. */
static int run(struct fixture *fixture, size_t step, const char *output,
	       const struct breakpoint_outcome *outcome)
{
	breakpoints_begin(&fixture->set, step_of(fixture, step));
	breakpoints_feed_output(&fixture->set, step_of(fixture, step), output, strlen(output));
	return after(fixture, step, outcome);
}

static void expect_log(struct fixture *fixture, const char *text)
{
	assert_string_equal(fixture->log.data, text);
	buf_clear(&fixture->log);
}

static void test_stops_before(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "4", false);
	add(fixture, ":12", false);
	assert_int_equal(before(fixture, 3), 0);
	assert_int_equal(before(fixture, 4), 1);
	assert_int_equal(before(fixture, 5), 2);
	assert_int_equal(before(fixture, 6), 0);
	assert_int_equal(after(fixture, 4, &failed), 0);
	assert_int_equal(before(fixture, 4), 1);
	assert_int_equal(fixture->set.items[0].hits, 2);
	assert_int_equal(fixture->set.items[1].hits, 1);
	expect_log(fixture, "");
}

static void test_kind(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "shell", false);
	assert_int_equal(before(fixture, 1), 0);
	assert_int_equal(before(fixture, 2), 0);
	assert_int_equal(before(fixture, 3), 1);
	assert_int_equal(before(fixture, 7), 1);
	assert_int_equal(fixture->set.items[0].hits, 2);
}

static void test_fail(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "fail", false);
	assert_int_equal(before(fixture, 4), 0);
	assert_int_equal(after(fixture, 4, &passed), 0);
	assert_int_equal(after(fixture, 5, &failed), 1);
	assert_int_equal(fixture->set.items[0].hits, 1);
	add(fixture, "fail if hits >= 3", false);
	assert_int_equal(breakpoints_change(&fixture->set, BREAKPOINT_DISABLE,
					    &(struct strv){(char *[]){"1", NULL}, 1, 0}, NULL),
			 0);
	assert_int_equal(after(fixture, 1, &failed), 0);
	assert_int_equal(after(fixture, 2, &failed), 0);
	assert_int_equal(after(fixture, 3, &passed), 0);
	assert_int_equal(after(fixture, 4, &failed), 2);
	assert_int_equal(fixture->set.items[0].hits, 1);
}

/* What asks for the outcome stops after the step, and is hit there. */
static void test_stops_after(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "4 if exit != 0", false);
	add(fixture, "4 if duration > 1m", false);
	add(fixture, "5 if hits >= 2 && exit == 0", false);
	assert_int_equal(before(fixture, 4), 0);
	assert_int_equal(fixture->set.items[0].hits, 0);
	assert_int_equal(after(fixture, 4, &passed), 0);
	assert_int_equal(fixture->set.items[0].hits, 1);
	assert_int_equal(after(fixture, 4, &failed), 1);
	assert_int_equal(fixture->set.items[1].hits, 2);
	assert_int_equal(after(fixture, 5, &passed), 0);
	assert_int_equal(after(fixture, 5, &passed), 3);
	assert_int_equal(after(fixture, 5, &failed), 0);
}

/* One without an exit status of its own has that of its result. */
static void test_no_process(void **state)
{
	const struct breakpoint_outcome done = {.exit_status = -1};
	const struct breakpoint_outcome lost = {.exit_status = -1, .failed = true};
	struct fixture *fixture = *state;

	add(fixture, "4 if exit != 0 log {exit}", false);
	add(fixture, "5 if exit == 0 log {exit}", false);
	after(fixture, 4, &done);
	expect_log(fixture, "");
	after(fixture, 4, &lost);
	expect_log(fixture, "1\n");
	after(fixture, 5, &lost);
	expect_log(fixture, "");
	after(fixture, 5, &done);
	expect_log(fixture, "0\n");
}

/* `hits` counts how often the step was come by, this time included. */
static void test_hits(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "4 if hits >= 2", false);
	assert_int_equal(before(fixture, 4), 0);
	assert_int_equal(before(fixture, 4), 1);
	assert_int_equal(before(fixture, 4), 1);
	assert_int_equal(fixture->set.items[0].hits, 3);
}

static void test_disabled(void **state)
{
	struct fixture *fixture = *state;
	AUTO_STRV struct strv words = {0};
	struct err err = {0};

	add(fixture, "4", false);
	add(fixture, "4 if output ~ /x/", false);
	strv_add(&words, "all");
	assert_int_equal(breakpoints_change(&fixture->set, BREAKPOINT_DISABLE, &words, &err), 0);
	assert_int_equal(before(fixture, 4), 0);
	assert_false(breakpoints_want_output(&fixture->set, step_of(fixture, 4)));
	assert_int_equal(run(fixture, 4, "x\n", &passed), 0);
	assert_int_equal(fixture->set.items[0].hits, 0);
	assert_int_equal(breakpoints_change(&fixture->set, BREAKPOINT_ENABLE, &words, &err), 0);
	assert_int_equal(before(fixture, 4), 1);
	assert_int_equal(run(fixture, 4, "x\n", &passed), 2);
}

/* They vanish when they act, and not when they only come by. */
static void test_temporary(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "4 if hits >= 2", true);
	add(fixture, "4", false);
	add(fixture, "4 log said {step}", true);
	add(fixture, "4", true);
	assert_int_equal(before(fixture, 4), 2);
	expect_log(fixture, "said 4\n");
	assert_int_equal(fixture->set.len, 2);
	assert_null(breakpoints_find(&fixture->set, 3));
	assert_null(breakpoints_find(&fixture->set, 4));
	assert_int_equal(before(fixture, 4), 1);
	assert_int_equal(fixture->set.len, 1);
	assert_int_equal(fixture->set.items[0].number, 2);
	assert_int_equal(before(fixture, 4), 2);
	expect_log(fixture, "");
}

static void test_output(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "4 if output ~ /^error/", false);
	add(fixture, "shell if output !~ /ok/", false);
	assert_true(breakpoints_want_output(&fixture->set, step_of(fixture, 4)));
	assert_true(breakpoints_want_output(&fixture->set, step_of(fixture, 5)));
	assert_false(breakpoints_want_output(&fixture->set, step_of(fixture, 2)));
	assert_int_equal(run(fixture, 4, "error\nok\n", &passed), 1);
	assert_int_equal(run(fixture, 4, "ok\n", &passed), 0);
	assert_int_equal(run(fixture, 4, "", &passed), 2);
	assert_int_equal(run(fixture, 5, "error\nok\n", &passed), 0);
	assert_int_equal(run(fixture, 5, "error", &passed), 2);
	breakpoints_begin(&fixture->set, step_of(fixture, 4));
	breakpoints_feed_output(&fixture->set, step_of(fixture, 5), "error\n", 6);
	breakpoints_feed_output(&fixture->set, step_of(fixture, 4), "ok\n", 3);
	assert_int_equal(after(fixture, 4, &passed), 0);
}

/* Before the step where it can be said, else after it; what is shown is safe. */
static void test_log(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "4 log {step} {name} {hits} {nothing} {{step} \x1b[1m {", false);
	add(fixture, "4 log {name} gave {exit} in {duration}{", false);
	assert_int_equal(before(fixture, 4), 0);
	expect_log(fixture, "4 make 1 {nothing} {4 \\x1b[1m {\n");
	assert_int_equal(after(fixture, 4, &failed), 0);
	expect_log(fixture, "make gave 2 in 1m30s{\n");
	before(fixture, 4);
	expect_log(fixture, "4 make 2 {nothing} {4 \\x1b[1m {\n");
}

/* Several at once: all say what they have to say, and the first number that stops is told. */
static void test_several(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, "make log one", false);
	add(fixture, "shell", false);
	add(fixture, "4", false);
	add(fixture, "4 log two", false);
	assert_int_equal(before(fixture, 4), 2);
	expect_log(fixture, "one\ntwo\n");
	assert_int_equal(fixture->set.items[2].hits, 1);
}

static void test_durations(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{0, "0s\n"},
		{-5, "0s\n"},
		{7, "7ms\n"},
		{3200, "3s200ms\n"},
		{60000, "1m\n"},
		{5400000, "1h30m\n"},
		{90061001, "25h1m1s1ms\n"},
	};
	struct fixture *fixture = *state;

	add(fixture, "4 log {duration}", false);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		after(fixture, 4, &(struct breakpoint_outcome){.duration_ms = cases[i].ms});
		expect_log(fixture, cases[i].text);
	}
}

/* One whose step is gone does nothing. */
static void test_unresolved(void **state)
{
	struct fixture *fixture = *state;
	struct spec *other =
		breakpoint_spec("name: x\nactions:\n" STEP("a") STEP("b") STEP("c") STEP("d"));

	add(fixture, "make if output ~ /x/", false);
	add(fixture, "make", false);
	breakpoints_resolve(&fixture->set, other, 0);
	assert_int_equal(breakpoints_before(&fixture->set, &other->steps[3], &fixture->log), 0);
	assert_false(breakpoints_want_output(&fixture->set, &other->steps[3]));
	spec_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stops_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stops_after, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_disabled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_temporary, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_output, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_several, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_durations, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unresolved, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
