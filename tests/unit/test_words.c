/* How times, sizes and names are written, and rows aligned. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "src/columns.h"
#include "ui/words.h"

static void test_durations(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} examples[] = {
		{0, "0.0 s"},		{420, "0.4 s"},		  {9949, "9.9 s"},
		{9950, "9 s"},		{59999, "59 s"},	  {60000, "1 min 00 s"},
		{185000, "3 min 05 s"}, {3599000, "59 min 59 s"}, {7620000, "2 h 07 min"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		AUTO_BUF struct buf text = BUF_INIT;

		add_duration(&text, examples[i].ms);
		assert_string_equal(text.data, examples[i].text);
	}
}

/* In a column all of it is seen: a step of four minutes once took "min 09 s". */
static void test_brief_durations(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} examples[] = {
		{420, "0.4 s"},		  {59999, "59 s"},	  {60000, "1m 00s"},
		{249000, "4m 09s"},	  {3599999, "59m 59s"},	  {7620000, "2h 07m"},
		{3599999999, "999h 59m"}, {3600000000, "> 999h"}, {INT64_MAX, "> 999h"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		AUTO_BUF struct buf text = BUF_INIT;

		add_brief_duration(&text, examples[i].ms);
		assert_string_equal(text.data, examples[i].text);
		assert_true(text.len <= BRIEF_DURATION_COLUMNS);
	}
}

static void test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} examples[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{UINT64_C(3670016), "3.5 MiB"},
		{UINT64_C(1) << 30, "1.0 GiB"},
		{(UINT64_C(1) << 30) - 1, "1.0 GiB"},
		{UINT64_C(5) << 50, "5120.0 TiB"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		AUTO_BUF struct buf text = BUF_INIT;

		add_size(&text, examples[i].bytes);
		assert_string_equal(text.data, examples[i].text);
	}
}

static void test_quoting(void **state)
{
	static const struct {
		const char *text, *quoted;
	} examples[] = {
		{"a/b-c_1.yaml", "a/b-c_1.yaml"}, {"", "''"},	    {"a b", "'a b'"},
		{"it's", "'it'\\''s'"},		  {"'", "''\\'''"}, {"$x", "'$x'"},
		{"a\x1b[m", "'a\\x1b[m'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		AUTO_BUF struct buf text = BUF_INIT;

		add_quoted(&text, examples[i].text);
		assert_string_equal(text.data, examples[i].quoted);
	}
}

static void test_reasons(void **state)
{
	static const struct {
		const char *message;
		int status;
		const char *reason;
	} examples[] = {
		{"", 3, "exit status 3"},
		{"", 139, "exit status 139 (SIGSEGV)"},
		{"gone: SIGSEGV", 139, "gone: SIGSEGV"},
		{"a\nb", -1, "a\\nb"},
		{"", -1, "nothing ran"},
		{"exit status 137 (signal 9: Killed)", 137, "exit status 137 (SIGKILL)"},
		{"exit status 3", 3, "exit status 3"},
		{"exit status 137 (signal 9: Killed); x ended", 137,
		 "exit status 137 (SIGKILL); x ended"},
		{"killed", 143, "exit status 143 (SIGTERM)"},
		{"killed", -1, "killed"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		const struct attempt attempt = {
			.message = (char *)(uintptr_t)examples[i].message,
			.exit_status = examples[i].status,
		};
		AUTO_BUF struct buf text = BUF_INIT;

		add_reason(&text, &attempt);
		assert_string_equal(text.data, examples[i].reason);
	}
}

static void test_columns_of_text(void **state)
{
	static const char wide[] = "a\xe4\xb8\xad\xc3\xa4";

	(void)state;
	assert_int_equal(columns_of(wide, strlen(wide)), 4);
	assert_int_equal(columns_of("\xff", 1), 1);
	assert_int_equal(fit_columns(wide, strlen(wide), 2), 1);
	assert_int_equal(fit_columns(wide, strlen(wide), 3), 4);
	assert_int_equal(fit_columns(wide, strlen(wide), 9), strlen(wide));
}

static void test_fitting(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		bool ascii;
		const char *fitting;
	} examples[] = {
		{"abc", 3, false, "abc"}, {"abcd", 3, false, "ab\xe2\x80\xa6"},
		{"abcd", 3, true, "ab~"}, {"\xe4\xb8\xad\xe4\xb8\xad", 3, true, "\xe4\xb8\xad~"},
		{"abcd", 1, true, "~"},	  {"abcd", 0, true, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		AUTO_BUF struct buf text = BUF_INIT;

		add_fitting(&text, examples[i].text, examples[i].columns, examples[i].ascii);
		assert_string_equal(text.data, examples[i].fitting);
	}
}

/* The limit's own message says it all: the signal that ended the step is ours. */
static void test_reason_of_a_limit(void **state)
{
	const struct attempt attempt = {
		.result = ATTEMPT_TIMED_OUT,
		.message = (char *)(uintptr_t) "stopped: ran longer than 1 s",
		.exit_status = 143,
	};
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	add_reason(&text, &attempt);
	assert_string_equal(text.data, "ran longer than 1 s");
}

static void test_rows_are_aligned(void **state)
{
	struct columns table = {.count = 3, .right = "r  "};
	struct console out = {.fd = -1, .pending = BUF_INIT};

	(void)state;
	columns_add(&table, "1");
	columns_add(&table, "\xc3\xa4");
	columns_add(&table, "x");
	columns_add_fmt(&table, "%d", 100);
	columns_add(&table, "a\tb");
	columns_add(&table, "longer");
	columns_print(&table, &out);
	assert_string_equal(out.pending.data, "  1  \xc3\xa4     x\n"
					      "100  a\\tb  longer\n");
	columns_release(&table);
	console_release(&out);
}

/* Checks that a look is not like those before it, and adds it to them. */
static void check_look(const struct look *look, struct strv *seen)
{
	assert_false(strv_contains(seen, look->glyph));
	assert_int_equal(columns_of(look->glyph, strlen(look->glyph)), 1);
	strv_add(seen, look->glyph);
	if (strcmp(look->glyph, look->ascii) != 0)
		assert_false(strv_contains(seen, look->ascii));
	assert_int_equal(strlen(look->ascii), 1);
	assert_in_range(look->ascii[0], '!', '~');
	strv_add(seen, look->ascii);
}

/* Colour is never the only difference between two states. */
static void test_looks_differ(void **state)
{
	AUTO_STRV struct strv seen = {0};

	(void)state;
	for (size_t i = STEP_PENDING; i <= STEP_OVER_LIMIT; i++)
		check_look(look_of((enum step_result)i), &seen);
	for (const struct flag_look *row = flag_looks; row->flag; row++)
		check_look(&row->look, &seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_brief_durations),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_fitting),
		cmocka_unit_test(test_reason_of_a_limit),
		cmocka_unit_test(test_columns_of_text),
		cmocka_unit_test(test_rows_are_aligned),
		cmocka_unit_test(test_looks_differ),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
