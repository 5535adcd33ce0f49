/* prune_internal.h: what there is to prune. */
#ifndef ENGINE_STORE_PRUNE_INTERNAL_H
#define ENGINE_STORE_PRUNE_INTERNAL_H

#include "engine/store/prune.h"
#include "engine/store/store_internal.h"

/* An attempt. */
struct prune_item {
	int64_t number;
	uint64_t bytes;	 /* its layers and logs, and a squashed layer that ends with its own */
	int64_t used_ms; /* last use of it, or of what stands on it */
	struct number_list bases; /* whose layers it stands on */
	struct strv digests;	  /* of its artifacts, one for each mention */
	bool needed;		  /* something that stays stands on it */
};

/* An artifact. */
struct prune_blob {
	char digest[SHA256_HEX_SIZE];
	uint64_t bytes;
	size_t users; /* mentions in items that stay */
};

struct survey {
	struct store *store;
	struct prune_item *items; /* by number */
	size_t count, capacity;
	struct prune_blob *blobs; /* by digest */
	size_t n_blobs;
	uint64_t bytes;	 /* of all, and of the index */
	int64_t version; /* SQL_DATA_VERSION */
};

/* Looks at all that is recorded. Release it also after a failure. */
int survey_make(struct survey *survey, struct store *store, struct err *err);
void survey_release(struct survey *survey);
/* Marks as needed what was recorded since stands on. */
int survey_update(struct survey *survey, struct err *err);

struct prune_item *survey_item(const struct survey *survey, int64_t number);
struct prune_blob *survey_blob(const struct survey *survey, const char *digest);
/* Marks what the item stands on as needed. */
void survey_need_bases(const struct survey *survey, const struct prune_item *item);

#endif
