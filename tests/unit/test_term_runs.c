/* Long runs of ASCII, of which libvterm gets the first character only (ui/term.h). What is expected is what ECMA-48
 * and xterm's ctlseqs document say of the modes. */
#include "tests/unit/term_fixture.h"

enum { COLUMNS = 40, ROWS = 4 };

static const char run[] = "the quick brown fox jumps"; /* 25 */

static struct term *make(const char *text)
{
	struct term *term = term_new(COLUMNS, ROWS, NULL);

	feed(term, text);
	return term;
}

static void test_colours(void **state)
{
	struct term *term = make("\033[1;31;44mthe quick brown fox jumps\033[0m.");
	struct cell cell = cell_at(term, 0, 12);

	(void)state;
	check_row(term, 0, "the quick brown fox jumps.");
	check_cursor(term, 0, 26);
	assert_int_equal(cell.style.attributes, CELL_BOLD);
	assert_int_equal(cell.style.fg.index, 1);
	assert_int_equal(cell.style.bg.index, 4);
	assert_int_equal(cell_at(term, 0, 25).style.attributes, 0);
	term_free(term);
}

/* The last column holds the cursor until there is more to write. */
static void test_edge(void **state)
{
	struct term *term = make("0123456789012345678901234567890123456789");

	(void)state;
	check_row(term, 0, "0123456789012345678901234567890123456789");
	check_cursor(term, 0, COLUMNS - 1);
	feed(term, run);
	check_row(term, 1, run);
	check_cursor(term, 1, 25);
	term_free(term);

	term = make("\033[?7l0123456789012345678901234567890123456789the quick brown fox");
	check_row(term, 0, "012345678901234567890123456789012345678x");
	check_row(term, 1, "");
	term_free(term);
}

static void test_lines_go_up(void **state)
{
	struct term *term = term_new(COLUMNS, ROWS, NULL);

	(void)state;
	for (int i = 0; i < 6; i++)
		feed(term, "0123456789012345678901234567890123456789the end is here\r\n");
	assert_int_equal(term_history_count(term), 9);
	check_history(term, 0, "0123456789012345678901234567890123456789");
	check_history(term, 1, "the end is here");
	check_row(term, 0, "the end is here");
	check_row(term, 3, "");
	term_free(term);
}

static void test_insert(void **state)
{
	struct term *term = make("0123456789\033[H\033[4hthe quick brown fox jumps");

	(void)state;
	check_row(term, 0, "the quick brown fox jumps0123456789");
	feed(term, "\033[4l\033[Hwhat a fox that is now");
	check_row(term, 0, "what a fox that is nowmps0123456789");
	term_free(term);
}

/* A line of double width has half as many columns. */
static void test_double_width(void **state)
{
	struct term *term = make("\033#6the quick brown fox jumps");

	(void)state;
	check_row(term, 0, "the quick brown fox ");
	check_row(term, 1, "jumps");
	term_free(term);
}

/* DECSCA: the whole run is protected. */
static void test_protected(void **state)
{
	struct term *term = make("\033[1\"qthe quick brown fox jumps\033[0\"q over it\033[?2K");

	(void)state;
	check_row(term, 0, run);
	feed(term, "\033[2K");
	check_row(term, 0, "");
	term_free(term);
}

static void test_mark_behind(void **state)
{
	struct term *term = make("the quick brown fox jumps\xcc\x81.");

	(void)state;
	check_row(term, 0, "the quick brown fox jumps\xcc\x81.");
	check_cursor(term, 0, 26);
	term_free(term);
}

/* Within margins, in origin mode. */
static void test_margins(void **state)
{
	struct term *term = make("\033[2;3r\033[?6h\033[2;1Hthe quick brown fox jumps\nover it");

	(void)state;
	check_row(term, 0, "");
	check_row(term, 1, run);
	check_row(term, 2, "                         over it");
	check_row(term, 3, "");
	term_free(term);
}

/* What is damaged, and nothing more. */
static void test_damage(void **state)
{
	struct term *term = make("\033[H");
	int first, last;

	(void)state;
	assert_true(term_take_damage(term, &first, &last));
	feed(term, "\033[3;1Hthe quick brown fox jumps");
	assert_true(term_take_damage(term, &first, &last));
	assert_int_equal(first, 2);
	assert_int_equal(last, 2);
	assert_false(term_take_damage(term, &first, &last));
	term_free(term);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_colours),	     cmocka_unit_test(test_edge),
		cmocka_unit_test(test_lines_go_up),  cmocka_unit_test(test_insert),
		cmocka_unit_test(test_double_width), cmocka_unit_test(test_protected),
		cmocka_unit_test(test_mark_behind),  cmocka_unit_test(test_margins),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
