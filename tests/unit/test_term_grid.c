/* The rows of cells behind a terminal's screen (ui/term_grid.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/term_grid.h"

static const struct cell blank = {.width = 1};

/* A grid in which each row has its letter in each cell: "aaaa", "bbbb", ... */
static struct term_grid make_grid(int rows, int columns)
{
	struct term_grid grid = {0};

	term_grid_resize(&grid, rows, columns, &blank);
	for (int row = 0; row < rows; row++) {
		struct cell cell = {.chars = {(uint32_t)('a' + row)}, .n_chars = 1, .width = 1};

		term_grid_fill(&grid, row, 0, columns, &cell);
	}
	return grid;
}

/* Fails unless the row has these letters; "." is a blank. */
static void check_line(const struct term_grid *grid, int row, const char *text)
{
	assert_int_equal(grid->columns, strlen(text));
	for (int column = 0; column < grid->columns; column++) {
		const struct cell *cell = &grid->lines[row][column];

		assert_int_equal(cell->n_chars ? cell->chars[0] : '.', text[column]);
		assert_int_equal(cell->width, 1);
	}
}

static void test_resize(void **state)
{
	struct term_grid grid = make_grid(3, 4);

	(void)state;
	term_grid_resize(&grid, 4, 6, &blank);
	check_line(&grid, 0, "aaaa..");
	check_line(&grid, 2, "cccc..");
	check_line(&grid, 3, "......");
	term_grid_resize(&grid, 1, 2, &blank);
	check_line(&grid, 0, "aa");
	term_grid_resize(&grid, 2, 3, &blank);
	check_line(&grid, 0, "aa.");
	check_line(&grid, 1, "...");
	term_grid_release(&grid);
	assert_null(grid.lines);
}

static void test_move_rows(void **state)
{
	struct term_grid grid = make_grid(6, 2);

	(void)state;
	/* Two up, of which none but those that move and those that they take the place of change. */
	term_grid_move_rows(&grid, 1, 3, 2);
	check_line(&grid, 0, "aa");
	check_line(&grid, 1, "dd");
	check_line(&grid, 2, "ee");
	check_line(&grid, 5, "ff");
	term_grid_release(&grid);

	grid = make_grid(6, 2);
	term_grid_move_rows(&grid, 1, 0, 4);
	check_line(&grid, 1, "aa");
	check_line(&grid, 2, "bb");
	check_line(&grid, 4, "dd");
	check_line(&grid, 5, "ff");
	/* No row is in two places. */
	term_grid_fill(&grid, 0, 0, 2, &blank);
	check_line(&grid, 1, "aa");
	check_line(&grid, 4, "dd");
	term_grid_release(&grid);
}

static void test_move_cells(void **state)
{
	struct term_grid grid = make_grid(2, 5);

	(void)state;
	term_grid_move_cells(&grid, 0, 1, 1, 0, 2);
	check_line(&grid, 0, "abbaa");
	term_grid_move_cells(&grid, 0, 0, 0, 1, 4);
	check_line(&grid, 0, "bbaaa");
	check_line(&grid, 1, "bbbbb");
	term_grid_release(&grid);
}

static void test_blank_row(void **state)
{
	struct term_grid grid = make_grid(2, 4);
	struct cell right_half = {0};

	(void)state;
	assert_false(term_grid_is_blank(&grid, 0));
	term_grid_fill(&grid, 0, 0, 4, &blank);
	assert_true(term_grid_is_blank(&grid, 0));
	assert_false(term_grid_is_blank(&grid, 1));
	term_grid_fill(&grid, 0, 3, 4, &right_half);
	assert_false(term_grid_is_blank(&grid, 0));
	term_grid_release(&grid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_move_rows),
		cmocka_unit_test(test_move_cells),
		cmocka_unit_test(test_blank_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
