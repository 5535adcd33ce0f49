/* The loop: the order of a turn, and what callbacks may do to it (engine/process/loop.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/process/loop.h"

/* What a test looks at: a letter for each call, in order, and what callbacks work with. */
struct fixture {
	struct loop *loop;
	struct buf calls;
	int ends[2]; /* a pipe with a byte in it */
	struct loop_watch *watches[2];
	struct loop_timer *timer;
	struct loop_child *child;
	int status, remaining;
};

static int set_up(void **state)
{
	struct fixture *fixture = mem_new(sizeof *fixture);

	fixture->loop = loop_new();
	buf_init(&fixture->calls);
	*state = fixture;
	return pipe(fixture->ends) < 0 || fd_write_all(fixture->ends[1], "x", 1) < 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	loop_free(fixture->loop);
	close(fixture->ends[0]);
	fd_close(&fixture->ends[1]);
	buf_release(&fixture->calls);
	free(fixture);
	return 0;
}

/* Callbacks that note their letter. */
#define NOTE_EVENTS(name, letter)                                       \
	static void name(void *data, unsigned events)                   \
	{                                                               \
		(void)events;                                           \
		buf_add_char(&((struct fixture *)data)->calls, letter); \
	}
#define NOTE(name, letter)                                              \
	static void name(void *data)                                    \
	{                                                               \
		buf_add_char(&((struct fixture *)data)->calls, letter); \
	}

NOTE_EVENTS(note_urgent, 'u')
NOTE_EVENTS(note_other, 'o')
NOTE(note_timer, 't')
NOTE(note_deferred, 'd')
NOTE(note_hook, 'h')

static void note_signal(void *data, int signal_number)
{
	struct fixture *fixture = data;

	(void)signal_number;
	buf_add_char(&fixture->calls, 's');
}

static void note_ended(void *data, int status, const struct rusage *usage)
{
	struct fixture *fixture = data;

	fixture->status = status;
	fixture->child = NULL;
	buf_add_char(&fixture->calls, usage->ru_maxrss > 0 ? 'c' : '?');
}

/* A process that has ended already, with this status, and is not reaped yet. */
static pid_t ended_child(int status)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(status);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	return pid;
}

/* Everything is ready in the same turn; what is registered first is not what is called first. */
static void test_order_of_a_turn(void **state)
{
	struct fixture *fixture = *state;
	struct loop *loop = fixture->loop;
	const int signals[] = {SIGUSR1};

	loop_before_sleep(loop, note_hook, fixture);
	loop_defer(loop, note_deferred, fixture);
	loop_timer(loop, 0, note_timer, fixture);
	loop_child(loop, ended_child(0), note_ended, fixture);
	loop_watch(loop, fixture->ends[0], LOOP_READ, note_other, fixture);
	assert_int_equal(loop_signals(loop, signals, 1, note_signal, fixture), 0);
	loop_watch(loop, fixture->ends[0], LOOP_READ | LOOP_URGENT, note_urgent, fixture);
	raise(SIGUSR1);
	loop_turn(loop, -1);
	assert_string_equal(fixture->calls.data, "usoctdh");
}

static void test_hook_is_called_every_turn(void **state)
{
	struct fixture *fixture = *state;

	loop_before_sleep(fixture->loop, note_hook, fixture);
	loop_turn(fixture->loop, 0);
	loop_before_sleep(fixture->loop, NULL, NULL);
	loop_turn(fixture->loop, 0);
	assert_string_equal(fixture->calls.data, "h");
}

/* Watches. */

static void note_events(void *data, unsigned events)
{
	struct fixture *fixture = data;

	buf_add_fmt(&fixture->calls, "%s%s.", events & LOOP_READ ? "r" : "",
		    events & LOOP_WRITE ? "w" : "");
}

static void test_watch_events(void **state)
{
	struct fixture *fixture = *state;
	struct loop_watch *watch;

	watch = loop_watch(fixture->loop, fixture->ends[1], LOOP_READ | LOOP_WRITE, note_events,
			   fixture);
	loop_turn(fixture->loop, 0);
	assert_string_equal(fixture->calls.data, "w.");
	loop_watch_set(watch, LOOP_READ);
	loop_turn(fixture->loop, 0);
	assert_string_equal(fixture->calls.data, "w.");
	loop_watch_set(watch, LOOP_WRITE);
	loop_turn(fixture->loop, 0);
	assert_string_equal(fixture->calls.data, "w.w.");
}

/* End-of-file is something to read, but a suspended watch is not even told of a hang-up. */
static void test_watch_suspended(void **state)
{
	struct fixture *fixture = *state;
	struct loop_watch *watch;
	char byte;

	watch = loop_watch(fixture->loop, fixture->ends[0], 0, note_events, fixture);
	assert_int_equal(read(fixture->ends[0], &byte, 1), 1);
	fd_close(&fixture->ends[1]);
	loop_turn(fixture->loop, 0);
	assert_string_equal(fixture->calls.data, "");
	loop_watch_set(watch, LOOP_READ);
	loop_turn(fixture->loop, -1);
	assert_string_equal(fixture->calls.data, "r.");
}

static void remove_both(void *data, unsigned events)
{
	struct fixture *fixture = data;

	(void)events;
	buf_add_char(&fixture->calls, '-');
	loop_watch_remove(&fixture->watches[0]);
	loop_watch_remove(&fixture->watches[1]);
	assert_null(fixture->watches[0]);
}

/* The first removes itself and the second, which is ready too: that is not called any more. */
static void test_watch_removed_by_another(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 2; i++)
		fixture->watches[i] = loop_watch(fixture->loop, fixture->ends[0], LOOP_READ,
						 remove_both, fixture);
	loop_turn(fixture->loop, -1);
	loop_turn(fixture->loop, 0);
	assert_string_equal(fixture->calls.data, "-");
}

/* The same the other way round: the one that is removed has been called before. */
static void test_watch_removed_by_later_one(void **state)
{
	struct fixture *fixture = *state;

	fixture->watches[0] =
		loop_watch(fixture->loop, fixture->ends[0], LOOP_READ, note_other, fixture);
	fixture->watches[1] =
		loop_watch(fixture->loop, fixture->ends[0], LOOP_READ, remove_both, fixture);
	loop_turn(fixture->loop, -1);
	loop_turn(fixture->loop, 0);
	assert_string_equal(fixture->calls.data, "o-");
	loop_watch_remove(&fixture->watches[0]);
}

static void add_many(void *data, unsigned events)
{
	struct fixture *fixture = data;

	(void)events;
	buf_add_char(&fixture->calls, '+');
	loop_watch_remove(&fixture->watches[0]);
	for (int i = 0; i < 50; i++)
		loop_watch(fixture->loop, fixture->ends[0], LOOP_READ, note_other, fixture);
}

/* Watches added by a callback are called from the next turn on. */
static void test_watch_added_by_callback(void **state)
{
	struct fixture *fixture = *state;

	fixture->watches[0] =
		loop_watch(fixture->loop, fixture->ends[0], LOOP_READ, add_many, fixture);
	loop_turn(fixture->loop, -1);
	assert_string_equal(fixture->calls.data, "+");
	loop_turn(fixture->loop, -1);
	assert_int_equal(fixture->calls.len, 51);
}

static void calm_down(void *data, unsigned events)
{
	struct fixture *fixture = data;

	(void)events;
	buf_add_char(&fixture->calls, '!');
	loop_watch_set(fixture->watches[0], LOOP_READ);
}

/* A watch that stops being urgent is not called a second time in the same turn. */
static void test_watch_called_once_a_turn(void **state)
{
	struct fixture *fixture = *state;

	fixture->watches[0] = loop_watch(fixture->loop, fixture->ends[0], LOOP_READ | LOOP_URGENT,
					 calm_down, fixture);
	loop_turn(fixture->loop, -1);
	assert_string_equal(fixture->calls.data, "!");
}

/* Timers. */

NOTE(note_first, '1')
NOTE(note_second, '2')
NOTE(note_third, '3')

/* The earliest first, each once; one of an hour is not due. All begin in the same millisecond, or the order would be
 * another. */
static void test_timers(void **state)
{
	struct fixture *fixture = *state;
	struct loop *loop = fixture->loop;
	struct loop_timer *timers[3] = {NULL};
	int64_t begin;

	do {
		for (size_t i = 0; i < ARRAY_SIZE(timers); i++)
			loop_timer_remove(&timers[i]);
		begin = loop_now_ms();
		timers[0] = loop_timer(loop, 2, note_third, fixture);
		timers[1] = loop_timer(loop, 0, note_first, fixture);
		timers[2] = loop_timer(loop, 1, note_second, fixture);
	} while (loop_now_ms() != begin);
	loop_timer(loop, 3600000, note_hook, fixture);
	while (fixture->calls.len < 3)
		loop_turn(loop, -1);
	loop_turn(loop, 0);
	assert_string_equal(fixture->calls.data, "123");
}

static void remove_timer(void *data)
{
	struct fixture *fixture = data;

	buf_add_char(&fixture->calls, '-');
	loop_timer_remove(&fixture->timer);
}

/* All three are due in the same turn, and the first removes the second. */
static void test_timer_removed_by_another(void **state)
{
	struct fixture *fixture = *state;
	struct loop *loop = fixture->loop;
	int64_t later;

	loop_timer(loop, 0, remove_timer, fixture);
	fixture->timer = loop_timer(loop, 1, note_second, fixture);
	loop_timer(loop, 1, note_third, fixture);
	later = loop_now_ms() + 1;
	while (loop_now_ms() < later)
		;
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	assert_string_equal(fixture->calls.data, "-3");
	loop_timer_remove(&fixture->timer);
}

static void again(void *data)
{
	struct fixture *fixture = data;

	if (--fixture->remaining > 0)
		loop_timer(fixture->loop, 1, again, fixture);
	else
		loop_stop(fixture->loop, 42);
}

/* A timer that starts itself anew, and the end of the loop. */
static void test_timer_again_and_stop(void **state)
{
	struct fixture *fixture = *state;

	fixture->remaining = 3;
	loop_timer(fixture->loop, 1, again, fixture);
	assert_int_equal(loop_run(fixture->loop), 42);
	assert_int_equal(fixture->remaining, 0);
}

/* Children. */

static void test_child_status(void **state)
{
	struct fixture *fixture = *state;
	pid_t pid = ended_child(7);

	fixture->child = loop_child(fixture->loop, pid, note_ended, fixture);
	loop_turn(fixture->loop, -1);
	assert_string_equal(fixture->calls.data, "c");
	assert_true(WIFEXITED(fixture->status) && WEXITSTATUS(fixture->status) == 7);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_child_killed(void **state)
{
	struct fixture *fixture = *state;
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		while (write(ready[1], "", 1) == 1)
			pause();
	}
	/* Killed before it ever ran it would have used nothing. */
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	fixture->child = loop_child(fixture->loop, pid, note_ended, fixture);
	loop_turn(fixture->loop, 0);
	assert_string_equal(fixture->calls.data, "");
	assert_int_equal(loop_child_kill(fixture->child, SIGKILL), 0);
	loop_turn(fixture->loop, -1);
	assert_string_equal(fixture->calls.data, "c");
	assert_true(WIFSIGNALED(fixture->status) && WTERMSIG(fixture->status) == SIGKILL);
}

/* A child that is forgotten is reaped all the same. */
static void test_child_forgotten(void **state)
{
	struct fixture *fixture = *state;
	pid_t pid = ended_child(0);

	fixture->child = loop_child(fixture->loop, pid, note_ended, fixture);
	loop_child_forget(&fixture->child);
	assert_null(fixture->child);
	loop_turn(fixture->loop, -1);
	assert_string_equal(fixture->calls.data, "");
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_child_of_no_process(void **state)
{
	struct fixture *fixture = *state;
	pid_t pid = ended_child(0);

	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_null(loop_child(fixture->loop, pid, note_ended, fixture));
	assert_int_equal(errno, ESRCH);
}

/* Deferred calls. */

static void defer_another(void *data)
{
	struct fixture *fixture = data;

	buf_add_char(&fixture->calls, '1');
	for (int i = 0; i < 20; i++)
		loop_defer(fixture->loop, note_third, fixture);
}

/* In the order of the calls, and those that a deferred call defers still in this turn. */
static void test_deferred(void **state)
{
	struct fixture *fixture = *state;

	loop_defer(fixture->loop, defer_another, fixture);
	loop_defer(fixture->loop, note_second, fixture);
	loop_turn(fixture->loop, -1);
	assert_string_equal(fixture->calls.data, "1233333333333333333333");
	loop_turn(fixture->loop, 0);
	assert_int_equal(fixture->calls.len, 22);
}

static void test_deferred_cancelled(void **state)
{
	struct fixture *fixture = *state;
	struct fixture other = *fixture;

	buf_init(&other.calls);
	loop_defer(fixture->loop, note_first, &other);
	loop_defer(fixture->loop, note_second, fixture);
	loop_defer(fixture->loop, note_third, &other);
	loop_defer_cancel(fixture->loop, &other);
	loop_turn(fixture->loop, -1);
	assert_string_equal(fixture->calls.data, "2");
	assert_string_equal(other.calls.data, "");
}

/* Signals. */

static void note_number(void *data, int signal_number)
{
	struct fixture *fixture = data;

	buf_add_fmt(&fixture->calls, "%d ", signal_number);
}

/* Only those that were asked for; the mask is as before when the loop is gone. */
static void test_signals(void **state)
{
	struct fixture *fixture = *state;
	const int signals[] = {SIGUSR1, SIGUSR2};
	AUTO_FREE char *expected = mem_printf("%d %d ", SIGUSR1, SIGUSR2);
	sigset_t before, during, after;

	sigprocmask(SIG_SETMASK, NULL, &before);
	assert_int_equal(loop_signals(fixture->loop, signals, 2, note_number, fixture), 0);
	sigprocmask(SIG_SETMASK, NULL, &during);
	assert_true(sigismember(&during, SIGUSR1) && sigismember(&during, SIGUSR2));
	raise(SIGUSR2);
	raise(SIGUSR1);
	loop_turn(fixture->loop, -1);
	assert_string_equal(fixture->calls.data, expected);
	loop_free(fixture->loop);
	fixture->loop = NULL;
	sigprocmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&after, SIGUSR1), sigismember(&before, SIGUSR1));
	assert_int_equal(sigismember(&after, SIGUSR2), sigismember(&before, SIGUSR2));
}

/* What is left when a loop ends is freed (the sanitizer and valgrind watch this). */
static void test_free_with_everything(void **state)
{
	struct fixture *fixture = *state;
	pid_t pid = ended_child(0);

	loop_timer(fixture->loop, 3600000, note_timer, fixture);
	loop_defer(fixture->loop, note_deferred, fixture);
	loop_watch(fixture->loop, fixture->ends[0], LOOP_READ, note_other, fixture);
	loop_child(fixture->loop, pid, note_ended, fixture);
	loop_free(fixture->loop);
	fixture->loop = NULL;
	assert_string_equal(fixture->calls.data, "");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order_of_a_turn),
		TEST(test_hook_is_called_every_turn),
		TEST(test_watch_events),
		TEST(test_watch_suspended),
		TEST(test_watch_removed_by_another),
		TEST(test_watch_removed_by_later_one),
		TEST(test_watch_added_by_callback),
		TEST(test_watch_called_once_a_turn),
		TEST(test_timers),
		TEST(test_timer_removed_by_another),
		TEST(test_timer_again_and_stop),
		TEST(test_child_status),
		TEST(test_child_killed),
		TEST(test_child_forgotten),
		TEST(test_child_of_no_process),
		TEST(test_deferred),
		TEST(test_deferred_cancelled),
		TEST(test_signals),
		TEST(test_free_with_everything),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
