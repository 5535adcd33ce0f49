/* What has the name of a file of the store and is something else (engine/store/store_kinds.c). */
#include "tests/unit/store_fixture.h"

/* What is put in the place of a file or directory. */
static void put_link(int dir_fd, const char *name)
{
	assert_int_equal(symlinkat("/etc/passwd", dir_fd, name), 0);
}

static void put_fifo(int dir_fd, const char *name)
{
	assert_int_equal(mkfifoat(dir_fd, name, 0600), 0);
}

static void put_directory(int dir_fd, const char *name)
{
	assert_int_equal(mkdirat(dir_fd, name, 0700), 0);
}

static void put_file(int dir_fd, const char *name)
{
	AUTO_CLOSE int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(fd_write_all(fd, "text", 4), 0);
}

struct damage {
	const char *name;
	void (*put)(int dir_fd, const char *name);
};

static void do_damage(struct fixture *fixture, const char *name,
		      void (*put)(int dir_fd, const char *name))
{
	AUTO_CLOSE int fd = open(fixture->path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	fixture_remove(fixture, name);
	put(fd, name);
}

/* Two attempts, the second on the first and with an artifact. */
static void make_store(struct fixture *fixture, char ret_digest[SHA256_HEX_SIZE])
{
	struct state first = {0};

	fixture_attempt(fixture->store, 'a', NULL, true, &first);
	fixture_blob(fixture->store, "bytes", ret_digest);
	strv_setenv(&first.artifacts, "tool", ret_digest);
	fixture_attempt(fixture->store, 'b', &first, true, NULL);
	state_release(&first);
}

/* Refused by its name and with the remedy, which works; nothing outside is touched. */
static void check_own_name(const struct damage *damage)
{
	const struct store_options plain = {0}, looking = {.damaged_ok = true};
	const struct store_options repairing = {.damaged_ok = true, .repair = true};
	char digest[SHA256_HEX_SIZE];
	struct fixture *fixture;
	struct err err = {0};
	AUTO_BUF struct buf lines = BUF_INIT;
	void *place;
	int found;

	fixture_set_up(&place);
	fixture = place;
	make_store(fixture, digest);
	fixture_close(fixture);
	do_damage(fixture, damage->name, damage->put);
	assert_int_equal(store_open(fixture->path, &plain, &fixture->store, &err), -1);
	assert_int_equal(err.code, ERR_FAULT);
	assert_non_null(strstr(err.text, damage->name));
	assert_non_null(strstr(err.text, "contractor store verify --repair"));
	assert_int_equal(store_open(fixture->path, &looking, &fixture->store, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
	assert_int_equal(store_open(fixture->path, &repairing, &fixture->store, &err), 0);
	assert_int_equal(store_verify(fixture->store, true, fixture_report, &lines, &found, &err),
			 0);
	assert_true(found >= 1);
	assert_non_null(strstr(lines.data, "moved into aside/"));
	fixture_expect_whole(fixture->store);
	fixture_close(fixture);
	fixture_open(fixture);
	fixture_expect_whole(fixture->store);
	assert_int_equal(fixture_attempt(fixture->store, 'c', NULL, true, NULL), 3);
	fixture_tear_down(&place);
}

static void test_own_names(void **state)
{
	static const struct damage damages[] = {
		{"version", put_directory},
		{"version", put_link},
		{"lock", put_directory},
		{"lock", put_link},
		{"lock", put_fifo},
		{"reserved", put_fifo},
		{"reserved", put_directory},
		{"store.db", put_link},
		{"store.db", put_fifo},
		{"store.db", put_directory},
		{"store.db-wal", put_link},
		{"store.db-wal", put_fifo},
		{"store.db-wal", put_directory},
		{"store.db-shm", put_link},
		{"store.db-shm", put_fifo},
		{"store.db-shm", put_directory},
		{"layers", put_file},
		{"layers", put_link},
		{"logs", put_fifo},
		{"blobs", put_link},
		{"tmp", put_file},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++)
		check_own_name(&damages[i]);
}

/* A part of an attempt is found, and the attempt goes with what stands on it. */
static void check_part(const char *part, void (*put)(int dir_fd, const char *name), bool of_first)
{
	char digest[SHA256_HEX_SIZE];
	AUTO_FREE char *name = NULL;
	struct fixture *fixture;
	struct err err = {0};
	void *place;
	int found;

	fixture_set_up(&place);
	fixture = place;
	make_store(fixture, digest);
	name = strcmp(part, "blob") ? mem_strdup(part) : path_join("blobs", digest);
	do_damage(fixture, name, put);
	assert_int_equal(store_verify(fixture->store, false, NULL, NULL, &found, &err), 0);
	assert_true(found >= 1);
	assert_int_equal(store_verify(fixture->store, true, NULL, NULL, &found, &err), 0);
	fixture_expect_whole(fixture->store);
	assert_false(fixture_has(fixture, name));
	assert_int_equal(fixture_has_attempt(fixture->store, 1), !of_first);
	assert_false(fixture_has_attempt(fixture->store, 2));
	fixture_tear_down(&place);
}

static void test_parts(void **state)
{
	static void (*const puts[])(int dir_fd, const char *name) = {put_link, put_fifo, put_file};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(puts); i++)
		check_part("layers/1/workspace", puts[i], true);
	check_part("logs/1.log", put_fifo, true);
	check_part("logs/1.log", put_directory, true);
	check_part("logs/2.times", put_directory, false);
	check_part("blob", put_directory, false);
	check_part("blob", put_fifo, false);
}

/* What is no directory is not taken from the cache as a layer. */
static void test_layer_is_not_found(void **state)
{
	struct fixture *fixture = *state;
	char digest[SHA256_HEX_SIZE], key[SHA256_HEX_SIZE];
	struct attempt attempt;
	struct err err;

	make_store(fixture, digest);
	do_damage(fixture, "layers/2/workspace", put_fifo);
	fixture_key('b', key);
	assert_int_equal(store_find_passed(fixture->store, key, &attempt, &err), 0);
}

/* Nobody waits for the other end of a pipe that should be a log or an artifact; and an artifact that
 * is made anew takes its place. */
static void test_nothing_waits(void **state)
{
	struct fixture *fixture = *state;
	char digest[SHA256_HEX_SIZE];
	AUTO_FREE char *name = NULL;
	struct err err = {0};

	make_store(fixture, digest);
	do_damage(fixture, "logs/1.log", put_fifo);
	assert_int_equal(store_open_log(fixture->store, "1"), -1);
	assert_int_equal(errno, EUCLEAN);
	name = path_join("blobs", digest);
	do_damage(fixture, name, put_fifo);
	assert_int_equal(blob_open(fixture->store, digest, &err), -1);
	assert_int_equal(err.code, ERR_FAULT);
	do_damage(fixture, name, put_directory);
	fixture_blob(fixture->store, "bytes", digest);
	fixture_remove(fixture, "logs/1.log");
	put_file(store_logs_fd(fixture->store), "1.log");
	fixture_expect_whole(fixture->store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_names),
		cmocka_unit_test(test_parts),
		FIXTURE_TEST(test_layer_is_not_found),
		FIXTURE_TEST(test_nothing_waits),
	};

	return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
