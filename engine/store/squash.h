/* squash.h: deep chains made shallow: layers that follow each other are merged into one (merge.h).
 *
 * A directory that many layers touch costs a look-up in each. So where a chain is deeper than
 * SQUASH_ABOVE, every twelve layers, counted from its beginning, get one that looks the same, and every
 * twelve times twelve another: a chain of 250 layers is mounted as some 20. Chains in the index, keys and the
 * layers themselves stay as they are, since each is the state behind a step; only what is mounted
 * is shorter. A squashed layer is in layers/ID as others are, with a number of its own and a row in
 * the table `squashes`; it is removed with the first of the layers it was made of, and nothing is
 * lost without it.
 *
 * It is made while the build goes on, by a child of the lowest priority, one at a time; what is not
 * finished when contractor ends is thrown away, and begun anew when the chain is used again. Done
 * when a state is mounted, it would keep a person waiting. Its files are on the disk before
 * its row is in the index, so a row always has a whole layer, also after a crash of the machine.
 *
 * Life cycle: squash_begin(), squash_work() in the child, squash_finish(). squash_discard()
 * instead of the last, or when the child was killed.
 */
#ifndef ENGINE_STORE_SQUASH_H
#define ENGINE_STORE_SQUASH_H

#include "engine/store/store.h"

enum { SQUASH_ABOVE = 20 };

struct squash;

/* The chain with squashed layers in the place of those they were made of. */
void squash_shorten(struct store *store, enum tree tree, const struct strv *chain,
		    struct strv *ret_chain);

/* Begins what the chain has to have squashed next: 1, or 0 when there is nothing, or no space for
 * it, or -1. */
int squash_begin(struct store *store, enum tree tree, const struct strv *chain,
		 struct squash **ret_squash, struct err *err);

/* In a child inside the outer namespaces, where the store's directories are layers_dir and tmp_dir:
 * makes the layer and brings it to the disk. Fails with EFBIG in err->sys_errno when that would
 * take more space than it is worth. */
int squash_work(const struct squash *squash, const char *layers_dir, const char *tmp_dir,
		struct err *err);

/* Records the layer; or, when failure says that it is not worth it, that. Frees squash. */
int squash_finish(struct store *store, struct squash *squash, const struct err *failure,
		  struct err *err);
/* Throws away what was made. Frees squash; NULL is fine. */
void squash_discard(struct store *store, struct squash *squash);

#endif
