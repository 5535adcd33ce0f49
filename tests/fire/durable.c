/* Prints the numbers of the attempts in a store that a loss of power must not take: durable STORE. */
#include <inttypes.h>
#include <stdio.h>

#include "engine/store/store.h"

static int print_durable(void *data, const struct attempt *attempt)
{
	(void)data;
	if (attempt->durable)
		printf("%" PRId64 " %s\n", attempt->number, attempt->key);
	return 0;
}

int main(int argc, char **argv)
{
	const struct store_options options = {0};
	struct store *store;
	struct err err;
	int result;

	if (argc != 2)
		return 2;
	if (store_open(argv[1], &options, &store, &err) < 0) {
		fprintf(stderr, "durable: %s\n", err.text);
		return 1;
	}
	result = store_each_attempt(store, print_durable, NULL, &err);
	store_close(store);
	return result < 0;
}
