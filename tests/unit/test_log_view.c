/* A look at a recorded output (ui/log_view.h): where it is, what it draws, its search. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "tests/unit/log_fixture.h"
#include "ui/log_view.h"

enum { ROWS = 4, COLUMNS = 10 };

/* A view on a log, and the picture that was drawn last. */
struct looked {
	int fd;
	struct log_view *view;
	struct cell cells[ROWS * COLUMNS];
	uint8_t marks[ROWS * COLUMNS];
	struct buf picture;
};

/* Does all there is to do, in the smallest pieces. */
static void work(struct looked *looked)
{
	struct err err;
	int more;

	do {
		more = log_view_work(looked->view, 0, &err);
		assert_true(more >= 0);
	} while (more);
}

static void open_view(struct looked *looked, const char *text)
{
	looked->fd = log_make_text(text);
	looked->view = log_view_new(looked->fd);
	buf_init(&looked->picture);
	log_view_resize(looked->view, ROWS, COLUMNS);
	work(looked);
}

static void close_view(struct looked *looked)
{
	buf_release(&looked->picture);
	log_view_free(looked->view);
	close(looked->fd);
}

/* Lines "0", "1", ... */
static void open_numbers(struct looked *looked, int lines)
{
	AUTO_BUF struct buf text = BUF_INIT;

	for (int i = 0; i < lines; i++)
		buf_add_fmt(&text, "%d\n", i);
	open_view(looked, text.data);
}

/* Adds a row without its blanks at the end; what matches is in brackets, the current match in braces. */
static void add_row(struct looked *looked, int row)
{
	static const char opening[] = " [{", closing[] = " ]}";
	uint8_t last = LOG_VIEW_PLAIN;
	size_t kept = looked->picture.len;

	for (int i = row * COLUMNS; i < (row + 1) * COLUMNS; i++) {
		const struct cell *cell = &looked->cells[i];
		char bytes[4];

		if (last && looked->marks[i] != last) {
			buf_add_char(&looked->picture, closing[last]);
			kept = looked->picture.len;
		}
		if (looked->marks[i] && looked->marks[i] != last)
			buf_add_char(&looked->picture, opening[looked->marks[i]]);
		last = looked->marks[i];
		if (cell->n_chars)
			buf_add(&looked->picture, bytes, utf8_encode(cell->chars[0], bytes));
		else if (cell->width)
			buf_add_char(&looked->picture, ' ');
		if (last || (cell->n_chars && cell->chars[0] != ' '))
			kept = looked->picture.len;
	}
	if (last)
		buf_add_char(&looked->picture, closing[last]);
	else
		buf_truncate(&looked->picture, kept);
}

/* The picture has these rows, with "|" between them. */
static void assert_picture(struct looked *looked, const char *expected)
{
	struct err err;

	assert_int_equal(log_view_draw(looked->view, looked->cells, looked->marks, &err), 0);
	buf_clear(&looked->picture);
	for (int row = 0; row < ROWS; row++) {
		if (row)
			buf_add_char(&looked->picture, '|');
		add_row(looked, row);
	}
	assert_string_equal(looked->picture.data, expected);
}

static void move(struct looked *looked, int64_t rows)
{
	struct err err;

	assert_int_equal(log_view_move(looked->view, rows, &err), 0);
}

static void test_empty(void **state)
{
	struct looked looked;

	(void)state;
	open_view(&looked, "");
	assert_picture(&looked, "|||");
	move(&looked, -3);
	move(&looked, 3);
	assert_true(log_view_follows(looked.view));
	log_add(looked.fd, "one", 3);
	work(&looked);
	assert_picture(&looked, "one|||");
	close_view(&looked);
}

/* The end is followed until a person moves; then new output moves nothing. */
static void test_follow(void **state)
{
	struct looked looked;

	(void)state;
	open_numbers(&looked, 10);
	assert_picture(&looked, "6|7|8|9");
	log_add(looked.fd, "10\n", 3);
	work(&looked);
	assert_picture(&looked, "7|8|9|10");
	move(&looked, -2);
	assert_false(log_view_follows(looked.view));
	log_add(looked.fd, "11\n", 3);
	work(&looked);
	assert_picture(&looked, "5|6|7|8");
	assert_int_equal(log_view_top(looked.view), 5);
	assert_int_equal(log_view_lines(looked.view), 12);
	move(&looked, 3);
	assert_true(log_view_follows(looked.view));
	assert_picture(&looked, "8|9|10|11");
	close_view(&looked);
}

/* What fits wholly goes on following, whatever a person tries. */
static void test_fits(void **state)
{
	struct looked looked;

	(void)state;
	open_numbers(&looked, 2);
	move(&looked, -1);
	assert_true(log_view_follows(looked.view));
	assert_picture(&looked, "0|1||");
	close_view(&looked);
}

static void test_moves(void **state)
{
	struct looked looked;
	struct err err;

	(void)state;
	open_numbers(&looked, 20);
	log_view_home(looked.view);
	assert_picture(&looked, "0|1|2|3");
	assert_int_equal(log_view_page(looked.view, 1, &err), 0);
	assert_picture(&looked, "3|4|5|6");
	assert_int_equal(log_view_page(looked.view, -9, &err), 0);
	assert_picture(&looked, "0|1|2|3");
	log_view_go(looked.view, 18);
	assert_picture(&looked, "18|19||");
	log_view_go(looked.view, 99);
	assert_picture(&looked, "19|||");
	log_view_end(looked.view);
	assert_picture(&looked, "16|17|18|19");
	move(&looked, INT64_MIN);
	assert_picture(&looked, "0|1|2|3");
	move(&looked, INT64_MAX);
	assert_picture(&looked, "16|17|18|19");
	close_view(&looked);
}

static void test_pan(void **state)
{
	struct looked looked;

	(void)state;
	open_view(&looked, "0123456789abcdef\n\346\227\245x\nshort\n");
	assert_picture(&looked, "0123456789|\346\227\245x|short|");
	log_view_pan(looked.view, 1);
	/* Half of a wide character is a blank. */
	assert_picture(&looked, "123456789a| x|hort|");
	log_view_pan(looked.view, 9);
	assert_picture(&looked, "abcdef|||");
	log_view_pan(looked.view, -99);
	assert_picture(&looked, "0123456789|\346\227\245x|short|");
	close_view(&looked);
}

static void test_wrap(void **state)
{
	struct looked looked;

	(void)state;
	open_view(&looked, "first\n0123456789abcdefghijklmno\nlast\n");
	log_view_wrap(looked.view, true);
	assert_true(log_view_wraps(looked.view));
	assert_picture(&looked, "0123456789|abcdefghij|klmno|last");
	move(&looked, -1);
	assert_picture(&looked, "first|0123456789|abcdefghij|klmno");
	move(&looked, -1);
	assert_picture(&looked, "first|0123456789|abcdefghij|klmno");
	move(&looked, 1);
	assert_true(log_view_follows(looked.view));
	log_add(looked.fd, "more\nand more\n", 14);
	work(&looked);
	assert_picture(&looked, "klmno|last|more|and more");
	log_view_home(looked.view);
	move(&looked, 2);
	assert_picture(&looked, "abcdefghij|klmno|last|more");
	log_view_wrap(looked.view, false);
	assert_picture(&looked, "0123456789|last|more|and more");
	close_view(&looked);
}

/* Colours set above the view are those of its lines. */
static void test_colors(void **state)
{
	struct looked looked;

	(void)state;
	open_view(&looked, "\033[31mred\n1\n2\n3\n4\n\033[0m5\n");
	assert_picture(&looked, "2|3|4|5");
	assert_int_equal(looked.cells[0].style.fg.type, CELL_INDEXED);
	assert_int_equal(looked.cells[0].style.fg.index, 1);
	assert_int_equal(looked.cells[3 * COLUMNS].style.fg.type, CELL_DEFAULT);
	close_view(&looked);
}

static void search(struct looked *looked, const char *pattern, bool forward)
{
	struct err err;

	assert_int_equal(log_view_search(looked->view, pattern, false, forward, &err), 0);
	assert_int_equal(log_view_searched(looked->view), LOG_VIEW_SEARCHING);
	work(looked);
}

static void test_search(void **state)
{
	struct looked looked;

	(void)state;
	open_numbers(&looked, 40);
	log_view_home(looked.view);
	search(&looked, "9", true);
	assert_int_equal(log_view_searched(looked.view), LOG_VIEW_FOUND);
	assert_picture(&looked, "8|{9}|10|11");
	log_view_search_next(looked.view, true);
	work(&looked);
	assert_picture(&looked, "18|1{9}|20|21");
	log_view_search_next(looked.view, false);
	work(&looked);
	log_view_search_next(looked.view, false);
	work(&looked);
	/* Nothing is before the first: the other end's is next. */
	assert_int_equal(log_view_searched(looked.view), LOG_VIEW_WRAPPED);
	assert_picture(&looked, "36|37|38|3{9}");
	log_view_search_next(looked.view, true);
	work(&looked);
	assert_int_equal(log_view_searched(looked.view), LOG_VIEW_WRAPPED);
	assert_picture(&looked, "8|{9}|10|11");
	log_view_search_stop(looked.view);
	assert_picture(&looked, "8|9|10|11");
	assert_false(log_view_search_next(looked.view, true));
	close_view(&looked);
}

/* Backward begins with what can be seen; what is found there does not move the view. */
static void test_search_backward(void **state)
{
	struct looked looked;

	(void)state;
	open_view(&looked, "ab\nb\na\na\nx ab ab\nb\n");
	search(&looked, "ab", false);
	assert_picture(&looked, "a|a|x {ab} {ab}|b");
	log_view_search_next(looked.view, false);
	work(&looked);
	assert_picture(&looked, "{ab}|b|a|a");
	move(&looked, 1);
	assert_picture(&looked, "b|a|a|x [ab] [ab]");
	close_view(&looked);
}

static void test_search_nothing(void **state)
{
	struct looked looked;
	struct err err;

	(void)state;
	open_numbers(&looked, 10);
	search(&looked, "none", true);
	assert_int_equal(log_view_searched(looked.view), LOG_VIEW_NOT_FOUND);
	assert_picture(&looked, "6|7|8|9");
	assert_int_equal(log_view_search(looked.view, "(", true, true, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	close_view(&looked);
}

/* Marks are where the match is, whatever is before it. */
static void test_marks(void **state)
{
	struct looked looked;

	(void)state;
	open_view(&looked, "\346\227\245ab\te\314\201ab\n\033[1mx\033[0mabcdefghiab\n");
	search(&looked, "ab", true);
	assert_picture(&looked, "\346\227\245{ab}    e{a}|x[ab]cdefghi||");
	log_view_wrap(looked.view, true);
	assert_picture(&looked, "\346\227\245{ab}    e{a}|{b}|x[ab]cdefghi|[ab]");
	search(&looked, "\346\227\245", true);
	assert_picture(&looked, "{\346\227\245}ab    ea|b|xabcdefghi|ab");
	close_view(&looked);
}

static void test_problem(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct looked looked;

	(void)state;
	for (int i = 0; i < 100; i++)
		buf_add_str(&text, i == 30	  ? "E: one\n"
				   : i % 40 == 39 ? "fatal: two\n"
						  : "cc error.c\n");
	open_view(&looked, text.data);
	log_view_first_problem(looked.view);
	work(&looked);
	assert_picture(&looked, "cc error.c|{E: }one|cc error.c|cc error.c");
	log_view_next_problem(looked.view, true);
	work(&looked);
	assert_int_equal(log_view_top(looked.view), 38);
	log_view_next_problem(looked.view, false);
	work(&looked);
	assert_int_equal(log_view_top(looked.view), 29);
	close_view(&looked);
}

/* A match far away is found in many steps, and how far they are is told. */
static void test_progress(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct looked looked;
	struct err err;
	int last = 0, steps = 0;

	(void)state;
	for (int i = 0; i < 200000; i++)
		buf_add_str(&text, "just a line\n");
	buf_add_str(&text, "the end\n");
	open_view(&looked, text.data);
	log_view_home(looked.view);
	assert_int_equal(log_view_search(looked.view, "the end", false, true, &err), 0);
	while (log_view_work(looked.view, 0, &err) > 0) {
		assert_true(log_view_progress(looked.view) >= last);
		last = log_view_progress(looked.view);
		steps++;
	}
	assert_true(steps > 2);
	assert_true(last > 50 && last < 100);
	assert_int_equal(log_view_searched(looked.view), LOG_VIEW_FOUND);
	assert_picture(&looked, "just a lin|just a lin|just a lin|{the end}");
	close_view(&looked);
}

static void test_save(void **state)
{
	static const char log[] = "\033[31mred\033[0m\n 1%\r 2%\r done\nend";
	struct looked looked;
	AUTO_FREE char *saved = NULL;
	AUTO_BUF struct buf copied = BUF_INIT;
	struct err err;
	size_t size;
	FILE *out;

	(void)state;
	open_view(&looked, log);
	out = open_memstream(&saved, &size);
	assert_int_equal(log_view_save(looked.view, false, out, &err), 0);
	assert_string_equal(saved, log);
	rewind(out);
	assert_int_equal(log_view_save(looked.view, true, out, &err), 0);
	fclose(out);
	assert_string_equal(saved, "red\n done\nend\n");
	assert_int_equal(log_view_copy(looked.view, 1, 9, &copied, &err), 0);
	assert_string_equal(copied.data, " done\nend\n");
	out = fopen("/dev/full", "w");
	assert_int_equal(log_view_save(looked.view, false, out, &err), -1);
	assert_string_equal(err.text, "cannot write the log: No space left on device");
	fclose(out);
	close_view(&looked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_fits),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_pan),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_colors),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_search_backward),
		cmocka_unit_test(test_search_nothing),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_problem),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_save),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
