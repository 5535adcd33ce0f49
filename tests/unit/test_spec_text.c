/* The small helpers of the spec reader: diagnostics.h, suggest.h, units.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/suggest.h"
#include "engine/spec/units.h"

/* Formats one diagnostic "wrong" at the byte offset of text. */
static char *format(const char *text, size_t line, size_t column, size_t offset)
{
	struct diagnostics list = {0};
	AUTO_BUF struct buf file = BUF_INIT;
	struct buf out = BUF_INIT;

	buf_add_str(&file, text);
	diagnostics_add(&list, (struct position){line, column, offset}, "wrong");
	diagnostics_format(&list, "f.yaml", &file, &out);
	diagnostics_release(&list);
	return buf_detach(&out);
}

static void expect_format(const char *text, size_t offset, const char *expected)
{
	AUTO_FREE char *found = format(text, 3, 4, offset);
	AUTO_FREE char *all = mem_printf("f.yaml:3:4: error: wrong\n%s", expected);

	assert_string_equal(found, all);
}

static void test_caret(void **state)
{
	(void)state;
	expect_format("ab\ncd ef\ngh\n", 6, "cd ef\n   ^\n");
	expect_format("ab\r\ncd ef\r\n", 7, "cd ef\n   ^\n");
	expect_format("a\tb", 2, "a       b\n        ^\n");
	expect_format("\xc3\xa9\xc3\xa9x", 4, "\xc3\xa9\xc3\xa9x\n  ^\n");
	expect_format("\xe6\xbc\xa2x", 3, "\xe6\xbc\xa2x\n  ^\n");
	expect_format("e\xcc\x81x", 3, "e\xcc\x81x\n ^\n");
	expect_format("\xef\xbb\xbf"
		      "ab",
		      4, "ab\n ^\n");
	expect_format("\x1b[1mx", 4, "\\x1b[1mx\n       ^\n");
	expect_format("a\xffz", 2, "a\\xffz\n     ^\n");
	expect_format("ab", 2, "ab\n  ^\n");
	expect_format("ab\n", 99, "\n^\n");
	expect_format("", 0, "\n^\n");
}

static void test_long_lines_are_cut(void **state)
{
	AUTO_FREE char *text = mem_new(1001);
	AUTO_FREE char *found = NULL;
	const char *line, *caret;

	(void)state;
	memset(text, 'a', 1000);
	text[500] = '!';
	found = format(text, 1, 501, 500);
	line = strchr(found, '\n') + 1;
	caret = strchr(line, '\n') + 1;
	assert_memory_equal(line, "...aaa", 6);
	assert_memory_equal(caret - 5, "a...", 4);
	assert_true(caret - line < 120);
	assert_int_equal(strchr(caret, '^') - caret, strchr(line, '!') - line);
}

static void test_order_and_repetition(void **state)
{
	struct diagnostics list = {0};
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	diagnostics_add(&list, (struct position){2, 1, 10}, "later");
	diagnostics_add(&list, (struct position){1, 1, 0}, "sooner");
	diagnostics_add(&list, (struct position){2, 1, 10}, "later too \x1b");
	diagnostics_add(&list, (struct position){2, 1, 10}, "later");
	assert_int_equal(list.len, 3);
	assert_string_equal(list.items[0].text, "sooner");
	assert_string_equal(list.items[1].text, "later");
	assert_string_equal(list.items[2].text, "later too \\x1b");
	diagnostics_release(&list);
	for (size_t i = 0; i < DIAGNOSTICS_MAX + 5; i++)
		diagnostics_add(&list, (struct position){1, 1 + i, i}, "x");
	assert_int_equal(list.len, DIAGNOSTICS_MAX);
	assert_int_equal(list.dropped, 5);
	diagnostics_format(&list, "f", &(struct buf)BUF_INIT, &out);
	assert_non_null(strstr(out.data, "^\nf: not shown: 5 more errors\n"));
	diagnostics_release(&list);
}

static void test_short_text(void **state)
{
	char word[201];

	(void)state;
	assert_string_equal(short_text("abc").text, "abc");
	for (size_t i = 0; i < 200; i += 2)
		memcpy(word + i, "\xc3\xa9", 2);
	word[200] = '\0';
	assert_string_equal(short_text(word).text + 68, "...");
	assert_string_equal(short_text(word + 1).text + strlen(short_text(word + 1).text) - 3,
			    "...");
	assert_int_equal((strlen(short_text(word).text) - 3) % 2, 0);
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance("packages", "packages"), 0);
	assert_int_equal(suggest_distance("pakages", "packages"), 1);
	assert_int_equal(suggest_distance("packagess", "packages"), 1);
	assert_int_equal(suggest_distance("packbges", "packages"), 1);
	assert_int_equal(suggest_distance("pcakages", "packages"), 1);
	assert_int_equal(suggest_distance("pcakage", "packages"), 2);
	assert_int_equal(suggest_distance("ackage", "packages"), 2);
	assert_int_equal(suggest_distance("abc", "xyz"), SUGGEST_DISTANCE_MAX + 1);
	assert_int_equal(suggest_distance("", "ab"), 2);
	assert_int_equal(suggest_distance("ab", ""), 2);
	assert_int_equal(suggest_distance("a", "abcdefgh"), SUGGEST_DISTANCE_MAX + 1);
	assert_int_equal(suggest_distance("kitten", "sitting"), SUGGEST_DISTANCE_MAX + 1);
}

static void test_suggestion(void **state)
{
	AUTO_STRV struct strv words = {0};
	AUTO_FREE char *near_one = NULL;
	AUTO_FREE char *listed = NULL;
	AUTO_FREE char *none = suggest_text("x", &words);

	(void)state;
	assert_string_equal(none, "; none is known");
	strv_add_all(&words, "path", "artifact", "to", NULL);
	near_one = suggest_text("artefact", &words);
	assert_string_equal(near_one, " (did you mean 'artifact'?)");
	listed = suggest_text("at", &words);
	assert_string_equal(listed, "; known: path, artifact, to");
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {
		{"90", 90000},	{"90s", 90000},	   {"30m", 1800000},   {"1h30m", 5400000},
		{"500ms", 500}, {"2d", 172800000}, {"1m1s1ms", 61001}, {"0", 0},
	};
	static const char *const bad[] = {"",
					  "m",
					  "1x",
					  "1m1h",
					  "1m1m",
					  "1h30",
					  "-1",
					  "1.5h",
					  "1 m",
					  "1hx",
					  "99999999d",
					  "1001d",
					  "1234567890123456"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t ms = 1;

		assert_true(units_duration(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t ms = 1;

		assert_false(units_duration(bad[i], &ms));
		assert_int_equal(ms, 1);
	}
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{"4096", 4096},
		{"1K", 1024},
		{"512M", UINT64_C(536870912)},
		{"2G", UINT64_C(2147483648)},
		{"1.5G", UINT64_C(1610612736)},
		{"1024T", UINT64_C(1125899906842624)},
		{"0.5K", 512},
	};
	static const char *const bad[] = {"",	       "G",   "1g",	 "1GB", "1.5",
					  "1.G",       ".5G", "1.1234G", "-1",	"1025T",
					  "1024.001T", "1 G", "1e3"};
	uint64_t count = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t bytes = 1;

		assert_true(units_size(good[i].text, &bytes));
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t bytes = 1;

		assert_false(units_size(bad[i], &bytes));
	}
	assert_true(units_count("10", 0, 10, &count));
	assert_int_equal(count, 10);
	assert_false(units_count("11", 0, 10, &count));
	assert_false(units_count("0", 1, 10, &count));
	assert_false(units_count("07", 0, 10, &count));
	assert_false(units_count("0x7", 0, 10, &count));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caret),
		cmocka_unit_test(test_long_lines_are_cut),
		cmocka_unit_test(test_order_and_repetition),
		cmocka_unit_test(test_short_text),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_suggestion),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
