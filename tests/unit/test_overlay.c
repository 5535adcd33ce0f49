/* Mounting chains: as the kernel wants it now and did before 6.8, and what is refused
 * (engine/store/overlay.h). */
#include "trees_fixture.h"

enum { LAYERS = 120, TOO_LONG = 400, TOO_DEEP = 498 };

/* Layer "x1z" and so on: as long as names of layers get. */
static void name_layers(struct strv *chain, int count)
{
	for (int i = 0; i < count; i++)
		strv_add_fmt(chain, "x%04dz", i);
}

static int make_layers(const struct strv *chain, struct err *err)
{
	for (size_t i = 0; i < chain->len; i++) {
		AUTO_FREE char *tree = mem_printf(TREES_LAYERS "/%s/" TREES_NAME, chain->items[i]);
		AUTO_CLOSE int fd = trees_make_layer(chain->items[i]);

		CHECK(fd >= 0 && trees_file(tree, chain->items[i], "") == 0);
		CHECK(trees_file(tree, "top", chain->items[i]) == 0);
	}
	return 0;
}

static struct overlay overlay_of(const struct strv *chain)
{
	return (struct overlay){.layers_dir = TREES_LAYERS,
				.name = TREES_NAME,
				.chain = chain,
				.under = TREES_UNDER};
}

/* Both ways show the same, and the working directory is as before. */
static int check_by_option(void *data, int socket, struct err *err)
{
	AUTO_STRV struct strv chain = {0};
	const struct overlay overlay = overlay_of(&chain);
	struct stat before, now;

	name_layers(&chain, LAYERS);
	if (trees_begin(data, err) < 0 || make_layers(&chain, err) < 0)
		return -1;
	CHECK(stat(".", &before) == 0);
	if (overlay_mount(&overlay, TREES_ONE, err) < 0 ||
	    overlay_mount_by_option(&overlay, TREES_OTHER, err) < 0 ||
	    trees_compare(TREES_ONE, TREES_OTHER, err) < 0)
		return -1;
	CHECK(stat(".", &now) == 0 && before.st_ino == now.st_ino && before.st_dev == now.st_dev);
	CHECK(access(TREES_OTHER "/x0000z", F_OK) == 0 && access(TREES_OTHER "/x0119z", F_OK) == 0);
	message_send_text(socket, 'R', "");
	return 0;
}

/* What does not fit into a page must not be cut, and what the kernel does not take can be copied. */
static int check_too_much(void *data, int socket, struct err *err)
{
	AUTO_STRV struct strv page = {0}, deep = {0};
	const struct overlay longer = overlay_of(&page), deeper = overlay_of(&deep);
	struct err found = {0}, too_deep = {0};

	name_layers(&page, TOO_LONG);
	name_layers(&deep, TOO_DEEP);
	if (trees_begin(data, err) < 0 || make_layers(&deep, err) < 0)
		return -1;
	CHECK(overlay_mount_by_option(&longer, TREES_ONE, &found) < 0);
	CHECK(overlay_is_refused(&found));
	CHECK(overlay_mount(&longer, TREES_ONE, err) == 0);
	CHECK(overlay_mount(&deeper, TREES_OTHER, &too_deep) < 0);
	CHECK(overlay_is_refused(&too_deep));
	message_send_text(socket, 'R', "");
	return 0;
}

/* A damaged chain is not to be copied as if it were whole. */
static int check_missing(void *data, int socket, struct err *err)
{
	struct err found = {0};

	if (trees_begin(data, err) < 0)
		return -1;
	CHECK(trees_mount("7", TREES_ONE, &found) < 0);
	CHECK(!overlay_is_refused(&found));
	message_send_text(socket, 'R', "");
	return 0;
}

static int check_forced(void *data, int socket, struct err *err)
{
	AUTO_STRV struct strv chain = {0};
	struct err found = {0};

	name_layers(&chain, 1);
	if (trees_begin(data, err) < 0 || make_layers(&chain, err) < 0)
		return -1;
	CHECK(setenv("CONTRACTOR_BACKEND", "copy", 1) == 0);
	CHECK(trees_mount("7", TREES_ONE, &found) < 0);
	CHECK(overlay_is_refused(&found));
	message_send_text(socket, 'R', "");
	return 0;
}

static void test_option_shows_the_same(void **state)
{
	trees_run(*state, check_by_option);
}

static void test_too_much_is_refused(void **state)
{
	trees_run(*state, check_too_much);
}

static void test_missing_layer(void **state)
{
	trees_run(*state, check_missing);
}

static void test_forced_copies(void **state)
{
	trees_run(*state, check_forced);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREES_TEST(test_option_shows_the_same),
		TREES_TEST(test_too_much_is_refused),
		TREES_TEST(test_missing_layer),
		TREES_TEST(test_forced_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
