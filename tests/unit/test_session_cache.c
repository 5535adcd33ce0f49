/* What is taken from the cache, and what is not: across specs, with artifacts, refreshed. */
#include "tests/unit/session_fixture.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "engine/store/store_internal.h"

#define MAKE_BASE                   \
	FIXTURE_SPEC FIXTURE_SHELL( \
		"mkdir bin; echo x > bin/x") "- action: create-artifact\n  artifact: base\n"
#define USE_BASE "- action: create-systree\n  artifact: base\n"

/* The digest that a state has for an artifact. */
static const char *artifact_of(struct fixture *fixture, size_t step, const char *name)
{
	return strv_getenv(&session_state_before(fixture->session, step)->artifacts, name);
}

static void export(struct fixture *fixture)
{
	struct err err = {0};

	if (session_export_artifacts(fixture->session, &err) < 0)
		fail_msg("%s", err.text);
}

/* The systree of an artifact is the same in every spec, whatever the artifact is called there and
 * however it is compressed or found. */
static void test_systree_of_another_spec(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *from = fixture_path(fixture, "artifacts/base.tar.zst"),
		       *to = fixture_path(fixture, "copy.tar.zst");

	fixture_load(fixture, MAKE_BASE USE_BASE);
	fixture_run(fixture, "continue");
	export(fixture);
	assert_int_equal(link(from, to), 0);
	fixture_load(fixture, "name: other\nactions:\n" USE_BASE);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-cached 1 passed 0\nstopped 2 end\n");
	fixture_load(fixture,
		     "name: other\nactions:\n- action: create-systree\n  path: copy.tar.zst\n");
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-cached 1 passed 0\nstopped 2 end\n");
	fixture_load(fixture, "name: other\nactions:\n- action: create-systree\n"
			      "  path: copy.tar.zst\n  strip: 1\n");
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\nstopped 2 end\n");
}

/* An earlier step that was changed but changes no tree leaves the steps behind it cached; one
 * that changes a tree does not, even to the same content. */
static void test_unchanged_trees(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("true") FIXTURE_SHELL("echo a > a"));
	fixture_run(fixture, "continue");
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("true; true") FIXTURE_SHELL("echo a > a"));
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\n"
				"step-started 2\nstep-ended 2 passed 0\n"
				"step-cached 3 passed 0\nstopped 4 end\n");
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("touch b") FIXTURE_SHELL("echo a > a"));
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\n"
				"step-started 2\nstep-ended 2 passed 0\n"
				"step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
	fixture_load(fixture,
		     FIXTURE_SPEC "- action: empty-workspace\n" FIXTURE_SHELL("echo a > a"));
	fixture_run(fixture, "until 3");
	fixture_forget(fixture);
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 3\nstep-ended 3 passed 0\nstopped 4 end\n");
}

/* A result whose artifact is not whole in the store any more does not count. */
static void test_artifact_is_gone(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = host_store(fixture->host);
	AUTO_FREE char *digest = NULL;

	fixture_load(fixture, MAKE_BASE USE_BASE);
	fixture_run(fixture, "continue");
	digest = mem_strdup(artifact_of(fixture, 5, "base"));
	assert_int_equal(unlinkat(store_blobs_fd(store), digest, 0), 0);
	fixture_load(fixture, MAKE_BASE USE_BASE);
	fixture_run(fixture, "continue");
	fixture_expect(fixture, "step-cached 1 passed 0\nstep-cached 2 passed 0\n"
				"step-started 3\nstep-ended 3 passed 0\n"
				"step-cached 4 passed 0\nstopped 5 end\n");
	assert_string_equal(artifact_of(fixture, 5, "base"), digest);
}

/* The digest of a file of the artifact directory. */
static void expect_export(struct fixture *fixture, const char *name, const char *digest)
{
	AUTO_FREE char *path = mem_printf("%s/%s", fixture->artifact_dir, name);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct sha256 *sha = sha256_new();
	char found[SHA256_HEX_SIZE], block[4096];
	ssize_t got;

	assert_true(fd >= 0);
	while ((got = read(fd, block, sizeof block)) > 0)
		sha256_add(sha, block, (size_t)got);
	sha256_finish(sha, found);
	assert_string_equal(found, digest);
}

/* The artifacts of the present state, and no others, become files; what was deleted or changed is
 * put back. */
static void test_export(void **state)
{
	struct fixture *fixture = *state;
	const char *digest;

	fixture_load(fixture,
		     MAKE_BASE "- action: create-artifact\n  artifact: later\n  compression: none\n"
			       "- action: create-artifact\n  artifact: thin\n  compression: gzip\n"
			       "- action: create-artifact\n  artifact: thick\n  compression: xz\n");
	fixture_run(fixture, "until 4");
	export(fixture);
	digest = artifact_of(fixture, 4, "base");
	expect_export(fixture, "base.tar.zst", digest);
	assert_false(fixture_exists(fixture, "artifacts/later.tar"));
	fixture_write(fixture, "artifacts/base.tar.zst", "changed");
	export(fixture);
	expect_export(fixture, "base.tar.zst", digest);
	fixture_run(fixture, "continue");
	digest = artifact_of(fixture, 7, "base");
	assert_int_equal(unlinkat(AT_FDCWD, fixture->artifact_dir, AT_REMOVEDIR), -1);
	{
		AUTO_FREE char *path = fixture_path(fixture, "artifacts/base.tar.zst");

		assert_int_equal(unlink(path), 0);
	}
	export(fixture);
	expect_export(fixture, "base.tar.zst", digest);
	expect_export(fixture, "later.tar", artifact_of(fixture, 7, "later"));
	expect_export(fixture, "thin.tar.gz", artifact_of(fixture, 7, "thin"));
	expect_export(fixture, "thick.tar.xz", artifact_of(fixture, 7, "thick"));
}

/* An artifact that is gone from the store cannot be exported, and that is said. */
static void test_export_fails(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};
	const char *digest;
	AUTO_FREE char *text = NULL;

	fixture_load(fixture, MAKE_BASE);
	fixture_run(fixture, "continue");
	digest = artifact_of(fixture, 4, "base");
	assert_int_equal(unlinkat(store_blobs_fd(host_store(fixture->host)), digest, 0), 0);
	assert_int_equal(session_export_artifacts(fixture->session, &err), -1);
	text = mem_printf("cannot write the artifact 'base': the store %s has no artifact %s",
			  fixture->store_path, digest);
	assert_string_equal(err.text, text);
	fixture_run(fixture, "rerun 3");
	fixture_forget(fixture);
}

/* An artifact is rebuilt to the same bytes, and what is made of it has the same files. */
static void test_artifacts_round(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *digest = NULL;

	fixture_load(fixture,
		     FIXTURE_SPEC FIXTURE_SHELL("mkdir -p d/e; echo 1 > d/e/f; echo 2 > skip.o; ln "
						"-s f d/e/l") "- action: create-artifact\n  "
							      "artifact: part\n  from: d\n"
							      "- action: create-artifact\n  "
							      "artifact: all\n  exclude: ['*.o']\n"
							      "- action: empty-workspace\n"
							      "- action: unpack-artifact\n  "
							      "artifact: part\n  to: a/b\n"
							      "- action: unpack-artifact\n  "
							      "artifact: all\n  strip: 2\n");
	fixture_run(fixture, "continue");
	assert_int_equal(fixture->reason, STOP_END);
	fixture_expect_file(fixture, 7, "a/b/e/f", "1\n");
	fixture_expect_file(fixture, 7, "f", NULL);
	fixture_expect_file(fixture, 8, "f", "1\n");
	fixture_expect_file(fixture, 8, "skip.o", NULL);
	fixture_expect_file(fixture, 8, "a/b/e/f", "1\n");
	digest = mem_strdup(artifact_of(fixture, 8, "all"));
	fixture_run(fixture, "rerun 4");
	assert_string_equal(artifact_of(fixture, 5, "all"), digest);
	fixture_forget(fixture);
}

/* What is packed, unpacked or copied and cannot be is the step's failure, with the reason. */
static void test_actions_fail(void **state)
{
	static const struct {
		const char *step, *why;
	} cases[] = {
		{"- action: create-artifact\n  artifact: x\n  from: nowhere\n",
		 "there is no 'nowhere' in the workspace to pack (links are not followed)"},
		{"- action: unpack-artifact\n  path: broken.tar.gz\n", "gzip"},
		{"- action: copy\n  from: there\n  to: file/x\n",
		 "'file' in the workspace is not a directory to put files into (links are not "
		 "followed)"},
		{"- action: copy\n  from: there\n  to: link\n",
		 "'link' in the workspace is not a directory to put files into (links are not "
		 "followed)"},
	};
	struct fixture *fixture = *state;
	/* More than a pipe holds: whoever packs it is told when nobody reads. */
	AUTO_FREE char *much = mem_printf("%04000000d", 0);

	fixture_write(fixture, "broken.tar.gz", "\x1f\x8b\x08\0\0\0\0\0garbage");
	fixture_write(fixture, "there", much);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *spec = mem_printf(
			FIXTURE_SPEC FIXTURE_SHELL("touch file; ln -s / link") "%s", cases[i].step);

		fixture_load(fixture, spec);
		fixture_run(fixture, "continue");
		assert_int_equal(session_position(fixture->session), 3);
		if (fixture->reason != STOP_FAILED || !strstr(fixture->stop_text, cases[i].why))
			fail_msg("%s: %s", cases[i].step, fixture->stop_text);
		fixture_expect_step(fixture, 3, STEP_FAILED, 0);
	}
}

/* Makes a tar archive of one character device (POSIX.1-2017, pax, "ustar Interchange Format"). */
static void make_device_archive(const struct fixture *fixture, const char *name)
{
	AUTO_FREE char *path = fixture_path(fixture, name);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	char blocks[3 * 512] = "null";
	unsigned sum = 0;

	memcpy(blocks + 100, "0000644", 8);
	memcpy(blocks + 108, "0000000", 8);
	memcpy(blocks + 116, "0000000", 8);
	memcpy(blocks + 124, "00000000000", 12);
	memcpy(blocks + 136, "00000000000", 12);
	memset(blocks + 148, ' ', 8);
	blocks[156] = '3';
	memcpy(blocks + 257, "ustar\00000", 8);
	memcpy(blocks + 329, "0000001", 8);
	memcpy(blocks + 337, "0000003", 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)blocks[i];
	snprintf(blocks + 148, 8, "%06o", sum);
	assert_int_equal(fd_write_all(fd, blocks, sizeof blocks), 0);
}

/* What is left out of an archive is told while the step runs. */
static void test_notes(void **state)
{
	struct fixture *fixture = *state;

	make_device_archive(fixture, "device.tar");
	fixture_load(fixture, "name: test\nactions:\n- action: unpack-artifact\n"
			      "  path: device.tar\n");
	fixture_run(fixture, "next");
	assert_non_null(strstr(fixture->events.data, "step-started 1\nstep-note 1 "));
	assert_non_null(strstr(fixture->events.data, "null"));
	assert_int_equal(fixture->reason, STOP_END);
	fixture_expect_file(fixture, 2, "null", NULL);
	fixture_forget(fixture);
}

/* And so is what `copy` leaves out. */
static void test_notes_of_copy(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct fixture *fixture = *state;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	fixture_write(fixture, "src/file", "text\n");
	snprintf(address.sun_path, sizeof address.sun_path, "%s/src/socket", fixture->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	fixture_load(fixture, "name: test\nactions:\n- action: copy\n  from: src\n");
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 1\nstep-note 1 left out the socket socket\n"
				"step-ended 1 passed 0\nstopped 2 end\n");
	fixture_expect_file(fixture, 2, "file", "text\n");
}

/* While another process prunes, this one does not, but the next time that it comes by. */
static void test_prune_beside_another(void **state)
{
	struct fixture *fixture = *state;
	AUTO_CLOSE int other = -1;
	struct err err = {0};

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo old"));
	fixture_run(fixture, "continue");
	fixture_close_host(fixture);
	fixture_open_host(fixture);
	fixture->options.store_size = 1;
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo new") FIXTURE_SHELL("echo newer"));
	assert_int_equal(store_lock_prune(host_store(fixture->host), F_WRLCK, &other, &err), 0);
	fixture_run(fixture, "until 3");
	fixture_reap(fixture);
	assert_null(strstr(fixture->events.data, "store-pruned"));
	fd_close(&other);
	fixture_run(fixture, "next");
	fixture_reap(fixture);
	assert_non_null(strstr(fixture->events.data, "store-pruned"));
	fixture_forget(fixture);
}

/* Puts an artifact into the store that nothing refers to. */
static void make_lost_artifact(struct store *store, char ret_digest[SHA256_HEX_SIZE])
{
	struct err err = {0};
	char name[32];
	int fd;

	memset(ret_digest, 'a', SHA256_HEX_SIZE - 1);
	ret_digest[SHA256_HEX_SIZE - 1] = '\0';
	assert_int_equal(blob_begin(store, name, &fd, &err), 0);
	close(fd);
	assert_int_equal(blob_commit(store, name, ret_digest, &err), 0);
}

/* What could not go because another process was making an artifact is not given up, nor said to be in use. */
static void test_prune_beside_an_artifact(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = host_store(fixture->host);
	char digest[SHA256_HEX_SIZE];
	struct err err = {0};
	int other, fd;

	make_lost_artifact(store, digest);
	fixture->options.store_size = 1;
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo new") FIXTURE_SHELL("echo newer"));
	other = store_lock_open(store, &err);
	assert_int_equal(lock_range(other, F_RDLCK, LOCK_BLOBS, 1), 0);
	fixture_run(fixture, "until 3");
	fixture_reap(fixture);
	assert_null(strstr(fixture->events.data, "store-pruned"));
	fd = blob_open(store, digest, &err);
	assert_true(fd >= 0);
	close(fd);
	close(other);
	fixture_run(fixture, "next");
	fixture_reap(fixture);
	assert_non_null(strstr(fixture->events.data, "store-pruned"));
	assert_int_equal(blob_open(store, digest, &err), -1);
	fixture_forget(fixture);
}

/* Who opens the debugger does not wait for files that take hours to be read. */
static void test_looks_briefly(void **state)
{
	static const char spec[] = FIXTURE_SPEC "- action: copy\n  from: huge\n";
	struct fixture *fixture = *state;
	AUTO_FREE char *path = fixture_path(fixture, "huge");
	AUTO_BUF struct buf notes = BUF_INIT;
	struct err err = {0};

	fixture_load(fixture, spec);
	fixture_run(fixture, "next");
	fixture_write(fixture, "huge", "");
	assert_int_equal(truncate(path, (off_t)4 << 40), 0);
	fixture_load(fixture, spec);
	assert_int_equal(session_restore(fixture->session, &notes, &err), 0);
	fixture_expect_step(fixture, 1, STEP_CACHED, 0);
	fixture_expect_step(fixture, 2, STEP_PENDING, 0);
	assert_int_equal(truncate(path, 4096), 0);
	fixture_forget(fixture);
	fixture_run(fixture, "continue");
	fixture_expect(
		fixture,
		"step-cached 1 passed 0\nstep-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
}

/* A step that cannot begin is no attempt; what it lacks is said, and it can be tried again. */
static void test_cannot_begin(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	fixture_load(fixture, FIXTURE_SPEC "- action: copy\n  from: nowhere\n");
	fixture_run(fixture, "continue");
	assert_int_equal(fixture->reason, STOP_ERROR);
	assert_non_null(strstr(fixture->stop_text, "cannot copy 'nowhere'"));
	assert_string_equal(fixture->stop_text, fixture->stop_err.text);
	fixture_expect(fixture, "step-started 1\nstep-ended 1 passed 0\nstopped 2 error\n");
	fixture_expect_step(fixture, 2, STEP_PENDING, 0);
	assert_int_equal(session_look(fixture->session, &err), 0);
	fixture_expect_step(fixture, 1, STEP_PASSED, 0);
	fixture_expect_step(fixture, 2, STEP_PENDING, 0);
	fixture_write(fixture, "nowhere", "here\n");
	fixture_run(fixture, "next");
	fixture_expect(fixture, "step-started 2\nstep-ended 2 passed 0\nstopped 3 end\n");
	fixture_expect_file(fixture, 3, "nowhere", "here\n");

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("true") "  network: host\n");
	fixture_run(fixture, "continue");
	assert_int_equal(fixture->reason, STOP_ERROR);
	assert_int_equal(fixture->stop_err.code, ERR_USAGE);
	assert_string_equal(fixture->stop_text, "step 2 'shell true' asks for the host's network; "
						"allow it with --allow network");
	fixture_expect(fixture, "step-cached 1 passed 0\nstopped 2 error\n");
}

/* Puts a passed attempt of step 1 into the store, as if it had been run. */
static void pretend_passed(struct fixture *fixture)
{
	const struct action_input input = {fixture->host, session_spec(fixture->session),
					   &session_spec(fixture->session)->steps[0],
					   session_state_before(fixture->session, 1), false};
	struct attempt attempt = {.step = 1, .name = mem_strdup(""), .action = mem_strdup("git")};
	struct attempt_draft draft;
	struct err err = {0};

	assert_int_equal(action_key(&input, attempt.key, NULL, &err), 0);
	state_init(&attempt.before);
	state_init(&attempt.after);
	assert_int_equal(attempt_begin(host_store(fixture->host), 80, 24, &draft, &err), 0);
	assert_int_equal(attempt_commit(host_store(fixture->host), &draft, &attempt, &err), 0);
	attempt_release(&attempt);
}

/* --refresh runs a network step although the store has it, also when it names the step; other
 * steps stay cached. Offline that cannot be done, and says so. */
static void test_refresh(void **state)
{
	static const char spec[] =
		"name: test\nactions:\n- action: git\n  url: https://example.org/x\n"
		"  ref: 0123456789abcdef0123456789abcdef01234567\n- action: empty-workspace\n";
	static const size_t refresh[] = {1, SIZE_MAX, 2, 0};
	struct fixture *fixture = *state;

	fixture->settings.offline = true;
	host_free(fixture->host);
	fixture_open_host(fixture);
	fixture_load(fixture, spec);
	pretend_passed(fixture);
	for (size_t i = 0; i < ARRAY_SIZE(refresh); i++) {
		fixture->options.refresh = refresh[i];
		fixture_load(fixture, spec);
		fixture_run(fixture, "next");
		if (i >= 2) {
			fixture_expect(fixture, "step-cached 1 passed 0\nstopped 2 step\n");
			continue;
		}
		assert_int_equal(fixture->reason, STOP_ERROR);
		assert_string_equal(fixture->stop_text,
				    "step 1 needs the network and is not in the cache; run it "
				    "without --offline");
		fixture_expect(fixture, "stopped 1 error\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_systree_of_another_spec),
		FIXTURE_TEST(test_unchanged_trees),
		FIXTURE_TEST(test_artifact_is_gone),
		FIXTURE_TEST(test_export),
		FIXTURE_TEST(test_export_fails),
		FIXTURE_TEST(test_artifacts_round),
		FIXTURE_TEST(test_actions_fail),
		FIXTURE_TEST(test_notes),
		FIXTURE_TEST(test_notes_of_copy),
		FIXTURE_TEST(test_prune_beside_another),
		FIXTURE_TEST(test_prune_beside_an_artifact),
		FIXTURE_TEST(test_looks_briefly),
		FIXTURE_TEST(test_cannot_begin),
		FIXTURE_TEST(test_refresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
