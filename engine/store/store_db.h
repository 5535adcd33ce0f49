/* store_db.h: the index of a store: SQLite with statements that are prepared once.
 *
 * Every statement is a row of one table in store_db.c. A use of it looks like this, and
 * holds no lock after the scope:
 *
 *	AUTO_RESET sqlite3_stmt *stmt = db_query(db, SQL_GET_META, err, "s", name);
 *	int row = db_step(db, stmt, err);       1: a row, 0: no more, -1: failed
 *
 * Nothing here waits for the disk: the write-ahead log is not synchronised at commit and
 * not checkpointed on the way, unless db_sync_commits() and db_checkpoint() ask for it. A database that turns out to be
 * damaged gives one error that names the file and the remedy.
 */
#ifndef ENGINE_STORE_STORE_DB_H
#define ENGINE_STORE_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"

enum { STORE_FORMAT = 3 }; /* in the file `version` and in PRAGMA user_version */

enum sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_DATA_VERSION,
	SQL_NEXT_NUMBER,
	SQL_GET_META,
	SQL_SET_META,
	SQL_DELETE_META,
	SQL_INSERT_ATTEMPT,
	SQL_GET_ATTEMPT,
	SQL_NEXT_ATTEMPT,
	SQL_FIND_PASSED,
	SQL_FIND_LATEST,
	SQL_FIND_LATEST_OF_STEP,
	SQL_FIND_PASSED_OF_STEP,
	SQL_LIST_NUMBERS,
	SQL_LIST_CHAINS,
	SQL_RAISE_NUMBER,
	SQL_DOOM,
	SQL_IS_DOOMED,
	SQL_DELETE_DOOMED,
	SQL_UNDOOM,
	SQL_LIST_DOOMED,
	SQL_LIST_OTHER_BOOT,
	SQL_LIST_VOLATILE,
	SQL_HAS_VOLATILE,
	SQL_SET_DURABLE,
	SQL_HAS_LOST,
	SQL_IS_LOST,
	SQL_FIND_SQUASH,
	SQL_HAS_SQUASH,
	SQL_INSERT_SQUASH,
	SQL_LIST_SQUASHES,
	SQL_DELETE_DOOMED_SQUASHES,
	SQL_HAS_NUMBER,
	SQL_LIST_UNSUMMED,
	SQL_COUNT_UNSUMMED,
	SQL_LIST_SUMMED,
	SQL_SET_SUMS,
	SQL_SET_SQUASH_SUMS,
	SQL_GET_SUMS,
	SQL_KNOWN_BYTES,
	SQL_FIND_BLOB,
	SQL_GET_FILE,
	SQL_SET_FILE,
	SQL_TRIM_FILES,
	SQL_GET_SESSION,
	SQL_SET_SESSION,
	SQL_DELETE_SESSION,
	SQL_COUNT_ATTEMPTS,
	SQL_COUNT,
};

struct db {
	sqlite3 *handle; /* NULL when the database is damaged or was forgotten */
	char *path;
	char *refusal; /* why it cannot be used while handle is NULL */
	bool damaged;  /* some use has shown that it is */
	sqlite3_stmt *statements[SQL_COUNT];
};

/* The database in path, not opened yet: every use fails until db_open(). */
struct db *db_new(const char *path);
/* Opens it, or makes it when may_create; a database without our tables is damaged otherwise. */
int db_open(struct db *db, bool may_create, struct err *err);
/* Closes and frees; NULL is fine. */
void db_free(struct db *db);
/* Closes it and lets every later use fail with the text why. */
void db_refuse(struct db *db, const char *why);
/* For a forked child: closes the descriptors without touching locks or files. */
void db_forget(struct db *db);

/* A statement with its arguments bound: types has "i" for int64_t, "s" for a string (NULL is
 * NULL). NULL on failure. It is the caller's until db_reset(). */
sqlite3_stmt *db_query(struct db *db, enum sql sql, struct err *err, const char *types, ...);
/* The next row: 1, 0 at the end, -1 on failure, or when stmt is NULL. */
int db_step(struct db *db, sqlite3_stmt *stmt, struct err *err);
/* Runs it to its end and resets it; the rows are thrown away. */
int db_run(struct db *db, sqlite3_stmt *stmt, struct err *err);
void db_reset(sqlite3_stmt **stmt);
#define AUTO_RESET __attribute__((cleanup(db_reset)))

/* A writing transaction. db_end() commits when result is 0, and rolls back otherwise; it
 * returns -1 if either went wrong. */
int db_begin(struct db *db, struct err *err);
int db_end(struct db *db, int result, struct err *err);

/* Values of one column as a growing array; free *ret_numbers with free(). */
int db_numbers(struct db *db, sqlite3_stmt *stmt, int64_t **ret_numbers, size_t *ret_count,
	       struct err *err);
/* A text column; "" when it is NULL. Valid until the next step. */
const char *db_text(sqlite3_stmt *stmt, int column);

/* Runs statements that are no rows of the table. */
int db_exec(struct db *db, const char *text, struct err *err);
/* Copies the write-ahead log into the database and begins it anew; waits for the disk. */
int db_checkpoint(struct db *db, struct err *err);
/* Whether each transaction waits until it, and all before it, is on the disk. */
int db_sync_commits(struct db *db, bool sync, struct err *err);
/* Whether SQLite finds the database whole: 1, or 0 and *ret_text (free with free()) says what is
 * not, or -1 when that cannot be told now. */
int db_check(struct db *db, char **ret_text, struct err *err);

#endif
