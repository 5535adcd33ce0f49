/* Recordings of a step's output (engine/store/recording.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/recording.h"

/* A directory of its own for each test. */
struct place {
	char path[32];
	int fd;
};

static int set_up(void **state)
{
	struct place *place = mem_new(sizeof *place);

	strcpy(place->path, "/tmp/recording-XXXXXX");
	assert_non_null(mkdtemp(place->path));
	place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	struct err err;

	close(place->fd);
	path_remove_tree(AT_FDCWD, place->path, &err);
	free(place);
	return 0;
}

static void put_file(const struct place *place, const char *name, const char *bytes, size_t length)
{
	AUTO_CLOSE int fd = openat(place->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, length), 0);
}

static void put_text(const struct place *place, const char *name, const char *text)
{
	put_file(place, name, text, strlen(text));
}

static char *get_file(const struct place *place, const char *name)
{
	AUTO_CLOSE int fd = openat(place->fd, name, O_RDONLY | O_CLOEXEC);
	struct buf buf = BUF_INIT;
	struct err err;

	assert_true(fd >= 0);
	assert_int_equal(buf_read_fd(&buf, fd, SIZE_MAX, name, &err), 0);
	return buf_detach(&buf);
}

/* The cast of NAME; to be freed. */
static char *export(const struct place *place, const char *name, const char *title)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct err err = {0};

	if (recording_export_asciicast(place->fd, name, title, out, &err) < 0)
		fail_msg("%s", err.text);
	fclose(out);
	return text;
}

/* A time later than the start of any recording made so far. */
static int64_t later_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 100000;
}

/* Lines of the times that begin with letter; *ret_last is the last of them. */
static int count_lines(const char *times, char letter, int64_t *ret_ms, uint64_t *ret_offset)
{
	int count = 0;

	for (const char *line = strchr(times, '\n'); line && line[1];
	     line = strchr(line + 1, '\n')) {
		if (line[1] != letter)
			continue;
		count++;
		assert_int_equal(sscanf(line + 2, "%" SCNd64 " %" SCNu64, ret_ms, ret_offset), 2);
	}
	return count;
}

/* The bytes are exactly those added, at once; the files must be new. */
static void test_bytes(void **state)
{
	struct place *place = *state;
	struct recording *recording = NULL, *second = NULL;
	AUTO_FREE char *log = NULL;
	struct err err;

	assert_int_equal(recording_create(place->fd, "a", 80, 24, &recording, &err), 0);
	assert_int_equal(recording_add(recording, "one\r\n\x1b[1m", 9, later_ms(), &err), 0);
	assert_int_equal(recording_add(recording, "", 0, later_ms(), &err), 0);
	assert_int_equal(recording_size(recording), 9);
	log = get_file(place, "a.log");
	assert_string_equal(log, "one\r\n\x1b[1m");
	assert_int_equal(recording_create(place->fd, "a", 80, 24, &second, &err), -1);
	assert_null(second);
	assert_int_equal(recording_close(recording, &err), 0);
	assert_int_equal(recording_close(NULL, &err), 0);
}

/* A recording that cannot have its times leaves no log either. */
static void test_create_fails_whole(void **state)
{
	struct place *place = *state;
	struct recording *recording = NULL;
	struct err err;

	put_text(place, "a.times", "");
	assert_int_equal(recording_create(place->fd, "a", 80, 24, &recording, &err), -1);
	assert_int_equal(faccessat(place->fd, "a.log", F_OK, 0), -1);
	assert_int_equal(faccessat(place->fd, "a.times", F_OK, 0), 0);
}

/* One "o" line for 10 ms at most, whatever comes; the last one covers everything. */
static void test_times_are_few(void **state)
{
	struct place *place = *state;
	int64_t start = later_ms(), first_ms, ms;
	struct recording *recording;
	AUTO_FREE char *times = NULL;
	uint64_t offset;
	struct err err;

	assert_int_equal(recording_create(place->fd, "a", 100, 30, &recording, &err), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(recording_add(recording, "xy", 2, start + i, &err), 0);
	assert_int_equal(recording_close(recording, &err), 0);
	times = get_file(place, "a.times");
	assert_int_equal(strncmp(times, "contractor-times 1 100x30 1", 27), 0);
	assert_in_range(count_lines(times, 'o', &ms, &offset), 90, 101);
	assert_int_equal(offset, 2000);
	assert_int_equal(sscanf(strchr(times, '\n'), "\no %" SCNd64, &first_ms), 1);
	assert_in_range(ms - first_ms, 990, 999);
}

/* Changes of the terminal stand between the output before and after them; time never goes back. */
static void test_changes(void **state)
{
	struct place *place = *state;
	int64_t start = later_ms(), ms, begin;
	struct recording *recording;
	AUTO_FREE char *times = NULL, *expected = NULL;
	struct err err;

	assert_int_equal(recording_create(place->fd, "a", 80, 24, &recording, &err), 0);
	recording_add(recording, "abc", 3, start, &err);
	recording_resize(recording, 132, 50, start + 1, &err);
	recording_mode(recording, false, start - 5000, &err);
	recording_add(recording, "d", 1, start + 2, &err);
	recording_mode(recording, true, start + 70, &err);
	assert_int_equal(recording_close(recording, &err), 0);
	times = get_file(place, "a.times");
	assert_int_equal(sscanf(strchr(times, '\n'), "\no %" SCNd64, &begin), 1);
	ms = begin;
	expected = mem_printf("\no %" PRId64 " 3\ns %" PRId64 " 3 132x50\nm %" PRId64
			      " 3 -\no %" PRId64 " 4\nm %" PRId64 " 4 onlcr\n",
			      ms, ms + 1, ms + 1, ms + 2, ms + 70);
	assert_string_equal(strchr(times, '\n'), expected);
}

/* Times that are kept back are written when they have become many, before the end. */
static void test_times_are_flushed(void **state)
{
	struct place *place = *state;
	int64_t start = later_ms(), ms;
	struct recording *recording;
	AUTO_FREE char *times = NULL;
	uint64_t offset;
	struct err err;

	assert_int_equal(recording_create(place->fd, "a", 80, 24, &recording, &err), 0);
	for (int i = 0; i < 10000; i++)
		recording_add(recording, "x", 1, start + i * 10, &err);
	times = get_file(place, "a.times");
	assert_true(count_lines(times, 'o', &ms, &offset) > 3000);
	assert_int_equal(recording_close(recording, &err), 0);
}

/* What a process that is killed had added is there, and can be exported. */
static void test_killed(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *cast = NULL;
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct recording *recording;
		struct err err;

		if (recording_create(place->fd, "a", 80, 24, &recording, &err) < 0 ||
		    recording_add(recording, "hello ", 6, later_ms(), &err) < 0 ||
		    recording_add(recording, "there", 5, later_ms() + 500, &err) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	cast = export(place, "a", NULL);
	assert_non_null(strstr(cast, "[0.000, \"o\", \"hello there\"]\n"));
}

/* A full disk is an error that is about the host, and the size tells what is there. */
static void test_no_space(void **state)
{
	struct place *place = *state;
	struct recording *recording;
	struct err err = {0};

	assert_int_equal(recording_create(place->fd, "a", 80, 24, &recording, &err), 0);
	/* /dev/full in the place of the log: found by its descriptor, the newest but one. */
	{
		AUTO_CLOSE int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
		AUTO_CLOSE int log = openat(place->fd, "a.log", O_RDONLY | O_CLOEXEC);
		int replaced = 0;

		for (int fd = 3; fd < 64 && !replaced; fd++) {
			char name[64], target[128] = "";

			snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
			if (fd != log && readlink(name, target, sizeof target - 1) > 0 &&
			    strstr(target, "/a.log"))
				replaced = dup2(full, fd) == fd;
		}
		assert_true(replaced);
	}
	assert_int_equal(recording_add(recording, "abc", 3, later_ms(), &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_int_equal(err.sys_errno, ENOSPC);
	assert_int_equal(recording_size(recording), 0);
	recording_close(recording, &err);
}

/* Where the last lines begin. */
static void test_tail(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		uint64_t offset;
	} cases[] = {
		{"", 3, 0},	      {"a", 1, 0},
		{"a\n", 1, 0},	      {"a\nb", 1, 2},
		{"a\nb\n", 1, 2},     {"a\nb\n", 2, 0},
		{"a\nb\n", 0, 4},     {"a\n\n\n", 1, 3},
		{"a\n\n\n", 2, 2},    {"one\ntwo\nthree", 2, 4},
		{"a\nb\nc\n", 99, 0}, {"\n", 1, 0},
	};
	struct place *place = *state;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_CLOSE int fd = -1;
		uint64_t offset = 12345;

		put_text(place, "t", cases[i].text);
		fd = openat(place->fd, "t", O_RDONLY | O_CLOEXEC);
		assert_int_equal(recording_tail_offset(fd, cases[i].count, &offset, &err), 0);
		if (offset != cases[i].offset)
			fail_msg("case %zu: %" PRIu64 " is not %" PRIu64, i, offset,
				 cases[i].offset);
	}
}

/* The same over many blocks, against counting from the front. */
static void test_long_tail(void **state)
{
	enum { SIZE = 300000 };
	struct place *place = *state;
	AUTO_FREE char *text = mem_new(SIZE);
	AUTO_CLOSE int fd = -1;
	size_t lines = 0;
	struct err err;

	/* Lines of many lengths, some longer than a block. */
	memset(text, 'x', SIZE);
	for (size_t at = 0, step = 1; at < SIZE; at += step, step = step * 7 % 90001)
		text[at] = '\n';
	text[SIZE - 1] = 'x';
	put_file(place, "t", text, SIZE);
	fd = openat(place->fd, "t", O_RDONLY | O_CLOEXEC);
	for (size_t at = SIZE; at-- > 0;) {
		uint64_t offset;

		if (text[at] != '\n')
			continue;
		lines++;
		if (lines > 50 && at > 1000)
			continue;
		assert_int_equal(recording_tail_offset(fd, lines, &offset, &err), 0);
		assert_int_equal(offset, at + 1);
	}
}

/* One cast with all there is; what no line covers belongs to the last time. */
static void test_export(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *cast = NULL;

	put_text(place, "a.log", "one\n\"\\\tend\n\x1b[0mlast");
	put_text(place, "a.times",
		 "contractor-times 1 100x30 1700000000999\no 5 4\ns 1007 4 90x20\nm 1010 4 -\n"
		 "o 61234 11\n");
	cast = export(place, "a", "a \"title\"");
	assert_string_equal(cast, "{\"version\": 2, \"width\": 100, \"height\": 30, \"timestamp\": "
				  "1700000000, \"title\": \"a \\\"title\\\"\"}\n"
				  "[0.005, \"o\", \"one\\u000d\\u000a\"]\n"
				  "[1.007, \"r\", \"90x20\"]\n"
				  "[61.234, \"o\", \"\\\"\\\\\\u0009end\\u000a\"]\n"
				  "[61.234, \"o\", \"\\u001b[0mlast\"]\n");
}

/* Bytes that are no UTF-8, and a character that an event cuts. */
static void test_export_utf8(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *cast = NULL;

	put_text(place, "a.log", "\xff|\xc3\xa9|\xe2\x82\xac\xe2\x82");
	put_text(place, "a.times",
		 "contractor-times 1 80x24 0\no 1 3\no 2 4\no 3 6\no 4 7\no 5 10\n");
	cast = export(place, "a", NULL);
	assert_string_equal(strchr(cast, '\n') + 1,
			    "[0.001, \"o\", \"\xef\xbf\xbd|\"]\n"
			    "[0.002, \"o\", \"\xc3\xa9\"]\n"
			    "[0.003, \"o\", \"|\"]\n"
			    "[0.005, \"o\", \"\xe2\x82\xac\"]\n"
			    "[0.005, \"o\", \"\xef\xbf\xbd\xef\xbf\xbd\"]\n");
}

/* Times that are garbled or beyond the log do not matter: the bytes are there, in their order. */
static void test_export_garbled(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *cast = NULL, *long_line = mem_new(5000);

	memset(long_line, 'o', 4999);
	put_text(place, "a.log", "abcdef");
	{
		AUTO_FREE char *times = mem_printf("contractor-times 1 80x24 0\n"
						   "o 500 2\no 400 4\no 600 1\nx 1 2\no\no -1 3\n"
						   "o 99999999999999999999 5\n%s\n"
						   "s 700 4 0x0\no 800 99\no 900 1",
						   long_line);
		put_text(place, "a.times", times);
	}
	cast = export(place, "a", NULL);
	assert_string_equal(strchr(cast, '\n') + 1, "[0.500, \"o\", \"ab\"]\n"
						    "[0.500, \"o\", \"cd\"]\n"
						    "[0.800, \"o\", \"ef\"]\n");
}

/* What is no recording is refused. */
static void test_export_refused(void **state)
{
	static const char *const headers[] = {
		"",
		"contractor-times 2 80x24 0\n",
		"contractor-times 1 0x24 0\n",
		"contractor-times 1 80x24\n",
		"contractor-times 1 80x24 0",
	};
	struct place *place = *state;
	AUTO_FCLOSE FILE *out = fopen("/dev/null", "w");
	struct err err;

	put_text(place, "a.log", "text");
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		put_text(place, "a.times", headers[i]);
		assert_int_equal(recording_export_asciicast(place->fd, "a", NULL, out, &err), -1);
		assert_int_equal(err.code, ERR_FAULT);
	}
	assert_int_equal(recording_export_asciicast(place->fd, "none", NULL, out, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_create_fails_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_times_are_few, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_changes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_times_are_flushed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_killed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_space, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_tail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_export, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_export_utf8, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_export_garbled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_export_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
