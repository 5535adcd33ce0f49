/* host_internal.h: what the store has done inside the namespaces. */
#ifndef ENGINE_ACTIONS_HOST_INTERNAL_H
#define ENGINE_ACTIONS_HOST_INTERNAL_H

#include "engine/store/sums.h"

/* Both are for struct store_options, with the host as their data, and wait for a child. */
int host_remove_tree(void *data, int dir_fd, const char *name, struct err *err);
int host_sum(void *data, const int64_t *numbers, size_t count,
	     void (*take)(void *take_data, const struct sums *sums), void *take_data,
	     struct err *err);

#endif
