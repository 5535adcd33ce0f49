/* Two contractors that come to the same step at the same time (engine/store/claim.h). */
#include <poll.h>
#include <sys/pidfd.h>

#include "tests/unit/session_fixture.h"

/* A step that prints "ready", goes on when let_go() has found it, and ends like this. */
#define WAITING(end) FIXTURE_SHELL("echo ready; { sleep %d || true; } 2>/dev/null; echo done; " end)

/* Another contractor: a process that nobody has to wait for. */
struct other {
	int fd; /* what it tells: a character for each thing; then end-of-file */
	pid_t pid;
};

/* In the other process: where it tells things. */
struct other_side {
	int fd;
	const char *on_output; /* the command it gives when the step has printed something */
	enum event_type told;  /* the event that 'r' stands for */
	bool done;
};

static struct other_side other_side;

static void tell(char what)
{
	assert_int_equal(write(other_side.fd, &what, 1), 1);
}

/* Tells the first such event, and does then what it is to do. */
static void on_other_event(struct fixture *fixture, const struct event *event)
{
	struct err err;

	if (event->type == EVENT_STEP_PAUSED)
		tell('p');
	if (event->type != other_side.told || other_side.done)
		return;
	other_side.done = true;
	if (other_side.on_output)
		assert_int_equal(command_run(fixture->session, other_side.on_output, &err), 0);
	else
		tell('r');
}

/* The life of the other: a whole build, with the same files and a store opened anew. */
static _Noreturn void be_other(struct fixture *fixture, const char *text)
{
	pid_t pid = getpid();

	alarm(FIXTURE_ALARM_S);
	fixture->session = NULL;
	fixture->hook = on_other_event;
	fixture->loop = loop_new();
	fixture_open_host(fixture);
	assert_int_equal(write(other_side.fd, &pid, sizeof pid), sizeof pid);
	fixture_load(fixture, text);
	fixture_run(fixture, "continue");
	tell(fixture->reason == STOP_END ? 'e' : 'f');
	_exit(0);
}

/* Starts it. The index must not be open across a fork (sqlite.org/howtocorrupt.html, 2.6). */
static struct other start_other(struct fixture *fixture, const char *text)
{
	struct other other;
	int ends[2], status;
	pid_t child;

	fixture_close_host(fixture);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		if (fork())
			_exit(0);
		close(ends[0]);
		other_side.fd = ends[1];
		be_other(fixture, text);
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	other.fd = ends[0];
	assert_int_equal(read(other.fd, &other.pid, sizeof other.pid), sizeof other.pid);
	fixture_open_host(fixture);
	return other;
}

/* Waits until it tells this. */
static void expect_told(const struct other *other, char what)
{
	char told = 0;

	assert_int_equal(read(other->fd, &told, 1), 1);
	assert_int_equal(told, what);
}

/* Waits until it is gone. */
static void expect_gone(struct other *other)
{
	char told;

	while (read(other->fd, &told, 1) > 0)
		;
	fd_close(&other->fd);
}

/* A number that no other process sleeps for. */
static int nap(void)
{
	return 100000 + getpid();
}

static char *spec_of(const char *end)
{
	return mem_printf(FIXTURE_SPEC WAITING("%s"), nap(), end);
}

/* Ends a process, unless it has ended, and waits until it is gone. */
static void end_process(pid_t pid)
{
	AUTO_CLOSE int fd = pidfd_open(pid, 0);
	struct pollfd end = {.fd = fd, .events = POLLIN};

	if (fd >= 0 && pidfd_send_signal(fd, SIGTERM, NULL, 0) == 0)
		assert_int_equal(poll(&end, 1, -1), 1);
}

/* Whether the process is a step's sleep of ours; then it is ended. */
static bool end_sleep(int proc_fd, const char *pid)
{
	AUTO_FREE char *name = mem_printf("%s/cmdline", pid);
	AUTO_CLOSE int fd = openat(proc_fd, name, O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *wanted = mem_printf("sleep %d", nap());
	char line[64] = "";
	ssize_t length = fd < 0 ? 0 : read(fd, line, sizeof line - 1);

	for (ssize_t i = 0; i + 1 < length; i++)
		line[i] = line[i] ? line[i] : ' ';
	if (strcmp(line, wanted) != 0)
		return false;
	end_process(atoi(pid));
	return true;
}

/* Ends the first sleep that there is; whether there was one. */
static bool end_a_sleep(void)
{
	AUTO_CLOSEDIR DIR *dir = opendir("/proc");
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (atoi(entry->d_name) > 0 && end_sleep(dirfd(dir), entry->d_name))
			return true;
	}
	return false;
}

/* Lets one step that has printed "ready" go on. */
static void let_go(void)
{
	while (!end_a_sleep())
		;
}

/* The same for the step of this session, where one of a dead process may still be about. */
static void finish_here(struct fixture *fixture)
{
	while (session_state(fixture->session) != SESSION_STOPPED) {
		end_a_sleep();
		loop_turn(fixture->loop, 20);
	}
}

static char *followed_events(const struct other *other, const char *rest)
{
	return mem_printf("step-cached 1 passed 0\nstep-started 2\n"
			  "step-note 2 step 2 is being run by another contractor (process %d): "
			  "following it\n%s",
			  (int)other->pid, rest);
}

static void expect_followed(struct fixture *fixture, const struct other *other, const char *rest)
{
	AUTO_FREE char *events = followed_events(other, rest);

	fixture_expect(fixture, events);
}

/* The same, where the step then ran here. */
static void expect_ran_here(struct fixture *fixture, const struct other *other, const char *rest)
{
	AUTO_FREE char *events =
		mem_printf("step-started 2\nstep-note 2 process %d has not passed step 2: running "
			   "it here\n%s",
			   (int)other->pid, rest);

	expect_followed(fixture, other, events);
}

static int count_attempt(void *data, const struct attempt *attempt)
{
	*(int *)data += attempt->step == 2;
	return 0;
}

static int attempts_of_step_2(struct fixture *fixture)
{
	struct err err;
	int count = 0;

	assert_int_equal(store_each_attempt(host_store(fixture->host), count_attempt, &count, &err),
			 0);
	return count;
}

/* Starts another that is in step 2, and follows it until its output is here. */
static struct other follow_other(struct fixture *fixture, const char *text)
{
	struct other other;

	other_side = (struct other_side){.told = EVENT_STEP_OUTPUT};
	other = start_other(fixture, text);
	expect_told(&other, 'r');
	fixture_load(fixture, text);
	fixture_start(fixture, "continue");
	fixture_await(fixture, "ready");
	return other;
}

/* The work is done once: the log is seen as it grows, and the result comes from the store. */
static void test_once(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *text = spec_of("true");
	struct other other = follow_other(fixture, text);

	fixture_expect_step(fixture, 2, STEP_RUNNING, 0);
	fixture_refuse(fixture, "pause", ERR_USAGE, "step 2 is run by another contractor");
	let_go();
	fixture_finish(fixture);
	assert_string_equal(fixture->output.data, "ready\ndone\n");
	expect_followed(fixture, &other, "step-cached 2 passed 0\nstopped 3 end\n");
	expect_told(&other, 'e');
	expect_gone(&other);
	assert_int_equal(attempts_of_step_2(fixture), 1);
}

static int parts_told;

static void count_part(struct fixture *fixture, const struct event *event)
{
	(void)fixture;
	parts_told += event->type == EVENT_STEP_OUTPUT;
}

/* When the other has ended, the rest of a long log is shown a little in each turn: when it has grown, when the wait is
 * over, and when it is time for the next part. In a slow turn all three come together. */
static void test_long_rest(void **state)
{
	enum { LENGTH = 3000000, PARTS_MOST = 3 };
	struct fixture *fixture = *state;
	AUTO_FREE char *text = spec_of("busybox yes | busybox head -c 3000000");
	struct other other = follow_other(fixture, text);

	let_go();
	expect_told(&other, 'e');
	expect_gone(&other);
	fixture->hook = count_part;
	while (session_state(fixture->session) != SESSION_STOPPED) {
		parts_told = 0;
		loop_turn(fixture->loop, -1);
		assert_in_range(parts_told, 0, PARTS_MOST);
	}
	fixture->hook = NULL;
	assert_int_equal(fixture->output.len, strlen("ready\ndone\n") + LENGTH);
	assert_int_equal(attempts_of_step_2(fixture), 1);
}

/* Where a mode of the other's terminal was told to begin, by what it is. */
static uint64_t told_modes[2];
static size_t n_told_modes;

static void note_mode(struct fixture *fixture, const struct event *event)
{
	(void)fixture;
	/* It begins with one that says how the terminal is made. */
	if (event->type == EVENT_STEP_TERMINAL && event->amount &&
	    n_told_modes < ARRAY_SIZE(told_modes) && event->onlcr == (n_told_modes > 0))
		told_modes[n_told_modes++] = event->amount;
}

/* A step that waits until let_go() has found it. */
#define NAP "{ sleep %d || true; } 2>/dev/null; "

/* The modes of its terminal are told as the step sets them, not when it has ended. They are looked at when something
 * is read: so the step waits until what it printed before has been. */
static void test_modes(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *text = mem_printf(
		FIXTURE_SPEC FIXTURE_SHELL("echo ready; " NAP "busybox stty -onlcr; "
					   "echo b; " NAP "busybox stty onlcr; echo c; " NAP),
		nap(), nap(), nap());
	struct other other;

	n_told_modes = 0;
	fixture->hook = note_mode;
	other = follow_other(fixture, text);
	let_go();
	fixture_await(fixture, "b\n");
	let_go();
	while (n_told_modes < ARRAY_SIZE(told_modes))
		loop_turn(fixture->loop, -1);
	assert_int_equal(told_modes[0], strlen("ready\n"));
	assert_int_equal(told_modes[1], strlen("ready\nb\n"));
	let_go();
	fixture_finish(fixture);
	fixture->hook = NULL;
	expect_gone(&other);
}

/* A step that fails is run anew by who waited, and fails by itself. */
static void test_other_fails(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *text = spec_of("exit 3");
	struct other other = follow_other(fixture, text);

	let_go();
	expect_told(&other, 'f');
	expect_gone(&other);
	fixture_await(fixture, "ready\ndone\nready\n");
	let_go();
	fixture_finish(fixture);
	expect_ran_here(fixture, &other, "step-ended 2 failed 3\nstopped 2 failed\n");
	assert_int_equal(attempts_of_step_2(fixture), 2);
}

/* The other dies without a word. */
static void test_other_dies(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *text = spec_of("true");
	struct other other = follow_other(fixture, text);

	assert_int_equal(kill(other.pid, SIGKILL), 0);
	expect_gone(&other);
	fixture_await(fixture, "ready\nready\n");
	finish_here(fixture);
	expect_ran_here(fixture, &other, "step-ended 2 passed 0\nstopped 3 end\n");
	assert_int_equal(attempts_of_step_2(fixture), 1);
}

/* The other is paused by a person: nobody waits for that. */
static void test_other_pauses(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *text = spec_of("true");
	struct other other;

	other_side = (struct other_side){.told = EVENT_STEP_OUTPUT, .on_output = "pause"};
	other = start_other(fixture, text);
	expect_told(&other, 'p');
	fixture_load(fixture, text);
	fixture_start(fixture, "continue");
	fixture_await(fixture, "ready");
	fixture_expect(fixture, "step-cached 1 passed 0\nstep-started 2\n");
	assert_int_equal(kill(other.pid, SIGKILL), 0);
	expect_gone(&other);
	finish_here(fixture);
	fixture_expect(fixture, "step-ended 2 passed 0\nstopped 3 end\n");
	/* What the dead one has left. */
	store_clean(host_store(fixture->host));
}

/* Killing is to wait no longer; the other is not disturbed. */
static void test_kill(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *text = spec_of("true");
	struct other other = follow_other(fixture, text);

	fixture_run(fixture, "kill");
	expect_followed(fixture, &other, "stopped 2 killed\n");
	fixture_expect_step(fixture, 2, STEP_PENDING, 0);
	let_go();
	expect_told(&other, 'e');
	expect_gone(&other);
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 2 passed 0\nstopped 3 end\n");
}

/* Who wants the step run in any case does not wait. */
static void test_forced(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *text = spec_of("true");
	struct other other = follow_other(fixture, text);

	fixture_run(fixture, "kill");
	fixture_forget(fixture);
	fixture_start(fixture, "rerun 2");
	fixture_await(fixture, "ready");
	fixture_expect(fixture, "step-started 2\n");
	let_go();
	let_go();
	fixture_finish(fixture);
	fixture_expect(fixture, "step-ended 2 passed 0\nstopped 3 end\n");
	expect_told(&other, 'e');
	expect_gone(&other);
}

/* A build of something else does not wait; nor does quitting. */
static void test_apart(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *text = spec_of("true");
	struct other other = follow_other(fixture, text);

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo else"));
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\nstep-started 2\nstep-ended 2 passed 0\n"
				"stopped 3 end\n");
	let_go();
	expect_told(&other, 'e');
	expect_gone(&other);
}

/* Who waits may die at any moment: who works is not disturbed. */
static void test_follower_dies(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *text = spec_of("true");
	struct other first = follow_other(fixture, text), second;

	other_side = (struct other_side){.told = EVENT_STEP_NOTE};
	second = start_other(fixture, text);
	expect_told(&second, 'r');
	assert_int_equal(kill(second.pid, SIGKILL), 0);
	expect_gone(&second);
	fixture_load(fixture, text);
	fixture_start(fixture, "continue");
	fixture_await(fixture, "ready");
	let_go();
	fixture_finish(fixture);
	expect_followed(fixture, &first, "step-cached 2 passed 0\nstopped 3 end\n");
	expect_told(&first, 'e');
	expect_gone(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_once),       FIXTURE_TEST(test_long_rest),
		FIXTURE_TEST(test_modes),      FIXTURE_TEST(test_other_fails),
		FIXTURE_TEST(test_other_dies), FIXTURE_TEST(test_other_pauses),
		FIXTURE_TEST(test_kill),       FIXTURE_TEST(test_forced),
		FIXTURE_TEST(test_apart),      FIXTURE_TEST(test_follower_dies),
	};

	return cmocka_run_group_tests_name("following another contractor", tests, NULL, NULL);
}
