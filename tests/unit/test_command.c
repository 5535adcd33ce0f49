/* The command table: names, abbreviations, words, arguments. What commands do is tested with the
 * session. */
#include "tests/unit/session_fixture.h"

#define SPEC                          \
	"name: test\nactions:\n"      \
	"- action: empty-workspace\n" \
	"  name: first one\n"         \
	"- action: empty-workspace\n" \
	"  name: it's \"2\"\n"

/* Every command has its words, can be found by its name, and is allowed in some state. */
static void test_table(void **state)
{
	static const char *const expected[] = {"next", "continue", "until", "back",
					       "goto", "rerun",	   "pause", "resume",
					       "kill", "break",	   "delete"};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct command *command = command_find(expected[i], &err);

		assert_non_null(command);
		assert_string_equal(command->name, expected[i]);
	}
	for (const struct command *command = command_table; command->name; command++) {
		assert_ptr_equal(command_find(command->name, &err), command);
		assert_true(strlen(command->help) > 5);
		assert_non_null(command->arguments);
		assert_int_equal(!command->run, strstr(command->help, "(not built yet)") != NULL);
		assert_true(command->states & 7);
	}
}

static void test_abbreviations(void **state)
{
	struct err err = {0};

	(void)state;
	assert_string_equal(command_find("n", &err)->name, "next");
	assert_string_equal(command_find("con", &err)->name, "continue");
	assert_string_equal(command_find("ba", &err)->name, "back");
	assert_null(command_find("re", &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.text, "'re' is ambiguous: rerun or resume"));
	assert_null(command_find("nextt", &err));
	assert_string_equal(err.text, "there is no command 'nextt' (did you mean 'next'?)");
	assert_null(command_find("frobnicate", &err));
	assert_string_equal(err.text, "there is no command 'frobnicate'; `help` lists them");
	assert_null(command_find("\033[2J", &err));
	assert_null(strchr(err.text, '\033'));
}

/* Lines with nothing in them do nothing, whatever the white space. */
static void test_empty_lines(void **state)
{
	static const char *const lines[] = {"", " ", "\t \t", "\n", " \r\n", "\v\f\n\n"};
	struct fixture *fixture = *state;

	fixture_load(fixture, SPEC);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct err err = {0};

		assert_int_equal(command_run(fixture->session, lines[i], &err), 0);
	}
	fixture_expect(fixture, "");
}

/* Words as the shell's: white space of all kinds, quotes, backslashes. */
static void test_words(void **state)
{
	static const char *const lines[] = {
		"break 'first one'",	  "break \"first one\"",       "break first\\ one",
		"  break\t'first 'one\n", "break f'irst o'\"ne\"\r\n", "\nbr\\eak 1",
	};
	struct fixture *fixture = *state;

	fixture_load(fixture, SPEC);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct err err = {0};

		if (command_run(fixture->session, lines[i], &err) < 0)
			fail_msg("%s: %s", lines[i], err.text);
		assert_true(session_has_breakpoint(fixture->session, 1));
		assert_int_equal(session_delete_breakpoint(fixture->session, (int)i + 1, &err), 0);
	}
}

/* In double quotes a backslash quotes what means something there, and is itself otherwise. */
static void test_quotes(void **state)
{
	static const char *const good[] = {"break \"it's \\\"2\\\"\"", "break 'it'\\''s \"2\"'"};
	struct fixture *fixture = *state;

	fixture_load(fixture, SPEC);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct err err = {0};

		if (command_run(fixture->session, good[i], &err) < 0)
			fail_msg("%s: %s", good[i], err.text);
		assert_true(session_has_breakpoint(fixture->session, 2));
		assert_int_equal(session_delete_breakpoint(fixture->session, (int)i + 1, &err), 0);
	}
	fixture_refuse(fixture, "break 'first", ERR_USAGE, "a ' is not closed");
	fixture_refuse(fixture, "break \"first", ERR_USAGE, "a \" is not closed");
	{
		struct err err = {0};

		assert_int_equal(command_run(fixture->session, "break \"a\\b\"", &err), -1);
		assert_non_null(strstr(err.text, "a\\b"));
		assert_int_equal(command_run(fixture->session, "break a\\b", &err), -1);
		assert_null(strstr(err.text, "\\"));
	}
}

/* How many words a command takes. */
static void test_arguments(void **state)
{
	static const struct {
		const char *line, *text;
	} wrong[] = {
		{"next 1", "usage: next"},
		{"until", "usage: until STEP"},
		{"until 1 2", "usage: until STEP"},
		{"goto", "usage: goto STEP"},
		{"rerun 1 2", "usage: rerun [STEP]"},
		{"delete", "usage: delete NUMBER..."},
		{"info",
		 "usage: info TOPIC [STEP] (show facts: step, sandbox, artifacts, attempts"},
	};
	struct fixture *fixture = *state;

	fixture_load(fixture, SPEC);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		fixture_refuse(fixture, wrong[i].line, ERR_USAGE, wrong[i].text);
	fixture_refuse(fixture, "delete ''", ERR_USAGE,
		       "'' is not the number of a breakpoint, nor 'all'");
	fixture_refuse(fixture, "delete 0", ERR_USAGE,
		       "'0' is not the number of a breakpoint, nor 'all'");
	fixture_refuse(fixture, "delete 99999999999999999999", ERR_USAGE,
		       "'99999999999999999999' is not the number of a breakpoint, nor 'all'");
	fixture_refuse(fixture, "delete \033[1m", ERR_USAGE,
		       "'\\x1b[1m' is not the number of a breakpoint, nor 'all'");
	fixture_expect(fixture, "");
}

/* A step is a number or a name; without one it is the present one. */
static void test_steps(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	fixture_load(fixture, SPEC);
	fixture_start(fixture, "break");
	assert_true(session_has_breakpoint(fixture->session, 1));
	fixture_run(fixture, "next");
	fixture_start(fixture, "break");
	assert_true(session_has_breakpoint(fixture->session, 2));
	assert_int_equal(command_run(fixture->session, "break nobody", &err), -1);
	assert_non_null(strstr(err.text, "nobody"));
	fixture_run(fixture, "next");
	fixture_refuse(fixture, "break", ERR_USAGE, "there is no step 3: the build has 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),	cmocka_unit_test(test_abbreviations),
		FIXTURE_TEST(test_empty_lines), FIXTURE_TEST(test_words),
		FIXTURE_TEST(test_quotes),	FIXTURE_TEST(test_arguments),
		FIXTURE_TEST(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
