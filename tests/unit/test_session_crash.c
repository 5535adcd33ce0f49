/* Ending at the wrong moment: quitting or dying while something runs, and what is durable after. */
#include "engine/session/session_internal.h"
#include "engine/store/squash.h"
#include "engine/store/store_internal.h"
#include "tests/unit/session_fixture.h"

/* A workspace with something that takes a while to pack or unpack. */
#define BIG_FILE FIXTURE_SHELL("dd if=/dev/urandom of=big bs=1M count=48 2>/dev/null")
#define PACK_IT "- action: create-artifact\n  artifact: big\n  compression: xz\n"

/* How many names a directory of the store has. */
static size_t count_names(int dir_fd)
{
	AUTO_CLOSEDIR DIR *dir = fdopendir(openat(dir_fd, ".", O_RDONLY | O_CLOEXEC));
	struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	return count;
}

/* Turns the loop until the running step reports progress. */
static void await_progress(struct fixture *fixture)
{
	while (!fixture->progress_count) {
		assert_int_not_equal(session_state(fixture->session), SESSION_STOPPED);
		loop_turn(fixture->loop, -1);
	}
}

static void expect_nothing_in_flight(struct fixture *fixture)
{
	struct store *store = host_store(fixture->host);

	assert_int_equal(count_names(store_tmp_fd(store)), 0);
}

/* Quitting while a step runs: nothing of it stays. */
static void test_quit_while_running(void **state)
{
	struct fixture *fixture = *state;
	size_t logs;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("mkdir d; echo x > d/x; chown 1000 d d/x; "
							 "chmod 700 d; echo ready; sleep 60"));
	fixture_run(fixture, "next");
	logs = count_names(store_logs_fd(host_store(fixture->host)));
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	fixture_end_session(fixture);
	expect_nothing_in_flight(fixture);
	assert_int_equal(count_names(store_logs_fd(host_store(fixture->host))), logs);
	fixture_verify(fixture);
}

/* The same right after the command, when nothing has begun yet. */
static void test_quit_at_once(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("sleep 60"));
	fixture_start(fixture, "continue");
	fixture_end_session(fixture);
	expect_nothing_in_flight(fixture);
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("sleep 60"));
	fixture_start(fixture, "continue");
	loop_turn(fixture->loop, -1);
	fixture_end_session(fixture);
	expect_nothing_in_flight(fixture);
}

/* Quitting, and killing, while an artifact is packed: no blob, whole or half, and the step runs
 * the next time. */
static void test_stop_while_packing(void **state)
{
	static const char spec[] = FIXTURE_SPEC BIG_FILE PACK_IT;
	struct fixture *fixture = *state;
	struct store *store = host_store(fixture->host);

	fixture_load(fixture, spec);
	fixture_run(fixture, "until 3");
	fixture_start(fixture, "next");
	await_progress(fixture);
	fixture_end_session(fixture);
	expect_nothing_in_flight(fixture);
	assert_int_equal(count_names(store_blobs_fd(store)), 0);

	fixture_load(fixture, spec);
	fixture_run(fixture, "until 3");
	fixture_start(fixture, "next");
	await_progress(fixture);
	fixture_forget(fixture);
	fixture_run(fixture, "kill");
	fixture_expect(fixture, "step-ended 3 killed 137\nstopped 3 killed\n");
	assert_string_equal(fixture->stop_text, "killed");
	expect_nothing_in_flight(fixture);
	assert_int_equal(count_names(store_blobs_fd(store)), 0);
}

/* Killing while an artifact is unpacked; then it is unpacked whole. */
static void test_kill_while_unpacking(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *big = NULL;
	struct stat status;

	fixture_load(fixture, FIXTURE_SPEC BIG_FILE
		     "- action: create-artifact\n  artifact: big\n"
		     "- action: empty-workspace\n"
		     "- action: unpack-artifact\n  artifact: big\n  to: a/b\n");
	fixture_run(fixture, "until 5");
	fixture_forget(fixture);
	fixture_start(fixture, "next");
	await_progress(fixture);
	fixture_run(fixture, "kill");
	fixture_expect(fixture, "step-started 5\nstep-ended 5 killed 137\nstopped 5 killed\n");
	expect_nothing_in_flight(fixture);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 5\nstep-ended 5 passed 0\nstopped 6 end\n");
	assert_int_equal(session_state_before(fixture->session, 5)->chain[TREE_WORKSPACE].len, 0);
	big = fixture_file_path(fixture, 6, "a/b/big");
	assert_non_null(big);
	assert_int_equal(fstatat(store_layers_fd(host_store(fixture->host)), big, &status, 0), 0);
	assert_int_equal(status.st_size, 48 << 20);
}

/* Pausing an artifact's workers holds them, too. */
static void test_pause_packing(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC BIG_FILE "- action: create-artifact\n  artifact: big\n");
	fixture_run(fixture, "until 3");
	fixture_forget(fixture);
	fixture_start(fixture, "next");
	await_progress(fixture);
	fixture_start(fixture, "pause");
	fixture_await_state(fixture, SESSION_PAUSED);
	fixture_forget(fixture);
	fixture_run(fixture, "resume");
	fixture_expect(fixture, "step-resumed 3\nstep-ended 3 passed 0\nstopped 4 end\n");
}

/* Whether a process with this text in its command line is alive. */
static bool is_alive(const char *text)
{
	AUTO_CLOSEDIR DIR *proc = opendir("/proc");
	struct dirent *entry;

	while ((entry = readdir(proc))) {
		AUTO_FREE char *name = mem_printf("%s/cmdline", entry->d_name);
		char line[512];
		AUTO_CLOSE int fd = atoi(entry->d_name) > 0
					    ? openat(dirfd(proc), name, O_RDONLY | O_CLOEXEC)
					    : -1;
		ssize_t got = fd >= 0 ? read(fd, line, sizeof line) : -1;

		if (got > 0 && memmem(line, (size_t)got, text, strlen(text)))
			return true;
	}
	return false;
}

static void die(struct fixture *fixture, const struct event *event)
{
	(void)fixture;
	if (event->type == EVENT_STEP_OUTPUT)
		raise(SIGKILL);
}

/* What the child does: runs a step and is killed in the middle of it. */
static _Noreturn void run_and_die(struct fixture *fixture, const char *spec)
{
	fixture_open_host(fixture);
	fixture_load(fixture, spec);
	fixture->hook = die;
	fixture_run(fixture, "continue");
	_exit(0);
}

/* kill -9 in the middle of a step: its processes are gone, and so is what it left in the store
 * as soon as something runs, whoever owns it. */
static void test_killed(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *marker = mem_printf("99%d", (int)getpid());
	AUTO_FREE char *spec = mem_printf(
		FIXTURE_SPEC FIXTURE_SHELL("mkdir d; touch d/x; chown 1000 d d/x; chmod 700 d; "
					   "setsid sleep %s & echo out; sleep %s"),
		marker, marker);
	int64_t deadline = loop_now_ms() + FIXTURE_PATIENCE_MS;
	pid_t child;
	int status;

	host_free(fixture->host);
	child = fork();
	if (child == 0)
		run_and_die(fixture, spec);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (is_alive(marker)) {
		assert_true(loop_now_ms() < deadline);
		loop_turn(fixture->loop, 10);
	}
	fixture_open_host(fixture);
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("true"));
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\n"
				"step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
	expect_nothing_in_flight(fixture);
}

static int expect_durable(void *data, const struct attempt *attempt)
{
	(void)data;
	assert_true(attempt->durable);
	return 0;
}

/* What was recorded becomes durable by itself, the last attempt too. */
static void test_becomes_durable(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = host_store(fixture->host);
	struct err err = {0};
	int64_t deadline;

	fixture_load(fixture,
		     FIXTURE_SPEC FIXTURE_SHELL("echo a > a") "- action: empty-workspace\n"
							      "- action: empty-workspace\n"
							      "- action: empty-workspace\n");
	fixture_run(fixture, "continue");
	assert_true(store_has_volatile(store));
	deadline = loop_now_ms() + FIXTURE_PATIENCE_MS;
	while (store_has_volatile(store)) {
		assert_true(loop_now_ms() < deadline);
		loop_turn(fixture->loop, 20);
	}
	assert_int_equal(store_each_attempt(store, expect_durable, NULL, &err), 0);
	fixture_forget(fixture);
}

/* Kills all children: the one that syncs is among them. */
static void kill_children(void)
{
	AUTO_FREE char *path = mem_printf("/proc/self/task/%d/children", (int)getpid());
	FILE *children = fopen(path, "re");
	int pid;

	assert_non_null(children);
	while (fscanf(children, "%d", &pid) == 1)
		assert_int_equal(kill(pid, SIGKILL), 0);
	fclose(children);
}

/* Instead of the C library's, in the child that syncs. */
static enum { SYNC_WORKS, SYNC_FAILS, SYNC_HANGS } sync_does;

int syncfs(int fd)
{
	(void)fd;
	if (sync_does == SYNC_HANGS)
		pause();
	errno = EIO;
	return sync_does == SYNC_FAILS ? -1 : 0;
}

/* A sync that was killed says nothing about the disk: what it was for is still taken from the cache. */
static void test_sync_killed(void **state)
{
	static const char spec[] = FIXTURE_SPEC FIXTURE_SHELL("echo a > a");
	struct fixture *fixture = *state;

	sync_does = SYNC_HANGS;
	fixture_load(fixture, spec);
	fixture_run(fixture, "continue");
	/* One may be under way that began before the step was recorded. */
	for (int i = 0; i < 2; i++) {
		while (!fixture->session->keeping && store_has_volatile(host_store(fixture->host)))
			loop_turn(fixture->loop, -1);
		kill_children();
		while (fixture->session->keeping)
			loop_turn(fixture->loop, -1);
		session_sync(fixture->session);
	}
	sync_does = SYNC_WORKS;
	fixture_load(fixture, spec);
	fixture_forget(fixture);
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\nstep-cached 2 passed 0\nstopped 3 end\n");
}

static void on_settled(void *data)
{
	*(bool *)data = true;
}

/* Waits as who is about to end does; whether there was something to wait for. */
static bool settle(struct fixture *fixture)
{
	bool settled = false;

	if (!session_settle(fixture->session, on_settled, &settled))
		return false;
	while (!settled)
		loop_turn(fixture->loop, -1);
	return true;
}

/* Who ends in the right way leaves nothing that a loss of power could take; and waits for nothing where nothing ran. */
static void test_settles(void **state)
{
	static const char spec[] = FIXTURE_SPEC FIXTURE_SHELL("echo a > a");
	struct fixture *fixture = *state;
	struct store *store = host_store(fixture->host);
	struct err err = {0};

	fixture_load(fixture, spec);
	fixture_run(fixture, "continue");
	assert_true(settle(fixture));
	assert_int_equal(store_each_attempt(store, expect_durable, NULL, &err), 0);
	assert_string_equal(session_unkept(fixture->session), "");
	assert_false(settle(fixture));
	fixture_load(fixture, spec);
	fixture_run(fixture, "continue");
	assert_false(settle(fixture));
	fixture_forget(fixture);
}

/* What an earlier process told, and was killed before its sync, is as much told by who takes it from the cache. */
static void test_settles_for_another(void **state)
{
	static const char spec[] = FIXTURE_SPEC FIXTURE_SHELL("echo a > a");
	struct fixture *fixture = *state;

	/* No sync that began by itself is to be earlier. */
	sync_does = SYNC_HANGS;
	fixture_load(fixture, spec);
	fixture_run(fixture, "continue");
	fixture_load(fixture, spec);
	assert_true(store_has_volatile(host_store(fixture->host)));
	/* As where the other one has recorded it only now. */
	fixture->session->owed_done = fixture->session->owed;
	fixture_run(fixture, "continue");
	fixture_forget(fixture);
	sync_does = SYNC_WORKS;
	kill_children();
	while (fixture->session->keeping)
		loop_turn(fixture->loop, -1);
	assert_true(settle(fixture));
	assert_false(store_has_volatile(host_store(fixture->host)));
}

/* A sync that fails is said, with the steps that it was for, which run again. */
static void test_sync_fails(void **state)
{
	static const char spec[] = FIXTURE_SPEC FIXTURE_SHELL("echo a > a");
	struct fixture *fixture = *state;

	fixture_load(fixture, spec);
	fixture_run(fixture, "next");
	settle(fixture);
	sync_does = SYNC_FAILS;
	fixture_run(fixture, "next");
	settle(fixture);
	sync_does = SYNC_WORKS;
	assert_non_null(strstr(fixture->events.data, "\nstore-failed "));
	assert_non_null(strstr(session_unkept(fixture->session), "Input/output error: step 2 "));
	fixture_load(fixture, spec);
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\n"
				"step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
}

/* Where the index takes no mark either, what was lost is taken from the cache again: so nobody is told that it runs. */
static void test_sync_fails_unmarked(void **state)
{
	struct fixture *fixture = *state;
	struct db *db = host_store(fixture->host)->db;
	struct err err;

	fixture_load(fixture, FIXTURE_SPEC);
	assert_int_equal(db_exec(db,
				 "CREATE TRIGGER refuse BEFORE UPDATE OF durable ON attempts "
				 "BEGIN SELECT RAISE(ABORT, 'not now'); END",
				 &err),
			 0);
	sync_does = SYNC_FAILS;
	fixture_run(fixture, "next");
	settle(fixture);
	sync_does = SYNC_WORKS;
	assert_int_equal(db_exec(db, "DROP TRIGGER refuse", &err), 0);
	assert_non_null(strstr(session_unkept(fixture->session), "not now"));
	assert_non_null(strstr(session_unkept(fixture->session), "run again with --no-cache;"));
	assert_null(strstr(session_unkept(fixture->session), "will be run again"));
	assert_null(strstr(session_unkept(fixture->session), "the next run"));
}

/* One that is killed every time has lost nothing for sure, but nothing is sure: that is said, too. */
static void test_settling_fails(void **state)
{
	struct fixture *fixture = *state;
	bool settled = false;

	sync_does = SYNC_HANGS;
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo a > a"));
	fixture_run(fixture, "continue");
	fixture_forget(fixture);
	assert_true(session_settle(fixture->session, on_settled, &settled));
	while (!settled) {
		kill_children();
		loop_turn(fixture->loop, 1);
	}
	sync_does = SYNC_WORKS;
	fixture_expect(fixture, "store-failed 3\n");
	assert_non_null(strstr(session_unkept(fixture->session), "a loss of power may still take"));
	assert_true(store_has_volatile(host_store(fixture->host)));
}

/* A squash that fails is given up for this session, and leaves nothing. */
static void test_squash_fails(void **state)
{
	struct fixture *fixture = *state;
	struct state deep;

	fixture_load(fixture, FIXTURE_SPEC);
	state_init(&deep);
	/* Layers that are not there. */
	for (int i = 0; i < 2 * SQUASH_ABOVE; i++)
		strv_add_fmt(&deep.chain[TREE_WORKSPACE], "zzz%d", 10 + i);
	session_squash(fixture->session, &deep);
	assert_non_null(fixture->session->squashing);
	while (fixture->session->squashing)
		loop_turn(fixture->loop, -1);
	assert_true(fixture->session->no_squash);
	expect_nothing_in_flight(fixture);
	state_release(&deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_quit_while_running),
		FIXTURE_TEST(test_quit_at_once),
		FIXTURE_TEST(test_stop_while_packing),
		FIXTURE_TEST(test_kill_while_unpacking),
		FIXTURE_TEST(test_pause_packing),
		FIXTURE_TEST(test_killed),
		FIXTURE_TEST(test_becomes_durable),
		FIXTURE_TEST(test_sync_killed),
		FIXTURE_TEST(test_settles),
		FIXTURE_TEST(test_settles_for_another),
		FIXTURE_TEST(test_sync_fails),
		FIXTURE_TEST(test_sync_fails_unmarked),
		FIXTURE_TEST(test_settling_fails),
		FIXTURE_TEST(test_squash_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
