/* Standard output as the program writes to it. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "src/console.h"

static int set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	return 0;
}

static void make_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

static void test_bytes_are_exact(void **state)
{
	static const char bytes[] = "a\x1b]0;t\a\r\n\0\xff";
	struct console console;
	struct err err;
	char read_back[64];
	int ends[2];

	(void)state;
	make_pipe(ends);
	console_init(&console, ends[1], "auto");
	assert_false(console.terminal || console.color);
	console_add_output(&console, bytes, sizeof bytes);
	console_color(&console, "31");
	console_print(&console, "%d", 42);
	assert_int_equal(console_finish(&console, &err), 0);
	assert_int_equal(read(ends[0], read_back, sizeof read_back), sizeof bytes + 2);
	assert_memory_equal(read_back, bytes, sizeof bytes);
	assert_memory_equal(read_back + sizeof bytes, "42", 2);
	console_release(&console);
	close(ends[0]);
	close(ends[1]);
}

static void test_nobody_reads(void **state)
{
	struct console console;
	struct err err = {0};
	int ends[2];

	(void)state;
	make_pipe(ends);
	close(ends[0]);
	console_init(&console, ends[1], "auto");
	console_print(&console, "lost");
	assert_int_equal(console_finish(&console, &err), -1);
	assert_int_equal(err.code, ERR_NONE);
	assert_int_equal(console.error, EPIPE);
	console_release(&console);
	close(ends[1]);
}

static void test_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct console console;
	struct err err = {0};

	(void)state;
	console_init(&console, fd, "auto");
	console_print(&console, "lost");
	assert_int_equal(console_finish(&console, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, "standard output"));
	assert_int_equal(console.pending.len, 0);
	console_release(&console);
	close(fd);
}

/* A reader that does not read: the flush gives up after its time. */
static void test_patience(void **state)
{
	AUTO_FREE char *much = mem_new(1 << 20);
	struct console console;
	struct err err;
	int ends[2];

	(void)state;
	make_pipe(ends);
	console_init(&console, ends[1], "auto");
	console.patience_ms = 0;
	console_add(&console, much, 1 << 20);
	assert_int_equal(console_finish(&console, &err), -1);
	assert_int_equal(console.error, ETIMEDOUT);
	console_release(&console);
	close(ends[0]);
	close(ends[1]);
}

/* A blocked signal that waits ends a flush; nothing is lost by that. */
static void test_a_signal_goes_first(void **state)
{
	AUTO_FREE char *much = mem_new(1 << 20);
	sigset_t mask, old;
	struct console console;
	int ends[2], number;

	(void)state;
	make_pipe(ends);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &old);
	raise(SIGUSR1);
	console_init(&console, ends[1], "auto");
	console_add(&console, much, 1 << 20);
	console_flush(&console);
	assert_int_equal(console.error, 0);
	assert_in_range(console.pending.len, 1, (1 << 20) - 1);
	sigwait(&mask, &number);
	sigprocmask(SIG_SETMASK, &old, NULL);
	console_release(&console);
	close(ends[0]);
	close(ends[1]);
}

static void test_terminal(void **state)
{
	struct console console;
	int master, slave;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	console_init(&console, slave, "auto");
	assert_true(console.terminal && console.live && console.color);
	console_add_output(&console, "\x1b]0;t\a\x1b[31mx", 12);
	console_end_output(&console);
	assert_string_equal(console.pending.data, "\x1b[31mx\x1b[0m");
	console_release(&console);
	console_init(&console, slave, "never");
	assert_false(console.color);
	console_add_output(&console, "\x1b[31mx", 6);
	assert_string_equal(console.pending.data, "x");
	console_release(&console);
	close(master);
	close(slave);
}

static void test_when_there_are_colours(void **state)
{
	struct console console;
	int master, slave;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	setenv("NO_COLOR", "1", 1);
	console_init(&console, slave, "auto");
	assert_false(console.color);
	console_init(&console, slave, "always");
	assert_true(console.color);
	setenv("NO_COLOR", "", 1);
	console_init(&console, slave, "auto");
	assert_true(console.color);
	setenv("TERM", "dumb", 1);
	console_init(&console, slave, "auto");
	assert_false(console.color || console.live);
	close(master);
	close(slave);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_bytes_are_exact, set_up),
		cmocka_unit_test_setup(test_nobody_reads, set_up),
		cmocka_unit_test_setup(test_full_disk, set_up),
		cmocka_unit_test_setup(test_patience, set_up),
		cmocka_unit_test_setup(test_a_signal_goes_first, set_up),
		cmocka_unit_test_setup(test_terminal, set_up),
		cmocka_unit_test_setup(test_when_there_are_colours, set_up),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
