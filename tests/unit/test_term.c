/* Unit tests of ui/term.h: output on the screen, what a program asks for, and its end. */
#include "term_fixture.h"

/* What the callbacks were told. */
struct told {
	struct buf replies, titles;
	int bells;
};

static void on_reply(void *user, const char *bytes, size_t length)
{
	buf_add(&((struct told *)user)->replies, bytes, length);
}

static void on_title(void *user, const char *title)
{
	buf_add_fmt(&((struct told *)user)->titles, "<%s>", title);
}

static void on_bell(void *user)
{
	((struct told *)user)->bells++;
}

/* A terminal that tells. */
static struct term *new_telling(struct told *told)
{
	struct term_callbacks callbacks = {on_reply, on_title, on_bell, told};

	*told = (struct told){BUF_INIT, BUF_INIT, 0};
	return term_new(20, 5, &callbacks);
}

static void free_telling(struct term *term, struct told *told)
{
	term_free(term);
	buf_release(&told->replies);
	buf_release(&told->titles);
}

/* Text, line ends and the cursor. */
static void test_text(void **state)
{
	struct term *term = term_new(10, 3, NULL);

	(void)state;
	feed(term, "one\r\ntwo\033[3;2Hx");
	check_row(term, 0, "one");
	check_row(term, 1, "two");
	check_row(term, 2, " x");
	check_cursor(term, 2, 2);
	feed(term, "\033[1;1H0123456789ab");
	check_row(term, 0, "0123456789");
	check_row(term, 1, "abo");
	term_free(term);
}

/* LF goes straight down, or with ONLCR to the first column. */
static void test_onlcr(void **state)
{
	struct term *term = term_new(10, 4, NULL);

	(void)state;
	feed(term, "a\nb");
	term_set_onlcr(term, true);
	feed(term, "\nc");
	term_set_onlcr(term, false);
	feed(term, "\nd");
	check_row(term, 0, "a");
	check_row(term, 1, " b");
	check_row(term, 2, "c");
	check_row(term, 3, " d");
	term_free(term);
}

/* More than libvterm can take at once (C10), and characters cut anywhere (C11). */
static void test_large_feed(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct term *term = term_new(80, 2, NULL);

	(void)state;
	for (int i = 0; i < 1000000; i++)
		buf_add_str(&text, i % 3 ? "\xe2\x82\xac" : "a");
	buf_add_str(&text, "\r\nend");
	term_feed(term, text.data, text.len);
	check_row(term, 1, "end");
	for (int column = 0; column < 30; column++)
		assert_int_not_equal(cell_at(term, 0, column).chars[0], 0xfffd);
	term_free(term);
	term = term_new(80, 2, NULL);
	feed(term, "\xe2");
	feed(term, "ab\xe2\x82");
	feed(term, "\xac");
	check_row(term, 0,
		  "\xef\xbf\xbd"
		  "ab\xe2\x82\xac");
	term_free(term);
}

/* What passes the filter may be longer than what came: it is not cut within characters either. */
static void test_long_repeats(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct term *term = term_new(100, 99, NULL);

	(void)state;
	buf_add_str(&text, "aa\xe2\x82\xac");
	for (int i = 0; i < 20; i++)
		buf_add_str(&text, "\033[100b");
	term_feed(term, text.data, text.len);
	for (int column = 3; column < 100 * 20; column++)
		assert_int_equal(cell_at(term, column / 100, column % 100).chars[0], 0x20ac);
	term_free(term);
}

/* 1049, 1047 and the older 47 show another screen, and bring the first one back; the cursor too. */
static void test_alternate(void **state)
{
	static const char *const pairs[][2] = {{"\033[?1049h", "\033[?1049l"},
					       {"\033[?1047h", "\033[?1047l"},
					       {"\033[?47h", "\033[?47l"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct term *term = term_new(10, 3, NULL);

		feed(term, "first");
		feed(term, pairs[i][0]);
		assert_true(term_is_alternate(term));
		check_row(term, 0, "");
		feed(term, "\033[Hsecond\r\n\n\n\n");
		assert_int_equal(term_history_count(term), 0);
		feed(term, pairs[i][1]);
		assert_false(term_is_alternate(term));
		check_row(term, 0, "first");
		term_free(term);
	}
}

/* RIS leaves the alternate screen, and forgets the mouse. */
static void test_reset(void **state)
{
	struct term *term = term_new(10, 3, NULL);

	(void)state;
	feed(term, "first\033[?1049h\033[?1003hsecond\033c");
	assert_false(term_is_alternate(term));
	assert_int_equal(term_mouse_mode(term), TERM_MOUSE_NONE);
	check_row(term, 0, "");
	feed(term, "a\r\nb\r\nc\r\nd");
	assert_int_equal(term_history_count(term), 1);
	term_free(term);
}

/* Queries are answered only when that is switched on. */
static void test_answers(void **state)
{
	struct told told;
	struct term *term = new_telling(&told);

	(void)state;
	feed(term, "\033[3;4H\033[6n\033[c\033[?25$p");
	assert_string_equal(told.replies.data, "");
	term_set_answering(term, true);
	feed(term, "\033[6n\033[5n");
	assert_string_equal(told.replies.data, "\033[3;4R\033[0n");
	free_telling(term, &told);
}

/* The last title of a feed, cleaned; one bell. */
static void test_title_and_bell(void **state)
{
	struct told told;
	struct term *term = new_telling(&told);

	(void)state;
	feed(term, "\a\a\033]0;one\a\033]2;t\001w\xe2\x80\xaeo\033\\x");
	feed(term, "y");
	feed(term, "\a");
	assert_string_equal(told.titles.data, "<two>");
	assert_int_equal(told.bells, 2);
	check_row(term, 0, "xy");
	free_telling(term, &told);
}

/* Rows that changed, once. */
static void test_damage(void **state)
{
	struct term *term = term_new(10, 5, NULL);
	int first = -1, last = -1;

	(void)state;
	assert_true(term_take_damage(term, &first, &last));
	assert_int_equal(first, 0);
	assert_int_equal(last, 4);
	assert_false(term_take_damage(term, &first, &last));
	feed(term, "\033[3;1Hx\033[4;1Hy");
	assert_true(term_take_damage(term, &first, &last));
	assert_int_equal(first, 2);
	assert_int_equal(last, 3);
	feed(term, "\033[5;1H\n");
	assert_true(term_take_damage(term, &first, &last));
	assert_int_equal(first, 0);
	assert_int_equal(last, 4);
	term_free(term);
}

/* The cursor's look; restoring one that was never saved does not hide it. */
static void test_cursor(void **state)
{
	struct term *term = term_new(10, 5, NULL);

	(void)state;
	assert_true(term_cursor(term).visible);
	assert_int_equal(term_cursor(term).shape, TERM_BLOCK);
	feed(term, "\0338\033[5 q");
	assert_true(term_cursor(term).visible);
	assert_int_equal(term_cursor(term).shape, TERM_BAR);
	feed(term, "\033[3 q\033[?25l");
	assert_false(term_cursor(term).visible);
	assert_int_equal(term_cursor(term).shape, TERM_UNDERLINE);
	feed(term, "\033[2;3H\033[s\033[H\033[u");
	check_cursor(term, 1, 2);
	/* Whether it is visible is not saved with it. */
	feed(term, "\033[?25l\0337\033[?25h\0338");
	assert_true(term_cursor(term).visible);
	feed(term, "\0337\033[?25l\0338");
	assert_false(term_cursor(term).visible);
	feed(term, "\033[?1049h\033[?25l\0337\033[?25h\033[?1049l");
	assert_true(term_cursor(term).visible);
	term_free(term);
}

/* A program that ends in the midst of everything leaves a usable terminal, and what it printed. */
static void test_end(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct term *term = term_new(10, 5, NULL);

	(void)state;
	feed(term,
	     "left\033[?1049h\033[?1003h\033[?1006h\033[?2004h\033[?1004h\033[?1h\033[2;3r\033[?6h"
	     "\033[?25l\033[31;7m\033(0\033[4h\033[?5h\033[?7l\033]0;ti");
	term_end(term);
	assert_false(term_is_alternate(term));
	assert_true(term_cursor(term).visible);
	assert_int_equal(term_mouse_mode(term), TERM_MOUSE_NONE);
	check_row(term, 0, "left");
	check_cursor(term, 0, 4);
	feed(term, "q\r\n\n\n\n\n123456789ABC");
	check_row(term, 3, "123456789A");
	check_row(term, 4, "BC");
	check_history(term, 0, "leftq");
	assert_int_equal(cell_at(term, 4, 0).style.attributes, 0);
	assert_int_equal(cell_at(term, 4, 0).style.fg.type, CELL_DEFAULT);
	term_paste(term, "x", 1, &out);
	term_focus(term, true, &out);
	assert_string_equal(out.data, "x");
	term_free(term);
}

/* Sizes are brought within what libvterm can do. */
static void test_limits(void **state)
{
	struct term *term = term_new(0, -5, NULL);

	(void)state;
	assert_int_equal(term_columns(term), TERM_COLUMNS_MIN);
	assert_int_equal(term_rows(term), 1);
	term_resize(term, 1000000, 1000000);
	assert_int_equal(term_columns(term), TERM_COLUMNS_MAX);
	assert_int_equal(term_rows(term), TERM_ROWS_MAX);
	term_free(term);
	term_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),	   cmocka_unit_test(test_onlcr),
		cmocka_unit_test(test_large_feed), cmocka_unit_test(test_long_repeats),
		cmocka_unit_test(test_alternate),  cmocka_unit_test(test_reset),
		cmocka_unit_test(test_answers),	   cmocka_unit_test(test_title_and_bell),
		cmocka_unit_test(test_damage),	   cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_end),	   cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
