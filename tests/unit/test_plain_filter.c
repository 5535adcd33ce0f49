/* What passes the filter in front of the person's terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "src/plain_filter.h"

struct example {
	const char *in, *out;
};

/* The whole text at once, and byte by byte: the same must come out. */
static void check(enum filter_kind kind, bool color, bool ascii, const struct example *example)
{
	for (size_t piece = 1; piece <= strlen(example->in) + 1; piece++) {
		AUTO_BUF struct buf out = BUF_INIT;
		size_t length = strlen(example->in);
		struct plain_filter filter;

		plain_filter_init(&filter, kind, color, ascii);
		for (size_t at = 0; at < length; at += piece) {
			size_t left = length - at;

			plain_filter_feed(&filter, example->in + at, left < piece ? left : piece,
					  &out);
		}
		assert_string_equal(out.data, example->out);
	}
}

static void check_all(enum filter_kind kind, const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(kind, true, false, &examples[i]);
}

static void test_text_passes(void **state)
{
	static const struct example examples[] = {
		{"", ""},
		{"one\ttwo\r\nthree\n", "one\ttwo\r\nthree\n"},
		{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
	};

	(void)state;
	check_all(FILTER_TEXT, examples, ARRAY_SIZE(examples));
}

static void test_other_controls_are_dropped(void **state)
{
	static const struct example examples[] = {
		{"a\ab\bc\vd\fe\x7f"
		 "f\x0eg\x0fh\x05i",
		 "abcdefghi"},
		{"a\xc2\x85"
		 "b",
		 "ab"},
		{"a\xe2\x80\xae"
		 "b\xe2\x80\x8b"
		 "c\xef\xbb\xbf"
		 "d",
		 "abcd"},
	};

	(void)state;
	check_all(FILTER_TEXT, examples, ARRAY_SIZE(examples));
}

static void test_colours_pass(void **state)
{
	static const struct example examples[] = {
		{"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"},
		{"\x1b[1;38:2::1:2:3m", "\x1b[1;38:2::1:2:3m"},
		{"\x1b[m", "\x1b[m"},
		{"\xc2\x9b"
		 "32mgreen",
		 "\x1b[32mgreen"},
	};

	(void)state;
	check_all(FILTER_TEXT, examples, ARRAY_SIZE(examples));
}

static void test_colours_can_be_taken_out(void **state)
{
	static const struct example example = {"\x1b[31mred\x1b[0m\n", "red\n"};

	(void)state;
	check(FILTER_TEXT, false, false, &example);
}

static void test_other_csi_is_dropped(void **state)
{
	static const struct example examples[] = {
		{"a\x1b[2Jb\x1b[10;20Hc\x1b[Ad", "abcd"},
		{"a\x1b[6nb\x1b[cc\x1b[>0c", "abc"},
		{"\x1b[>4;1mx\x1b[?25ly\x1b[1 mz\x1b[21t", "xyz"},
		{"\x1b[31\nmx", "\nx"}, /* controls within are done, and the sequence goes on */
		{"\x1b[3\x18mx", "mx"},
		{"\x1b[3\x1b[1mx", "\x1b[1mx"},
		{"\x1b[3\xc3\xa4m", "\xc3\xa4m"},
	};

	(void)state;
	/* The first newline example passes its colour, too. */
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++)
		check(FILTER_TEXT, i != 3, false, &examples[i]);
}

static void test_strings_are_swallowed(void **state)
{
	static const struct example examples[] = {
		{"a\x1b]0;title\a"
		 "b",
		 "ab"},
		{"a\x1b]52;c;aGk=\x1b\\b", "ab"},
		{"a\x1bPq#0\x1b\\b", "ab"},
		{"a\x1b_x\a\x1b\\b\x1b^y\x1b\\c\x1bXz\x1b\\d", "abcd"},
		{"a\xc2\x9d"
		 "0;t\xc3\xa4\a"
		 "b",
		 "ab"},
		{"a\x1b]0;\x1b[31mx\x1b\\b", "ab"},
		{"a\x1b]0;never ended\nb", "a\nb"},
		{"a\x1bPnot ended\x18"
		 "b",
		 "ab"},
	};

	(void)state;
	check_all(FILTER_TEXT, examples, ARRAY_SIZE(examples));
}

static void test_escapes_are_dropped(void **state)
{
	static const struct example examples[] = {
		{"a\x1b"
		 "cb\x1b(0c\x1b#8d\x1b=e\x1bZf",
		 "abcdef"},
	};

	(void)state;
	check_all(FILTER_TEXT, examples, ARRAY_SIZE(examples));
}

static void test_invalid_bytes_are_replaced(void **state)
{
	static const struct example examples[] = {
		{"a\x9b"
		 "31mb",
		 "a\xef\xbf\xbd"
		 "31mb"},
		{"a\xffz", "a\xef\xbf\xbdz"},
		{"a\xe2\x82z", "a\xef\xbf\xbdz"},
		{"a\xc3\x1b[31mz", "a\xef\xbf\xbd\x1b[31mz"},
	};

	(void)state;
	check_all(FILTER_TEXT, examples, ARRAY_SIZE(examples));
}

static void test_ascii(void **state)
{
	static const struct example example = {"a\xc3\xa4\xe2\x82\xac\xff"
					       "b",
					       "a???b"};

	(void)state;
	check(FILTER_TEXT, true, true, &example);
}

static void test_a_string_that_never_ends_is_given_up(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct plain_filter filter;

	(void)state;
	plain_filter_init(&filter, FILTER_TEXT, true, false);
	plain_filter_feed(&filter, "\x1bP", 2, &out);
	for (int i = 0; i < FILTER_STRING_MAX + 4; i++)
		plain_filter_feed(&filter, "x", 1, &out);
	assert_in_range(out.len, 1, 4);
}

static void test_a_sequence_that_is_too_long_is_dropped(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct plain_filter filter;

	(void)state;
	plain_filter_init(&filter, FILTER_TEXT, true, false);
	plain_filter_feed(&filter, "\x1b[", 2, &out);
	for (int i = 0; i < 2 * FILTER_SEQUENCE_MAX; i++)
		plain_filter_feed(&filter, "1", 1, &out);
	plain_filter_feed(&filter, "mx", 2, &out);
	assert_string_equal(out.data, "x");
}

static void test_reset_takes_colours_back(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct plain_filter filter;

	(void)state;
	plain_filter_init(&filter, FILTER_TEXT, true, false);
	plain_filter_feed(&filter, "x\x1b]0;", 5, &out);
	plain_filter_reset(&filter, &out);
	plain_filter_feed(&filter, "y\x1b[31m", 6, &out);
	plain_filter_reset(&filter, &out);
	plain_filter_reset(&filter, &out);
	assert_string_equal(out.data, "xy\x1b[31m\x1b[0m");
}

/* The next of a fixed series of numbers (Marsaglia, "Xorshift RNGs", 2003). */
static uint32_t next_number(uint32_t *number)
{
	*number ^= *number << 13;
	*number ^= *number >> 17;
	*number ^= *number << 5;
	return *number;
}

/* What a terminal acts on: any control but those that text has, and any sequence but SGR. */
static void assert_harmless(const struct buf *out)
{
	for (size_t i = 0; i < out->len; i++) {
		unsigned char byte = (unsigned char)out->data[i];

		assert_true(byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t' ||
			    byte == 0x1b);
		assert_int_not_equal(byte, 0x7f);
		if (byte != 0x1b)
			continue;
		assert_int_equal(out->data[++i], '[');
		i += 1 + strspn(out->data + i + 1, "0123456789;:");
		assert_int_equal(out->data[i], 'm');
	}
}

static void test_whatever_comes_is_harmless(void **state)
{
	static const char alphabet[] =
		"\x1b\x1b\x1b[[]P_^X\\\a0123;:?>mHtcn\xc2\x9b\x9d\x90\xe2\x82"
		"\xff\x18\b\n\r\t\x7f ab";
	AUTO_BUF struct buf out = BUF_INIT;
	struct plain_filter filter;
	uint32_t number = 1;

	(void)state;
	plain_filter_init(&filter, FILTER_TEXT, true, false);
	for (int i = 0; i < 200000; i++) {
		char byte = alphabet[next_number(&number) % (sizeof alphabet - 1)];

		plain_filter_feed(&filter, &byte, 1, &out);
	}
	assert_true(out.len > 1000);
	assert_harmless(&out);
}

static void test_shell(void **state)
{
	static const struct example examples[] = {
		{"\x1b[2J\x1b[10;20H\x1b[?1049h\x1b[6n\x1b[>c\b\a\x0e",
		 "\x1b[2J\x1b[10;20H\x1b[?1049h\x1b[6n\x1b[>c\b\a\x0e"},
		{"\x1b"
		 "7\x1b(B\x1b=\x1b"
		 "8",
		 "\x1b"
		 "7\x1b(B\x1b=\x1b"
		 "8"},
		{"a\x1b]52;c;aGk=\ab\x1bP+q\x1b\\c", "abc"},
		{"a\x1b[21tb\x05"
		 "c",
		 "abc"},
		{"a\x1b[5ib\x1b[?4ic", "abc"},
		{"\xe2\x80\x8b", "\xe2\x80\x8b"},
	};

	(void)state;
	check_all(FILTER_SHELL, examples, ARRAY_SIZE(examples));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_passes),
		cmocka_unit_test(test_other_controls_are_dropped),
		cmocka_unit_test(test_colours_pass),
		cmocka_unit_test(test_colours_can_be_taken_out),
		cmocka_unit_test(test_other_csi_is_dropped),
		cmocka_unit_test(test_strings_are_swallowed),
		cmocka_unit_test(test_escapes_are_dropped),
		cmocka_unit_test(test_invalid_bytes_are_replaced),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_a_string_that_never_ends_is_given_up),
		cmocka_unit_test(test_a_sequence_that_is_too_long_is_dropped),
		cmocka_unit_test(test_reset_takes_colours_back),
		cmocka_unit_test(test_whatever_comes_is_harmless),
		cmocka_unit_test(test_shell),
	};

	return cmocka_run_group_tests_name("plain_filter", tests, NULL, NULL);
}
