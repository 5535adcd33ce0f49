/* Artifacts: blobs, and the files made of them (engine/store/store.h). */
#include "tests/unit/store_fixture.h"

/* SHA-256 of "abc" (FIPS 180-4, appendix B.1). */
static const char abc_digest[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static char *get_text(int fd)
{
	struct buf buf = BUF_INIT;
	struct err err;

	assert_true(fd >= 0);
	assert_int_equal(buf_read_fd(&buf, fd, SIZE_MAX, "file", &err), 0);
	return buf_detach(&buf);
}

static char *get_file(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	return get_text(fd);
}

/* What was written is found by its digest, also when it is written again. */
static void test_blob(void **state)
{
	struct fixture *fixture = *state;
	char digest[SHA256_HEX_SIZE];
	struct err err;

	for (int i = 0; i < 2; i++) {
		AUTO_CLOSE int fd = -1;
		AUTO_FREE char *text = NULL;

		fixture_blob(fixture->store, "abc", digest);
		assert_string_equal(digest, abc_digest);
		fd = blob_open(fixture->store, digest, &err);
		text = get_text(fd);
		assert_string_equal(text, "abc");
	}
	digest[0] = 'c';
	assert_int_equal(blob_open(fixture->store, digest, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_int_equal(blob_open(fixture->store, "../version", &err), -1);
	assert_int_equal(err.code, ERR_FAULT);
}

/* A blob that is given up, or has a name that is no digest, leaves nothing. */
static void test_blob_given_up(void **state)
{
	struct fixture *fixture = *state;
	char name[32];
	struct err err;
	int fd;

	assert_int_equal(blob_begin(fixture->store, name, &fd, &err), 0);
	close(fd);
	blob_discard(fixture->store, name);
	assert_int_equal(blob_begin(fixture->store, name, &fd, &err), 0);
	close(fd);
	assert_int_equal(blob_commit(fixture->store, name, "../../x", &err), -1);
	assert_int_equal(blob_commit(fixture->store, name, abc_digest, &err), -1);
	assert_false(fixture_has(fixture, name));
	fixture_expect_whole(fixture->store);
}

/* The file being written is left alone by another start, even when the writer has closed its own
 * descriptor; that of a dead process is not. */
static void test_blob_in_flight(void **state)
{
	struct fixture *fixture = *state;
	struct fixture second = *fixture;
	char name[32], path[64];
	struct err err;
	int fd;

	assert_int_equal(blob_begin(fixture->store, name, &fd, &err), 0);
	assert_int_equal(write(fd, "abc", 3), 3);
	close(fd);
	fixture_open(&second);
	snprintf(path, sizeof path, "tmp/%s", name);
	assert_true(fixture_has(fixture, path));
	assert_int_equal(blob_commit(fixture->store, name, abc_digest, &err), 0);
	assert_int_equal(blob_begin(fixture->store, name, &fd, &err), 0);
	close(fd);
	fixture_close(fixture);
	fixture_close(&second);
	fixture_open(fixture);
	snprintf(path, sizeof path, "tmp/%s", name);
	assert_false(fixture_has(fixture, path));
}

/* An export makes the directory and the file, puts back what was changed or removed, and does not
 * touch what is right. */
static void test_export(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *dir = path_join(fixture->dir, "out/deep");
	AUTO_FREE char *path = path_join(dir, "tool.tar");
	AUTO_FREE char *first = NULL, *second = NULL, *third = NULL;
	struct stat before, after;
	char digest[SHA256_HEX_SIZE];
	struct err err;

	fixture_blob(fixture->store, "abc", digest);
	assert_int_equal(store_export_artifact(fixture->store, digest, dir, "tool.tar", &err), 0);
	first = get_file(path);
	assert_string_equal(first, "abc");
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(store_export_artifact(fixture->store, digest, dir, "tool.tar", &err), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(truncate(path, 1), 0);
	assert_int_equal(store_export_artifact(fixture->store, digest, dir, "tool.tar", &err), 0);
	second = get_file(path);
	assert_string_equal(second, "abc");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(store_export_artifact(fixture->store, digest, dir, "tool.tar", &err), 0);
	third = get_file(path);
	assert_string_equal(third, "abc");
	/* Only the file is there. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* A link in the place of the file is replaced, not followed; a directory is an error. */
static void test_export_over(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *victim = path_join(fixture->dir, "victim");
	AUTO_FREE char *link = path_join(fixture->dir, "link");
	AUTO_FREE char *dir = path_join(fixture->dir, "dir");
	AUTO_FREE char *kept = NULL, *text = NULL;
	char digest[SHA256_HEX_SIZE];
	struct err err;

	fixture_blob(fixture->store, "abc", digest);
	{
		AUTO_CLOSE int fd = open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		assert_int_equal(write(fd, "mine", 4), 4);
	}
	assert_int_equal(symlink(victim, link), 0);
	assert_int_equal(store_export_artifact(fixture->store, digest, fixture->dir, "link", &err),
			 0);
	kept = get_file(victim);
	assert_string_equal(kept, "mine");
	text = get_file(link);
	assert_string_equal(text, "abc");
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(store_export_artifact(fixture->store, digest, fixture->dir, "dir", &err),
			 -1);
}

/* Names that are paths, blobs that are missing, and blobs that are damaged. */
static void test_export_refused(void **state)
{
	static const char *const names[] = {"", ".", "..", "a/b", "../a", "/a"};
	struct fixture *fixture = *state;
	AUTO_FREE char *target = path_join(fixture->dir, "tool");
	AUTO_FREE char *blob = mem_printf("blobs/%s", abc_digest);
	char digest[SHA256_HEX_SIZE];
	struct err err;

	fixture_blob(fixture->store, "abc", digest);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(
			store_export_artifact(fixture->store, digest, fixture->dir, names[i], &err),
			-1);
		assert_int_equal(err.code, ERR_USAGE);
	}
	fixture_put(fixture, blob, "abd");
	assert_int_equal(store_export_artifact(fixture->store, digest, fixture->dir, "tool", &err),
			 -1);
	assert_int_equal(err.code, ERR_FAULT);
	assert_int_equal(access(target, F_OK), -1);
	fixture_remove(fixture, blob);
	assert_int_equal(store_export_artifact(fixture->store, digest, fixture->dir, "tool", &err),
			 -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_blob),	   FIXTURE_TEST(test_blob_given_up),
		FIXTURE_TEST(test_blob_in_flight), FIXTURE_TEST(test_export),
		FIXTURE_TEST(test_export_over),	   FIXTURE_TEST(test_export_refused),
	};

	return cmocka_run_group_tests_name("store artifacts", tests, NULL, NULL);
}
