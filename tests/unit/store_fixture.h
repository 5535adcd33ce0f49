/* store_fixture.h: what the tests of the store share: a store in a directory of its own, and
 * attempts with little in them. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/store.h"

struct fixture {
	char dir[32];	     /* of this test */
	char path[48];	     /* of the store, below it */
	struct store *store; /* NULL while closed */
};

static inline struct store *fixture_open(struct fixture *fixture)
{
	struct store_options options = {0};
	struct err err = {0};

	if (store_open(fixture->path, &options, &fixture->store, &err) < 0)
		fail_msg("%s", err.text);
	return fixture->store;
}

static inline void fixture_close(struct fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
}

static inline int fixture_set_up(void **state)
{
	struct fixture *fixture = mem_new(sizeof *fixture);

	strcpy(fixture->dir, "/tmp/store-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	snprintf(fixture->path, sizeof fixture->path, "%s/store", fixture->dir);
	*state = fixture;
	fixture_open(fixture);
	return 0;
}

static inline int fixture_tear_down(void **state)
{
	struct fixture *fixture = *state;
	struct err err;

	fixture_close(fixture);
	path_remove_tree(AT_FDCWD, fixture->dir, &err);
	free(fixture);
	return 0;
}

/* Puts text into NAME below the store, making or replacing it. */
static inline void fixture_put(struct fixture *fixture, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(fixture->path, name);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static inline bool fixture_has(struct fixture *fixture, const char *name)
{
	AUTO_FREE char *path = path_join(fixture->path, name);
	struct stat status;

	return lstat(path, &status) == 0;
}

static inline void fixture_remove(struct fixture *fixture, const char *name)
{
	AUTO_FREE char *path = path_join(fixture->path, name);
	struct err err;

	if (path_remove_tree(AT_FDCWD, path, &err) < 0)
		fail_msg("%s", err.text);
}

/* Runs a statement on the index by a connection of its own; how many rows it gives. */
static inline int fixture_sql(struct fixture *fixture, const char *sql)
{
	AUTO_FREE char *path = path_join(fixture->path, "store.db");
	sqlite3_stmt *stmt;
	sqlite3 *handle;
	int rows = 0, code;

	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL), SQLITE_OK);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
		rows++;
	assert_int_equal(code, SQLITE_DONE);
	sqlite3_finalize(stmt);
	sqlite3_close(handle);
	return rows;
}

/* Makes a closed store one of format 2. */
static inline void fixture_make_older(struct fixture *fixture)
{
	static const char *const statements[] = {
		"DROP INDEX attempts_bytes",
		"ALTER TABLE attempts DROP COLUMN bytes",
		"ALTER TABLE attempts DROP COLUMN logs_sum",
		"ALTER TABLE attempts DROP COLUMN layer_sum",
		"ALTER TABLE squashes DROP COLUMN bytes",
		"ALTER TABLE squashes DROP COLUMN layer_sum",
		"PRAGMA user_version = 2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		fixture_sql(fixture, statements[i]);
	fixture_put(fixture, "version", "2\n");
}

/* A key made of one letter. */
static inline void fixture_key(char letter, char ret_key[SHA256_HEX_SIZE])
{
	memset(ret_key, letter, 64);
	ret_key[64] = '\0';
}

/* Makes tmp/ID/layer/NAME, as a runner does. */
static inline void fixture_make_layer(struct store *store, const char *id, const char *name)
{
	AUTO_FREE char *path = mem_printf("%s/layer/%s", id, name);
	AUTO_FREE char *file = mem_printf("%s/file", path);
	AUTO_CLOSE int fd = -1;

	assert_int_equal(mkdirat(store_tmp_fd(store), path, 0755), 0);
	fd = openat(store_tmp_fd(store), file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
}

/* Begins and commits an attempt with the key of letter, on top of the state from (NULL: none). It
 * changes the workspace when changes is true. *ret_after (may be NULL) is what it has come to. */
static inline int64_t fixture_attempt(struct store *store, char letter, const struct state *from,
				      bool changes, struct state *ret_after)
{
	struct attempt_draft draft;
	struct attempt attempt = {.step = 1, .has_layer = {false, changes}};
	struct err err = {0};
	int64_t number;

	fixture_key(letter, attempt.key);
	strcpy(attempt.spec_path, "/specs/a.yaml");
	state_init(&attempt.before);
	if (from)
		state_copy(&attempt.before, from);
	state_copy(&attempt.after, &attempt.before);
	if (attempt_begin(store, 80, 24, &draft, &err) < 0)
		fail_msg("%s", err.text);
	if (changes) {
		fixture_make_layer(store, draft.id, "workspace");
		strv_add(&attempt.after.chain[TREE_WORKSPACE], draft.id);
	}
	number = draft.number;
	if (attempt_commit(store, &draft, &attempt, &err) < 0)
		fail_msg("%s", err.text);
	if (ret_after)
		state_copy(ret_after, &attempt.after);
	attempt_release(&attempt);
	return number;
}

/* Makes a blob of a text; *ret_digest names it. */
static inline void fixture_blob(struct store *store, const char *text,
				char ret_digest[SHA256_HEX_SIZE])
{
	struct sha256 *sha = sha256_new();
	struct err err = {0};
	char name[32];
	int fd;

	sha256_add(sha, text, strlen(text));
	sha256_finish(sha, ret_digest);
	if (blob_begin(store, name, &fd, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	close(fd);
	if (blob_commit(store, name, ret_digest, &err) < 0)
		fail_msg("%s", err.text);
}

/* Whether there is an attempt with this number. */
static inline bool fixture_has_attempt(struct store *store, int64_t number)
{
	struct attempt attempt;
	struct err err;
	int found = store_get_attempt(store, number, &attempt, &err);

	if (found > 0)
		attempt_release(&attempt);
	return found > 0;
}

/* Adds a line of store_verify() to a buffer. */
static inline void fixture_report(void *data, const char *line)
{
	struct buf *lines = data;

	buf_add_str(lines, line);
	buf_add_char(lines, '\n');
}

/* Verifies, and expects this many findings. The lines; to be freed. */
static inline char *fixture_verify(struct store *store, bool repair, int findings)
{
	struct buf lines = BUF_INIT;
	struct err err = {0};
	int found;

	if (store_verify(store, repair, fixture_report, &lines, &found, &err) < 0)
		fail_msg("%s", err.text);
	if (found != findings)
		fail_msg("%d findings, not %d:\n%s", found, findings, lines.data);
	return buf_detach(&lines);
}

/* Expects that there is nothing to find. */
static inline void fixture_expect_whole(struct store *store)
{
	free(fixture_verify(store, false, 0));
}

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

#endif
