/* Squashed layers: when they are made, what they stand for, and how they go
 * (engine/store/squash.h). What is in them is for test_merge.c. */
#include "store_fixture.h"

#include "engine/store/squash.h"

enum { SHALLOW = SQUASH_ABOVE, DEEP = 30, DEEPER = 150 };

/* A workspace of so many layers; the first attempt's number goes to *ret_first. */
static void make_chain(struct fixture *fixture, int depth, struct state *chain, int64_t *ret_first)
{
	state_init(chain);
	for (int i = 0; i < depth; i++) {
		struct state after = {0};
		int64_t number = fixture_attempt(fixture->store, 'a', chain, true, &after);

		if (!i && ret_first)
			*ret_first = number;
		state_copy(chain, &after);
		state_release(&after);
	}
}

static int begin(struct fixture *fixture, const struct state *chain, struct squash **ret_squash)
{
	struct err err = {0};
	int found = squash_begin(fixture->store, TREE_WORKSPACE, &chain->chain[TREE_WORKSPACE],
				 ret_squash, &err);

	if (found < 0)
		fail_msg("%s", err.text);
	return found;
}

static void work(struct fixture *fixture, const struct squash *squash)
{
	AUTO_FREE char *layers = path_join(fixture->path, "layers");
	AUTO_FREE char *tmp = path_join(fixture->path, "tmp");
	struct err err = {0};

	if (squash_work(squash, layers, tmp, &err) < 0)
		fail_msg("%s", err.text);
}

static void finish(struct fixture *fixture, struct squash *squash)
{
	struct err err = {0};

	if (squash_finish(fixture->store, squash, NULL, &err) < 0)
		fail_msg("%s", err.text);
}

/* Makes all there is to make; how many. */
static int squash_all(struct fixture *fixture, const struct state *chain)
{
	struct squash *squash;
	int count = 0;

	while (begin(fixture, chain, &squash) > 0) {
		work(fixture, squash);
		finish(fixture, squash);
		count++;
	}
	return count;
}

/* How many layers are mounted for the chain. */
static size_t mounted(struct fixture *fixture, const struct state *chain)
{
	AUTO_STRV struct strv shorter = {0};
	const struct strv *whole = &chain->chain[TREE_WORKSPACE];

	squash_shorten(fixture->store, TREE_WORKSPACE, whole, &shorter);
	return shorter.len;
}

static void test_shallow_chain_stays(void **state)
{
	struct fixture *fixture = *state;
	struct squash *squash;
	struct state chain;

	make_chain(fixture, SHALLOW, &chain, NULL);
	assert_int_equal(begin(fixture, &chain, &squash), 0);
	assert_int_equal(mounted(fixture, &chain), SHALLOW);
	state_release(&chain);
}

/* Of 30 layers, 24 become two; the row of each step keeps its own chain. */
static void test_deep_chain(void **state)
{
	struct fixture *fixture = *state;
	struct store_usage usage;
	struct state chain;
	struct err err;

	make_chain(fixture, DEEP, &chain, NULL);
	assert_int_equal(squash_all(fixture, &chain), 2);
	assert_int_equal(mounted(fixture, &chain), 2 + 6);
	assert_int_equal(chain.chain[TREE_WORKSPACE].len, DEEP);
	assert_int_equal(store_usage(fixture->store, &usage, &err), 0);
	assert_int_equal(usage.squashed, 2);
	assert_int_equal(usage.layers, DEEP);
	fixture_expect_whole(fixture->store);
	state_release(&chain);
}

static void test_deeper_chain(void **state)
{
	struct fixture *fixture = *state;
	struct state chain;

	make_chain(fixture, DEEPER, &chain, NULL);
	assert_int_equal(squash_all(fixture, &chain), 12 + 1);
	assert_int_equal(mounted(fixture, &chain), 1 + 6);
	fixture_expect_whole(fixture->store);
	state_release(&chain);
}

/* The same number of layers, but others: the squashed ones do not stand for them. */
static void test_another_chain(void **state)
{
	struct fixture *fixture = *state;
	struct state chain, other;

	make_chain(fixture, DEEP, &chain, NULL);
	make_chain(fixture, DEEP, &other, NULL);
	squash_all(fixture, &chain);
	assert_int_equal(mounted(fixture, &other), DEEP);
	state_release(&chain);
	state_release(&other);
}

/* Squashes a deep chain and removes its attempts from one on, with the squashed layers that stand for them; how
 * many attempts that were. */
static int remove_from(struct fixture *fixture, int from, int squashed_left)
{
	struct state chain;
	struct err err = {0};
	int64_t first = 0;
	int removed = 0;

	make_chain(fixture, DEEP, &chain, &first);
	squash_all(fixture, &chain);
	assert_int_equal(store_remove_attempt(fixture->store, first + from, &removed, &err), 0);
	assert_int_equal(fixture_sql(fixture, "SELECT number FROM squashes"), squashed_left);
	fixture_expect_whole(fixture->store);
	state_release(&chain);
	return removed;
}

/* With a layer that it stands for it goes, too. */
static void test_removed_with_its_layers(void **state)
{
	assert_int_equal(remove_from(*state, 0, 0), DEEP);
}

static void test_half_of_it_removed(void **state)
{
	assert_int_equal(remove_from(*state, 15, 1), DEEP - 15);
}

/* Killed at any moment: nothing is left, and the layers below serve. */
static void test_killed_before_it_is_recorded(void **state)
{
	struct fixture *fixture = *state;
	struct squash *begun;
	struct state chain;

	make_chain(fixture, DEEP, &chain, NULL);
	assert_int_equal(begin(fixture, &chain, &begun), 1);
	work(fixture, begun);
	squash_discard(fixture->store, begun);
	fixture_expect_whole(fixture->store);
	assert_int_equal(mounted(fixture, &chain), DEEP);
	assert_int_equal(squash_all(fixture, &chain), 2);
	state_release(&chain);
}

/* A lost layer is not mounted, and a repair forgets it. */
static void test_lost_layer(void **state)
{
	struct fixture *fixture = *state;
	struct state chain;
	AUTO_FREE char *name = NULL;
	AUTO_STRV struct strv shorter = {0};

	make_chain(fixture, DEEP, &chain, NULL);
	squash_all(fixture, &chain);
	squash_shorten(fixture->store, TREE_WORKSPACE, &chain.chain[TREE_WORKSPACE], &shorter);
	name = mem_printf("layers/%s", shorter.items[0]);
	fixture_remove(fixture, name);
	assert_int_equal(mounted(fixture, &chain), 12 + 1 + 6);
	free(fixture_verify(fixture->store, false, 1));
	free(fixture_verify(fixture->store, true, 1));
	fixture_expect_whole(fixture->store);
	assert_int_equal(fixture_sql(fixture, "SELECT number FROM attempts"), DEEP);
	assert_int_equal(squash_all(fixture, &chain), 1);
	state_release(&chain);
}

/* What takes more space than it is worth is not tried again; what failed otherwise is. */
static void test_failures(void **state)
{
	struct fixture *fixture = *state;
	struct err full = {.code = ERR_HOST, .sys_errno = ENOSPC}, err = {0};
	struct err large = {.code = ERR_HOST, .sys_errno = EFBIG};
	struct squash *squash;
	struct state chain;

	make_chain(fixture, DEEP, &chain, NULL);
	assert_int_equal(begin(fixture, &chain, &squash), 1);
	assert_int_equal(squash_finish(fixture->store, squash, &full, &err), -1);
	assert_int_equal(begin(fixture, &chain, &squash), 1);
	assert_int_equal(squash_finish(fixture->store, squash, &large, &err), 0);
	fixture_expect_whole(fixture->store);
	assert_int_equal(squash_all(fixture, &chain), 1);
	assert_int_equal(mounted(fixture, &chain), 12 + 1 + 6);
	state_release(&chain);
}

/* A store of the first format gets the table when it is opened. */
static void test_older_store(void **state)
{
	struct fixture *fixture = *state;
	struct state chain;

	fixture_close(fixture);
	fixture_make_older(fixture);
	fixture_sql(fixture, "DROP TABLE squashes");
	fixture_sql(fixture, "PRAGMA user_version = 1");
	fixture_put(fixture, "version", "1\n");
	fixture_open(fixture);
	make_chain(fixture, DEEP, &chain, NULL);
	assert_int_equal(squash_all(fixture, &chain), 2);
	fixture_expect_whole(fixture->store);
	state_release(&chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_shallow_chain_stays),
		FIXTURE_TEST(test_deep_chain),
		FIXTURE_TEST(test_deeper_chain),
		FIXTURE_TEST(test_another_chain),
		FIXTURE_TEST(test_removed_with_its_layers),
		FIXTURE_TEST(test_half_of_it_removed),
		FIXTURE_TEST(test_killed_before_it_is_recorded),
		FIXTURE_TEST(test_lost_layer),
		FIXTURE_TEST(test_failures),
		FIXTURE_TEST(test_older_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
