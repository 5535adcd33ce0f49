/* chain.h: the layers of one tree, from the lowest to the topmost.
 *
 * A layer is a directory of the store, layers/ID/systree or layers/ID/workspace; which of
 * the two is known from the context. An empty chain is an empty tree.
 */
#ifndef ENGINE_STORE_CHAIN_H
#define ENGINE_STORE_CHAIN_H

#include "engine/base/strv.h"

enum tree { TREE_SYSTREE, TREE_WORKSPACE, TREE_COUNT };

/* "systree", "workspace": the directory in a layer. */
const char *tree_name(enum tree tree);

/* What a build has come to: both trees, and the artifacts by name. */
struct state {
	/* Cache keys: they change whenever the tree may have changed. 64 hex digits and NUL. */
	char key[TREE_COUNT][65];
	struct strv chain[TREE_COUNT];
	struct strv artifacts; /* NAME=DIGEST entries (strv_setenv, strv_getenv) */
};

/* The state before the first step: two empty trees, no artifacts. */
void state_init(struct state *state);
void state_release(struct state *state);
void state_copy(struct state *to, const struct state *from);

#endif
