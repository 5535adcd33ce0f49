/* What the files of attempts come to, and damage that is found by it (engine/store/sums.h). */
#include <sys/xattr.h>

#include "engine/store/sums.h"
#include "tests/unit/store_fixture.h"

/* Gives every attempt that has none its sums, as the session does in the background. */
static size_t sum_all(struct store *store)
{
	AUTO_FREE int64_t *numbers = NULL;
	AUTO_FREE struct sums *sums = NULL;
	struct err err;
	size_t count;

	assert_int_equal(sums_pending(store, &numbers, &count, &err), 0);
	sums = sums_of_logs(numbers, count, store_logs_fd(store));
	for (size_t i = 0; i < count; i++) {
		sums_add_layer(&sums[i], store_layers_fd(store));
		assert_int_equal(sums_record(store, &sums[i], &err), 0);
	}
	return count;
}

/* A file or a directory in the layer of the first attempt, of which there are two. */
static void make_store(struct fixture *fixture)
{
	struct state first = {0};
	struct attempt_draft draft;
	struct err err;
	struct attempt attempt = {.has_layer = {false, true}};

	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	assert_int_equal(recording_add(draft.recording, "printed\n", 8, 0, &err), 0);
	fixture_make_layer(fixture->store, draft.id, "workspace");
	fixture_put(fixture, "tmp/1/layer/workspace/text", "some text");
	assert_int_equal(mkdirat(store_tmp_fd(fixture->store), "1/layer/workspace/sub", 0755), 0);
	assert_int_equal(symlinkat("a", store_tmp_fd(fixture->store), "1/layer/workspace/link"), 0);
	strv_add(&attempt.after.chain[TREE_WORKSPACE], draft.id);
	assert_int_equal(attempt_commit(fixture->store, &draft, &attempt, &err), 0);
	state_copy(&first, &attempt.after);
	attempt_release(&attempt);
	fixture_attempt(fixture->store, 'b', &first, true, NULL);
	state_release(&first);
	assert_int_equal(sum_all(fixture->store), 2);
	assert_int_equal(sum_all(fixture->store), 0);
	fixture_expect_whole(fixture->store);
}

/* The name below the store. To be freed. */
static char *inside(struct fixture *fixture, const char *name)
{
	AUTO_FREE char *layer = path_join(fixture->path, "layers/1/workspace");

	return path_join(layer, name);
}

/* Keeps the times of what a damage has changed. */
static void restore_times(const char *path, const struct stat *status)
{
	const struct timespec times[2] = {status->st_atim, status->st_mtim};

	assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void damage_mode(struct fixture *fixture)
{
	AUTO_FREE char *path = inside(fixture, "text");

	assert_int_equal(chmod(path, 0604), 0);
}

static void damage_size(struct fixture *fixture)
{
	AUTO_FREE char *path = inside(fixture, "text");
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(truncate(path, 0), 0);
	restore_times(path, &status);
}

static void damage_time(struct fixture *fixture)
{
	AUTO_FREE char *path = inside(fixture, "text");

	assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
}

static void damage_name(struct fixture *fixture)
{
	AUTO_FREE char *path = inside(fixture, "text"), *other = inside(fixture, "next");
	AUTO_FREE char *dir = inside(fixture, "");
	struct stat status;

	assert_int_equal(stat(dir, &status), 0);
	assert_int_equal(rename(path, other), 0);
	restore_times(dir, &status);
}

static void damage_link(struct fixture *fixture)
{
	AUTO_FREE char *path = inside(fixture, "link"), *dir = inside(fixture, "");
	struct stat status, above;

	assert_int_equal(stat(dir, &above), 0);
	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("b", path), 0);
	restore_times(path, &status);
	restore_times(dir, &above);
}

static void damage_attribute(struct fixture *fixture)
{
	AUTO_FREE char *path = inside(fixture, "sub");

	assert_int_equal(setxattr(path, "user.overlay.opaque", "y", 1, 0), 0);
}

/* A pipe, in the place of a directory. */
static void damage_kind(struct fixture *fixture)
{
	AUTO_FREE char *path = inside(fixture, "sub"), *dir = inside(fixture, "");
	struct stat status, above;

	assert_int_equal(stat(dir, &above), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0755), 0);
	restore_times(path, &status);
	restore_times(dir, &above);
}

/* One bit of the log, which is as long as before. */
static void damage_log(struct fixture *fixture)
{
	fixture_put(fixture, "logs/1.log", "printee\n");
}

static void damage_times(struct fixture *fixture)
{
	AUTO_FREE char *path = path_join(fixture->path, "logs/1.times");
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, "9", 1, 20), 1);
}

/* Found, and repaired with what stands on it; not before the attempt had sums. */
static void check_damage(void (*damage)(struct fixture *fixture), const char *words)
{
	AUTO_FREE char *found = NULL, *repaired = NULL;
	struct fixture *fixture;
	void *place;

	fixture_set_up(&place);
	fixture = place;
	make_store(fixture);
	damage(fixture);
	found = fixture_verify(fixture->store, false, 1);
	if (!strstr(found, words))
		fail_msg("\"%s\" is not in: %s", words, found);
	repaired = fixture_verify(fixture->store, true, 1);
	assert_non_null(strstr(repaired, "2 attempts removed"));
	fixture_expect_whole(fixture->store);
	fixture_tear_down(&place);
}

static void test_damage(void **state)
{
	static void (*const layer_damages[])(struct fixture * fixture) = {
		damage_mode, damage_size,      damage_time, damage_name,
		damage_link, damage_attribute, damage_kind,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layer_damages); i++)
		check_damage(layer_damages[i],
			     "attempt 1: layers/1 is not what was recorded: names");
	check_damage(damage_log, "attempt 1: logs/1.log is not what was recorded");
	check_damage(damage_times, "attempt 1: logs/1.log is not what was recorded");
}

/* A squashed layer is no attempt, and nothing else goes with it. */
static void test_damaged_squash(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *found = NULL, *repaired = NULL;

	make_store(fixture);
	assert_int_equal(mkdirat(store_layers_fd(fixture->store), "z", 0755), 0);
	assert_int_equal(mkdirat(store_layers_fd(fixture->store), "z/workspace", 0755), 0);
	fixture_sql(fixture, "INSERT INTO squashes VALUES (35, 1, 1, '2', '1 2', 1, NULL, NULL)");
	assert_int_equal(sum_all(fixture->store), 1);
	fixture_expect_whole(fixture->store);
	fixture_put(fixture, "layers/z/workspace/more", "text");
	found = fixture_verify(fixture->store, false, 1);
	assert_non_null(strstr(found, "squashed layer 35: layers/z is not what was recorded"));
	assert_null(strstr(found, "attempt"));
	repaired = fixture_verify(fixture->store, true, 1);
	assert_null(strstr(repaired, "attempt"));
	assert_false(fixture_has(fixture, "layers/z"));
	assert_true(fixture_has_attempt(fixture->store, 2));
	fixture_expect_whole(fixture->store);
}

/* Being of use, and removing a stray, change nothing that counts. */
static void test_no_damage(void **state)
{
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct err err;

	make_store(fixture);
	assert_int_equal(store_get_attempt(fixture->store, 1, &attempt, &err), 1);
	store_touch(fixture->store, &attempt);
	attempt_release(&attempt);
	fixture_expect_whole(fixture->store);
	fixture_put(fixture, "layers/1/stray", "text");
	free(fixture_verify(fixture->store, true, 1));
	fixture_expect_whole(fixture->store);
	assert_true(fixture_has_attempt(fixture->store, 1));
}

/* The size is that of the files. */
static void test_bytes(void **state)
{
	struct fixture *fixture = *state;
	struct attempt attempt;
	struct err err;
	int64_t number;

	int64_t missing;

	number = fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	assert_int_equal(store_get_attempt(fixture->store, number, &attempt, &err), 1);
	assert_int_equal(attempt.bytes, -1);
	attempt_release(&attempt);
	assert_int_equal(sums_missing(fixture->store, &missing, &err), 0);
	assert_int_equal(missing, 1);
	sum_all(fixture->store);
	assert_int_equal(sums_missing(fixture->store, &missing, &err), 0);
	assert_int_equal(missing, 0);
	assert_int_equal(store_get_attempt(fixture->store, number, &attempt, &err), 1);
	assert_in_range(attempt.bytes, 1, 1 << 20);
	attempt_release(&attempt);
}

/* Messages that are none of ours are not believed. */
static void test_messages(void **state)
{
	static const char *const wrong[] = {
		"",
		"1",
		"1 2",
		"1 2 0 0",
		"1 2 0 0 .",
		"1 2 0 0 abc. .",
		"1 2 0 0 . x",
		"x 2 0 0 . .",
		"1 2 0 0 .. ",
		"1 2 x 0 . .",
	};
	char digest[SHA256_HEX_SIZE];
	AUTO_FREE char *text = NULL;
	struct sums sums;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(sums_parse(wrong[i], &sums));
	fixture_key('a', digest);
	text = mem_printf("12 4096 5 0 . %s.", digest);
	assert_true(sums_parse(text, &sums));
	assert_int_equal(sums.number, 12);
	assert_int_equal(sums.bytes, 4096);
	assert_int_equal(sums.logs_errno, 5);
	assert_int_equal(sums.layer_errno, 0);
	assert_string_equal(sums.logs, "");
	assert_string_equal(sums.layer, digest);
}

/* A store of an older format is brought up to this one when it is opened, and its attempts get sums. */
static void test_older_store(void **state)
{
	struct fixture *fixture = *state;

	fixture_attempt(fixture->store, 'a', NULL, true, NULL);
	fixture_close(fixture);
	fixture_make_older(fixture);
	fixture_open(fixture);
	fixture_expect_whole(fixture->store);
	assert_int_equal(sum_all(fixture->store), 1);
	damage_log(fixture);
	free(fixture_verify(fixture->store, false, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damage),	 FIXTURE_TEST(test_damaged_squash),
		FIXTURE_TEST(test_no_damage),	 FIXTURE_TEST(test_bytes),
		cmocka_unit_test(test_messages), FIXTURE_TEST(test_older_store),
	};

	return cmocka_run_group_tests_name("sums", tests, NULL, NULL);
}
