/* What a step's key is made of, and what leaves it as it is. Nothing is run. */
#include "tests/unit/session_fixture.h"

/* The key of the last step of a spec in a state. */
static void key_in(struct fixture *fixture, const char *text, const struct state *before,
		   char ret_key[SHA256_HEX_SIZE])
{
	struct spec *spec = fixture_parse(fixture, text);
	const struct action_input input = {fixture->host, spec, &spec->steps[spec->n_steps - 1],
					   before, false};
	struct err err = {0};

	if (action_key(&input, ret_key, NULL, &err) < 0)
		fail_msg("%s", err.text);
	spec_free(spec);
}

/* The key of `action: NAME` with these fields in the first state. */
static void key_of(struct fixture *fixture, const char *step, char ret_key[SHA256_HEX_SIZE])
{
	AUTO_FREE char *text = mem_printf("name: test\nactions:\n- action: %s", step);
	struct state before;

	state_init(&before);
	key_in(fixture, text, &before, ret_key);
	state_release(&before);
}

static void expect_other_keys(struct fixture *fixture, const char *const *steps, size_t count)
{
	char(*keys)[SHA256_HEX_SIZE] = mem_new(count * sizeof *keys);

	for (size_t i = 0; i < count; i++) {
		key_of(fixture, steps[i], keys[i]);
		assert_true(sha256_is_hex(keys[i]));
		for (size_t k = 0; k < i; k++) {
			if (!strcmp(keys[i], keys[k]))
				fail_msg("the same key:\n%s\n%s", steps[i], steps[k]);
		}
	}
	free(keys);
}

static void expect_same_keys(struct fixture *fixture, const char *const *steps, size_t count)
{
	char first[SHA256_HEX_SIZE], key[SHA256_HEX_SIZE];

	key_of(fixture, steps[0], first);
	for (size_t i = 1; i < count; i++) {
		key_of(fixture, steps[i], key);
		if (strcmp(key, first) != 0)
			fail_msg("another key:\n%s\n%s", steps[0], steps[i]);
	}
}

/* Each of these makes a step another one. */
static void test_shell_key(void **state)
{
	static const char *const other[] = {
		"shell\n  shell: a\n",
		"shell\n  shell: b\n",
		"shell\n  shell: a\n  user: user\n",
		"shell\n  shell: a\n  user: '0'\n",
		"shell\n  shell: a\n  gid: 5\n",
		"shell\n  shell: a\n  interpreter: [/bin/sh]\n",
		"shell\n  shell: a\n  interpreter: [/bin/sh, -e, -x]\n",
		"shell\n  shell: a\n  interpreter: ['/bin/sh -e', -x]\n",
		"shell\n  shell: a\n  network: host\n",
		"shell\n  shell: a\n  workdir: /tmp\n",
		"shell\n  shell: a\n  outputs: [x]\n",
		"shell\n  shell: a\n  outputs: [x, y]\n",
		"shell\n  shell: a\n  environment: {A: '1'}\n",
		"shell\n  shell: a\n  environment: {A: '2'}\n",
		"shell\n  shell: a\n  environment: {A: '1', B: '1'}\n",
		"empty-workspace\n",
	};
	static const char *const same[] = {
		"shell\n  shell: a\n",
		"shell\n  name: called\n  shell: a\n",
		"shell\n  note: told\n  shell: a\n",
		"shell\n  shell: a\n  limits: {time: 1s, memory: 1G, output: 1M, processes: 9}\n",
		"shell\n  shell: a\n  user: root\n",
		"shell\n  shell: a\n  interpreter: [/bin/sh, -e]\n",
		"shell\n  shell: a\n  network: none\n",
	};

	expect_other_keys(*state, other, ARRAY_SIZE(other));
	expect_same_keys(*state, same, ARRAY_SIZE(same));
}

/* Parameters and the spec's environment are the step's environment. */
static void test_spec_key(void **state)
{
	static const char *const heads[] = {
		"name: test\n",
		"name: test\nparameters: {a: '1'}\n",
		"name: test\nparameters: {a: '2'}\n",
		"name: test\nenvironment: {a: '3'}\n",
	};
	struct fixture *fixture = *state;
	char keys[ARRAY_SIZE(heads)][SHA256_HEX_SIZE], key[SHA256_HEX_SIZE];
	struct state before;

	state_init(&before);
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		AUTO_FREE char *text =
			mem_printf("%sactions:\n- action: shell\n  shell: a\n", heads[i]);

		key_in(fixture, text, &before, keys[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
	}
	key_in(fixture,
	       "name: other\ndescription: of it\nlimits: {time: 5s}\nactions:\n"
	       "- action: empty-workspace\n- action: shell\n  shell: a\n",
	       &before, key);
	assert_string_equal(key, keys[0]);
	key_in(fixture,
	       "name: test\nenvironment: {a: '1'}\nactions:\n- action: shell\n  shell: a\n",
	       &before, key);
	assert_string_equal(key, keys[1]);
	state_release(&before);
}

/* Which trees' keys count for which action: those it reads or adds to. */
static void test_tree_keys(void **state)
{
	static const struct {
		const char *step;
		bool counts[TREE_COUNT];
	} cases[] = {
		{"shell\n  shell: a\n", {true, true}},
		{"empty-workspace\n", {false, false}},
		{"create-artifact\n  artifact: a\n", {false, true}},
		{"copy\n  from: spec.yaml\n", {false, true}},
		{"unpack-artifact\n  path: systree.tar\n", {false, true}},
		{"create-systree\n  path: systree.tar\n", {false, false}},
		{"apt\n  packages: [a]\n", {true, false}},
		{"apt\n  source: [a]\n", {true, true}},
	};
	struct fixture *fixture = *state;

	fixture_write(fixture, "spec.yaml", "x");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *text =
			mem_printf("name: test\nactions:\n- action: %s", cases[i].step);
		char key[SHA256_HEX_SIZE], changed[SHA256_HEX_SIZE];

		key_of(fixture, cases[i].step, key);
		for (int tree = 0; tree < TREE_COUNT; tree++) {
			struct state before;

			state_init(&before);
			before.key[tree][0] = 'f';
			strv_add(&before.chain[tree], "1");
			key_in(fixture, text, &before, changed);
			if ((strcmp(key, changed) != 0) != cases[i].counts[tree])
				fail_msg("%s: %s", cases[i].step, tree_name((enum tree)tree));
			state_release(&before);
		}
	}
}

/* SOURCE_DATE_EPOCH counts where times are clamped to it, or it is in the environment. */
static void test_epoch_in_key(void **state)
{
	static const struct {
		const char *step;
		bool counts;
	} cases[] = {
		{"shell\n  shell: a\n", true},
		{"create-artifact\n  artifact: a\n", true},
		{"copy\n  from: systree.tar\n", true},
		{"empty-workspace\n", false},
		{"create-systree\n  path: systree.tar\n", false},
	};
	struct fixture *fixture = *state;
	char before[ARRAY_SIZE(cases)][SHA256_HEX_SIZE], after[SHA256_HEX_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		key_of(fixture, cases[i].step, before[i]);
	host_free(fixture->host);
	setenv("SOURCE_DATE_EPOCH", "1000000000", 1);
	fixture_open_host(fixture);
	unsetenv("SOURCE_DATE_EPOCH");
	assert_int_equal(host_source_date_epoch(fixture->host), 1000000000);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		key_of(fixture, cases[i].step, after);
		if ((strcmp(before[i], after) != 0) != cases[i].counts)
			fail_msg("%s", cases[i].step);
	}
}

static void change_mode(struct fixture *fixture, const char *name, mode_t mode)
{
	AUTO_FREE char *path = fixture_path(fixture, name);

	assert_int_equal(chmod(path, mode), 0);
}

/* What `copy` reads is in its key: names, contents, the executable bit; not times nor other
 * bits, and not what is excluded. */
static void test_copy_key(void **state)
{
	static const char step[] = "copy\n  from: src\n  exclude: ['*.o']\n";
	const struct timespec times[2] = {{1000, 0}, {1000, 0}};
	struct fixture *fixture = *state;
	AUTO_FREE char *path = fixture_path(fixture, "src/a");
	char first[SHA256_HEX_SIZE], key[SHA256_HEX_SIZE];

	fixture_write(fixture, "src/a", "1");
	fixture_write(fixture, "src/d/b", "2");
	fixture_write(fixture, "src/d/skip.o", "3");
	key_of(fixture, step, first);
	fixture_write(fixture, "src/d/skip.o", "4");
	fixture_write(fixture, "src/more.o", "4");
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	change_mode(fixture, "src/a", 0600);
	key_of(fixture, step, key);
	assert_string_equal(key, first);

	change_mode(fixture, "src/a", 0755);
	key_of(fixture, step, key);
	assert_string_not_equal(key, first);
	change_mode(fixture, "src/a", 0644);
	fixture_write(fixture, "src/a", "2");
	key_of(fixture, step, key);
	assert_string_not_equal(key, first);
	fixture_write(fixture, "src/a", "1");
	key_of(fixture, step, key);
	assert_string_equal(key, first);
	fixture_write(fixture, "src/c", "");
	key_of(fixture, step, key);
	assert_string_not_equal(key, first);
}

static void test_copy_fields_in_key(void **state)
{
	static const char *const other[] = {
		"copy\n  from: src\n",
		"copy\n  from: src\n  to: x\n",
		"copy\n  from: src\n  exclude: [a]\n",
		"copy\n  from: src/a\n",
		"copy\n  from: b\n",
	};
	struct fixture *fixture = *state;

	fixture_write(fixture, "src/a", "1");
	fixture_write(fixture, "b", "1");
	expect_other_keys(fixture, other, ARRAY_SIZE(other));
}

/* An archive counts by its bytes, not by its name or where it is from. */
static void test_archive_key(void **state)
{
	static const char *const same[] = {
		"unpack-artifact\n  path: one.tar\n",
		"unpack-artifact\n  path: two.tar\n",
		"unpack-artifact\n  artifact: three\n",
	};
	static const char *const other[] = {
		"unpack-artifact\n  path: one.tar\n",
		"unpack-artifact\n  path: other.tar\n",
		"unpack-artifact\n  path: one.tar\n  to: x\n",
		"unpack-artifact\n  path: one.tar\n  strip: 1\n",
		"create-systree\n  path: one.tar\n",
	};
	struct fixture *fixture = *state;

	fixture_write(fixture, "one.tar", "1");
	fixture_write(fixture, "two.tar", "1");
	fixture_write(fixture, "other.tar", "2");
	fixture_write(fixture, "artifacts/three.tar", "1");
	expect_same_keys(fixture, same, ARRAY_SIZE(same));
	expect_other_keys(fixture, other, ARRAY_SIZE(other));
}

static void test_create_artifact_key(void **state)
{
	static const char *const other[] = {
		"create-artifact\n  artifact: a\n",
		"create-artifact\n  artifact: b\n",
		"create-artifact\n  artifact: a\n  from: x\n",
		"create-artifact\n  artifact: a\n  include: [x]\n",
		"create-artifact\n  artifact: a\n  exclude: [x]\n",
		"create-artifact\n  artifact: a\n  compression: xz\n",
	};
	static const char *const same[] = {
		"create-artifact\n  artifact: a\n",
		"create-artifact\n  artifact: a\n  from: .\n  compression: zstd\n",
	};

	expect_other_keys(*state, other, ARRAY_SIZE(other));
	expect_same_keys(*state, same, ARRAY_SIZE(same));
}

/* A git step has no key before its ref's commit is known; with a commit it has. */
static void test_key_not_known(void **state)
{
	struct fixture *fixture = *state;
	char key[SHA256_HEX_SIZE] = "x";

	key_of(fixture, "git\n  url: https://example.org/x\n  ref: main\n", key);
	assert_string_equal(key, "");
	key_of(fixture,
	       "git\n  url: https://example.org/x\n"
	       "  ref: 0123456789abcdef0123456789abcdef01234567\n",
	       key);
	assert_true(sha256_is_hex(key));
}

/* The ingredients name what went into the key. */
static void test_ingredients_of_step(void **state)
{
	struct fixture *fixture = *state;
	struct spec *spec = fixture_parse(fixture, "name: test\nactions:\n- action: shell\n"
						   "  shell: make\n  environment: {A: '1'}\n");
	struct state before;
	const struct action_input input = {fixture->host, spec, spec->steps, &before, false};
	AUTO_FREE char *ingredients = NULL;
	char key[SHA256_HEX_SIZE];
	struct err err = {0};

	state_init(&before);
	assert_int_equal(action_key(&input, key, &ingredients, &err), 0);
	assert_non_null(strstr(ingredients, "\"shell\":\"make\""));
	assert_non_null(strstr(ingredients, "\"environment\":\"A=1"));
	assert_non_null(strstr(ingredients, "\"user\":\"root\""));
	assert_non_null(strstr(ingredients, "\"gid\":null"));
	assert_non_null(strstr(ingredients, "\"systree\":\"0000"));
	assert_null(strstr(ingredients, "\"name\""));
	state_release(&before);
	spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_shell_key),	  FIXTURE_TEST(test_spec_key),
		FIXTURE_TEST(test_tree_keys),	  FIXTURE_TEST(test_epoch_in_key),
		FIXTURE_TEST(test_copy_key),	  FIXTURE_TEST(test_copy_fields_in_key),
		FIXTURE_TEST(test_archive_key),	  FIXTURE_TEST(test_create_artifact_key),
		FIXTURE_TEST(test_key_not_known), FIXTURE_TEST(test_ingredients_of_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
