/* Where the lines of a log begin (ui/log_index.h), and escape sequences (ui/log_escape.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "engine/base/mem.h"
#include "tests/unit/log_fixture.h"
#include "ui/log_escape.h"
#include "ui/log_index.h"

/* Takes all of the log in, in small pieces. */
static void scan_all(struct log_index *index)
{
	struct err err;
	int more;

	do {
		more = log_index_scan(index, 1, &err);
		assert_true(more >= 0);
	} while (more);
}

static void assert_place(struct log_index *index, uint64_t line, uint64_t offset)
{
	struct log_place place;
	struct err err;

	assert_int_equal(log_index_find(index, line, &place, &err), 0);
	assert_int_equal(place.line, line);
	assert_int_equal(place.offset, offset);
}

static void test_empty(void **state)
{
	AUTO_CLOSE int fd = log_make_text("");
	struct log_index *index = log_index_new(fd);

	(void)state;
	scan_all(index);
	assert_int_equal(log_index_lines(index), 0);
	assert_int_equal(log_index_bytes(index), 0);
	assert_place(index, 0, 0);
	log_index_free(index);
}

static void test_growing(void **state)
{
	AUTO_CLOSE int fd = log_make_text("one\n\nth");
	struct log_index *index = log_index_new(fd);
	struct log_place place;
	struct err err;

	(void)state;
	scan_all(index);
	assert_int_equal(log_index_lines(index), 3);
	assert_int_equal(log_index_bytes(index), 7);
	assert_place(index, 2, 5);
	log_add(fd, "ree\nfour\n", 9);
	scan_all(index);
	assert_int_equal(log_index_lines(index), 4);
	assert_int_equal(log_index_bytes(index), 16);
	assert_place(index, 3, 11);
	/* Beyond the last line is the last line. */
	assert_int_equal(log_index_find(index, 99, &place, &err), 0);
	assert_int_equal(place.line, 3);
	log_index_free(index);
}

static void test_became_shorter(void **state)
{
	AUTO_CLOSE int fd = log_make_text("one\ntwo\n");
	struct log_index *index = log_index_new(fd);
	struct err err;

	(void)state;
	scan_all(index);
	assert_int_equal(ftruncate(fd, 4), 0);
	assert_int_equal(log_index_scan(index, 1, &err), -1);
	assert_string_equal(err.text, "a log became shorter while it was read");
	log_index_free(index);
}

/* A log of many lines of all lengths; *ret_starts are where they begin. */
static int make_many(size_t lines, uint64_t **ret_starts)
{
	AUTO_BUF struct buf text = BUF_INIT;
	uint64_t seed = 7, *starts = mem_resize(NULL, lines, sizeof *starts);

	for (size_t i = 0; i < lines; i++) {
		size_t length = log_random(&seed) % 60;

		if (i % 1000 == 0)
			length = 30000;
		starts[i] = text.len;
		memset(buf_reserve(&text, length), 'x', length);
		text.len += length;
		buf_add_char(&text, '\n');
	}
	*ret_starts = starts;
	return log_make(text.data, text.len);
}

/* Far more bytes than a window, found in any order, by line and by offset. */
static void test_find(void **state)
{
	enum { LINES = 50000 };
	AUTO_FREE uint64_t *starts = NULL;
	AUTO_CLOSE int fd = make_many(LINES, &starts);
	struct log_index *index = log_index_new(fd);
	struct log_place place;
	uint64_t seed = 3;
	struct err err;

	(void)state;
	scan_all(index);
	assert_int_equal(log_index_lines(index), LINES);
	for (int i = 0; i < 300; i++) {
		uint64_t line = log_random(&seed) % (LINES - 1);

		assert_place(index, line, starts[line]);
		assert_place(index, line + 1, starts[line + 1]);
		assert_int_equal(log_index_find_offset(index, starts[line + 1] - 1, &place, &err),
				 0);
		assert_int_equal(place.line, line);
		place = log_index_before(index, starts[line + 1]);
		assert_true(place.offset < starts[line + 1]);
		assert_int_equal(place.offset, starts[place.line]);
	}
	log_index_free(index);
}

/* The marks are thinned out when there are many, and still lead to each line. */
static void test_huge(void **state)
{
	enum { BLOCK = 1 << 20, BLOCKS = 1200, LINE = 64 };
	AUTO_CLOSE int fd = log_make_text("");
	struct log_index *index = log_index_new(fd);
	char line[LINE];
	struct err err;
	int more;

	(void)state;
	/* Holes of a file are NULs: only the ends of lines take room. */
	memset(line, '-', LINE);
	line[LINE - 1] = '\n';
	for (off_t i = 1; i <= (off_t)BLOCK * BLOCKS / 65536; i++)
		assert_int_equal(pwrite(fd, line, LINE, i * 65536 - LINE), LINE);
	do
		more = log_index_scan(index, BLOCK, &err);
	while (more > 0);
	assert_int_equal(more, 0);
	assert_int_equal(log_index_lines(index), (uint64_t)BLOCK * BLOCKS / 65536);
	for (uint64_t i = 0; i < log_index_lines(index); i += 997)
		assert_place(index, i, i * 65536);
	log_index_free(index);
}

/* A line without an end is cut where no character and no sequence is parted. */
static void test_cut(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	memset(buf_reserve(&text, LOG_LINE_MAX + 8), 'x', LOG_LINE_MAX + 8);
	text.len = LOG_LINE_MAX + 8;
	assert_int_equal(log_line_length(text.data, LOG_LINE_MAX), 0);
	assert_int_equal(log_line_length(text.data, LOG_LINE_MAX + 1), LOG_LINE_MAX);
	memcpy(text.data + LOG_LINE_MAX - 2, "\xe2\x82\xac", 3);
	assert_int_equal(log_line_length(text.data, text.len), LOG_LINE_MAX - 2);
	memcpy(text.data + LOG_LINE_MAX - 3, "\033[31m", 5);
	assert_int_equal(log_line_length(text.data, text.len), LOG_LINE_MAX - 3);
	memcpy(text.data + LOG_LINE_MAX - 5, "\033[31m", 5);
	text.data[LOG_LINE_MAX] = 'y';
	assert_int_equal(log_line_length(text.data, text.len), LOG_LINE_MAX);
	text.data[LOG_LINE_MAX] = '\n';
	assert_int_equal(log_line_length(text.data, text.len), LOG_LINE_MAX + 1);
}

/* Colours of a line far below are those that were set far above. */
static void test_style(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct log_index *index;
	struct log_place place;
	struct err err;
	int fd;

	(void)state;
	buf_add_str(&text, "plain\n\033[1;31mred\n");
	for (int i = 0; i < 100000; i++)
		buf_add_str(&text, "still red\n");
	buf_add_str(&text, "\033[0mplain\n");
	fd = log_make(text.data, text.len);
	index = log_index_new(fd);
	scan_all(index);
	assert_int_equal(log_index_find(index, 1, &place, &err), 0);
	assert_int_equal(place.style.attributes, 0);
	assert_int_equal(log_index_find(index, 100000, &place, &err), 0);
	assert_int_equal(place.style.attributes, CELL_BOLD);
	assert_int_equal(place.style.fg.index, 1);
	log_add(fd, "end\n", 4);
	scan_all(index);
	assert_int_equal(log_index_find(index, 100003, &place, &err), 0);
	assert_int_equal(place.style.attributes, 0);
	assert_int_equal(place.style.fg.type, CELL_DEFAULT);
	log_index_free(index);
	close(fd);
}

static void test_escapes(void **state)
{
	static const struct {
		const char *bytes;
		enum escape_kind kind;
		size_t length; /* 0: it is not whole */
	} cases[] = {
		{"\033", ESCAPE_OTHER, 0},
		{"\033[", ESCAPE_OTHER, 0},
		{"\033[1;2", ESCAPE_OTHER, 0},
		{"\033[1;2mx", ESCAPE_CSI, 6},
		{"\033[?25lx", ESCAPE_CSI, 6},
		{"\033[!px", ESCAPE_CSI, 4},
		{"\033[1\nm", ESCAPE_BROKEN, 3},
		{"\033[1\033[m", ESCAPE_BROKEN, 3},
		{"\033]0;title", ESCAPE_OTHER, 0},
		{"\033]0;title\033", ESCAPE_OTHER, 0},
		{"\033]0;title\007x", ESCAPE_STRING, 10},
		{"\033]0;title\033\\x", ESCAPE_STRING, 11},
		{"\033]0;title\033[m", ESCAPE_BROKEN, 9},
		{"\033Pdcs\033\\", ESCAPE_STRING, 7},
		{"\033Pdcs\007x", ESCAPE_BROKEN, 5},
		{"\033]0;title\nx", ESCAPE_BROKEN, 9},
		{"\033(0x", ESCAPE_OTHER, 3},
		{"\033(", ESCAPE_OTHER, 0},
		{"\0337x", ESCAPE_OTHER, 2},
		{"\033\033", ESCAPE_BROKEN, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct escape escape;
		bool whole = escape_read(cases[i].bytes, strlen(cases[i].bytes), &escape);

		assert_int_equal(whole, cases[i].length > 0);
		if (!whole)
			continue;
		assert_int_equal(escape.kind, cases[i].kind);
		assert_int_equal(escape.length, cases[i].length);
	}
}

static void test_sgr_alone_is_sgr(void **state)
{
	static const char *const others[] = {"\033[>4;1m", "\033[1 m", "\033[?1m", "\033[1K"};
	struct escape escape;

	(void)state;
	assert_true(escape_read("\033[m", 3, &escape));
	assert_true(escape_is_sgr(&escape));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_true(escape_read(others[i], strlen(others[i]), &escape));
		assert_false(escape_is_sgr(&escape));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_became_shorter),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_style),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_sgr_alone_is_sgr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
