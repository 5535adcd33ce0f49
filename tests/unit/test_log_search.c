/* Searching a log (ui/log_search.h) for what a person types (ui/log_pattern.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <sys/mman.h>

#include "engine/base/mem.h"
#include "tests/unit/log_fixture.h"
#include "ui/log_search.h"

/* --- patterns */

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern;
		bool is_regex;
		const char *lines;
		int start, end; /* -1: no match */
	} cases[] = {
		{"error", false, "an error", 3, 8},
		{"error", false, "no\nan ERROR\n", 6, 11},
		{"Error", false, "an error, an Error", 13, 18},
		{"a.c", false, "abc a.c", 4, 7},
		{"none", false, "some", -1, -1},
		{"\303\244", false, "x\303\204", 1, 3},
		{"(\303\244)", false, "\303\244(\303\204)", 2, 6},
		{"^b+$", true, "abb\nbb\nb", 4, 6},
		{"a.*c", true, "a\nc ac", 4, 6},
		{"x*", true, "aaa", -1, -1},
		{"[[:digit:]]+", true, "line 123.", 5, 8},
		{"\\Wfail", true, "a FAIL", 1, 6},
		{"Fail", true, "fail Fail", 5, 9},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct log_pattern *pattern;
		struct log_match match = {(size_t)-1, (size_t)-1};
		struct err err;

		assert_int_equal(
			log_pattern_new(cases[i].pattern, cases[i].is_regex, &pattern, &err), 0);
		assert_int_equal(
			log_pattern_find(pattern, cases[i].lines, strlen(cases[i].lines), &match),
			cases[i].start >= 0);
		assert_int_equal((int)match.start, cases[i].start);
		assert_int_equal((int)match.end, cases[i].end);
		log_pattern_free(pattern);
	}
}

static void test_bad_patterns(void **state)
{
	static const struct {
		const char *pattern, *part;
	} cases[] = {
		{"", "nothing to search for"},
		{"(a", "cannot search for this: "},
		{"(a)\\1", "back-references are not possible"},
		{"((a{999}){999}){999}", "repeats more than 1000 times"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct log_pattern *pattern;
		struct err err;

		assert_int_equal(log_pattern_new(cases[i].pattern, true, &pattern, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.text, cases[i].part));
	}
}

/* A text is found wherever it stands to the blocks that are looked at together. */
static void test_text_anywhere(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct log_pattern *pattern;
	struct log_match match;
	struct err err;

	(void)state;
	memset(buf_reserve(&text, 9000), 'n', 9000);
	text.len = 9000;
	assert_int_equal(log_pattern_new("needle", false, &pattern, &err), 0);
	for (size_t at = 4000; at < 4200; at++) {
		memcpy(text.data + at, "NeedLE", 6);
		assert_true(log_pattern_find(pattern, text.data, text.len, &match));
		assert_int_equal(match.start, at);
		assert_int_equal(match.end, at + 6);
		memset(text.data + at, 'n', 6);
	}
	log_pattern_free(pattern);
}

/* --- logs */

struct searched {
	int fd;
	struct log_index *index;
	struct log_search search;
	struct log_pattern *pattern;
};

static bool find_pattern(const void *data, const char *lines, size_t length,
			 struct log_match *ret_match)
{
	return log_pattern_find(data, lines, length, ret_match);
}

static void open_log(struct searched *searched, const struct buf *bytes, const char *pattern)
{
	struct err err;

	searched->fd = log_make(bytes->data, bytes->len);
	searched->index = log_index_new(searched->fd);
	while (log_index_scan(searched->index, UINT64_MAX, &err) > 0)
		;
	log_search_init(&searched->search, searched->index, searched->fd);
	assert_int_equal(log_pattern_new(pattern, false, &searched->pattern, &err), 0);
}

static void close_log(struct searched *searched)
{
	log_pattern_free(searched->pattern);
	log_search_release(&searched->search);
	log_index_free(searched->index);
	close(searched->fd);
}

static uint64_t offset_of(struct searched *searched, uint64_t line)
{
	struct log_place place;
	struct err err;

	if (line == log_index_lines(searched->index))
		return log_index_bytes(searched->index);
	assert_int_equal(log_index_find(searched->index, line, &place, &err), 0);
	return place.offset;
}

/* The line found from a line on, or -1. */
static long find(struct searched *searched, uint64_t from, uint64_t limit, bool forward)
{
	struct log_finder finder = {find_pattern, searched->pattern};
	struct err err;
	uint64_t line = 0;
	int result;

	log_search_begin(&searched->search, finder, offset_of(searched, from),
			 offset_of(searched, limit), forward);
	do
		result = log_search_step(&searched->search, &line, &err);
	while (result == LOG_SEARCH_MORE);
	assert_true(result >= 0);
	return result == LOG_SEARCH_FOUND ? (long)line : -1;
}

static void test_small(void **state)
{
	AUTO_BUF struct buf bytes = BUF_INIT;
	struct searched searched;

	(void)state;
	buf_add_str(&bytes, "zero needle\none\ntwo ne\033[1medle\nthree nee_\b\bedle\n"
			    "four\t\nfive needle needle\nsix\nneedle at the end");
	open_log(&searched, &bytes, "needle");
	assert_int_equal(find(&searched, 0, 8, true), 0);
	assert_int_equal(find(&searched, 1, 8, true), 2);
	/* "nee_" and two steps back give "needle". */
	assert_int_equal(find(&searched, 3, 8, true), 3);
	assert_int_equal(find(&searched, 4, 8, true), 5);
	assert_int_equal(find(&searched, 6, 8, true), 7);
	assert_int_equal(find(&searched, 6, 7, true), -1);
	assert_int_equal(find(&searched, 8, 0, false), 7);
	assert_int_equal(find(&searched, 7, 0, false), 5);
	assert_int_equal(find(&searched, 5, 0, false), 3);
	assert_int_equal(find(&searched, 3, 0, false), 2);
	assert_int_equal(find(&searched, 2, 0, false), 0);
	assert_int_equal(find(&searched, 2, 1, false), -1);
	assert_int_equal(find(&searched, 0, 0, false), -1);
	close_log(&searched);
}

/* A log of far more than a window, with and without colours; *ret_hits are the lines that match. */
static void make_large(struct buf *bytes, uint64_t *ret_hits, size_t hits, size_t lines)
{
	size_t hit = 0;

	for (size_t i = 0; i < lines; i++) {
		bool is_hit = i % (lines / hits) == lines / hits / 2;

		if (i / 100 % 2)
			buf_add_str(bytes, "\033[32m");
		buf_add_fmt(bytes, "line %zu %s", i, is_hit ? "has the Needle" : "has nothing");
		if (i % 5000 == 0) {
			memset(buf_reserve(bytes, 200000), '.', 200000);
			bytes->len += 200000;
		}
		buf_add_char(bytes, '\n');
		if (is_hit)
			ret_hits[hit++] = i;
	}
	assert_int_equal(hit, hits);
}

static void test_large(void **state)
{
	enum { LINES = 20000, HITS = 16 };
	AUTO_BUF struct buf bytes = BUF_INIT;
	uint64_t hits[HITS], lines;
	struct searched searched;

	(void)state;
	make_large(&bytes, hits, HITS, LINES);
	open_log(&searched, &bytes, "needle");
	lines = log_index_lines(searched.index);
	/* Lines of 200000 bytes are cut into four. */
	assert_int_equal(lines, LINES + 3 * LINES / 5000);
	for (size_t i = 0; i < HITS; i++)
		hits[i] += 3 * (hits[i] / 5000 + 1);
	for (size_t i = 0; i < HITS; i++) {
		assert_int_equal(find(&searched, i ? hits[i - 1] + 1 : 0, lines, true), hits[i]);
		assert_int_equal(find(&searched, i + 1 < HITS ? hits[i + 1] : lines, 0, false),
				 hits[i]);
	}
	assert_int_equal(find(&searched, hits[HITS - 1] + 1, lines, true), -1);
	assert_int_equal(find(&searched, hits[0], 0, false), -1);
	close_log(&searched);
}

/* A window full of text, which an expression may be looked for in (sanitizers read it up to a NUL). */
static void test_full_window(void **state)
{
	AUTO_CLOSE int fd = memfd_create("log", MFD_CLOEXEC);
	AUTO_FREE char *text = mem_resize(NULL, LOG_WINDOW, 1);
	struct log_match match = {0};
	struct log_pattern *pattern;
	struct log_file file;
	const char *bytes;
	size_t length;
	struct err err;

	(void)state;
	memset(text, 'x', LOG_WINDOW);
	text[LOG_WINDOW - 1] = 'y';
	assert_int_equal(fd_write_all(fd, text, LOG_WINDOW), 0);
	log_file_init(&file, fd);
	assert_int_equal(log_file_get(&file, 0, LOG_WINDOW, &bytes, &length, &err), 0);
	assert_int_equal(length, LOG_WINDOW);
	assert_int_equal(log_pattern_new("[yz]", true, &pattern, &err), 0);
	assert_true(log_pattern_find(pattern, bytes, length, &match));
	assert_int_equal(match.start, LOG_WINDOW - 1);
	assert_int_equal(bytes[length], '\0');
	log_pattern_free(pattern);
	log_file_release(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),      cmocka_unit_test(test_bad_patterns),
		cmocka_unit_test(test_text_anywhere), cmocka_unit_test(test_small),
		cmocka_unit_test(test_large),	      cmocka_unit_test(test_full_window),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
