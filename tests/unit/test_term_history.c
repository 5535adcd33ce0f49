/* Unit tests of ui/term.h and ui/term_history.h: rows that left the screen, and come back. */
#include "term_fixture.h"

#include "ui/term_history.h"

#define WIDE "\xe6\xbc\xa2" /* U+6F22, two columns */

static void feed_lines(struct term *term, int first, int last)
{
	for (int i = first; i <= last; i++) {
		AUTO_BUF struct buf line = BUF_INIT;

		buf_add_fmt(&line, "line %d\r\n", i);
		feed(term, line.data);
	}
}

/* What goes up is kept in order, with its styles, wide characters and marks. */
static void test_rows(void **state)
{
	struct term *term = term_new(10, 3, NULL);
	struct cell cells[12];

	(void)state;
	feed(term, "a\033[1;38;2;1;2;3mb" WIDE "\033[0me\xcc\x81\r\n\033[41m\033[K\033[0m\r\n");
	feed_lines(term, 1, 3);
	assert_int_equal(term_history_count(term), 3);
	check_history(term, 0, "ab" WIDE "e\xcc\x81");
	check_history(term, 2, "line 1");
	term_history_row(term, 0, cells, 12);
	assert_int_equal(cells[0].style.attributes, 0);
	assert_int_equal(cells[1].style.attributes, CELL_BOLD);
	assert_int_equal(cells[1].style.fg.blue, 3);
	assert_int_equal(cells[2].width, 2);
	assert_int_equal(cells[2].style.attributes, CELL_BOLD);
	assert_int_equal(cells[3].width, 0);
	assert_int_equal(cells[4].n_chars, 2);
	assert_int_equal(cells[4].style.attributes, 0);
	assert_int_equal(cells[11].width, 1);
	term_history_row(term, 1, cells, 12);
	assert_int_equal(cells[9].style.bg.index, 1);
	assert_int_equal(cells[10].style.bg.type, CELL_DEFAULT);
	term_history_row(term, 0, cells, 3);
	assert_int_equal(cells[2].width, 1);
	assert_int_equal(cells[2].n_chars, 0);
	term_free(term);
}

/* Rows come back when the screen grows, as they were; those that are dropped do not. */
static void test_growth(void **state)
{
	struct term *term = term_new(20, 3, NULL);

	(void)state;
	feed(term, "\033[1;2;3;4;5;9;38;5;208;48;2;1;2;3m" WIDE "\033[0m\r\n");
	feed_lines(term, 1, 5);
	assert_int_equal(term_history_count(term), 4);
	term_resize(term, 20, 10);
	assert_int_equal(term_history_count(term), 0);
	check_row(term, 0, WIDE);
	check_row(term, 5, "line 5");
	check_cursor(term, 6, 0);
	assert_int_equal(cell_at(term, 0, 0).style.attributes, 0x5f);
	assert_int_equal(cell_at(term, 0, 0).style.fg.index, 208);
	assert_int_equal(cell_at(term, 0, 0).style.bg.green, 2);
	assert_int_equal(cell_at(term, 0, 1).width, 0);
	assert_int_equal(cell_at(term, 0, 2).style.bg.type, CELL_DEFAULT);
	term_free(term);
}

/* The oldest rows are dropped, and counted: a row keeps its number. */
static void test_limit(void **state)
{
	struct term *term = term_new(20, 3, NULL);
	size_t dropped;

	(void)state;
	term_limit_history(term, 2000);
	feed_lines(term, 0, 999);
	dropped = term_history_dropped(term);
	assert_in_range(term_history_count(term), 5, 200);
	assert_int_equal(dropped + term_history_count(term), 998);
	for (size_t row = 0; row < term_history_count(term); row++) {
		AUTO_BUF struct buf line = BUF_INIT;

		buf_add_fmt(&line, "line %zu", dropped + row);
		check_history(term, row, line.data);
	}
	check_history(term, term_history_count(term), "");
	term_limit_history(term, 0);
	assert_int_equal(term_history_count(term), 0);
	feed_lines(term, 0, 9);
	assert_int_equal(term_history_count(term), 0);
	term_resize(term, 20, 10);
	check_row(term, 0, "line 8");
	term_free(term);
}

/* 10,000 ordinary rows fit into the usual limit: raw cells would be 30 MiB. */
static void test_compact(void **state)
{
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	for (int i = 0; i < 10000; i++)
		feed(term,
		     "\033[1mcc\033[0m -O2 -g -Wall -Wextra -c -o build/file.o source/file.c\r\n");
	assert_int_equal(term_history_dropped(term), 0);
	assert_int_equal(term_history_count(term), 10000 - 23);
	term_free(term);
}

/* The ring by itself: rows at both ends, past the places that it begins with. */
static void test_ring(void **state)
{
	struct cell cell = {.n_chars = 1, .width = 1}, got[2];
	struct term_history history;

	(void)state;
	scrollback_init(&history, SIZE_MAX);
	assert_false(scrollback_pop(&history, got, 2));
	for (uint32_t i = 0; i < 1000; i++) {
		cell.chars[0] = 'A' + i % 26;
		scrollback_push(&history, &cell, 1);
		if (i % 10 == 9)
			assert_true(scrollback_pop(&history, got, 2));
	}
	assert_int_equal(history.count, 900);
	for (uint32_t i = 0; i < 900; i++) {
		scrollback_get(&history, i, got, 2);
		assert_int_equal(got[0].chars[0], 'A' + (i + i / 9) % 26);
		assert_int_equal(got[1].n_chars, 0);
		assert_int_equal(got[1].width, 1);
	}
	scrollback_release(&history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),  cmocka_unit_test(test_growth),
		cmocka_unit_test(test_limit), cmocka_unit_test(test_compact),
		cmocka_unit_test(test_ring),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
