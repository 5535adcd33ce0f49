/* Crashes of the machine, and what is durable (engine/store/store.h). */
#include "tests/unit/store_fixture.h"

/* Lets the index believe that the machine was started anew. */
static void crash_machine(struct fixture *fixture)
{
	fixture_close(fixture);
	fixture_sql(fixture, "UPDATE attempts SET boot = 'another'");
	fixture_sql(fixture, "UPDATE meta SET value = 'another' WHERE name = 'boot'");
}

/* After a crash: what was durable is there, what was not is gone with its files, and so is what has
 * lost its row, with those that stood on it. */
static void test_crash(void **state)
{
	struct fixture *fixture = *state;
	struct state last = {0};
	struct err err;

	fixture_attempt(fixture->store, 'a', NULL, true, &last);
	fixture_attempt(fixture->store, 'b', &last, true, &last);
	assert_true(store_has_volatile(fixture->store));
	assert_int_equal(store_make_durable(fixture->path, &err), 0);
	assert_false(store_has_volatile(fixture->store));
	fixture_attempt(fixture->store, 'c', &last, true, &last);
	assert_true(store_has_volatile(fixture->store));
	crash_machine(fixture);
	fixture_put(fixture, "logs/z.log", "of a row that was lost");
	fixture_open(fixture);
	assert_true(fixture_has_attempt(fixture->store, 1) &&
		    fixture_has_attempt(fixture->store, 2));
	assert_false(fixture_has_attempt(fixture->store, 3));
	assert_false(fixture_has(fixture, "layers/3") || fixture_has(fixture, "logs/3.log"));
	assert_false(fixture_has(fixture, "logs/z.log"));
	assert_true(fixture_has(fixture, "layers/2/workspace/file"));
	fixture_expect_whole(fixture->store);
	/* Number 35 was z's. */
	assert_int_equal(fixture_attempt(fixture->store, 'd', NULL, false, NULL), 36);
	state_release(&last);
}

/* The same boot: nothing is discarded. */
static void test_restart(void **state)
{
	struct fixture *fixture = *state;

	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	fixture_close(fixture);
	fixture_open(fixture);
	assert_true(fixture_has_attempt(fixture->store, 1));
	assert_true(store_has_volatile(fixture->store));
}

/* Instead of the C library's: what happens during a syncfs, for the two tests below. */
static struct {
	struct fixture *fixture; /* commits another attempt meanwhile */
	bool fails;
	int calls;
} sync_plan;

int syncfs(int fd)
{
	(void)fd;
	sync_plan.calls++;
	if (sync_plan.fixture)
		fixture_attempt(sync_plan.fixture->store, 'z', NULL, true, NULL);
	errno = EIO;
	return sync_plan.fails ? -1 : 0;
}

/* Only what was recorded before the syncfs is durable after it. */
static void test_durable_in_time(void **state)
{
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct err err;

	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	sync_plan.fixture = fixture;
	assert_int_equal(store_make_durable(fixture->path, &err), 0);
	sync_plan.fixture = NULL;
	assert_int_equal(store_get_attempt(fixture->store, 1, &attempt, &err), 1);
	assert_true(attempt.durable);
	attempt_release(&attempt);
	assert_int_equal(store_get_attempt(fixture->store, 2, &attempt, &err), 1);
	assert_false(attempt.durable);
	attempt_release(&attempt);
	assert_true(store_has_volatile(fixture->store));
}

/* A failed sync is said, is not tried again, and what it was for is not relied on. */
static void test_sync_fails(void **state)
{
	struct fixture *fixture = *state;
	struct attempt attempt;
	char key[SHA256_HEX_SIZE];
	struct err err;

	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	fixture_key('a', key);
	sync_plan.fails = true;
	assert_int_equal(store_make_durable(fixture->path, &err), -1);
	assert_non_null(strstr(err.text, "cannot bring its last attempts to the disk"));
	sync_plan.fails = false;
	sync_plan.calls = 0;
	assert_int_equal(store_make_durable(fixture->path, &err), 0);
	assert_int_equal(sync_plan.calls, 0);
	assert_int_equal(store_find_passed(fixture->store, key, &attempt, &err), 0);
	assert_int_equal(store_find_latest(fixture->store, key, &attempt, &err), 1);
	assert_false(attempt.durable);
	attempt_release(&attempt);
	crash_machine(fixture);
	fixture_open(fixture);
	assert_false(fixture_has_attempt(fixture->store, 1));
}

static bool is_found(struct fixture *fixture, char letter)
{
	struct attempt attempt;
	char key[SHA256_HEX_SIZE];
	struct err err;
	int found;

	fixture_key(letter, key);
	found = store_find_passed(fixture->store, key, &attempt, &err);
	if (found > 0)
		attempt_release(&attempt);
	return found > 0;
}

/* What stands on it is not relied on either, though it was brought to the disk; what does not is. */
static void test_stands_on_lost(void **state)
{
	struct fixture *fixture = *state;
	struct state last = {0};
	struct err err;

	fixture_attempt(fixture->store, 'a', NULL, true, &last);
	sync_plan.fails = true;
	assert_int_equal(store_make_durable(fixture->path, &err), -1);
	sync_plan.fails = false;
	fixture_attempt(fixture->store, 'b', &last, true, NULL);
	fixture_attempt(fixture->store, 'c', NULL, true, NULL);
	assert_false(is_found(fixture, 'b'));
	assert_int_equal(store_make_durable(fixture->path, &err), 0);
	assert_false(is_found(fixture, 'b'));
	assert_true(is_found(fixture, 'c'));
	state_release(&last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_crash),	    FIXTURE_TEST(test_restart),
		FIXTURE_TEST(test_durable_in_time), FIXTURE_TEST(test_sync_fails),
		FIXTURE_TEST(test_stands_on_lost),
	};

	return cmocka_run_group_tests_name("store after a crash", tests, NULL, NULL);
}
