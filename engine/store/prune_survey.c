/* What there is to prune: sizes, uses, and what stands on what. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/store/prune_internal.h"

static int compare_digest(const void *digest, const void *blob)
{
	return strcmp(digest, ((const struct prune_blob *)blob)->digest);
}

static int compare_number(const void *number, const void *item)
{
	int64_t a = *(const int64_t *)number, b = ((const struct prune_item *)item)->number;

	return (a > b) - (a < b);
}

struct prune_item *survey_item(const struct survey *survey, int64_t number)
{
	return survey->count ? bsearch(&number, survey->items, survey->count, sizeof *survey->items,
				       compare_number)
			     : NULL;
}

struct prune_blob *survey_blob(const struct survey *survey, const char *digest)
{
	return survey->n_blobs ? bsearch(digest, survey->blobs, survey->n_blobs,
					 sizeof *survey->blobs, compare_digest)
			       : NULL;
}

/* The attempts whose layers are in the chains of a state. */
static void add_bases(struct prune_item *item, const struct state *state)
{
	for (int tree = 0; tree < TREE_COUNT; tree++) {
		const struct strv *chain = &state->chain[tree];

		for (size_t i = 0; i < chain->len; i++) {
			int64_t base = store_id_parse(chain->items[i], strlen(chain->items[i]));

			if (base != item->number)
				number_list_add(&item->bases, base);
		}
	}
}

void survey_need_bases(const struct survey *survey, const struct prune_item *item)
{
	for (size_t i = 0; i < item->bases.count; i++) {
		struct prune_item *base = survey_item(survey, item->bases.items[i]);

		if (base)
			base->needed = true;
	}
}

/* The artifacts that a state names. */
static void add_digests(struct survey *survey, struct prune_item *item, const struct state *state)
{
	for (size_t i = 0; i < state->artifacts.len; i++) {
		const char *digest = strrchr(state->artifacts.items[i], '=') + 1;
		struct prune_blob *blob = survey_blob(survey, digest);

		if (!blob)
			continue;
		strv_add(&item->digests, digest);
		blob->users++;
	}
}

/* The files do not change: their size is looked for once, if it is not known. */
static uint64_t size_of_attempt(struct store *store, const struct attempt *attempt)
{
	const char *id = attempt->id;

	if (attempt->bytes >= 0)
		return (uint64_t)attempt->bytes;
	return store_tree_bytes(store->layers_fd, id) +
	       store_file_bytes(store->logs_fd, store_name_of(id, ".log").text) +
	       store_file_bytes(store->logs_fd, store_name_of(id, ".times").text);
}

static int add_item(void *data, const struct attempt *attempt)
{
	struct survey *survey = data;
	struct prune_item *item;

	survey->items =
		mem_grow(survey->items, survey->count, &survey->capacity, sizeof *survey->items);
	item = &survey->items[survey->count++];
	*item = (struct prune_item){.number = attempt->number,
				    .bytes = size_of_attempt(survey->store, attempt),
				    .used_ms = store_used_ms(survey->store, attempt)};
	survey->bytes += item->bytes;
	add_bases(item, &attempt->before);
	add_bases(item, &attempt->after);
	add_digests(survey, item, &attempt->before);
	add_digests(survey, item, &attempt->after);
	return 0;
}

static int find_blobs(struct survey *survey, struct err *err)
{
	AUTO_STRV struct strv names = {0};

	if (store_list(survey->store->blobs_fd, &names, err) < 0)
		return -1;
	survey->blobs = mem_new((names.len + 1) * sizeof *survey->blobs);
	for (size_t i = 0; i < names.len; i++) {
		struct prune_blob *blob = &survey->blobs[survey->n_blobs];

		if (!sha256_is_hex(names.items[i]))
			continue;
		memcpy(blob->digest, names.items[i], sizeof blob->digest);
		blob->bytes = store_file_bytes(survey->store->blobs_fd, blob->digest);
		survey->bytes += blob->bytes;
		survey->n_blobs++;
	}
	return 0;
}

/* Who uses an attempt uses what it stands on. Children have the greater numbers, so one pass from
 * the end is enough. */
static void spread_uses(struct survey *survey)
{
	for (size_t i = survey->count; i > 0; i--) {
		const struct prune_item *item = &survey->items[i - 1];

		for (size_t k = 0; k < item->bases.count; k++) {
			struct prune_item *base = survey_item(survey, item->bases.items[k]);

			if (base && base->used_ms < item->used_ms)
				base->used_ms = item->used_ms;
		}
	}
}

/* The files of a squashed layer, whose size may be recorded. */
static uint64_t size_of_squash(struct store *store, sqlite3_stmt *stmt, const char *id)
{
	if (sqlite3_column_type(stmt, 3) == SQLITE_NULL)
		return store_tree_bytes(store->layers_fd, id);
	return (uint64_t)sqlite3_column_int64(stmt, 3);
}

/* A squashed layer goes with the first of the layers it stands for, which is the last in its chain. */
static int add_squashes(struct survey *survey, struct err *err)
{
	struct store *store = survey->store;
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_LIST_SQUASHES, err, "");
	int row;

	while ((row = db_step(store->db, stmt, err)) > 0) {
		const char *ids = db_text(stmt, 2), *blank = strrchr(ids, ' ');
		const char *last = blank ? blank + 1 : ids;
		struct prune_item *item = survey_item(survey, store_id_parse(last, strlen(last)));
		uint64_t bytes;
		char id[8];

		if (!item || !store_id_format(sqlite3_column_int64(stmt, 0), id))
			continue;
		bytes = size_of_squash(store, stmt, id);
		item->bytes += bytes;
		survey->bytes += bytes;
	}
	return row;
}

static int read_version(struct store *store, int64_t *ret_version, struct err *err)
{
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_DATA_VERSION, err, "");

	if (db_step(store->db, stmt, err) <= 0)
		return -1;
	*ret_version = sqlite3_column_int64(stmt, 0);
	return 0;
}

static int note_new(void *data, const struct attempt *attempt)
{
	const struct survey *survey = data;
	struct prune_item item = {.number = attempt->number};

	if (survey_item(survey, attempt->number))
		return 0;
	add_bases(&item, &attempt->before);
	add_bases(&item, &attempt->after);
	survey_need_bases(survey, &item);
	number_list_release(&item.bases);
	return 0;
}

int survey_update(struct survey *survey, struct err *err)
{
	int64_t version;

	if (read_version(survey->store, &version, err) < 0)
		return -1;
	if (version == survey->version)
		return 0;
	survey->version = version;
	return store_each_attempt(survey->store, note_new, survey, err);
}

int survey_make(struct survey *survey, struct store *store, struct err *err)
{
	*survey = (struct survey){.store = store};
	if (read_version(store, &survey->version, err) < 0 || find_blobs(survey, err) < 0 ||
	    store_each_attempt(store, add_item, survey, err) < 0 || add_squashes(survey, err) < 0)
		return -1;
	survey->bytes += store_index_bytes(store);
	spread_uses(survey);
	return 0;
}

void survey_release(struct survey *survey)
{
	for (size_t i = 0; i < survey->count; i++) {
		number_list_release(&survey->items[i].bases);
		strv_release(&survey->items[i].digests);
	}
	free(survey->items);
	free(survey->blobs);
}
