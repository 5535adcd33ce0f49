/* Bytes into a pipe by its pages (engine/store/archive_pipe.h). */
#include "tests/unit/test_archive.h"

#include <signal.h>
#include <sys/wait.h>

#include "engine/store/archive_pipe.h"

enum { STEP = 64 << 10, TOTAL = 9 << 20 };

/* The bytes from offset on: each eight of them say where they are. */
static void fill(char *bytes, uint64_t offset, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		uint64_t at = (offset + i) / 8 * 0x9e3779b97f4a7c15U;

		bytes[i] = (char)(at >> 8 * ((offset + i) % 8));
	}
}

/* Reads so many bytes of the pipe that were filled from offset on. */
static void expect_bytes(int fd, uint64_t offset, size_t length)
{
	char bytes[STEP], expected[STEP];

	while (length) {
		ssize_t got = read(fd, bytes, length < STEP ? length : STEP);

		assert_true(got > 0);
		fill(expected, offset, (size_t)got);
		assert_memory_equal(bytes, expected, (size_t)got);
		offset += (uint64_t)got;
		length -= (size_t)got;
	}
}

static void open_pipe(int ends[2], struct pipe_out *out)
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pipe_out_init(out, ends[1]);
	assert_non_null(out->ring); /* or this would test write(2) */
}

static void write_at(struct pipe_out *out, uint64_t offset, size_t length)
{
	char bytes[STEP];

	assert_true(length <= sizeof bytes);
	fill(bytes, offset, length);
	assert_int_equal(pipe_out_write(out, bytes, length), 0);
	memset(bytes, 'x', sizeof bytes);
}

/* With the pipe full all the time, nothing is overwritten before it is read. */
static void test_full_pipe(void **state)
{
	struct pipe_out out;
	uint64_t written = 0, read_to = 0;
	int ends[2], held;

	(void)state;
	open_pipe(ends, &out);
	held = fcntl(ends[1], F_GETPIPE_SZ);
	for (; written < (uint64_t)held; written += STEP)
		write_at(&out, written, STEP);
	for (; read_to < TOTAL; read_to += STEP, written += STEP) {
		expect_bytes(ends[0], read_to, STEP);
		write_at(&out, written, STEP);
	}
	close(ends[0]);
	close(ends[1]);
	pipe_out_release(&out);
}

/* Without an end of its own to read from, or nobody would tell it that a test has failed. */
static _Noreturn void write_odd_pieces(struct pipe_out *out, int read_end)
{
	uint64_t at = 0;

	close(read_end);
	for (size_t length = 1; at < TOTAL; length = (length * 7 + 3) % STEP) {
		write_at(out, at, length);
		at += length;
	}
	_exit(0);
}

/* Pieces of any size come as they were written, whoever is faster. */
static void test_odd_pieces(void **state)
{
	struct pipe_out out;
	int ends[2];
	pid_t child;

	(void)state;
	open_pipe(ends, &out);
	child = fork();
	if (!child)
		write_odd_pieces(&out, ends[0]);
	close(ends[1]);
	for (uint64_t at = 0; at < TOTAL; at += 997)
		expect_bytes(ends[0], at, TOTAL - at < 997 ? TOTAL - at : 997);
	close(ends[0]);
	waitpid(child, NULL, 0);
	pipe_out_release(&out);
}

/* What is still in the pipe outlives the ring. */
static void test_release(void **state)
{
	struct pipe_out out;
	size_t size;
	char *other;
	int ends[2];

	(void)state;
	open_pipe(ends, &out);
	write_at(&out, 0, STEP);
	size = out.size;
	pipe_out_release(&out);
	close(ends[1]);
	other = malloc(size);
	memset(other, 'y', size);
	expect_bytes(ends[0], 0, STEP);
	free(other);
	close(ends[0]);
}

/* Nobody reads on, and no pipe at all. */
static void test_others(void **state)
{
	AUTO_CLOSE int fd = memfd_create("archive", MFD_CLOEXEC);
	AUTO_BUF struct buf bytes = BUF_INIT;
	struct pipe_out out;
	struct err err = {0};
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	open_pipe(ends, &out);
	close(ends[0]);
	assert_int_equal(pipe_out_write(&out, "text", 4), -1);
	assert_int_equal(errno, EPIPE);
	pipe_out_release(&out);
	close(ends[1]);
	pipe_out_init(&out, fd);
	assert_int_equal(pipe_out_write(&out, "text", 4), 0);
	pipe_out_release(&out);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(buf_read_fd(&bytes, fd, 100, "a file", &err), 0);
	assert_string_equal(bytes.data, "text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_pipe),
		cmocka_unit_test(test_odd_pieces),
		cmocka_unit_test(test_release),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
