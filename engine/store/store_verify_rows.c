#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/recording.h"
#include "engine/store/store_verify_internal.h"

static const char removed[] = "the attempt is removed";

/* Reports what an attempt lacks: "layers/c/systree". True when there is something to report. What is
 * in the place of a log is for who reads it. */
static bool lacks(struct verify *verify, const struct attempt *attempt, int dir_fd, const char *dir,
		  const char *name)
{
	struct stat status;
	bool is_there = fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;

	if (!is_there && verify_unreadable(verify, errno, "attempt %lld: %s/%s",
					   (long long)attempt->number, dir, name))
		return false;
	if (is_there && (dir_fd != verify->store->layers_fd || S_ISDIR(status.st_mode)))
		return false;
	verify_find(verify, removed, "attempt %lld: %s/%s is %s", (long long)attempt->number, dir,
		    name, is_there ? "not a directory" : "missing");
	return true;
}

/* Whether the layers and logs of the attempt itself are there. */
static bool has_files(struct verify *verify, const struct attempt *attempt)
{
	struct store *store = verify->store;
	const struct {
		bool wanted;
		int dir_fd;
		const char *dir, *suffix;
	} files[] = {
		{attempt->has_layer[TREE_SYSTREE], store->layers_fd, "layers", "/systree"},
		{attempt->has_layer[TREE_WORKSPACE], store->layers_fd, "layers", "/workspace"},
		{attempt->has_tmp, store->layers_fd, "layers", "/tmp"},
		{true, store->logs_fd, "logs", ".log"},
		{true, store->logs_fd, "logs", ".times"},
	};
	bool whole = true;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct store_name name = store_name_of(attempt->id, files[i].suffix);

		if (files[i].wanted &&
		    lacks(verify, attempt, files[i].dir_fd, files[i].dir, name.text))
			whole = false;
	}
	if (whole && !recording_is_whole(store->logs_fd, attempt->id) &&
	    !verify_unreadable(verify, errno, "attempt %lld: logs/%s.log",
			       (long long)attempt->number, attempt->id)) {
		verify_find(verify, removed, "attempt %lld: logs/%s.log is not what was recorded",
			    (long long)attempt->number, attempt->id);
		whole = false;
	}
	return whole;
}

/* Whether a layer is there; what cannot be read is taken to be. */
static bool has_layer(struct verify *verify, const char *id, enum tree tree)
{
	errno = 0;
	return store_has_layer(verify->store, id, tree) ||
	       verify_unreadable(verify, errno, "layers/%s/%s", id, tree_name(tree));
}

/* Whether the layers the attempt stands on are there; its own are the business of has_files(). */
static bool has_parents(struct verify *verify, const struct attempt *attempt)
{
	const struct state *const states[] = {&attempt->before, &attempt->after};

	for (size_t i = 0; i < ARRAY_SIZE(states) * TREE_COUNT; i++) {
		enum tree tree = (enum tree)(i % TREE_COUNT);
		const struct strv *chain = &states[i / TREE_COUNT]->chain[tree];

		for (size_t k = 0; k < chain->len; k++) {
			const char *id = chain->items[k];

			if (!strcmp(id, attempt->id) || has_layer(verify, id, tree))
				continue;
			verify_find(verify, removed,
				    "attempt %lld: layers/%s/%s, on which it stands, is missing",
				    (long long)attempt->number, id, tree_name(tree));
			return false;
		}
	}
	return true;
}

/* Looks at a blob for the first time. */
static bool check_blob(struct verify *verify, const char *digest)
{
	struct store *store = verify->store;
	char found[SHA256_HEX_SIZE];
	struct err err = {0};
	AUTO_CLOSE int fd = blob_open(store, digest, &err);

	if (fd >= 0 && store_digest_fd(fd, NULL, NULL, found, &err) == 0 &&
	    !strcmp(found, digest)) {
		strv_add(&verify->sound_blobs, digest);
		return true;
	}
	if (err.code && verify_unreadable(verify, err.sys_errno, "blobs/%s", digest)) {
		strv_add(&verify->sound_blobs, digest);
		return true;
	}
	strv_add(&verify->bad_blobs, digest);
	if (err.code == ERR_NOT_FOUND)
		verify_find(verify, "the attempts that refer to it are removed",
			    "blobs/%s: missing", digest);
	else
		verify_find(verify, "removed, with the attempts that refer to it", "blobs/%s: %s",
			    digest, err.code ? err.text : "damaged");
	if (verify->repair && sha256_is_hex(digest))
		store_remove_tree(store, store->blobs_fd, digest);
	return false;
}

/* Whether all artifacts of a state are there and whole. */
static bool has_artifacts(struct verify *verify, const struct state *state)
{
	bool whole = true;

	for (size_t i = 0; i < state->artifacts.len; i++) {
		const char *equals = strrchr(state->artifacts.items[i], '=');
		const char *digest = equals ? equals + 1 : "";

		if (strv_contains(&verify->bad_blobs, digest) ||
		    (!strv_contains(&verify->sound_blobs, digest) && !check_blob(verify, digest)))
			whole = false;
	}
	return whole;
}

/* Compares one row with the disk; *ret_whole is false when it has to go. */
static int verify_row(struct verify *verify, int64_t number, bool *ret_whole, struct err *err)
{
	struct attempt attempt;
	int row = store_get_attempt(verify->store, number, &attempt, err);
	bool whole = true;

	if (row < 0 && err->code != ERR_FAULT)
		return -1;
	if (row < 0) {
		verify_find(verify, removed, "attempt %lld: its row is damaged", (long long)number);
		whole = false;
	}
	if (row > 0) {
		/* All are asked, so that one run names all. */
		whole = has_files(verify, &attempt);
		whole &= has_parents(verify, &attempt);
		whole &= has_artifacts(verify, &attempt.before);
		whole &= has_artifacts(verify, &attempt.after);
		attempt_release(&attempt);
	}
	*ret_whole = whole;
	return 0;
}

/* Whether a squashed layer and all that it stands for are there. */
static bool has_squashed(struct verify *verify, int64_t number, enum tree tree, const char *ids)
{
	char id[8];

	if (!store_id_format(number, id) || !has_layer(verify, id, tree)) {
		verify_find(verify, "it is forgotten", "squashed layer %lld: its %s is missing",
			    (long long)number, tree_name(tree));
		return false;
	}
	for (const char *at = ids; *at; at += strcspn(at, " "), at += *at == ' ') {
		AUTO_FREE char *part = mem_strndup(at, strcspn(at, " "));

		if (has_layer(verify, part, tree))
			continue;
		verify_find(verify, "it is removed",
			    "squashed layer %lld: layers/%s/%s, for which it stands, is missing",
			    (long long)number, part, tree_name(tree));
		return false;
	}
	return true;
}

/* Nothing stands on a squashed layer, so its number is all that goes with it. */
static int verify_squashes(struct verify *verify, struct err *err)
{
	struct db *db = verify->store->db;
	AUTO_RESET sqlite3_stmt *stmt = db_query(db, SQL_LIST_SQUASHES, err, "");
	int row;

	while ((row = db_step(db, stmt, err)) > 0) {
		int64_t number = sqlite3_column_int64(stmt, 0);
		enum tree tree = sqlite3_column_int(stmt, 1) ? TREE_WORKSPACE : TREE_SYSTREE;

		if (!has_squashed(verify, number, tree, db_text(stmt, 2)))
			number_list_add(&verify->doomed, number);
	}
	return row;
}

int verify_rows(struct verify *verify, struct err *err)
{
	struct db *db = verify->store->db;
	AUTO_FREE int64_t *numbers = NULL;
	size_t count;

	if (db_numbers(db, db_query(db, SQL_LIST_NUMBERS, err, ""), &numbers, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		bool whole;

		if (verify_row(verify, numbers[i], &whole, err) < 0)
			return -1;
		if (!whole)
			number_list_add(&verify->doomed, numbers[i]);
	}
	return verify_squashes(verify, err);
}
