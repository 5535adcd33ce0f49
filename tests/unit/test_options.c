/* The tables of options and commands, and what they make of a command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "src/options.h"
#include "src/subcommands.h"

enum { ARGUMENTS_MAX = 8 };

/* Parses up to ARGUMENTS_MAX arguments; the list ends with NULL. */
static int parse(struct options *options, struct err *err, const char *first, ...)
{
	char *arguments[ARGUMENTS_MAX + 1] = {NULL};
	const char *argument = first;
	va_list list;

	*options = (struct options){0};
	va_start(list, first);
	for (size_t i = 0; argument && i < ARGUMENTS_MAX; i++) {
		arguments[i] = (char *)(uintptr_t)argument;
		argument = va_arg(list, const char *);
	}
	va_end(list);
	return options_parse(options, arguments, err);
}

static void assert_refused(int result, const struct err *err, const char *text)
{
	assert_int_equal(result, -1);
	assert_int_equal(err->code, ERR_USAGE);
	if (!strstr(err->text, text))
		fail_msg("'%s' does not say '%s'", err->text, text);
}

static void test_rows_are_whole(void **state)
{
	(void)state;
	for (const struct option *option = option_table; option->name; option++) {
		assert_true(option - option_table < OPTIONS_MAX);
		assert_true(option->commands != 0);
		assert_int_equal(option->later & ~option->commands, 0);
		assert_int_equal(option->kind == OPTION_FLAG, option->argument == NULL);
		assert_int_equal(option->help[strlen(option->help) - 1], '.');
		for (const struct option *other = option_table; other != option; other++) {
			assert_string_not_equal(option->name, other->name);
			assert_true(option->offset != other->offset);
			assert_true(!option->letter || option->letter != other->letter);
		}
	}
}

static void test_commands_are_whole(void **state)
{
	(void)state;
	for (size_t i = 1; i < COMMAND_COUNT; i++) {
		const struct subcommand *row = &subcommand_table[i];

		assert_non_null(row->name);
		assert_int_equal(row->later, row->run == NULL);
		for (size_t j = 1; j < i; j++)
			assert_string_not_equal(row->name, subcommand_table[j].name);
	}
	assert_string_equal(subcommand_table[COMMAND_RUN].name, "run");
	assert_string_equal(subcommand_table[COMMAND_STORE_VERIFY].name, "store verify");
	assert_string_equal(subcommand_table[COMMAND_HELP].name, "help");
}

static void test_forms_of_a_value(void **state)
{
	struct options options;
	struct err err;

	(void)state;
	assert_int_equal(parse(&options, &err, "--store=one", NULL), 0);
	assert_string_equal(options.store, "one");
	options_release(&options);
	assert_int_equal(parse(&options, &err, "--store", "--two", NULL), 0);
	assert_string_equal(options.store, "--two");
	options_release(&options);
	assert_int_equal(parse(&options, &err, "-p", "a=1", "-pb=2", "--parameter=c=3",
			       "--parameter", "d=", NULL),
			 0);
	assert_int_equal(options.parameters.len, 4);
	assert_string_equal(options.parameters.items[0], "a=1");
	assert_string_equal(options.parameters.items[1], "b=2");
	assert_string_equal(options.parameters.items[2], "c=3");
	assert_string_equal(options.parameters.items[3], "d=");
	options_release(&options);
}

static void test_the_last_one_counts(void **state)
{
	struct options options;
	struct err err;

	(void)state;
	assert_int_equal(parse(&options, &err, "--store=one", "--store=two", NULL), 0);
	assert_string_equal(options.store, "two");
	options_release(&options);
}

static void test_short_flags_in_one_word(void **state)
{
	struct options options;
	struct err err;

	(void)state;
	assert_int_equal(parse(&options, &err, "-qvpx=y", "word", NULL), 0);
	assert_true(options.quiet && options.verbose);
	assert_string_equal(options.parameters.items[0], "x=y");
	assert_int_equal(options.words.len, 1);
	options_release(&options);
}

static void test_value_that_may_be_left_out(void **state)
{
	struct options options;
	struct err err;

	(void)state;
	assert_int_equal(parse(&options, &err, "--no-cache", "3", NULL), 0);
	assert_string_equal(options.no_cache, "");
	assert_string_equal(options.words.items[0], "3");
	options_release(&options);
	assert_int_equal(parse(&options, &err, "--no-cache=3", NULL), 0);
	assert_string_equal(options.no_cache, "3");
	assert_null(options.refresh);
	options_release(&options);
}

static void test_two_dashes(void **state)
{
	struct options options;
	struct err err;

	(void)state;
	assert_int_equal(parse(&options, &err, "shell", "-q", "x", "--", "--all", "-", "--", NULL),
			 0);
	assert_int_equal(options.words.len, 5);
	assert_int_equal(options.before_dashes, 2);
	assert_string_equal(options.words.items[2], "--all");
	assert_string_equal(options.words.items[4], "--");
	assert_false(options.all);
	options_release(&options);
	assert_int_equal(parse(&options, &err, "run", "-", NULL), 0);
	assert_int_equal(options.before_dashes, 2);
	options_release(&options);
}

static void test_refused_forms(void **state)
{
	static const struct {
		const char *first, *second, *says;
	} examples[] = {
		{"--stroe=x", NULL, "(did you mean '--store'?)"},
		{"--nothing-like-it", NULL, "unknown option '--nothing-like-it'"},
		{"-Z", NULL, "unknown option '-Z'"},
		{"--store", NULL, "'--store' needs a value: DIR"},
		{"--store=", NULL, "'--store' has an empty value"},
		{"--quiet=yes", NULL, "'--quiet' takes no value"},
		{"-p", "wrong", "NAME=VALUE, not 'wrong'"},
		{"-p", "=x", "NAME=VALUE"},
		{"--color=red", NULL, "auto|always|never"},
		{"--color=aut", NULL, "auto|always|never"},
		{"--allow", "every", "network|mounts"},
		{"--store-of", "x", "unknown option '--store-of'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct options options;
		struct err err = {0};
		int result = parse(&options, &err, examples[i].first, examples[i].second, NULL);

		assert_refused(result, &err, examples[i].says);
		options_release(&options);
	}
}

static void test_options_of_other_commands(void **state)
{
	static const struct {
		enum command_id command;
		const char *option;
		const char *says; /* NULL: allowed */
	} examples[] = {
		{COMMAND_RUN, "--until=3", NULL},
		{COMMAND_LIST, "--until=3", "'--until' is not for 'list'; it is for: debug, run"},
		{COMMAND_RUN, "--break=3", "'--break' is not for 'run'"},
		{COMMAND_STORE_DF, "--repair", "it is for: store verify"},
		{COMMAND_STORE_VERIFY, "--repair", NULL},
		{COMMAND_RUN, "--json", NULL},
		{COMMAND_DIFF, "--json", "'--json' is not built yet"},
		{COMMAND_SHELL, "--json", "'--json' is not for 'shell'"},
		{COMMAND_DOCTOR, "--json", NULL},
		{COMMAND_RUN, "--allow=network", NULL},
		{COMMAND_RUN, "--allow=mounts", "not built yet"},
		{COMMAND_RUN, "--secret=id=x,src=y", NULL},
		{COMMAND_LIST, "--secret=id=x,src=y", "it is for: debug, run, shell"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct options options;
		struct err err = {0};

		assert_int_equal(parse(&options, &err, examples[i].option, NULL), 0);
		if (examples[i].says)
			assert_refused(options_check(&options, examples[i].command, &err), &err,
				       examples[i].says);
		else
			assert_int_equal(options_check(&options, examples[i].command, &err), 0);
		options_release(&options);
	}
}

static void test_options_for_going_on(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct options options;
	struct err err;

	(void)state;
	assert_int_equal(parse(&options, &err, "-q", "-pa=it's one", "--store", "/a b", "-pb=2",
			       "--until=3", "--secret=id=k,src=f", NULL),
			 0);
	options_add_carried(&options, COMMAND_LOG, &text);
	assert_string_equal(text.data,
			    " --parameter 'a=it'\\''s one' --parameter b=2 --store '/a b'");
	buf_clear(&text);
	options_add_carried(&options, COMMAND_SHELL, &text);
	assert_string_equal(text.data, " --parameter 'a=it'\\''s one' --parameter b=2 "
				       "--store '/a b' --secret id=k,src=f");
	options_release(&options);
}

/* The command that these words begin with; how many words its name has. */
static int find(enum command_id *command, size_t *used, struct err *err, const char *one,
		const char *two)
{
	AUTO_STRV struct strv words = {0};

	strv_add_all(&words, one, two, NULL);
	return subcommand_find(&words, command, used, err);
}

static void test_commands_are_found(void **state)
{
	static const struct {
		const char *one, *two;
		enum command_id command;
		size_t used;
	} examples[] = {
		{"run", "x.yaml", COMMAND_RUN, 1},
		{"store", "df", COMMAND_STORE_DF, 2},
		{"store", "remove", COMMAND_STORE_REMOVE, 2},
		{"artifact", "list", COMMAND_ARTIFACT_LIST, 2},
		{"list", "artifact", COMMAND_LIST, 1},
		{"hello.yaml", NULL, COMMAND_DEBUG, 0},
		{"./run", NULL, COMMAND_DEBUG, 0},
		{NULL, NULL, COMMAND_NONE, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		enum command_id command;
		struct err err;
		size_t used;

		assert_int_equal(find(&command, &used, &err, examples[i].one, examples[i].two), 0);
		assert_int_equal(command, examples[i].command);
		assert_int_equal(used, examples[i].used);
	}
}

static void test_commands_that_are_not_found(void **state)
{
	static const struct {
		const char *one, *two, *says;
	} examples[] = {
		{"chekc", NULL, "unknown command 'chekc' (did you mean 'check'?)"},
		{"store", NULL,
		 "'store' needs to be told what to do: df, list, verify, prune, remove"},
		{"store", "lsit", "unknown command 'store lsit' (did you mean 'list'?)"},
		{"store df", NULL, "unknown command"},
		{"rn", NULL,
		 "unknown command 'rn'; known: debug, run, check, list, shell, log, artifact, "
		 "store, doctor, config, version, help"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		enum command_id command;
		struct err err = {0};
		size_t used;

		assert_refused(find(&command, &used, &err, examples[i].one, examples[i].two), &err,
			       examples[i].says);
	}
}

static void test_number_of_arguments(void **state)
{
	static const struct {
		enum command_id command;
		size_t count;
		const char *says; /* NULL: right */
	} examples[] = {
		{COMMAND_RUN, 0, "SPEC is missing"},
		{COMMAND_RUN, 1, NULL},
		{COMMAND_RUN, 2, "too many: 'b'"},
		{COMMAND_CHECK, 3, NULL},
		{COMMAND_SHELL, 2, NULL},
		{COMMAND_SHELL, 3, "too many: 'c'"},
		{COMMAND_LOG, 1, "STEP is missing"},
		{COMMAND_LOG, 3, NULL},
		{COMMAND_VERSION, 1, "too many: 'a'"},
		{COMMAND_HELP, 2, NULL},
		{COMMAND_ARTIFACT_PUT, 1, "FILE is missing"},
		{COMMAND_STORE_DF, 0, NULL},
	};
	AUTO_STRV struct strv words = {0};

	(void)state;
	strv_add_all(&words, "a", "b", "c", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		const struct subcommand *row = &subcommand_table[examples[i].command];
		struct err err = {0};
		int result = subcommand_check_arguments(row, &words, examples[i].count, &err);

		if (examples[i].says)
			assert_refused(result, &err, examples[i].says);
		else
			assert_int_equal(result, 0);
	}
}

/* The help of every command: its usage, and each option it takes and that is built. */
static void test_help_is_complete(void **state)
{
	(void)state;
	for (size_t i = 1; i < COMMAND_COUNT; i++) {
		const struct subcommand *row = &subcommand_table[i];
		AUTO_FREE char *first = mem_strndup(row->name, strcspn(row->name, " "));
		const char *second = strchr(row->name, ' ');
		AUTO_BUF struct buf text = BUF_INIT;
		AUTO_STRV struct strv words = {0};
		struct err err;

		strv_add_all(&words, first, second ? second + 1 : NULL, NULL);
		assert_int_equal(help_add(&words, 100, &text, &err), 0);
		assert_non_null(strstr(text.data, row->name));
		assert_non_null(strstr(text.data, row->help));
		for (const struct option *option = option_table; option->name; option++) {
			AUTO_FREE char *form = mem_printf("--%s", option->name);
			bool takes = (option->commands & ~option->later) >> i & 1;

			if (takes)
				assert_non_null(strstr(text.data, form));
		}
	}
}

static void test_help_of_a_group(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_STRV struct strv words = {0};
	struct err err;

	(void)state;
	strv_add(&words, "store");
	assert_int_equal(help_add(&words, 100, &text, &err), 0);
	assert_non_null(strstr(text.data, "contractor store df"));
	assert_non_null(strstr(text.data, "contractor store verify"));
	assert_null(strstr(text.data, "contractor artifact"));
	strv_clear(&words);
	strv_add(&words, "stoer");
	assert_refused(help_add(&words, 100, &text, &err), &err, "(did you mean 'store'?)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_commands_are_whole),
		cmocka_unit_test(test_forms_of_a_value),
		cmocka_unit_test(test_the_last_one_counts),
		cmocka_unit_test(test_short_flags_in_one_word),
		cmocka_unit_test(test_value_that_may_be_left_out),
		cmocka_unit_test(test_two_dashes),
		cmocka_unit_test(test_refused_forms),
		cmocka_unit_test(test_options_of_other_commands),
		cmocka_unit_test(test_options_for_going_on),
		cmocka_unit_test(test_commands_are_found),
		cmocka_unit_test(test_commands_that_are_not_found),
		cmocka_unit_test(test_number_of_arguments),
		cmocka_unit_test(test_help_is_complete),
		cmocka_unit_test(test_help_of_a_group),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
