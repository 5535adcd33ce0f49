/* Finding and repairing damage, and removing (engine/store/store.h). */
#include "tests/unit/store_fixture.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* Expects that a text has all the words. */
static void expect_words(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("\"%s\" is not in:\n%s", words, text);
}

/* Four attempts: 2 on 1, 3 on 2, and 4 on its own. */
static void make_family(struct store *store)
{
	struct state first = {0}, second = {0};

	fixture_attempt(store, 'a', NULL, true, &first);
	fixture_attempt(store, 'b', &first, true, &second);
	fixture_attempt(store, 'c', &second, true, NULL);
	fixture_attempt(store, 'd', NULL, true, NULL);
	state_release(&first);
	state_release(&second);
}

/* Expects the damage to be found, named, repaired with the attempts from first on but 4, and not
 * to be there afterwards. */
static void expect_repaired(struct fixture *fixture, int findings, const char *words, int first)
{
	AUTO_FREE char *found = fixture_verify(fixture->store, false, findings);
	AUTO_FREE char *again = NULL, *repaired = NULL;

	expect_words(found, words);
	again = fixture_verify(fixture->store, false, findings);
	assert_string_equal(found, again);
	repaired = fixture_verify(fixture->store, true, findings);
	expect_words(repaired, words);
	expect_words(repaired, "removed");
	fixture_expect_whole(fixture->store);
	for (int i = 1; i <= 4; i++)
		assert_int_equal(fixture_has_attempt(fixture->store, i), i < first || i == 4);
}

/* A layer in the middle is gone: those above it lose what they stand on. */
static void test_layer_missing(void **state)
{
	struct fixture *fixture = *state;

	make_family(fixture->store);
	fixture_remove(fixture, "layers/2/workspace");
	expect_repaired(fixture, 2, "attempt 2: layers/2/workspace is missing", 2);
	assert_false(fixture_has(fixture, "layers/2"));
	assert_false(fixture_has(fixture, "logs/3.log"));
	assert_true(fixture_has(fixture, "layers/1/workspace/file"));
}

static void test_parent_missing(void **state)
{
	struct fixture *fixture = *state;

	make_family(fixture->store);
	fixture_sql(fixture, "DELETE FROM attempts WHERE number = 1");
	fixture_remove(fixture, "layers/1");
	fixture_remove(fixture, "logs/1.log");
	fixture_remove(fixture, "logs/1.times");
	expect_repaired(fixture, 2, "attempt 3: layers/1/workspace, on which it stands, is missing",
			1);
}

/* A layer without a row goes, and so do those that name it. */
static void test_layer_without_row(void **state)
{
	struct fixture *fixture = *state;

	make_family(fixture->store);
	fixture_sql(fixture, "DELETE FROM attempts WHERE number = 2");
	expect_repaired(fixture, 3, "layers/2: no attempt has this layer", 2);
	assert_false(fixture_has(fixture, "layers/2"));
}

/* So does an attempt that does not know its own tree: one repair is enough. */
static void test_tree_unknown(void **state)
{
	struct fixture *fixture = *state;

	make_family(fixture->store);
	fixture_sql(fixture, "UPDATE attempts SET has_workspace = 0 WHERE number = 2");
	expect_repaired(fixture, 1, "layers/2/workspace: not in the index", 2);
}

static void test_log_missing(void **state)
{
	struct fixture *fixture = *state;

	make_family(fixture->store);
	fixture_remove(fixture, "logs/3.times");
	expect_repaired(fixture, 1, "attempt 3: logs/3.times is missing", 3);
}

/* A log is as long as its times say, or longer. */
static void test_log_cut(void **state)
{
	static const char times[] = "contractor-times 1 80x24 0\no 3 4\no 5 9\n";
	struct fixture *fixture = *state;

	make_family(fixture->store);
	fixture_put(fixture, "logs/3.times", times);
	fixture_put(fixture, "logs/3.log", "123456789");
	fixture_expect_whole(fixture->store);
	fixture_put(fixture, "logs/3.log", "12345678");
	expect_repaired(fixture, 1, "attempt 3: logs/3.log is not what was recorded", 3);
}

/* What is no recording at all, or a link that leads elsewhere, is damage, too. */
static void test_log_replaced(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *log = path_join(fixture->path, "logs/3.log");
	AUTO_FREE char *found = NULL;

	make_family(fixture->store);
	fixture_put(fixture, "logs/1.times", "");
	fixture_put(fixture, "logs/2.times", "contractor-times 1 80x24 0\nx 5 0\n");
	assert_int_equal(unlink(log), 0);
	assert_int_equal(symlink("4.log", log), 0);
	found = fixture_verify(fixture->store, false, 3);
	expect_words(found, "attempt 1: logs/1.log is not what was recorded");
	expect_words(found, "attempt 2: logs/2.log is not what was recorded");
	expect_words(found, "attempt 3: logs/3.log is not what was recorded");
}

/* What is nobody's: each is one finding, and goes. */
static void test_strays(void **state)
{
	static const char *const files[] = {
		"logs/zzz.log",	       "logs/notes.txt", "layers/notes", "blobs/abc",
		"layers/1/workspace2", "layers/4/extra", "tmp/notes",
	};
	struct fixture *fixture = *state;

	make_family(fixture->store);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		fixture_put(fixture, files[i], "text");
	expect_repaired(fixture, ARRAY_SIZE(files), "layers/4/extra: not in the index", 5);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_false(fixture_has(fixture, files[i]));
}

/* A file beside ours is moved, not removed; a name is shown safely. */
static void test_foreign_file(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *found = NULL, *repaired = NULL;

	fixture_put(fixture, "bad\x1b[2Jname", "text");
	found = fixture_verify(fixture->store, false, 1);
	expect_words(found, "bad\\x1b[2Jname: not a file of the store");
	repaired = fixture_verify(fixture->store, true, 1);
	fixture_expect_whole(fixture->store);
	assert_true(fixture_has(fixture, "aside/bad\x1b[2Jname.1"));
}

/* Records an attempt with an artifact. */
static void make_artifact(struct store *store, const char *text, char ret_digest[SHA256_HEX_SIZE])
{
	struct attempt attempt = {0};
	struct attempt_draft draft;
	struct err err;

	fixture_blob(store, text, ret_digest);
	strv_setenv(&attempt.after.artifacts, "tool", ret_digest);
	assert_int_equal(attempt_begin(store, 80, 24, &draft, &err), 0);
	assert_int_equal(attempt_commit(store, &draft, &attempt, &err), 0);
	attempt_release(&attempt);
}

/* Damaged and missing artifacts, one finding each; what refers to them goes. */
static void test_blobs(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	AUTO_FREE char *found = NULL;
	char path[3][256], digest[3][SHA256_HEX_SIZE];

	make_artifact(store, "one", digest[0]);
	make_artifact(store, "two", digest[1]);
	make_artifact(store, "three", digest[2]);
	make_artifact(store, "one", digest[0]);
	for (int i = 0; i < 3; i++)
		snprintf(path[i], sizeof path[i], "blobs/%s", digest[i]);
	fixture_put(fixture, path[0], "on");
	fixture_remove(fixture, path[1]);
	found = fixture_verify(store, false, 2);
	expect_words(found, ": damaged\n");
	expect_words(found, ": missing\n");
	free(fixture_verify(store, true, 2));
	fixture_expect_whole(store);
	assert_false(fixture_has_attempt(store, 1) || fixture_has_attempt(store, 2) ||
		     fixture_has_attempt(store, 4));
	assert_true(fixture_has_attempt(store, 3));
	assert_false(fixture_has(fixture, path[0]));
	assert_true(fixture_has(fixture, path[2]));
}

/* An artifact nobody refers to is no damage (a process may have been killed before it recorded
 * the attempt); a repair removes it and says so. */
static void test_blob_unreferenced(void **state)
{
	struct fixture *fixture = *state;
	char digest[SHA256_HEX_SIZE];
	AUTO_FREE char *path = NULL, *found = NULL;

	fixture_blob(fixture->store, "abc", digest);
	path = mem_printf("blobs/%s", digest);
	fixture_expect_whole(fixture->store);
	found = fixture_verify(fixture->store, true, 0);
	expect_words(found, "no attempt refers to it: removed");
	assert_false(fixture_has(fixture, path));
}

/* Rows with values that cannot be: reported, not believed, removed. */
static void test_rows_damaged(void **state)
{
	static const char *const damages[] = {
		"UPDATE attempts SET result = 99 WHERE number = 3",
		"UPDATE attempts SET after_systree = '../x' WHERE number = 3",
		"UPDATE attempts SET key = printf('%0100d', 1) WHERE number = 3",
		"UPDATE attempts SET after_artifacts = x'4141' WHERE number = 3",
		"UPDATE attempts SET after_artifacts = x'414100' WHERE number = 3",
	};

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct attempt attempt;
		struct err err;
		void *place;
		struct fixture *fixture;

		fixture_set_up(&place);
		fixture = place;
		make_family(fixture->store);
		fixture_sql(fixture, damages[i]);
		assert_int_equal(store_get_attempt(fixture->store, 3, &attempt, &err), -1);
		assert_int_equal(err.code, ERR_FAULT);
		expect_words(err.text, "store verify --repair");
		expect_repaired(fixture, 1, "attempt 3: its row is damaged", 3);
		fixture_tear_down(&place);
	}
	(void)state;
}

/* What was in flight when it was verified is no finding. */
static void test_in_flight(void **state)
{
	struct fixture *fixture = *state;
	struct attempt_draft draft;
	struct err err;
	int findings;

	assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), 0);
	fixture_expect_whole(fixture->store);
	assert_int_equal(store_verify(fixture->store, true, NULL, NULL, &findings, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	attempt_discard(fixture->store, &draft);
	assert_int_equal(store_verify(fixture->store, true, NULL, NULL, &findings, &err), 0);
}

/* Ways to damage the database, each while the store is closed. Without its log, from which SQLite
 * would make it whole again. */
static void damage_garbage(struct fixture *fixture)
{
	fixture_sql(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
	fixture_put(fixture, "store.db", "this is not a database, whatever its name may say");
}

static void damage_empty(struct fixture *fixture)
{
	fixture_put(fixture, "store.db", "");
	fixture_remove(fixture, "store.db-wal");
}

static void damage_missing(struct fixture *fixture)
{
	fixture_remove(fixture, "store.db");
	fixture_remove(fixture, "store.db-wal");
}

static void damage_version(struct fixture *fixture)
{
	fixture_put(fixture, "version", "");
}

/* Pages in the middle, behind the tables' list: found when they are read. */
static void damage_pages(struct fixture *fixture)
{
	AUTO_FREE char *path = path_join(fixture->path, "store.db");
	AUTO_CLOSE int fd = -1;
	char page[4096];

	fixture_sql(fixture, "PRAGMA wal_checkpoint(TRUNCATE)");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	memset(page, 0xee, sizeof page);
	for (int i = 1; i < 9; i++)
		assert_int_equal(pwrite(fd, page, sizeof page, i * 4096), sizeof page);
}

/* A damaged database is refused with its name and the remedy; the remedy works: it is set aside,
 * and what it no longer names goes. */
static void test_database_damaged(void **state)
{
	static const struct {
		void (*damage)(struct fixture *fixture);
		const char *name;
		bool keeps_rows;
	} cases[] = {
		{damage_garbage, "store.db", false}, {damage_empty, "store.db", false},
		{damage_missing, "store.db", false}, {damage_pages, "store.db", false},
		{damage_version, "version", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct store_options options = {0}, verifying = {.damaged_ok = true};
		struct fixture *fixture;
		AUTO_FREE char *found = NULL;
		struct attempt_draft draft;
		struct err err = {0};
		void *place;

		fixture_set_up(&place);
		fixture = place;
		make_family(fixture->store);
		fixture_close(fixture);
		cases[i].damage(fixture);
		assert_int_equal(store_open(fixture->path, &options, &fixture->store, &err), -1);
		assert_int_equal(err.code, ERR_FAULT);
		expect_words(err.text, cases[i].name);
		expect_words(err.text, "contractor store verify --repair");
		assert_int_equal(store_open(fixture->path, &verifying, &fixture->store, &err), 0);
		assert_int_equal(attempt_begin(fixture->store, 80, 24, &draft, &err), -1);
		assert_int_equal(err.code, ERR_FAULT);
		found = fixture_verify(fixture->store, false, 1);
		expect_words(found, cases[i].name);
		free(fixture_verify(fixture->store, true, cases[i].keeps_rows ? 1 : 13));
		fixture_close(fixture);
		fixture_open(fixture);
		fixture_expect_whole(fixture->store);
		assert_int_equal(fixture_has_attempt(fixture->store, 4), cases[i].keeps_rows);
		assert_int_equal(fixture_has(fixture, "layers/4"), cases[i].keeps_rows);
		/* Numbers are not used again. */
		assert_int_equal(fixture_attempt(fixture->store, 'e', NULL, true, NULL), 5);
		fixture_tear_down(&place);
	}
}

/* Removing an attempt takes those that stand on it, and its artifacts, and no more. */
static void test_remove(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	char digest[2][SHA256_HEX_SIZE];
	AUTO_FREE char *gone = NULL, *kept = NULL;
	struct err err;
	int removed;

	make_family(store);
	make_artifact(store, "one", digest[0]);
	make_artifact(store, "two", digest[1]);
	assert_int_equal(store_remove_attempt(store, 2, &removed, &err), 0);
	assert_int_equal(removed, 2);
	assert_true(fixture_has_attempt(store, 1) && fixture_has_attempt(store, 4));
	assert_false(fixture_has_attempt(store, 2) || fixture_has_attempt(store, 3));
	assert_false(fixture_has(fixture, "layers/2") || fixture_has(fixture, "logs/3.log"));
	assert_int_equal(store_remove_attempt(store, 5, &removed, &err), 0);
	assert_int_equal(removed, 1);
	gone = mem_printf("blobs/%s", digest[0]);
	kept = mem_printf("blobs/%s", digest[1]);
	assert_false(fixture_has(fixture, gone));
	assert_true(fixture_has(fixture, kept));
	fixture_expect_whole(store);
	assert_int_equal(store_remove_attempt(store, 2, &removed, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

/* Everything goes; a file of somebody else, and with it the directory, stays. */
static void test_remove_all(void **state)
{
	struct fixture *fixture = *state;
	struct err err;

	make_family(fixture->store);
	assert_int_equal(mkdirat(store_fd(fixture->store), "artifacts", 0700), 0);
	fixture_put(fixture, "artifacts/tool.tar", "text");
	assert_int_equal(store_remove_all(fixture->store, &err), 0);
	assert_int_equal(access(fixture->path, F_OK), -1);
	fixture_open(fixture);
	fixture_put(fixture, "thesis.tex", "text");
	assert_int_equal(store_remove_all(fixture->store, &err), -1);
	fixture->store = NULL;
	expect_words(err.text, "thesis.tex");
	assert_true(fixture_has(fixture, "thesis.tex"));
	assert_false(fixture_has(fixture, "layers"));
}

/* In a child: makes a file as who begins something does, and locks it when somebody else has let it go twice. */
static _Noreturn void begin_late(int tmp_fd, const char *dir, const char *name, int ready)
{
	AUTO_FREE char *path = path_join(dir, name);
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	int fd = openat(tmp_fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int watch = inotify_init1(IN_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	inotify_add_watch(watch, path, IN_CLOSE);
	dprintf(ready, "ready");
	for (int closed = 0; closed < 2;) {
		ssize_t length = read(watch, events, sizeof events);

		for (ssize_t at = 0; at < length; closed++)
			at += (ssize_t)(sizeof(struct inotify_event) +
					((struct inotify_event *)(void *)(events + at))->len);
	}
	flock(fd, LOCK_EX);
	dprintf(fd, "%d\n", (int)getpid());
	pause();
	_exit(0);
}

/* Without its id map nobody builds in a store: that is damage. A repair takes out what is none, and the next one that
 * builds records its own; the attempts stay. */
static void test_id_map_garbled(void **state)
{
	const struct store_options options = {.id_map = "0 1000 1 / 0 1000 1"};
	struct fixture *fixture = *state;
	AUTO_FREE char *found = NULL, *repaired = NULL;
	struct store *store;
	struct err err;

	make_family(fixture->store);
	fixture_close(fixture);
	assert_int_equal(store_open(fixture->path, &options, &store, &err), 0);
	store_close(store);
	fixture_open(fixture);
	fixture_expect_whole(fixture->store);
	fixture_sql(fixture, "UPDATE meta SET value = '0 1000 1 / 0 ' || char(27) || '1000' "
			     "WHERE name = 'id_map'");
	assert_int_equal(store_open(fixture->path, &options, &store, &err), -1);
	assert_int_equal(err.code, ERR_FAULT);
	expect_words(err.text, "store.db is damaged");
	expect_words(err.text, "`contractor store verify --repair`");
	found = fixture_verify(fixture->store, false, 1);
	expect_words(found, "store.db: the user ids that the store was made with are "
			    "\"0 1000 1 / 0 \\x1b1000\", which is no map of ids");
	repaired = fixture_verify(fixture->store, true, 1);
	expect_words(repaired, ": taken out; the next build records them anew");
	fixture_expect_whole(fixture->store);
	for (int i = 1; i <= 4; i++)
		assert_true(fixture_has_attempt(fixture->store, i));
	assert_int_equal(store_open(fixture->path, &options, &store, &err), 0);
	store_close(store);
}

/* A file that is there, and about to be locked, is no leftover. */
static void expect_beginning(struct fixture *fixture, const char *name)
{
	AUTO_FREE char *dir = path_join(fixture->path, "tmp");
	AUTO_CLOSE int tmp_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[8];
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		begin_late(tmp_fd, dir, name, ends[1]);
	assert_int_equal(read(ends[0], text, 5), 5);
	fixture_expect_whole(fixture->store);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(unlinkat(tmp_fd, name, 0), 0);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

/* The lock of an attempt, and the file of an artifact. */
static void test_beginning(void **state)
{
	expect_beginning(*state, "zz.lock");
	expect_beginning(*state, "blob-0123456789abcdef");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_layer_missing),
		FIXTURE_TEST(test_parent_missing),
		FIXTURE_TEST(test_layer_without_row),
		FIXTURE_TEST(test_tree_unknown),
		FIXTURE_TEST(test_log_missing),
		FIXTURE_TEST(test_log_cut),
		FIXTURE_TEST(test_log_replaced),
		FIXTURE_TEST(test_strays),
		FIXTURE_TEST(test_foreign_file),
		FIXTURE_TEST(test_blobs),
		FIXTURE_TEST(test_blob_unreferenced),
		cmocka_unit_test(test_rows_damaged),
		FIXTURE_TEST(test_id_map_garbled),
		FIXTURE_TEST(test_in_flight),
		FIXTURE_TEST(test_beginning),
		cmocka_unit_test(test_database_damaged),
		FIXTURE_TEST(test_remove),
		FIXTURE_TEST(test_remove_all),
	};

	return cmocka_run_group_tests_name("store verify", tests, NULL, NULL);
}
