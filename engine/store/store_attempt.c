#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/store_internal.h"

/* Takes the next number; they are never used twice. */
static int take_number(struct store *store, int64_t *ret_number, struct err *err)
{
	sqlite3_stmt *stmt = db_query(store->db, SQL_NEXT_NUMBER, err, "");
	int row = db_step(store->db, stmt, err);
	int64_t number;

	if (row <= 0) {
		db_reset(&stmt);
		return row < 0 ? -1
			       : err_set(err, ERR_FAULT,
					 "the store %s has lost count of its attempts; `contractor "
					 "store verify --repair` helps",
					 store->path);
	}
	number = sqlite3_column_int64(stmt, 0);
	if (db_run(store->db, stmt, err) < 0)
		return -1;
	*ret_number = number;
	return 0;
}

/* Makes a directory that belongs to the layers' owner. */
static int make_layer_dir(struct store *store, const char *name, struct err *err)
{
	const struct store_options *options = &store->options;

	if (mkdirat(store->tmp_fd, name, 0700) == 0 &&
	    (geteuid() != 0 || fchownat(store->tmp_fd, name, options->layer_uid, options->layer_gid,
					AT_SYMLINK_NOFOLLOW) == 0))
		return 0;
	return err_sys(err, "cannot make %s/tmp/%s", store->path, name);
}

/* Makes the lock of the draft, which tells everybody else to leave its files alone. */
static int make_lock(struct store *store, struct attempt_draft *draft, struct err *err)
{
	struct store_name name = store_name_of(draft->id, ".lock");

	draft->lock_fd = lock_file_take(store->tmp_fd, name.text, err);
	if (draft->lock_fd < 0)
		return -1;
	store_hold(store, name.text, draft->lock_fd);
	if (dprintf(draft->lock_fd, "%d\n", (int)getpid()) < 0)
		return err_sys(err, "cannot write %s/tmp/%s", store->path, name.text);
	return 0;
}

/* Makes all files of a draft; what was made is in the draft also on failure. */
static int make_draft(struct store *store, struct attempt_draft *draft, struct err *err)
{
	struct store_name layer = store_name_of(draft->id, "/layer");

	if (make_lock(store, draft, err) < 0 || make_layer_dir(store, draft->id, err) < 0)
		return -1;
	return make_layer_dir(store, layer.text, err);
}

int store_draft_begin(struct store *store, struct attempt_draft *ret_draft, struct err *err)
{
	struct attempt_draft draft = {.lock_fd = -1};

	if (take_number(store, &draft.number, err) < 0)
		return -1;
	if (!store_id_format(draft.number, draft.id))
		return err_set(err, ERR_HOST,
			       "the store %s has used up its numbers; use another with --store",
			       store->path);
	memcpy(draft.dir, draft.id, sizeof draft.id);
	if (make_draft(store, &draft, err) < 0) {
		attempt_discard(store, &draft);
		return -1;
	}
	*ret_draft = draft;
	return 0;
}

int attempt_begin(struct store *store, int columns, int rows, struct attempt_draft *ret_draft,
		  struct err *err)
{
	struct attempt_draft draft;

	if (store_check_space(store, err) < 0)
		return -1;
	if (store_draft_begin(store, &draft, err) < 0)
		return err_in(err, "cannot begin an attempt");
	if (recording_create(store->logs_fd, draft.id, columns, rows, &draft.recording, err) < 0) {
		attempt_discard(store, &draft);
		return err_in(err, "cannot begin an attempt");
	}
	*ret_draft = draft;
	return 0;
}

void store_draft_end(struct store *store, struct attempt_draft *draft, bool is_clean)
{
	struct store_name lock = store_name_of(draft->id, ".lock");

	if (is_clean)
		unlinkat(store->tmp_fd, lock.text, 0);
	store_let_go(store, lock.text);
	*draft = (struct attempt_draft){.lock_fd = -1};
}

void attempt_discard(struct store *store, struct attempt_draft *draft)
{
	struct err ignored;

	if (!draft->id[0])
		return;
	if (draft->recording)
		recording_close(draft->recording, &ignored);
	draft->recording = NULL;
	store_draft_end(store, draft, store_drop_files(store, draft->id) == 0);
}

/* Takes a directory out of the layer; returns whether it is gone. An empty one goes at once,
 * another is put where all that is left of the draft will go. */
static bool drop_part(struct store *store, int draft_fd, const char *name)
{
	AUTO_CLOSE int layer_fd = -1;
	char part[32];

	snprintf(part, sizeof part, "layer/%s", name);
	if (unlinkat(draft_fd, part, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return true;
	if (renameat(draft_fd, part, draft_fd, name) == 0)
		return true;
	layer_fd = path_open_beneath(draft_fd, "layer", O_RDONLY | O_DIRECTORY, 0);
	return layer_fd >= 0 && store_remove_tree(store, layer_fd, name) == 0;
}

/* Whether the step's /tmp is kept: that of an attempt that did not pass, with something in it. */
static bool keeps_tmp(int draft_fd, const struct attempt *attempt)
{
	if (attempt->result == ATTEMPT_PASSED)
		return false;
	return unlinkat(draft_fd, "layer/tmp", AT_REMOVEDIR) < 0 && errno != ENOENT;
}

/* Leaves in the layer what the attempt says is there, and checks that it is. */
static int trim_layer(struct store *store, int draft_fd, struct attempt *attempt, struct err *err)
{
	for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
		const char *name = tree_name(tree);
		char part[32];

		snprintf(part, sizeof part, "layer/%s", name);
		if (!attempt->has_layer[tree] ? !drop_part(store, draft_fd, name)
					      : faccessat(draft_fd, part, F_OK, 0) < 0)
			return err_sys(err, "the layer of attempt %s has a wrong %s", attempt->id,
				       name);
	}
	attempt->has_tmp = keeps_tmp(draft_fd, attempt);
	if (!attempt->has_tmp && !drop_part(store, draft_fd, "tmp"))
		return err_sys(err, "the layer of attempt %s has a tmp that cannot be removed",
			       attempt->id);
	return 0;
}

/* Moves the layer to its place, if there is anything in it. */
static int keep_layer(struct store *store, struct attempt *attempt, struct err *err)
{
	AUTO_CLOSE int draft_fd =
		path_open_beneath(store->tmp_fd, attempt->id, O_RDONLY | O_DIRECTORY, 0);

	if (draft_fd < 0)
		return err_sys(err, "cannot open %s/tmp/%s", store->path, attempt->id);
	if (trim_layer(store, draft_fd, attempt, err) < 0)
		return -1;
	if (!attempt->has_layer[TREE_SYSTREE] && !attempt->has_layer[TREE_WORKSPACE] &&
	    !attempt->has_tmp)
		return 0;
	if (renameat(draft_fd, "layer", store->layers_fd, attempt->id) < 0)
		return err_sys(err, "cannot keep the layer of attempt %s", attempt->id);
	return 0;
}

/* Fails when a chain names what cannot be a layer. */
static int check_chains(const struct attempt *attempt, struct err *err)
{
	const struct state *const states[] = {&attempt->before, &attempt->after};

	for (size_t i = 0; i < ARRAY_SIZE(states) * TREE_COUNT; i++) {
		const struct strv *chain = &states[i / TREE_COUNT]->chain[i % TREE_COUNT];

		for (size_t k = 0; k < chain->len; k++) {
			if (store_id_parse(chain->items[k], strlen(chain->items[k])) < 0)
				return err_set(err, ERR_FAULT, "\"%s\" is not the id of a layer",
					       chain->items[k]);
		}
	}
	return 0;
}

/* Does what a commit does but for ending the draft. */
static int record(struct store *store, struct attempt_draft *draft, struct attempt *attempt,
		  struct err *err)
{
	struct recording *recording = take_ptr(&draft->recording);

	attempt->number = draft->number;
	memcpy(attempt->id, draft->id, sizeof attempt->id);
	attempt->durable = false;
	if (recording_close(recording, err) < 0 || check_chains(attempt, err) < 0 ||
	    keep_layer(store, attempt, err) < 0)
		return -1;
	store_pin(store, attempt->number);
	return store_row_insert(store, attempt, err);
}

int attempt_commit(struct store *store, struct attempt_draft *draft, struct attempt *attempt,
		   struct err *err)
{
	if (record(store, draft, attempt, err) < 0) {
		attempt_discard(store, draft);
		return err_in(err, "cannot record the attempt");
	}
	store_draft_end(store, draft, store_remove_tree(store, store->tmp_fd, draft->id) == 0);
	return 0;
}
