/* Merging layers: the result looks as an overlay of the layers does (engine/store/merge.h). */
#include "trees_fixture.h"

#include "engine/store/merge.h"

/* --- what the layers are made of, each through an overlay on those below it */

static int fill_lowest(const char *tree, struct err *err)
{
	CHECK(trees_file(tree, "kept", "kept\n") == 0);
	CHECK(trees_file(tree, "changed", "before\n") == 0);
	CHECK(trees_file(tree, "gone", "gone\n") == 0);
	CHECK(trees_file(tree, "becomes-dir", "file\n") == 0);
	CHECK(trees_dir(tree, "becomes-file") == 0 && trees_file(tree, "becomes-file/in", "") == 0);
	CHECK(trees_dir(tree, "replaced") == 0 && trees_file(tree, "replaced/old", "old\n") == 0);
	CHECK(trees_dir(tree, "replaced/sub") == 0);
	CHECK(trees_file(tree, "replaced/sub/old", "old\n") == 0);
	CHECK(trees_dir(tree, "dir") == 0 && trees_file(tree, "dir/one", "1\n") == 0);
	CHECK(trees_file(tree, "dir/two", "2\n") == 0);
	CHECK(trees_file(tree, "link-a", "linked\n") == 0);
	CHECK(trees_link(tree, "link-a", "link-b") == 0 &&
	      trees_link(tree, "link-a", "link-c") == 0);
	CHECK(trees_sparse(tree, "sparse") == 0);
	return trees_deep(tree, "deep", 'l', err);
}

static int fill_middle(const char *tree, struct err *err)
{
	CHECK(trees_remove(tree, "gone") == 0 && trees_remove(tree, "dir/one") == 0);
	CHECK(trees_remove(tree, "becomes-dir") == 0 && trees_dir(tree, "becomes-dir") == 0);
	CHECK(trees_file(tree, "becomes-dir/in", "in\n") == 0);
	CHECK(trees_remove(tree, "becomes-file") == 0);
	CHECK(trees_file(tree, "becomes-file", "file now\n") == 0);
	CHECK(trees_remove(tree, "replaced") == 0 && trees_dir(tree, "replaced") == 0);
	CHECK(trees_file(tree, "replaced/new", "new\n") == 0);
	CHECK(trees_append(tree, "changed", "after\n") == 0);
	CHECK(trees_append(tree, "link-b", "no more\n") == 0);
	CHECK(trees_file(tree, "special", "set-id\n") == 0);
	CHECK(trees_own(tree, "special", 3, 4, 06755) == 0);
	CHECK(trees_xattr(tree, "special", "user.note", "kept") == 0);
	CHECK(trees_capability(tree, "kept") == 0);
	CHECK(trees_symlink(tree, "nowhere", "symlink") == 0);
	CHECK(trees_fifo(tree, "fifo") == 0);
	CHECK(trees_own(tree, "dir", 3, 4, 01770) == 0);
	CHECK(trees_xattr(tree, "dir", "user.of-dir", "kept") == 0);
	return trees_deep(tree, "deep", 'm', err);
}

static int fill_topmost(const char *tree, struct err *err)
{
	CHECK(trees_file(tree, "gone", "back\n") == 0);
	CHECK(trees_remove(tree, "changed") == 0);
	CHECK(trees_dir(tree, "replaced/sub") == 0);
	CHECK(trees_file(tree, "replaced/sub/newest", "newest\n") == 0);
	CHECK(trees_remove(tree, "becomes-file") == 0 && trees_dir(tree, "becomes-file") == 0);
	CHECK(trees_file(tree, "new-a", "new\n") == 0 &&
	      trees_link(tree, "new-a", "dir/new-b") == 0);
	CHECK(trees_times(tree, "dir/two", 86400, 123456789) == 0);
	CHECK(trees_own(tree, ".", 0, 0, 0750) == 0);
	CHECK(trees_times(tree, "dir", 86400, 987654321) == 0);
	return 0;
}

static int (*const fills[])(const char *tree, struct err *err) = {fill_lowest, fill_middle,
								  fill_topmost};

static int make_layers(struct err *err)
{
	struct strv chain = {0};

	for (size_t i = 0; i < ARRAY_SIZE(fills); i++) {
		AUTO_FREE char *id = mem_printf("%zu", i);

		if (trees_layer(&chain, id, fills[i], err) < 0)
			return -1;
		strv_add(&chain, id);
	}
	strv_release(&chain);
	return 0;
}

/* Merges the layers named by the digits of `from`, but the n_below lowest, into the new one `to`. */
static int merge_into(const char *from, size_t n_below, const char *to, bool whole, struct err *err)
{
	AUTO_STRV struct strv layers = {0};
	const struct merge_options options = {
		.layers = &layers, .n_below = n_below, .whole = whole};
	AUTO_CLOSE int target = trees_make_layer(to);

	CHECK(target >= 0);
	for (; *from; from++)
		strv_add_fmt(&layers, TREES_LAYERS "/%c/" TREES_NAME, *from);
	return merge_layers(&options, target, err);
}

/* Expects that the chains named by two texts of digits look alike when they are mounted. */
static int expect_alike(const char *one, const char *other, struct err *err)
{
	if (trees_mount(one, TREES_ONE, err) < 0 || trees_mount(other, TREES_OTHER, err) < 0 ||
	    trees_compare(TREES_ONE, TREES_OTHER, err) < 0)
		return err_in(err, "%s and %s", one, other);
	CHECK(umount2(TREES_ONE, MNT_DETACH) == 0 && umount2(TREES_OTHER, MNT_DETACH) == 0);
	return 0;
}

static int check_merged(void *data, int socket, struct err *err)
{
	if (trees_begin(data, err) < 0 || make_layers(err) < 0)
		return -1;
	if (merge_into("012", 0, "3", false, err) < 0 ||
	    merge_into("012", 1, "4", false, err) < 0 || merge_into("01", 0, "5", false, err) < 0 ||
	    merge_into("04", 0, "6", false, err) < 0 || merge_into("012", 0, "7", true, err) < 0 ||
	    merge_into("012", 2, "8", false, err) < 0)
		return -1;
	if (expect_alike("012", "3", err) < 0 || expect_alike("012", "04", err) < 0 ||
	    expect_alike("012", "52", err) < 0 || expect_alike("012", "6", err) < 0 ||
	    expect_alike("012", "7", err) < 0 || expect_alike("012", "018", err) < 0)
		return -1;
	message_send_text(socket, 'R', "");
	return 0;
}

/* A whole merge is a plain directory: no whiteout, no mark of overlayfs, and of the same look. */
static int check_whole(void *data, int socket, struct err *err)
{
	if (trees_begin(data, err) < 0 || make_layers(err) < 0 ||
	    merge_into("012", 0, "7", true, err) < 0 || trees_mount("012", TREES_ONE, err) < 0 ||
	    trees_compare(TREES_ONE, TREES_LAYERS "/7/" TREES_NAME, err) < 0)
		return -1;
	CHECK(lgetxattr(TREES_LAYERS "/7/" TREES_NAME "/replaced", "user.overlay.opaque", NULL, 0) <
	      0);
	message_send_text(socket, 'R', "");
	return 0;
}

/* What was copied keeps its holes, and the time of its last reading. */
static int check_details(void *data, int socket, struct err *err)
{
	const char *const sparse = TREES_LAYERS "/7/" TREES_NAME "/sparse";
	const char *const two = TREES_LAYERS "/7/" TREES_NAME "/dir/two";
	struct stat status;

	if (trees_begin(data, err) < 0 || make_layers(err) < 0 ||
	    merge_into("012", 0, "7", true, err) < 0)
		return -1;
	CHECK(lstat(sparse, &status) == 0);
	CHECK(status.st_size > 1 << 20 && status.st_blocks * 512 < 1 << 18);
	CHECK(lstat(two, &status) == 0 && status.st_atim.tv_nsec == 123456789);
	message_send_text(socket, 'R', "");
	return 0;
}

/* A difference is found: else the comparing would prove nothing. */
static int check_comparing(void *data, int socket, struct err *err)
{
	struct err found = {0};

	if (trees_begin(data, err) < 0 || make_layers(err) < 0 ||
	    merge_into("012", 0, "7", true, err) < 0)
		return -1;
	CHECK(trees_xattr(TREES_LAYERS "/7/" TREES_NAME, "special", "user.note", "lost") == 0);
	CHECK(trees_mount("012", TREES_ONE, err) == 0);
	CHECK(trees_compare(TREES_ONE, TREES_LAYERS "/7/" TREES_NAME, &found) < 0);
	message_send_text(socket, 'R', "");
	return 0;
}

static void test_merged_layers_look_like_the_overlay(void **state)
{
	trees_run(*state, check_merged);
}

static void test_whole_merge_is_a_plain_tree(void **state)
{
	trees_run(*state, check_whole);
}

static void test_holes_and_times(void **state)
{
	trees_run(*state, check_details);
}

static void test_comparing_finds_a_difference(void **state)
{
	trees_run(*state, check_comparing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREES_TEST(test_merged_layers_look_like_the_overlay),
		TREES_TEST(test_whole_merge_is_a_plain_tree),
		TREES_TEST(test_holes_and_times),
		TREES_TEST(test_comparing_finds_a_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
