/* Attempts, and what else is remembered (engine/store/store.h). */
#include "tests/unit/store_fixture.h"

/* An attempt with something in every field. */
static struct attempt make_full_attempt(void)
{
	struct attempt attempt = {.step = 7,
				  .name = mem_strdup("build \"it\"\n"),
				  .action = mem_strdup("shell"),
				  .result = ATTEMPT_TIMED_OUT,
				  .exit_status = 143,
				  .message = mem_strdup("ran for more than 1 s"),
				  .adopted = true,
				  .started_ms = 1700000000123,
				  .duration_ms = 4567890123,
				  .has_layer = {true, true},
				  .ingredients = mem_strdup("{\"a\":1}")};

	fixture_key('c', attempt.key);
	strcpy(attempt.spec_path, "/specs/b c.yaml");
	memset(attempt.before.key[TREE_SYSTREE], '1', 64);
	memset(attempt.before.key[TREE_WORKSPACE], '2', 64);
	strv_add(&attempt.before.chain[TREE_SYSTREE], "a");
	strv_add(&attempt.before.chain[TREE_SYSTREE], "zz9");
	state_copy(&attempt.after, &attempt.before);
	memset(attempt.after.key[TREE_SYSTREE], '3', 64);
	memset(attempt.after.key[TREE_WORKSPACE], '4', 64);
	strv_add(&attempt.after.chain[TREE_WORKSPACE], "b");
	strv_setenv(&attempt.after.artifacts, "a tool", "d1");
	strv_setenv(&attempt.after.artifacts, "line\nbreak", "d2");
	return attempt;
}

/* Expects the fields that make_full_attempt() set, but for the states. */
static void expect_full_attempt(const struct attempt *attempt)
{
	assert_string_equal(attempt->spec_path, "/specs/b c.yaml");
	assert_int_equal(attempt->step, 7);
	assert_string_equal(attempt->name, "build \"it\"\n");
	assert_string_equal(attempt->action, "shell");
	assert_int_equal(attempt->result, ATTEMPT_TIMED_OUT);
	assert_int_equal(attempt->exit_status, 143);
	assert_string_equal(attempt->message, "ran for more than 1 s");
	assert_true(attempt->adopted);
	assert_int_equal(attempt->started_ms, 1700000000123);
	assert_int_equal(attempt->duration_ms, 4567890123);
	assert_true(attempt->has_layer[TREE_SYSTREE] && attempt->has_layer[TREE_WORKSPACE]);
	assert_true(attempt->has_tmp);
	assert_false(attempt->durable);
	assert_string_equal(attempt->ingredients, "{\"a\":1}");
}

static void expect_states(const struct attempt *attempt)
{
	const struct state *before = &attempt->before, *after = &attempt->after;

	assert_int_equal(before->key[TREE_SYSTREE][63], '1');
	assert_int_equal(before->key[TREE_WORKSPACE][63], '2');
	assert_int_equal(after->key[TREE_SYSTREE][63], '3');
	assert_int_equal(after->key[TREE_WORKSPACE][63], '4');
	assert_int_equal(before->chain[TREE_SYSTREE].len, 2);
	assert_string_equal(before->chain[TREE_SYSTREE].items[0], "a");
	assert_string_equal(before->chain[TREE_SYSTREE].items[1], "zz9");
	assert_int_equal(before->chain[TREE_WORKSPACE].len, 0);
	assert_int_equal(before->artifacts.len, 0);
	assert_int_equal(after->chain[TREE_WORKSPACE].len, 1);
	assert_string_equal(after->chain[TREE_WORKSPACE].items[0], "b");
	assert_int_equal(after->artifacts.len, 2);
	assert_string_equal(strv_getenv(&after->artifacts, "a tool"), "d1");
	assert_string_equal(strv_getenv(&after->artifacts, "line\nbreak"), "d2");
}

/* Every field of an attempt comes back as it was. */
static void test_round_trip(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	struct attempt in = make_full_attempt(), out;
	struct attempt_draft draft;
	struct err err;

	assert_int_equal(attempt_begin(store, 80, 24, &draft, &err), 0);
	fixture_make_layer(store, draft.id, "systree");
	fixture_make_layer(store, draft.id, "workspace");
	fixture_make_layer(store, draft.id, "tmp");
	assert_int_equal(attempt_commit(store, &draft, &in, &err), 0);
	assert_true(in.has_tmp);
	assert_int_equal(store_get_attempt(store, in.number, &out, &err), 1);
	assert_int_equal(out.number, 1);
	assert_string_equal(out.id, "1");
	assert_string_equal(out.key, in.key);
	expect_full_attempt(&out);
	expect_states(&out);
	attempt_release(&in);
	attempt_release(&out);
}

/* Where the files of an attempt are, in flight and after. */
static void test_files(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	struct attempt attempt = {.has_layer = {false, true}};
	struct attempt_draft draft;
	struct err err;

	assert_int_equal(attempt_begin(store, 80, 24, &draft, &err), 0);
	assert_int_equal(draft.number, 1);
	assert_string_equal(draft.id, "1");
	assert_string_equal(draft.dir, "1");
	assert_true(draft.lock_fd >= 0);
	assert_true(fixture_has(fixture, "tmp/1/layer"));
	assert_true(fixture_has(fixture, "tmp/1.lock"));
	assert_true(fixture_has(fixture, "logs/1.log"));
	/* Its systree has something in it, but the attempt does not keep it; nor /tmp: it passed. */
	fixture_make_layer(store, draft.id, "systree");
	fixture_make_layer(store, draft.id, "workspace");
	fixture_make_layer(store, draft.id, "tmp");
	assert_int_equal(mkdirat(store_tmp_fd(store), "1/work", 0), 0);
	assert_int_equal(attempt_commit(store, &draft, &attempt, &err), 0);
	assert_int_equal(draft.lock_fd, -1);
	assert_true(fixture_has(fixture, "layers/1/workspace/file"));
	assert_false(fixture_has(fixture, "layers/1/systree"));
	assert_false(fixture_has(fixture, "layers/1/tmp"));
	assert_false(fixture_has(fixture, "tmp/1"));
	assert_false(fixture_has(fixture, "tmp/1.lock"));
	assert_true(fixture_has(fixture, "logs/1.times"));
	fixture_expect_whole(store);
}

/* An attempt that changed nothing has no layer; /tmp of a failed one is kept, if used. */
static void test_no_layer(void **state)
{
	struct fixture *fixture = *state;
	struct attempt attempt = {.result = ATTEMPT_FAILED};
	struct attempt_draft draft;
	struct err err;

	fixture_attempt(fixture->store, 'a', NULL, false, NULL);
	assert_false(fixture_has(fixture, "layers/1"));
	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	fixture_make_layer(fixture->store, draft.id, "tmp");
	assert_int_equal(attempt_commit(fixture->store, &draft, &attempt, &err), 0);
	assert_true(fixture_has(fixture, "layers/2/tmp/file"));
	attempt = (struct attempt){.result = ATTEMPT_FAILED};
	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	assert_int_equal(mkdirat(store_tmp_fd(fixture->store), "3/layer/tmp", 0700), 0);
	assert_int_equal(attempt_commit(fixture->store, &draft, &attempt, &err), 0);
	assert_false(fixture_has(fixture, "layers/3"));
	fixture_expect_whole(fixture->store);
}

/* Nothing is left of a discarded attempt, nor of one that could not be recorded; and no number is
 * given out twice. */
static void test_discard(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	struct attempt attempt = {.has_layer = {true, false}};
	struct attempt_draft draft;
	struct err err;

	assert_int_equal(attempt_begin(store, 80, 24, &draft, &err), 0);
	fixture_make_layer(store, draft.id, "systree");
	attempt_discard(store, &draft);
	attempt_discard(store, &draft);
	assert_int_equal(attempt_begin(store, 80, 24, &draft, &err), 0);
	assert_int_equal(draft.number, 2);
	/* It says that there is a systree, and there is none. */
	assert_int_equal(attempt_commit(store, &draft, &attempt, &err), -1);
	assert_int_equal(draft.lock_fd, -1);
	/* A chain with what is no layer. */
	attempt = (struct attempt){0};
	strv_add(&attempt.after.chain[TREE_SYSTREE], "../../etc");
	assert_int_equal(attempt_begin(store, 80, 24, &draft, &err), 0);
	assert_int_equal(attempt_commit(store, &draft, &attempt, &err), -1);
	assert_int_equal(err.code, ERR_FAULT);
	attempt_release(&attempt);
	for (int i = 1; i <= 3; i++) {
		char name[32];

		snprintf(name, sizeof name, "logs/%d.log", i);
		assert_false(fixture_has(fixture, name));
		snprintf(name, sizeof name, "tmp/%d.lock", i);
		assert_false(fixture_has(fixture, name));
	}
	assert_int_equal(fixture_attempt(store, 'a', NULL, false, NULL), 4);
	fixture_expect_whole(store);
}

/* The newest passed attempt with a key, as long as all its layers are there. */
static void test_find_passed(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	struct state below = {0};
	struct attempt attempt;
	char key[SHA256_HEX_SIZE];
	struct err err;

	fixture_attempt(store, 'a', NULL, true, &below);
	fixture_attempt(store, 'b', &below, true, NULL);
	fixture_attempt(store, 'b', &below, true, NULL);
	fixture_key('b', key);
	assert_int_equal(store_find_passed(store, key, &attempt, &err), 1);
	assert_int_equal(attempt.number, 3);
	attempt_release(&attempt);
	/* Its layer goes: the older one counts. The layer below goes: none does. */
	fixture_remove(fixture, "layers/3");
	assert_int_equal(store_find_passed(store, key, &attempt, &err), 1);
	assert_int_equal(attempt.number, 2);
	attempt_release(&attempt);
	fixture_remove(fixture, "layers/1/workspace");
	assert_int_equal(store_find_passed(store, key, &attempt, &err), 0);
	fixture_key('f', key);
	assert_int_equal(store_find_passed(store, key, &attempt, &err), 0);
	state_release(&below);
}

/* Failed attempts are found by the other ways. */
static void test_find_latest(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	struct attempt failed = {.result = ATTEMPT_FAILED, .step = 1}, attempt;
	struct attempt_draft draft;
	struct err err;

	fixture_attempt(store, 'a', NULL, false, NULL);
	fixture_key('a', failed.key);
	strcpy(failed.spec_path, "/specs/b.yaml");
	assert_int_equal(attempt_begin(store, 80, 24, &draft, &err), 0);
	assert_int_equal(attempt_commit(store, &draft, &failed, &err), 0);
	assert_int_equal(store_find_passed(store, failed.key, &attempt, &err), 1);
	assert_int_equal(attempt.number, 1);
	attempt_release(&attempt);
	assert_int_equal(store_find_latest(store, failed.key, &attempt, &err), 1);
	assert_int_equal(attempt.number, 2);
	attempt_release(&attempt);
	assert_int_equal(store_find_latest_of_step(store, "/specs/a.yaml", 1, &attempt, &err), 1);
	assert_int_equal(attempt.number, 1);
	attempt_release(&attempt);
	assert_int_equal(store_find_latest_of_step(store, "/specs/b.yaml", 1, &attempt, &err), 1);
	assert_int_equal(attempt.number, 2);
	attempt_release(&attempt);
	assert_int_equal(store_find_latest_of_step(store, "/specs/b.yaml", 2, &attempt, &err), 0);
	assert_int_equal(store_find_passed_of_step(store, "/specs/a.yaml", 1, &attempt, &err), 1);
	assert_int_equal(attempt.number, 1);
	attempt_release(&attempt);
	assert_int_equal(store_find_passed_of_step(store, "/specs/b.yaml", 1, &attempt, &err), 0);
	assert_int_equal(store_get_attempt(store, 3, &attempt, &err), 0);
	attempt_release(&failed);
}

/* Notes the numbers, and stops at the third. It uses the store, which each() may. */
struct visit {
	struct store *store;
	int64_t numbers[4];
	size_t count;
};

static int visit_attempt(void *data, const struct attempt *attempt)
{
	struct visit *visit = data;
	struct attempt again;
	struct err err;

	assert_int_equal(store_get_attempt(visit->store, attempt->number, &again, &err), 1);
	attempt_release(&again);
	visit->numbers[visit->count++] = attempt->number;
	return visit->count == 3;
}

static void test_each(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit = {.store = fixture->store};
	struct err err;

	assert_int_equal(store_each_attempt(fixture->store, visit_attempt, &visit, &err), 0);
	assert_int_equal(visit.count, 0);
	for (int i = 0; i < 4; i++)
		fixture_attempt(fixture->store, 'a', NULL, false, NULL);
	assert_int_equal(store_each_attempt(fixture->store, visit_attempt, &visit, &err), 0);
	assert_int_equal(visit.count, 3);
	assert_int_equal(visit.numbers[0], 1);
	assert_int_equal(visit.numbers[2], 3);
}

static void test_session(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	AUTO_FREE char *position = NULL, *breakpoints = NULL;
	struct err err;

	assert_null(store_get_session(store, "/a", "position"));
	assert_int_equal(store_set_session(store, "/a", "position", "old", &err), 0);
	assert_int_equal(store_set_session(store, "/a", "position", "12", &err), 0);
	assert_int_equal(store_set_session(store, "/a", "breakpoints", "", &err), 0);
	fixture_close(fixture);
	store = fixture_open(fixture);
	position = store_get_session(store, "/a", "position");
	assert_string_equal(position, "12");
	breakpoints = store_get_session(store, "/a", "breakpoints");
	assert_string_equal(breakpoints, "");
	assert_null(store_get_session(store, "/b", "position"));
	assert_int_equal(store_set_session(store, "/a", "position", NULL, &err), 0);
	assert_null(store_get_session(store, "/a", "position"));
}

/* SHA-256 of "abc" (FIPS 180-4, appendix B.1). */
static const char abc_digest[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/* A file that has just changed is not remembered, so a change in the same tick is seen. */
static void test_file_digest(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *path = path_join(fixture->dir, "file");
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	AUTO_CLOSE int dir = open(fixture->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char digest[SHA256_HEX_SIZE], second[SHA256_HEX_SIZE];
	struct err err;

	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(store_file_digest(fixture->store, fd, digest, &err), 0);
	assert_string_equal(digest, abc_digest);
	/* Read without moving the offset. */
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 3);
	assert_int_equal(fixture_sql(fixture, "SELECT * FROM files"), 0);
	assert_int_equal(pwrite(fd, "abd", 3, 0), 3);
	assert_int_equal(store_file_digest(fixture->store, fd, second, &err), 0);
	assert_string_not_equal(second, abc_digest);
	assert_int_equal(store_file_digest(fixture->store, dir, second, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	store_limit_digests(fixture->store, 5);
	assert_int_equal(store_file_digest(fixture->store, fd, second, &err), 0);
	assert_int_equal(store_file_digest(fixture->store, fd, second, &err), -1);
	assert_int_equal(err.code, ERR_UNREAD);
	store_limit_digests(fixture->store, UINT64_MAX);
	assert_int_equal(store_file_digest(fixture->store, fd, second, &err), 0);
}

/* A file that was there long before this test is remembered: a wrong digest put into the index
 * comes back, until one of the things that tell the file from others is different. */
static void test_file_digest_is_remembered(void **state)
{
	static const char *const changes[] = {
		"UPDATE files SET dev = dev + 1",
		"UPDATE files SET ino = ino + 1",
		"UPDATE files SET size = size + 1",
		"UPDATE files SET mtime_ns = mtime_ns + 1",
		"UPDATE files SET ctime_ns = ctime_ns - 1",
	};
	struct fixture *fixture = *state;
	AUTO_CLOSE int old = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	char digest[SHA256_HEX_SIZE], found[SHA256_HEX_SIZE];
	struct err err;

	assert_int_equal(store_file_digest(fixture->store, old, digest, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		AUTO_FREE char *wrong = mem_printf("UPDATE files SET digest = '%s'", abc_digest);

		assert_int_equal(fixture_sql(fixture, "SELECT * FROM files"), 1);
		fixture_sql(fixture, wrong);
		assert_int_equal(store_file_digest(fixture->store, old, found, &err), 0);
		assert_string_equal(found, abc_digest);
		fixture_sql(fixture, changes[i]);
		assert_int_equal(store_file_digest(fixture->store, old, found, &err), 0);
		assert_string_equal(found, digest);
		fixture_sql(fixture, "DELETE FROM files WHERE rowid NOT IN"
				     " (SELECT max(rowid) FROM files)");
	}
}

static void test_usage(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *block = mem_new(100001);
	char digest[SHA256_HEX_SIZE];
	struct attempt failed = {.result = ATTEMPT_KILLED};
	struct attempt_draft draft;
	struct store_usage usage;
	struct err err;

	memset(block, 'x', 100000);
	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	fixture_put(fixture, "layers/1/workspace/big", block);
	fixture_blob(fixture->store, block, digest);
	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	assert_int_equal(attempt_commit(fixture->store, &draft, &failed, &err), 0);
	assert_int_equal(store_usage(fixture->store, &usage, &err), 0);
	assert_int_equal(usage.attempts, 2);
	assert_int_equal(usage.layers, 1);
	assert_int_equal(usage.failed, 1);
	assert_in_range(usage.layers_bytes, 100000, 150000);
	assert_in_range(usage.blobs_bytes, 100000, 150000);
	assert_in_range(usage.logs_bytes, 1, 50000);
	assert_true(usage.database_bytes > 10000);
	attempt_release(&failed);
}

static void test_result_names(void **state)
{
	(void)state;
	assert_string_equal(attempt_result_name(ATTEMPT_PASSED), "passed");
	assert_string_equal(attempt_result_name(ATTEMPT_FAILED), "failed");
	assert_string_equal(attempt_result_name(ATTEMPT_KILLED), "killed");
	assert_string_equal(attempt_result_name(ATTEMPT_TIMED_OUT), "timed-out");
	assert_string_equal(attempt_result_name(ATTEMPT_OVER_LIMIT), "over-limit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_round_trip),	FIXTURE_TEST(test_files),
		FIXTURE_TEST(test_no_layer),	FIXTURE_TEST(test_discard),
		FIXTURE_TEST(test_find_passed), FIXTURE_TEST(test_find_latest),
		FIXTURE_TEST(test_each),	FIXTURE_TEST(test_session),
		FIXTURE_TEST(test_file_digest), FIXTURE_TEST(test_file_digest_is_remembered),
		FIXTURE_TEST(test_usage),	cmocka_unit_test(test_result_names),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
