#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

/* The number of the attempt a file name is about: what is before its first dot; or -1. */
static int64_t number_of(const char *name)
{
	return store_id_parse(name, strcspn(name, "."));
}

/* The lock of a draft that something is left of, or -1. Where it is missing it is made: else the owner could make it,
 * and all the rest, while we remove. */
static int lock_left(struct store *store, const char *left, const char *lock_name)
{
	int fd = lock_file_try(store->tmp_fd, lock_name);

	if (fd >= 0 || errno != ENOENT || !strcmp(left, lock_name))
		return fd;
	return lock_file_try_making(store->tmp_fd, lock_name);
}

/* Removes what is left of an attempt whose process is gone: all of it, or, when it was
 * recorded, only what is in tmp/. The lock goes last: it is what makes a later start try again. */
static void purge_draft(struct store *store, int64_t number, const char *left)
{
	AUTO_CLOSE int fd = -1;
	struct store_name lock;
	char id[8];

	if (!store_id_format(number, id))
		return;
	lock = store_name_of(id, ".lock");
	fd = lock_left(store, left, lock.text);
	if (fd < 0)
		return;
	if (store_row_exists(store, number) ? store_remove_tree(store, store->tmp_fd, id) == 0
					    : store_drop_files(store, id) == 0)
		unlinkat(store->tmp_fd, lock.text, 0);
}

/* Removes the temporary file of a blob, unless somebody still writes it. */
static void purge_blob(struct store *store, const char *name)
{
	AUTO_CLOSE int fd = lock_file_try(store->tmp_fd, name);

	if (fd >= 0)
		unlinkat(store->tmp_fd, name, 0);
}

void store_purge_tmp(struct store *store)
{
	AUTO_STRV struct strv names = {0};
	struct err ignored;

	if (store_list(store->tmp_fd, &names, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.len; i++) {
		const char *name = names.items[i];
		int64_t number = number_of(name);

		if (number > 0)
			purge_draft(store, number, name);
		else
			purge_blob(store, name);
	}
}

int store_list_doomed(struct store *store, int64_t **ret_numbers, size_t *ret_count,
		      struct err *err)
{
	return db_numbers(store->db, db_query(store->db, SQL_LIST_DOOMED, err, ""), ret_numbers,
			  ret_count, err);
}

int store_purge_doomed(struct store *store, struct err *err)
{
	AUTO_FREE int64_t *numbers = NULL;
	size_t count;
	char id[8];

	if (store_list_doomed(store, &numbers, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (store_id_format(numbers[i], id) && store_drop_files(store, id) < 0)
			continue;
		if (db_run(store->db, db_query(store->db, SQL_UNDOOM, err, "i", numbers[i]), err) <
		    0)
			return -1;
	}
	return 0;
}

/* Adds the numbers of files in a directory that have no row and are not in flight. */
static int find_orphans(struct store *store, int dir_fd, struct number_list *list, struct err *err)
{
	AUTO_STRV struct strv names = {0};
	char id[8];

	if (store_list(dir_fd, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		int64_t number = number_of(names.items[i]);

		/* In this order: a commit makes the row before it ends the lock. */
		if (store_id_format(number, id) && !store_in_flight(store, id) &&
		    !store_row_exists(store, number))
			number_list_add(list, number);
	}
	return 0;
}

/* Adds the attempts of an earlier run of the machine that are not on the disk for sure. */
static int find_lost(struct store *store, struct number_list *list, struct err *err)
{
	AUTO_FREE int64_t *numbers = NULL;
	size_t count;

	if (db_numbers(store->db, db_query(store->db, SQL_LIST_OTHER_BOOT, err, "s", store->boot),
		       &numbers, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		number_list_add(list, numbers[i]);
	return 0;
}

/* 1 when the machine was started anew since this was last asked, 0 when not, -1 on failure. */
static int see_boot(struct store *store, struct err *err)
{
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_GET_META, err, "s", "boot");
	int row = db_step(store->db, stmt, err);

	return row < 0 ? -1 : strcmp(row ? db_text(stmt, 0) : "", store->boot) != 0;
}

/* After a crash of the machine rows may be lost whose files are there: so all are looked at. */
static int purge_after_crash(struct store *store, struct err *err)
{
	AUTO_NUMBERS struct number_list list = {0};
	int other = see_boot(store, err), removed;

	if (other <= 0)
		return other;
	if (find_lost(store, &list, err) < 0 ||
	    find_orphans(store, store->layers_fd, &list, err) < 0 ||
	    find_orphans(store, store->logs_fd, &list, err) < 0)
		return -1;
	if (list.count && store_doom(store, list.items, list.count, &removed, err) < 0)
		return -1;
	return db_run(store->db, db_query(store->db, SQL_SET_META, err, "ss", "boot", store->boot),
		      err);
}

int store_purge(struct store *store, struct err *err)
{
	int result = purge_after_crash(store, err);

	if (!result)
		result = store_purge_doomed(store, err);
	/* A full disk does not keep the store from being opened: what was to be written is
	 * written by the next start. */
	if (result < 0 && err->sys_errno != ENOSPC)
		return -1;
	store_purge_tmp(store);
	return 0;
}
