/* What a valid spec's steps say: values, names, environments, limits, ranges, hashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "tests/unit/spec_fixture.h"

/* A valid spec of this text. */
static struct spec *valid(const char *text)
{
	AUTO_BUF struct buf messages = BUF_INIT;
	struct spec *spec = fixture_parse(text, strlen(text), NULL, &messages);

	assert_string_equal(messages.data, "");
	return spec;
}

/* A valid spec with one step, whose keys are these lines. */
static struct spec *one_step(const char *lines)
{
	AUTO_FREE char *text = mem_printf("name: x\nparameters: {p: v}\nactions:\n- %s\n", lines);

	return valid(text);
}

static void test_values(void **state)
{
	struct spec *spec = one_step("{action: shell, shell: '${p} $${', outputs: [./a//b/, c],"
				     " workdir: /x/./y}");
	const struct step *step = spec->steps;

	(void)state;
	assert_string_equal(spec->name, "x");
	assert_null(spec->description);
	assert_int_equal(spec->n_parameters, 1);
	assert_string_equal(spec->parameters[0].name, "p");
	assert_string_equal(spec->parameters[0].value, "v");
	assert_int_equal(spec->parameters[0].position.line, 2);
	assert_int_equal(step->number, 1);
	assert_string_equal(step_text(step, "shell"), "${p} $${");
	assert_string_equal(step_text(step, "workdir"), "/x/y");
	assert_int_equal(step_list(step, "outputs")->len, 2);
	assert_string_equal(step_list(step, "outputs")->items[0], "a/b");
	assert_string_equal(step->user, "root");
	assert_null(step->gid);
	assert_null(step->note);
	spec_free(spec);
}

static void test_fallbacks(void **state)
{
	struct spec *spec = one_step("{action: shell, shell: x}");
	const struct step *step = spec->steps;

	(void)state;
	assert_string_equal(step_text(step, "network"), "none");
	assert_string_equal(step_text(step, "workdir"), "/workspace");
	assert_int_equal(step_list(step, "interpreter")->len, 2);
	assert_string_equal(step_list(step, "interpreter")->items[0], "/bin/sh");
	assert_string_equal(step_list(step, "interpreter")->items[1], "-e");
	assert_false(step_field(step, "interpreter")->given);
	assert_int_equal(step_field(step, "interpreter")->position.line, 4);
	assert_int_equal(step_list(step, "outputs")->len, 0);
	spec_free(spec);
	spec = one_step("{action: apt, packages: ['${p}', '$${'], recommends: true}");
	assert_true(step_bool(spec->steps, "update"));
	assert_false(step_bool(spec->steps, "upgrade"));
	assert_true(step_bool(spec->steps, "recommends"));
	assert_string_equal(step_list(spec->steps, "packages")->items[0], "v");
	assert_string_equal(step_list(spec->steps, "packages")->items[1], "${");
	spec_free(spec);
}

static void test_parameters_are_typed_by_their_value(void **state)
{
	AUTO_BUF struct buf messages = BUF_INIT;
	static const char text[] =
		"name: n-${s}\ndescription: ${s}\nparameters: {s: a, t: '${s}b', n: 7, u: ~}\n"
		"actions:\n- {action: '${u}', from: '${t}', name: '${s}', note: '${n}'}\n"
		"- {action: unpack-artifact, path: x, strip: '${n}'}\n";
	AUTO_STRV struct strv given = {0};
	struct spec *spec;

	(void)state;
	strv_add_all(&given, "u=x", "s=c", "u=copy", NULL);
	spec = fixture_parse(text, sizeof text - 1, &given, &messages);
	assert_string_equal(messages.data, "");
	assert_string_equal(spec->name, "n-c");
	assert_string_equal(spec->description, "c");
	assert_string_equal(spec->steps[0].schema->name, "copy");
	assert_string_equal(step_text(spec->steps, "from"), "cb");
	assert_string_equal(spec->steps[0].name, "c");
	assert_string_equal(spec->steps[0].note, "7");
	assert_string_equal(step_text(spec->steps + 1, "strip"), "7");
	spec_free(spec);
}

static void test_environment(void **state)
{
	struct spec *spec = valid("name: x\nparameters: {a: 1, b: 2, c: 3}\n"
				  "environment: {b: 20, c: 30, D: '${a}=4'}\nactions:\n"
				  "- {action: shell, shell: x, environment: {c: 300, E: ''}}\n"
				  "- {action: copy, from: x}\n");
	const struct strv *environment = &spec->steps[0].environment;

	(void)state;
	assert_int_equal(environment->len, 5);
	assert_string_equal(strv_getenv(environment, "a"), "1");
	assert_string_equal(strv_getenv(environment, "b"), "20");
	assert_string_equal(strv_getenv(environment, "c"), "300");
	assert_string_equal(strv_getenv(environment, "D"), "1=4");
	assert_string_equal(strv_getenv(environment, "E"), "");
	assert_int_equal(spec->steps[1].environment.len, 0);
	assert_null(spec->steps[1].user);
	spec_free(spec);
}

static void test_limits(void **state)
{
	struct spec *spec = valid("name: x\nlimits: {time: 30m, memory: 2G, disk: 3M}\nactions:\n"
				  "- {action: shell, shell: x}\n"
				  "- {action: shell, shell: x, limits: {time: none, output: 1K,"
				  " processes: 5, file-size: 2K}}\n- {action: copy, from: x}\n");

	(void)state;
	assert_int_equal(spec->steps[0].limits.time_ms, 1800000);
	assert_int_equal(spec->steps[0].limits.memory_bytes, UINT64_C(2147483648));
	assert_int_equal(spec->steps[0].limits.processes, 4096);
	assert_int_equal(spec->steps[0].limits.output_bytes, 1073741824);
	assert_int_equal(spec->steps[0].limits.disk_bytes, 3145728);
	assert_int_equal(spec->steps[0].limits.file_bytes, 0);
	assert_int_equal(spec->steps[1].limits.time_ms, 0);
	assert_int_equal(spec->steps[1].limits.file_bytes, 2048);
	assert_int_equal(spec->steps[1].limits.memory_bytes, UINT64_C(2147483648));
	assert_int_equal(spec->steps[1].limits.processes, 5);
	assert_int_equal(spec->steps[1].limits.output_bytes, 1024);
	assert_int_equal(spec->steps[2].limits.processes, 0);
	spec_free(spec);
}

static void test_names(void **state)
{
	static const struct {
		const char *lines, *name;
	} cases[] = {
		{"{action: empty-workspace}", "empty-workspace"},
		{"{action: copy, from: ./src/}", "copy src"},
		{"{action: copy, from: x, name: My copy}", "My copy"},
		{"{action: unpack-artifact, path: a.tar}", "unpack-artifact a.tar"},
		{"{action: apt, build-dep: [a, b]}", "apt a b"},
		{"{action: apt, upgrade: true}", "apt"},
		{"{action: shell, shell: \"\\n  make\\n x\"}", "shell make"},
		{"{action: shell, shell: 123456789 123456789 123456789 123456789 1}",
		 "shell 123456789 123456789 123456789 123456789 "},
		{"{action: shell, shell: "
		 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		 "123456789 123456789 123456789 1}",
		 "shell "
		 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		 "123456789 123456789 123456789 "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spec *spec = one_step(cases[i].lines);

		assert_string_equal(spec->steps[0].name, cases[i].name);
		spec_free(spec);
	}
}

static void test_lines(void **state)
{
	struct spec *spec = valid("name: x\nactions:\n\n- action: shell\n  shell: |\n    a\n\n"
				  "    b\n\n# c\n- action: copy\n  from: x");
	static const size_t expected[] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 2, 2, 0};

	(void)state;
	for (size_t line = 0; line < ARRAY_SIZE(expected); line++) {
		const struct step *step = spec_step_at_line(spec, line);

		assert_int_equal(step ? step->number : 0, expected[line]);
	}
	spec_free(spec);
}

static void test_ranges(void **state)
{
	static const char text[] =
		"name: x\nactions:\n  - &a\n    action: copy # c\n    from: "
		"\xc3\xa9\n\n  # d\n  - *a\n  - {action: copy,\n  from: y} # e\n";
	struct spec *spec = valid(text);
	const char *const expected[] = {"- &a\n    action: copy # c\n    from: \xc3\xa9\n",
					"- *a\n", "- {action: copy,\n  from: y} # e\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct step *step = spec->steps + i;

		assert_int_equal(step->end - step->begin, strlen(expected[i]));
		assert_memory_equal(text + step->begin, expected[i], strlen(expected[i]));
	}
	assert_int_equal(spec->steps[0].position.line, 3);
	spec_free(spec);
}

static void test_find(void **state)
{
	struct spec *spec = valid("name: x\nactions:\n- {action: copy, from: x, name: '2'}\n"
				  "- {action: copy, from: y}\n- {action: copy, from: y}\n"
				  "- {action: copy, from: z}\n");
	struct err err = {0};

	(void)state;
	assert_ptr_equal(spec_find_step(spec, "2", &err), spec->steps + 1);
	assert_ptr_equal(spec_find_step(spec, "copy z", &err), spec->steps + 3);
	assert_null(spec_find_step(spec, "copy y", &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.text, "several steps are called 'copy y'; give a number: 2, 3");
	assert_null(spec_find_step(spec, "5", &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.text, "there is no step 5; the last one is 4");
	assert_null(spec_find_step(spec, "99999999999999999999999", &err));
	assert_null(spec_find_step(spec, "copyy\x1b", &err));
	assert_string_equal(err.text, "no step is called 'copyy\\x1b' (did you mean 'copy y'?)");
	assert_null(spec_find_step(spec, "", &err));
	spec_free(spec);
}

/* The digest of the only step, which has these lines, in a spec with this top. */
static char *digest(const char *top, const char *lines)
{
	AUTO_FREE char *text = mem_printf("name: x\n%sactions:\n%s\n", top, lines);
	struct spec *spec = valid(text);
	struct sha256 *sha = sha256_new();
	char *hex = mem_new(SHA256_HEX_SIZE);

	step_hash(spec->steps, sha);
	sha256_finish(sha, hex);
	spec_free(spec);
	return hex;
}

static const char hashed[] = "- action: shell\n  shell: x\n  outputs: [a, b]\n";

static void test_hash_of_equal_steps(void **state)
{
	static const struct {
		const char *top, *lines;
	} same[] = {
		{"", "# c\n- outputs:\n  - a\n  - 'b'\n  shell:   \"x\"\n  action: shell\n"},
		{"", "- {action: shell, shell: x, outputs: [./a, b/], name: n, note: m}\n"},
		{"limits: {time: 5}\n", "- {action: shell, shell: x, outputs: [a, b], limits: {}}"},
		{"", "- {action: shell, shell: x, outputs: [a, b], workdir: /workspace/,\n"
		     "   interpreter: [/bin/sh, -e], network: none, user: root}"},
	};
	AUTO_FREE char *expected = digest("", hashed);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		AUTO_FREE char *found = digest(same[i].top, same[i].lines);

		assert_string_equal(found, expected);
	}
}

static void test_hash_of_different_steps(void **state)
{
	static const struct {
		const char *top, *lines;
	} other[] = {
		{"", "- {action: shell, shell: y, outputs: [a, b]}"},
		{"", "- {action: shell, shell: x, outputs: [b, a]}"},
		{"", "- {action: shell, shell: x, outputs: [a, b, c]}"},
		{"", "- {action: shell, shell: x, outputs: [ab]}"},
		{"", "- {action: shell, shell: x}"},
		{"", "- {action: shell, shell: x, outputs: [a, b], network: host}"},
		{"", "- {action: shell, shell: x, outputs: [a, b], workdir: /}"},
		{"", "- {action: shell, shell: x, outputs: [a, b], interpreter: [sh]}"},
		{"", "- {action: shell, shell: x, outputs: [a, b], user: '1'}"},
		{"", "- {action: shell, shell: x, outputs: [a, b], gid: 1}"},
		{"", "- {action: shell, shell: x, outputs: [a, b], environment: {A: b}}"},
		{"environment: {A: c}\n", hashed},
		{"parameters: {A: d}\n", hashed},
		{"", "- {action: copy, from: x}"},
		{"", "- {action: git, url: x}"},
		{"", "- {action: git, url: x, to: y}"},
		{"", "- {action: git, url: x, ref: y}"},
	};
	AUTO_STRV struct strv seen = {0};

	(void)state;
	strv_take(&seen, digest("", hashed));
	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		char *found = digest(other[i].top, other[i].lines);

		assert_false(strv_contains(&seen, found));
		strv_take(&seen, found);
	}
}

static void test_hash_of_values_from_elsewhere(void **state)
{
	AUTO_FREE char *plain = digest("environment: {A: b}\n", "- {action: git, url: b}");
	AUTO_FREE char *param = digest("parameters: {A: b}\n", "- {action: git, url: '${A}'}");
	AUTO_FREE char *one = digest("environment: {A: b, C: d}\n", "- {action: git, url: b}");
	AUTO_FREE char *two =
		digest("environment: {C: d}\n", "- {action: git, url: b, environment: {A: b}}");

	(void)state;
	assert_string_equal(plain, param);
	assert_string_equal(one, two);
	assert_string_not_equal(plain, one);
}

/* The digest of an action with fields that the others do not have. */
static char *special_digest(const char *lines)
{
	static const struct field fields[] = {{"set", FIELD_ENVIRONMENT, 0, .help = "x"},
					      {"free", FIELD_TEXT, FIELD_NOT_IN_KEY, .help = "x"},
					      {0}};
	static const struct action_schema special = {.name = "special", .fields = fields};
	static const struct action_schema *const schemas[] = {&special, NULL};
	struct spec_options options = {.schemas = schemas};
	AUTO_FREE char *text = mem_printf("name: x\nactions:\n- {action: special, %s}\n", lines);
	struct diagnostics diagnostics = {0};
	struct sha256 *sha = sha256_new();
	char *hex = mem_new(SHA256_HEX_SIZE);
	struct spec *spec;
	struct err err;

	assert_int_equal(spec_parse("x", text, strlen(text), &options, &spec, &diagnostics, &err),
			 0);
	assert_int_equal(diagnostics.len, 0);
	step_hash(spec->steps, sha);
	sha256_finish(sha, hex);
	spec_free(spec);
	return hex;
}

static void test_hash_by_flags_and_types(void **state)
{
	AUTO_FREE char *one = special_digest("set: {A: b, C: d}, free: x");
	AUTO_FREE char *same = special_digest("set: {C: d, A: b}, free: y");
	AUTO_FREE char *other = special_digest("set: {A: b, C: e}, free: x");

	(void)state;
	assert_string_equal(one, same);
	assert_string_not_equal(one, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_fallbacks),
		cmocka_unit_test(test_parameters_are_typed_by_their_value),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_hash_of_equal_steps),
		cmocka_unit_test(test_hash_of_different_steps),
		cmocka_unit_test(test_hash_of_values_from_elsewhere),
		cmocka_unit_test(test_hash_by_flags_and_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
