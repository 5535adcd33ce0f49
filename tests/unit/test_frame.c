/* Drawing into a grid of cells: clipping, wide and combining characters, what is not shown. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/frame.h"

enum { ROWS = 4, COLUMNS = 10 };

static const struct rect all = {0, 0, ROWS, COLUMNS};
static const struct cell_style plain, bold = {.attributes = CELL_BOLD};

static int make_frame(void **state)
{
	struct frame *frame = mem_new(sizeof *frame);

	frame_resize(frame, ROWS, COLUMNS);
	*state = frame;
	return 0;
}

static int free_frame(void **state)
{
	struct frame *frame = *state;

	frame_release(frame);
	free(frame);
	return 0;
}

/* A row as text, blanks as dots; and that its cells take as many columns as the frame has. */
static void check_row(struct frame *frame, int row, const char *expected)
{
	AUTO_BUF struct buf text = BUF_INIT;
	int columns = 0;

	for (int column = 0; column < frame->columns; column++) {
		const struct cell *cell = frame_at(frame, row, column);

		columns += cell->width;
		if (cell->width && !cell->n_chars)
			buf_add_char(&text, '.');
		for (int i = 0; i < cell->n_chars; i++) {
			char bytes[4];

			buf_add(&text, bytes, utf8_encode(cell->chars[i], bytes));
		}
	}
	assert_string_equal(text.data, expected);
	assert_int_equal(columns, frame->columns);
}

static void text_that_fits_is_drawn(void **state)
{
	assert_int_equal(frame_text(*state, all, 1, 2, plain, "abc"), 3);
	assert_int_equal(frame_text(*state, all, 2, 0, plain, "0123456789"), 10);
	check_row(*state, 0, "..........");
	check_row(*state, 1, "..abc.....");
	check_row(*state, 2, "0123456789");
}

static void text_that_does_not_fit_ends_with_an_ellipsis(void **state)
{
	const struct rect part = {1, 3, 2, 4};

	assert_int_equal(frame_text(*state, part, 0, 0, plain, "abcde"), 4);
	assert_int_equal(frame_text(*state, part, 1, 3, plain, "abcde"), 1);
	check_row(*state, 1, "...abc…...");
	check_row(*state, 2, "......…...");
}

static void nothing_is_drawn_outside(void **state)
{
	const struct rect beyond = {ROWS, 0, 1, COLUMNS}, none = {1, 1, 0, 0},
			  corner = {-1, -2, 2, 4};

	assert_int_equal(frame_text(*state, beyond, 0, 0, plain, "abc"), 0);
	assert_int_equal(frame_text(*state, none, 0, 0, plain, "abc"), 0);
	assert_int_equal(frame_text(*state, all, -1, 0, plain, "abc"), 0);
	assert_int_equal(frame_text(*state, all, ROWS, 0, plain, "abc"), 0);
	assert_int_equal(frame_text(*state, all, 0, COLUMNS, plain, "abc"), 0);
	frame_fill(*state, beyond, bold);
	frame_tint(*state, beyond, 0, bold);
	for (int row = 0; row < ROWS; row++)
		check_row(*state, row, "..........");
	frame_box(*state, corner, plain, plain, NULL);
	check_row(*state, 0, "─┘........");
}

static void a_frame_of_one_cell_has_room_for_an_ellipsis(void **state)
{
	struct frame *frame = *state;

	frame_resize(frame, 1, 1);
	frame_text(frame, (struct rect){0, 0, 1, 1}, 0, 0, plain, "abc");
	check_row(frame, 0, "…");
	frame_box(frame, (struct rect){0, 0, 1, 1}, plain, plain, "title");
	check_row(frame, 0, "┘");
}

static void wide_characters_take_two_columns(void **state)
{
	assert_int_equal(frame_text_columns("日本"), 4);
	assert_int_equal(frame_text(*state, all, 0, 7, plain, "日本"), 3);
	check_row(*state, 0, ".......日…");
	/* The second does not fit in front of the ellipsis. */
	assert_int_equal(frame_text(*state, (struct rect){1, 0, 1, 4}, 0, 0, plain, "日本語"), 3);
	check_row(*state, 1, "日….......");
}

static void what_is_drawn_over_half_a_character_leaves_no_other_half(void **state)
{
	frame_text(*state, all, 0, 0, plain, "日本日本日");
	frame_text(*state, all, 0, 1, plain, "ab");
	check_row(*state, 0, ".ab.日本日");
	frame_fill(*state, (struct rect){0, 5, 1, 2}, plain);
	check_row(*state, 0, ".ab.....日");
	frame_box(*state, (struct rect){0, 2, 4, 7}, plain, plain, NULL);
	check_row(*state, 0, ".a┌─────┐.");
}

static void cells_over_half_a_character_leave_no_other_half(void **state)
{
	static const struct cell cell = {.chars = {'x'}, .n_chars = 1, .width = 1};

	frame_text(*state, all, 0, 0, plain, "日本");
	frame_cells(*state, (struct rect){0, 1, 1, 2}, 0, &cell, 1, plain);
	check_row(*state, 0, ".x........");
}

static void combining_characters_stay_with_theirs(void **state)
{
	assert_int_equal(frame_text(*state, all, 0, 0, plain, "e\u0301x"), 2);
	assert_int_equal(frame_text(*state, all, 1, 0, plain, "日\u0301x"), 3);
	assert_int_equal(frame_text(*state, all, 2, 0, plain, "\u0301x"), 1);
	check_row(*state, 0, "e\u0301x........");
	check_row(*state, 1, "日\u0301x.......");
	check_row(*state, 2, "x.........");
}

static void what_a_terminal_would_obey_is_not_shown(void **state)
{
	frame_text(*state, all, 0, 0, plain, "a\033[31m\n\r\x7f");
	check_row(*state, 0, "a?[31m???.");
	/* Bidirectional overrides (U+202E), and bytes that are no UTF-8. */
	frame_text(*state, all, 1, 0, plain, "a\u202eb\xff\xc3");
	check_row(*state, 1, "a?b\uFFFD\uFFFD.....");
}

static void ascii_frames_have_nothing_else(void **state)
{
	struct frame *frame = *state;
	static const struct cell cell = {.chars = {0xe9}, .n_chars = 1, .width = 1};

	frame->ascii = true;
	frame_text(frame, all, 0, 0, plain, "caf\u00e9");
	frame_text(frame, all, 1, 0, plain, "0123456789x");
	frame_cells(frame, all, 2, &cell, 1, plain);
	check_row(frame, 0, "caf?......");
	check_row(frame, 1, "012345678~");
	check_row(frame, 2, "?.........");
	frame_box(frame, (struct rect){0, 0, 2, 3}, plain, plain, NULL);
	check_row(frame, 0, "+-+?......");
}

static void a_wide_cell_that_is_cut_becomes_a_blank(void **state)
{
	struct frame *frame = *state;
	const struct cell cells[] = {{.chars = {'a'}, .n_chars = 1, .width = 1},
				     {.chars = {0x65e5}, .n_chars = 1, .width = 2},
				     {.width = 0}};

	frame_cells(frame, (struct rect){0, 0, 1, 2}, 0, cells, 3, plain);
	check_row(frame, 0, "a.........");
	frame_cells(frame, (struct rect){1, 0, 1, 3}, 0, cells, 3, plain);
	check_row(frame, 1, "a日.......");
}

static void the_cursor_stays_within_its_rectangle(void **state)
{
	struct frame *frame = *state;
	const struct rect part = {1, 2, 2, 3};

	frame_cursor(frame, part, 1, 2);
	assert_int_equal(frame->cursor_row, 2);
	assert_int_equal(frame->cursor_column, 4);
	frame_clear(frame, plain);
	assert_int_equal(frame->cursor_row, -1);
	frame_cursor(frame, part, 2, 0);
	frame_cursor(frame, part, 0, 3);
	frame_cursor(frame, part, -1, 0);
	assert_int_equal(frame->cursor_row, -1);
}

static void a_rectangle_never_becomes_negative(void **state)
{
	struct rect rect = rect_inset((struct rect){0, 0, 1, 3}, 1, 2, 1, 2);

	(void)state;
	assert_int_equal(rect.rows, 0);
	assert_int_equal(rect.columns, 0);
	assert_false(rect_contains(rect, rect.row, rect.column));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_frame, free_frame)
	const struct CMUnitTest tests[] = {
		TEST(text_that_fits_is_drawn),
		TEST(text_that_does_not_fit_ends_with_an_ellipsis),
		TEST(nothing_is_drawn_outside),
		TEST(a_frame_of_one_cell_has_room_for_an_ellipsis),
		TEST(wide_characters_take_two_columns),
		TEST(what_is_drawn_over_half_a_character_leaves_no_other_half),
		TEST(cells_over_half_a_character_leave_no_other_half),
		TEST(combining_characters_stay_with_theirs),
		TEST(what_a_terminal_would_obey_is_not_shown),
		TEST(ascii_frames_have_nothing_else),
		TEST(a_wide_cell_that_is_cut_becomes_a_blank),
		TEST(the_cursor_stays_within_its_rectangle),
		TEST(a_rectangle_never_becomes_negative),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
