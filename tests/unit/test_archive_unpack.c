/* Unpacking archives, those of hostile people above all (engine/store/archive.h). */
#include "tests/unit/test_archive.h"

#include <sys/xattr.h>

/* Names that would leave the tree, or are none. */
static void test_bad_names(void **state)
{
	static const struct {
		const char *name, *why;
	} cases[] = {
		{"/evil", "absolute"},	    {"../evil", "\"..\""},
		{"a/../../evil", "\"..\""}, {"a/..", "\"..\""},
		{"..", "\"..\""},	    {"", "empty"},
		{".", "no directory"},	    {"bad\x1b[31m/../x", "bad\\x1b[31m"},
	};
	const struct area *area = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf tar = BUF_INIT;
		const char *shown = cases[i].name[0] == 'b' ? "bad" : cases[i].name;

		add_file(&tar, "good", 0644, "good");
		add_file(&tar, cases[i].name, 0644, "evil");
		assert_refused(&tar, area->tree, NULL, shown, cases[i].why);
		assert_untouched(area);
	}
}

/* Names and targets longer than any file system takes. */
static void test_long_names(void **state)
{
	const struct area *area = *state;
	AUTO_FREE char *name = mem_printf("%0256d/x", 1), *very = mem_printf("%05000d/x", 1);
	AUTO_BUF struct buf one = BUF_INIT, two = BUF_INIT, three = BUF_INIT;

	add_pax(&one, "path", name);
	add_file(&one, "short", 0644, "");
	assert_refused(&one, area->tree, NULL, "000...000", "too long");
	add_pax(&two, "path", very);
	add_file(&two, "short", 0644, "");
	assert_refused(&two, area->tree, NULL, "000...000", "too long");
	add_pax(&three, "linkpath", very);
	add_link(&three, "link", "short");
	assert_refused(&three, area->tree, NULL, "link", "too long");
}

/* A name that goes through a link, made by the archive or there before. */
static void test_through_links(void **state)
{
	static const char *const targets[] = {"..", "/tmp", "../../..", "."};
	const struct area *area = *state;

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		AUTO_BUF struct buf tar = BUF_INIT;

		add_link(&tar, "out", targets[i]);
		add_file(&tar, "out/evil", 0644, "evil");
		assert_refused(&tar, area->tree, NULL, "out", "no directory");
		assert_untouched(area);
		assert_false(exists(area->tree, "evil"));
	}
	{
		AUTO_BUF struct buf tar = BUF_INIT;

		assert_int_equal(symlinkat("..", area->tree, "old"), 0);
		add_dir(&tar, "old/evil/", 0755);
		assert_refused(&tar, area->tree, NULL, "old", "no directory");
		assert_untouched(area);
	}
}

/* Entries named like a link replace the link, whatever it leads to. */
static void test_over_links(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	struct stat status;

	add_link(&tar, "file", "../canary");
	add_file(&tar, "file", 0644, "mine");
	add_link(&tar, "dir", "..");
	add_dir(&tar, "dir/", 0777);
	add_file(&tar, "dir/evil", 0644, "harmless");
	add_link(&tar, "fifo", "../canary");
	add_header(&tar, "fifo", '6', 0600, 0, NULL);
	assert_unpacks(&tar, area->tree, NULL);
	assert_untouched(area);
	assert_file(area->tree, "file", "mine");
	status = look_at(area->tree, "dir");
	assert_int_equal(status.st_mode, S_IFDIR | 0777);
	assert_file(area->tree, "dir/evil", "harmless");
	assert_true(S_ISFIFO(look_at(area->tree, "fifo").st_mode));
}

/* A directory that is a link by the time it would get its mode and time. */
static void test_late_directory(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;

	add_dir(&tar, "dir/", 0777);
	add_dir(&tar, "dir/sub/", 0777);
	add_link(&tar, "dir/sub", "../..");
	assert_unpacks(&tar, area->tree, NULL);
	assert_untouched(area);
	assert_true(S_ISLNK(look_at(area->tree, "dir/sub").st_mode));
}

/* Hard links are names too, and make no second name of what is outside. */
static void test_hard_links_out(void **state)
{
	static const char *const targets[] = {"../canary", "/etc/passwd", "l/canary",
					      "missing",   "d",		  ""};
	static const char *const reasons[] = {"\"..\"",	    "absolute",	  "no directory",
					      "not a file", "not a file", ""};
	const struct area *area = *state;

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		AUTO_BUF struct buf tar = BUF_INIT;

		add_dir(&tar, "d/", 0755);
		add_link(&tar, "l", "..");
		add_header(&tar, "hard", '1', 0644, 0, targets[i]);
		assert_refused(&tar, area->tree, NULL, "", reasons[i]);
		assert_untouched(area);
		assert_false(exists(area->tree, "hard"));
	}
}

/* Those inside are kept; to a link means to the link; to itself means nothing. */
static void test_hard_links(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	struct stat one, two, link, link_name;

	add_file(&tar, "a/one", 0644, "same");
	add_header(&tar, "b/two", '1', 0644, 0, "./a/one");
	add_header(&tar, "a/one", '1', 0644, 0, "a/one");
	add_link(&tar, "link", "../canary");
	add_header(&tar, "link-name", '1', 0644, 0, "link");
	assert_unpacks(&tar, area->tree, NULL);
	assert_untouched(area);
	one = look_at(area->tree, "a/one");
	two = look_at(area->tree, "b/two");
	assert_int_equal(one.st_ino, two.st_ino);
	assert_file(area->tree, "b/two", "same");
	link = look_at(area->tree, "link");
	link_name = look_at(area->tree, "link-name");
	assert_int_equal(link.st_ino, link_name.st_ino);
	assert_true(S_ISLNK(link_name.st_mode));
}

/* Devices and whiteouts stay out, with notes, of which there are not too many. */
static void test_devices(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	AUTO_STRV struct strv notes = {0};

	add_header(&tar, "white", '3', 0644, 0, NULL);
	add_header(&tar, "disk\n", '4', 0644, 0, NULL);
	assert_unpacks(&tar, area->tree, &notes);
	assert_false(exists(area->tree, "white"));
	assert_false(exists(area->tree, "disk\n"));
	assert_int_equal(notes.len, 2);
	assert_string_equal(notes.items[0], "left out the whiteout white");
	assert_string_equal(notes.items[1], "left out the block device disk\\n");
	strv_clear(&notes);
	buf_clear(&tar);
	for (int i = 0; i < 25; i++)
		add_header(&tar, "white", '3', 0644, 0, NULL);
	assert_unpacks(&tar, area->tree, &notes);
	assert_int_equal(notes.len, 20);
	assert_string_equal(notes.items[19], "left out 6 more");
}

/* Attributes that mean something to overlayfs or to the host never arrive. */
static void test_attributes(void **state)
{
	static const char *const bad[] = {"user.overlay.opaque", "trusted.overlay.opaque",
					  "security.selinux", "system.posix_acl_access"};
	const struct area *area = *state;
	AUTO_STRV struct strv notes = {0};
	AUTO_BUF struct buf tar = BUF_INIT;
	char value[16] = "", *path;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO_FREE char *key = mem_printf("SCHILY.xattr.%s", bad[i]);

		add_pax(&tar, key, "y");
		add_dir(&tar, "dir/", 0755);
	}
	add_pax(&tar, "SCHILY.xattr.user.fine", "kept");
	add_file(&tar, "file", 0444, "");
	assert_unpacks(&tar, area->tree, &notes);
	assert_int_equal(notes.len, ARRAY_SIZE(bad));
	assert_string_equal(notes.items[0], "left out the attribute user.overlay.opaque of dir/");
	path = path_join(area->path, "tree/dir");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(lgetxattr(path, bad[i], value, sizeof value), -1);
	free(path);
	path = path_join(area->path, "tree/file");
	assert_int_equal(lgetxattr(path, "user.fine", value, sizeof value), 4);
	assert_memory_equal(value, "kept", 4);
	free(path);
}

/* A value longer than the kernel takes (XATTR_SIZE_MAX, 64 KiB) is the archive's fault. */
static void test_long_attribute(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	AUTO_FREE char *value = mem_resize(NULL, ARCHIVE_XATTR_MAX + 2, 1);

	memset(value, 'y', ARCHIVE_XATTR_MAX + 1);
	value[ARCHIVE_XATTR_MAX + 1] = '\0';
	add_pax(&tar, "SCHILY.xattr.user.long", value);
	add_file(&tar, "file", 0644, "");
	assert_refused(&tar, area->tree, NULL, "the attribute user.long of file", "too long");
}

/* Modes, set-id bits and times arrive, also those of directories and of the tree itself. */
static void test_modes_and_times(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	mode_t mask = umask(077);
	struct stat status;

	add_dir(&tar, "./", 01750);
	add_dir(&tar, "closed/", 0500);
	add_file(&tar, "closed/tool", 06755, "x");
	add_file(&tar, "by-the-way/file", 0666, "x");
	add_link(&tar, "closed/link", "/nowhere");
	add_dir(&tar, "dark/", 0700);
	add_dir(&tar, "dark/", 0);
	add_dir(&tar, "dark/sub/", 0500);
	assert_unpacks(&tar, area->tree, NULL);
	umask(mask);
	status = look_at(area->tree, ".");
	assert_int_equal(status.st_mode, S_IFDIR | 01750);
	assert_int_equal(status.st_mtim.tv_sec, 1000000000);
	status = look_at(area->tree, "closed");
	assert_int_equal(status.st_mode, S_IFDIR | 0500);
	assert_int_equal(status.st_mtim.tv_sec, 1000000000);
	status = look_at(area->tree, "closed/tool");
	assert_int_equal(status.st_mode, S_IFREG | 06755);
	assert_int_equal(status.st_mtim.tv_sec, 1000000000);
	assert_int_equal(look_at(area->tree, "closed/link").st_mtim.tv_sec, 1000000000);
	assert_int_equal(look_at(area->tree, "dark").st_mode, S_IFDIR);
	assert_int_equal(fchmodat(area->tree, "dark", 0700, 0), 0);
	assert_int_equal(look_at(area->tree, "dark/sub").st_mode, S_IFDIR | 0500);
	assert_int_equal(look_at(area->tree, "by-the-way").st_mode, S_IFDIR | 0755);
	assert_int_equal(look_at(area->tree, "by-the-way/file").st_mode, S_IFREG | 0666);
}

/* What is in the way is replaced, but not a directory with something in it. */
static void test_replacing(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT, other = BUF_INIT;
	AUTO_CLOSE int held = -1;
	char byte;

	write_file(area->tree, "file", "old", 0644);
	held = openat(area->tree, "file", O_RDONLY | O_CLOEXEC);
	mkdirat(area->tree, "empty", 0755);
	mkdirat(area->tree, "full", 0700);
	write_file(area->tree, "full/x", "x", 0644);
	add_file(&tar, "file", 0644, "new");
	add_file(&tar, "empty", 0644, "now a file");
	add_dir(&tar, "full/", 0755);
	assert_unpacks(&tar, area->tree, NULL);
	assert_file(area->tree, "file", "new");
	assert_int_equal(pread(held, &byte, 1, 0), 1);
	assert_int_equal(byte, 'o');
	assert_file(area->tree, "empty", "now a file");
	assert_int_equal(look_at(area->tree, "full").st_mode, S_IFDIR | 0755);
	assert_file(area->tree, "full/x", "x");
	add_link(&other, "full", "elsewhere");
	assert_refused(&other, area->tree, NULL, "full", "not empty");
}

/* Each limit, just reached and just passed. */
static void test_limits(void **state)
{
	static const struct {
		struct archive_unpack_options options;
		const char *why; /* NULL: within the limits */
	} cases[] = {
		{{.bytes_max = 10, .apparent_max = 10, .entries_max = 3, .depth_max = 3}, NULL},
		{{.bytes_max = 9}, "limit of 9 bytes"},
		{{.apparent_max = 9}, "limit of 9 bytes"},
		{{.entries_max = 2}, "limit of 2 entries"},
		{{.depth_max = 2}, "deeper than 2"},
	};
	const struct area *area = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf tar = BUF_INIT;
		struct err err = {0};

		add_dir(&tar, "d", 0755);
		add_file(&tar, "d/one", 0644, "12345");
		add_file(&tar, "d/e/two", 0644, "12345");
		if (cases[i].why) {
			assert_refused(&tar, area->tree, &cases[i].options, "d/e/two",
				       cases[i].why);
			continue;
		}
		add_end(&tar);
		assert_int_equal(
			unpack_bytes(tar.data, tar.len, area->tree, &cases[i].options, NULL, &err),
			0);
	}
}

/* A file of 8 TiB that is nearly all hole, and a disk that is too full. */
static void test_sparse_bomb(void **state)
{
	static const struct archive_unpack_options greedy = {.free_space_floor = UINT64_MAX};
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	struct err err = {0};

	add_header(&tar, "pax", 'x', 0644, 105, NULL);
	add_bytes(&tar,
		  "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
		  "24 GNU.sparse.name=huge\n37 GNU.sparse.realsize=8796093022208\n",
		  105);
	add_header(&tar, "x", '0', 0644, 512, NULL);
	add_bytes(&tar, "1\n8796093022208\n0\n", 18);
	assert_refused(&tar, area->tree, NULL, "huge", "limit of 1 TiB (holes included)");
	assert_false(exists(area->tree, "huge"));
	assert_int_equal(unpack_bytes(tar.data, tar.len, area->tree, &greedy, NULL, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, "nearly full"));
}

/* Leading components go, from names and from the targets of hard links. */
static void test_strip(void **state)
{
	static const struct archive_unpack_options options = {.strip = 1};
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT, bad = BUF_INIT;
	struct err err = {0};

	add_dir(&tar, "./", 0700);
	add_dir(&tar, "top/", 0700);
	add_file(&tar, "lonely", 0644, "");
	add_file(&tar, "./top//file", 0644, "text");
	add_header(&tar, "top/sub/hard", '1', 0644, 0, "top/file");
	add_end(&tar);
	assert_int_equal(unpack_bytes(tar.data, tar.len, area->tree, &options, NULL, &err), 0);
	assert_false(exists(area->tree, "top"));
	assert_false(exists(area->tree, "lonely"));
	assert_int_equal(look_at(area->tree, ".").st_mode, S_IFDIR | 0755);
	assert_file(area->tree, "file", "text");
	assert_file(area->tree, "sub/hard", "text");
	add_file(&bad, "x", 0644, "");
	add_header(&bad, "top/hard", '1', 0644, 0, "x");
	assert_refused(&bad, area->tree, &options, "top/hard", "not unpacked");
}

/* Where there is one id, only its own files are taken. Ids that cannot be had fail by name. */
static void test_owners(void **state)
{
	static const struct archive_unpack_options single = {.single_id = true};
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT, own = BUF_INIT;
	struct err err = {0};

	add_file(&own, "mine", 0644, "");
	add_end(&own);
	assert_int_equal(unpack_bytes(own.data, own.len, area->tree, &single, NULL, &err), 0);
	add_pax(&tar, "uid", "1234567");
	add_file(&tar, "theirs", 0644, "");
	assert_refused(&tar, area->tree, &single, "theirs belongs to 1234567:", "single id");
	if (geteuid() == 0) {
		assert_int_equal(unpack_bytes(tar.data, tar.len, area->tree, NULL, NULL, &err), 0);
		assert_int_equal(look_at(area->tree, "theirs").st_uid, 1234567);
		return;
	}
	assert_int_equal(unpack_bytes(tar.data, tar.len, area->tree, NULL, NULL, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, "cannot give theirs to 1234567:"));
}

/* Names are bytes: neither normalised nor refused, whatever the header says about them. */
static void test_byte_names(void **state)
{
	static const char *const names[] = {"e\xcc\x81", "\xc3\xa9", "\xff\xfe", "a\nb"};
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		add_pax(&tar, "path", names[i]);
		add_file(&tar, "short", 0644, names[i]);
	}
	add_pax(&tar, "linkpath", "e\xcc\x81");
	add_link(&tar, "link", "x");
	assert_unpacks(&tar, area->tree, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_file(area->tree, names[i], names[i]);
	assert_file(area->tree, "e\xcc\x81", "e\xcc\x81");
	assert_int_equal(look_at(area->tree, "link").st_size, 3);
	assert_false(exists(area->tree, "short"));
}

static void count_bytes(void *data, uint64_t bytes)
{
	*(uint64_t *)data = bytes;
}

/* Progress ends at the size of what was read; the input is read to its end. */
static void test_progress(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	uint64_t seen = 0;
	struct archive_unpack_options options = {.progress = {count_bytes, &seen}};
	struct err err = {0};

	add_file(&tar, "file", 0644, "text");
	for (int i = 0; i < 3000; i++)
		add_end(&tar);
	assert_int_equal(unpack_bytes(tar.data, tar.len, area->tree, &options, NULL, &err), 0);
	assert_int_equal(seen, tar.len);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bad_names),	    TEST(test_through_links),  TEST(test_long_names),
		TEST(test_over_links),	    TEST(test_late_directory), TEST(test_hard_links_out),
		TEST(test_hard_links),	    TEST(test_devices),	       TEST(test_attributes),
		TEST(test_modes_and_times), TEST(test_replacing),      TEST(test_limits),
		TEST(test_sparse_bomb),	    TEST(test_strip),	       TEST(test_owners),
		TEST(test_byte_names),	    TEST(test_progress),       TEST(test_long_attribute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
