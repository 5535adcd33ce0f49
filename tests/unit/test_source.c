/* Where a step's archive comes from, and what of the host a spec may read. */
#include "tests/unit/session_fixture.h"

#include "engine/actions/source.h"

/* A step and what it stands on. */
struct wanted {
	struct spec *spec;
	struct state before;
	struct action_input input;
};

static void wanted_init(struct wanted *wanted, struct fixture *fixture, const char *step)
{
	AUTO_FREE char *text = mem_printf("name: test\nactions:\n%s", step);

	wanted->spec = fixture_parse(fixture, text);
	state_init(&wanted->before);
	wanted->input = (struct action_input){fixture->host, wanted->spec,
					      &wanted->spec->steps[wanted->spec->n_steps - 1],
					      &wanted->before, false};
}

static void wanted_release(struct wanted *wanted)
{
	state_release(&wanted->before);
	spec_free(wanted->spec);
}

static void digest_of(const char *text, char ret_digest[SHA256_HEX_SIZE])
{
	struct sha256 *sha = sha256_new();

	sha256_add(sha, text, strlen(text));
	sha256_finish(sha, ret_digest);
}

static void expect_source(struct wanted *wanted, const char *content)
{
	char digest[SHA256_HEX_SIZE], bytes[64] = "";
	struct source source;
	struct err err = {0};

	if (source_open(&wanted->input, &source, &err) < 0)
		fail_msg("%s", err.text);
	digest_of(content, digest);
	assert_string_equal(source.digest, digest);
	assert_true(read(source.fd, bytes, sizeof bytes - 1) >= 0);
	assert_string_equal(bytes, content);
	source_release(&source);
	assert_int_equal(source.fd, -1);
}

static void expect_none(struct wanted *wanted, enum err_code code, const char *why)
{
	struct source source;
	struct err err = {0};

	assert_int_equal(source_open(&wanted->input, &source, &err), -1);
	if (!strstr(err.text, why))
		fail_msg("%s, not %s", err.text, why);
	assert_int_equal(err.code, code);
}

/* Puts a blob with this text into the store and its digest into the state. */
static void make_artifact(struct fixture *fixture, struct wanted *wanted, const char *name,
			  const char *text)
{
	struct store *store = host_store(fixture->host);
	char digest[SHA256_HEX_SIZE], tmp_name[32];
	struct err err = {0};
	int fd;

	digest_of(text, digest);
	assert_int_equal(blob_begin(store, tmp_name, &fd, &err), 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	fd_close(&fd);
	assert_int_equal(blob_commit(store, tmp_name, digest, &err), 0);
	strv_setenv(&wanted->before.artifacts, name, digest);
}

/* What this build made comes before what the artifact directory has. */
static void test_artifact(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *path = fixture_path(fixture, "artifacts/a.tar");
	struct wanted wanted;

	fixture_write(fixture, "artifacts/a.tar", "outside");
	wanted_init(&wanted, fixture, "- action: unpack-artifact\n  artifact: a\n");
	expect_source(&wanted, "outside");
	make_artifact(fixture, &wanted, "a", "inside");
	expect_source(&wanted, "inside");
	unlinkat(store_blobs_fd(host_store(fixture->host)),
		 strv_getenv(&wanted.before.artifacts, "a"), 0);
	expect_none(&wanted, ERR_NOT_FOUND, "has no artifact");
	strv_clear(&wanted.before.artifacts);
	assert_int_equal(unlink(path), 0);
	expect_none(&wanted, ERR_STEP, "there is no artifact 'a': no earlier step makes it");
	wanted_release(&wanted);
}

/* Only a regular file is an archive: nothing blocks, nothing is read that has no end. */
static void test_not_regular(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *fifo = fixture_path(fixture, "artifacts/a.tar"),
		       *dir = fixture_path(fixture, "artifacts/b.tar");
	struct wanted wanted;

	fixture_write(fixture, "artifacts/x", "");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	wanted_init(&wanted, fixture, "- action: unpack-artifact\n  artifact: a\n");
	expect_none(&wanted, ERR_STEP, "not a regular file");
	wanted_release(&wanted);
	wanted_init(&wanted, fixture, "- action: unpack-artifact\n  artifact: b\n");
	expect_none(&wanted, ERR_STEP, "not a regular file");
	wanted_release(&wanted);
}

/* A path is relative to the spec, and below the context, without any link. */
static void test_path(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *link = fixture_path(fixture, "link.tar");
	struct wanted wanted;

	fixture_write(fixture, "there.tar", "there");
	fixture_write(fixture, "dir/x", "");
	assert_int_equal(symlink("there.tar", link), 0);
	wanted_init(&wanted, fixture, "- action: unpack-artifact\n  path: dir/../there.tar\n");
	expect_source(&wanted, "there");
	wanted_release(&wanted);
	wanted_init(&wanted, fixture, "- action: unpack-artifact\n  path: link.tar\n");
	expect_none(&wanted, ERR_STEP,
		    "cannot open the archive link.tar of step 1: 'link.tar' is a symbolic link to "
		    "'there.tar', and links are not followed");
	wanted_release(&wanted);
	wanted_init(&wanted, fixture, "- action: unpack-artifact\n  path: nowhere.tar\n");
	expect_none(&wanted, ERR_STEP, "nowhere.tar");
	wanted_release(&wanted);
	wanted_init(&wanted, fixture, "- action: unpack-artifact\n  path: ../there.tar\n");
	expect_none(&wanted, ERR_STEP, "leaves the directory that a spec may read from");
	wanted_release(&wanted);
}

/* A file that changed has another digest, also in the same second and with the same size. */
static void test_changed_file(void **state)
{
	struct fixture *fixture = *state;
	struct wanted wanted;

	wanted_init(&wanted, fixture, "- action: unpack-artifact\n  path: a.tar\n");
	fixture_write(fixture, "a.tar", "one");
	expect_source(&wanted, "one");
	fixture_write(fixture, "a.tar", "two");
	expect_source(&wanted, "two");
	wanted_release(&wanted);
}

/* Names below the context, as a spec in a directory of it writes them. */
static void test_context_name(void **state)
{
	static const struct {
		const char *prefix, *name, *expected;
	} cases[] = {
		{".", "a", "a"},
		{".", ".", "."},
		{".", "./a//b/", "a/b"},
		{".", "a/../b", "b"},
		{".", "a/..", "."},
		{".", "..", NULL},
		{".", "a/../../b", NULL},
		{".", "/etc", NULL},
		{"ci", "a", "ci/a"},
		{"ci", "../src", "src"},
		{"ci", "..", "."},
		{"ci", "../..", NULL},
		{"ci/x", "../../a", "a"},
		{"ci", "../ci/../a", "a"},
		{".", "..a/b..", "..a/b.."},
		{"ci", "../../ci/a", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};
		AUTO_FREE char *name = context_name(cases[i].prefix, cases[i].name, &err);

		if (cases[i].expected) {
			assert_non_null(name);
			assert_string_equal(name, cases[i].expected);
		} else {
			assert_null(name);
			assert_int_equal(err.code, ERR_STEP);
		}
	}
}

/* The prefix of the spec below the context that it has with this option; NULL with err set. */
static char *context_of(struct fixture *fixture, const char *context, struct err *err)
{
	struct wanted wanted;
	char *prefix = NULL;
	AUTO_CLOSE int fd = -1;

	host_free(fixture->host);
	fixture->settings.context_dir = context;
	assert_int_equal(host_new(&fixture->settings, fixture->loop, &fixture->host, err), 0);
	fixture->spec_options.data = fixture->host;
	wanted_init(&wanted, fixture, "- action: copy\n  from: .\n");
	fd = context_open(&wanted.input, &prefix, err);
	assert_int_equal(fd < 0, prefix == NULL);
	wanted_release(&wanted);
	return prefix;
}

/* --context, else the git work tree that the spec is in, else the spec's directory. */
static void test_context(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *given = fixture_path(fixture, "top"),
		       *elsewhere = fixture_path(fixture, "elsewhere"),
		       *nowhere = fixture_path(fixture, "nowhere"),
		       *git = fixture_path(fixture, "top/work/.git");
	AUTO_FREE char *plain = NULL, *by_option = NULL, *by_git = NULL;
	struct err err = {0};

	fixture_write(fixture, "top/work/ci/spec.yaml", "");
	fixture_write(fixture, "elsewhere/x", "");
	free(fixture->spec_path);
	fixture->spec_path = fixture_path(fixture, "top/work/ci/spec.yaml");
	plain = context_of(fixture, NULL, &err);
	assert_string_equal(plain, ".");
	assert_int_equal(mkdir(git, 0700), 0);
	by_git = context_of(fixture, NULL, &err);
	assert_string_equal(by_git, "ci");
	by_option = context_of(fixture, given, &err);
	assert_string_equal(by_option, "work/ci");
	assert_null(context_of(fixture, elsewhere, &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.text, "is not below the context directory"));
	assert_null(context_of(fixture, nowhere, &err));
	assert_non_null(strstr(err.text, "cannot find the context directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_artifact),
		FIXTURE_TEST(test_not_regular),
		FIXTURE_TEST(test_path),
		FIXTURE_TEST(test_changed_file),
		cmocka_unit_test(test_context_name),
		FIXTURE_TEST(test_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
