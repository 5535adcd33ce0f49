#include "engine/store/chain.h"

#include <string.h>

#include "engine/base/mem.h"

const char *tree_name(enum tree tree)
{
	static const char *const names[TREE_COUNT] = {
		[TREE_SYSTREE] = "systree",
		[TREE_WORKSPACE] = "workspace",
	};

	return names[tree];
}

/* An empty tree has the key of 64 zeros, which no digest will ever be. */
void state_init(struct state *state)
{
	*state = (struct state){0};
	for (enum tree tree = 0; tree < TREE_COUNT; tree++)
		memset(state->key[tree], '0', sizeof state->key[tree] - 1);
}

/* Frees what the state owns; it is all zero afterwards, and may be released again. */
void state_release(struct state *state)
{
	for (enum tree tree = 0; tree < TREE_COUNT; tree++)
		strv_release(&state->chain[tree]);
	strv_release(&state->artifacts);
	*state = (struct state){0};
}

/* Replaces what to holds by copies; copying a state onto itself changes nothing. */
void state_copy(struct state *to, const struct state *from)
{
	if (to == from)
		return;
	state_release(to);
	memcpy(to->key, from->key, sizeof to->key);
	for (enum tree tree = 0; tree < TREE_COUNT; tree++)
		strv_extend(&to->chain[tree], &from->chain[tree]);
	strv_extend(&to->artifacts, &from->artifacts);
}
