/* Death at any moment, and other processes (engine/store/store.h). */
#include "tests/unit/store_fixture.h"

#include <dirent.h>
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>

/* The life of a process that is going to be killed: attempts that are recorded and then reported,
 * discarded, recorded and removed; on and on. */
static _Noreturn void work(struct fixture *fixture, int report_fd)
{
	struct state last = {0};
	int removed;

	fixture_open(fixture);
	for (;;) {
		struct attempt_draft draft;
		struct err err;
		int64_t number = fixture_attempt(fixture->store, 'a', &last, true, &last);

		if (write(report_fd, &number, sizeof number) != sizeof number)
			_exit(1);
		if (attempt_begin(fixture->store, 80, 24, &draft, &err) < 0)
			_exit(1);
		attempt_discard(fixture->store, &draft);
		number = fixture_attempt(fixture->store, 'b', &last, true, NULL);
		if (store_remove_attempt(fixture->store, number, &removed, &err) < 0)
			_exit(1);
	}
}

/* Kills the worker after it reported a few attempts and some more work that only chance knows;
 * expects that what it had reported is there and whole. */
static void kill_once(struct fixture *fixture)
{
	int fds[2], status, reports = (int)(random() % 3);
	int64_t number;
	pid_t child;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	if (child == 0)
		work(fixture, fds[1]);
	close(fds[1]);
	for (int i = 0; i < reports; i++)
		assert_int_equal(read(fds[0], &number, sizeof number), sizeof number);
	/* Time passes without a clock. */
	for (long turns = random() % 2000; turns > 0; turns--)
		assert_true(getppid() > 0);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	fixture_open(fixture);
	fixture_expect_whole(fixture->store);
	for (int64_t last = 0;; last = number) {
		if (last)
			assert_true(fixture_has_attempt(fixture->store, last));
		if (read(fds[0], &number, sizeof number) != sizeof number)
			break;
	}
	close(fds[0]);
	fixture_close(fixture);
}

static void test_killed(void **state)
{
	enum { ROUNDS = 200 };
	struct fixture *fixture = *state;

	fixture_close(fixture);
	srandom(1);
	for (int i = 0; i < ROUNDS; i++) {
		kill_once(fixture);
		/* Small again now and then, so that looking at everything stays quick. */
		if (i % 40 == 39) {
			struct err err;

			fixture_open(fixture);
			assert_int_equal(store_remove_all(fixture->store, &err), 0);
			fixture->store = NULL;
		}
	}
}

/* Two moments that chance seldom hits, made by hand. The lock of a draft is there without a
 * process, and the attempt was recorded: it stays. The layer is in its place, and the attempt was
 * not recorded: it goes. */
static void test_killed_in_commit(void **state)
{
	struct fixture *fixture = *state;
	struct attempt_draft draft;
	struct err err;

	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	assert_int_equal(mkdirat(store_tmp_fd(fixture->store), "1", 0700), 0);
	fixture_put(fixture, "tmp/1/file", "");
	fixture_put(fixture, "tmp/1.lock", "1234\n");
	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	fixture_make_layer(fixture->store, draft.id, "systree");
	assert_int_equal(renameat(store_tmp_fd(fixture->store), "2/layer",
				  store_layers_fd(fixture->store), "2"),
			 0);
	recording_close(draft.recording, &err);
	fixture_close(fixture);
	fixture_open(fixture);
	fixture_expect_whole(fixture->store);
	assert_true(fixture_has_attempt(fixture->store, 1));
	assert_true(fixture_has(fixture, "layers/1/workspace/file"));
	assert_false(fixture_has(fixture, "tmp/1") || fixture_has(fixture, "tmp/1.lock"));
	assert_false(fixture_has(fixture, "layers/2") || fixture_has(fixture, "logs/2.log"));
	assert_false(fixture_has(fixture, "tmp/2.lock"));
}

/* A process that has the store open until it is told to end. */
struct other {
	pid_t pid;
	int tell_fd;
};

/* Starts it; with a draft it is in the middle of an attempt. */
static struct other start_other(struct fixture *fixture, bool with_draft)
{
	int ready[2], tell[2];
	struct other other;
	char byte = 0;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
	other.pid = fork();
	if (other.pid == 0) {
		struct attempt_draft draft;
		struct err err;

		close(tell[1]);
		fixture_open(fixture);
		if (with_draft && attempt_begin(fixture->store, 80, 24, &draft, &err) < 0)
			_exit(1);
		if (write(ready[1], &byte, 1) != 1 || read(tell[0], &byte, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(ready[1]);
	close(tell[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	other.tell_fd = tell[1];
	return other;
}

static void end_other(struct other *other)
{
	close(other->tell_fd);
	assert_int_equal(waitpid(other->pid, NULL, 0), other->pid);
}

/* What needs the store alone is refused with the pid of who else has it; and works again when that
 * process has ended, however. */
static void test_others(void **state)
{
	struct fixture *fixture = *state;
	struct other other;
	struct err err;
	int count;
	char pid[32];

	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	fixture_close(fixture);
	other = start_other(fixture, false);
	snprintf(pid, sizeof pid, "process %d;", (int)other.pid);
	fixture_open(fixture);
	assert_int_equal(store_remove_attempt(fixture->store, 1, &count, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, pid));
	assert_int_equal(store_verify(fixture->store, true, NULL, NULL, &count, &err), -1);
	assert_non_null(strstr(err.text, pid));
	assert_int_equal(store_remove_all(fixture->store, &err), -1);
	assert_non_null(strstr(err.text, pid));
	fixture_open(fixture);
	fixture_expect_whole(fixture->store);
	assert_int_equal(kill(other.pid, SIGKILL), 0);
	end_other(&other);
	assert_int_equal(store_remove_attempt(fixture->store, 1, &count, &err), 0);
	assert_int_equal(count, 1);
}

/* Who was alone with the store is one of its users again: others can open it, and cannot be alone
 * with it. */
static void test_after_alone(void **state)
{
	struct fixture *fixture = *state;
	char pid[32];
	int count, status;
	struct err err;
	pid_t child;

	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	assert_int_equal(store_remove_attempt(fixture->store, 1, &count, &err), 0);
	snprintf(pid, sizeof pid, "process %d;", (int)getpid());
	child = fork();
	if (child == 0) {
		struct store_options options = {0};
		struct store *store;

		store_forget_in_child(fixture->store);
		if (store_open(fixture->path, &options, &store, &err) < 0)
			_exit(1);
		if (store_remove_attempt(store, 2, &count, &err) == 0)
			_exit(2);
		_exit(strstr(err.text, pid) ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* An attempt in flight elsewhere survives another start, even the first of a new boot; that of a
 * dead process does not. */
static void test_drafts_of_others(void **state)
{
	struct fixture *fixture = *state;
	struct other other;

	fixture_close(fixture);
	other = start_other(fixture, true);
	fixture_sql(fixture, "UPDATE meta SET value = 'another' WHERE name = 'boot'");
	fixture_open(fixture);
	assert_true(fixture_has(fixture, "tmp/1/layer"));
	assert_true(fixture_has(fixture, "logs/1.log"));
	fixture_expect_whole(fixture->store);
	end_other(&other);
	fixture_close(fixture);
	fixture_open(fixture);
	assert_false(fixture_has(fixture, "tmp/1"));
	assert_false(fixture_has(fixture, "tmp/1.lock"));
	assert_false(fixture_has(fixture, "logs/1.log"));
}

/* While a repair is at work nobody else can open the store: said with its pid. */
static void try_to_open(void *data, const char *line)
{
	struct fixture *fixture = data;
	char pid[32];
	int status;
	pid_t child = fork();

	snprintf(pid, sizeof pid, "process %d;", (int)getppid());
	if (child == 0) {
		struct store_options options = {0};
		struct store *store;
		struct err err;
		bool refused = store_open(fixture->path, &options, &store, &err) < 0;

		snprintf(pid, sizeof pid, "process %d;", (int)getppid());
		_exit(refused && err.code == ERR_HOST && strstr(err.text, pid) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_non_null(line);
}

static void test_alone(void **state)
{
	struct fixture *fixture = *state;
	struct err err;
	int findings;

	fixture_put(fixture, "tmp/notes", "text");
	assert_int_equal(store_verify(fixture->store, true, try_to_open, fixture, &findings, &err),
			 0);
	assert_int_equal(findings, 1);
}

/* How many descriptors of this process are of the store's lock, database or locks in tmp/. */
static int count_held(void)
{
	AUTO_CLOSEDIR DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	while ((entry = readdir(dir))) {
		char target[4096] = "", *base;

		if (readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1) < 0)
			continue;
		base = strrchr(target, '/');
		count += base && (!strncmp(base, "/store.db", 9) || !strcmp(base, "/lock") ||
				  strstr(base, ".lock") || !strncmp(base, "/blob-", 6));
	}
	return count;
}

/* A child that forgets the store holds nothing of it; for the parent nothing has changed. */
static void test_forget_in_child(void **state)
{
	struct fixture *fixture = *state;
	struct attempt_draft draft;
	struct attempt attempt = {0};
	char name[32];
	struct err err;
	pid_t child;
	int fd, status;

	fixture_attempt(fixture->store, 'a', NULL, false, NULL);
	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	assert_int_equal(blob_begin(fixture->store, name, &fd, &err), 0);
	close(fd);
	assert_true(count_held() >= 4);
	child = fork();
	if (child == 0) {
		int held;

		store_forget_in_child(fixture->store);
		held = count_held();
		if (attempt_begin(fixture->store, 80, 24, &draft, &err) == 0)
			_exit(100);
		store_close(fixture->store);
		_exit(held);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	blob_discard(fixture->store, name);
	assert_int_equal(attempt_commit(fixture->store, &draft, &attempt, &err), 0);
	fixture_expect_whole(fixture->store);
	assert_true(fixture_has_attempt(fixture->store, 2));
}

/* Notes what it was asked to remove. */
static int note_removal(void *data, int dir_fd, const char *name, struct err *err)
{
	(void)dir_fd;
	snprintf(data, 16, "%s", name);
	return err_set(err, ERR_HOST, "not now");
}

/* As a person without rights: what cannot be removed is given to the function, and does not keep
 * the store from being opened. The exit status says which step went wrong. */
static int open_as_nobody(struct fixture *fixture)
{
	char asked[16] = "";
	struct store_options options = {.remove_tree = note_removal, .data = asked};
	struct err err;

	if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
		return 1;
	if (store_open(fixture->path, &options, &fixture->store, &err) < 0)
		return 2;
	if (strcmp(asked, "1") != 0 || !fixture_has(fixture, "tmp/1/layer/full/file"))
		return 3;
	store_close(fixture->store);
	options.remove_tree = NULL;
	if (store_open(fixture->path, &options, &fixture->store, &err) < 0)
		return 4;
	/* Still known to be a leftover. */
	if (!fixture_has(fixture, "tmp/1.lock"))
		return 5;
	store_close(fixture->store);
	return 0;
}

/* Hands the store to the user nobody but for what is in layer/full. */
static void give_away(struct fixture *fixture)
{
	static const char *const names[] = {
		"",	      "version",     "store.db",   "store.db-wal", "store.db-shm", "lock",
		"reserved",   "layers",	     "logs",	   "blobs",	   "tmp",	   "tmp/1",
		"tmp/1.lock", "tmp/1/layer", "logs/1.log", "logs/1.times",
	};

	assert_int_equal(chmod(fixture->dir, 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *path = path_join(fixture->path, names[i]);

		if (chown(path, 65534, 65534) < 0)
			assert_int_equal(errno, ENOENT);
	}
}

static void test_removal_not_permitted(void **state)
{
	struct fixture *fixture = *state;
	struct attempt_draft draft;
	struct err err;
	pid_t child;
	int status;

	if (geteuid() != 0) {
		print_message("skipped: needs root, to leave a file that a person cannot remove\n");
		skip();
	}
	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	fixture_make_layer(fixture->store, draft.id, "full");
	recording_close(draft.recording, &err);
	fixture_close(fixture);
	give_away(fixture);
	child = fork();
	if (child == 0)
		_exit(open_as_nobody(fixture));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(chown(fixture->path, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_killed),	     FIXTURE_TEST(test_killed_in_commit),
		FIXTURE_TEST(test_others),	     FIXTURE_TEST(test_after_alone),
		FIXTURE_TEST(test_drafts_of_others), FIXTURE_TEST(test_alone),
		FIXTURE_TEST(test_forget_in_child),  FIXTURE_TEST(test_removal_not_permitted),
	};

	return cmocka_run_group_tests_name("store faults", tests, NULL, NULL);
}
