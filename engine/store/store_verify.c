#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/process/id_map.h"
#include "engine/store/store_verify_internal.h"

/* Hands a line over, safe to show. */
static void send_line(struct verify *verify, const char *line)
{
	AUTO_FREE char *shown = buf_shown(line);

	if (verify->report)
		verify->report(verify->data, shown);
}

void verify_tell(struct verify *verify, const char *fmt, ...)
{
	char line[ERR_TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	send_line(verify, line);
}

void verify_find(struct verify *verify, const char *remedy, const char *fmt, ...)
{
	char line[ERR_TEXT_SIZE + 64];
	size_t length;
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, ERR_TEXT_SIZE, fmt, args);
	va_end(args);
	length = strlen(line);
	if (verify->repair)
		snprintf(line + length, sizeof line - length, ": %s", remedy);
	verify->findings++;
	send_line(verify, line);
}

bool verify_unreadable(struct verify *verify, int number, const char *fmt, ...)
{
	static const int passing[] = {
		EIO, EREMOTEIO, ESTALE, ETIMEDOUT, EACCES, EPERM, ENOMEM, EMFILE, ENFILE,
	};
	char what[ERR_TEXT_SIZE / 2];
	va_list args;
	size_t i = 0;

	while (i < ARRAY_SIZE(passing) && passing[i] != number)
		i++;
	if (i == ARRAY_SIZE(passing))
		return false;
	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	if (!strv_contains(&verify->unread, what)) {
		strv_add(&verify->unread, what);
		verify_find(verify, "left as it is", "%s cannot be read now (%s)", what,
			    strerror(number));
	}
	return true;
}

/* Begins a new index; the old one is kept for who wants to look at it. */
static int renew_index(struct store *store, struct err *err)
{
	static const char *const files[] = {"store.db", "store.db-wal", "store.db-shm"};

	db_refuse(store->db, "the database is being repaired");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (store_set_aside(store, files[i], err) < 0)
			return -1;
	}
	return db_open(store->db, true, err) < 0 ? -1 : db_checkpoint(store->db, err);
}

/* Looks at the version; repair writes it anew. 1: go on, 0: nothing else can be compared. */
static int verify_version(struct verify *verify, struct err *err)
{
	struct store *store = verify->store;
	int version;

	if (store_version_read(store->fd, store->path, &version, err) == 0 && version)
		return 1;
	verify_find(verify, "written anew", "version: not a number");
	if (!verify->repair)
		return 0;
	if (store_version_write(store, err) < 0)
		return -1;
	/* The index was not opened while the version was unknown. */
	if (!store->db->handle && db_open(store->db, false, err) < 0 && !store->db->damaged)
		return -1;
	return 1;
}

/* Looks at the database itself. As above. */
static int verify_database(struct verify *verify, struct err *err)
{
	AUTO_FREE char *why = NULL;
	int whole = db_check(verify->store->db, &why, err);

	if (whole)
		return whole;
	verify_find(verify, "set aside, and a new one begun", "store.db: %s", why);
	if (!verify->repair)
		return 0;
	return renew_index(verify->store, err) < 0 ? -1 : 1;
}

/* Looks at which ids the files of the layers are of. They are those of the person who owns the store, now as then: so
 * who builds next may record them anew. */
static int verify_id_map(struct verify *verify, struct err *err)
{
	struct db *db = verify->store->db;
	AUTO_RESET sqlite3_stmt *stmt = db_query(db, SQL_GET_META, err, "s", "id_map");
	int row = db_step(db, stmt, err);

	if (row <= 0 || id_map_is_description(db_text(stmt, 0)))
		return row < 0 ? -1 : 0;
	verify_find(
		verify, "taken out; the next build records them anew",
		"store.db: the user ids that the store was made with are \"%.200s\", which is no "
		"map of ids",
		db_text(stmt, 0));
	db_reset(&stmt);
	if (!verify->repair)
		return 0;
	return db_run(db, db_query(db, SQL_DELETE_META, err, "s", "id_map"), err);
}

static void report_blob(void *data, const char *digest)
{
	verify_tell(data, "blobs/%s: no attempt refers to it: removed", digest);
}

/* Removes what was found not to be whole, with what stands on it. */
static int repair_index(struct verify *verify, struct err *err)
{
	struct store *store = verify->store;
	struct number_list *doomed = &verify->doomed;
	AUTO_BUF struct buf count = BUF_INIT;
	int removed;

	if (store_doom(store, doomed->items, doomed->count, &removed, err) < 0)
		return -1;
	buf_add_count(&count, (uint64_t)removed, "attempt");
	if (removed)
		verify_tell(verify, "%s removed, with those that stand on them", count.data);
	store_drop_blobs(store, report_blob, verify);
	return store_purge_doomed(store, err);
}

/* What opening the store has mended already. */
static void find_mended(struct verify *verify)
{
	struct strv *mended = &verify->store->mended;

	for (size_t i = 0; i < mended->len; i++)
		send_line(verify, mended->items[i]);
	verify->findings += (int)mended->len;
	strv_clear(mended);
}

/* Does what store_verify() does once the locks are held. */
static int compare(struct verify *verify, struct err *err)
{
	int go_on;

	find_mended(verify);
	go_on = verify_version(verify, err);

	if (go_on > 0)
		go_on = verify_database(verify, err);
	if (go_on <= 0)
		return go_on;
	if (verify_id_map(verify, err) < 0 || verify_rows(verify, err) < 0 ||
	    verify_sums(verify, err) < 0 || verify_disk(verify, err) < 0)
		return -1;
	return verify->repair ? repair_index(verify, err) : 0;
}

/* Nobody else changes what is compared: a repair is alone with the store, and without one nobody prunes meanwhile. */
static int lock_and_compare(struct verify *verify, struct err *err)
{
	AUTO_CLOSE int prune_fd = -1;
	int result;

	if (!verify->repair)
		return store_lock_prune(verify->store, F_RDLCK, &prune_fd, err) < 0
			       ? -1
			       : compare(verify, err);
	if (store_lock_alone(verify->store, err) < 0)
		return -1;
	result = compare(verify, err);
	store_unlock_alone(verify->store);
	return result;
}

int store_verify(struct store *store, bool repair, void (*report)(void *data, const char *line),
		 void *data, int *ret_findings, struct err *err)
{
	struct verify verify = {.store = store, .repair = repair, .report = report, .data = data};
	int result = lock_and_compare(&verify, err);

	number_list_release(&verify.doomed);
	strv_release(&verify.sound_blobs);
	strv_release(&verify.bad_blobs);
	strv_release(&verify.unread);
	if (result < 0)
		return err_in(err, "cannot verify the store %s", store->path);
	*ret_findings = verify.findings;
	return 0;
}
