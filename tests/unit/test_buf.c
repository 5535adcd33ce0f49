/* Growable bytes, and making foreign ones safe to show (engine/base/buf.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

static void test_buf_add(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT;
	AUTO_FREE char *text = NULL;

	(void)state;
	assert_string_equal(buf.data, "");
	buf_add(&buf, NULL, 0);
	buf_add(&buf, "a\0b", 3);
	assert_int_equal(buf.len, 3);
	assert_memory_equal(buf.data, "a\0b", 4);
	buf_clear(&buf);
	assert_string_equal(buf.data, "");
	buf_add_str(&buf, "x");
	buf_add_char(&buf, 'y');
	buf_add_fmt(&buf, "%s", "");
	buf_add_fmt(&buf, "-%03d", 5);
	text = buf_detach(&buf);
	assert_string_equal(text, "xy-005");
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf.data, "");
}

/* Detaching an empty buffer gives a string that can be freed, not the shared one. */
static void test_buf_detach_empty(void **state)
{
	struct buf buf = BUF_INIT;
	char *text = buf_detach(&buf);

	(void)state;
	assert_string_equal(text, "");
	text[0] = 'x';
	assert_string_equal(buf.data, "");
	free(text);
}

static void test_buf_drop_and_truncate(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_add_fmt(&buf, "%04d", i);
	assert_int_equal(buf.len, 4000);
	buf_drop(&buf, 3992);
	assert_string_equal(buf.data, "09980999");
	buf_truncate(&buf, 100);
	assert_int_equal(buf.len, 8);
	buf_truncate(&buf, 4);
	assert_string_equal(buf.data, "0998");
	buf_drop(&buf, 0);
	assert_string_equal(buf.data, "0998");
	buf_drop(&buf, 4);
	assert_string_equal(buf.data, "");
}

static void test_buf_reserve(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT;
	char *room;

	(void)state;
	buf_add_str(&buf, "ab");
	room = buf_reserve(&buf, 5000);
	assert_ptr_equal(room, buf.data + 2);
	assert_string_equal(buf.data, "ab");
	memset(room, 'c', 5000);
	buf.len += 5000;
	buf_truncate(&buf, 3);
	assert_string_equal(buf.data, "abc");
}

struct shown_case {
	const char *bytes;
	size_t length;
	const char *shown;
};
#define SHOWN(bytes, shown)                     \
	{                                       \
		bytes, sizeof(bytes) - 1, shown \
	}

/* Nothing from outside may drive the terminal, or look like something else. */
static void test_buf_add_shown(void **state)
{
	static const struct shown_case cases[] = {
		SHOWN("plain ~!", "plain ~!"),
		SHOWN("caf\xc3\xa9 \xf0\x9f\x8d\x9e", "caf\xc3\xa9 \xf0\x9f\x8d\x9e"),
		SHOWN("a\nb\tc", "a\\nb\\tc"),
		SHOWN("\x1b[2J", "\\x1b[2J"),
		SHOWN("a\0b", "a\\x00b"),
		SHOWN("\x7f\r", "\\x7f\\x0d"),
		SHOWN("\xff\xc3", "\\xff\\xc3"),
		SHOWN("\xc3(", "\\xc3("),
		SHOWN("\xc0\xaf", "\\xc0\\xaf"),
		SHOWN("\xc2\x9b", "\\xc2\\x9b"),	  /* CSI as a C1 control */
		SHOWN("\xe2\x80\xae", "\\xe2\\x80\\xae"), /* right-to-left override */
		SHOWN("\xe2\x80\x8b", "\\xe2\\x80\\x8b"), /* zero width space */
		SHOWN("\xef\xbb\xbf"
		      "a",
		      "\\xef\\xbb\\xbf"
		      "a"), /* byte order mark */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf buf = BUF_INIT;

		buf_add_shown(&buf, cases[i].bytes, cases[i].length);
		assert_string_equal(buf.data, cases[i].shown);
	}
}

static void test_buf_shown(void **state)
{
	AUTO_FREE char *shown = buf_shown("x\x07");
	AUTO_FREE char *empty = buf_shown("");

	(void)state;
	assert_string_equal(shown, "x\\x07");
	assert_string_equal(empty, "");
}

/* A file of exactly the limit is read; one byte more is an error that names it. */
static void test_buf_read_fd(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT;
	struct err err = {0};
	int ends[2];

	(void)state;
	buf_add_str(&buf, "before ");
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_write_all(ends[1], "12345", 5), 0);
	close(ends[1]);
	assert_int_equal(buf_read_fd(&buf, ends[0], 5, "x", &err), 0);
	assert_string_equal(buf.data, "before 12345");
	close(ends[0]);

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_write_all(ends[1], "123456", 6), 0);
	close(ends[1]);
	assert_int_equal(buf_read_fd(&buf, ends[0], 5, "the spec", &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.text, "the spec"));
	close(ends[0]);
}

static void test_buf_read_fd_of_directory(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT;
	AUTO_CLOSE int fd = open("/", O_RDONLY | O_CLOEXEC);
	struct err err = {0};

	(void)state;
	assert_int_equal(buf_read_fd(&buf, fd, 100, "/", &err), -1);
	assert_int_equal(err.sys_errno, EISDIR);
	assert_int_equal(fd_write_all(fd, "x", 1), -1);
	assert_int_equal(fd_write_all(fd, "x", 0), 0);
}

static void test_buf_add_count(void **state)
{
	static const struct {
		uint64_t count;
		const char *thing, *text;
	} cases[] = {
		{0, "layer", "0 layers"},	 {1, "layer", "1 layer"},
		{2, "layer", "2 layers"},	 {1, "process", "1 process"},
		{11, "process", "11 processes"}, {UINT64_MAX, "a", "18446744073709551615 as"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf buf = BUF_INIT;

		buf_add_count(&buf, cases[i].count, cases[i].thing);
		assert_string_equal(buf.data, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_add),
		cmocka_unit_test(test_buf_add_count),
		cmocka_unit_test(test_buf_detach_empty),
		cmocka_unit_test(test_buf_drop_and_truncate),
		cmocka_unit_test(test_buf_reserve),
		cmocka_unit_test(test_buf_add_shown),
		cmocka_unit_test(test_buf_shown),
		cmocka_unit_test(test_buf_read_fd),
		cmocka_unit_test(test_buf_read_fd_of_directory),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
