/* A terminal shows the same in whatever pieces the output comes (ui/term.h). */
#include "tests/unit/term_fixture.h"

#include "tests/unit/log_fixture.h"

enum { ROWS = 4, STREAMS = 150, TOKENS = 40 };

static const char *const tokens[] = {
	"a",
	"word",
	" ",
	"0123456789abc",
	"a line that is long enough for a run, ",
	"\xc3\xa9",
	"\xe6\x97\xa5",
	"\xe3\x81\x8b",
	"\xcc\x81",
	"\xcc\x81",
	"\xcc\x88",
	"\xe3\x82\x99",
	"\xe2\x83\x9d",
	"\xd8\x80",
	"\xe2\x80\x8d",
	"\xff",
	"\xe2\x82",
	"\n",
	"\r\n",
	"\r",
	"\b",
	"\t",
	"\033[31m",
	"\033[m",
	"\033[K",
	"\033[3b",
	"\033[2C",
	"\033[1;1H",
	"\033[4h",
	"\033[4l",
	"\033[?7l",
	"\033[?7h",
	"\033#6",
	"\033(0",
	"\033(B",
	"\033)0",
	"\016",
	"\017",
	"q",
	"\0337",
	"\0338",
	"\033[2;3r",
	"\033[r",
	"\033D",
	"\033M",
	"\033[!p",
	"\033[1\"q",
	"\033[?1J",
	"\033]0;t\a",
	"\033Px\033\\",
	"\033[?1049h",
	"\033[?1049l",
	"\033c",
};

static bool same_cell(const struct cell *a, const struct cell *b)
{
	return a->n_chars == b->n_chars && a->width == b->width &&
	       memcmp(a->chars, b->chars, a->n_chars * sizeof a->chars[0]) == 0 &&
	       memcmp(&a->style, &b->style, sizeof a->style) == 0;
}

static void assert_same(struct term *term, struct term *whole, const char *text, size_t split)
{
	struct term_cursor a = term_cursor(term), b = term_cursor(whole);
	struct cell cells[2][TERM_COLUMNS_MAX];
	AUTO_BUF struct buf shown = BUF_INIT;

	buf_add_shown(&shown, text, strlen(text));
	for (int row = 0; row < ROWS; row++) {
		memset(cells, 0, sizeof cells);
		term_row(term, row, cells[0]);
		term_row(whole, row, cells[1]);
		for (int i = 0; i < term_columns(term); i++) {
			if (!same_cell(&cells[0][i], &cells[1][i]))
				fail_msg("\"%s\" cut at %zu: row %d, column %d differs", shown.data,
					 split, row, i);
		}
	}
	if (a.row != b.row || a.column != b.column || a.visible != b.visible)
		fail_msg("\"%s\" cut at %zu: the cursors differ", shown.data, split);
	assert_int_equal(term_history_count(term), term_history_count(whole));
}

/* In two pieces, cut at each place, and byte by byte. */
static void check_stream(const struct buf *text, int columns)
{
	struct term *whole = term_new(columns, ROWS, NULL);

	term_feed(whole, text->data, text->len);
	for (size_t split = 0; split < text->len; split++) {
		struct term *term = term_new(columns, ROWS, NULL);

		if (split) {
			term_feed(term, text->data, split);
			term_feed(term, text->data + split, text->len - split);
		} else {
			for (size_t i = 0; i < text->len; i++)
				term_feed(term, text->data + i, 1);
		}
		assert_same(term, whole, text->data, split);
		term_free(term);
	}
	term_free(whole);
}

static void test_every_split(void **state)
{
	(void)state;
	for (uint64_t number = 0; number < STREAMS; number++) {
		AUTO_BUF struct buf text = BUF_INIT;
		uint64_t seed = number * 0x9e3779b97f4a7c15 + 1;

		for (int i = 0; i < TOKENS; i++)
			buf_add_str(&text, tokens[log_random(&seed) % ARRAY_SIZE(tokens)]);
		check_stream(&text, number % 3 ? 2 + (int)(number % 12) : 60);
	}
}

/* A mark on the last character of a row stands there, and does not begin the next row. */
static void test_mark_at_edge(void **state)
{
	struct cell cells[TERM_COLUMNS_MAX];

	(void)state;
	for (int pieces = 0; pieces < 2; pieces++) {
		struct term *term = term_new(10, 3, NULL);

		feed(term, pieces ? "012345678e" : "012345678e\xcc\x81\xcc\xa3\r\nx");
		if (pieces)
			feed(term, "\xcc\x81\xcc\xa3\r\nx");
		check_row(term, 0, "012345678e\xcc\x81\xcc\xa3");
		check_row(term, 1, "x");
		term_row(term, 0, cells);
		assert_int_equal(cells[9].n_chars, 3);
		term_free(term);
	}
}

/* After ESC ( B, which many programs print with each colour, a letter still takes a mark. */
static void test_mark_after_sets(void **state)
{
	struct term *term = term_new(10, 2, NULL);

	(void)state;
	feed(term, "\033(Be\xcc\x81\033(0q\xcc\x81");
	check_row(term, 0, "e\xcc\x81\xe2\x94\x80\xcc\x81");
	term_free(term);
}

/* A mark that nothing stands before is not shown, and changes no character. */
static void test_lone_marks(void **state)
{
	struct term *term = term_new(10, 3, NULL);

	(void)state;
	feed(term, "\xcc\x81"
		   "abc\r\xcc\x81\r\n\xcc\x81x");
	check_row(term, 0, "abc");
	check_row(term, 1, "x");
	term_free(term);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_mark_at_edge),
		cmocka_unit_test(test_mark_after_sets),
		cmocka_unit_test(test_lone_marks),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
