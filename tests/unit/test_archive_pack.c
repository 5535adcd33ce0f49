/* Packing trees: what is in an archive, and that it is always the same (engine/store/archive.h). */
#include "tests/unit/test_archive.h"

#include <archive_entry.h>
#include <locale.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <time.h>

/* The names in an archive, in order, with spaces between them. */
static char *list_names(const struct buf *tar)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	struct buf names = BUF_INIT;

	archive_read_support_format_tar(archive);
	assert_int_equal(archive_read_open_memory(archive, tar->data, tar->len), ARCHIVE_OK);
	while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
		if (names.len)
			buf_add_char(&names, ' ');
		buf_add_str(&names, archive_entry_pathname(entry));
	}
	archive_read_free(archive);
	return buf_detach(&names);
}

static void assert_names(int dir_fd, const char *name, const struct archive_pack_options *options,
			 const char *expected)
{
	AUTO_BUF struct buf tar = BUF_INIT;
	AUTO_FREE char *names = NULL;

	pack(dir_fd, name, options, &tar);
	names = list_names(&tar);
	assert_string_equal(names, expected);
}

/* The blocks of a small archive, field by field as POSIX has them. */
static void test_blocks(void **state)
{
	static const struct archive_pack_options options = {.source_date_epoch = 1000000000};
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT, expected = BUF_INIT;

	write_file(area->tree, "b", "text", 0640);
	assert_int_equal(symlinkat("b", area->tree, "a"), 0);
	set_time(area->tree, "b", 1500000000);
	pack(area->tree, ".", &options, &tar);
	add_dir(&expected, "./", 0755);
	add_link(&expected, "a", "b");
	add_file(&expected, "b", 0640, "text");
	add_end(&expected);
	/* The device numbers, which the hand-made headers leave empty. */
	for (size_t at = 0; at < 3 * 512; at += 512) {
		put_octal(expected.data + at + 329, 7, 0);
		put_octal(expected.data + at + 337, 7, 0);
		memcpy(expected.data + at + 148, tar.data + at + 148, 8);
	}
	assert_int_equal(tar.len, expected.len);
	assert_memory_equal(tar.data, expected.data, tar.len);
}

/* Names sort by bytes within each directory; a directory comes before what is in it. */
static void test_order(void **state)
{
	const struct area *area = *state;

	mkdirat(area->tree, "a", 0755);
	write_file(area->tree, "a/z", "", 0644);
	write_file(area->tree, "a/B", "", 0644);
	write_file(area->tree, "a-", "", 0644);
	write_file(area->tree, "\xc3\xa9", "", 0644);
	write_file(area->tree, "Z", "", 0644);
	assert_names(area->tree, ".", &pack_plain, "./ Z a/ a/B a/z a- \xc3\xa9");
}

static void make_socket(const struct area *area, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s/tree/%s", area->path, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
}

/* Sockets and devices are in no archive, and that is noted, but not of what nobody wants. */
static void test_left_out(void **state)
{
	AUTO_STRV struct strv notes = {0}, exclude = {0};
	struct archive_pack_options options = pack_plain;
	const struct area *area = *state;
	bool is_root = geteuid() == 0;

	options.notes = &notes;
	options.exclude = &exclude;
	strv_add(&exclude, "*.sock");
	mkdirat(area->tree, "d", 0755);
	make_socket(area, "d/a.sock");
	make_socket(area, "d/a\033");
	assert_int_equal(mkfifoat(area->tree, "fifo", 0600), 0);
	if (is_root) {
		assert_int_equal(mknodat(area->tree, "white", S_IFCHR, makedev(0, 0)), 0);
		assert_int_equal(mknodat(area->tree, "x", S_IFBLK, makedev(7, 99)), 0);
	}
	assert_names(area->tree, ".", &options, "./ d/ fifo");
	assert_int_equal(notes.len, is_root ? 3 : 1);
	assert_string_equal(notes.items[0], "left out the socket d/a\\x1b");
	if (!is_root)
		return;
	assert_string_equal(notes.items[1], "left out the character device white");
	assert_string_equal(notes.items[2], "left out the block device x");
}

/* Of many the first ones are named, and the others counted. */
static void test_left_out_many(void **state)
{
	AUTO_STRV struct strv notes = {0};
	struct archive_pack_options options = pack_plain;
	const struct area *area = *state;

	options.notes = &notes;
	for (int i = 10; i < 35; i++) {
		char name[8];

		snprintf(name, sizeof name, "%d", i);
		make_socket(area, name);
	}
	assert_names(area->tree, ".", &options, "./");
	assert_int_equal(notes.len, 20);
	assert_string_equal(notes.items[18], "left out the socket 28");
	assert_string_equal(notes.items[19], "left out 6 more");
}

/* A socket that is all there is to pack is an error, not an archive of nothing. */
static void test_just_a_socket(void **state)
{
	const struct area *area = *state;
	AUTO_CLOSE int out = memory_file("", 0);
	struct err err = {0};

	make_socket(area, "socket");
	assert_int_equal(archive_pack(area->tree, "socket", &pack_plain, out, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
	assert_string_equal(err.text, "socket is a socket: only files, directories, links and "
				      "FIFOs can be taken");
}

/* Makes a tree with one of everything; the order of the calls depends on reverse. */
static void make_everything(const struct area *area, const char *tree, int fd, bool reverse)
{
	AUTO_FREE char *file = mem_printf("%s/%s/d/e/file", area->path, tree);
	AUTO_FREE char *wide = mem_printf("%0150d", 7);
	time_t late = 2100000000 + reverse;

	for (int i = 0; i < 4; i++) {
		switch (reverse ? 3 - i : i) {
		case 0:
			mkdirat(fd, "d", 0700);
			fchmodat(fd, "d", 02755, 0);
			break;
		case 1:
			write_file(fd, "\xff\xfe bytes", "x", 0600);
			write_file(fd, "e\xcc\x81", "nfd", 0600);
			write_file(fd, "\xc3\xa9", "nfc", 0600);
			break;
		case 2:
			assert_int_equal(symlinkat(wide, fd, "wide"), 0);
			assert_int_equal(symlinkat("/absolute", fd, "absolute"), 0);
			break;
		default:
			write_file(fd, wide, "long name", 0444);
			assert_int_equal(mkfifoat(fd, "fifo", 0600), 0);
			break;
		}
	}
	assert_int_equal(fchmodat(fd, "fifo", 0620, 0), 0);
	mkdirat(fd, "d/e", 0700);
	write_file(fd, "d/e/file", "content", 0600);
	assert_int_equal(setxattr(file, "user.two", "2\n=", 3, 0), 0);
	assert_int_equal(setxattr(file, "user.one", "1", 1, 0), 0);
	assert_int_equal(setxattr(file, "user.overlay.x", "y", 1, 0), 0);
	assert_int_equal(fchmodat(fd, "d/e/file", 06755, 0), 0);
	assert_int_equal(linkat(fd, "d/e/file", fd, "z-link", 0), 0);
	set_time(fd, "d/e/file", late);
	set_time(fd, "absolute", 86400);
	set_time(fd, "wide", -86400);
	set_time(fd, "fifo", late);
	set_time(fd, "d/e", late);
	set_time(fd, "d", 1000000);
	set_time(fd, ".", late);
}

/* A tree goes through an archive and comes out as it was. */
static void test_round_trip(void **state)
{
	const struct area *area = *state;
	AUTO_CLOSE int copy = make_tree(area, "copy");
	AUTO_FREE char *file = mem_printf("%s/copy/z-link", area->path);
	AUTO_BUF struct buf tar = BUF_INIT, again = BUF_INIT;
	char value[8];
	struct err err = {0};
	struct stat status;

	make_everything(area, "tree", area->tree, false);
	pack(area->tree, ".", &pack_plain, &tar);
	if (unpack_bytes(tar.data, tar.len, copy, NULL, NULL, &err) < 0)
		fail_msg("%s", err.text);
	assert_file(copy, "\xff\xfe bytes", "x");
	assert_file(copy, "e\xcc\x81", "nfd");
	assert_file(copy, "\xc3\xa9", "nfc");
	assert_file(copy, "d/e/file", "content");
	status = look_at(copy, "d/e/file");
	assert_int_equal(status.st_mode, S_IFREG | 06755);
	assert_int_equal(status.st_ino, look_at(copy, "z-link").st_ino);
	assert_int_equal(status.st_mtim.tv_sec, 2000000000);
	assert_int_equal(look_at(copy, "d").st_mode, S_IFDIR | 02755);
	assert_int_equal(look_at(copy, "d").st_mtim.tv_sec, 1000000);
	assert_int_equal(look_at(copy, "wide").st_mtim.tv_sec, -86400);
	assert_int_equal(look_at(copy, "fifo").st_mode, S_IFIFO | 0620);
	assert_int_equal(getxattr(file, "user.two", value, sizeof value), 3);
	assert_memory_equal(value, "2\n=", 3);
	assert_int_equal(getxattr(file, "user.overlay.x", value, sizeof value), -1);
	pack(copy, ".", &pack_plain, &again);
	assert_int_equal(again.len, tar.len);
	assert_memory_equal(again.data, tar.data, tar.len);
}

/* Owners arrive as numbers, also those that an octal field cannot hold. */
static void test_owners(void **state)
{
	const struct area *area = *state;
	AUTO_CLOSE int copy = make_tree(area, "copy");
	AUTO_BUF struct buf tar = BUF_INIT;
	struct err err = {0};

	if (geteuid() != 0)
		return;
	write_file(area->tree, "small", "", 0644);
	write_file(area->tree, "large", "", 0644);
	assert_int_equal(fchownat(area->tree, "small", 7, 8, 0), 0);
	assert_int_equal(fchownat(area->tree, "large", 3000000, 4000000000U, 0), 0);
	pack(area->tree, ".", &pack_plain, &tar);
	assert_int_equal(unpack_bytes(tar.data, tar.len, copy, NULL, NULL, &err), 0);
	assert_int_equal(look_at(copy, "small").st_uid, 7);
	assert_int_equal(look_at(copy, "small").st_gid, 8);
	assert_int_equal(look_at(copy, "large").st_uid, 3000000);
	assert_int_equal(look_at(copy, "large").st_gid, 4000000000U);
}

/* The same tree made in another order, at other times, by somebody with another umask, locale
 * and time zone. */
static void test_identical(void **state)
{
	const struct area *area = *state;
	AUTO_CLOSE int other = make_tree(area, "other");
	AUTO_BUF struct buf one = BUF_INIT, two = BUF_INIT;
	mode_t mask = umask(022);

	make_everything(area, "tree", area->tree, false);
	pack(area->tree, ".", &pack_plain, &one);
	umask(077);
	make_everything(area, "other", other, true);
	setenv("TZ", "Pacific/Chatham", 1);
	tzset();
	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	for (int i = 0; i < 2; i++) {
		buf_clear(&two);
		pack(other, ".", &pack_plain, &two);
		assert_int_equal(one.len, two.len);
		assert_memory_equal(one.data, two.data, one.len);
		assert_non_null(setlocale(LC_ALL, "C"));
	}
	unsetenv("TZ");
	umask(mask);
}

/* Adds everything that the tests of include and exclude look at. */
static void make_sources(int fd)
{
	mkdirat(fd, "build", 0755);
	mkdirat(fd, "build/sub", 0755);
	write_file(fd, "build/sub/a.o", "", 0644);
	mkdirat(fd, "empty", 0755);
	mkdirat(fd, "src", 0755);
	write_file(fd, "src/a.c", "", 0644);
	write_file(fd, "src/a.o", "", 0644);
	write_file(fd, "top.c", "", 0644);
}

/* What is excluded goes with all below it; what is included brings the directories above. */
static void test_patterns(void **state)
{
	static const struct {
		const char *include[3], *exclude[3], *names;
	} cases[] = {
		{{NULL},
		 {NULL},
		 "./ build/ build/sub/ build/sub/a.o empty/ src/ src/a.c src/a.o top.c"},
		{{NULL}, {"build/", "*.o"}, "./ empty/ src/ src/a.c top.c"},
		{{"*.o"}, {NULL}, "./ build/ build/sub/ build/sub/a.o src/ src/a.o"},
		{{"*.o"}, {"/src"}, "./ build/ build/sub/ build/sub/a.o"},
		{{"build"}, {NULL}, "./ build/ build/sub/ build/sub/a.o"},
		{{"src", "/empty"}, {"*.o"}, "./ empty/ src/ src/a.c"},
		{{"src/*.c"}, {NULL}, "./ src/ src/a.c"},
		{{"none"}, {NULL}, "./"},
	};
	const struct area *area = *state;

	make_sources(area->tree);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_STRV struct strv include = {0}, exclude = {0};
		struct archive_pack_options options = pack_plain;

		for (size_t j = 0; cases[i].include[j]; j++)
			strv_add(&include, cases[i].include[j]);
		for (size_t j = 0; cases[i].exclude[j]; j++)
			strv_add(&exclude, cases[i].exclude[j]);
		options.include = &include;
		options.exclude = &exclude;
		assert_names(area->tree, ".", &options, cases[i].names);
	}
}

/* One file, one link and one directory by name; not what is behind a link. */
static void test_by_name(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	struct err err = {0};

	make_sources(area->tree);
	assert_int_equal(symlinkat("src", area->tree, "link"), 0);
	assert_names(area->tree, "src/a.c", &pack_plain, "a.c");
	assert_names(area->tree, "link", &pack_plain, "link");
	assert_names(area->tree, "build/sub", &pack_plain, "./ a.o");
	assert_int_equal(pack_bytes(area->tree, "link/a.c", &pack_plain, &tar, &err), -1);
	assert_int_equal(pack_bytes(area->tree, "../canary", &pack_plain, &tar, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(pack_bytes(area->tree, "missing", &pack_plain, &tar, &err), -1);
	assert_non_null(strstr(err.text, "missing"));
}

/* For `copy`, owners, modes, links and attributes are those of nobody in particular. */
static void test_flat(void **state)
{
	const struct archive_pack_options flat = {.source_date_epoch = 1, .flatten_owner = true};
	const struct area *area = *state;
	AUTO_CLOSE int other = make_tree(area, "other");
	AUTO_FREE char *file = mem_printf("%s/tree/b", area->path);
	AUTO_BUF struct buf one = BUF_INIT, two = BUF_INIT;

	fchmod(area->tree, 0700);
	write_file(area->tree, "a", "same", 0600);
	assert_int_equal(linkat(area->tree, "a", area->tree, "b", 0), 0);
	assert_int_equal(setxattr(file, "user.x", "y", 1, 0), 0);
	write_file(area->tree, "run", "", 04711);
	if (geteuid() == 0)
		assert_int_equal(fchownat(area->tree, "a", 7, 8, 0), 0);
	write_file(other, "a", "same", 0664);
	write_file(other, "b", "same", 0644);
	write_file(other, "run", "", 0755);
	pack(area->tree, ".", &flat, &one);
	pack(other, ".", &flat, &two);
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	/* The first header's mode, owner and group. */
	assert_memory_equal(one.data + 100,
			    "0000755\0"
			    "0000000\0"
			    "0000000",
			    24);
	assert_memory_equal(one.data + 512 + 100, "0000644", 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_blocks),	  TEST(test_order),	    TEST(test_left_out),
		TEST(test_left_out_many), TEST(test_just_a_socket), TEST(test_round_trip),
		TEST(test_owners),	  TEST(test_identical),	    TEST(test_patterns),
		TEST(test_by_name),	  TEST(test_flat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
