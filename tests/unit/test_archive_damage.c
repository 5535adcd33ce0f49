/* Archives that are cut off, damaged, wrapped up or none; and zip (engine/store/archive.h). */
#include "tests/unit/test_archive.h"

#include <archive_entry.h>
#include <sys/wait.h>

/* Wherever the stream is cut, that is noticed; only the second end block may be missing. */
static void test_cut_off(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;

	add_dir(&tar, "d/", 0755);
	add_file(&tar, "d/a", 0644, "text");
	add_pax(&tar, "path", "d/b");
	add_file(&tar, "short", 0644, "more text");
	add_end(&tar);
	for (size_t length = 0; length + 1024 <= tar.len; length += length % 512 == 1 ? 511 : 1) {
		struct err err = {0};

		if (!unpack_bytes(tar.data, length, area->tree, NULL, NULL, &err))
			fail_msg("%zu of %zu bytes are enough", length, tar.len);
		assert_int_equal(err.code, ERR_STEP);
		if (length >= 512)
			assert_non_null(strstr(err.text, "damaged or cut off"));
	}
}

/* The same behind each compression. */
static void test_cut_off_compressed(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;

	for (int i = 0; i < 200; i++)
		add_file(&tar, "file", 0644, "text");
	add_end(&tar);
	for (int method = ARCHIVE_COMPRESSION_GZIP; method <= ARCHIVE_COMPRESSION_ZSTD; method++) {
		AUTO_CLOSE int in = memory_file(tar.data, tar.len), out = memory_file("", 0);
		AUTO_BUF struct buf bytes = BUF_INIT;
		char digest[SHA256_HEX_SIZE];
		struct err err = {0};
		uint64_t size;

		assert_int_equal(archive_compress(in, out, (enum archive_compression)method, digest,
						  &size, &err),
				 0);
		read_back(out, &bytes);
		assert_int_equal(unpack_bytes(bytes.data, bytes.len, area->tree, NULL, NULL, &err),
				 0);
		for (size_t length = 10; length < bytes.len; length += bytes.len / 13 + 1) {
			assert_int_equal(
				unpack_bytes(bytes.data, length, area->tree, NULL, NULL, &err), -1);
			assert_int_equal(err.code, ERR_STEP);
		}
		assert_int_equal(
			unpack_bytes(bytes.data, bytes.len - 1, area->tree, NULL, NULL, &err), -1);
	}
}

/* A header with any byte changed is refused: its checksum is wrong, or it is no header. */
static void test_flipped(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;

	add_file(&tar, "a", 0644, "text");
	add_file(&tar, "b", 0644, "text");
	add_end(&tar);
	for (size_t at = 0; at < 2048; at += 7) {
		struct err err = {0};

		if (at / 512 % 2)
			continue;
		tar.data[at] ^= 0x10;
		/* Spaces and NULs around a number say the same. */
		if (!unpack_bytes(tar.data, tar.len, area->tree, NULL, NULL, &err))
			fail_msg("byte %zu may be anything", at);
		assert_int_equal(err.code, ERR_STEP);
		tar.data[at] ^= 0x10;
	}
}

/* What is no archive is called that. */
static void test_not_an_archive(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf page = BUF_INIT;
	struct err err = {0};

	assert_int_equal(unpack_bytes("", 0, area->tree, NULL, NULL, &err), -1);
	assert_string_equal(err.text, "the archive is empty");
	buf_add_str(&page, "<!doctype html><title>Not found</title>");
	assert_int_equal(unpack_bytes(page.data, page.len, area->tree, NULL, NULL, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
	assert_non_null(strstr(err.text, "not an archive in a known format"));
	while (page.len < 5000)
		buf_add_str(&page, "<p>The page you asked for is not here.\n");
	assert_int_equal(unpack_bytes(page.data, page.len, area->tree, NULL, NULL, &err), -1);
	assert_non_null(strstr(err.text, "not an archive in a known format"));
	buf_clear(&page);
	buf_add_str(&page, "#mtree\n./evil type=file mode=0644\n");
	assert_int_equal(unpack_bytes(page.data, page.len, area->tree, NULL, NULL, &err), -1);
	assert_non_null(strstr(err.text, "not an archive in a known format"));
}

/* Compresses buf with gzip in place. */
static void gzip_in_place(struct buf *buf)
{
	AUTO_CLOSE int in = memory_file(buf->data, buf->len), out = memory_file("", 0);
	char digest[SHA256_HEX_SIZE];
	struct err err = {0};
	uint64_t size;

	assert_int_equal(archive_compress(in, out, ARCHIVE_COMPRESSION_GZIP, digest, &size, &err),
			 0);
	buf_clear(buf);
	read_back(out, buf);
}

/* The archive is refused for damage, with these words. */
static void assert_damaged(const struct buf *archive, const struct area *area, const char *why)
{
	struct err err = {0};

	assert_int_equal(unpack_bytes(archive->data, archive->len, area->tree, NULL, NULL, &err),
			 -1);
	assert_int_equal(err.code, ERR_STEP);
	assert_non_null(strstr(err.text, "damaged or cut off"));
	assert_non_null(strstr(err.text, why));
}

/* Two layers of compression are taken off, three are not. */
static void test_layers(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	struct err err = {0};

	add_file(&tar, "inside", 0644, "text");
	add_end(&tar);
	gzip_in_place(&tar);
	gzip_in_place(&tar);
	assert_int_equal(unpack_bytes(tar.data, tar.len, area->tree, NULL, NULL, &err), 0);
	assert_file(area->tree, "inside", "text");
	gzip_in_place(&tar);
	assert_int_equal(unpack_bytes(tar.data, tar.len, area->tree, NULL, NULL, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
	assert_non_null(strstr(err.text, "more than 2 times"));
}

/* Contents that still decompress but are not what was compressed are refused, whichever of the bytes
 * that say so is another (RFC 1952: the checksum and the length are the last eight), in each layer. */
static void test_gzip_checksum(void **state)
{
	const struct area *area = *state;

	for (int layers = 1; layers <= 2; layers++) {
		AUTO_BUF struct buf tar = BUF_INIT;

		add_file(&tar, "inside", 0644, "text");
		add_end(&tar);
		for (int i = 0; i < layers; i++) {
			gzip_in_place(&tar);
			if (!i)
				tar.data[tar.len - 6] ^= 1;
		}
		assert_damaged(&tar, area, "gzip: incorrect data check");
	}
	for (size_t behind = 1; behind <= 4; behind++) {
		AUTO_BUF struct buf tar = BUF_INIT;

		add_file(&tar, "inside", 0644, "text");
		add_end(&tar);
		gzip_in_place(&tar);
		tar.data[tar.len - behind] ^= 1;
		assert_damaged(&tar, area, "gzip: incorrect length check");
	}
}

/* An archive in several members is one; what is behind them and no member is passed over, but a
 * member that is cut off is not. */
static void test_gzip_members(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf first = BUF_INIT, second = BUF_INIT;
	struct err err = {0};

	add_file(&first, "one", 0644, "text");
	gzip_in_place(&first);
	add_file(&second, "two", 0644, "text");
	add_end(&second);
	gzip_in_place(&second);
	buf_add(&first, second.data, second.len);
	assert_int_equal(unpack_bytes(first.data, first.len, area->tree, NULL, NULL, &err), 0);
	assert_file(area->tree, "one", "text");
	assert_file(area->tree, "two", "text");
	buf_add_str(&first, "behind");
	assert_int_equal(unpack_bytes(first.data, first.len, area->tree, NULL, NULL, &err), 0);
	buf_truncate(&first, first.len - strlen("behind"));
	buf_add(&first, second.data, second.len - 1);
	assert_damaged(&first, area, "gzip: it ends too early");
}

/* A compressed stream without end behind the end of the tar is not read for ever. */
static void test_long_tail(void **state)
{
	static const struct archive_unpack_options small = {.apparent_max = 1 << 20,
							    .entries_max = 1};
	const struct area *area = *state;
	AUTO_BUF struct buf tar = BUF_INIT;
	struct err err = {0};

	add_file(&tar, "file", 0644, "text");
	for (int i = 0; i < 2048 + 8; i++)
		add_end(&tar);
	gzip_in_place(&tar);
	assert_int_equal(unpack_bytes(tar.data, tar.len, area->tree, &small, NULL, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
	assert_non_null(strstr(err.text, "longer than 2101248 bytes"));
}

/* One member of a zip. */
static void add_member(struct archive *zip, const char *name, unsigned mode, const char *text)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_uid(entry, 4242);
	archive_entry_set_mtime(entry, 1000000000, 0);
	if (S_ISLNK(mode))
		archive_entry_set_symlink(entry, text);
	else
		archive_entry_set_size(entry, (la_int64_t)strlen(text));
	assert_int_equal(archive_write_header(zip, entry), ARCHIVE_OK);
	if (S_ISREG(mode))
		assert_true(archive_write_data(zip, text, strlen(text)) >= 0);
	archive_entry_free(entry);
}

/* Writes zip to where an archive of members is unpacked from a pipe; gives what that gave. */
static int unpack_zip_from_pipe(const struct buf *zip, int dir_fd, struct err *err)
{
	static const struct archive_unpack_options options = {0};
	AUTO_STRV struct strv notes = {0};
	int ends[2], result;
	pid_t child;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	if (!child) {
		close(ends[0]);
		_exit(fd_write_all(ends[1], zip->data, zip->len) < 0);
	}
	close(ends[1]);
	result = archive_unpack(ends[0], dir_fd, &options, &notes, err);
	close(ends[0]);
	waitpid(child, NULL, 0);
	return result;
}

/* A zip through a pipe: modes and links from its end, files of whoever unpacks. */
static void test_zip(void **state)
{
	const struct area *area = *state;
	AUTO_BUF struct buf bytes = BUF_INIT;
	static char zip_bytes[65536];
	struct archive *zip = archive_write_new();
	struct err err = {0};
	struct stat status;
	size_t used;

	assert_int_equal(archive_write_set_format_zip(zip), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(zip, 1);
	archive_write_open_memory(zip, zip_bytes, sizeof zip_bytes, &used);
	add_member(zip, "tool", S_IFREG | 0755, "run");
	add_member(zip, "d/link", S_IFLNK | 0777, "../tool");
	archive_write_free(zip);
	buf_add(&bytes, zip_bytes, used);
	assert_int_equal(unpack_zip_from_pipe(&bytes, area->tree, &err), 0);
	status = look_at(area->tree, "tool");
	assert_int_equal(status.st_mode, S_IFREG | 0755);
	assert_int_equal(status.st_uid, geteuid());
	assert_file(area->tree, "tool", "run");
	assert_true(S_ISLNK(look_at(area->tree, "d/link").st_mode));
	buf_truncate(&bytes, bytes.len - 30);
	assert_int_equal(unpack_zip_from_pipe(&bytes, area->tree, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
}

/* The rules hold for a zip too. */
static void test_zip_names(void **state)
{
	const struct area *area = *state;
	static char zip_bytes[65536];
	struct archive *zip = archive_write_new();
	struct err err = {0};
	size_t used;

	assert_int_equal(archive_write_set_format_zip(zip), ARCHIVE_OK);
	archive_write_open_memory(zip, zip_bytes, sizeof zip_bytes, &used);
	add_member(zip, "../evil", S_IFREG | 0755, "run");
	archive_write_free(zip);
	assert_int_equal(unpack_bytes(zip_bytes, used, area->tree, NULL, NULL, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
	assert_non_null(strstr(err.text, "../evil"));
	assert_untouched(area);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cut_off),	  TEST(test_cut_off_compressed),
		TEST(test_flipped),	  TEST(test_not_an_archive),
		TEST(test_layers),	  TEST(test_long_tail),
		TEST(test_gzip_checksum), TEST(test_gzip_members),
		TEST(test_zip),		  TEST(test_zip_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
