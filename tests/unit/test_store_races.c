/* What another process does between two system calls of ours (engine/store/store.h). */
#include "tests/unit/store_fixture.h"

#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>

/* What the other one does, once, at the first call of ours of this kind. */
static struct other {
	enum {
		NEVER,
		BEFORE_LOCK, /* of a file, after it was opened */
		BEFORE_OPEN, /* of the lock zz.lock */
		AFTER_MISS,  /* when a file that was to be opened is not there */
	} when;
	void (*act)(struct fixture *fixture);
	struct fixture *fixture;
	int fd; /* what it keeps open */
} other = {.fd = -1};

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
	fd = (int)syscall(SYS_openat, dir_fd, name, flags, 0666);
	if (fd < 0)
		let_other(AFTER_MISS);
	return fd;
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
	other = (struct other){AFTER_MISS, begin_draft, fixture, -1};
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
	other = (struct other){BEFORE_LOCK, renew_lock, fixture, -1};
	expect_kept(fixture, "tmp/zz.lock");
}

/* And by one that looks for the lock while there is none. */
static void test_lock_missing(void **state)
{
	struct fixture *fixture = *state;

	close(make_file(fixture, "tmp/zz.lock"));
	other = (struct other){BEFORE_OPEN, renew_lock_slowly, fixture, -1};
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
	other = (struct other){BEFORE_LOCK, renew_blob, fixture, -1};
	expect_kept(fixture, "tmp/blob-0123456789abcdef");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_lock_made_anew),
		FIXTURE_TEST(test_lock_missing),
		FIXTURE_TEST(test_left_without_lock),
		FIXTURE_TEST(test_blob_made_anew),
	};

	return cmocka_run_group_tests_name("store races", tests, NULL, NULL);
}
