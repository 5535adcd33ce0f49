#include "engine/store/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/moment.h"
#include "engine/base/path.h"
#include "engine/store/prune_internal.h"

/* One prune. */
struct prune {
	struct store *store;
	const struct prune_options *options;
	struct survey survey;
	struct number_list chosen;
	struct prune_result result;
	int lock_fd; /* an open file of its own: what this very process uses stays, too */
};

/* Least recently used first; of those used at the same time the children first. */
static int compare_items(const void *a, const void *b)
{
	const struct prune_item *first = *(struct prune_item *const *)a;
	const struct prune_item *second = *(struct prune_item *const *)b;

	if (first->used_ms != second->used_ms)
		return first->used_ms < second->used_ms ? -1 : 1;
	return (first->number < second->number) - (first->number > second->number);
}

/* What it stands on stays with it: that comes later in the order. */
static void keep(struct prune *prune, const struct prune_item *item)
{
	survey_need_bases(&prune->survey, item);
	prune->result.in_use++;
}

static void choose(struct prune *prune, const struct prune_item *item)
{
	number_list_add(&prune->chosen, item->number);
	prune->result.attempts++;
	prune->result.freed_bytes += item->bytes;
	for (size_t i = 0; i < item->digests.len; i++) {
		struct prune_blob *blob = survey_blob(&prune->survey, item->digests.items[i]);

		if (--blob->users == 0)
			prune->result.freed_bytes += blob->bytes;
	}
}

/* Whether all is done when this one comes next. */
static bool is_enough(const struct prune *prune, const struct prune_item *item, int64_t now_ms)
{
	const struct prune_options *options = prune->options;
	uint64_t left = prune->survey.bytes - prune->result.freed_bytes;

	if (options->max_bytes == UINT64_MAX && !options->unused_ms && !options->free_bytes)
		return true;
	if (options->free_bytes && prune->result.freed_bytes >= options->free_bytes)
		return true;
	if (options->max_bytes != UINT64_MAX && left <= options->max_bytes)
		return true;
	return options->unused_ms && item->used_ms > now_ms - options->unused_ms;
}

/* Whether nobody uses one that would go. Who only asks locks nothing: a build would run the step again. */
static bool take_item(struct prune *prune, off_t place)
{
	if (prune->options->dry_run)
		return lock_range_is_free(prune->lock_fd, place, 1);
	return lock_range(prune->lock_fd, F_WRLCK, place, 1) == 0;
}

/* Takes a lock on one that is to go: nobody begins to use it from then on. But until then somebody may have
 * recorded what stands on it, and have ended. */
static bool may_go(struct prune *prune, const struct prune_item *item)
{
	off_t place = LOCK_USES + (off_t)item->number;
	struct err ignored;

	if (item->needed || !take_item(prune, place))
		return false;
	if (survey_update(&prune->survey, &ignored) == 0 && !item->needed)
		return true;
	lock_range(prune->lock_fd, F_UNLCK, place, 1);
	return false;
}

static void choose_all(struct prune *prune)
{
	struct survey *survey = &prune->survey;
	AUTO_FREE struct prune_item **order = mem_new((survey->count + 1) * sizeof(void *));
	int64_t now_ms = moment_unix_ms();

	for (size_t i = 0; i < survey->count; i++)
		order[i] = &survey->items[i];
	qsort(order, survey->count, sizeof *order, compare_items);
	for (size_t i = 0; i < survey->n_blobs; i++)
		prune->result.freed_bytes += survey->blobs[i].users ? 0 : survey->blobs[i].bytes;
	for (size_t i = 0; i < survey->count && !is_enough(prune, order[i], now_ms); i++) {
		if (may_go(prune, order[i]))
			choose(prune, order[i]);
		else
			keep(prune, order[i]);
	}
}

/* Locks the artifacts, unless somebody is making one, or waits to. */
static bool take_blobs(struct prune *prune)
{
	return lock_range_is_free(prune->lock_fd, LOCK_BLOBS_WANTED, 1) &&
	       lock_range(prune->lock_fd, F_WRLCK, LOCK_BLOBS, 1) == 0;
}

/* Removes an artifact unless an attempt refers to it, or a step in flight may do so soon. It is open meanwhile: what
 * takes its time is done when it is closed, and the lock is free. */
static bool drop_blob(struct prune *prune, const char *digest)
{
	struct store *store = prune->store;
	AUTO_CLOSE int fd = path_open_beneath(store->blobs_fd, digest, O_RDONLY, 0);
	struct err ignored;
	bool dropped = false;

	if (fd < 0)
		return false;
	if (!take_blobs(prune)) {
		prune->result.passed_over++;
		return false;
	}
	if (!store_blob_is_used(store, digest, &ignored))
		dropped = unlinkat(store->blobs_fd, digest, 0) == 0;
	lock_range(prune->lock_fd, F_UNLCK, LOCK_BLOBS, 1);
	return dropped;
}

/* Goes through the artifacts that nothing refers to. One that stays is no longer counted as gone. */
static void drop_blobs(struct prune *prune)
{
	for (size_t i = 0; i < prune->survey.n_blobs; i++) {
		const struct prune_blob *blob = &prune->survey.blobs[i];

		if (blob->users)
			continue;
		if (prune->options->dry_run || drop_blob(prune, blob->digest))
			prune->result.artifacts++;
		else
			prune->result.freed_bytes -= blob->bytes;
	}
}

/* The rows first, in one transaction: then nobody finds the files any more, and a start removes
 * those that a kill has left. */
static int remove_chosen(struct prune *prune, struct err *err)
{
	int removed;

	if (!prune->chosen.count)
		return 0;
	if (store_doom(prune->store, prune->chosen.items, prune->chosen.count, &removed, err) < 0)
		return -1;
	prune->result.attempts = removed;
	return prune->options->leave_files ? 0 : store_purge_doomed(prune->store, err);
}

static int run(struct prune *prune, struct err *err)
{
	if (store_lock_prune(prune->store, F_WRLCK, &prune->lock_fd, err) < 0 ||
	    survey_make(&prune->survey, prune->store, err) < 0)
		return -1;
	choose_all(prune);
	if (!prune->options->dry_run && remove_chosen(prune, err) < 0)
		return -1;
	drop_blobs(prune);
	prune->result.left_bytes = prune->survey.bytes - prune->result.freed_bytes;
	return 0;
}

int store_prune(struct store *store, const struct prune_options *options,
		struct prune_result *ret_result, struct err *err)
{
	struct prune prune = {.store = store, .options = options, .lock_fd = -1};
	int result = run(&prune, err);

	survey_release(&prune.survey);
	number_list_release(&prune.chosen);
	fd_close(&prune.lock_fd);
	if (result == 0)
		*ret_result = prune.result;
	return result;
}

int store_known_bytes(struct store *store, uint64_t *ret_bytes, struct err *err)
{
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_KNOWN_BYTES, err, "");
	int row = db_step(store->db, stmt, err);

	if (row <= 0)
		return row < 0 ? -1 : err_set(err, ERR_FAULT, "the size of the store is not known");
	*ret_bytes = (uint64_t)sqlite3_column_int64(stmt, 0) +
		     store_tree_bytes(store->fd, "blobs") + store_index_bytes(store);
	return 0;
}

int prune_left_files(struct store *store, struct strv *ret_ids, struct err *err)
{
	AUTO_FREE int64_t *numbers = NULL;
	size_t count;
	char id[8];

	if (store_list_doomed(store, &numbers, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (store_id_format(numbers[i], id))
			strv_add(ret_ids, id);
	}
	return 0;
}
