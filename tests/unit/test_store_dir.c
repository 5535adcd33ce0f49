/* The store's directory: whose it is, where, of which version (engine/store/store.h). */
#include "tests/unit/store_fixture.h"

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_mode;
}

/* Expects that the store in path is refused, with a text that has the given words. */
static void expect_refused(const char *path, enum err_code code, const char *words)
{
	struct store_options options = {0};
	struct store *store = NULL;
	struct err err = {0};

	assert_int_equal(store_open(path, &options, &store, &err), -1);
	assert_null(store);
	if (err.code != code || !strstr(err.text, words))
		fail_msg("code %d: %s", err.code, err.text);
}

/* A new store is ours alone, says its version, is whole, and can be opened again. */
static void test_new(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *version = path_join(fixture->path, "version");
	AUTO_CLOSE int fd = open(version, O_RDONLY | O_CLOEXEC);
	char text[8] = "";

	assert_int_equal(mode_of(fixture->path) & 07777, 0700);
	assert_int_equal(read(fd, text, sizeof text), 2);
	assert_string_equal(text, "3\n");
	assert_string_equal(store_path(fixture->store), fixture->path);
	fixture_expect_whole(fixture->store);
	fixture_close(fixture);
	fixture_open(fixture);
	fixture_expect_whole(fixture->store);
}

/* One missing directory above the store is made, as ~/.cache is; two are a mistake. */
static void test_parents(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *one = path_join(fixture->dir, "a/store");
	AUTO_FREE char *two = path_join(fixture->dir, "b/c/store");
	struct store_options options = {0};
	struct store *store;
	struct err err;

	assert_int_equal(store_open(one, &options, &store, &err), 0);
	store_close(store);
	expect_refused(two, ERR_HOST, "--store");
}

/* What is not safely ours is refused by name, and left as it is. */
static void test_refused(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *link = path_join(fixture->dir, "link");
	AUTO_FREE char *slash = path_join(fixture->dir, "link/");
	AUTO_FREE char *foreign = path_join(fixture->dir, "foreign");
	AUTO_FREE char *file = path_join(foreign, "thesis.tex");
	AUTO_FREE char *layers = path_join(foreign, "layers");

	fixture_close(fixture);
	assert_int_equal(symlink(fixture->path, link), 0);
	expect_refused(link, ERR_HOST, "symbolic link");
	expect_refused(slash, ERR_HOST, "symbolic link");
	assert_int_equal(chmod(fixture->path, 0750), 0);
	expect_refused(fixture->path, ERR_HOST, "open to others (mode 0750)");
	assert_int_equal(chmod(fixture->path, 0700), 0);
	assert_int_equal(mkdir(foreign, 0700), 0);
	assert_int_equal(mkdir(file, 0700), 0);
	expect_refused(foreign, ERR_USAGE, "thesis.tex");
	/* It is not to be closed to others for that. */
	assert_int_equal(chmod(foreign, 01777), 0);
	expect_refused(foreign, ERR_USAGE, "thesis.tex");
	assert_int_equal(access(layers, F_OK), -1);
	expect_refused("/proc/self/store", ERR_HOST, "--store");
}

/* A store of another person, which only root can try. */
static void test_other_owner(void **state)
{
	struct fixture *fixture = *state;

	fixture_close(fixture);
	if (geteuid() != 0) {
		print_message("not root: a store in /, which is root's, stands for another's\n");
		expect_refused("/", ERR_HOST, "belongs to user 0");
		return;
	}
	assert_int_equal(chown(fixture->path, 12345, 12345), 0);
	expect_refused(fixture->path, ERR_HOST, "belongs to user 12345");
	assert_int_equal(chown(fixture->path, 0, 0), 0);
}

/* A newer version is refused before anything is touched; a garbled one is damage. */
static void test_version(void **state)
{
	struct fixture *fixture = *state;

	fixture_close(fixture);
	fixture_remove(fixture, "logs");
	fixture_put(fixture, "version", "999\n");
	expect_refused(fixture->path, ERR_HOST, "format 999");
	assert_false(fixture_has(fixture, "logs"));
	fixture_put(fixture, "version", "banana\n");
	expect_refused(fixture->path, ERR_FAULT, "store verify --repair");
}

/* The id map is recorded by who gives one first. */
static void test_id_map(void **state)
{
	struct fixture *fixture = *state;
	struct store_options first = {.id_map = "0 1000 1 / 0 1000 1"};
	struct store_options second = {.id_map = "0 0 1 / 0 0 1"};
	struct store *store;
	struct err err;

	assert_int_equal(store_open(fixture->path, &first, &store, &err), 0);
	store_close(store);
	assert_int_equal(store_open(fixture->path, &first, &store, &err), 0);
	store_close(store);
	assert_int_equal(store_open(fixture->path, &second, &store, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, "\"0 1000 1 / 0 1000 1\""));
	fixture_close(fixture);
	fixture_open(fixture);
}

static void test_default_path(void **state)
{
	static const struct {
		const char *store, *cache, *home, *path;
	} cases[] = {
		{"/s", "/c", "/h", "/s"},
		{"", "/c", "/h", "/c/contractor"},
		{NULL, "relative", "/h", "/h/.cache/contractor"},
		{NULL, NULL, "/h", "/h/.cache/contractor"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const pairs[][2] = {{"CONTRACTOR_STORE", cases[i].store},
						{"XDG_CACHE_HOME", cases[i].cache},
						{"HOME", cases[i].home}};
		AUTO_FREE char *path = NULL;

		for (size_t k = 0; k < ARRAY_SIZE(pairs); k++) {
			if (pairs[k][1])
				setenv(pairs[k][0], pairs[k][1], 1);
			else
				unsetenv(pairs[k][0]);
		}
		path = store_default_path();
		assert_string_equal(path, cases[i].path);
	}
}

/* The layers of root's store belong to the layers' owner, and nothing else does. */
static void test_layer_owner(void **state)
{
	static const struct {
		const char *name;
		bool of_layers;
	} cases[] = {
		{"layers", true},      {"tmp", true},	      {"tmp/1", true},
		{"tmp/1/layer", true}, {"tmp/1.lock", false}, {"logs", false},
		{"blobs", false},      {"logs/1.log", false}, {"store.db", false},
	};
	struct fixture *fixture = *state;
	struct store_options options = {.layer_uid = 100000, .layer_gid = 100001};
	struct attempt_draft draft;
	struct err err;

	if (geteuid() != 0) {
		print_message("skipped: needs root, whose layers belong to another\n");
		skip();
	}
	assert_int_equal(store_remove_all(fixture->store, &err), 0);
	assert_int_equal(store_open(fixture->path, &options, &fixture->store, &err), 0);
	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *path = path_join(fixture->path, cases[i].name);
		struct stat status;

		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_uid, cases[i].of_layers ? 100000 : 0);
		assert_int_equal(status.st_gid, cases[i].of_layers ? 100001 : 0);
		assert_int_equal(status.st_mode & 077 & (S_ISDIR(status.st_mode) ? 077 : 0), 0);
	}
	attempt_discard(fixture->store, &draft);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_new),
		FIXTURE_TEST(test_parents),
		FIXTURE_TEST(test_refused),
		FIXTURE_TEST(test_other_owner),
		FIXTURE_TEST(test_version),
		FIXTURE_TEST(test_id_map),
		cmocka_unit_test(test_default_path),
		FIXTURE_TEST(test_layer_owner),
	};

	return cmocka_run_group_tests_name("store directory", tests, NULL, NULL);
}
