/* spec.h: what is valid, and every message about what is not, at its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "tests/unit/spec_fixture.h"

#define HEAD "name: x\nactions:\n"
#define SHELL HEAD "- action: shell\n  shell: x\n"

/* Reads text with the parameter given by -p (or NULL) and compares all messages. */
static void expect_with(const char *parameter, const char *text, const char *messages)
{
	AUTO_BUF struct buf found = BUF_INIT;
	AUTO_STRV struct strv parameters = {0};
	struct spec *spec;

	if (parameter)
		strv_add(&parameters, parameter);
	spec = fixture_parse(text, strlen(text), &parameters, &found);
	assert_string_equal(found.data, messages);
	spec_free(spec);
}

static void expect(const char *text, const char *messages)
{
	expect_with(NULL, text, messages);
}

static void test_valid(void **state)
{
	(void)state;
	expect(HEAD "- action: empty-workspace\n", "");
	expect(SHELL, "");
	expect("name: 1.0_a-b\ndescription: |\n  two\n  lines\nparameters: {a: 1, b: ''}\n"
	       "environment: {LD_PRELOAD: x, PATH: /bin, E: ''}\n"
	       "limits: {time: 30m, memory: 2G, processes: 1024, output: none, disk: 1.5G,\n"
	       "  file-size: none}\n"
	       "actions:\n- action: debootstrap\n  suite: 12\n- action: apt\n  upgrade: true\n"
	       "  update: false\n- action: shell\n  name: -n\n  shell: ${whatever} ${ $${\n"
	       "  interpreter: [python3, -c, '']\n  outputs: [a/b, ./c/]\n  user: 1000\n"
	       "  gid: 0\n  network: host\n  note: ''\n",
	       "23:9: 'note' must not be empty\n");
}

static void test_top(void **state)
{
	(void)state;
	expect("", "1:1: the file is empty; a specification has the keys 'name' and 'actions'\n");
	expect("# x\n--- ~\n",
	       "1:1: the file is empty; a specification has the keys 'name' and 'actions'\n");
	expect("- a\n", "1:1: a specification is a mapping with the keys 'name' and 'actions'\n");
	expect("x: y\n",
	       "1:1: unknown key 'x' in a specification; known: name, description, parameters, "
	       "environment, secrets, limits, actions\n"
	       "1:1: a specification needs 'name'\n1:1: a specification needs 'actions'\n");
	expect("name: x\nactoins: []\nactions: []\n",
	       "2:1: unknown key 'actoins' in a specification (did you mean 'actions'?)\n"
	       "3:10: 'actions' is empty\n");
	expect("name: x\nsecrets: [a]\nactions: x\n",
	       "3:10: 'actions' must be a list of actions; write it in [ ]\n");
	expect("name: x/y\nactions: {}\n",
	       "1:7: 'name' must be letters, digits, '.', '_', '-' or '+', with neither '.' nor "
	       "'-' in front, not 'x/y'\n"
	       "2:10: 'actions' must be a list of actions\n");
	expect("name: x+y\nactions: [{action: empty-workspace}]\n",
	       "1:7: 'name' must be letters, digits, '.', '_' or '-', not 'x+y'\n");
	expect("name:\nactions: ~\n", "1:6: 'name' needs a value\n2:10: 'actions' needs a value\n");
	expect("projects:\n- project: x\npipelines: []\n", "3:1: Ick files are not read yet\n");
	expect("projects: []\nfoo: bar\n", "1:1: Ick files are not read yet\n");
}

static void test_the_example_of_the_page(void **state)
{
	(void)state;
	expect("name: hello\nactions:\n  - action: apt\n    pakages: [x]\n    update: yes\n",
	       "3:5: action 'apt' needs one of: packages, build-dep, source, upgrade\n"
	       "4:5: unknown key 'pakages' in action 'apt' (did you mean 'packages'?)\n"
	       "5:13: 'update' must be true or false, not 'yes' (write true)\n");
}

static void test_actions(void **state)
{
	(void)state;
	expect(HEAD "- action: shel\n- shell: x\n- [a]\n- action: ~\n- action: [x]\n",
	       "3:11: unknown action 'shel' (did you mean 'shell'?)\n"
	       "4:3: a step needs 'action'\n"
	       "5:3: a step is a mapping with the key 'action'\n"
	       "6:11: 'action' needs a value\n"
	       "7:11: 'action' must be a text here, not a list\n");
	expect(HEAD "- action: x\x1b[31m\n", "3:12: control characters are not allowed\n");
	expect(HEAD "- action: \"x\\e[31m\"\n",
	       "3:11: unknown action 'x\\x1b[31m'; known: empty-workspace, create-artifact, "
	       "unpack-artifact, create-systree, debootstrap, apt, shell, copy, git\n");
	expect(HEAD "- action: shell\n- action: unpack-artifact\n",
	       "3:3: action 'shell' needs 'shell'\n"
	       "4:3: action 'unpack-artifact' needs 'artifact' or 'path'\n");
	expect(HEAD "- action: create-systree\n  path: y\n  artifact: x\n",
	       "5:13: 'artifact' and 'path' exclude each other\n"
	       "5:13: no earlier action makes the artifact 'x', and none of that name is "
	       "kept ('contractor artifact list' shows those that are)\n");
	expect(HEAD "- action: empty-workspace\n  user: root\n",
	       "4:3: unknown key 'user' in action 'empty-workspace'; known: name, note, action\n");
	expect(SHELL "  mounts: []\n  secrets: [x]\n  caches: x\n",
	       "5:3: 'mounts' is not built yet; leave it out\n"
	       "6:13: the secret 'x' is not declared in 'secrets' at the top; none is known\n"
	       "7:3: 'caches' is not built yet; leave it out\n");
}

#define SECRETS "name: t\nsecrets: [key, token]\nactions:\n- action: shell\n  shell: x\n  secrets: "

static void test_secrets(void **state)
{
	(void)state;
	expect(SECRETS "[key, {id: token, target: /run/t/token}]\n", "");
	expect(SECRETS "[{id: key}, {id: key, target: /run//a/./b/}]\n", "");
	expect(SECRETS "[]\n", "");
	/* They may be declared behind the steps, and by parameters. */
	expect("name: t\nparameters: {p: key}\nactions:\n- action: apt\n  packages: [x]\n"
	       "  secrets: [key]\nsecrets: ['${p}']\n",
	       "");
	expect(SECRETS "[tokne]\n",
	       "6:13: the secret 'tokne' is not declared in 'secrets' at the top (did you mean "
	       "'token'?)\n");
	expect(SECRETS "\n  - key\n  - id: key\n    traget: /run/x\n",
	       "8:9: '/run/secrets/key' cannot be a secret's file: another one of this step is "
	       "'/run/secrets/key'\n9:5: unknown key 'traget' in a secret (did you mean "
	       "'target'?)\n");
	expect(SECRETS "[key, {target: /run/x}]\n", "6:18: a secret needs 'id'\n");
	expect(SECRETS "[[key], -x, a/b]\n",
	       "6:13: 'id' must be a text here, not a list\n"
	       "6:20: 'id' must be letters, digits, '.', '_', '-' or '+', with neither '.' nor "
	       "'-' in front, not '-x'\n"
	       "6:24: 'id' must be letters, digits, '.', '_', '-' or '+', with neither '.' nor "
	       "'-' in front, not 'a/b'\n");
	expect(SECRETS "key\n", "6:12: 'secrets' must be a list of ids, or of mappings with id "
				"and target; write it in [ ]\n");
}

/* A target is a file of its own below /run. */
static void test_targets_of_secrets(void **state)
{
	static const char *const wrong[] = {"/tmp/x",
					    "/workspace/x",
					    "/run",
					    "run/x",
					    "/run/lock",
					    "/run/lock/x",
					    "/run/contractor-launcher",
					    "/run/contractor-x/y",
					    "/run/busybox-contractor",
					    "/runner/x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		AUTO_FREE char *text = mem_printf(SECRETS "[{id: key, target: %s}]\n", wrong[i]);
		AUTO_FREE char *message =
			mem_printf("6:31: 'target' must be a file below /run that is not "
				   "contractor's own, not '%s'\n",
				   wrong[i]);

		expect(text, message);
	}
	expect(SECRETS "[{id: key, target: /run/../etc/x}]\n",
	       "6:31: 'target' must be a path without '..', not '/run/../etc/x'\n");
	expect(SECRETS "[{id: key, target: /run/lo}, {id: key, target: /run/locks}]\n", "");
	expect(SECRETS "[{id: key, target: /run/a}, {id: token, target: /run/a/b}]\n",
	       "6:60: '/run/a/b' cannot be a secret's file: another one of this step is "
	       "'/run/a'\n");
	expect(SECRETS "[key, {id: token, target: /run/secrets}]\n",
	       "6:38: '/run/secrets' cannot be a secret's file: another one of this step is "
	       "'/run/secrets/key'\n");
}

static void test_declared_secrets(void **state)
{
	(void)state;
	expect("name: t\nsecrets: [a, b, a]\nactions: [{action: empty-workspace}]\n",
	       "2:17: the secret 'a' is declared twice\n");
	expect("name: t\nsecrets: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]\n"
	       "actions: [{action: empty-workspace}]\n",
	       "2:59: more than 16 secrets\n");
	expect(HEAD "- action: empty-workspace\n  secrets: [a]\n",
	       "4:3: unknown key 'secrets' in action 'empty-workspace'; known: name, note, "
	       "action\n");
}

#define STEP "actions: [{action: shell, shell: x, secrets: ["
#define NOT_DECLARED "' is not declared in 'secrets' at the top"

/* What is wrong with a declaration is said there alone; what is not declared is said all the same. */
static void test_secrets_declared_wrongly(void **state)
{
	(void)state;
	expect("name: t\nsecrets: [a, {id: b}]\n" STEP "a, b, c]}]\n",
	       "2:14: 'secrets' must be a text here, not a mapping\n"
	       "3:53: the secret 'c" NOT_DECLARED "; known: a, b\n");
	expect("name: t\nsecrets: token\n" STEP "token, tokn]}]\n",
	       "2:10: 'secrets' must be a list of ids; write it in [ ]\n"
	       "3:54: the secret 'tokn" NOT_DECLARED " (did you mean 'token'?)\n");
	expect("name: t\nsecrets: {a: }\n" STEP "a, b]}]\n",
	       "2:10: 'secrets' must be a list of ids\n"
	       "3:50: the secret 'b" NOT_DECLARED "; known: a\n");
	expect("name: t\nsecrets: [-x]\n" STEP "b]}]\n",
	       "2:11: 'secrets' must be letters, digits, '.', '_', '-' or '+', with neither '.' "
	       "nor '-' in front, not '-x'\n"
	       "3:47: the secret 'b" NOT_DECLARED "; known: -x\n");
	/* This may be any id. */
	expect("name: t\nsecrets: ['${p}']\n" STEP "b]}]\n",
	       "2:12: unknown parameter 'p'; none is known\n");
	/* The rest of the file is not read, but the declaration was. */
	expect("name: t\nsecrets: [a]\n" STEP "b]}]\n- x\n",
	       "3:47: the secret 'b" NOT_DECLARED "; known: a\n"
	       "4:1: did not find expected key (while parsing a block mapping that begins in line "
	       "1)\n");
}

/* A field's value of an action, and what is said about it ("" when it is right). */
static void test_values(void **state)
{
	static const struct {
		const char *action, *line, *message;
	} cases[] = {
		{"copy", "from: ../x", ""},
		{"copy", "from: /x",
		 "'from' must be a path relative to the specification's directory, not '/x'"},
		{"copy", "from: ~", "'from' needs a value"},
		{"copy", "from: ''", "'from' must not be empty"},
		{"copy", "from: [x]", "'from' must be a text here, not a list"},
		{"copy", "from: {x: y}", "'from' must be a text here, not a mapping"},
		{"create-artifact", "artifact: -x",
		 "'artifact' must be letters, digits, '.', '_', '-' or '+', with neither '.' nor "
		 "'-' in front, not '-x'"},
		{"debootstrap", "suite: --foreign",
		 "'suite' must be one line of text that does not begin with '-', not '--foreign'"},
		{"debootstrap", "suite: \"a\\nb\"",
		 "'suite' must be one line of text that does not begin with '-', not 'a\\nb'"},
		{"apt", "packages: x",
		 "'packages' must be a list of texts, one line each, that do not begin with '-'; "
		 "write it in [ ]"},
		{"apt", "packages: {x: y}",
		 "'packages' must be a list of texts, one line each, that do not begin with '-'"},
		{"apt", "packages: [-oX]",
		 "'packages' must be a list of texts, one line each, that do not begin with '-', "
		 "not '-oX'"},
		{"apt", "packages: [a, ]", ""},
		{"apt", "packages: [a, ~]", "'packages' needs a value"},
		{"apt", "packages: [a, [b]]", "'packages' must be a text here, not a list"},
		{"apt", "upgrade: True",
		 "'upgrade' must be true or false, not 'True' (write true)"},
		{"apt", "upgrade: off", "'upgrade' must be true or false, not 'off' (write false)"},
		{"apt", "upgrade: 1", "'upgrade' must be true or false, not '1'"},
		{"shell", "shell: ~", "'shell' needs a value"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *text =
			mem_printf(HEAD "- action: %s\n  %s\n", cases[i].action, cases[i].line);
		AUTO_BUF struct buf found = BUF_INIT;
		const char *message;

		spec_free(fixture_parse(text, strlen(text), NULL, &found));
		message = strstr(found.data, ": ");
		found.data[found.len ? found.len - 1 : 0] = '\0';
		assert_string_equal(message ? message + 2 : "", cases[i].message);
		if (message)
			assert_int_equal(found.data[0], '4');
	}
}

static void test_more_values(void **state)
{
	static const char count[] =
		"must be a whole number from 0 to 1000000, without leading zeros, not";
	AUTO_FREE char *counts = mem_printf("5:10: 'strip' %s '010'\n8:10: 'strip' %s '0x1'\n"
					    "11:10: 'strip' %s '1000001'\n",
					    count, count, count);

	(void)state;
	expect(HEAD "- action: unpack-artifact\n  path: x\n  strip: 010\n"
		    "- action: unpack-artifact\n  path: x\n  strip: 0x1\n"
		    "- action: unpack-artifact\n  path: x\n  strip: 1000001\n",
	       counts);
	expect(SHELL "  outputs: [/x, a/../b, ..]\n  workdir: ../x\n  network: hst\n  user: a b\n"
		     "  interpreter: []\n",
	       "5:13: 'outputs' must be a list of relative paths without '..', not '/x'\n"
	       "5:17: 'outputs' must be a list of relative paths without '..', not 'a/../b'\n"
	       "5:25: 'outputs' must be a list of relative paths without '..', not '..'\n"
	       "6:12: 'workdir' must be a path without '..', not '../x'\n"
	       "7:12: 'network' must be one of none, host, not 'hst' (did you mean 'host'?)\n"
	       "8:9: 'user' must be a user's name or a number from 0 to 1000000, not 'a b'\n"
	       "9:16: 'interpreter' must begin with a program\n");
	expect(SHELL "  network: everything\n  network: 1\n",
	       "5:12: 'network' must be one of none, host, not 'everything'\n"
	       "6:3: key 'network' is given twice, first in line 5\n");
	expect(SHELL "  interpreter: ['', x]\n", "5:16: 'interpreter' must begin with a program\n");
}

static void test_environment_and_limits(void **state)
{
	(void)state;
	expect("name: x\nenvironment: {1A: x, B: ~, C: [x], 'A=B': y}\nactions:\n"
	       "- action: empty-workspace\n",
	       "2:15: '1A' is no name of a variable: letters, digits and '_', without a digit in "
	       "front\n"
	       "2:25: 'B' needs a value; write \"\" for an empty one\n"
	       "2:31: 'C' must be a text here, not a list\n"
	       "2:36: 'A=B' is no name of a variable: letters, digits and '_', without a digit in "
	       "front\n");
	expect("name: x\nlimits: {tme: 1, memory: 1.5, processes: 0, output: 2G, time: 0s}\n"
	       "actions:\n- action: empty-workspace\n",
	       "2:10: unknown limit 'tme' (did you mean 'time'?)\n"
	       "2:26: 'memory' must be a size such as 512M or 1.5G (a number of bytes, or with a "
	       "unit: K, M, G, T), or none, not '1.5'\n"
	       "2:42: 'processes' must be a whole number from 1 to 1000000, or none, not '0'\n"
	       "2:63: 'time' must be a time such as 90s, 30m or 1h30m (a number of seconds, or "
	       "with the units d, h, m, s, ms), or none, not '0s'\n");
	expect(SHELL "  limits: 30m\n  environment: [A=B]\n",
	       "5:11: 'limits' must be a mapping with time, memory, processes, output, disk or "
	       "file-size\n"
	       "6:16: 'environment' must be a mapping of variable names to texts\n");
}

static void test_parameters(void **state)
{
	static const char spec[] = "parameters: {a: x, b: ~}\nname: n${a}\nactions:\n"
				   "- action: copy\n  from: ${b}${c}\n";

	(void)state;
	expect(spec, "1:20: parameter 'b' has no default value: give one by -p b=VALUE\n"
		     "5:13: unknown parameter 'c'; known: a, b\n");
	expect_with("b=y", spec, "5:13: unknown parameter 'c'; known: a, b\n");
	expect_with("d=y", "parameters: {a: x}\n" SHELL,
		    "1:1: -p gives the unknown parameter 'd'; known: a\n");
	expect_with("aaaa=y", "parameters: {aaab: x}\n" SHELL,
		    "1:1: -p gives the unknown parameter 'aaaa' (did you mean 'aaab'?)\n");
	expect_with("a", SHELL, "1:1: -p must be followed by NAME=VALUE, not 'a'\n");
	expect_with("a=\xff", "parameters: {a: x}\n" SHELL,
		    "1:14: the value given for parameter 'a' is not UTF-8\n");
	expect("parameters: {PATH: x, LD_X: y, 1a: z, a: [], b: '${a}${c}', d: '${b}'}\n" SHELL,
	       "1:14: a parameter cannot be called 'PATH', as each becomes an environment "
	       "variable\n"
	       "1:23: a parameter cannot be called 'LD_X', as each becomes an environment "
	       "variable\n"
	       "1:32: '1a' is no name of a parameter: letters, digits and '_', without a digit in "
	       "front\n"
	       "1:42: 'a' must be a text here, not a list\n"
	       "1:54: unknown parameter 'c'; known: PATH, LD_X, 1a, a\n");
	expect("parameters: {a: *b}\n" SHELL,
	       "1:17: alias '*b' refers to nothing: no earlier value has the anchor '&b'\n");
	expect("parameters: [a]\n" SHELL,
	       "1:13: 'parameters' must be a mapping of parameter names to default values\n");
	expect("parameters: {k: '${x}'}\n" SHELL "  ${k}: y\n",
	       "1:18: unknown parameter 'x'; none is known\n"
	       "6:3: unknown key '${k}' in action 'shell'; known: shell, interpreter, workdir, "
	       "network, outputs, mounts, name, note, environment, limits, secrets, caches and 3 "
	       "more\n");
}

static void test_artifacts(void **state)
{
	(void)state;
	expect(HEAD "- action: unpack-artifact\n  artifact: base\n"
		    "- action: create-artifact\n  artifact: base\n"
		    "- action: create-systree\n  artifact: bse\n"
		    "- action: create-systree\n  artifact: base\n",
	       "4:13: no earlier action makes the artifact 'base', and none of that name "
	       "is kept ('contractor artifact list' shows those that are)\n"
	       "8:13: no earlier action makes the artifact 'bse', and none of that name is "
	       "kept (did you mean 'base'?)\n");
}

/* An artifact exists when it has the name that data points to. */
static bool exists(void *data, const char *name)
{
	return !strcmp(data, name);
}

static void test_artifacts_outside(void **state)
{
	static const char text[] = HEAD "- action: create-systree\n  artifact: base\n";
	char name[] = "base", other[] = "other";
	struct spec_options options = {
		.schemas = fixture_schemas, .artifact_exists = exists, .data = name};
	struct diagnostics diagnostics = {0};
	struct spec *spec;
	struct err err;

	(void)state;
	assert_int_equal(
		spec_parse("x", text, sizeof text - 1, &options, &spec, &diagnostics, &err), 0);
	assert_int_equal(diagnostics.len, 0);
	spec_free(spec);
	options.data = other;
	spec_parse("x", text, sizeof text - 1, &options, &spec, &diagnostics, &err);
	assert_int_equal(diagnostics.len, 1);
	spec_free(spec);
	diagnostics_release(&diagnostics);
}

static void test_syntax_error_after_others(void **state)
{
	(void)state;
	/* Nothing is said to be missing in what was cut off. */
	expect(HEAD "- action: shel\n- action: copy\n- action: shell\n  outputs: [a\n",
	       "3:11: unknown action 'shel' (did you mean 'shell'?)\n"
	       "4:3: action 'copy' needs 'from'\n"
	       "7:1: did not find expected ',' or ']' (while parsing a flow sequence that begins "
	       "in line 6)\n");
	expect("actions:\n- action: copy\n  from: ${a}\n'x\n",
	       "5:1: found unexpected end of stream (while scanning a quoted scalar that begins in "
	       "line 4)\n");
}

static void test_aliases(void **state)
{
	/* What is wrong in a repeated step is said once. */
	expect(HEAD "- &a\n  action: apt\n  pakages: [x]\n  upgrade: true\n- *a\n",
	       "5:3: unknown key 'pakages' in action 'apt' (did you mean 'packages'?)\n");
	expect(HEAD "- action: apt\n  packages: &p [x]\n  source: *p\n- *q\n",
	       "6:3: alias '*q' refers to nothing: no earlier value has the anchor '&q'\n");
	(void)state;
}

static void test_too_much(void **state)
{
	struct buf text = BUF_INIT;
	AUTO_FREE char *big = mem_new(SPEC_ENVIRONMENT_MAX + 1);
	AUTO_FREE char *large = NULL;

	(void)state;
	buf_add_str(&text, HEAD);
	for (int i = 0; i <= SPEC_STEPS_MAX; i++)
		buf_add_str(&text, "- action: empty-workspace\n");
	expect(text.data, "1003:3: more than 1000 actions\n");
	buf_clear(&text);
	buf_add_str(&text, "parameters:\n");
	for (int i = 0; i <= SPEC_PARAMETERS_MAX; i++)
		buf_add_fmt(&text, " a%d: x\n", i);
	buf_add_str(&text, SHELL);
	expect(text.data, "258:2: more than 256 parameters\n");
	buf_release(&text);
	memset(big, 'x', SPEC_ENVIRONMENT_MAX);
	large = mem_printf("environment: {A: %s}\n" SHELL, big);
	expect(large, "1:14: parameters and environment are larger than 65536 bytes\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_the_example_of_the_page),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_targets_of_secrets),
		cmocka_unit_test(test_declared_secrets),
		cmocka_unit_test(test_secrets_declared_wrongly),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_more_values),
		cmocka_unit_test(test_environment_and_limits),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_artifacts),
		cmocka_unit_test(test_artifacts_outside),
		cmocka_unit_test(test_syntax_error_after_others),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
