#include <stdlib.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

/* Sets the durability of the attempts, in one transaction. */
static int set_durable(struct store *store, const int64_t *numbers, size_t count, int64_t durable,
		       struct err *err)
{
	struct db *db = store->db;
	int result = db_begin(db, err);

	if (result < 0)
		return -1;
	for (size_t i = 0; i < count && !result; i++)
		result = db_run(db, db_query(db, SQL_SET_DURABLE, err, "ii", numbers[i], durable),
				err);
	return db_end(db, result, err);
}

/* Brings the files of the attempts to the disk, then the index, then says so there. A sync that
 * fails is not tried again, since the kernel may take for written what is not: the attempts are
 * marked as lost, are built anew, and go with the next start of the machine. */
static int sync_attempts(struct store *store, const int64_t *numbers, size_t count, struct err *err)
{
	struct err ignored;

	if (syncfs(store->fd) < 0) {
		err_sys(err,
			"cannot bring the store %s to the disk; its last %zu attempts will be "
			"built anew",
			store->path, count);
		set_durable(store, numbers, count, -1, &ignored);
		return -1;
	}
	if (db_checkpoint(store->db, err) < 0 ||
	    db_exec(store->db, "PRAGMA synchronous = FULL", err) < 0)
		return -1;
	return set_durable(store, numbers, count, 1, err);
}

int store_make_durable(const char *path, struct err *err)
{
	const struct store_options options = {0};
	AUTO_FREE int64_t *numbers = NULL;
	struct store *store;
	size_t count;
	int result;

	if (store_attach(path, &options, &store, err) < 0)
		return -1;
	result =
		db_numbers(store->db, db_query(store->db, SQL_LIST_VOLATILE, err, "s", store->boot),
			   &numbers, &count, err);
	if (!result && count)
		result = sync_attempts(store, numbers, count, err);
	if (!result)
		result = db_run(store->db, db_query(store->db, SQL_TRIM_FILES, err, ""), err);
	store_close(store);
	return result;
}

bool store_has_volatile(struct store *store)
{
	struct err ignored;
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_HAS_VOLATILE, &ignored, "");

	return db_step(store->db, stmt, &ignored) > 0;
}
