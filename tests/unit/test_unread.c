/* Digests that are made in a child (engine/store/unread.h). */
#include <sys/wait.h>
#include <time.h>

#include "engine/process/message.h"
#include "engine/store/store_internal.h"
#include "engine/store/unread.h"
#include "tests/unit/store_fixture.h"

/* SHA-256 of "abc" (FIPS 180-4, appendix B.1), and one of nothing that is known. */
#define ABC_DIGEST "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define NO_DIGEST "0000000000000000000000000000000000000000000000000000000000000000"

/* How often we have waited. */
static int waits;

/* Instead of the C library's. */
int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	waits++;
	return 0;
}

/* A new file in the test's directory, open for reading and writing. */
static int make_file(const struct fixture *fixture, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(fixture->dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void expect_digest(struct fixture *fixture, int fd, const char *expected)
{
	char digest[SHA256_HEX_SIZE];
	struct err err = {0};

	if (store_file_digest(fixture->store, fd, digest, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(digest, expected);
}

static void expect_unread(struct fixture *fixture, int fd)
{
	char digest[SHA256_HEX_SIZE];
	struct err err = {0};

	assert_int_equal(store_file_digest(fixture->store, fd, digest, &err), -1);
	assert_int_equal(err.code, ERR_UNREAD);
}

/* The child asks for the digests of all these files; the messages of kind 'R' are taken. Returns how many came. */
static int read_in_child(struct fixture *fixture, const int *fds, size_t count)
{
	struct message message;
	int pair[2], status, taken = 0;
	struct err err;
	pid_t child;

	assert_int_equal(message_pair(pair, &err), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		unread_work(fixture->store, pair[1]);
		for (size_t i = 0; i < count; i++)
			expect_digest(fixture, fds[i], NO_DIGEST);
		_exit(0);
	}
	close(pair[1]);
	while (message_receive(pair[0], &message, 0) > 0) {
		if (message.type == 'R' && unread_take(fixture->store, message.body))
			taken++;
	}
	close(pair[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	return taken;
}

/* A file is read once whatever its names, and none that is not on the list. */
static void test_round(void **state)
{
	struct fixture *fixture = *state;
	AUTO_CLOSE int abc = make_file(fixture, "abc", "abc");
	AUTO_CLOSE int more = make_file(fixture, "more", "abc");
	AUTO_CLOSE int late = make_file(fixture, "late", "abc");
	const int fds[] = {abc, more, abc, late};

	store_limit_digests(fixture->store, 2);
	expect_unread(fixture, abc);
	unread_begin(fixture->store);
	expect_digest(fixture, abc, NO_DIGEST);
	expect_digest(fixture, more, NO_DIGEST);
	expect_digest(fixture, abc, NO_DIGEST);
	assert_int_equal(unread_end(fixture->store), 6);
	expect_unread(fixture, abc);
	assert_int_equal(read_in_child(fixture, fds, ARRAY_SIZE(fds)), 2);
	expect_digest(fixture, abc, ABC_DIGEST);
	expect_digest(fixture, more, ABC_DIGEST);
	expect_unread(fixture, late);
	/* It is another file from then on. */
	assert_int_equal(ftruncate(more, 64), 0);
	expect_unread(fixture, more);
	/* What was read stays on the list when more comes to it. */
	unread_begin(fixture->store);
	expect_digest(fixture, abc, ABC_DIGEST);
	expect_digest(fixture, late, NO_DIGEST);
	assert_int_equal(unread_end(fixture->store), 3);
	expect_digest(fixture, abc, ABC_DIGEST);
	/* They had only just changed. */
	unread_forget(fixture->store);
	expect_unread(fixture, abc);
}

/* A file that was there long before this test is remembered in the index. */
static void test_remembered(void **state)
{
	struct fixture *fixture = *state;
	AUTO_CLOSE int old = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	char digest[SHA256_HEX_SIZE];
	struct err err;

	unread_begin(fixture->store);
	expect_digest(fixture, old, NO_DIGEST);
	assert_true(unread_end(fixture->store) > 0);
	assert_int_equal(read_in_child(fixture, &old, 1), 1);
	unread_forget(fixture->store);
	store_limit_digests(fixture->store, 0);
	assert_int_equal(store_file_digest(fixture->store, old, digest, &err), 0);
	assert_string_not_equal(digest, NO_DIGEST);
	unread_begin(fixture->store);
	expect_digest(fixture, old, digest);
	assert_int_equal(unread_end(fixture->store), 0);
}

/* The files are read, and have not changed for long. */
static void take_old(struct fixture *fixture, const int *fds, size_t count)
{
	unread_begin(fixture->store);
	for (size_t i = 0; i < count; i++)
		expect_digest(fixture, fds[i], NO_DIGEST);
	unread_end(fixture->store);
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *text = mem_printf("%zu 1 " ABC_DIGEST, i);

		assert_true(unread_take(fixture->store, text));
	}
}

/* A process that does not end its transaction is waited for once, however many files were read. */
static void test_index_busy(void **state)
{
	struct fixture *fixture = *state, other = *fixture;
	AUTO_CLOSE int abc = make_file(fixture, "abc", "abc");
	AUTO_CLOSE int more = make_file(fixture, "more", "abc");
	const int fds[] = {abc, more};
	struct err err;
	int waits_for_one;

	assert_int_equal(db_begin(fixture_open(&other)->db, &err), 0);
	waits = 0;
	take_old(fixture, fds, 1);
	waits_for_one = waits;
	assert_true(waits_for_one > 0);
	unread_forget(fixture->store);
	waits = 0;
	take_old(fixture, fds, 2);
	assert_int_equal(waits, waits_for_one);
	expect_digest(fixture, abc, ABC_DIGEST);
	expect_digest(fixture, more, ABC_DIGEST);
	assert_int_equal(db_end(other.store->db, 0, &err), 0);
	fixture_close(&other);
	/* The next files are remembered. */
	unread_forget(fixture->store);
	take_old(fixture, fds, 2);
	unread_forget(fixture->store);
	store_limit_digests(fixture->store, 0);
	expect_digest(fixture, abc, ABC_DIGEST);
	expect_digest(fixture, more, ABC_DIGEST);
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"0 0 " ABC_DIGEST "0",
		"0 0 abc",
		"0 " ABC_DIGEST,
		"1 0 " ABC_DIGEST,
		"-1 0 " ABC_DIGEST,
	};
	struct fixture *fixture = *state;
	AUTO_CLOSE int abc = make_file(fixture, "abc", "abc");

	assert_false(unread_take(fixture->store, "0 0 " ABC_DIGEST));
	unread_begin(fixture->store);
	expect_digest(fixture, abc, NO_DIGEST);
	unread_end(fixture->store);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(unread_take(fixture->store, wrong[i]));
	assert_true(unread_take(fixture->store, "0 0 " ABC_DIGEST));
}

/* The child has nobody to tell it to. */
static void test_nobody_listens(void **state)
{
	struct fixture *fixture = *state;
	AUTO_CLOSE int abc = make_file(fixture, "abc", "abc");
	char digest[SHA256_HEX_SIZE];
	struct err err = {0};
	int pair[2];

	unread_begin(fixture->store);
	expect_digest(fixture, abc, NO_DIGEST);
	unread_end(fixture->store);
	assert_int_equal(message_pair(pair, &err), 0);
	close(pair[0]);
	unread_work(fixture->store, pair[1]);
	assert_int_equal(store_file_digest(fixture->store, abc, digest, &err), -1);
	assert_non_null(strstr(err.text, "nobody waits"));
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_remembered, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_index_busy, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_refused, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_listens, fixture_set_up,
						fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
