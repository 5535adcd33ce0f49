#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

struct store_batch {
	int64_t *numbers;
	size_t count;
};

int store_batch_new(struct store *store, struct store_batch **ret_batch, struct err *err)
{
	struct store_batch *batch = mem_new(sizeof *batch);

	if (db_numbers(store->db, db_query(store->db, SQL_LIST_VOLATILE, err, "s", store->boot),
		       &batch->numbers, &batch->count, err) < 0) {
		free(batch);
		return -1;
	}
	*ret_batch = batch;
	return 0;
}

void store_batch_free(struct store_batch *batch)
{
	if (batch)
		free(batch->numbers);
	free(batch);
}

bool store_batch_has(const struct store_batch *batch, int64_t number)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->numbers[i] == number)
			return true;
	}
	return false;
}

int store_sync_files(int store_fd, struct err *err)
{
	if (syncfs(store_fd) == 0)
		return 0;
	return err_sys(err, "cannot bring its last attempts to the disk");
}

/* Sets the durability of the attempts, in one transaction. */
static int set_durable(struct store *store, const struct store_batch *batch, int64_t durable,
		       struct err *err)
{
	struct db *db = store->db;
	int result = db_begin(db, err);

	if (result < 0)
		return -1;
	for (size_t i = 0; i < batch->count && !result; i++)
		result = db_run(
			db, db_query(db, SQL_SET_DURABLE, err, "ii", batch->numbers[i], durable),
			err);
	return db_end(db, result, err);
}

/* A sync that failed is not tried again, since the kernel may take for written what is not: the
 * attempts are marked as lost, are built anew, and go with the next start of the machine. */
int store_batch_finish(struct store *store, const struct store_batch *batch, bool synced,
		       struct err *err)
{
	int result;

	if (!synced)
		return set_durable(store, batch, -1, err);
	if (db_checkpoint(store->db, err) < 0 || db_sync_commits(store->db, true, err) < 0)
		return -1;
	result = set_durable(store, batch, 1, err);
	if (!result)
		result = db_run(store->db, db_query(store->db, SQL_TRIM_FILES, err, ""), err);
	if (db_sync_commits(store->db, false, err) < 0)
		return -1;
	return result;
}

static bool has_row(sqlite3_stmt *stmt, struct db *db)
{
	struct err ignored;
	bool found = db_step(db, stmt, &ignored) > 0;

	if (stmt)
		db_reset(&stmt);
	return found;
}

bool store_stands_on_lost(struct store *store, const struct state *state)
{
	struct db *db = store->db;
	struct err ignored;

	if (!has_row(db_query(db, SQL_HAS_LOST, &ignored, ""), db))
		return false;
	for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
		const struct strv *chain = &state->chain[tree];

		for (size_t i = 0; i < chain->len; i++) {
			const char *id = chain->items[i];

			if (has_row(db_query(db, SQL_IS_LOST, &ignored, "i",
					     store_id_parse(id, strlen(id))),
				    db))
				return true;
		}
	}
	return false;
}

int store_make_durable(const char *path, struct err *err)
{
	const struct store_options options = {0};
	struct store_batch *batch;
	struct store *store;
	struct err ignored;
	int result;

	if (store_attach(path, &options, &store, err) < 0)
		return -1;
	result = store_batch_new(store, &batch, err);
	if (!result) {
		result = batch->count ? store_sync_files(store->fd, err) : 0;
		if (result < 0)
			store_batch_finish(store, batch, false, &ignored);
		else
			result = store_batch_finish(store, batch, true, err);
		store_batch_free(batch);
	}
	store_close(store);
	return result;
}

bool store_has_volatile(struct store *store)
{
	struct err ignored;
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_HAS_VOLATILE, &ignored, "");

	return db_step(store->db, stmt, &ignored) != 0;
}
