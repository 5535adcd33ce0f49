/* One line of a log as a person sees it (ui/log_line.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <string.h>

#include "engine/base/mem.h"
#include "ui/log_line.h"

static const struct cell_style plain;

static void assert_text(const char *bytes, size_t length, const char *expected)
{
	struct log_line line = {0};
	AUTO_BUF struct buf text = BUF_INIT;

	log_line_render(&line, bytes, length, &plain);
	log_line_add_text(&line, &text);
	assert_string_equal(text.data, expected);
	log_line_release(&line);
}

static void test_text(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{"", ""},
		{"\n", ""},
		{"plain\n", "plain"},
		{"dos\r\n", "dos"},
		{"blanks   \t \n", "blanks"},
		{"a\tb", "a       b"},
		{"12345678\tb", "12345678        b"},
		/* A progress bar, and what is left of a longer line. */
		{" 10%\r 20%\r100%", "100%"},
		{"longer\rnew", "newger"},
		{"longer\r\033[Knew", "new"},
		{"longer\033[1K!", "      !"},
		{"longer\033[2K!", "      !"},
		{"ab\b\bcd", "cd"},
		{"\bx", "x"},
		/* man's bold. */
		{"N\bNA\bAME", "NAME"},
		{"\033[1;31mred\033[0m", "red"},
		{"\033]0;title\007text\033]8;;http://x\033\\link", "textlink"},
		{"\033[2J\033[10;5Hhere\033(B\0337", "here"},
		{"never ended \033]0;title", "never ended"},
		{"broken \033[12\001m", "broken m"},
		{"bell\007 nul", "bell nul"},
		{"\303\244\342\202\254", "\303\244\342\202\254"},
		{"e\314\201", "e\314\201"},
		{"\314\201x", "x"},
		/* Bytes that are none, a surrogate, an overlong form, a C1 control, a bidi mark. */
		{"a\377b\303", "a\357\277\275b\357\277\275"},
		{"\355\240\200", "\357\277\275\357\277\275\357\277\275"},
		{"\300\200", "\357\277\275\357\277\275"},
		{"\302\233x", "\357\277\275x"},
		{"a\342\200\256b", "a\357\277\275b"},
		/* Wide ones, and a half of one overwritten. */
		{"\346\227\245\346\234\254", "\346\227\245\346\234\254"},
		{"\346\227\245\rx", "x"},
		{"\346\227\245\bx", " x"},
		{"ab\r\346\227\245c", "\346\227\245c"},
		{"\346\227\245\314\201", "\346\227\245\314\201"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_text(cases[i].bytes, strlen(cases[i].bytes), cases[i].text);
	assert_text("nul\0nul", 7, "nulnul");
}

static void test_styles(void **state)
{
	static const struct cell_style red = {.fg = {.type = CELL_INDEXED, .index = 1}};
	const char *bytes = "a\033[1mb\033[0m\tc\033[44md";
	struct log_line line = {0};

	(void)state;
	log_line_render(&line, bytes, strlen(bytes), &red);
	assert_int_equal(line.n_columns, 10);
	assert_int_equal(line.cells[0].style.fg.index, 1);
	assert_int_equal(line.cells[0].style.attributes, 0);
	assert_int_equal(line.cells[1].style.fg.index, 1);
	assert_int_equal(line.cells[1].style.attributes, CELL_BOLD);
	/* What a tab leaps over is blank. */
	assert_int_equal(line.cells[2].n_chars, 0);
	assert_int_equal(line.cells[2].width, 1);
	assert_int_equal(line.cells[8].style.fg.type, CELL_DEFAULT);
	assert_int_equal(line.cells[9].style.bg.index, 4);
	assert_int_equal(line.pen.bg.index, 4);
	log_line_release(&line);
}

static void test_wide_cells(void **state)
{
	struct log_line line = {0};

	(void)state;
	log_line_render(&line, "\346\227\245x", 4, &plain);
	assert_int_equal(line.n_columns, 3);
	assert_int_equal(line.cells[0].chars[0], 0x65e5);
	assert_int_equal(line.cells[0].width, 2);
	assert_int_equal(line.cells[1].width, 0);
	assert_int_equal(line.cells[1].n_chars, 0);
	log_line_release(&line);
}

/* A cell has room for so many characters; more are dropped. */
static void test_many_combining(void **state)
{
	struct log_line line = {0};
	AUTO_BUF struct buf bytes = BUF_INIT;

	(void)state;
	buf_add_char(&bytes, 'e');
	for (int i = 0; i < 20; i++)
		buf_add_str(&bytes, "\314\201");
	log_line_render(&line, bytes.data, bytes.len, &plain);
	assert_int_equal(line.n_columns, 1);
	assert_int_equal(line.cells[0].n_chars, CELL_CHARS_MAX);
	log_line_release(&line);
}

static void test_many_columns(void **state)
{
	struct log_line line = {0};
	AUTO_BUF struct buf bytes = BUF_INIT;

	(void)state;
	for (int i = 0; i < LOG_COLUMNS_MAX / 8 + 10; i++)
		buf_add_str(&bytes, "x\t");
	buf_add_str(&bytes, "\314\201\033[K");
	log_line_render(&line, bytes.data, bytes.len, &plain);
	assert_int_equal(line.n_columns, LOG_COLUMNS_MAX - 7);
	log_line_release(&line);
}

/* From bytes of the text to columns of the line. */
static void test_columns(void **state)
{
	/* Columns: a 0, the wide one 1 and 2, the combined one 3, b 4. */
	const char *bytes = "a\346\227\245e\314\201b";
	static const struct {
		size_t byte, column, starts;
	} cases[] = {{0, 0, 0}, {1, 1, 1}, {3, 1, 1}, {4, 3, 4}, {6, 3, 4}, {7, 4, 7}, {8, 5, 8}};
	struct log_text_place place = {0};
	struct log_line line = {0};

	(void)state;
	log_line_render(&line, bytes, strlen(bytes), &plain);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		log_line_advance(&line, &place, cases[i].byte);
		assert_int_equal(place.column, cases[i].column);
		assert_int_equal(place.byte, cases[i].starts);
	}
	log_line_release(&line);
}

static void test_rows(void **state)
{
	static const struct {
		const char *bytes;
		size_t columns, rows, second; /* second: the first column of row 1 */
	} cases[] = {
		{"", 4, 1, 0},
		{"abcd", 4, 1, 4},
		{"abcde", 4, 2, 4},
		{"abcdefghi", 4, 3, 4},
		{"abc\346\227\245e", 4, 2, 3},
		{"\346\227\245", 1, 2, 1},
	};
	struct log_line line = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		log_line_render(&line, cases[i].bytes, strlen(cases[i].bytes), &plain);
		assert_int_equal(log_line_rows(&line, cases[i].columns), cases[i].rows);
		assert_int_equal(log_line_row_start(&line, 1, cases[i].columns), cases[i].second);
	}
	log_line_release(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	     cmocka_unit_test(test_styles),
		cmocka_unit_test(test_wide_cells),   cmocka_unit_test(test_many_combining),
		cmocka_unit_test(test_many_columns), cmocka_unit_test(test_columns),
		cmocka_unit_test(test_rows),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
