/* Are the files of the attempts what they were when they were recorded? */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/store/store_verify_internal.h"
#include "engine/store/sums.h"

static bool is_doomed(const struct verify *verify, int64_t number)
{
	for (size_t i = 0; i < verify->doomed.count; i++) {
		if (verify->doomed.items[i] == number)
			return true;
	}
	return false;
}

/* Whether a digest was made then, and another one now: not where none could be made. */
static bool differs(struct verify *verify, const char *what, const char *then, const char *now,
		    int now_errno)
{
	if (!*then || !strcmp(then, now))
		return false;
	return *now || !verify_unreadable(verify, now_errno, "%s", what);
}

/* What the number is of, for people. */
static const char *kind_of(const struct verify *verify, int64_t number)
{
	struct attempt attempt;
	struct err ignored;

	if (store_get_attempt(verify->store, number, &attempt, &ignored) <= 0)
		return "squashed layer";
	attempt_release(&attempt);
	return "attempt";
}

/* What is compared was recorded before, unless it was removed meanwhile. */
static void compare(void *data, const struct sums *now)
{
	struct verify *verify = data;
	struct sums then;
	struct err ignored;
	char id[8], logs[64], layer[64];
	bool log_differs, layer_differs;
	const char *kind;

	if (sums_get(verify->store, now->number, &then, &ignored) <= 0 ||
	    !store_id_format(now->number, id))
		return;
	kind = kind_of(verify, now->number);
	snprintf(logs, sizeof logs, "%s %lld: logs/%s.log", kind, (long long)now->number, id);
	snprintf(layer, sizeof layer, "%s %lld: layers/%s", kind, (long long)now->number, id);
	log_differs = differs(verify, logs, then.logs, now->logs, now->logs_errno);
	layer_differs = differs(verify, layer, then.layer, now->layer, now->layer_errno);
	if (log_differs)
		verify_find(verify, "it is removed", "%s is not what was recorded", logs);
	if (layer_differs)
		verify_find(verify, "it is removed",
			    "%s is not what was recorded: names, kinds, owners, sizes or times "
			    "differ",
			    layer);
	if (log_differs || layer_differs)
		number_list_add(&verify->doomed, now->number);
}

/* In this process, for a store that belongs to one id alone. */
static int sum_here(struct verify *verify, const struct number_list *list)
{
	AUTO_FREE struct sums *sums =
		sums_of_logs(list->items, list->count, verify->store->logs_fd);

	for (size_t i = 0; i < list->count; i++) {
		sums_add_layer(&sums[i], verify->store->layers_fd);
		compare(verify, &sums[i]);
	}
	return 0;
}

int verify_sums(struct verify *verify, struct err *err)
{
	struct store *store = verify->store;
	AUTO_FREE int64_t *numbers = NULL;
	AUTO_NUMBERS struct number_list list = {0};
	size_t count;

	if (db_numbers(store->db, db_query(store->db, SQL_LIST_SUMMED, err, ""), &numbers, &count,
		       err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!is_doomed(verify, numbers[i]))
			number_list_add(&list, numbers[i]);
	}
	if (!list.count || !store->options.sum)
		return sum_here(verify, &list);
	return store->options.sum(store->options.data, list.items, list.count, compare, verify,
				  err);
}
