/* What another process does between two system calls of ours (engine/store/store.h). */
#include "tests/unit/store_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "engine/store/prune.h"
#include "engine/store/store_internal.h"

/* What the other one does, once, at the first call of ours of this kind. */
static struct other {
	enum {
		NEVER,
		BEFORE_LOCK,	  /* of a file, after it was opened */
		BEFORE_OPEN,	  /* of the lock zz.lock */
		BEFORE_OPEN_LOCK, /* of the store's file `lock` */
		AFTER_MISS,	  /* when a file that was to be opened is not there */
		AFTER_MISS_DIR,	  /* when what a directory was to be made in is not there */
		BEFORE_RMDIR,
		BEFORE_ASK, /* who holds a lock */
	} when;
	void (*act)(struct fixture *fixture);
	struct fixture *fixture;
	int fd;		     /* what it keeps open */
	struct store *store; /* the same */
} other = {.fd = -1};

/* How often we have waited, and when the other has done what it was waited for; 0: never. */
static int waits, waits_needed;

static void let_other(int when)
{
	int saved = errno;

	if (other.when == (unsigned)when) {
		other.when = NEVER;
		other.act(other.fixture);
	}
	errno = saved;
}

/* Instead of the C library's. */
int flock(int fd, int operation)
{
	let_other(BEFORE_LOCK);
	return (int)syscall(SYS_flock, fd, operation);
}

int openat(int dir_fd, const char *name, int flags, ...)
{
	int fd;

	if (!strcmp(name, "zz.lock"))
		let_other(BEFORE_OPEN);
	if (!strcmp(name, "lock"))
		let_other(BEFORE_OPEN_LOCK);
	fd = (int)syscall(SYS_openat, dir_fd, name, flags, 0666);
	if (fd < 0)
		let_other(AFTER_MISS);
	return fd;
}

int mkdir(const char *path, mode_t mode)
{
	int result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);

	if (result < 0 && errno == ENOENT)
		let_other(AFTER_MISS_DIR);
	return result;
}

int rmdir(const char *path)
{
	let_other(BEFORE_RMDIR);
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	long argument;

	va_start(args, command);
	argument = va_arg(args, long);
	va_end(args);
	if (command == F_OFD_GETLK)
		let_other(BEFORE_ASK);
	return (int)syscall(SYS_fcntl, fd, command, argument);
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	if (++waits == waits_needed)
		other.act(other.fixture);
	return 0;
}

/* Makes an empty file of the store; its descriptor. */
static int make_file(struct fixture *fixture, const char *name)
{
	AUTO_FREE char *path = path_join(fixture->path, name);

	return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

/* An owner begins: it has its lock, and its directory. */
static void begin(struct fixture *fixture, const char *lock_name)
{
	other.fd = make_file(fixture, lock_name);
	assert_int_equal(syscall(SYS_flock, other.fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(mkdirat(store_tmp_fd(fixture->store), "zz", 0700), 0);
}

/* Another purge removes the file that was not locked yet, and the owner makes it anew. */
static void renew_lock(struct fixture *fixture)
{
	fixture_remove(fixture, "tmp/zz.lock");
	begin(fixture, "tmp/zz.lock");
}

static void begin_draft(struct fixture *fixture)
{
	begin(fixture, "tmp/zz.lock");
}

/* The same, but that our purge comes between. */
static void renew_lock_slowly(struct fixture *fixture)
{
	fixture_remove(fixture, "tmp/zz.lock");
	other = (struct other){
		.when = AFTER_MISS, .act = begin_draft, .fixture = fixture, .fd = -1};
}

static void renew_blob(struct fixture *fixture)
{
	fixture_remove(fixture, "tmp/blob-0123456789abcdef");
	begin(fixture, "tmp/blob-0123456789abcdef");
}

static void expect_kept(struct fixture *fixture, const char *name)
{
	store_clean(fixture->store);
	assert_int_equal(other.when, NEVER);
	assert_true(fixture_has(fixture, "tmp/zz"));
	assert_true(fixture_has(fixture, name));
	fd_close(&other.fd);
}

/* A draft that begins is let alone by a purge that has seen its lock before it was taken. */
static void test_lock_made_anew(void **state)
{
	struct fixture *fixture = *state;

	close(make_file(fixture, "tmp/zz.lock"));
	other = (struct other){
		.when = BEFORE_LOCK, .act = renew_lock, .fixture = fixture, .fd = -1};
	expect_kept(fixture, "tmp/zz.lock");
}

/* And by one that looks for the lock while there is none. */
static void test_lock_missing(void **state)
{
	struct fixture *fixture = *state;

	close(make_file(fixture, "tmp/zz.lock"));
	other = (struct other){
		.when = BEFORE_OPEN, .act = renew_lock_slowly, .fixture = fixture, .fd = -1};
	expect_kept(fixture, "tmp/zz.lock");
}

/* What has no lock and no owner goes all the same. */
static void test_left_without_lock(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(mkdirat(store_tmp_fd(fixture->store), "zz", 0700), 0);
	store_clean(fixture->store);
	assert_false(fixture_has(fixture, "tmp/zz"));
	assert_false(fixture_has(fixture, "tmp/zz.lock"));
}

/* The file of an artifact likewise. */
static void test_blob_made_anew(void **state)
{
	struct fixture *fixture = *state;

	close(make_file(fixture, "tmp/blob-0123456789abcdef"));
	other = (struct other){
		.when = BEFORE_LOCK, .act = renew_blob, .fixture = fixture, .fd = -1};
	expect_kept(fixture, "tmp/blob-0123456789abcdef");
}

/* A second contractor on the same store. */
static struct store *open_second(struct fixture *fixture)
{
	struct store_options options = {0};
	struct store *store;
	struct err err = {0};

	if (store_open(fixture->path, &options, &store, &err) < 0)
		fail_msg("%s", err.text);
	return store;
}

static void close_second(struct fixture *fixture)
{
	(void)fixture;
	store_close(other.store);
	other.store = NULL;
}

static void remove_second(struct fixture *fixture)
{
	(void)fixture;
	fixture_remove(fixture, "");
}

/* Makes the directory that the store's is in. */
static void make_parent(struct fixture *fixture)
{
	AUTO_FREE char *path = path_dirname(fixture->path);

	assert_int_equal(syscall(SYS_mkdirat, AT_FDCWD, path, 0700), 0);
}

static void make_both(struct fixture *fixture)
{
	make_parent(fixture);
	assert_int_equal(syscall(SYS_mkdirat, AT_FDCWD, fixture->path, 0700), 0);
}

/* Two contractors that make the first store of a home at the same time both have it. */
static void test_made_by_two(void **state)
{
	struct fixture *fixture = *state;
	void (*const acts[])(struct fixture * fixture) = {make_parent, make_both};

	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		struct err err;

		fixture_close(fixture);
		assert_int_equal(path_remove_tree(AT_FDCWD, fixture->dir, &err), 0);
		other = (struct other){.when = AFTER_MISS_DIR, .act = acts[i], .fixture = fixture};
		fixture_open(fixture);
		assert_int_equal(other.when, NEVER);
	}
}

/* Who opens a store that is just being removed is told so. */
static void test_removed_while_opened(void **state)
{
	struct fixture *fixture = *state;
	struct store_options options = {0};
	struct err err;

	fixture_close(fixture);
	other = (struct other){.when = BEFORE_OPEN_LOCK, .act = remove_second, .fixture = fixture};
	assert_int_equal(store_open(fixture->path, &options, &fixture->store, &err), -1);
	assert_non_null(strstr(err.text, "was just removed; try again"));
	fixture->store = NULL;
}

static void make_store_lock(struct fixture *fixture)
{
	close(make_file(fixture, "lock"));
}

/* And who has made a new one in its place is no fault of the removal. */
static void test_begun_while_removed(void **state)
{
	struct fixture *fixture = *state;
	struct err err;

	other = (struct other){.when = BEFORE_RMDIR, .act = make_store_lock, .fixture = fixture};
	if (store_remove_all(take_ptr(&fixture->store), &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(other.when, NEVER);
	assert_true(fixture_has(fixture, "lock"));
}

/* A process that ends while it is asked who it is was not in the way. */
static void test_alone_at_last(void **state)
{
	struct fixture *fixture = *state;
	struct err err;

	other = (struct other){.when = BEFORE_ASK,
			       .act = close_second,
			       .fixture = fixture,
			       .store = open_second(fixture)};
	if (store_lock_alone(fixture->store, &err) < 0)
		fail_msg("%s", err.text);
	assert_null(other.store);
	store_unlock_alone(fixture->store);
}

static void share_second(struct fixture *fixture)
{
	(void)fixture;
	store_unlock_alone(other.store);
}

/* Who is alone no more, but still there, is not in the way of one that comes. */
static void test_shared_at_last(void **state)
{
	struct fixture *fixture = *state;
	struct err err;

	fixture_close(fixture);
	other = (struct other){.act = share_second, .store = open_second(fixture)};
	assert_int_equal(store_lock_alone(other.store, &err), 0);
	other.when = BEFORE_ASK;
	fixture_open(fixture);
	assert_int_equal(other.when, NEVER);
	close_second(fixture);
}

static void free_file(struct fixture *fixture)
{
	(void)fixture;
	fd_close(&other.fd);
}

/* Nor is a verification that ends in the way of a prune. */
static void test_prune_at_last(void **state)
{
	struct fixture *fixture = *state;
	struct err err;
	int fd;

	other = (struct other){.when = BEFORE_ASK, .act = free_file, .fixture = fixture, .fd = -1};
	assert_int_equal(store_lock_prune(fixture->store, F_RDLCK, &other.fd, &err), 0);
	if (store_lock_prune(fixture->store, F_WRLCK, &fd, &err) < 0)
		fail_msg("%s", err.text);
	fd_close(&fd);
}

/* What a process has in use is free when it is closed, though a child that has just begun has copies of all. */
static void test_closed_beside_child(void **state)
{
	struct fixture *fixture = *state;
	struct store *second = open_second(fixture);
	struct err err;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	store_close(second);
	if (store_lock_alone(fixture->store, &err) < 0)
		fail_msg("%s", err.text);
	store_unlock_alone(fixture->store);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Sets up a store while another process does, which ends after so many waits. */
static int open_waiting(struct fixture *fixture, int needed)
{
	struct store_options options = {0};
	struct err err;

	fixture_close(fixture);
	other = (struct other){.act = free_file, .fd = make_file(fixture, "lock")};
	assert_int_equal(lock_range(other.fd, F_WRLCK, 0, 1), 0);
	waits = 0;
	waits_needed = needed;
	if (store_open(fixture->path, &options, &fixture->store, &err) == 0)
		return 0;
	fixture->store = NULL;
	free_file(fixture);
	assert_non_null(strstr(err.text, "is setting up the store"));
	return -1;
}

/* A disk may be slow: that is waited for, for about a minute. */
static void test_slow_setup(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(open_waiting(fixture, 1000), 0);
	assert_int_equal(waits, 1000);
	fixture_close(fixture);
	assert_int_equal(open_waiting(fixture, 0), -1);
	assert_int_equal(waits, 3000);
	fixture_open(fixture);
}

/* A signal that ends us comes, and is not taken yet. */
static void block_and_raise(sigset_t *ret_term)
{
	sigemptyset(ret_term);
	sigaddset(ret_term, SIGTERM);
	sigprocmask(SIG_BLOCK, ret_term, NULL);
	raise(SIGTERM);
}

static void take_raised(const sigset_t *term)
{
	assert_int_equal(sigwaitinfo(term, NULL), SIGTERM);
	sigprocmask(SIG_UNBLOCK, term, NULL);
}

/* Unless a person does not want to. */
static void test_setup_interrupted(void **state)
{
	struct fixture *fixture = *state;
	sigset_t term;
	int result;

	block_and_raise(&term);
	result = open_waiting(fixture, 0);
	take_raised(&term);
	assert_int_equal(result, -1);
	assert_true(waits < 100);
	fixture_open(fixture);
}

static void end_transaction(struct fixture *fixture)
{
	struct err err;

	(void)fixture;
	assert_int_equal(db_end(other.store->db, 0, &err), 0);
}

/* A transaction of another process that waits for a slow disk is waited for. */
static void test_slow_transaction(void **state)
{
	struct fixture *fixture = *state;
	struct err err;

	other = (struct other){
		.act = end_transaction, .fixture = fixture, .store = open_second(fixture)};
	assert_int_equal(db_begin(other.store->db, &err), 0);
	waits = 0;
	waits_needed = 2000;
	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	assert_int_equal(waits, 2000);
	close_second(fixture);
}

/* After some time, only if the person lets us. */
static void test_transaction_interrupted(void **state)
{
	struct fixture *fixture = *state;
	struct attempt_draft draft;
	struct err err, ignored;
	sigset_t term;
	int result;

	other = (struct other){.store = open_second(fixture)};
	assert_int_equal(db_begin(other.store->db, &ignored), 0);
	waits = waits_needed = 0;
	block_and_raise(&term);
	result = attempt_begin(fixture->store, 80, 24, &draft, &err);
	take_raised(&term);
	assert_int_equal(result, -1);
	assert_int_equal(waits, 500);
	assert_non_null(strstr(err.text, "is being written by another process"));
	end_transaction(fixture);
	close_second(fixture);
}

/* At the second question of a dry run: what it has asked for first can still be used, and so can what comes next. */
static void use_both(struct fixture *fixture)
{
	(void)fixture;
	assert_true(store_use(other.store, 1));
	assert_true(store_use(other.store, 2));
}

static void wait_for_second(struct fixture *fixture)
{
	(void)fixture;
	other.when = BEFORE_ASK;
	other.act = use_both;
}

/* Who only asks what a prune would remove keeps nobody from using it. */
static void test_used_beside_dry_run(void **state)
{
	const struct prune_options dry = {.dry_run = true};
	struct fixture *fixture = *state;
	struct prune_result result;
	struct err err;

	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	fixture_attempt(fixture->store, 'b', NULL, true, NULL);
	fixture_close(fixture);
	fixture_open(fixture);
	other = (struct other){.when = BEFORE_ASK,
			       .act = wait_for_second,
			       .fixture = fixture,
			       .store = open_second(fixture)};
	assert_int_equal(store_prune(fixture->store, &dry, &result, &err), 0);
	assert_int_equal(other.when, NEVER);
	assert_int_equal(result.attempts, 1);
	assert_int_equal(result.in_use, 1);
	close_second(fixture);
}

/* The prune removes an artifact, sees that somebody waits, and lets him in. */
static void let_in(struct fixture *fixture)
{
	AUTO_CLOSE int fd = store_lock_open(fixture->store, &(struct err){0});

	assert_false(lock_range_is_free(fd, LOCK_BLOBS_WANTED, 1));
	fd_close(&other.fd);
}

/* A prune of many artifacts keeps nobody from making one. */
static void test_artifact_beside_prune(void **state)
{
	const struct prune_options options = {.max_bytes = UINT64_MAX};
	struct fixture *fixture = *state;
	char digest[SHA256_HEX_SIZE], name[32];
	struct prune_result result;
	struct err err;
	int fd;

	fixture_blob(fixture->store, "lost", digest);
	other = (struct other){.act = let_in, .fixture = fixture};
	other.fd = store_lock_open(fixture->store, &err);
	assert_int_equal(lock_range(other.fd, F_WRLCK, LOCK_BLOBS, 1), 0);
	waits = 0;
	waits_needed = 1;
	assert_int_equal(blob_begin(fixture->store, name, &fd, &err), 0);
	close(fd);
	blob_discard(fixture->store, name);
	other.fd = store_lock_open(fixture->store, &err);
	assert_int_equal(lock_range(other.fd, F_RDLCK, LOCK_BLOBS_WANTED, 1), 0);
	assert_int_equal(store_prune(fixture->store, &options, &result, &err), 0);
	assert_int_equal(result.artifacts, 0);
	assert_int_equal(result.passed_over, 1);
	fd_close(&other.fd);
	assert_int_equal(store_prune(fixture->store, &options, &result, &err), 0);
	assert_int_equal(result.artifacts, 1);
	assert_int_equal(result.passed_over, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_lock_made_anew),
		FIXTURE_TEST(test_lock_missing),
		FIXTURE_TEST(test_left_without_lock),
		FIXTURE_TEST(test_blob_made_anew),
		FIXTURE_TEST(test_made_by_two),
		FIXTURE_TEST(test_removed_while_opened),
		FIXTURE_TEST(test_begun_while_removed),
		FIXTURE_TEST(test_alone_at_last),
		FIXTURE_TEST(test_shared_at_last),
		FIXTURE_TEST(test_prune_at_last),
		FIXTURE_TEST(test_closed_beside_child),
		FIXTURE_TEST(test_slow_setup),
		FIXTURE_TEST(test_setup_interrupted),
		FIXTURE_TEST(test_slow_transaction),
		FIXTURE_TEST(test_transaction_interrupted),
		FIXTURE_TEST(test_used_beside_dry_run),
		FIXTURE_TEST(test_artifact_beside_prune),
	};

	return cmocka_run_group_tests_name("store races", tests, NULL, NULL);
}
