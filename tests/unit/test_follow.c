/* A terminal kept abreast of a recording (ui/follow.h): what is skipped makes no difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>

#include "engine/base/mem.h"
#include "tests/unit/log_fixture.h"
#include "ui/follow.h"
#include "ui/term.h"

enum { COLUMNS = 20, ROWS = 6 };

/* A follower, and a terminal beside it that is fed with everything. */
struct pair {
	int fd;
	struct term *term, *full;
	struct follow *follow;
	uint64_t seed, size;
};

static void open_pair(struct pair *pair, uint64_t seed)
{
	pair->fd = log_make("", 0);
	pair->term = term_new(COLUMNS, ROWS, NULL);
	pair->full = term_new(COLUMNS, ROWS, NULL);
	pair->follow = follow_new(pair->term, pair->fd);
	pair->seed = seed * 0x9e3779b97f4a7c15 + 1;
	pair->size = 0;
}

static void close_pair(struct pair *pair)
{
	follow_free(pair->follow);
	term_free(pair->term);
	term_free(pair->full);
	close(pair->fd);
}

static void print(struct pair *pair, const char *bytes, size_t length)
{
	log_add(pair->fd, bytes, length);
	term_feed(pair->full, bytes, length);
	pair->size += length;
}

static void set_onlcr(struct pair *pair, bool onlcr)
{
	follow_onlcr(pair->follow, pair->size, onlcr);
	term_set_onlcr(pair->full, onlcr);
}

static void set_size(struct pair *pair, int columns, int rows)
{
	follow_size(pair->follow, pair->size, columns, rows);
	term_resize(pair->full, columns, rows);
}

/* One frame; true when more is left. */
static bool frame(struct pair *pair, uint64_t budget)
{
	struct err err;
	int more = follow_frame(pair->follow, budget, &err);

	assert_true(more >= 0);
	return more > 0;
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
	return a->n_chars == b->n_chars && a->width == b->width &&
	       memcmp(a->chars, b->chars, a->n_chars * sizeof a->chars[0]) == 0 &&
	       memcmp(&a->style, &b->style, sizeof a->style) == 0;
}

static void assert_same(const struct pair *pair, uint64_t number)
{
	struct term_cursor cursor = term_cursor(pair->term), full = term_cursor(pair->full);
	int columns = term_columns(pair->full), rows = term_rows(pair->full);
	struct cell *cells = mem_resize(NULL, 2 * (size_t)columns, sizeof *cells);

	assert_int_equal(term_columns(pair->term), columns);
	assert_int_equal(term_rows(pair->term), rows);
	for (int row = 0; row < rows; row++) {
		memset(cells, 0, 2 * (size_t)columns * sizeof *cells);
		term_row(pair->term, row, cells);
		term_row(pair->full, row, cells + columns);
		for (int i = 0; i < columns; i++) {
			if (!same_cell(&cells[i], &cells[columns + i]))
				fail_msg("stream %d: row %d, column %d differs", (int)number, row,
					 i);
		}
	}
	free(cells);
	if (cursor.row != full.row || cursor.column != full.column ||
	    cursor.visible != full.visible)
		fail_msg("stream %d: the cursors differ", (int)number);
}

/* --- streams */

/* What plain output is made of; lines end often, so that there is much to skip. */
static const char *const plain[] = {
	"\n",
	"\n",
	"\n",
	"\n",
	"\n",
	"\n",
	"\r\n",
	"\n\r",
	"\r",
	"\b",
	"\t",
	"\a",
	"\v",
	"\f",
	"word",
	" of text ",
	"0123456789",
	"a line that is longer than the terminal is wide, really",
	"\303\244\342\202\254",
	"\346\227\245\346\234\254",
	"\314\201",
	"e\314\201\314\210",
	"\343\201\213\343\202\231",
	"\033(B",
	"\017",
	"\377",
	"\303",
	"\033[m",
	"\033[0m",
	"\033[1m",
	"\033[22m",
	"\033[2m",
	"\033[3;4m",
	"\033[7m",
	"\033[27;24m",
	"\033[31m",
	"\033[44m",
	"\033[39;49m",
	"\033[38;5;200m",
	"\033[48;2;1;2;3m",
	"\033[0;32m",
	"\033[1;38:2::9:8:7;4:3m",
	"\033[9m",
	"\033[5m",
	"\033[K",
	"\033[1K",
	"\033[2K",
	"\033[0K",
	"\033]0;title\007",
	"\033]8;;http://x\033\\",
};

/* What moves the cursor, or leaves a mode behind, or makes no sense. */
static const char *const others[] = {
	"\033[H",	  "\033[2J",	    "\033[3;4H",    "\033[2A",	  "\033[B",
	"\033[5C",	  "\033[2L",	    "\033[2M",	    "\033[3P",	  "\033[4@",
	"\033[2X",	  "\033[S",	    "\033[T",	    "\0337",	  "\0338",
	"\033[s",	  "\033[u",	    "\033[2;4r",    "\033[r",	  "\033[1;6r",
	"\033D",	  "\033E",	    "\033M",	    "\033c",	  "\033H",
	"\033[3g",	  "\033[4h",	    "\033[4l",	    "\033[20h",	  "\033[20l",
	"\033[?7l",	  "\033[?7h",	    "\033[?6h",	    "\033[?6l",	  "\033[?25l",
	"\033[?25h",	  "\033[?1049h",    "\033[?1049l",  "\033#8",	  "\033#6",
	"\033[5b",	  "\033[!p",	    "\033[1\nm",    "\033[3\r1m", "\033]0;never\n",
	"\033P1$r\033\\", "\033Pnever\007", "\033_x\033\\", "\033\033",	  "\030",
	"\033[31\030",	  "\033[>4;1m",	    "\033[?2004h",  "\033[1;",	  "\033]2;",
	"\033",		  "\033(0",	    "\033)0",	    "\016",	  "\033(A",
	"\033(4",	  "\033*0",	    "\033((0",	    "\033#3",
};

static void add_random(struct pair *pair, struct buf *out, int others_percent)
{
	bool other = (int)(log_random(&pair->seed) % 100) < others_percent;
	size_t count = other ? ARRAY_SIZE(others) : ARRAY_SIZE(plain);

	buf_add_str(out, (other ? others : plain)[log_random(&pair->seed) % count]);
}

/* Prints a stream in random pieces, with frames of random budgets between them. */
static void run_stream(struct pair *pair, int pieces, int others_percent, uint64_t number)
{
	for (int i = 0; i < pieces; i++) {
		AUTO_BUF struct buf text = BUF_INIT;
		size_t parts = log_random(&pair->seed) % (i % 3 ? 40 : 2000), cut;

		for (size_t part = 0; part < parts; part++)
			add_random(pair, &text, i % 4 ? others_percent : 0);
		/* Pieces end anywhere. */
		cut = text.len ? log_random(&pair->seed) % text.len : 0;
		print(pair, text.data, cut);
		frame(pair, 1 + log_random(&pair->seed) % 3000);
		print(pair, text.data + cut, text.len - cut);
		if (log_random(&pair->seed) % 8 == 0)
			set_onlcr(pair, log_random(&pair->seed) % 4 > 0);
		if (log_random(&pair->seed) % 3)
			frame(pair, 1 + log_random(&pair->seed) % 3000);
		if (log_random(&pair->seed) % 3 == 0) {
			while (frame(pair, 1 + log_random(&pair->seed) % 500))
				;
			assert_same(pair, number);
		}
	}
	while (frame(pair, 700))
		;
	assert_same(pair, number);
}

static void test_plain_streams(void **state)
{
	uint64_t skipped = 0, size = 0;

	(void)state;
	for (uint64_t number = 0; number < 30; number++) {
		struct pair pair;

		open_pair(&pair, number);
		set_onlcr(&pair, number % 3 > 0);
		run_stream(&pair, 20, 0, number);
		skipped += follow_skipped(pair.follow);
		size += pair.size;
		close_pair(&pair);
	}
	assert_true(skipped > size / 4);
}

static void test_mixed_streams(void **state)
{
	uint64_t skipped = 0;

	(void)state;
	for (uint64_t number = 1000; number < 1060; number++) {
		struct pair pair;

		open_pair(&pair, number);
		set_onlcr(&pair, true);
		run_stream(&pair, 20, number % 2 ? 1 : 10, number);
		skipped += follow_skipped(pair.follow);
		close_pair(&pair);
	}
	assert_true(skipped > 0);
}

/* A flood of lines is skipped but for its end, and what is left needs no more than a small budget. */
static void test_flood(void **state)
{
	struct pair pair;
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	open_pair(&pair, 1);
	set_onlcr(&pair, true);
	for (int i = 0; i < 100000; i++)
		buf_add_fmt(&text, "\033[%dm%d: a line\n", 30 + i / 10 % 8, i);
	print(&pair, text.data, text.len);
	assert_false(frame(&pair, 1000));
	assert_same(&pair, 0);
	assert_true(follow_skipped(pair.follow) > text.len - 1000);
	close_pair(&pair);
}

/* Lines that show nothing are skipped as well, and so are those of programs that print tput(1)'s sgr0. */
static void test_empty_lines(void **state)
{
	static const char *const lines[] = {"\n", "\033(B\033[m\n", "\033(B\033[mword\017\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct pair pair;

		open_pair(&pair, 1);
		set_onlcr(&pair, true);
		print(&pair, "first\n", 6);
		for (int line = 0; line < 2000; line++)
			print(&pair, lines[i], strlen(lines[i]));
		assert_false(frame(&pair, 1000));
		assert_same(&pair, i);
		assert_true(follow_skipped(pair.follow) > pair.size - 1000);
		close_pair(&pair);
	}
}

/* A string that is so long that the terminal takes it for unterminated is not plain: its end is text. */
static void test_long_string(void **state)
{
	struct pair pair;
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	open_pair(&pair, 1);
	set_onlcr(&pair, true);
	for (int i = 0; i < 1000; i++)
		buf_add_fmt(&text, "%d: a line\n", i);
	buf_add_str(&text, "\033]8;;");
	for (int i = 0; i < 66000; i++)
		buf_add_char(&text, 'x');
	buf_add_str(&text, "\007\n\n");
	print(&pair, text.data, text.len);
	while (frame(&pair, 1000))
		;
	assert_same(&pair, 0);
	close_pair(&pair);
}

/* With cursor addressing in between, nothing is skipped. */
static void test_addressing(void **state)
{
	struct pair pair;
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	open_pair(&pair, 1);
	set_onlcr(&pair, true);
	for (int i = 0; i < 5000; i++)
		buf_add_fmt(&text, "%d: a line\n%s", i, i % 5 ? "" : "\033[1;1H");
	print(&pair, text.data, text.len);
	while (frame(&pair, 1000))
		;
	assert_same(&pair, 0);
	assert_int_equal(follow_skipped(pair.follow), 0);
	close_pair(&pair);
}

/* With a mode that plain output depends on, nothing is skipped until it is taken back. */
static void test_modes(void **state)
{
	static const struct {
		const char *set, *unset;
	} modes[] = {
		{"\033[2;4r", "\033[r"},      {"\033[4h", "\033[4l"},	 {"\033[?7l", "\033[?7h"},
		{"\033[?6h", "\033[?6l"},     {"\033(0", "\033c\033[m"}, {"\033(0", "\033(B"},
		{"\033)0\016", "\017\033)B"}, {"\033H", "\033c\033[m"},	 {"\0338", "\033[0;1m"},
		{"\033[20h", "\033[20l"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct pair pair;

		open_pair(&pair, 1);
		set_onlcr(&pair, true);
		print(&pair, modes[i].set, strlen(modes[i].set));
		for (int line = 0; line < 1000; line++)
			print(&pair, "one more line\n", 14);
		while (frame(&pair, 1000))
			;
		assert_int_equal(follow_skipped(pair.follow), 0);
		print(&pair, modes[i].unset, strlen(modes[i].unset));
		for (int line = 0; line < 1000; line++)
			print(&pair, "one more line\n", 14);
		while (frame(&pair, 1000))
			;
		assert_same(&pair, i);
		assert_true(follow_skipped(pair.follow) > 10000);
		close_pair(&pair);
	}
}

/* Without ONLCR only lines that CR LF ended begin at the left. */
static void test_without_onlcr(void **state)
{
	struct pair pair;

	(void)state;
	open_pair(&pair, 1);
	for (int i = 0; i < 1000; i++)
		print(&pair, "stairs\n", 7);
	while (frame(&pair, 500))
		;
	assert_int_equal(follow_skipped(pair.follow), 0);
	for (int i = 0; i < 1000; i++)
		print(&pair, "lines\r\n", 7);
	while (frame(&pair, 500))
		;
	assert_true(follow_skipped(pair.follow) > 5000);
	assert_same(&pair, 0);
	close_pair(&pair);
}

/* A change of the size takes effect just where it was. */
static void test_sizes(void **state)
{
	struct pair pair;
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_add_fmt(&text, "%d: a line that needs two rows\n", i);
	open_pair(&pair, 1);
	set_onlcr(&pair, true);
	for (int i = 0; i < 6; i++) {
		print(&pair, text.data, text.len);
		set_size(&pair, i % 2 ? 15 : 40, i % 3 ? 5 : 9);
		print(&pair, "last", 4);
	}
	while (frame(&pair, 2000))
		;
	assert_true(follow_skipped(pair.follow) > 5 * text.len);
	assert_same(&pair, 0);
	close_pair(&pair);
}

/* The changes of a recording, as its file of times has them. */
static void test_times(void **state)
{
	static const char times[] = "contractor-times 1 30x5 1700000000000\n"
				    "o 10 4\n"
				    "m 20 4 onlcr\n"
				    "not a line\n"
				    "s 30 8 10x3\n"
				    "m 40 8 -\n";
	AUTO_CLOSE int times_fd = log_make_text(times);
	struct cell cells[COLUMNS + 20] = {0};
	struct pair pair;
	struct err err;

	(void)state;
	lseek(times_fd, 0, SEEK_SET);
	open_pair(&pair, 1);
	assert_int_equal(follow_load_times(pair.follow, times_fd, &err), 0);
	print(&pair, "a\nb\nc\nd\ne\nf\n", 8);
	while (frame(&pair, 1))
		;
	assert_int_equal(term_columns(pair.term), 10);
	assert_int_equal(term_rows(pair.term), 3);
	/* Up to "b" without a return, then with one. */
	print(&pair, "e\nf", 3);
	assert_false(frame(&pair, 100));
	term_row(pair.term, 2, cells);
	assert_int_equal(cells[1].chars[0], 'f');
	term_row(pair.term, 1, cells);
	assert_int_equal(cells[0].chars[0], 'e');
	close_pair(&pair);
}

/* A log that became shorter, and one that cannot be read, are told. */
static void test_failures(void **state)
{
	struct pair pair;
	struct err err;

	(void)state;
	open_pair(&pair, 1);
	close(pair.fd);
	assert_int_equal(follow_frame(pair.follow, 10, &err), -1);
	assert_string_equal(err.text, "cannot read a log: Bad file descriptor");
	pair.fd = log_make("", 0);
	close_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_streams), cmocka_unit_test(test_mixed_streams),
		cmocka_unit_test(test_flood),	      cmocka_unit_test(test_empty_lines),
		cmocka_unit_test(test_addressing),    cmocka_unit_test(test_long_string),
		cmocka_unit_test(test_modes),	      cmocka_unit_test(test_without_onlcr),
		cmocka_unit_test(test_sizes),	      cmocka_unit_test(test_times),
		cmocka_unit_test(test_failures),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
