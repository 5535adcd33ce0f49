#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/store_internal.h"

/* Marks a number: its row is to go now, its files later; and it is not given out again. */
static int doom_number(struct store *store, int64_t number, struct err *err)
{
	struct db *db = store->db;
	char id[8];

	if (store_id_format(number, id) &&
	    db_run(db, db_query(db, SQL_RAISE_NUMBER, err, "i", number), err) < 0)
		return -1;
	return db_run(db, db_query(db, SQL_DOOM, err, "i", number), err);
}

/* 1 when a layer of the chain is of a doomed attempt, 0 when none is, -1 on failure. */
static int stands_on_doomed(struct store *store, const char *chain, struct err *err)
{
	int found = 0;

	while (*chain && !found) {
		size_t length = strcspn(chain, " ");
		sqlite3_stmt *stmt =
			db_query(store->db, SQL_IS_DOOMED, err, "i", store_id_parse(chain, length));

		found = db_step(store->db, stmt, err);
		db_reset(&stmt);
		chain += length + (chain[length] == ' ');
	}
	return found;
}

/* Dooms what stands on the layers of doomed attempts. One pass is enough: an attempt is begun
 * after those it stands on were recorded, so its number is greater. */
static int doom_children(struct store *store, struct err *err)
{
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_LIST_CHAINS, err, "");
	int row;

	while ((row = db_step(store->db, stmt, err)) > 0) {
		int found = 0;

		for (int column = 1; column <= 2 * TREE_COUNT && !found; column++)
			found = stands_on_doomed(store, db_text(stmt, column), err);
		if (found < 0 ||
		    (found && doom_number(store, sqlite3_column_int64(stmt, 0), err) < 0))
			return -1;
	}
	return row;
}

/* What store_doom() does within its transaction. */
static int doom_all(struct store *store, const int64_t *numbers, size_t count, int *ret_removed,
		    struct err *err)
{
	struct db *db = store->db;

	for (size_t i = 0; i < count; i++) {
		if (doom_number(store, numbers[i], err) < 0)
			return -1;
	}
	if (doom_children(store, err) < 0 ||
	    db_run(db, db_query(db, SQL_DELETE_DOOMED, err, ""), err) < 0)
		return -1;
	*ret_removed = sqlite3_changes(db->handle);
	return db_run(db, db_query(db, SQL_DELETE_DOOMED_SQUASHES, err, ""), err);
}

/* The transaction; once more with the reserved space when the disk is full. */
static int doom_at_once(struct store *store, const int64_t *numbers, size_t count, int *ret_removed,
			struct err *err)
{
	int result;

	do {
		if (db_begin(store->db, err) < 0)
			return -1;
		result = doom_all(store, numbers, count, ret_removed, err);
		result = db_end(store->db, result, err);
	} while (result < 0 && store_give_up_reserve(store, err));
	return result;
}

/* The files go next. A crash of the machine must not leave them gone and the rows there: so this waits for the
 * disk. */
int store_doom(struct store *store, const int64_t *numbers, size_t count, int *ret_removed,
	       struct err *err)
{
	struct err ignored;
	int result;

	if (db_sync_commits(store->db, true, err) < 0)
		return -1;
	result = doom_at_once(store, numbers, count, ret_removed, err);
	db_sync_commits(store->db, false, &ignored);
	return result;
}

int store_blob_is_used(struct store *store, const char *digest, struct err *err)
{
	sqlite3_stmt *stmt = db_query(store->db, SQL_FIND_BLOB, err, "s", digest);
	int row = db_step(store->db, stmt, err);

	db_reset(&stmt);
	return row;
}

void store_drop_blobs(struct store *store, void (*report)(void *data, const char *digest),
		      void *data)
{
	AUTO_STRV struct strv names = {0};
	struct err ignored;

	if (store_list(store->blobs_fd, &names, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.len; i++) {
		const char *digest = names.items[i];

		if (store_blob_is_used(store, digest, &ignored) != 0 || !sha256_is_hex(digest) ||
		    unlinkat(store->blobs_fd, digest, 0) < 0)
			continue;
		if (report)
			report(data, digest);
	}
}

static bool has_attempt(struct store *store, int64_t number)
{
	struct err ignored;
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_GET_ATTEMPT, &ignored, "i", number);

	return db_step(store->db, stmt, &ignored) != 0;
}

int store_remove_attempt(struct store *store, int64_t number, int *ret_removed, struct err *err)
{
	struct err ignored;
	int result;

	if (store_lock_alone(store, err) < 0)
		return -1;
	if (has_attempt(store, number))
		result = store_doom(store, &number, 1, ret_removed, err);
	else
		result = err_set(err, ERR_NOT_FOUND, "there is no attempt %lld in the store %s",
				 (long long)number, store->path);
	if (!result)
		store_drop_blobs(store, NULL, NULL);
	store_unlock_alone(store);
	/* The rows are gone, so nobody finds the files any more; what stays goes later. */
	if (!result)
		store_purge_doomed(store, &ignored);
	return result;
}

/* Removes everything in a directory whose owner may be another. */
static int empty_part(struct store *store, int fd, const char *part, struct err *err)
{
	AUTO_STRV struct strv names = {0};

	if (store_list(fd, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		if (store_remove_tree(store, fd, names.items[i]) < 0)
			return err_set(err, ERR_HOST,
				       "%s/%s/%s cannot be removed; it may belong to other users",
				       store->path, part, names.items[i]);
	}
	return 0;
}

/* Removes all a store has. The version and the index go first: what remains if this is cut short
 * is a store not made yet, whose orphans the next start removes. The lock goes last: who comes next makes a new one. */
static int remove_parts(struct store *store, struct err *err)
{
	static const char *const parts[] = {
		"version", "store.db", "store.db-wal", "store.db-shm", "layers",
		"tmp",	   "logs",     "blobs",	       "artifacts",    "caches",
		"aside",   "reserved", "version.part", "lock",
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if ((!strcmp(parts[i], "layers") &&
		     empty_part(store, store->layers_fd, parts[i], err) < 0) ||
		    (!strcmp(parts[i], "tmp") &&
		     empty_part(store, store->tmp_fd, parts[i], err) < 0))
			return -1;
		if (path_remove_tree(store->fd, parts[i], err) < 0)
			return err_in(err, "%s", store->path);
	}
	return 0;
}

/* Removes the emptied directory; one that is a mount point stays, and so does one that is a store again already. */
static int remove_directory(struct store *store, struct err *err)
{
	AUTO_STRV struct strv names = {0};
	AUTO_FREE char *shown = NULL;

	if (rmdir(store->path) == 0 || errno == EBUSY)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return err_sys(err, "the store %s is empty now, but cannot be removed",
			       store->path);
	if (faccessat(store->fd, "lock", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (store_list(store->fd, &names, err) < 0)
		return -1;
	shown = buf_shown(names.len ? names.items[0] : "something");
	return err_set(err, ERR_HOST,
		       "the store %s is removed, but its directory has %s, which is not the "
		       "store's, and stays",
		       store->path, shown);
}

int store_remove_all(struct store *store, struct err *err)
{
	int result = store_lock_alone(store, err);

	if (!result) {
		db_refuse(store->db, "the store is being removed");
		result = remove_parts(store, err);
		if (!result)
			result = remove_directory(store, err);
	}
	store_close(store);
	return result;
}
