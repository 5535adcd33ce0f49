/* Commands that go through the front, abbreviations, and completion. */
#include "tests/unit/session_fixture.h"

#define SPEC                          \
	"name: test\nactions:\n"      \
	"- action: empty-workspace\n" \
	"  name: first one\n"         \
	"- action: empty-workspace\n" \
	"  name: second\n"

/* What the front was asked for last. */
struct asked {
	struct buf printed;
	size_t step;
	enum shell_where where;
	char *command, *path;
	bool quit;
};

static struct asked *asked_of(void *data)
{
	struct fixture *fixture = data;

	return fixture->options.data;
}

static void note_print(void *data, const char *text, size_t length)
{
	buf_add(&asked_of(data)->printed, text, length);
}

static int note_shell(void *data, const struct command_shell *shell, struct err *err)
{
	struct asked *asked = asked_of(data);

	(void)err;
	asked->step = shell->step;
	asked->where = shell->where;
	free(asked->command);
	asked->command = strv_join(shell->command, "|");
	return 0;
}

static int note_edit(void *data, size_t step, struct err *err)
{
	(void)err;
	asked_of(data)->step = step;
	return 0;
}

static int note_source(void *data, const char *path, struct err *err)
{
	(void)err;
	free(asked_of(data)->path);
	asked_of(data)->path = mem_strdup(path);
	return 0;
}

static int refuse_quit(void *data, struct err *err)
{
	asked_of(data)->quit = true;
	return err_set(err, ERR_USAGE, "not yet");
}

static const struct command_front front = {.print = note_print,
					   .shell = note_shell,
					   .edit = note_edit,
					   .source = note_source,
					   .quit = refuse_quit};

static struct asked *load(struct fixture *fixture)
{
	struct asked *asked = mem_new(sizeof *asked);

	buf_init(&asked->printed);
	fixture->options.data = asked;
	fixture->options.front = &front;
	fixture->options.front_data = fixture;
	fixture_load(fixture, SPEC);
	return asked;
}

static void release(struct asked *asked)
{
	buf_release(&asked->printed);
	free(asked->command);
	free(asked->path);
	free(asked);
}

/* Without a front nothing is printed, and what needs one says so. */
static void test_no_front(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, SPEC);
	fixture_start(fixture, "help");
	fixture_start(fixture, "info step");
	fixture_refuse(fixture, "shell", ERR_USAGE, "shell: not possible here");
	fixture_refuse(fixture, "edit 1", ERR_USAGE, "edit: not possible here");
	fixture_refuse(fixture, "quit", ERR_USAGE, "quit: not possible here");
	fixture_refuse(fixture, "log", ERR_USAGE, "log: not possible here");
	fixture_refuse(fixture, "source x", ERR_USAGE, "source: not possible here");
}

/* Which state a shell is wanted in. */
static void test_shell(void **state)
{
	static const struct {
		const char *line;
		size_t step;
		enum shell_where where;
		const char *command;
	} cases[] = {
		{"shell", 2, SHELL_BEFORE, ""},
		{"shell here", 2, SHELL_BEFORE, ""},
		{"shell after 'first one'", 1, SHELL_AFTER, ""},
		{"shell 1", 1, SHELL_AFTER, ""},
		{"shell --failed second", 2, SHELL_FAILED, ""},
		{"shell before -- ls -l 'a b'", 2, SHELL_BEFORE, "ls|-l|a b"},
		{"sh -- after", 2, SHELL_BEFORE, "after"},
	};
	struct fixture *fixture = *state;
	struct asked *asked = load(fixture);

	fixture_run(fixture, "next");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture_start(fixture, cases[i].line);
		assert_int_equal(asked->step, cases[i].step);
		assert_int_equal(asked->where, cases[i].where);
		assert_string_equal(asked->command, cases[i].command);
	}
	fixture_refuse(fixture, "shell 1 2", ERR_USAGE,
		       "usage: shell [before|after|failed|here] [STEP] [-- COMMAND...]");
	fixture_run(fixture, "next");
	fixture_start(fixture, "shell");
	assert_int_equal(asked->step, 2);
	assert_int_equal(asked->where, SHELL_AFTER);
	release(asked);
}

static void test_other_requests(void **state)
{
	struct fixture *fixture = *state;
	struct asked *asked = load(fixture);

	fixture_start(fixture, "edit second");
	assert_int_equal(asked->step, 2);
	fixture_start(fixture, "e");
	assert_int_equal(asked->step, 1);
	fixture_start(fixture, "source 'a file'");
	assert_string_equal(asked->path, "a file");
	fixture_refuse(fixture, "q", ERR_USAGE, "not yet");
	assert_true(asked->quit);
	fixture_refuse(fixture, "why", ERR_USAGE, "'why' is not built yet");
	fixture_start(fixture, "# quit");
	fixture_start(fixture, "  #");
	release(asked);
}

static void test_help(void **state)
{
	struct fixture *fixture = *state;
	struct asked *asked = load(fixture);

	fixture_start(fixture, "help reverse");
	assert_non_null(strstr(asked->printed.data, "reverse-continue (rc)"));
	assert_null(strstr(asked->printed.data, "until"));
	fixture_start(fixture, "h");
	for (const struct command *command = command_table; command->name; command++)
		assert_non_null(strstr(asked->printed.data, command->help));
	release(asked);
}

/* An abbreviation of the table counts more than that it is not unique. */
static void test_abbreviations(void **state)
{
	static const char *const pairs[][2] = {
		{"b", "break"},	 {"c", "continue"}, {"d", "delete"}, {"r", "rerun"},
		{"s", "step"},	 {"e", "edit"},	    {"w", "write"},  {"tb", "tbreak"},
		{"sh", "shell"}, {"dis", "disable"}};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		assert_string_equal(command_find(pairs[i][0], &err)->name, pairs[i][1]);
}

static void test_completion(void **state)
{
	static const struct {
		const char *line;
		size_t begin;
		const char *words;
	} cases[] = {
		{"re", 0, "rerun resume reverse-continue"},
		{"until s", 6, "second"},
		{"until f", 6, "'first one'"},
		{"until \"fi", 6, "\"first one\""},
		{"until 'first o", 6, "'first one'"},
		{"break f", 6, "fail 'first one'"},
		{"info s", 5, "step sandbox store"},
		{"shell b", 6, "before"},
		{"shell before s", 13, "second"},
		{"help unt", 5, "until"},
		{"next ", 5, ""},
		{"nonsense x", 9, ""},
		{"until x", 6, ""},
	};
	struct fixture *fixture = *state;

	fixture_load(fixture, SPEC);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_STRV struct strv words = {0};
		size_t begin = command_complete(fixture->session, cases[i].line, &words);
		AUTO_FREE char *joined = strv_join(&words, " ");

		assert_int_equal(begin, cases[i].begin);
		assert_string_equal(joined, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_no_front),	      FIXTURE_TEST(test_shell),
		FIXTURE_TEST(test_other_requests),    FIXTURE_TEST(test_help),
		cmocka_unit_test(test_abbreviations), FIXTURE_TEST(test_completion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
