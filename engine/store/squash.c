#include "engine/store/squash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/merge.h"
#include "engine/store/store_internal.h"

enum {
	FAN_IN = 12,
	LEVELS = 2,
	BYTES_MAX = 512 << 20, /* that are written for one, where contents cannot be shared */
};

struct squash {
	enum tree tree;
	int level;
	struct strv ids;     /* the layers that it stands for */
	struct strv sources; /* what is merged: those below first, then these, both shortened */
	size_t n_below;
	struct attempt_draft draft;
};

/* How many layers one of this level stands for. */
static size_t span_of(int level)
{
	return level == 1 ? FAN_IN : FAN_IN * FAN_IN;
}

static void squash_free(struct squash *squash)
{
	strv_release(&squash->ids);
	strv_release(&squash->sources);
	free(squash);
}

/* True when the chain up to `end` ends with the ids, joined by spaces. */
static bool ends_with(const struct strv *chain, size_t end, const char *ids, size_t count)
{
	struct strv part = {.items = chain->items + (end - count), .len = count};
	AUTO_FREE char *joined = strv_join(&part, " ");

	return !strcmp(joined, ids);
}

static size_t count_ids(const char *ids)
{
	size_t count = 1;

	for (; *ids; ids++)
		count += *ids == ' ';
	return count;
}

/* The squashed layer that stands for the most of the layers below `end`: how many, and its id; or 0. */
static size_t find_longest(struct store *store, enum tree tree, const struct strv *chain,
			   size_t end, char ret_id[8])
{
	struct err ignored;
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_FIND_SQUASH, &ignored, "is",
						 (int64_t)tree, chain->items[end - 1]);

	while (db_step(store->db, stmt, &ignored) > 0) {
		const char *ids = db_text(stmt, 1);
		size_t count = count_ids(ids);

		if (count <= end && ends_with(chain, end, ids, count) &&
		    store_id_format(sqlite3_column_int64(stmt, 0), ret_id) &&
		    store_has_layer(store, ret_id, tree))
			return count;
	}
	return 0;
}

/* The same for a part of a chain, from its beginning; added to what ret_chain has. */
static void shorten(struct store *store, enum tree tree, const struct strv *chain, size_t begin,
		    size_t end, struct strv *ret_chain)
{
	struct strv part = {.items = chain->items + begin, .len = end - begin};
	AUTO_STRV struct strv reversed = {0};
	size_t left = part.len;

	while (left) {
		char id[8];
		size_t count = find_longest(store, tree, &part, left, id);

		strv_add(&reversed, count ? id : part.items[left - 1]);
		left -= count ? count : 1;
	}
	for (size_t i = reversed.len; i > 0; i--)
		strv_add(ret_chain, reversed.items[i - 1]);
}

void squash_shorten(struct store *store, enum tree tree, const struct strv *chain,
		    struct strv *ret_chain)
{
	if (chain->len > SQUASH_ABOVE)
		shorten(store, tree, chain, 0, chain->len, ret_chain);
	else
		strv_extend(ret_chain, chain);
}

/* Whether the layers that end with `last` were squashed, or found not to be worth it. */
static bool is_done(struct store *store, enum tree tree, int level, const char *last)
{
	struct err ignored;
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_HAS_SQUASH, &ignored, "isi",
						 (int64_t)tree, last, (int64_t)level);

	return db_step(store->db, stmt, &ignored) != 0;
}

/* The lowest part of the chain that is to be squashed: where it begins, or false. */
static bool find_part(struct store *store, enum tree tree, const struct strv *chain, int *ret_level,
		      size_t *ret_begin)
{
	for (int level = 1; level <= LEVELS; level++) {
		size_t span = span_of(level);

		for (size_t end = span; end <= chain->len; end += span) {
			if (is_done(store, tree, level, chain->items[end - 1]))
				continue;
			*ret_level = level;
			*ret_begin = end - span;
			return true;
		}
	}
	return false;
}

int squash_begin(struct store *store, enum tree tree, const struct strv *chain,
		 struct squash **ret_squash, struct err *err)
{
	struct err ignored;
	struct squash *squash;
	size_t begin;
	int level;

	if (chain->len <= SQUASH_ABOVE || !find_part(store, tree, chain, &level, &begin) ||
	    store_check_space(store, &ignored) < 0)
		return 0;
	squash = mem_new(sizeof *squash);
	squash->tree = tree;
	squash->level = level;
	for (size_t i = begin; i < begin + span_of(level); i++)
		strv_add(&squash->ids, chain->items[i]);
	shorten(store, tree, chain, 0, begin, &squash->sources);
	squash->n_below = squash->sources.len;
	shorten(store, tree, chain, begin, begin + span_of(level), &squash->sources);
	if (store_draft_begin(store, &squash->draft, err) < 0) {
		squash_free(squash);
		return -1;
	}
	*ret_squash = squash;
	return 1;
}

/* What a crash of the machine must not take: all that the row will say is there. */
static int bring_to_disk(int fd, struct err *err)
{
	if (syncfs(fd) == 0)
		return 0;
	return err_sys(err, "cannot bring a squashed layer to the disk");
}

int squash_work(const struct squash *squash, const char *layers_dir, const char *tmp_dir,
		struct err *err)
{
	const char *name = tree_name(squash->tree);
	AUTO_FREE char *target = mem_printf("%s/%s/layer/%s", tmp_dir, squash->draft.id, name);
	AUTO_STRV struct strv layers = {0};
	const struct merge_options options = {
		.layers = &layers, .n_below = squash->n_below, .bytes_max = BYTES_MAX};
	AUTO_CLOSE int fd = -1;

	for (size_t i = 0; i < squash->sources.len; i++)
		strv_add_fmt(&layers, "%s/%s/%s", layers_dir, squash->sources.items[i], name);
	if (mkdir(target, 0700) < 0)
		return err_sys(err, "cannot make %s", target);
	fd = open(target, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open %s", target);
	return merge_layers(&options, fd, err) < 0 ? -1 : bring_to_disk(fd, err);
}

/* The row, and the layer in its place; without `made` the row alone. */
static int record(struct store *store, const struct squash *squash, bool made, struct err *err)
{
	AUTO_FREE char *ids = strv_join(&squash->ids, " ");
	struct store_name layer = store_name_of(squash->draft.id, "/layer");

	if (made && (renameat(store->tmp_fd, layer.text, store->layers_fd, squash->draft.id) < 0 ||
		     fsync(store->layers_fd) < 0))
		return err_sys(err, "cannot keep the squashed layer %s", squash->draft.id);
	return db_run(store->db,
		      db_query(store->db, SQL_INSERT_SQUASH, err, "iiissi", squash->draft.number,
			       (int64_t)squash->tree, (int64_t)squash->level,
			       squash->ids.items[squash->ids.len - 1], ids, (int64_t)made),
		      err);
}

int squash_finish(struct store *store, struct squash *squash, const struct err *failure,
		  struct err *err)
{
	bool too_large = failure && failure->sys_errno == EFBIG;
	int result = 0;

	if (failure && !too_large)
		*err = *failure;
	if ((failure && !too_large) || record(store, squash, !failure, err) < 0)
		result = -1;
	/* Another process may have been faster: then there is no row, and the layer goes, too. */
	if (result < 0 || !store_row_exists(store, squash->draft.number)) {
		squash_discard(store, squash);
		return result;
	}
	store_draft_end(store, &squash->draft,
			store_remove_tree(store, store->tmp_fd, squash->draft.id) == 0);
	squash_free(squash);
	return 0;
}

void squash_discard(struct store *store, struct squash *squash)
{
	if (!squash)
		return;
	attempt_discard(store, &squash->draft);
	squash_free(squash);
}
