#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

enum column_kind {
	COLUMN_INT64,
	COLUMN_INT,
	COLUMN_BOOL,
	COLUMN_STRING, /* char *, owned */
	COLUMN_FIXED,  /* char[size] */
	COLUMN_CHAIN,  /* struct strv of layer ids, joined by spaces */
	COLUMN_LIST,   /* struct strv of NAME=DIGEST, each followed by a NUL */
};

/* The columns of the table in their order, and where they are in an attempt. The boot id comes
 * behind them. */
#define COLUMN(kind, member)                              \
	{                                                 \
		kind, offsetof(struct attempt, member), 0 \
	}
#define FIXED(member)                                           \
	{                                                       \
		COLUMN_FIXED, offsetof(struct attempt, member), \
			sizeof((struct attempt *)NULL)->member  \
	}
#define STATE(state)                                                      \
	FIXED(state.key[TREE_SYSTREE]), FIXED(state.key[TREE_WORKSPACE]), \
		COLUMN(COLUMN_CHAIN, state.chain[TREE_SYSTREE]),          \
		COLUMN(COLUMN_CHAIN, state.chain[TREE_WORKSPACE]),        \
		COLUMN(COLUMN_LIST, state.artifacts)

static const struct column {
	enum column_kind kind;
	size_t offset, size;
} columns[] = {
	COLUMN(COLUMN_INT64, number),
	FIXED(key),
	FIXED(spec_path),
	COLUMN(COLUMN_INT64, step),
	COLUMN(COLUMN_STRING, name),
	COLUMN(COLUMN_STRING, action),
	COLUMN(COLUMN_INT, result),
	COLUMN(COLUMN_INT, exit_status),
	COLUMN(COLUMN_STRING, message),
	COLUMN(COLUMN_BOOL, adopted),
	COLUMN(COLUMN_INT64, started_ms),
	COLUMN(COLUMN_INT64, duration_ms),
	COLUMN(COLUMN_BOOL, has_layer[TREE_SYSTREE]),
	COLUMN(COLUMN_BOOL, has_layer[TREE_WORKSPACE]),
	COLUMN(COLUMN_BOOL, has_tmp),
	STATE(before),
	STATE(after),
	COLUMN(COLUMN_STRING, ingredients),
	COLUMN(COLUMN_BOOL, durable),
};
enum { COLUMN_BYTES = ARRAY_SIZE(columns) + 1 }; /* behind the boot id */
_Static_assert(sizeof(enum attempt_result) == sizeof(int), "COLUMN_INT reads the result");

const char *attempt_result_name(enum attempt_result result)
{
	static const char *const names[] = {
		[ATTEMPT_PASSED] = "passed",	     [ATTEMPT_FAILED] = "failed",
		[ATTEMPT_KILLED] = "killed",	     [ATTEMPT_TIMED_OUT] = "timed-out",
		[ATTEMPT_OVER_LIMIT] = "over-limit",
	};

	return (size_t)result < ARRAY_SIZE(names) ? names[result] : "unknown";
}

void attempt_release(struct attempt *attempt)
{
	free(attempt->name);
	free(attempt->action);
	free(attempt->message);
	free(attempt->ingredients);
	state_release(&attempt->before);
	state_release(&attempt->after);
	*attempt = (struct attempt){0};
}

/* Binds a list; as a blob, since NULs are in it. */
static int bind_list(sqlite3_stmt *stmt, int index, const struct strv *list)
{
	AUTO_BUF struct buf bytes = BUF_INIT;

	for (size_t i = 0; i < list->len; i++)
		buf_add(&bytes, list->items[i], strlen(list->items[i]) + 1);
	return sqlite3_bind_blob64(stmt, index, bytes.data, bytes.len, SQLITE_TRANSIENT);
}

static int bind_chain(sqlite3_stmt *stmt, int index, const struct strv *chain)
{
	AUTO_FREE char *ids = strv_join(chain, " ");

	return sqlite3_bind_text(stmt, index, ids, -1, SQLITE_TRANSIENT);
}

static int bind_text(sqlite3_stmt *stmt, int index, const char *text)
{
	return sqlite3_bind_text(stmt, index, text ? text : "", -1, SQLITE_STATIC);
}

/* Binds one member of an attempt, which lives until the statement was run. */
static int bind_column(sqlite3_stmt *stmt, int index, const struct column *column,
		       const struct attempt *attempt)
{
	const void *member = (const char *)attempt + column->offset;

	switch (column->kind) {
	case COLUMN_INT64:
		return sqlite3_bind_int64(stmt, index, *(const int64_t *)member);
	case COLUMN_INT:
		return sqlite3_bind_int(stmt, index, *(const int *)member);
	case COLUMN_BOOL:
		return sqlite3_bind_int(stmt, index, *(const bool *)member);
	case COLUMN_STRING:
		return bind_text(stmt, index, *(char *const *)member);
	case COLUMN_FIXED:
		return bind_text(stmt, index, member);
	case COLUMN_CHAIN:
		return bind_chain(stmt, index, member);
	case COLUMN_LIST:
		return bind_list(stmt, index, member);
	}
	return SQLITE_MISUSE;
}

int store_row_insert(struct store *store, const struct attempt *attempt, struct err *err)
{
	sqlite3_stmt *stmt = db_query(store->db, SQL_INSERT_ATTEMPT, err, "");
	int index = 0, code = SQLITE_OK;

	if (!stmt)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(columns) && code == SQLITE_OK; i++)
		code = bind_column(stmt, ++index, &columns[i], attempt);
	if (code == SQLITE_OK)
		code = bind_text(stmt, ++index, store->boot);
	if (code != SQLITE_OK) {
		db_reset(&stmt);
		return err_set(err, ERR_FAULT, "attempt %lld cannot be recorded: %s",
			       (long long)attempt->number, sqlite3_errstr(code));
	}
	return db_run(store->db, stmt, err);
}

/* Takes a chain apart; false when an item is no layer's id, for it will become a path. */
static bool read_chain(const char *text, struct strv *chain)
{
	while (*text) {
		size_t length = strcspn(text, " ");

		if (store_id_parse(text, length) < 0)
			return false;
		strv_take(chain, mem_strndup(text, length));
		text += length + (text[length] == ' ');
	}
	return true;
}

/* Takes a list of NAME=DIGEST apart; false when it is none, or does not end with a NUL. */
static bool read_list(const char *bytes, size_t length, struct strv *list)
{
	if (length && bytes[length - 1])
		return false;
	for (size_t used = 0; used < length; used += strlen(bytes + used) + 1) {
		if (!strchr(bytes + used, '='))
			return false;
		strv_add(list, bytes + used);
	}
	return true;
}

/* Copies a text into an array; false when it is too long. */
static bool read_fixed(const char *text, char *ret_array, size_t size)
{
	size_t length = strlen(text);

	if (length >= size)
		return false;
	memcpy(ret_array, text, length + 1);
	return true;
}

/* Reads one member of an attempt; false when the value cannot be ours. */
static bool read_column(sqlite3_stmt *stmt, int index, const struct column *column,
			struct attempt *attempt)
{
	void *member = (char *)attempt + column->offset;

	switch (column->kind) {
	case COLUMN_INT64:
		*(int64_t *)member = sqlite3_column_int64(stmt, index);
		return true;
	case COLUMN_INT:
		*(int *)member = sqlite3_column_int(stmt, index);
		return true;
	case COLUMN_BOOL:
		*(bool *)member = sqlite3_column_int(stmt, index) > 0;
		return true;
	case COLUMN_STRING:
		*(char **)member = mem_strdup(db_text(stmt, index));
		return true;
	case COLUMN_FIXED:
		return read_fixed(db_text(stmt, index), member, column->size);
	case COLUMN_CHAIN:
		return read_chain(db_text(stmt, index), member);
	case COLUMN_LIST:
		/* The pointer first: asking for it may change the size. */
		return read_list(sqlite3_column_blob(stmt, index),
				 (size_t)sqlite3_column_bytes(stmt, index), member);
	}
	return false;
}

int store_row_read(struct store *store, sqlite3_stmt *stmt, struct attempt *ret_attempt,
		   struct err *err)
{
	struct attempt attempt = {0};
	bool sound = true;

	for (size_t i = 0; i < ARRAY_SIZE(columns) && sound; i++)
		sound = read_column(stmt, (int)i, &columns[i], &attempt);
	attempt.bytes = sqlite3_column_type(stmt, COLUMN_BYTES) == SQLITE_NULL
				? -1
				: sqlite3_column_int64(stmt, COLUMN_BYTES);
	if (sound && store_id_format(attempt.number, attempt.id) &&
	    (unsigned)attempt.result <= ATTEMPT_OVER_LIMIT) {
		*ret_attempt = attempt;
		return 0;
	}
	err_set(err, ERR_FAULT,
		"attempt %lld in the store %s is damaged; `contractor store verify --repair` "
		"removes it",
		(long long)attempt.number, store->path);
	attempt_release(&attempt);
	return -1;
}

int store_row_one(struct store *store, sqlite3_stmt *stmt, struct attempt *ret_attempt,
		  struct err *err)
{
	int row = db_step(store->db, stmt, err);

	if (row > 0 && store_row_read(store, stmt, ret_attempt, err) < 0)
		row = -1;
	db_reset(&stmt);
	return row;
}

bool store_row_exists(struct store *store, int64_t number)
{
	struct err ignored;
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_HAS_NUMBER, &ignored, "i", number);

	return db_step(store->db, stmt, &ignored) != 0;
}

bool store_is_doomed(struct store *store, int64_t number)
{
	struct err ignored;
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_IS_DOOMED, &ignored, "i", number);

	return db_step(store->db, stmt, &ignored) > 0;
}

int store_find_passed(struct store *store, const char *key, struct attempt *ret_attempt,
		      struct err *err)
{
	int64_t below = INT64_MAX;

	for (;;) {
		struct attempt attempt;
		int row = store_row_one(store,
					db_query(store->db, SQL_FIND_PASSED, err, "si", key, below),
					&attempt, err);

		if (row <= 0)
			return row;
		if (store_has_chains(store, &attempt.after) &&
		    !store_stands_on_lost(store, &attempt.after) &&
		    store_use(store, attempt.number)) {
			*ret_attempt = attempt;
			return 1;
		}
		below = attempt.number;
		attempt_release(&attempt);
	}
}

int store_find_latest(struct store *store, const char *key, struct attempt *ret_attempt,
		      struct err *err)
{
	return store_row_one(store, db_query(store->db, SQL_FIND_LATEST, err, "s", key),
			     ret_attempt, err);
}

int store_find_latest_of_step(struct store *store, const char *spec_path, int64_t step,
			      struct attempt *ret_attempt, struct err *err)
{
	return store_row_one(
		store, db_query(store->db, SQL_FIND_LATEST_OF_STEP, err, "si", spec_path, step),
		ret_attempt, err);
}

int store_find_passed_of_step(struct store *store, const char *spec_path, int64_t step,
			      struct attempt *ret_attempt, struct err *err)
{
	return store_row_one(
		store, db_query(store->db, SQL_FIND_PASSED_OF_STEP, err, "si", spec_path, step),
		ret_attempt, err);
}

int store_get_attempt(struct store *store, int64_t number, struct attempt *ret_attempt,
		      struct err *err)
{
	return store_row_one(store, db_query(store->db, SQL_GET_ATTEMPT, err, "i", number),
			     ret_attempt, err);
}

int store_open_log(const struct store *store, const char *id)
{
	return recording_open_file(store->logs_fd, id, ".log");
}

int store_open_times(const struct store *store, const char *id)
{
	return recording_open_file(store->logs_fd, id, ".times");
}

/* One query for each: so each() may use the store, and no lock is held while it runs. */
int store_each_attempt(struct store *store, int (*each)(void *data, const struct attempt *attempt),
		       void *data, struct err *err)
{
	int64_t number = 0;

	for (;;) {
		struct attempt attempt;
		int row = store_row_one(store,
					db_query(store->db, SQL_NEXT_ATTEMPT, err, "i", number),
					&attempt, err);
		int stop;

		if (row <= 0)
			return row;
		number = attempt.number;
		stop = each(data, &attempt);
		attempt_release(&attempt);
		if (stop)
			return 0;
	}
}
