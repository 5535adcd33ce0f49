#include "engine/store/store_db.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/interrupt.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/store_schema.h"

enum {
	BUSY_WAIT_MS = 20,
	BUSY_WAITS_MAX = 3000,	 /* about a minute: a disk may be slow */
	BUSY_WAITS_FIRMLY = 500, /* whatever the person wants */
	CHECKPOINT_PAGES = 4000, /* only if nobody ever calls db_checkpoint() */
};

struct db *db_new(const char *path)
{
	struct db *db = mem_new(sizeof *db);

	db->path = mem_strdup(path);
	db->refusal = mem_printf("the database %s is not open", path);
	return db;
}

/* Finalises the statements and closes the connection. */
static void close_handle(struct db *db)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	sqlite3_close(db->handle);
	db->handle = NULL;
}

void db_free(struct db *db)
{
	if (!db)
		return;
	close_handle(db);
	free(db->refusal);
	free(db->path);
	free(db);
}

void db_refuse(struct db *db, const char *why)
{
	close_handle(db);
	free(db->refusal);
	db->refusal = mem_strdup(why);
}

/* Fills err for a database that is not what it should be. */
static int set_damaged(struct db *db, const char *what, struct err *err)
{
	db->damaged = true;
	return err_set(err, ERR_FAULT,
		       "the database %s is damaged (%s); `contractor store verify --repair` "
		       "sets it aside and removes what it no longer names",
		       db->path, what);
}

/* True when no further file can be made beside the database. SQLite tries to open one that it cannot make once more,
 * to read it, and then says no more than that it is not there. */
static bool is_without_room(const struct db *db)
{
	AUTO_FREE char *directory = path_dirname(db->path);
	AUTO_CLOSE int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd < 0 && (errno == ENOSPC || errno == EDQUOT);
}

/* True when a call failed because a file could not grow, or not be made. */
static bool is_full(struct db *db, int code)
{
	int number;

	if (code == SQLITE_FULL)
		return true;
	if ((code != SQLITE_IOERR && code != SQLITE_CANTOPEN) || !db->handle)
		return false;
	number = sqlite3_system_errno(db->handle);
	return number == ENOSPC || number == EDQUOT ||
	       (code == SQLITE_CANTOPEN && is_without_room(db));
}

/* Fills err for a disk that fails. */
static int set_io_error(struct db *db, const char *why, struct err *err)
{
	int number = db->handle ? sqlite3_system_errno(db->handle) : 0;

	err_set(err, ERR_HOST,
		"cannot use the database %s: %s%s%s; look after that disk (`dmesg`), and try again",
		db->path, why, number ? ": " : "", number ? strerror(number) : "");
	err->sys_errno = number;
	return -1;
}

/* Fills err for a failed SQLite call. */
static int set_error(struct db *db, int code, struct err *err)
{
	const char *why = db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code);
	bool fault;

	code &= 0xff;
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT ||
	    code == SQLITE_MISMATCH || code == SQLITE_ERROR)
		return set_damaged(db, why, err);
	if (is_full(db, code)) {
		err_set(err, ERR_HOST,
			"no space left for the database %s; free some, or remove attempts with "
			"`contractor store remove`",
			db->path);
		err->sys_errno = ENOSPC;
		return -1;
	}
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return err_set(err, ERR_HOST,
			       "the database %s is being written by another process; try again",
			       db->path);
	if (code == SQLITE_IOERR)
		return set_io_error(db, why, err);
	fault = code == SQLITE_MISUSE || code == SQLITE_INTERNAL;
	return err_set(err, fault ? ERR_FAULT : ERR_HOST, "cannot use the database %s: %s",
		       db->path, why);
}

int db_exec(struct db *db, const char *text, struct err *err)
{
	int code;

	if (!db->handle)
		return err_set(err, ERR_FAULT, "%s", db->refusal);
	code = sqlite3_exec(db->handle, text, NULL, NULL, NULL);
	return code == SQLITE_OK ? 0 : set_error(db, code, err);
}

/* The first number a query gives. */
static int get_number(struct db *db, const char *text, int *ret_value, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(db->handle, text, -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code != SQLITE_ROW) {
		set_error(db, code, err);
		sqlite3_finalize(stmt);
		return -1;
	}
	*ret_value = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return 0;
}

/* Makes the tables, or checks that they are ours. */
static int use_schema(struct db *db, bool may_create, struct err *err)
{
	int format;

	if (get_number(db, "PRAGMA user_version", &format, err) < 0)
		return -1;
	if (format == STORE_FORMAT)
		return 0;
	if (format > STORE_FORMAT)
		return err_set(err, ERR_HOST,
			       "the database %s has format %d, and this contractor knows those up "
			       "to %d; use a newer contractor, or another store with --store",
			       db->path, format, STORE_FORMAT);
	if ((!may_create && !format) || format < 0)
		return set_damaged(db, "it has no tables", err);
	if (!format)
		return db_exec(db, schema_text(), err);
	for (; format < STORE_FORMAT; format++) {
		if (db_exec(db, schema_upgrade(format), err) < 0)
			return -1;
	}
	return 0;
}

/* Waits for the transaction of another process, which may wait for the disk. */
static int wait_busy(void *data, int waits)
{
	const struct timespec pause = {.tv_nsec = BUSY_WAIT_MS * 1000000L};

	(void)data;
	if (waits >= BUSY_WAITS_MAX || (waits >= BUSY_WAITS_FIRMLY && interrupt_is_pending()))
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

/* Sets up a connection: nothing on it waits for the disk but a checkpoint. */
static int set_up(struct db *db, struct err *err)
{
	int keep = 1;

	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_handler(db->handle, wait_busy, NULL);
	sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_wal_autocheckpoint(db->handle, CHECKPOINT_PAGES);
	return db_exec(db,
		       "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		       "PRAGMA temp_store = MEMORY",
		       err);
}

int db_open(struct db *db, bool may_create, struct err *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_PRIVATECACHE;
	struct stat status;
	int code;

	close_handle(db);
	db->damaged = false;
	if (!may_create && lstat(db->path, &status) < 0 && errno == ENOENT)
		return set_damaged(db, "the file is missing", err);
	code = sqlite3_open_v2(db->path, &db->handle, flags | (may_create ? SQLITE_OPEN_CREATE : 0),
			       NULL);
	if (code != SQLITE_OK)
		set_error(db, code, err);
	else if (set_up(db, err) == 0 && use_schema(db, may_create, err) == 0)
		return 0;
	db_refuse(db, err->text);
	return -1;
}

/* True when the open descriptor fd is one of the database's files. */
static bool is_own_file(const struct db *db, int fd)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	struct stat own, open_file;

	if (fstat(fd, &open_file) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		AUTO_FREE char *path = mem_printf("%s%s", db->path, suffixes[i]);

		if (lstat(path, &own) == 0 && own.st_ino == open_file.st_ino &&
		    own.st_dev == open_file.st_dev)
			return true;
	}
	return false;
}

/* SQLite tells no descriptors, and its own closing would work on the parent's files: so the
 * connection is left alone (leaked), and the descriptors are found and closed. */
void db_forget(struct db *db)
{
	AUTO_CLOSEDIR DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (db->handle && dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fd != dirfd(dir) && is_own_file(db, fd))
			close(fd);
	}
	memset(db->statements, 0, sizeof db->statements);
	db->handle = NULL;
	free(db->refusal);
	db->refusal = mem_printf("the database %s belongs to the parent process", db->path);
}

/* Binds the arguments in order. */
static int bind_arguments(sqlite3_stmt *stmt, const char *types, va_list args)
{
	int code = SQLITE_OK;

	for (int i = 0; types[i] && code == SQLITE_OK; i++) {
		if (types[i] == 'i')
			code = sqlite3_bind_int64(stmt, i + 1, va_arg(args, int64_t));
		else
			code = sqlite3_bind_text(stmt, i + 1, va_arg(args, const char *), -1,
						 SQLITE_TRANSIENT);
	}
	return code;
}

sqlite3_stmt *db_query(struct db *db, enum sql sql, struct err *err, const char *types, ...)
{
	sqlite3_stmt **slot = &db->statements[sql];
	int code = SQLITE_OK;
	va_list args;

	if (!db->handle) {
		err_set(err, ERR_FAULT, "%s", db->refusal);
		return NULL;
	}
	if (!*slot)
		code = sqlite3_prepare_v3(db->handle, schema_statement(sql), -1,
					  SQLITE_PREPARE_PERSISTENT, slot, NULL);
	if (code == SQLITE_OK) {
		va_start(args, types);
		code = bind_arguments(*slot, types, args);
		va_end(args);
	}
	if (code == SQLITE_OK)
		return *slot;
	set_error(db, code, err);
	return NULL;
}

int db_step(struct db *db, sqlite3_stmt *stmt, struct err *err)
{
	int code;

	if (!stmt)
		return -1;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : set_error(db, code, err);
}

int db_run(struct db *db, sqlite3_stmt *stmt, struct err *err)
{
	int row;

	do
		row = db_step(db, stmt, err);
	while (row > 0);
	db_reset(&stmt);
	return row;
}

void db_reset(sqlite3_stmt **stmt)
{
	if (!*stmt)
		return;
	sqlite3_reset(*stmt);
	sqlite3_clear_bindings(*stmt);
}

int db_begin(struct db *db, struct err *err)
{
	return db_run(db, db_query(db, SQL_BEGIN, err, ""), err);
}

int db_end(struct db *db, int result, struct err *err)
{
	struct err ignored;

	if (!result && db_run(db, db_query(db, SQL_COMMIT, err, ""), err) == 0)
		return 0;
	/* SQLite has rolled back by itself after some failures. */
	if (db->handle && !sqlite3_get_autocommit(db->handle))
		db_run(db, db_query(db, SQL_ROLLBACK, &ignored, ""), &ignored);
	return -1;
}

int db_numbers(struct db *db, sqlite3_stmt *stmt, int64_t **ret_numbers, size_t *ret_count,
	       struct err *err)
{
	size_t count = 0, capacity = 0;
	int64_t *numbers = NULL;
	int row;

	while ((row = db_step(db, stmt, err)) > 0) {
		numbers = mem_grow(numbers, count, &capacity, sizeof *numbers);
		numbers[count++] = sqlite3_column_int64(stmt, 0);
	}
	db_reset(&stmt);
	if (row < 0) {
		free(numbers);
		return -1;
	}
	*ret_numbers = numbers;
	*ret_count = count;
	return 0;
}

const char *db_text(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? text : "";
}

int db_checkpoint(struct db *db, struct err *err)
{
	int code;

	if (!db->handle)
		return err_set(err, ERR_FAULT, "%s", db->refusal);
	code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	/* Readers and writers go on meanwhile: what is left is for the next time. */
	if ((code & 0xff) == SQLITE_BUSY)
		return 0;
	return code == SQLITE_OK ? 0 : set_error(db, code, err);
}

int db_sync_commits(struct db *db, bool sync, struct err *err)
{
	return db_exec(db, sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", err);
}

int db_check(struct db *db, char **ret_text, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	bool whole;
	int code, row;

	if (!db->handle) {
		*ret_text = mem_strdup(db->refusal);
		return db->damaged ? 0 : err_set(err, ERR_FAULT, "%s", db->refusal);
	}
	code = sqlite3_prepare_v2(db->handle, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
	row = code == SQLITE_OK ? db_step(db, stmt, err) : set_error(db, code, err);
	whole = row > 0 && !strcmp(db_text(stmt, 0), "ok");
	if (!whole && (row > 0 || db->damaged))
		*ret_text = mem_strdup(row > 0 ? db_text(stmt, 0) : err->text);
	sqlite3_finalize(stmt);
	return whole ? 1 : row > 0 || db->damaged ? 0 : -1;
}
