/* Unit tests of ui/vtfilter.h: each of its rules, as input and output. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "ui/vtfilter.h"

#define BAD "\xef\xbf\xbd" /* U+FFFD */
#define ACUTE "\xcc\x81"   /* U+0301, a mark */
#define MARK "\001" ACUTE  /* as it passes */
#define TEN(text) text text text text text text text text text text

enum { COLUMNS = 20 };

struct filter_case {
	const char *in, *out;
	size_t in_length; /* 0: up to the NUL */
};

/* Feeds the bytes in two pieces, or byte by byte when split is their number or more. */
static void feed_split(const char *bytes, size_t length, size_t split, struct buf *out)
{
	struct vtfilter filter;

	vtfilter_init(&filter, COLUMNS);
	if (split < length) {
		vtfilter_feed(&filter, bytes, split, out);
		vtfilter_feed(&filter, bytes + split, length - split, out);
	}
	for (size_t i = 0; i < length && split >= length; i++)
		vtfilter_feed(&filter, bytes + i, 1, out);
	vtfilter_release(&filter);
}

/* The output is the same wherever the input is cut. */
static void check_case(const struct filter_case *one)
{
	size_t length = one->in_length ? one->in_length : strlen(one->in);

	for (size_t split = 0; split <= length; split++) {
		AUTO_BUF struct buf out = BUF_INIT, shown_in = BUF_INIT, shown_out = BUF_INIT;

		feed_split(one->in, length, split, &out);
		buf_add_shown(&shown_in, one->in, length);
		buf_add_shown(&shown_out, out.data, out.len);
		if (out.len != strlen(one->out) || memcmp(out.data, one->out, out.len) != 0)
			fail_msg("\"%s\" cut at %zu gives \"%s\"", shown_in.data, split,
				 shown_out.data);
	}
}

static void check_cases(const struct filter_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_case(&cases[i]);
}

/* Rule 1: valid UTF-8, and U+FFFD for each part that is none (Unicode, 3.9: maximal subparts). */
static void test_utf8(void **state)
{
	static const struct filter_case cases[] = {
		{"plain ~", "plain ~", 0},
		{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 0},
		{"\xc3.", BAD ".", 0},
		{"\xe2\x82.", BAD ".", 0},
		{"\xf0\x9f\x98\xc3\xa9", BAD "\xc3\xa9", 0},
		{"\xff\xfe\x80", BAD BAD BAD, 0},
		{"\xc0\xaf", BAD BAD, 0},
		{"\xe0\x80\xaf", BAD BAD BAD, 0},
		{"\xed\xa0\x80", BAD BAD BAD, 0},
		{"\xf4\x90\x80\x80", BAD BAD BAD BAD, 0},
		{"\xc2\x80\xc2\x9b\xc2\xa0", BAD BAD "\xc2\xa0", 0},
		{"\xc3\033[1m", BAD "\033[1m", 0},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* A character bears 16 marks: libvterm's time grows with the square of their number. */
static void test_marks(void **state)
{
	static const struct filter_case cases[] = {
		{"e" TEN(ACUTE) "e" TEN(ACUTE), "e" TEN(MARK) "e" TEN(MARK), 0},
		{"e" TEN(ACUTE) TEN(ACUTE) "f", "e" TEN(MARK) MARK MARK MARK MARK MARK MARK "f", 0},
		/* wide ones are told apart, false ones do not pass */
		{"\xe3\x81\x8b\xe3\x82\x99\xe3\x82\x99",
		 "\xe3\x81\x8b\002\xe3\x82\x99\002\xe3\x82\x99", 0},
		{"a\xd8\x80\xe3\x80\xae"
		 "b",
		 "a" BAD BAD "b", 0},
		/* and are not repeated */
		{"e" ACUTE "\033[2b", "e" MARK "ee", 0},
		/* what is not right behind a character is on nothing */
		{ACUTE "e\n" ACUTE "e\033[m" ACUTE "e\033]0;x\a" ACUTE, "e\ne\033[0me", 0},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* Rule 2. */
static void test_c0(void **state)
{
	static const struct filter_case cases[] = {
		{"\a\b\t\n\v\f\r\016\017", "\a\b\t\n\v\f\r", 0},
		{"a\0b\001\005\177\020c", "abc", 8},
		{"\033\030[1m", "[1m", 0},
		{"\033[1\032m", "m", 0},
		{"\033[3\n1m", "\n\033[38;5;1m", 0},
		{"\033[1\0\177m", "\033[1m", 6},
		{"\033\n7", "\n\0337", 0},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* Line drawing (VT100) and British; what is printed with them is Unicode, whatever comes before it. */
static void test_sets(void **state)
{
	static const struct filter_case cases[] = {
		{"q\033(0q\xc3\xa9q_~\033(Bq", "q\xe2\x94\x80\xc3\xa9\xe2\x94\x80 \xc2\xb7q", 0},
		{"\033)0x\016x\017x", "x\xe2\x94\x82x", 0},
		{"\033(A#1",
		 "\xc2\xa3"
		 "1",
		 0},
		/* none that is known */
		{"\033(0\033(4x", "\xe2\x94\x82", 0},
		/* repeated as they are shown; a reset ends them */
		{"\033(0x\033[2b\033[!px", "\xe2\x94\x82\xe2\x94\x82\xe2\x94\x82\033[!px", 0},
		{"\033(0\016\033cx", "\033[?1049l\033[?1000l\033[?1006l\033[?5l\033cx", 0},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* Rule 3; all that is not on its list is dropped as a whole. */
static void test_escape(void **state)
{
	static const struct filter_case cases[] = {
		{"\0337\033=\033>\033D\033E\033H\033M", "\0337\033=\033>\033D\033E\033H\033M", 0},
		{"\0338", "\0338\033[?0h\033[?25h", 0},
		{"\033*A#\033+0q", "#q", 0},
		{"\033#3\033#4\033#5\033#6\033#8", "\033#3\033#4\033#5\033#6\033#8", 0},
		{"\033#7.\033#[1m.", ".1m.", 0},
		{"\033([x\033(Px\033(]x\033(Xx\033(^x\033(_x", "xxxxxx", 0},
		{"\033 G\033 F\033%G\033((0\033N\033O\033Z\033\\x", "x", 0},
		{"\033\033"
		 "7",
		 "\0337", 0},
		{"\033c", "\033[?1049l\033[?1000l\033[?1006l\033[?5l\033c", 0},
		{"\033\xc3\xa9", "\xc3\xa9", 0},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* Rule 4, without SGR. */
static void test_csi(void **state)
{
	static const struct filter_case cases[] = {
		{"\033[H\033[12;40H\033[2J\033[K", "\033[H\033[12;40H\033[2J\033[K", 0},
		{"\033[5 q\033[?25$p\033[>c", "\033[5 q\033[?25$p\033[>c", 0},
		{"\033[1;2;3;4;5;6;7;8;9;1;2;3;4;5;6H", "\033[1;2;3;4;5;6;7;8;9;1;2;3;4;5;6H", 0},
		{"\033[1;2;3;4;5;6;7;8;9;1;2;3;4;5;6;7H.", ".", 0},
		{"\033[99999A\033[100000A.", "\033[99999A.", 0},
		{"\033[1:2H\033[<1H\033[=1H\033[?>1h\033[1?h\033[1$$p.", ".", 0},
		{"\033[1\xc3\xa9H", "\xc3\xa9H", 0},
		{"\033[1\033[2A", "\033[2A", 0},
		{"\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;" TEN("0000000001") "H.", ".", 0},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* Modes one by one, 47 as 1047, without margins left and right; the cursor that is saved. */
static void test_modes(void **state)
{
	static const struct filter_case cases[] = {
		{"\033[?25l\033[4h", "\033[?25l\033[4h", 0},
		{"\033[?47h\033[?47l", "\033[?1047h\033[?1047l", 0},
		{"\033[?12;25;47h", "\033[?12h\033[?25h\033[?1047h", 0},
		{"\033[?69h\033[?1;69;7l", "\033[?1l\033[?7l", 0},
		{"\033[47h\033[69h", "\033[47h\033[69h", 0},
		{"\033[s\033[u", "\0337\0338\033[?0h\033[?25h", 0},
		{"\033[1;5s\033[1u.", ".", 0},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* REP, by ourselves: at most as often as there are columns, and nothing before the first character. */
static void test_repeat(void **state)
{
	static const struct filter_case cases[] = {
		{"\033[5bx", "x", 0},
		{"x\033[b\033[0b\033[2b", "xxxxx", 0},
		{"\xe2\x82\xac\033[2b", "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 0},
		{"ab\033[1m\033[1b", "ab\033[1mb", 0},
		/* nothing is before it in a new line */
		{"ab\n\033[1b", "ab\n", 0},
		{"x\033[99999b", "x" TEN("x") TEN("x"), 0},
		{"x\033c\033[1b", "x\033[?1049l\033[?1000l\033[?1006l\033[?5l\033c", 0},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* SGR anew: the colon form and underline colours as libvterm has it, any number of parameters. */
static void test_sgr(void **state)
{
	static const struct filter_case cases[] = {
		{"\033[m\033[0m\033[1;4m", "\033[0m\033[0m\033[1;4m", 0},
		{"\033[38:2::1:2:3m", "\033[38;2;1;2;3m", 0},
		{"\033[58;5;1;3m", "\033[3m", 0},
		{"\033[58;5;1m\033[59m.", ".", 0},
		{"\033[2m\033[22m\033[11m\033[8m.", "\033[11m\033[22;10m.", 0},
		{"\033[38;2;1;2;3;48;2;4;5;6;58;2;7;8;9;4:3m", "\033[38;2;1;2;3;48;2;4;5;6;4m", 0},
		{"\033[1;38;2;1;2;3;48;2;4;5;6;3;4;5;7;9m",
		 "\033[1;38;2;1;2;3;48;2;4;5;6;3;4;5;7m\033[9m", 0},
		{"\033[" TEN("1;") TEN("1;") "1m",
		 "\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1m\033[1;1;1;1;1;1m", 0},
		{"\033[" TEN(TEN("31;")) TEN(TEN("31;")) "1m.", ".", 0},
		{"\033[>4;1m\033[?4m", "\033[>4;1m\033[?4m", 0},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* Rule 5: nothing of a string is shown, whatever is in it. */
static void test_strings(void **state)
{
	static const struct filter_case cases[] = {
		{"\033]0;title\a.\033]2;t\033\\.\033]52;c;eA==\a.", "...", 0},
		{"\033Pq\a\n#0\033\\.\033_x\a\033\\.\033^x\033\\.\033Xx\033\\.", "....", 0},
		{"\033]0;a\nb\xc3\xa9\xff\a.", ".", 0},
		{"\033]0;t\033[1mx", "\033[1mx", 0},
		{"\033]0;t\033\n7x\033Pq\033\0337", "\n\0337x\0337", 0},
		{"\033]0;t\030x\033P\032y", "xy", 0},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* Titles come out cleaned, the last one once; other strings and those that are cut short do not. */
static void test_titles(void **state)
{
	static const struct {
		const char *in, *title;
	} cases[] = {
		{"\033]0;one\a", "one"},
		{"\033]2;two\033\\", "two"},
		{"\033]0;one\a\033]0;two\a", "two"},
		{"\033]0;\a", ""},
		{"\033]1;icon\a\033]4;1;red\a\033]10;x\a\033Ptitle\033\\", NULL},
		{"\033]0;cut\030\033]0;cut\033[m", NULL},
		{"\033]0;a\001\t\n\177b\xc2\x9b"
		 "c\xff\xe2\x80\xae"
		 "d\xc3\xa9\a",
		 "abcd\xc3\xa9"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;
		struct vtfilter filter;
		const char *title;

		vtfilter_init(&filter, COLUMNS);
		vtfilter_feed(&filter, cases[i].in, strlen(cases[i].in), &out);
		title = vtfilter_take_title(&filter);
		if (cases[i].title)
			assert_string_equal(title, cases[i].title);
		else
			assert_null(title);
		assert_null(vtfilter_take_title(&filter));
		vtfilter_release(&filter);
	}
}

/* Of a title without an end a part is kept, and no more. */
static void test_long_title(void **state)
{
	AUTO_BUF struct buf in = BUF_INIT, out = BUF_INIT;
	struct vtfilter filter;

	(void)state;
	buf_add_str(&in, "\033]0;");
	for (int i = 0; i < VTFILTER_STRING_MAX - 10; i++)
		buf_add_char(&in, 'x');
	buf_add_str(&in, "\a.");
	vtfilter_init(&filter, COLUMNS);
	vtfilter_feed(&filter, in.data, in.len, &out);
	assert_string_equal(out.data, ".");
	assert_int_equal(strlen(vtfilter_take_title(&filter)), VTFILTER_TITLE_MAX - 2);
	vtfilter_release(&filter);
}

/* A string without an end silences the screen no longer than its limit. */
static void test_endless_string(void **state)
{
	static const char *const starts[] = {"\033]", "\033P", "\033_", "\033^", "\033X"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		AUTO_BUF struct buf in = BUF_INIT, out = BUF_INIT;
		struct vtfilter filter;

		buf_add_str(&in, starts[i]);
		for (int j = 0; j < VTFILTER_STRING_MAX; j++)
			buf_add_char(&in, j % 80 ? 'x' : '\n');
		buf_add_str(&in, "shown");
		vtfilter_init(&filter, COLUMNS);
		vtfilter_feed(&filter, in.data, in.len, &out);
		assert_string_equal(out.data, "shown");
		assert_null(vtfilter_take_title(&filter));
		vtfilter_release(&filter);
	}
}

/* Rule 6: it is known when something is incomplete, and can be ended. */
static void test_idle(void **state)
{
	static const struct {
		const char *in;
		bool idle;
		const char *after; /* of abort and an "x" */
	} cases[] = {
		{"a", true, "ax"},
		{"\033", false, "x"},
		{"\033[1", false, "x"},
		{"\033(", false, "x"},
		{"\033]0;a", false, "x"},
		{"\033Pa\033", false, "x"},
		{"\xe2\x82", false, BAD "x"},
		{"\033[1m", true, "\033[1mx"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;
		struct vtfilter filter;

		vtfilter_init(&filter, COLUMNS);
		vtfilter_feed(&filter, cases[i].in, strlen(cases[i].in), &out);
		assert_int_equal(vtfilter_idle(&filter), cases[i].idle);
		vtfilter_abort(&filter, &out);
		assert_true(vtfilter_idle(&filter));
		vtfilter_feed(&filter, "x", 1, &out);
		assert_string_equal(out.data, cases[i].after);
		assert_null(vtfilter_take_title(&filter));
		vtfilter_release(&filter);
	}
}

/* LF as CR LF, from any byte on; not within strings. */
static void test_onlcr(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct vtfilter filter;

	(void)state;
	vtfilter_init(&filter, COLUMNS);
	vtfilter_feed(&filter, "a\nb", 3, &out);
	filter.onlcr = true;
	vtfilter_feed(&filter, "c\nd\033[\n1m\033]0;\n\a", 15, &out);
	filter.onlcr = false;
	vtfilter_feed(&filter, "\n", 1, &out);
	assert_string_equal(out.data, "a\nbc\r\nd\r\n\033[1m\n");
	vtfilter_release(&filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_c0),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_csi),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_repeat),
		cmocka_unit_test(test_sgr),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_titles),
		cmocka_unit_test(test_long_title),
		cmocka_unit_test(test_endless_string),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_onlcr),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
