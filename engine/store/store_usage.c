#include <fcntl.h>
#include <sys/stat.h>

#include "engine/store/store_internal.h"
#include "engine/store/tree_scan.h"

uint64_t store_file_bytes(int dir_fd, const char *name)
{
	struct stat status;

	return fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ? 0
								       : tree_scan_bytes(&status);
}

static bool add_bytes(void *data, const struct tree_scan *scan, const char *name,
		      const struct stat *status)
{
	uint64_t *total = data;

	(void)scan;
	(void)name;
	*total += tree_scan_bytes(status);
	return true;
}

uint64_t store_tree_bytes(int dir_fd, const char *name)
{
	uint64_t total = 0;

	tree_scan(dir_fd, name, add_bytes, &total);
	return total;
}

uint64_t store_index_bytes(struct store *store)
{
	return store_file_bytes(store->fd, "store.db") +
	       store_file_bytes(store->fd, "store.db-wal") +
	       store_file_bytes(store->fd, "store.db-shm");
}

int store_usage(struct store *store, struct store_usage *ret_usage, struct err *err)
{
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_COUNT_ATTEMPTS, err, "");
	struct store_usage usage = {0};
	int row = db_step(store->db, stmt, err);

	if (row <= 0)
		return row < 0 ? -1 : err_set(err, ERR_FAULT, "the attempts cannot be counted");
	usage.attempts = sqlite3_column_int64(stmt, 0);
	usage.layers = sqlite3_column_int64(stmt, 1);
	usage.failed = sqlite3_column_int64(stmt, 2);
	usage.squashed = sqlite3_column_int64(stmt, 3);
	db_reset(&stmt);
	usage.layers_bytes = store_tree_bytes(store->fd, "layers");
	usage.logs_bytes = store_tree_bytes(store->fd, "logs");
	usage.blobs_bytes = store_tree_bytes(store->fd, "blobs");
	usage.database_bytes = store_index_bytes(store);
	*ret_usage = usage;
	return 0;
}
