/* Unit tests of ui/sgr.h: what sequences do to a style, and a style as a sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "ui/sgr.h"

#define INDEXED(n)                                 \
	{                                          \
		.type = CELL_INDEXED, .index = (n) \
	}
#define RGB(r, g, b)                                                    \
	{                                                               \
		.type = CELL_RGB, .red = (r), .green = (g), .blue = (b) \
	}

/* What the parameters make of a style that has nothing. */
struct sgr_case {
	const char *parameters;
	struct cell_style style;
};

static void check_style(const char *text, const struct cell_style *is,
			const struct cell_style *want)
{
	if (is->attributes != want->attributes || memcmp(&is->fg, &want->fg, sizeof is->fg) != 0 ||
	    memcmp(&is->bg, &want->bg, sizeof is->bg) != 0)
		fail_msg("\"%s\": attributes %d, fg %d %d, bg %d %d", text, is->attributes,
			 is->fg.type, is->fg.index, is->bg.type, is->bg.index);
}

static void check_cases(const struct sgr_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cell_style style = {.attributes = 0};

		sgr_apply(cases[i].parameters, strlen(cases[i].parameters), &style);
		check_style(cases[i].parameters, &style, &cases[i].style);
	}
}

/* Attributes on, off, and by other names. */
static void test_attributes(void **state)
{
	static const struct sgr_case cases[] = {
		{"1;2;3;4;5;7;9",
		 {.attributes = CELL_BOLD | CELL_DIM | CELL_ITALIC | CELL_UNDERLINE | CELL_BLINK |
				CELL_REVERSE | CELL_STRIKE}},
		{"1;3;", {.attributes = 0}},
		{"1;3;0", {.attributes = 0}},
		{"1;2;22;3", {.attributes = CELL_ITALIC}},
		{"3;4;5;7;9;23;24;25;27;29", {.attributes = 0}},
		{"21", {.attributes = CELL_UNDERLINE}},
		{"6", {.attributes = CELL_BLINK}},
		{"4:3", {.attributes = CELL_UNDERLINE}},
		{"4;4:0", {.attributes = 0}},
		{"1;53;73;99999999999", {.attributes = CELL_BOLD}},
		{"1:2", {.attributes = 0}},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* Every form of a colour. */
static void test_colors(void **state)
{
	static const struct sgr_case cases[] = {
		{"31", {.fg = INDEXED(1)}},
		{"37;40", {.fg = INDEXED(7), .bg = INDEXED(0)}},
		{"90;107", {.fg = INDEXED(8), .bg = INDEXED(15)}},
		{"31;39;41;49", {.attributes = 0}},
		{"38;5;208;1", {.fg = INDEXED(208), .attributes = CELL_BOLD}},
		{"48:5:17", {.bg = INDEXED(17)}},
		{"38;2;1;2;3;4", {.fg = RGB(1, 2, 3), .attributes = CELL_UNDERLINE}},
		{"38:2:1:2:3", {.fg = RGB(1, 2, 3)}},
		{"48:2::1:2:3", {.bg = RGB(1, 2, 3)}},
		{"38:2::1::3", {.fg = RGB(1, 0, 3)}},
		{"38;2;;2;", {.fg = RGB(0, 2, 0)}},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* What is no colour changes nothing, and what belongs to it is no attribute. */
static void test_skipped(void **state)
{
	static const struct sgr_case cases[] = {
		{"58;5;1;3", {.attributes = CELL_ITALIC}},
		{"58;2;1;4;7;3", {.attributes = CELL_ITALIC}},
		{"58:2::1:4:7;3", {.attributes = CELL_ITALIC}},
		{"59;3", {.attributes = CELL_ITALIC}},
		{"38;5", {.attributes = 0}},
		{"38;2;1;1", {.attributes = 0}},
		{"38", {.attributes = 0}},
		{"38;5;256;3", {.attributes = CELL_ITALIC}},
		{"38:5;3", {.attributes = CELL_ITALIC}},
		{"48:2:1:2;3", {.attributes = CELL_ITALIC}},
	};

	(void)state;
	check_cases(cases, ARRAY_SIZE(cases));
}

/* A style as a sequence. */
static void test_write(void **state)
{
	static const struct {
		struct cell_style style;
		const char *text;
	} cases[] = {
		{{.attributes = 0}, "\033[0m"},
		{{.attributes = CELL_BOLD | CELL_STRIKE}, "\033[0;1;9m"},
		{{.fg = INDEXED(208), .bg = RGB(1, 20, 255)}, "\033[0;38;5;208;48;2;1;20;255m"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf out = BUF_INIT;
		struct cell_style style = {.fg = INDEXED(3), .attributes = CELL_BLINK};

		sgr_write(&cases[i].style, &out);
		assert_string_equal(out.data, cases[i].text);
		sgr_apply(out.data + 2, out.len - 3, &style);
		check_style(out.data, &style, &cases[i].style);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_colors),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
