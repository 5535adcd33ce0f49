/* A text that is scrolled and searched. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/text_view.h"

enum { ROWS = 3, COLUMNS = 12 };

static const struct cell_style plain, match = {.attributes = CELL_REVERSE};

/* Draws the view and checks its rows, given with a bar behind each; the one in the style of matches, or -1. */
static void check(struct text_view *view, const char *expected, int match_row)
{
	struct frame frame = {0};
	AUTO_BUF struct buf text = BUF_INIT;

	frame_resize(&frame, ROWS, COLUMNS);
	text_view_draw(view, &frame, (struct rect){0, 0, ROWS, COLUMNS}, plain, match);
	for (int row = 0; row < ROWS; row++) {
		for (int column = 0; column < COLUMNS; column++) {
			const struct cell *cell = frame_at(&frame, row, column);
			char bytes[4];

			if (cell->n_chars)
				buf_add(&text, bytes, utf8_encode(cell->chars[0], bytes));
		}
		buf_add_char(&text, '|');
		assert_int_equal(frame_at(&frame, row, 0)->style.attributes,
				 row == match_row ? CELL_REVERSE : 0);
	}
	frame_release(&frame);
	assert_string_equal(text.data, expected);
}

static void expect_lines(const struct text_view *view, const char *expected)
{
	AUTO_BUF struct buf text = BUF_INIT;

	for (size_t i = 0; i < view->n_lines; i++)
		buf_add_fmt(&text, "%s|", view->lines[i]);
	assert_string_equal(text.data, expected);
}

/* Long lines go on below, as the words above them; what a mark is below of stays as it is. */
static void long_lines_are_broken(void **state)
{
	struct text_view view = {0};

	(void)state;
	text_view_set(&view, "one two three four\n  five six seven\nk   what it does\n", false);
	assert_int_equal(view.columns, 18);
	text_view_wrap(&view, 11);
	expect_lines(&view, "one two|three four|  five six|  seven|k   what it|    does|");
	text_view_wrap(&view, 14);
	expect_lines(&view, "one two three|four|  five six|  seven|k   what it|    does|");
	text_view_wrap(&view, 40);
	expect_lines(&view, "one two three four|  five six seven|k   what it does|");
	text_view_set(&view, "not: right here\n     ^~~~~ ~~~~\ntaken apart now\n", false);
	text_view_wrap(&view, 10);
	expect_lines(&view, "not: right here|     ^~~~~ ~~~~|taken|apart now|");
	text_view_set(&view, "✓✓  日 and more words\n", false);
	text_view_wrap(&view, 12);
	expect_lines(&view, "✓✓  日 and|    more|    words|");
	text_view_wrap(&view, 0);
	expect_lines(&view, "✓✓  日 and more words|");
	text_view_release(&view);
}

static void lines_are_shown(void **state)
{
	struct text_view view = {0};

	(void)state;
	text_view_set(&view, "", false);
	check(&view, "|||", -1);
	text_view_set(&view, "a\n\nb", false);
	check(&view, "a||b|", -1);
	assert_int_equal(view.n_lines, 3);
	text_view_set(&view, "a\nb\n", false);
	assert_int_equal(view.n_lines, 2);
	text_view_set(&view, "a\tb\n\t日\r\n", false);
	check(&view, "a       b|        日||", -1);
	text_view_release(&view);
}

static void it_scrolls_no_further_than_its_ends(void **state)
{
	static const struct {
		enum motion motion;
		const char *rows;
	} moves[] = {
		{MOTION_UP, "1|2|3|"},	      {MOTION_DOWN, "2|3|4|"},
		{MOTION_PAGE_DOWN, "4|5|6|"}, {MOTION_PAGE_UP, "2|3|4|"},
		{MOTION_END, "4|5|6|"},	      {MOTION_DOWN, "4|5|6|"},
		{MOTION_HOME, "1|2|3|"},      {MOTION_PAGE_UP, "1|2|3|"},
	};
	struct text_view view = {0};

	(void)state;
	text_view_set(&view, "1\n2\n3\n4\n5\n6\n", false);
	check(&view, "1|2|3|", -1);
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		text_view_move(&view, moves[i].motion);
		check(&view, moves[i].rows, -1);
	}
	text_view_release(&view);
}

static void another_text_keeps_the_place_or_not(void **state)
{
	struct text_view view = {0};

	(void)state;
	text_view_set(&view, "1\n2\n3\n4\n5\n", false);
	check(&view, "1|2|3|", -1);
	text_view_move(&view, MOTION_DOWN);
	text_view_set(&view, "a\nb\nc\nd\ne\n", true);
	check(&view, "b|c|d|", -1);
	text_view_set(&view, "a\n", true);
	check(&view, "a|||", -1);
	text_view_set(&view, "1\n2\n3\n4\n5\n", false);
	check(&view, "1|2|3|", -1);
	text_view_release(&view);
}

static void it_goes_to_the_side(void **state)
{
	struct text_view view = {0};

	(void)state;
	text_view_set(&view, "0123456789abcdef\nshort\n", false);
	check(&view, "0123456789a…|short||", -1);
	text_view_move(&view, MOTION_RIGHT);
	check(&view, "89abcdef|||", -1);
	text_view_move(&view, MOTION_LEFT);
	text_view_move(&view, MOTION_LEFT);
	check(&view, "0123456789a…|short||", -1);
	text_view_release(&view);
}

static void matches_are_found_round_the_end(void **state)
{
	struct text_view view = {0};

	(void)state;
	text_view_set(&view, "Needle\nx\ny\nz\nneedle\n", false);
	check(&view, "Needle|x|y|", -1);
	assert_true(text_view_find(&view, "needle", true));
	check(&view, "Needle|x|y|", 0);
	assert_true(text_view_find(&view, "needle", true));
	check(&view, "y|z|needle|", 2);
	assert_true(text_view_find(&view, "needle", true));
	check(&view, "Needle|x|y|", 0);
	assert_true(text_view_find(&view, "needle", false));
	check(&view, "y|z|needle|", 2);
	/* An upper-case letter is meant. */
	assert_true(text_view_find(&view, "Needle", true));
	check(&view, "Needle|x|y|", 0);
	assert_true(text_view_find(&view, "Needle", true));
	check(&view, "Needle|x|y|", 0);
	assert_false(text_view_find(&view, "nowhere", true));
	text_view_release(&view);
}

static void nothing_is_found_in_no_text(void **state)
{
	struct text_view view = {0};

	(void)state;
	assert_false(text_view_find(&view, "a", true));
	text_view_set(&view, "", false);
	assert_false(text_view_find(&view, "a", false));
	text_view_move(&view, MOTION_END);
	check(&view, "|||", -1);
	text_view_release(&view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_shown),
		cmocka_unit_test(long_lines_are_broken),
		cmocka_unit_test(it_scrolls_no_further_than_its_ends),
		cmocka_unit_test(another_text_keeps_the_place_or_not),
		cmocka_unit_test(it_goes_to_the_side),
		cmocka_unit_test(matches_are_found_round_the_end),
		cmocka_unit_test(nothing_is_found_in_no_text),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
