/* Unit tests of ui/term.h: other sizes, and what would make libvterm 0.1 crash, hang or write where it
 * must not. Those have to be run with sanitizers, too: some of the damage is silent. */
#include "term_fixture.h"

#define WIDE "\xe6\xbc\xa2" /* U+6F22, two columns */

/* Looks at all of it. */
static void look(struct term *term)
{
	struct cell cells[TERM_COLUMNS_MAX];
	struct term_cursor cursor = term_cursor(term);
	int first, last;

	term_take_damage(term, &first, &last);
	for (int row = 0; row < term_rows(term); row++)
		term_row(term, row, cells);
	assert_in_range(cursor.row, 0, term_rows(term) - 1);
	assert_in_range(cursor.column, 0, term_columns(term) - 1);
}

/* Output that breaks libvterm: too many parameters, REP of nothing and of half a character, large numbers, a CSI
 * within an escape sequence. The numbers are those of the list in the design's reference. */
static void test_output(void **state)
{
	static const char *const outputs[] = {
		/* C1 */ "\033[38;2;1;2;3;48;2;4;5;6;58;2;7;8;9;4:3;1m\033[1;1;1;1;1;1;1;1;1;1;1;1;"
			 "1;1;1;1;1;1H",
		/* C2 */ "\033[5b\xcc\x81\033[5b",
		/* C3 */ WIDE "\033[1;80H\033[1b",
		/* C13 */ "\033#[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1H\033([5b",
		/* C14 */ "\033[99999999999999999999A\033[4294967297;99999999999B",
		/* a DCS that libvterm would answer, margins left and right */
		"\033P$qm\033\\\033[?69h\033[10;20s\033[?69l",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outputs); i++) {
		struct term *term = term_new(80, 24, NULL);

		feed(term, outputs[i]);
		look(term);
		feed(term, "\033[2J\033[Hend");
		check_row(term, 0, "end");
		term_free(term);
	}
}

/* C4: a wide character on one column. */
static void test_one_column(void **state)
{
	struct term *term = term_new(1, 3, NULL);

	(void)state;
	feed(term, WIDE WIDE);
	term_resize(term, 1, 1);
	feed(term, WIDE);
	look(term);
	check_row(term, 0, WIDE);
	term_free(term);
}

/* C5 and C6: a row that comes back to a screen that has become narrower, within a wide character. */
static void test_pop_narrower(void **state)
{
	struct term *term = term_new(6, 2, NULL);

	(void)state;
	feed(term, "a" WIDE WIDE "\r\nb\r\nc\r\nd");
	term_resize(term, 4, 2);
	term_resize(term, 4, 4);
	look(term);
	check_row(term, 0, "a" WIDE);
	check_row(term, 1, "b");
	check_row(term, 3, "d");
	check_cursor(term, 3, 1);
	term_free(term);
}

/* C7: margins below the new last row, then a newline. */
static void test_margins(void **state)
{
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	feed(term, "\033[20;24r");
	term_resize(term, 80, 10);
	feed(term, "\n\n\033[10;1H\n\nend");
	look(term);
	check_row(term, 9, "end");
	term_free(term);
}

/* C8: text on the last row, the cursor on the first. */
static void test_cursor_high(void **state)
{
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	feed(term, "\033[24;1Hlast\033[Hfirst\033[H");
	term_resize(term, 80, 5);
	look(term);
	check_cursor(term, 0, 0);
	check_row(term, 4, "last");
	check_history(term, 0, "first");
	feed(term, "x");
	check_row(term, 0, "x");
	term_free(term);
}

/* C9: a cursor that was saved where there is nothing any more; each way of restoring it. */
static void test_saved_cursor(void **state)
{
	static const char *const restores[] = {"\0338", "\033[u", "\033[?1048l", "\033[?1049l"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(restores); i++) {
		struct term *term = term_new(80, 24, NULL);

		feed(term, "\033[24;80H\0337\033[H");
		term_resize(term, 20, 5);
		feed(term, restores[i]);
		check_cursor(term, 4, 19);
		feed(term, "x\033[A\n\n");
		look(term);
		term_free(term);
	}
}

/* Between any two bytes, and to all kinds of sizes, back and forth. */
static void test_storm(void **state)
{
	static const char output[] =
		"one\r\n" WIDE WIDE WIDE
		"\r\n\033[3;9r\033[?6h\033[1;31mthree\n\n\n\033[5b\0337\033[?1049h"
		"\033[2;4Htwo\033#6" WIDE "\033[4h" WIDE
		"\033[4l\033[1@\033[2P\033[L\033[M\033[?1049l\033[r"
		"\0338\033[S\033[T\033(0qqq\033(B\tx\r\n";
	static const int sizes[][2] = {{80, 24}, {2, 1},  {3, 50}, {200, 2},
				       {10, 10}, {1, 24}, {79, 7}};
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	for (size_t i = 0; i < 20 * strlen(output); i++) {
		const int *size = sizes[i % ARRAY_SIZE(sizes)];

		term_feed(term, &output[i % strlen(output)], 1);
		if (i % 3 == 0)
			term_resize(term, size[0], size[1]);
		if (i % 50 == 0)
			look(term);
	}
	term_resize(term, 80, 24);
	feed(term, "\033c\033[Hend");
	check_row(term, 0, "end");
	term_free(term);
}

/* A sequence and a character that are cut by another size are understood as a whole. */
static void test_within_sequence(void **state)
{
	struct term *term = term_new(20, 5, NULL);

	(void)state;
	feed(term, "\033[3;");
	term_resize(term, 30, 6);
	feed(term, "4Hx\xe2\x82");
	term_resize(term, 20, 5);
	feed(term, "\xac");
	check_row(term, 2, "   x\xe2\x82\xac");
	term_free(term);
}

/* All rows are to be drawn anew, and text stays. */
static void test_damage(void **state)
{
	struct term *term = term_new(20, 5, NULL);
	int first = -1, last = -1;

	(void)state;
	feed(term, "text");
	term_take_damage(term, &first, &last);
	term_resize(term, 20, 5);
	assert_false(term_take_damage(term, &first, &last));
	term_resize(term, 30, 7);
	assert_true(term_take_damage(term, &first, &last));
	assert_int_equal(first, 0);
	assert_int_equal(last, 6);
	check_row(term, 0, "text");
	check_cursor(term, 0, 4);
	assert_int_equal(cell_at(term, 0, 29).width, 1);
	term_free(term);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),	     cmocka_unit_test(test_one_column),
		cmocka_unit_test(test_pop_narrower), cmocka_unit_test(test_margins),
		cmocka_unit_test(test_cursor_high),  cmocka_unit_test(test_saved_cursor),
		cmocka_unit_test(test_storm),	     cmocka_unit_test(test_within_sequence),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
