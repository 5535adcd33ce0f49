/* The master side of a step's terminal, with the other side in hand (engine/sandbox/terminal.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/process/loop.h"
#include "engine/sandbox/terminal.h"

struct fixture {
	struct loop *loop;
	struct terminal *terminal;
	int master, slave;
	struct buf output; /* what was shown; "<+>" and "<->" for the modes */
	bool closed;
};

static void note_output(void *data, const char *bytes, size_t length)
{
	struct fixture *fixture = data;

	buf_add(&fixture->output, bytes, length);
}

static void note_mode(void *data, bool onlcr)
{
	struct fixture *fixture = data;

	buf_add_str(&fixture->output, onlcr ? "<+>" : "<->");
}

static void note_closed(void *data)
{
	struct fixture *fixture = data;

	fixture->closed = true;
}

/* Changes the slave's modes: no echo, and these flags of c_lflag and c_oflag off. */
static void clear_modes(int slave, tcflag_t local, tcflag_t output)
{
	struct termios modes;

	assert_int_equal(tcgetattr(slave, &modes), 0);
	modes.c_lflag &= ~(local | ECHO);
	modes.c_oflag &= ~output;
	assert_int_equal(tcsetattr(slave, TCSANOW, &modes), 0);
}

/* A slave as steps have it: without OPOST. */
static int set_up(void **state)
{
	struct fixture *fixture = mem_new(sizeof *fixture);

	*state = fixture;
	buf_init(&fixture->output);
	fixture->loop = loop_new();
	fixture->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fixture->master < 0 || unlockpt(fixture->master) < 0)
		return -1;
	fixture->slave = ioctl(fixture->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	clear_modes(fixture->slave, 0, OPOST);
	return fixture->slave < 0;
}

static void start(struct fixture *fixture, bool end_of_file)
{
	const struct terminal_callbacks callbacks = {note_output, note_mode, note_closed, fixture};

	fixture->terminal = terminal_new(fixture->loop, fixture->master, end_of_file, &callbacks);
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	terminal_free(fixture->terminal);
	loop_free(fixture->loop);
	fd_close(&fixture->slave);
	buf_release(&fixture->output);
	free(fixture);
	return 0;
}

static void reopen_slave(struct fixture *fixture)
{
	fixture->slave = ioctl(fixture->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(fixture->slave >= 0);
}

/* Turns until the output ends with text. */
static void turn_until(struct fixture *fixture, const char *text)
{
	size_t length = strlen(text);

	while (fixture->output.len < length ||
	       strcmp(fixture->output.data + fixture->output.len - length, text))
		loop_turn(fixture->loop, -1);
}

static void print(const struct fixture *fixture, const char *text)
{
	assert_int_equal(fd_write_all(fixture->slave, text, strlen(text)), 0);
}

/* Output comes as it was printed; every change of the mode is told before what was printed in it,
 * the first value at the start. */
static void test_output_and_modes(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, false);
	assert_string_equal(fixture->output.data, "<+>");
	print(fixture, "a\nb");
	turn_until(fixture, "a\nb");
	clear_modes(fixture->slave, 0, ONLCR);
	print(fixture, "c\n");
	turn_until(fixture, "c\n");
	print(fixture, "d");
	turn_until(fixture, "d");
	assert_string_equal(fixture->output.data, "<+>a\nb<->c\nd");
}

/* What is typed reaches the step; the size too. */
static void test_input_and_size(void **state)
{
	struct fixture *fixture = *state;
	struct winsize size;
	char line[16];

	start(fixture, false);
	assert_true(terminal_write(fixture->terminal, "ab\n", 3));
	assert_int_equal(read(fixture->slave, line, sizeof line), 3);
	assert_memory_equal(line, "ab\n", 3);
	terminal_resize(fixture->terminal, 132, 50);
	assert_int_equal(ioctl(fixture->slave, TIOCGWINSZ, &size), 0);
	assert_int_equal(size.ws_col, 132);
	assert_int_equal(size.ws_row, 50);
}

/* Reads what is there for the slave, and looks whether it is a pattern that goes on. */
static size_t read_pattern(int slave, size_t position)
{
	char room[4096];
	ssize_t got = read(slave, room, sizeof room);

	for (ssize_t i = 0; i < got; i++, position++) {
		if (room[i] != (char)('a' + position % 23))
			fail_msg("byte %zu is wrong", position);
	}
	return position;
}

/* More than the kernel's queue takes: the step reads late, and nothing is lost. What does not fit
 * into our queue is refused as a whole. */
static void test_queued_writes(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *pattern = mem_new(TERMINAL_QUEUE_MAX);
	size_t position = 0, length = TERMINAL_QUEUE_MAX - 100;

	start(fixture, false);
	clear_modes(fixture->slave, ICANON, 0);
	fcntl(fixture->slave, F_SETFL, O_NONBLOCK);
	for (size_t i = 0; i < TERMINAL_QUEUE_MAX; i++)
		pattern[i] = (char)('a' + i % 23);
	assert_true(terminal_write(fixture->terminal, pattern, length));
	assert_false(terminal_write(fixture->terminal, pattern, TERMINAL_QUEUE_MAX));
	while (position < length) {
		loop_turn(fixture->loop, 0);
		position = read_pattern(fixture->slave, position);
	}
	loop_turn(fixture->loop, 0);
	assert_int_equal(read(fixture->slave, pattern, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

/* Nobody types: every read gets end-of-file, also more reads than are answered at once. */
static void test_end_of_file(void **state)
{
	struct fixture *fixture = *state;
	char byte;

	start(fixture, true);
	fcntl(fixture->slave, F_SETFL, O_NONBLOCK);
	for (int answered = 0; answered < 100;) {
		ssize_t got = read(fixture->slave, &byte, 1);

		assert_true(got == 0 || (got < 0 && errno == EAGAIN));
		if (got == 0)
			answered++;
		else
			loop_turn(fixture->loop, -1);
	}
	assert_string_equal(fixture->output.data, "<+>");
}

/* In another mode the character would be data: when its timer comes, nothing is written. */
static void test_no_end_of_file_as_data(void **state)
{
	struct fixture *fixture = *state;
	struct pollfd polled = {.fd = fixture->slave, .events = POLLIN};

	clear_modes(fixture->slave, ICANON, 0);
	start(fixture, true);
	loop_turn(fixture->loop, -1);
	assert_int_equal(poll(&polled, 1, 0), 0);
}

/* No end-of-file for a shell that waits for keys. */
static void test_no_end_of_file_unless_asked(void **state)
{
	struct fixture *fixture = *state;
	struct pollfd polled = {.fd = fixture->slave, .events = POLLIN};

	start(fixture, false);
	loop_turn(fixture->loop, 0);
	assert_int_equal(poll(&polled, 1, 0), 0);
}

/* A step may close its terminal and open it again: that is no end, and what it prints then is
 * shown. */
static void test_hang_up_and_reopening(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, false);
	print(fixture, "before ");
	fd_close(&fixture->slave);
	turn_until(fixture, "before ");
	loop_turn(fixture->loop, 0);
	assert_false(fixture->closed);
	reopen_slave(fixture);
	print(fixture, "after");
	turn_until(fixture, "after");
	assert_false(fixture->closed);
	assert_false(terminal_drained(fixture->terminal));
}

/* A hang-up must not make the loop spin: with nothing to do, turns wait for the terminal's timer. */
static void test_hang_up_is_quiet(void **state)
{
	struct fixture *fixture = *state;
	int64_t begin;
	int turns = 0;

	start(fixture, false);
	fd_close(&fixture->slave);
	for (begin = loop_now_ms(); loop_now_ms() < begin + 200; turns++)
		loop_turn(fixture->loop, 200);
	assert_true(turns < 50);
}

/* Input that is queued while the terminal is closed is written when it is open again. */
static void test_queue_outlives_hang_up(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *bytes = mem_new(500000);
	bool found = false;

	start(fixture, false);
	clear_modes(fixture->slave, ICANON, 0);
	memset(bytes, 'x', 500000);
	bytes[499999] = '!';
	assert_true(terminal_write(fixture->terminal, bytes, 500000));
	fd_close(&fixture->slave);
	loop_turn(fixture->loop, 0);
	reopen_slave(fixture);
	fcntl(fixture->slave, F_SETFL, O_NONBLOCK);
	while (!found) {
		ssize_t got = read(fixture->slave, bytes, 500000);

		found = got > 0 && bytes[got - 1] == '!';
		loop_turn(fixture->loop, 1);
	}
}

/* The end: nobody can open it any more, and all that was printed has been read. */
static void test_finish(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, false);
	print(fixture, "last words");
	terminal_finish(fixture->terminal);
	loop_turn(fixture->loop, -1);
	assert_false(fixture->closed);
	print(fixture, ", more");
	fd_close(&fixture->slave);
	while (!fixture->closed)
		loop_turn(fixture->loop, -1);
	assert_string_equal(fixture->output.data, "<+>last words, more");
	assert_true(terminal_drained(fixture->terminal));
	assert_true(terminal_write(fixture->terminal, "x", 1));
}

/* The same when it was hung up before it is known that this is the end. */
static void test_finish_after_hang_up(void **state)
{
	struct fixture *fixture = *state;

	start(fixture, true);
	print(fixture, "x");
	fd_close(&fixture->slave);
	turn_until(fixture, "x");
	loop_turn(fixture->loop, 0);
	terminal_finish(fixture->terminal);
	while (!fixture->closed)
		loop_turn(fixture->loop, -1);
	fixture->closed = false;
	loop_turn(fixture->loop, 0);
	assert_false(fixture->closed);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_output_and_modes),	   TEST(test_input_and_size),
		TEST(test_queued_writes),	   TEST(test_end_of_file),
		TEST(test_no_end_of_file_as_data), TEST(test_no_end_of_file_unless_asked),
		TEST(test_hang_up_and_reopening),  TEST(test_hang_up_is_quiet),
		TEST(test_queue_outlives_hang_up), TEST(test_finish),
		TEST(test_finish_after_hang_up),
	};

	return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
