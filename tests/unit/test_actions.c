/* The table of actions, what they make of a state, and what a step's sandbox is. Nothing is run. */
#include "tests/unit/session_fixture.h"

#include "engine/actions/target.h"

/* An empty epoch is as none: the constant. */
static void test_epoch(void **state)
{
	static const struct {
		const char *text;
		int64_t epoch;
	} cases[] = {
		{"", 1577836800},
		{"0", 0},
		{"1700000000", 1700000000},
		{"253402300799", INT64_C(253402300799)},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		host_free(fixture->host);
		setenv("SOURCE_DATE_EPOCH", cases[i].text, 1);
		fixture_open_host(fixture);
		unsetenv("SOURCE_DATE_EPOCH");
		assert_int_equal(host_source_date_epoch(fixture->host), cases[i].epoch);
	}
}

/* What is no time is refused by name, with the value made safe to show. */
static void test_wrong_epoch(void **state)
{
	static const struct {
		const char *text, *shown;
	} wrong[] = {
		{"x", "it is 'x'"},
		{"12x", "it is '12x'"},
		{"-1", "it is '-1'"},
		{" ", "it is ' '"},
		{"+1", "it is '+1'"},
		{"1.5", "it is '1.5'"},
		{"253402300800", "it is '253402300800'"},
		{"99999999999999999999", "it is '99999999999999999999'"},
		{"\033[31m", "it is '\\x1b[31m'"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct host *host;
		struct err err = {0};

		setenv("SOURCE_DATE_EPOCH", wrong[i].text, 1);
		assert_int_equal(host_new(&fixture->settings, fixture->loop, &host, &err), -1);
		unsetenv("SOURCE_DATE_EPOCH");
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.text, "SOURCE_DATE_EPOCH must be a number of seconds"));
		assert_non_null(strstr(err.text, wrong[i].shown));
	}
}

/* The table of the design: where each action runs, with what network, and what it does. */
static void test_table(void **state)
{
	static const struct {
		const char *name;
		enum action_place place;
		bool network;
		enum action_effect systree, workspace;
	} rows[] = {
		{"empty-workspace", ACTION_IN_CONTRACTOR, false, EFFECT_NONE, EFFECT_STARTS},
		{"create-artifact", ACTION_IN_CONTRACTOR, false, EFFECT_NONE, EFFECT_READS},
		{"unpack-artifact", ACTION_IN_CONTRACTOR, false, EFFECT_NONE, EFFECT_CHANGES},
		{"create-systree", ACTION_IN_CONTRACTOR, false, EFFECT_STARTS, EFFECT_NONE},
		{"debootstrap", ACTION_ON_HOST, true, EFFECT_NONE, EFFECT_CHANGES},
		{"apt", ACTION_IN_SYSTREE, true, EFFECT_CHANGES, EFFECT_CHANGES},
		{"shell", ACTION_IN_SYSTREE, false, EFFECT_CHANGES, EFFECT_CHANGES},
		{"copy", ACTION_IN_CONTRACTOR, false, EFFECT_NONE, EFFECT_CHANGES},
		{"git", ACTION_ON_HOST, true, EFFECT_NONE, EFFECT_CHANGES},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct action_type *type = action_types[i];

		assert_string_equal(type->schema.name, rows[i].name);
		assert_ptr_equal(action_schemas[i], &type->schema);
		assert_int_equal(type->place, rows[i].place);
		assert_int_equal(type->network, rows[i].network);
		assert_int_equal(type->systree, rows[i].systree);
		assert_int_equal(type->workspace, rows[i].workspace);
	}
	assert_null(action_types[ARRAY_SIZE(rows)]);
	assert_null(action_schemas[ARRAY_SIZE(rows)]);
}

/* The state after an attempt has the trees that the action changes from it, and the others as they
 * were; the artifacts are those of before and the one that was made. */
static void test_apply(void **state)
{
	struct fixture *fixture = *state;
	struct spec *spec = fixture_parse(fixture, "name: test\nactions:\n"
						   "- action: empty-workspace\n"
						   "- action: create-artifact\n  artifact: a\n");
	struct attempt attempt = {0};
	struct state before, after;

	state_init(&before);
	state_init(&attempt.after);
	for (int tree = 0; tree < TREE_COUNT; tree++) {
		before.key[tree][0] = '1';
		strv_add(&before.chain[tree], "b");
		attempt.after.key[tree][0] = '2';
		strv_add(&attempt.after.chain[tree], "a");
	}
	strv_setenv(&before.artifacts, "old", "1");
	strv_setenv(&attempt.after.artifacts, "a", "2");
	strv_setenv(&attempt.after.artifacts, "other", "3");
	action_apply(&spec->steps[0], &before, &attempt, &after);
	assert_string_equal(after.chain[TREE_SYSTREE].items[0], "b");
	assert_int_equal(after.key[TREE_SYSTREE][0], '1');
	assert_string_equal(after.chain[TREE_WORKSPACE].items[0], "a");
	assert_int_equal(after.chain[TREE_WORKSPACE].len, 1);
	assert_int_equal(after.key[TREE_WORKSPACE][0], '2');
	assert_int_equal(after.artifacts.len, 1);
	state_release(&after);
	action_apply(&spec->steps[1], &before, &attempt, &after);
	assert_string_equal(after.chain[TREE_WORKSPACE].items[0], "b");
	assert_string_equal(strv_getenv(&after.artifacts, "old"), "1");
	assert_string_equal(strv_getenv(&after.artifacts, "a"), "2");
	assert_null(strv_getenv(&after.artifacts, "other"));
	state_release(&after);
	state_release(&before);
	state_release(&attempt.after);
	spec_free(spec);
}

static void policy_of(struct fixture *fixture, const struct spec *spec, size_t step,
		      struct sandbox_policy *ret_policy)
{
	const struct action_input input = {fixture->host, spec, &spec->steps[step - 1], NULL,
					   false};

	action_policy(&input, ret_policy);
}

/* What a step says of its sandbox is in its policy; the host's network only when it is allowed. */
static void test_policy(void **state)
{
	struct fixture *fixture = *state;
	struct spec *spec = fixture_parse(
		fixture, "name: test\nactions:\n- action: shell\n  shell: a\n  user: '12'\n"
			 "  gid: 13\n  workdir: /etc\n  network: host\n  limits: {processes: 7}\n"
			 "  environment: {PS1: x, TERM: y}\n- action: empty-workspace\n");
	struct sandbox_policy policy;

	policy_of(fixture, spec, 1, &policy);
	assert_string_equal(policy.user, "12");
	assert_string_equal(policy.gid, "13");
	assert_string_equal(policy.workdir, "/etc");
	assert_int_equal(policy.processes, 7);
	assert_string_equal(strv_getenv(&policy.environment, "PS1"), "x");
	assert_string_equal(strv_getenv(&policy.environment, "TERM"), "y");
	assert_string_equal(strv_getenv(&policy.environment, "LANG"), "C.UTF-8");
	assert_true(policy.unshare_network);
	assert_true(policy.systree);
	sandbox_policy_release(&policy);
	policy_of(fixture, spec, 2, &policy);
	assert_string_equal(policy.user, "root");
	assert_string_equal(policy.workdir, "/workspace");
	assert_true(policy.unshare_network);
	sandbox_policy_release(&policy);
	host_free(fixture->host);
	fixture->settings.allow_network = true;
	fixture_open_host(fixture);
	policy_of(fixture, spec, 1, &policy);
	assert_false(policy.unshare_network);
	sandbox_policy_release(&policy);
	spec_free(spec);
}

/* The directory that files are put into is made, but nothing is followed out of the tree. */
static void test_target(void **state)
{
	static const char *const refused[] = {"file", "file/x", "link", "link/x", "new/../x"};
	struct fixture *fixture = *state;
	AUTO_CLOSE int root_fd = -1, fd = -1;
	AUTO_FREE char *root = fixture_path(fixture, "root");
	struct err err = {0};
	struct stat status;

	fixture_write(fixture, "root/file", "");
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(symlinkat("..", root_fd, "link"), 0);
	fd = target_open(root_fd, "a/b/c", &err);
	assert_true(fd >= 0);
	assert_int_equal(fstatat(root_fd, "a/b/c", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	fd_close(&fd);
	fd = target_open(root_fd, "a/b", &err);
	assert_true(fd >= 0);
	fd_close(&fd);
	fd = target_open(root_fd, ".", &err);
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		err.code = ERR_NONE;
		assert_int_equal(target_open(root_fd, refused[i], &err), -1);
		assert_int_equal(err.code, ERR_STEP);
	}
	assert_false(fixture_exists(fixture, "x"));
}

/* Whether an artifact exists in the artifact directory, in any compression. */
static void test_artifact_exists(void **state)
{
	static const char *const names[] = {"tar", "tar.gz", "tar.xz", "tar.zst"};
	struct fixture *fixture = *state;

	assert_false(host_artifact_exists(fixture->host, "a"));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *name = mem_printf("a%zu", i);
		AUTO_FREE char *file = mem_printf("artifacts/%s.%s", name, names[i]);

		fixture_write(fixture, file, "");
		assert_true(host_artifact_exists(fixture->host, name));
	}
	fixture_write(fixture, "artifacts/b.zip", "");
	assert_false(host_artifact_exists(fixture->host, "b"));
}

/* Without a directory of their own artifacts are in the store. */
static void test_default_artifact_dir(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *expected = path_join(fixture->store_path, "artifacts");

	host_free(fixture->host);
	free(fixture->artifact_dir);
	fixture->artifact_dir = NULL;
	fixture_open_host(fixture);
	assert_string_equal(host_artifact_dir(fixture->host), expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_epoch),	    FIXTURE_TEST(test_wrong_epoch),
		FIXTURE_TEST(test_table),	    FIXTURE_TEST(test_apply),
		FIXTURE_TEST(test_policy),	    FIXTURE_TEST(test_target),
		FIXTURE_TEST(test_artifact_exists), FIXTURE_TEST(test_default_artifact_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
