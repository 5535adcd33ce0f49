/* Unit tests of ui/term.h: how characters, their widths and styles come out as cells. */
#include "term_fixture.h"

#include <wchar.h>

#define WIDE "\xe6\xbc\xa2" /* U+6F22, two columns */
#define BAD 0xfffd

static void check_color(struct cell_color is, int type, int index)
{
	assert_int_equal(is.type, type);
	assert_int_equal(is.index, index);
}

/* Default, indexed and RGB colours stay what they are. */
static void test_colors(void **state)
{
	struct term *term = term_new(20, 2, NULL);
	struct cell cell;

	(void)state;
	feed(term, "a\033[31;102mb\033[1;38;5;208;48:2::1:2:3mc\033[39;49md");
	check_color(cell_at(term, 0, 0).style.fg, CELL_DEFAULT, 0);
	check_color(cell_at(term, 0, 0).style.bg, CELL_DEFAULT, 0);
	check_color(cell_at(term, 0, 1).style.fg, CELL_INDEXED, 1);
	check_color(cell_at(term, 0, 1).style.bg, CELL_INDEXED, 10);
	cell = cell_at(term, 0, 2);
	check_color(cell.style.fg, CELL_INDEXED, 208);
	assert_int_equal(cell.style.attributes, CELL_BOLD);
	assert_int_equal(cell.style.bg.type, CELL_RGB);
	assert_int_equal(cell.style.bg.red, 1);
	assert_int_equal(cell.style.bg.green, 2);
	assert_int_equal(cell.style.bg.blue, 3);
	check_color(cell_at(term, 0, 3).style.bg, CELL_DEFAULT, 0);
	term_free(term);
}

/* Every attribute, dim among them, and how each ends. */
static void test_attributes(void **state)
{
	static const struct {
		const char *on, *off;
		int attributes;
	} cases[] = {
		{"1", "22", CELL_BOLD},
		{"2", "22", CELL_DIM},
		{"1;2", "22", CELL_BOLD | CELL_DIM},
		{"3", "23", CELL_ITALIC},
		{"4", "24", CELL_UNDERLINE},
		{"4:3", "4:0", CELL_UNDERLINE},
		{"5", "25", CELL_BLINK},
		{"7", "27", CELL_REVERSE},
		{"9", "29", CELL_STRIKE},
		{"1;2;3;4;5;7;9", "", 0x7f},
		{"58;5;1", "0", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf text = BUF_INIT;
		struct term *term = term_new(20, 2, NULL);

		buf_add_fmt(&text, "\033[%smx\033[%smy", cases[i].on, cases[i].off);
		feed(term, text.data);
		assert_int_equal(cell_at(term, 0, 0).style.attributes, cases[i].attributes);
		assert_int_equal(cell_at(term, 0, 1).style.attributes, 0);
		term_free(term);
	}
}

/* What was erased has the background of then, and nothing else; reversed as a whole, it too. */
static void test_erased(void **state)
{
	struct term *term = term_new(20, 2, NULL);
	struct cell cell;

	(void)state;
	feed(term, "\033[4;7;31;42m\033[K");
	cell = cell_at(term, 0, 5);
	assert_int_equal(cell.n_chars, 0);
	assert_int_equal(cell.style.attributes, 0);
	check_color(cell.style.fg, CELL_DEFAULT, 0);
	check_color(cell.style.bg, CELL_INDEXED, 2);
	feed(term, "\033[0m\033[?5hx");
	assert_int_equal(cell_at(term, 0, 0).style.attributes, CELL_REVERSE);
	assert_int_equal(cell_at(term, 0, 5).style.attributes, CELL_REVERSE);
	term_free(term);
}

/* A wide character has a right half; when one half is overwritten, the other becomes blank. */
static void test_wide(void **state)
{
	struct term *term = term_new(5, 4, NULL);

	(void)state;
	feed(term, "a" WIDE "b");
	assert_int_equal(cell_at(term, 0, 1).width, 2);
	assert_int_equal(cell_at(term, 0, 2).width, 0);
	assert_int_equal(cell_at(term, 0, 2).n_chars, 0);
	check_row(term, 0, "a" WIDE "b");
	feed(term, "\033[1;2Hx");
	check_row(term, 0, "ax b");
	assert_int_equal(cell_at(term, 0, 1).width, 1);
	assert_int_equal(cell_at(term, 0, 2).width, 1);
	feed(term, "\033[2;1H" WIDE "\033[2;2Hx");
	assert_int_equal(cell_at(term, 1, 0).width, 1);
	assert_int_equal(cell_at(term, 1, 0).chars[0], BAD);
	assert_int_equal(cell_at(term, 1, 1).chars[0], 'x');
	feed(term, "\033[3;5H" WIDE);
	check_row(term, 2, "");
	check_row(term, 3, WIDE);
	term_free(term);
}

/* Each character takes as many columns as wcwidth(3) says, or is replaced: it never shifts its row. */
static void test_widths(void **state)
{
	static const uint32_t codes[] = {0x41,	  0xe9,	   0x2500,  0x4e00,  0xac00,
					 0x1f600, 0x1f970, 0x1fae0, 0x1f6d6, 0x1d173,
					 0xe000,  0x378,   0x200b,  0x202e,  0xfeff,
					 0xad,	  0x300,   0x1160,  0x2028,  0x10ffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct term *term = term_new(20, 2, NULL);
		struct cell cells[20];
		char bytes[4];
		int columns = 0;

		term_feed(term, bytes, utf8_encode(codes[i], bytes));
		feed(term, "\033[1;10H|");
		term_row(term, 0, cells);
		for (int j = 0; j < 9; j++) {
			assert_int_equal(cells[j].n_chars ? wcwidth((wchar_t)cells[j].chars[0]) : 1,
					 cells[j].width + (cells[j].width == 0));
			columns += cells[j].width;
		}
		assert_int_equal(columns, 9);
		assert_int_equal(cells[9].chars[0], '|');
		term_free(term);
	}
}

/* Marks stay with their character, also when they come later; five characters at most. */
static void test_combining(void **state)
{
	struct term *term = term_new(10, 2, NULL);
	struct cell cell;

	(void)state;
	feed(term, "e\xcc\x81");
	feed(term, "\xcc\xa7x");
	check_row(term, 0, "e\xcc\x81\xcc\xa7x");
	feed(term, "\r\na\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88|");
	cell = cell_at(term, 1, 0);
	assert_int_equal(cell.n_chars, CELL_CHARS_MAX);
	assert_int_equal(cell.chars[CELL_CHARS_MAX - 1], 0x304);
	assert_int_equal(cell_at(term, 1, 1).chars[0], '|');
	term_free(term);
}

/* What hides or reorders text is not there, nor are controls. */
static void test_hidden(void **state)
{
	struct term *term = term_new(10, 2, NULL);

	(void)state;
	feed(term, "a\xe2\x80\xae"
		   "b\xe2\x80\x8d"
		   "c\xc2\x9b"
		   "d");
	for (int column = 0; column < 10; column++) {
		struct cell cell = cell_at(term, 0, column);

		for (int i = 0; i < cell.n_chars; i++)
			assert_true(utf8_is_shown(cell.chars[i]));
	}
	assert_int_equal(cell_at(term, 0, 0).chars[0], 'a');
	term_free(term);
}

/* Marks that libvterm counts as columns, more than there are: the next character is where it belongs. */
static void test_wide_marks(void **state)
{
	struct term *term = term_new(4, 2, NULL);

	(void)state;
	feed(term, "\xe3\x81\x8b\xe3\x82\x99\xe3\x82\x99\xe3\x82\x99\xe3\x82\x99|");
	assert_int_equal(cell_at(term, 0, 0).width, 2);
	assert_int_equal(cell_at(term, 0, 0).chars[1], 0x3099);
	assert_int_equal(cell_at(term, 0, 2).chars[0], '|');
	term_free(term);
}

/* The pictures of line drawing; UTF-8 is understood as before. */
static void test_line_drawing(void **state)
{
	struct term *term = term_new(10, 2, NULL);

	(void)state;
	feed(term, "\033(0lq\xc3\xa9\033(Blq");
	check_row(term, 0, "\xe2\x94\x8c\xe2\x94\x80\xc3\xa9lq");
	term_free(term);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_colors),	     cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_erased),	     cmocka_unit_test(test_wide),
		cmocka_unit_test(test_widths),	     cmocka_unit_test(test_combining),
		cmocka_unit_test(test_hidden),	     cmocka_unit_test(test_wide_marks),
		cmocka_unit_test(test_line_drawing),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
