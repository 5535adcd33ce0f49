/* Trees of odd shapes through archives: sparse, changing, deep, many links, long names
 * (engine/store/archive.h). */
#include "tests/unit/test_archive.h"

#include <sys/resource.h>

/* Holes follow from the content, not from how it is stored; they come back as holes. */
static void test_sparse(void **state)
{
	enum { SIZE = 8 << 20 };
	const struct area *area = *state;
	AUTO_CLOSE int other = make_tree(area, "other"), copy = make_tree(area, "copy");
	AUTO_CLOSE int holes = openat(area->tree, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	AUTO_CLOSE int full = openat(other, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	AUTO_BUF struct buf one = BUF_INIT, two = BUF_INIT;
	AUTO_FREE char *zeros = mem_new(SIZE), *back = mem_new(SIZE);
	struct err err = {0};
	struct stat status;
	int file;

	assert_int_equal(ftruncate(holes, SIZE), 0);
	assert_int_equal(pwrite(holes, "middle", 6, 5000000), 6);
	memcpy(zeros + 5000000, "middle", 6);
	assert_int_equal(fd_write_all(full, zeros, SIZE), 0);
	pack(area->tree, ".", &pack_plain, &one);
	set_time(area->tree, "f", 5);
	set_time(other, "f", 5);
	set_time(area->tree, ".", 5);
	set_time(other, ".", 5);
	buf_clear(&one);
	pack(area->tree, ".", &pack_plain, &one);
	pack(other, ".", &pack_plain, &two);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	assert_true(one.len < 200000);
	assert_int_equal(unpack_bytes(one.data, one.len, copy, NULL, NULL, &err), 0);
	status = look_at(copy, "f");
	assert_int_equal(status.st_size, SIZE);
	assert_true(status.st_blocks * 512 < 200000);
	file = openat(copy, "f", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(file, back, SIZE), SIZE);
	close(file);
	assert_memory_equal(back, zeros, SIZE);
}

/* A hole from end to end, larger than any memory. */
static void test_all_hole(void **state)
{
	const struct area *area = *state;
	AUTO_CLOSE int copy = make_tree(area, "copy");
	AUTO_CLOSE int file = openat(area->tree, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	AUTO_BUF struct buf tar = BUF_INIT;
	struct err err = {0};

	assert_int_equal(ftruncate(file, (off_t)100 << 30), 0);
	pack(area->tree, ".", &pack_plain, &tar);
	assert_true(tar.len < 5000);
	assert_int_equal(unpack_bytes(tar.data, tar.len, copy, NULL, NULL, &err), 0);
	assert_int_equal(look_at(copy, "f").st_size, (off_t)100 << 30);
}

/* What changes a file while it is packed. */
struct change {
	int dir_fd;
	off_t size;
};

static void change_size(void *data, uint64_t bytes)
{
	const struct change *change = data;
	int fd = openat(change->dir_fd, "file", O_WRONLY | O_CLOEXEC);

	(void)bytes;
	assert_int_equal(ftruncate(fd, change->size), 0);
	close(fd);
}

/* A file that becomes shorter or longer meanwhile is an error, by name. */
static void test_changing(void **state)
{
	static const struct {
		off_t size;
		const char *why;
	} cases[] = {{100, "file became shorter"}, {9 << 20, "file changed while it was read"}};
	const struct area *area = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct change change = {area->tree, cases[i].size};
		struct archive_pack_options options = pack_plain;
		AUTO_FREE char *text = mem_new((4 << 20) + 1);
		AUTO_BUF struct buf tar = BUF_INIT;
		struct err err = {0};

		memset(text, 'x', 4 << 20);
		write_file(area->tree, "file", text, 0644);
		options.progress = (struct archive_progress){change_size, &change};
		assert_int_equal(pack_bytes(area->tree, ".", &options, &tar, &err), -1);
		assert_int_equal(err.code, ERR_STEP);
		assert_non_null(strstr(err.text, cases[i].why));
	}
}

/* Makes depth directories, each in the one before, and a file at the end. */
static void make_deep(int tree, int depth)
{
	int fd = fcntl(tree, F_DUPFD_CLOEXEC, 0), next;

	for (int i = 0; i < depth; i++) {
		assert_int_equal(mkdirat(fd, "dir", 0755), 0);
		next = openat(fd, "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	write_file(fd, "file", "deep", 0644);
	/* Something that comes after, on the way back. */
	write_file(tree, "z", "", 0644);
	close(fd);
}

/* Three thousand levels, with a hundred descriptors. */
static void test_deep(void **state)
{
	enum { DEPTH = 3000 };
	static const struct archive_unpack_options options = {.depth_max = DEPTH + 1};
	const struct area *area = *state;
	AUTO_CLOSE int copy = make_tree(area, "copy");
	AUTO_BUF struct buf tar = BUF_INIT, again = BUF_INIT;
	struct rlimit before, few;
	struct err err = {0};

	make_deep(area->tree, DEPTH);
	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = 100;
	setrlimit(RLIMIT_NOFILE, &few);
	pack(area->tree, ".", &pack_plain, &tar);
	if (unpack_bytes(tar.data, tar.len, copy, &options, NULL, &err) < 0)
		fail_msg("%s", err.text);
	pack(copy, ".", &pack_plain, &again);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(again.len, tar.len);
	assert_memory_equal(again.data, tar.data, tar.len);
	assert_int_equal(unpack_bytes(tar.data, tar.len, copy, NULL, NULL, &err), -1);
	assert_non_null(strstr(err.text, "deeper than 256"));
}

/* Beyond the documented depth, an error with the name, cut. */
static void test_too_deep(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	struct err err = {0};

	make_deep(area->tree, 4096);
	assert_int_equal(pack_bytes(area->tree, ".", &pack_plain, &tar, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
	assert_non_null(strstr(err.text, "at most 4096 levels"));
	assert_non_null(strstr(err.text, "dir/dir/dir"));
}

/* Many hard-linked files: each pair meets again. */
static void test_many_links(void **state)
{
	const struct area *area = *state;
	AUTO_CLOSE int copy = make_tree(area, "copy");
	AUTO_BUF struct buf tar = BUF_INIT;
	struct err err = {0};
	char name[16], other[16];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "a%d", i);
		snprintf(other, sizeof other, "b%d", i);
		write_file(area->tree, name, name, 0644);
		assert_int_equal(linkat(area->tree, name, area->tree, other, 0), 0);
	}
	pack(area->tree, ".", &pack_plain, &tar);
	assert_int_equal(unpack_bytes(tar.data, tar.len, copy, NULL, NULL, &err), 0);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "a%d", i);
		snprintf(other, sizeof other, "b%d", i);
		assert_file(copy, other, name);
		assert_int_equal(look_at(copy, name).st_ino, look_at(copy, other).st_ino);
	}
}

/* Names of every length around those that a header can hold. */
static void test_name_lengths(void **state)
{
	const struct area *area = *state;
	AUTO_CLOSE int copy = make_tree(area, "copy");
	AUTO_BUF struct buf tar = BUF_INIT, again = BUF_INIT;
	struct err err = {0};
	AUTO_FREE char *last = NULL;

	for (int length = 1; length < 256; length += length < 94 ? 31 : 1) {
		AUTO_FREE char *name = mem_printf("%0*d", length, length);

		free(last);
		last = mem_printf("%s/%0*d", name, 256 - length, length);
		assert_int_equal(mkdirat(area->tree, name, 0755), 0);
		write_file(area->tree, last, "x", 0644);
	}
	pack(area->tree, ".", &pack_plain, &tar);
	assert_int_equal(unpack_bytes(tar.data, tar.len, copy, NULL, NULL, &err), 0);
	pack(copy, ".", &pack_plain, &again);
	assert_int_equal(again.len, tar.len);
	assert_memory_equal(again.data, tar.data, tar.len);
	assert_file(copy, last, "x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sparse),	 TEST(test_all_hole), TEST(test_changing),
		TEST(test_deep),	 TEST(test_too_deep), TEST(test_many_links),
		TEST(test_name_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
