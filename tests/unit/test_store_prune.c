/* Making a store smaller (engine/store/prune.h). */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "engine/store/prune.h"
#include "engine/store/store_internal.h"
#include "tests/unit/store_fixture.h"

/* The process dies at this call of those below, instead of making it; 0: never. */
static int calls_to_live;

static void count_call(void)
{
	if (calls_to_live && --calls_to_live == 0)
		raise(SIGKILL);
}

/* Instead of the C library's: all that a prune removes and writes goes by these. */
int unlinkat(int fd, const char *name, int flags)
{
	count_call();
	return (int)syscall(SYS_unlinkat, fd, name, flags);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset)
{
	count_call();
	return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

static const struct prune_options everything = {.max_bytes = 0};

static struct prune_result prune(struct fixture *fixture, const struct prune_options *options)
{
	struct prune_result result;
	struct err err;

	if (store_prune(fixture->store, options, &result, &err) < 0)
		fail_msg("%s", err.text);
	fixture_expect_whole(fixture->store);
	return result;
}

/* An attempt was of use last so many minutes ago. */
static void set_age(struct fixture *fixture, int64_t number, int minutes)
{
	AUTO_FREE char *name = mem_printf("%lld.log", (long long)number);
	struct timespec times[2];

	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= minutes * 60;
	times[1] = times[0];
	assert_int_equal(utimensat(store_logs_fd(fixture->store), name, times, 0), 0);
}

/* Two builds of two steps each: 2 stands on 1, and 4 on 3. Nothing is in use. */
static void make_builds(struct fixture *fixture)
{
	for (int i = 0; i < 2; i++) {
		struct state state = {0}, after = {0};

		fixture_attempt(fixture->store, (char)('a' + 2 * i), NULL, true, &state);
		fixture_attempt(fixture->store, (char)('b' + 2 * i), &state, true, &after);
		state_release(&state);
		state_release(&after);
	}
	fixture_close(fixture);
	fixture_open(fixture);
}

/* Expects that just these of the first four attempts are there, with their layers and logs. */
static void expect_left(struct fixture *fixture, const char *numbers)
{
	for (char number = '1'; number <= '4'; number++) {
		AUTO_FREE char *layer = mem_printf("layers/%c", number);
		AUTO_FREE char *log = mem_printf("logs/%c.log", number);
		bool stays = strchr(numbers, number);

		assert_int_equal(fixture_has_attempt(fixture->store, number - '0'), stays);
		assert_int_equal(fixture_has(fixture, layer), stays);
		assert_int_equal(fixture_has(fixture, log), stays);
	}
}

/* What was of no use for longest goes; what a younger one stands on is as young. */
static void test_older(void **state)
{
	const struct prune_options options = {.max_bytes = UINT64_MAX, .unused_ms = 3600 * 1000};
	struct fixture *fixture = *state;
	struct prune_result result;

	make_builds(fixture);
	set_age(fixture, 1, 300);
	set_age(fixture, 2, 10);
	set_age(fixture, 3, 90);
	set_age(fixture, 4, 90);
	result = prune(fixture, &options);
	assert_int_equal(result.attempts, 2);
	assert_int_equal(result.in_use, 0);
	assert_true(result.freed_bytes > 0);
	expect_left(fixture, "12");
}

/* Down to a size, the oldest first, children before parents; not one more than is needed. */
static void test_size(void **state)
{
	struct fixture *fixture = *state;
	struct prune_options options = {.max_bytes = UINT64_MAX};
	struct prune_result result;

	make_builds(fixture);
	for (int64_t number = 1; number <= 4; number++)
		set_age(fixture, number, number < 3 ? 20 : 10);
	options.max_bytes = prune(fixture, &options).left_bytes - 1;
	result = prune(fixture, &options);
	assert_int_equal(result.attempts, 1);
	assert_true(result.left_bytes <= options.max_bytes);
	expect_left(fixture, "134");
	assert_int_equal(prune(fixture, &everything).attempts, 3);
	expect_left(fixture, "");
}

/* Just so much as is to be freed. */
static void test_free_bytes(void **state)
{
	struct fixture *fixture = *state;
	struct prune_options options = {.max_bytes = UINT64_MAX, .free_bytes = 1};

	make_builds(fixture);
	set_age(fixture, 4, 20);
	assert_int_equal(prune(fixture, &options).attempts, 1);
	expect_left(fixture, "123");
	options.free_bytes = UINT64_MAX;
	assert_int_equal(prune(fixture, &options).attempts, 3);
}

/* The files may be removed by somebody else: they are named until then, and nobody finds them. */
static void test_left_files(void **state)
{
	const struct prune_options options = {.max_bytes = 0, .leave_files = true};
	struct fixture *fixture = *state;
	AUTO_STRV struct strv ids = {0}, none = {0};
	struct prune_result result;
	struct err err;

	make_builds(fixture);
	assert_true(store_use(fixture->store, 2));
	assert_int_equal(store_prune(fixture->store, &options, &result, &err), 0);
	assert_int_equal(result.attempts, 2);
	assert_int_equal(prune_left_files(fixture->store, &ids, &err), 0);
	assert_int_equal(ids.len, 2);
	assert_true(strv_contains(&ids, "3") && strv_contains(&ids, "4"));
	assert_true(fixture_has(fixture, "layers/3"));
	store_clean(fixture->store);
	expect_left(fixture, "12");
	assert_int_equal(prune_left_files(fixture->store, &none, &err), 0);
	assert_int_equal(none.len, 0);
	fixture_expect_whole(fixture->store);
}

/* What is known of the size is what the index has. */
static void test_known_bytes(void **state)
{
	struct fixture *fixture = *state;
	uint64_t before, after;
	struct err err;

	make_builds(fixture);
	assert_int_equal(store_known_bytes(fixture->store, &before, &err), 0);
	fixture_sql(fixture, "UPDATE attempts SET bytes = 1000000 WHERE number < 3");
	assert_int_equal(store_known_bytes(fixture->store, &after, &err), 0);
	assert_in_range(after - before, 2000000, 2000000 + 65536);
}

/* With both, an age keeps what a size would take. */
static void test_size_and_age(void **state)
{
	const struct prune_options options = {.max_bytes = 0, .unused_ms = 3600 * 1000};
	struct fixture *fixture = *state;

	make_builds(fixture);
	set_age(fixture, 3, 120);
	set_age(fixture, 4, 120);
	assert_int_equal(prune(fixture, &options).attempts, 2);
	expect_left(fixture, "12");
}

/* To be taken from the cache makes young. */
static void test_touch(void **state)
{
	const struct prune_options options = {.max_bytes = UINT64_MAX, .unused_ms = 3600 * 1000};
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct err err;

	make_builds(fixture);
	for (int64_t number = 1; number <= 4; number++)
		set_age(fixture, number, 120);
	assert_int_equal(store_get_attempt(fixture->store, 4, &attempt, &err), 1);
	store_touch(fixture->store, &attempt);
	attempt_release(&attempt);
	assert_int_equal(prune(fixture, &options).attempts, 2);
	expect_left(fixture, "34");
}

/* With a clock that was put back, what is of use does not become old. */
static void test_touch_with_the_clock_back(void **state)
{
	const struct prune_options options = {.max_bytes = UINT64_MAX, .unused_ms = 3600 * 1000};
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct stat before, after;
	struct err err;

	make_builds(fixture);
	set_age(fixture, 2, -600);
	assert_int_equal(fstatat(store_logs_fd(fixture->store), "2.log", &before, 0), 0);
	assert_int_equal(store_get_attempt(fixture->store, 2, &attempt, &err), 1);
	store_touch(fixture->store, &attempt);
	attempt_release(&attempt);
	assert_int_equal(fstatat(store_logs_fd(fixture->store), "2.log", &after, 0), 0);
	assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	assert_int_equal(prune(fixture, &options).attempts, 0);
}

/* What another contractor has found, and what it stands on, stays; as does what it has recorded. */
static void test_in_use(void **state)
{
	struct fixture *fixture = *state, other = *fixture;
	struct attempt attempt;
	struct prune_result result;
	char key[SHA256_HEX_SIZE];
	struct err err;

	make_builds(fixture);
	fixture_open(&other);
	fixture_key('d', key);
	assert_int_equal(store_find_passed(other.store, key, &attempt, &err), 1);
	attempt_release(&attempt);
	fixture_attempt(other.store, 'e', NULL, true, NULL);
	result = prune(fixture, &everything);
	assert_int_equal(result.attempts, 2);
	assert_int_equal(result.in_use, 3);
	expect_left(fixture, "34");
	assert_true(fixture_has_attempt(fixture->store, 5));
	fixture_close(&other);
	assert_int_equal(prune(fixture, &everything).attempts, 3);
}

/* Two other contractors: one stands behind attempt 1, and the other goes on from what that records. */
struct builders {
	struct fixture first, second;
	struct state state;
};

/* A prune has looked at what there is: now the one records and ends, and the other begins to use that. */
static int record_meanwhile(unsigned kind, void *data, void *stmt, void *sql)
{
	struct builders *builders = data;
	char key[SHA256_HEX_SIZE];
	struct attempt attempt;
	struct err err;

	(void)kind;
	(void)stmt;
	if (!builders->first.store || !strstr(sql, "FROM squashes WHERE made"))
		return 0;
	fixture_attempt(builders->first.store, 'e', &builders->state, true, NULL);
	fixture_close(&builders->first);
	fixture_key('e', key);
	assert_int_equal(store_find_passed(builders->second.store, key, &attempt, &err), 1);
	attempt_release(&attempt);
	return 0;
}

static void test_recorded_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	struct builders builders = {.first = *fixture, .second = *fixture};
	struct attempt attempt;
	struct err err;

	make_builds(fixture);
	assert_int_equal(store_get_attempt(fixture->store, 1, &attempt, &err), 1);
	state_copy(&builders.state, &attempt.after);
	attempt_release(&attempt);
	assert_true(store_use(fixture_open(&builders.first), 1));
	fixture_open(&builders.second);
	sqlite3_trace_v2(fixture->store->db->handle, SQLITE_TRACE_STMT, record_meanwhile,
			 &builders);
	assert_int_equal(prune(fixture, &everything).attempts, 3);
	expect_left(fixture, "1");
	assert_true(fixture_has_attempt(fixture->store, 5));
	fixture_close(&builders.second);
	state_release(&builders.state);
}

/* The same holds for what this very process uses. */
static void test_own_use(void **state)
{
	struct fixture *fixture = *state;

	make_builds(fixture);
	assert_true(store_use(fixture->store, 2));
	assert_int_equal(prune(fixture, &everything).attempts, 2);
	expect_left(fixture, "12");
	assert_false(store_use(fixture->store, 3));
}

/* Artifacts go with the last attempt that names them, but not while one may be on its way. */
static void test_artifacts(void **state)
{
	struct fixture *fixture = *state, other = *fixture;
	char kept[SHA256_HEX_SIZE], lost[SHA256_HEX_SIZE], name[32];
	struct prune_result result;
	struct state after = {0};
	struct err err;
	int fd;

	fixture_blob(fixture->store, "kept", kept);
	fixture_blob(fixture->store, "lost", lost);
	state_init(&after);
	strv_setenv(&after.artifacts, "tool", kept);
	fixture_attempt(fixture->store, 'a', &after, false, NULL);
	state_release(&after);
	fixture_open(&other);
	assert_int_equal(blob_begin(other.store, name, &fd, &err), 0);
	result = prune(fixture, &everything);
	assert_int_equal(result.artifacts, 0);
	assert_int_equal(result.passed_over, 1);
	close(fd);
	blob_discard(other.store, name);
	result = prune(fixture, &everything);
	assert_int_equal(result.artifacts, 1);
	assert_int_equal(result.passed_over, 0);
	fd = blob_open(fixture->store, kept, &err);
	assert_true(fd >= 0);
	close(fd);
	fixture_close(&other);
	fixture_close(fixture);
	fixture_open(fixture);
	assert_int_equal(prune(fixture, &everything).artifacts, 1);
	assert_int_equal(blob_open(fixture->store, kept, &err), -1);
}

/* A squashed layer counts, and goes with what it stands for. */
static void test_squashed(void **state)
{
	const struct prune_options nothing = {.max_bytes = UINT64_MAX};
	struct fixture *fixture = *state;
	struct prune_options options = nothing;
	uint64_t before;

	make_builds(fixture);
	set_age(fixture, 1, 20);
	set_age(fixture, 2, 20);
	before = prune(fixture, &nothing).left_bytes;
	assert_int_equal(mkdirat(store_layers_fd(fixture->store), "z", 0755), 0);
	assert_int_equal(mkdirat(store_layers_fd(fixture->store), "z/workspace", 0755), 0);
	fixture_put(fixture, "layers/z/workspace/file", "of both");
	fixture_sql(fixture, "INSERT INTO squashes VALUES (35, 1, 1, '2', '1 2', 1, NULL, NULL)");
	options.max_bytes = prune(fixture, &nothing).left_bytes - 1;
	assert_true(options.max_bytes > before);
	/* What is recorded counts, as for store_known_bytes(): not all of it can be looked at from here. */
	fixture_sql(fixture, "UPDATE squashes SET bytes = 1048576");
	assert_true(prune(fixture, &nothing).left_bytes >= before + 1048576);
	fixture_sql(fixture, "UPDATE squashes SET bytes = NULL");
	assert_int_equal(prune(fixture, &options).attempts, 1);
	expect_left(fixture, "134");
	assert_false(fixture_has(fixture, "layers/z"));
}

/* A dry run says the same and removes nothing. */
static void test_dry_run(void **state)
{
	const struct prune_options dry = {.dry_run = true};
	struct fixture *fixture = *state;
	char digest[SHA256_HEX_SIZE];
	struct prune_result said, done;

	make_builds(fixture);
	fixture_blob(fixture->store, "lost", digest);
	said = prune(fixture, &dry);
	expect_left(fixture, "1234");
	done = prune(fixture, &everything);
	assert_memory_equal(&said, &done, sizeof said);
	assert_int_equal(done.attempts, 4);
	assert_int_equal(done.artifacts, 1);
	expect_left(fixture, "");
}

/* Prunes in a child that dies at this call; whether it got to the end. */
static bool prune_and_die(struct fixture *fixture, int calls)
{
	pid_t child;
	int status;

	fixture_close(fixture);
	child = fork();
	if (!child) {
		struct prune_result result;
		struct err err;

		fixture_open(fixture);
		calls_to_live = calls;
		_exit(store_prune(fixture->store, &everything, &result, &err) < 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	fixture_open(fixture);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return !WIFSIGNALED(status);
}

/* kill -9 at any moment: the store is whole, and what was left goes with the next prune. */
static void test_killed(void **state)
{
	struct fixture *fixture = *state;
	char digest[SHA256_HEX_SIZE];
	bool ended = false;

	for (int calls = 1; !ended; calls++) {
		fixture_close(fixture);
		fixture_remove(fixture, "");
		fixture_open(fixture);
		make_builds(fixture);
		fixture_blob(fixture->store, "lost", digest);
		ended = prune_and_die(fixture, calls);
		assert_true(ended || calls < 1000);
		fixture_expect_whole(fixture->store);
		prune(fixture, &everything);
		expect_left(fixture, "");
		assert_int_equal(fixture_attempt(fixture->store, 'a', NULL, true, NULL), 5);
		fixture_expect_whole(fixture->store);
		/* There is more than one call at which it can die. */
		assert_true(!ended || calls > 10);
	}
}

/* What another process is about to remove is no damage. */
static void test_removal_under_way(void **state)
{
	struct fixture *fixture = *state;

	fixture_put(fixture, "logs/9.log", "");
	free(fixture_verify(fixture->store, false, 1));
	fixture_sql(fixture, "INSERT INTO doomed VALUES (9)");
	fixture_expect_whole(fixture->store);
}

/* Nobody prunes while rows and files are compared. */
static void try_to_prune(void *data, const char *line)
{
	struct fixture *fixture = data;
	AUTO_FREE char *who = mem_printf("verified by process %d;", (int)getpid());
	struct prune_result result;
	struct err err;

	assert_non_null(line);
	assert_int_equal(store_prune(fixture->store, &everything, &result, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, who));
}

static void test_verified_meanwhile(void **state)
{
	struct fixture *fixture = *state;
	struct err err;
	int findings;

	make_builds(fixture);
	fixture_put(fixture, "notes", "text");
	assert_int_equal(
		store_verify(fixture->store, false, try_to_prune, fixture, &findings, &err), 0);
	assert_int_equal(findings, 1);
	assert_true(fixture_has_attempt(fixture->store, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_older),
		FIXTURE_TEST(test_size),
		FIXTURE_TEST(test_size_and_age),
		FIXTURE_TEST(test_touch),
		FIXTURE_TEST(test_in_use),
		FIXTURE_TEST(test_recorded_meanwhile),
		FIXTURE_TEST(test_own_use),
		FIXTURE_TEST(test_touch_with_the_clock_back),
		FIXTURE_TEST(test_artifacts),
		FIXTURE_TEST(test_dry_run),
		FIXTURE_TEST(test_free_bytes),
		FIXTURE_TEST(test_left_files),
		FIXTURE_TEST(test_known_bytes),
		FIXTURE_TEST(test_killed),
		FIXTURE_TEST(test_squashed),
		FIXTURE_TEST(test_removal_under_way),
		FIXTURE_TEST(test_verified_meanwhile),
	};

	return cmocka_run_group_tests_name("pruning", tests, NULL, NULL);
}
