/* prune.h: making a store smaller.
 *
 * The attempts that were of use least recently go first, failed ones like others, and children
 * before what they stand on. One that a running process uses stays (store_use()), and so does all
 * that it stands on. Artifacts that no attempt refers to go too. Builds may go on meanwhile, and
 * kill -9 at any moment leaves a store that is whole: what was not removed yet goes with the next start.
 */
#ifndef ENGINE_STORE_PRUNE_H
#define ENGINE_STORE_PRUNE_H

#include "engine/store/store.h"

struct prune_options {
	uint64_t max_bytes; /* ends when the store is no larger; UINT64_MAX: this does not end it */
	uint64_t free_bytes; /* ends when so much is freed; 0: this does not end it */
	int64_t unused_ms;   /* takes only what was of no use for so long; 0: whatever its age */
	bool dry_run;	     /* removes nothing, and says what it would remove */
	bool leave_files; /* takes attempts out of the index; prune_left_files() has their files */
};

struct prune_result {
	int64_t attempts, artifacts; /* removed */
	int64_t in_use;		     /* attempts that stay because of a running process */
	int64_t passed_over;	     /* artifacts that stay because somebody was just making one */
	uint64_t freed_bytes, left_bytes;
};

/* Fails with ERR_HOST, naming the process, while another prunes the store. With neither a size nor an
 * age, only artifacts that nothing refers to go. */
int store_prune(struct store *store, const struct prune_options *options,
		struct prune_result *ret_result, struct err *err);

/* How much the store takes, as far as that is known without looking at its files one by one. */
int store_known_bytes(struct store *store, uint64_t *ret_bytes, struct err *err);

/* The ids of attempts that are in the index no more and may have files: layers/ID and tmp/ID are to be
 * removed, and then store_clean() does the rest. */
int prune_left_files(struct store *store, struct strv *ret_ids, struct err *err);

#endif
