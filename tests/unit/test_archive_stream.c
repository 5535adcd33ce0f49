/* Compressing, decompressing and digests of trees (engine/store/archive.h). */
#include "tests/unit/test_archive.h"

#include <archive_entry.h>
#include <sys/wait.h>

/* 3 MiB that can be compressed, but not to nothing. */
static void make_bytes(struct buf *buf)
{
	uint32_t number = 1;

	while (buf->len < 3 << 20) {
		number = number * 1103515245 + 12345;
		buf_add_fmt(buf, "%u ", number >> 16);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(archive_compression_by_name("none"), ARCHIVE_COMPRESSION_NONE);
	assert_int_equal(archive_compression_by_name("gzip"), ARCHIVE_COMPRESSION_GZIP);
	assert_int_equal(archive_compression_by_name("xz"), ARCHIVE_COMPRESSION_XZ);
	assert_int_equal(archive_compression_by_name("zstd"), ARCHIVE_COMPRESSION_ZSTD);
	assert_int_equal(archive_compression_by_name("lzop"), -1);
	assert_string_equal(archive_suffix(ARCHIVE_COMPRESSION_NONE), "tar");
	assert_string_equal(archive_suffix(ARCHIVE_COMPRESSION_GZIP), "tar.gz");
	assert_string_equal(archive_suffix(ARCHIVE_COMPRESSION_XZ), "tar.xz");
	assert_string_equal(archive_suffix(ARCHIVE_COMPRESSION_ZSTD), "tar.zst");
}

/* Compresses what a child writes in pieces of this size. */
static void compress_in_pieces(const struct buf *bytes, size_t piece,
			       enum archive_compression method, struct buf *ret_out,
			       char ret_digest[SHA256_HEX_SIZE])
{
	AUTO_CLOSE int out = memory_file("", 0);
	struct err err = {0};
	uint64_t size;
	pid_t child;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	if (!child) {
		for (size_t at = 0; at < bytes->len; at += piece) {
			size_t rest = bytes->len - at;

			if (fd_write_all(ends[1], bytes->data + at, rest < piece ? rest : piece) <
			    0)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(archive_compress(ends[0], out, method, ret_digest, &size, &err), 0);
	close(ends[0]);
	waitpid(child, NULL, 0);
	read_back(out, ret_out);
	assert_int_equal(size, ret_out->len);
}

/* Every method gives back the bytes, the digest of what it wrote, and always writes the same. */
static void test_methods(void **state)
{
	static const char *const magic[] = {"1", "\x1f\x8b", "\xfd\x37\x7a\x58\x5a",
					    "\x28\xb5\x2f\xfd"};
	AUTO_BUF struct buf bytes = BUF_INIT;

	(void)state;
	make_bytes(&bytes);
	for (int i = ARCHIVE_COMPRESSION_NONE; i <= ARCHIVE_COMPRESSION_ZSTD; i++) {
		enum archive_compression method = (enum archive_compression)i;
		AUTO_BUF struct buf one = BUF_INIT, two = BUF_INIT, back = BUF_INIT;
		char first[SHA256_HEX_SIZE], second[SHA256_HEX_SIZE], check[SHA256_HEX_SIZE];
		AUTO_CLOSE int in = -1, out = memory_file("", 0);
		struct sha256 *sha = sha256_new();
		struct err err = {0};

		compress_in_pieces(&bytes, 1 << 20, method, &one, first);
		compress_in_pieces(&bytes, 1001, method, &two, second);
		assert_int_equal(one.len, two.len);
		assert_memory_equal(one.data, two.data, one.len);
		sha256_add(sha, one.data, one.len);
		sha256_finish(sha, check);
		assert_string_equal(first, check);
		assert_string_equal(second, check);
		if (i)
			assert_memory_equal(one.data, magic[i], strlen(magic[i]));
		assert_true(i == 0 || one.len < bytes.len);
		in = memory_file(one.data, one.len);
		assert_int_equal(archive_decompress(in, out, &err), 0);
		read_back(out, &back);
		assert_int_equal(back.len, bytes.len);
		assert_memory_equal(back.data, bytes.data, back.len);
	}
}

/* A gzip header has no time in it. */
static void test_gzip_time(void **state)
{
	AUTO_BUF struct buf bytes = BUF_INIT, out = BUF_INIT;
	char digest[SHA256_HEX_SIZE];

	(void)state;
	buf_add_str(&bytes, "text");
	compress_in_pieces(&bytes, 4, ARCHIVE_COMPRESSION_GZIP, &out, digest);
	assert_memory_equal(out.data + 4, "\0\0\0\0", 4);
}

/* Decompressing damaged bytes fails; what is not compressed passes, nothing too. */
static void test_decompress(void **state)
{
	static const char *const as_is[] = {"", "PK\3\4 not really", "text"};
	AUTO_BUF struct buf bytes = BUF_INIT, packed = BUF_INIT;
	char digest[SHA256_HEX_SIZE];
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(as_is); i++) {
		AUTO_CLOSE int in = memory_file(as_is[i], strlen(as_is[i]));
		AUTO_CLOSE int out = memory_file("", 0);
		AUTO_BUF struct buf back = BUF_INIT;

		assert_int_equal(archive_decompress(in, out, &err), 0);
		read_back(out, &back);
		assert_string_equal(back.data, as_is[i]);
	}
	make_bytes(&bytes);
	compress_in_pieces(&bytes, 1 << 20, ARCHIVE_COMPRESSION_ZSTD, &packed, digest);
	{
		AUTO_CLOSE int in = memory_file(packed.data, packed.len / 2);
		AUTO_CLOSE int out = memory_file("", 0);

		assert_int_equal(archive_decompress(in, out, &err), -1);
		assert_int_equal(err.code, ERR_STEP);
		assert_non_null(strstr(err.text, "damaged or cut off"));
	}
}

/* Nobody reads on: an error, not a signal, where the signal is ignored. */
static void test_no_space(void **state)
{
	AUTO_CLOSE int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	AUTO_CLOSE int in = memory_file("text", 4), again = memory_file("text", 4);
	char digest[SHA256_HEX_SIZE];
	struct err err = {0};
	uint64_t size;

	(void)state;
	assert_int_equal(archive_compress(in, full, ARCHIVE_COMPRESSION_ZSTD, digest, &size, &err),
			 -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_int_equal(err.sys_errno, ENOSPC);
	assert_int_equal(archive_decompress(again, full, &err), -1);
	assert_int_equal(err.sys_errno, ENOSPC);
}

/* Digests a file's content and counts the calls. */
static int digest_content(void *data, int fd, char ret[SHA256_HEX_SIZE], struct err *err)
{
	AUTO_BUF struct buf bytes = BUF_INIT;
	struct sha256 *sha;

	++*(int *)data;
	if (buf_read_fd(&bytes, fd, 1 << 20, "a file", err) < 0)
		return -1;
	sha = sha256_new();
	sha256_add(sha, bytes.data, bytes.len);
	sha256_finish(sha, ret);
	return 0;
}

/* The digest of a tree, which works; returns how many files were read. */
static int digest_tree(int dir_fd, const char *name, const struct strv *exclude,
		       char ret[SHA256_HEX_SIZE])
{
	struct err err = {0};
	int calls = 0;

	if (archive_tree_digest(dir_fd, name, exclude, digest_content, &calls, ret, &err) < 0)
		fail_msg("%s", err.text);
	return calls;
}

static void make_small(int fd)
{
	mkdirat(fd, "d", 0755);
	write_file(fd, "d/one", "one", 0644);
	write_file(fd, "two", "two", 0600);
	assert_int_equal(symlinkat("two", fd, "link"), 0);
}

/* What `copy` does not take over does not count; what it leaves out does not either. */
static void test_same_digest(void **state)
{
	const struct area *area = *state;
	AUTO_CLOSE int other = make_tree(area, "other");
	AUTO_STRV struct strv exclude = {0};
	char one[SHA256_HEX_SIZE], two[SHA256_HEX_SIZE];

	make_small(area->tree);
	make_small(other);
	assert_int_equal(digest_tree(area->tree, ".", NULL, one), 2);
	fchmodat(other, "d/one", 0440, 0);
	fchmodat(other, "d", 0700, 0);
	utimensat(other, "two", (struct timespec[2]){{5, 0}, {5, 0}}, 0);
	if (geteuid() == 0)
		assert_int_equal(fchownat(other, "two", 7, 8, 0), 0);
	digest_tree(other, ".", NULL, two);
	assert_string_equal(one, two);
	digest_tree(area->fd, "other", NULL, two);
	assert_string_equal(one, two);
	write_file(other, "d/x.o", "", 0644);
	strv_add(&exclude, "*.o");
	assert_int_equal(digest_tree(other, ".", &exclude, two), 2);
	assert_string_equal(one, two);
}

/* Everything that `copy` takes over counts. */
static void test_other_digests(void **state)
{
	const struct area *area = *state;
	char digests[8][SHA256_HEX_SIZE];
	size_t count = 0;

	make_small(area->tree);
	digest_tree(area->tree, ".", NULL, digests[count++]);
	write_file(area->tree, "two", "tw0", 0600);
	digest_tree(area->tree, ".", NULL, digests[count++]);
	fchmodat(area->tree, "two", 0700, 0);
	digest_tree(area->tree, ".", NULL, digests[count++]);
	unlinkat(area->tree, "link", 0);
	assert_int_equal(symlinkat("tw0", area->tree, "link"), 0);
	digest_tree(area->tree, ".", NULL, digests[count++]);
	renameat(area->tree, "two", area->tree, "tow");
	digest_tree(area->tree, ".", NULL, digests[count++]);
	mkdirat(area->tree, "empty", 0755);
	digest_tree(area->tree, ".", NULL, digests[count++]);
	digest_tree(area->tree, "tow", NULL, digests[count++]);
	digest_tree(area->tree, "link", NULL, digests[count++]);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(digests[i], digests[j]);
	}
}

/* A failure of whoever reads the files is the digest's. */
static int fail_to_digest(void *data, int fd, char ret[SHA256_HEX_SIZE], struct err *err)
{
	(void)data;
	(void)fd;
	(void)ret;
	return err_set(err, ERR_HOST, "no");
}

static void test_digest_fails(void **state)
{
	const struct area *area = *state;
	char digest[SHA256_HEX_SIZE] = "unchanged";
	struct err err = {0};

	make_small(area->tree);
	assert_int_equal(
		archive_tree_digest(area->tree, ".", NULL, fail_to_digest, NULL, digest, &err), -1);
	assert_string_equal(err.text, "no");
	assert_string_equal(digest, "unchanged");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names),	  TEST(test_methods),	   TEST(test_gzip_time),
		TEST(test_decompress),	  TEST(test_no_space),	   TEST(test_same_digest),
		TEST(test_other_digests), TEST(test_digest_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
