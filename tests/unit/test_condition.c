/* condition.h: its grammar, its messages, and what it makes of an outcome and an output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/session/condition.h"

static struct condition *parse(const char *text)
{
	struct condition *condition = NULL;
	struct err err = {0};

	if (condition_parse(text, &condition, &err) < 0)
		fail_msg("\"%s\": %s", text, err.text);
	return condition;
}

/* Whether text holds for these facts, after output of this length. */
static bool holds_for(const char *text, struct condition_facts facts, const char *output,
		      size_t length)
{
	struct condition *condition = parse(text);
	bool holds;

	condition_begin(condition);
	condition_feed(condition, output, length);
	holds = condition_holds(condition, &facts);
	condition_free(condition);
	return holds;
}

static bool matches(const char *text, const char *output)
{
	return holds_for(text, (struct condition_facts){0}, output, strlen(output));
}

/* A step that came by for the 3rd time, ended with 2 and took 90 s. */
static bool holds(const char *text)
{
	return holds_for(text, (struct condition_facts){3, 2, 90000}, "", 0);
}

static void expect_error(const char *text, const char *message)
{
	struct condition *condition = NULL;
	struct err err = {0};

	if (condition_parse(text, &condition, &err) == 0)
		fail_msg("\"%s\" is taken", text);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.text, message);
	assert_null(condition);
}

static void test_comparisons(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} cases[] = {
		{"exit == 2", true},	      {"exit == 1", false},
		{"exit != 0", true},	      {"exit != 2", false},
		{"exit < 3", true},	      {"exit < 2", false},
		{"exit <= 2", true},	      {"exit <= 1", false},
		{"exit > 1", true},	      {"exit > 2", false},
		{"exit >= 2", true},	      {"exit >= 3", false},
		{"hits == 3", true},	      {"hits >= 4", false},
		{"duration == 90", true},     {"duration == 90s", true},
		{"duration == 1m30s", true},  {"duration > 1m30s", false},
		{"duration > 89s", true},     {"duration > 1h", false},
		{"duration > 89999ms", true}, {"exit==2&&hits==3", true},
		{"  exit\t==\n2  ", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (holds(cases[i].text) != cases[i].holds)
			fail_msg("\"%s\" is not %d", cases[i].text, cases[i].holds);
	}
}

/* "exit == 2" and "hits == 3" hold, "exit == 0" and "hits == 0" do not. */
static void test_logic(void **state)
{
	(void)state;
	assert_true(holds("exit == 2 && hits == 3"));
	assert_false(holds("exit == 2 && hits == 0"));
	assert_false(holds("exit == 0 && hits == 3"));
	assert_true(holds("exit == 0 || hits == 3"));
	assert_true(holds("exit == 2 || hits == 0"));
	assert_false(holds("exit == 0 || hits == 0"));
	assert_true(holds("!exit == 0"));
	assert_false(holds("! ! exit == 0"));
	assert_true(holds("!!!(exit == 0)"));
	assert_true(holds("exit == 2 || exit == 0 && hits == 0"));
	assert_false(holds("(exit == 2 || exit == 0) && hits == 0"));
	assert_true(holds("exit == 0 && hits == 0 || hits == 3"));
	assert_false(holds("exit == 0 && (hits == 0 || hits == 3)"));
	assert_false(holds("!(exit == 2 && hits == 3) || hits == 0"));
	assert_true(holds("!exit == 0 && !hits == 0"));
	assert_true(holds("exit == 0 || (hits == 0 || (exit == 0 || (hits == 3)))"));
	assert_true(holds("exit == 2 && hits == 3 && exit == 2 && hits == 3 && !exit == 0"));
}

/* As many parentheses as there may be, each level with something waiting before it. */
static void test_depth(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_BUF struct buf deeper = BUF_INIT;
	struct condition *condition = NULL;
	struct err err = {0};

	(void)state;
	for (int i = 0; i < CONDITION_DEPTH_MAX; i++)
		buf_add_str(&text, "exit == 0 || exit == 2 && (");
	buf_add_str(&text, "hits == 3");
	for (int i = 0; i < CONDITION_DEPTH_MAX; i++)
		buf_add_char(&text, ')');
	assert_true(holds(text.data));
	for (int i = 0; i < CONDITION_DEPTH_MAX; i++)
		buf_add_str(&text, " && (hits == 3)");
	assert_true(holds(text.data));
	buf_add_fmt(&deeper, "(%s)", text.data);
	assert_int_equal(condition_parse(deeper.data, &condition, &err), -1);
	assert_non_null(strstr(err.text, "too many parentheses"));
}

/* What is known before the step, and what asks for the output. */
static void test_needs(void **state)
{
	static const struct {
		const char *text;
		bool outcome, output;
	} cases[] = {
		{"hits >= 2", false, false},
		{"!(hits >= 2 || hits == 0)", false, false},
		{"exit == 0", true, false},
		{"duration > 1s", true, false},
		{"hits >= 2 || exit == 0", true, false},
		{"output ~ /x/", true, true},
		{"hits >= 2 && output !~ /x/", true, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct condition *condition = parse(cases[i].text);

		if (condition_needs_outcome(condition) != cases[i].outcome ||
		    condition_needs_output(condition) != cases[i].output)
			fail_msg("\"%s\"", cases[i].text);
		condition_free(condition);
	}
}

static void test_errors(void **state)
{
	(void)state;
	expect_error("", "column 1 of the condition '': expected exit, duration, hits, output, '!' "
			 "or '('");
	expect_error("exit", "column 5 of the condition 'exit': expected one of == != < <= > >=");
	expect_error("exit = 1", "column 6 of the condition 'exit = 1': expected one of == != < <= "
				 "> >=, not '= 1'");
	expect_error("exit == x", "column 9 of the condition 'exit == x': expected a number from 0 "
				  "to 255, not 'x'");
	expect_error("exit == 256", "column 9 of the condition 'exit == 256': expected a number "
				    "from 0 to 255, not '256'");
	expect_error("duration > 5x", "column 12 of the condition 'duration > 5x': expected a time "
				      "such as 90s, 30m or 1h30m (a number of seconds, or with the "
				      "units d, h, m, s, ms), not '5x'");
	expect_error("hits >= 2 &&", "column 13 of the condition 'hits >= 2 &&': expected exit, "
				     "duration, hits, output, '!' or '('");
	expect_error("hits >= 2 & exit == 1", "column 11 of the condition 'hits >= 2 & exit == 1': "
					      "expected '&&' or '||', not '& exit == 1'");
	expect_error("(hits == 2",
		     "column 11 of the condition '(hits == 2': expected '&&', '||' or "
		     "')'");
	expect_error("hits == 2)",
		     "column 10 of the condition 'hits == 2)': expected '&&' or '||', "
		     "not ')'");
	expect_error("output = /x/", "column 8 of the condition 'output = /x/': expected ~ or !~, "
				     "not '= /x/'");
	expect_error("output ~ x", "column 10 of the condition 'output ~ x': expected a regular "
				   "expression between slashes, not 'x'");
	expect_error("Exit == 1", "column 1 of the condition 'Exit == 1': expected exit, duration, "
				  "hits, output, '!' or '(', not 'Exit'");
	expect_error("exits == 1", "column 1 of the condition 'exits == 1': expected exit, "
				   "duration, hits, output, '!' or '(', not 'exits'");
	expect_error("hits==1||changed /usr", "column 10 of the condition 'hits==1||changed /usr': "
					      "'changed' is not built yet");
}

/* Columns count characters, and nothing that is shown can reach a terminal as it is. */
static void test_errors_are_shown(void **state)
{
	(void)state;
	expect_error("output ~ /\xc3\xa9/ \x1b[31m",
		     "column 14 of the condition 'output ~ /\xc3\xa9/ \\x1b[31m': expected '&&' or "
		     "'||', not '\\x1b[31m'");
	expect_error("\xff", "column 1 of the condition '\\xff': expected exit, duration, hits, "
			     "output, '!' or '(', not '\\xff'");
}

static void expect_pattern_error(const char *pattern, const char *part)
{
	AUTO_FREE char *text = mem_printf("output ~ %s", pattern);
	struct condition *condition = NULL;
	struct err err = {0};

	if (condition_parse(text, &condition, &err) == 0)
		fail_msg("\"%s\" is taken", text);
	assert_int_equal(err.code, ERR_USAGE);
	if (!strstr(err.text, "column 10 ") || !strstr(err.text, part))
		fail_msg("\"%s\": %s", text, err.text);
}

static void test_pattern_errors(void **state)
{
	AUTO_BUF struct buf longer = BUF_INIT;

	(void)state;
	expect_pattern_error("/x", "has no '/' at its end");
	expect_pattern_error("/x\\/", "has no '/' at its end");
	expect_pattern_error("/x\\", "has no '/' at its end");
	expect_pattern_error("//", "is empty");
	expect_pattern_error("/(x/", "in the regular expression: ");
	expect_pattern_error("/[x/", "in the regular expression: ");
	expect_pattern_error("/(a)\\1/", "back-references are not possible");
	expect_pattern_error("/(a{100}){100}/", "repeats more than 1000 times");
	expect_pattern_error("/((a{20}){20}){20}/", "repeats more than 1000 times");
	expect_pattern_error("/a{99999999999999999999}/", "repeats more than 1000 times");
	expect_pattern_error("/a{400}*{400}/", "repeats more than 1000 times");
	expect_pattern_error("/((((((((((a+)+)+)+)+)+)+)+)+)+)+/", "repeats more than 1000 times");
	buf_add_char(&longer, '/');
	for (int i = 0; i <= CONDITION_PATTERN_MAX; i++)
		buf_add_char(&longer, 'a');
	buf_add_char(&longer, '/');
	expect_pattern_error(longer.data, "is longer than 500 bytes");
}

static void test_patterns(void **state)
{
	(void)state;
	assert_true(matches("output ~ /error/", "an error here\n"));
	assert_false(matches("output ~ /error/", "all is well\n"));
	assert_false(matches("output ~ /Error/", "an error here\n"));
	assert_false(matches("output !~ /error/", "an error here\n"));
	assert_true(matches("output !~ /error/", "all is well\n"));
	assert_true(matches("output!~/error/", ""));
	assert_false(matches("output ~ /error/", ""));
	assert_true(matches("output ~ /^(a|b)+[0-9]{2,3}$/", "x\nabba12\n"));
	assert_false(matches("output ~ /^(a|b)+[0-9]{2,3}$/", "abba1\n"));
	assert_true(matches("output ~ /usr\\/lib/", "in /usr/lib.\n"));
	assert_true(matches("output ~ /a\\.c/", "a.c"));
	assert_false(matches("output ~ /a\\.c/", "abc"));
	assert_true(matches("output ~ /\\\\/", "a\\b"));
	assert_true(matches("output ~ /[[:digit:]]\\(/", "x7("));
	assert_true(matches("output ~ / && exit == 1/", "x && exit == 1"));
	assert_true(matches("output ~ /a/ && output ~ /b/", "b\na\n"));
	assert_false(matches("output ~ /a/ && output ~ /b/", "a\nc\n"));
	assert_true(matches("output ~ /a/ && !output ~ /b/", "a\nc\n"));
}

/* Each line is tried by itself, the last one also when it does not end. */
static void test_lines(void **state)
{
	(void)state;
	assert_true(matches("output ~ /^b$/", "a\nb\nc"));
	assert_true(matches("output ~ /^c$/", "a\nb\nc"));
	assert_false(matches("output ~ /a.*b/", "a\nb\n"));
	assert_true(matches("output ~ /^b$/", "a\r\nb\r\n"));
	assert_true(matches("output ~ /^100%$/", "10%\r100%\rdone\n"));
	assert_true(matches("output ~ /^$/", "a\n\nb\n"));
	assert_true(matches("output ~ /^$/", "a\r\n\r\nb\r\n"));
	assert_false(matches("output ~ /^$/", "a\r\nb\n"));
	assert_false(matches("output ~ /^$/", "\ra\r\r\nb\r"));
	assert_false(matches("output ~ /^$/", "a\n\x1b[0m"));
}

/* What terminals do not show as text is not looked at. */
static void test_sequences(void **state)
{
	static const char binary[] = "a\0b\n\xff\xfe\x80z\0\n";

	(void)state;
	assert_true(
		matches("output ~ /^x: error: y$/", "x: \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[Ky\n"));
	assert_true(matches("output ~ /^ab$/", "a\x1b]0;title\x07"
					       "b\n"));
	assert_true(matches("output ~ /^ab$/", "a\x1b]8;;http://x/\x1b\\b\n"));
	assert_true(matches("output ~ /^ab$/", "a\x1bPq#\x1b[\x1b\\b\n"));
	assert_true(matches("output ~ /^ab$/", "a\x1b(Bb\n"));
	assert_true(matches("output ~ /^ab$/", "a\x1b=b\n"));
	assert_true(matches("output ~ /^ab$/", "a\x1b[3\x18"
					       "b\n"));
	assert_true(matches("output ~ /^ab$/", "a\x07\x08\x7f"
					       "b\n"));
	assert_true(matches("output ~ /^a\tb$/", "a\tb\n"));
	assert_true(matches("output ~ /^b$/", "a\x1b[3\nb\n"));
	assert_false(matches("output ~ /title/", "\x1b]0;title\x07\n"));
	assert_true(holds_for("output ~ /^ab$/", (struct condition_facts){0}, binary,
			      sizeof binary - 1));
	assert_true(
		holds_for("output ~ /z/", (struct condition_facts){0}, binary, sizeof binary - 1));
}

/* It makes no difference where the pieces end. */
static void test_pieces(void **state)
{
	static const char output[] = "one\r\ntw\x1b[1mo\x1b]0;t\x1b\\\r\nthree";
	struct condition *condition = parse(
		"output ~ /^one$/ && output ~ /^two$/ && output ~ /^three$/ && output !~ /^$/");
	const struct condition_facts facts = {0};

	(void)state;
	for (size_t size = 1; size < sizeof output; size++) {
		condition_begin(condition);
		for (size_t at = 0; at < sizeof output - 1; at += size) {
			size_t left = sizeof output - 1 - at;

			condition_feed(condition, output + at, left < size ? left : size);
		}
		if (!condition_holds(condition, &facts))
			fail_msg("in pieces of %zu bytes", size);
	}
	condition_free(condition);
}

/* A run does not see what the former one printed. */
static void test_begin(void **state)
{
	struct condition *condition = parse("output ~ /ab/");
	const struct condition_facts facts = {0};

	(void)state;
	condition_feed(condition, "ab\n", 3);
	assert_true(condition_holds(condition, &facts));
	condition_begin(condition);
	condition_feed(condition, "x\n", 2);
	assert_false(condition_holds(condition, &facts));
	condition_begin(condition);
	condition_feed(condition, "a", 1);
	condition_begin(condition);
	condition_feed(condition, "b\n", 2);
	assert_false(condition_holds(condition, &facts));
	condition_begin(condition);
	condition_feed(condition, "\x1b]", 2);
	condition_begin(condition);
	condition_feed(condition, "ab\n", 3);
	assert_true(condition_holds(condition, &facts));
	condition_free(condition);
}

/* Of a line that is too long the beginning counts, and the next line is whole again. */
static void test_long_lines(void **state)
{
	struct condition *condition =
		parse("output ~ /^a*$/ && output ~ /^next$/ && output !~ /z/");
	const struct condition_facts facts = {0};
	char piece[1000];

	(void)state;
	condition_begin(condition);
	memset(piece, 'a', sizeof piece);
	for (int i = 0; i < 5; i++)
		condition_feed(condition, piece, sizeof piece);
	condition_feed(condition, "z\nnext\n", 7);
	assert_true(condition_holds(condition, &facts));
	condition_begin(condition);
	memset(piece, 'a', sizeof piece);
	for (int i = 0; i < 4; i++)
		condition_feed(condition, piece, sizeof piece);
	condition_feed(condition, "z\nnext\n", 7);
	assert_false(condition_holds(condition, &facts));
	condition_free(condition);
}

static void test_text(void **state)
{
	struct condition *condition = parse("  exit != 0  &&(hits>=2)\n");
	const char *rest;
	struct err err = {0};

	(void)state;
	assert_string_equal(condition_text(condition), "exit != 0  &&(hits>=2)");
	condition_free(condition);
	assert_int_equal(
		condition_parse_until("output ~ / log / log it", "log", &rest, &condition, &err),
		0);
	assert_string_equal(rest, "log it");
	assert_string_equal(condition_text(condition), "output ~ / log /");
	condition_free(condition);
	assert_int_equal(condition_parse_until("hits > 2", "log", &rest, &condition, &err), 0);
	assert_string_equal(rest, "");
	condition_free(condition);
	assert_int_equal(condition_parse_until("hits > 2 logs", "log", &rest, &condition, &err),
			 -1);
	assert_string_equal(err.text, "column 10 of the condition 'hits > 2 logs': expected '&&', "
				      "'||' or 'log', not 'logs'");
	assert_int_equal(condition_parse_until("hits > 2 lo", "log", &rest, &condition, &err), -1);
	assert_int_equal(condition_parse_until("hits > 2 )", "log", &rest, &condition, &err), -1);
	assert_int_equal(condition_parse_until("(hits > 2 log x", "log", &rest, &condition, &err),
			 -1);
}

static void test_too_much(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_BUF struct buf many = BUF_INIT;
	struct condition *condition = NULL;
	struct err err = {0};

	(void)state;
	for (int i = 0; i < CONDITION_PATTERNS_MAX; i++)
		buf_add_fmt(&many, "%soutput ~ /x/", i ? " && " : "");
	assert_true(matches(many.data, "x"));
	buf_add_str(&many, " && output ~ /x/");
	assert_int_equal(condition_parse(many.data, &condition, &err), -1);
	assert_non_null(strstr(err.text, "too many regular expressions"));
	while (text.len < CONDITION_TEXT_MAX - 9)
		buf_add_char(&text, '!');
	buf_add_str(&text, "hits == 3");
	assert_true(holds(text.data) == (text.len % 2 == 1));
	buf_add_char(&text, ' ');
	assert_int_equal(condition_parse(text.data, &condition, &err), -1);
	assert_non_null(strstr(err.text, "the condition is too long"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparisons),    cmocka_unit_test(test_logic),
		cmocka_unit_test(test_depth),	       cmocka_unit_test(test_needs),
		cmocka_unit_test(test_errors),	       cmocka_unit_test(test_errors_are_shown),
		cmocka_unit_test(test_pattern_errors), cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_lines),	       cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_pieces),	       cmocka_unit_test(test_begin),
		cmocka_unit_test(test_long_lines),     cmocka_unit_test(test_text),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
