/* keymap.h and action.h: what the keys do, by default and as the person binds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "engine/session/command.h"
#include "ui/keymap.h"

static struct key key_of(const char *text)
{
	struct err err = {0};
	struct key key;

	if (key_parse(text, &key, &err) < 0)
		fail_msg("%s", err.text);
	return key;
}

static void expect(const struct keymap *keymap, enum ui_context context, const char *text,
		   const char *action)
{
	struct key key = key_of(text);

	assert_string_equal(ui_actions[keymap_find(keymap, context, &key)].name, action);
}

/* The table of the design: "The debugger", "Default keys". */
static void test_the_default_keys(void **state)
{
	static const struct {
		const char *keys, *action;
	} promised[] = {
		{"n F10", "next"},
		{"N", "back"},
		{"s F11", "step"},
		{"c F5", "continue"},
		{"C", "reverse-continue"},
		{"u", "until"},
		{"g", "goto"},
		{"r", "rerun"},
		{"b Space F9", "toggle-breakpoint"},
		{"B", "edit-condition"},
		{"p", "pause-or-resume"},
		{"K", "kill"},
		{"e", "edit"},
		{"w", "write"},
		{"!", "shell-after"},
		{"@", "shell-before"},
		{"i", "type"},
		{"d", "changes"},
		{"f", "files"},
		{"l", "log"},
		{"v", "environment"},
		{"/", "search"},
		{"E", "first-error"},
		{"j Down", "down"},
		{"k Up", "up"},
		{"PgUp", "page-up"},
		{"PgDn", "page-down"},
		{"Home", "top"},
		{"End", "bottom"},
		{"Tab", "focus-next"},
		{"S-Tab", "focus-previous"},
		{"1", "pane-1"},
		{"9", "pane-9"},
		{"z", "zoom"},
		{"+", "grow"},
		{"-", "shrink"},
		{":", "command-line"},
		{"? F1", "help"},
		{"Ctrl-l", "redraw"},
		{"Ctrl-z", "suspend"},
		{"q", "quit"},
		{"Esc", "cancel"},
	};
	struct keymap *keymap = keymap_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(promised); i++) {
		char keys[32];

		strcpy(keys, promised[i].keys);
		for (char *key = strtok(keys, " "); key; key = strtok(NULL, " "))
			expect(keymap, UI_CONTEXT_STEPS, key, promised[i].action);
	}
	keymap_free(keymap);
}

static void test_a_place_comes_before_all(void **state)
{
	struct keymap *keymap = keymap_new();

	(void)state;
	expect(keymap, UI_CONTEXT_TEXT, "n", "search-next");
	expect(keymap, UI_CONTEXT_TEXT, "N", "search-previous");
	expect(keymap, UI_CONTEXT_TEXT, "F10", "next");
	expect(keymap, UI_CONTEXT_TEXT, "q", "close");
	expect(keymap, UI_CONTEXT_TERMINAL, "Esc", "return");
	expect(keymap, UI_CONTEXT_TERMINAL, "n", "next");
	expect(keymap, UI_CONTEXT_TEXT, "Enter", "none");
	expect(keymap, UI_CONTEXT_STEPS, "Alt-x", "none");
	keymap_free(keymap);
}

/* No two actions have the same default key in one place. */
static void test_defaults_do_not_conflict(void **state)
{
	struct keymap *keymap = keymap_new();

	(void)state;
	for (size_t context = 0; context < UI_CONTEXTS; context++) {
		const struct key *key;
		enum ui_action action;

		for (size_t i = 0;
		     keymap_next(keymap, (enum ui_context)context, &i, &key, &action);)
			assert_int_equal(keymap_find(keymap, (enum ui_context)context, key),
					 action);
	}
	keymap_free(keymap);
}

static void test_rows_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < UI_ACTIONS; i++) {
		const struct ui_action_row *row = ui_actions + i;
		enum ui_action found;
		struct err err;

		assert_non_null(row->name);
		assert_int_equal(ui_action_find(row->name, &found, &err), 0);
		assert_int_equal(found, i);
		assert_non_null(row->keys);
		assert_true(*row->help);
		assert_true(i == UI_ACTION_NONE || (*row->hint && row->contexts));
	}
}

/* Each command line begins with a command of the table, by its whole name, and its arguments are those
 * that the command takes. */
static void test_commands_exist(void **state)
{
	(void)state;
	for (size_t i = 0; i < UI_ACTIONS; i++) {
		AUTO_BUF struct buf line = BUF_INIT;
		const struct command *command;
		struct err err = {0};
		char *blank;

		if (!ui_actions[i].command)
			continue;
		ui_action_add_command((enum ui_action)i, 12, &line);
		assert_null(strchr(line.data, '{'));
		assert_int_equal(strstr(ui_actions[i].command, "{step}") != NULL,
				 strstr(line.data, " 12") != NULL);
		blank = strchr(line.data, ' ');
		if (blank)
			*blank = '\0';
		command = command_find(line.data, &err);
		if (!command)
			fail_msg("%s", err.text);
		assert_string_equal(command->name, line.data);
		assert_true(!blank || *command->arguments);
	}
}

static void test_commands_with_a_step(void **state)
{
	AUTO_BUF struct buf line = BUF_INIT;

	(void)state;
	ui_action_add_command(UI_ACTION_SHELL_BEFORE, 3, &line);
	assert_string_equal(line.data, "shell before 3");
	assert_non_null(ui_actions[UI_ACTION_KILL].question);
}

static void bind(struct keymap *keymap, enum ui_context context, const char *key,
		 enum ui_action action)
{
	struct err err = {0};

	if (keymap_bind(keymap, context, key, action, &err) < 0)
		fail_msg("%s", err.text);
}

static void test_binding(void **state)
{
	struct keymap *keymap = keymap_new();

	(void)state;
	bind(keymap, UI_CONTEXT_GLOBAL, "n", UI_ACTION_BACK);
	bind(keymap, UI_CONTEXT_STEPS, "x", UI_ACTION_QUIT);
	bind(keymap, UI_CONTEXT_TEXT, "Alt-q", UI_ACTION_SEARCH_NEXT);
	expect(keymap, UI_CONTEXT_STEPS, "n", "back");
	expect(keymap, UI_CONTEXT_TEXT, "n", "search-next");
	expect(keymap, UI_CONTEXT_STEPS, "x", "quit");
	expect(keymap, UI_CONTEXT_TEXT, "x", "none");
	expect(keymap, UI_CONTEXT_TEXT, "Alt-q", "search-next");
	expect(keymap, UI_CONTEXT_STEPS, "Alt-q", "none");
	keymap_free(keymap);
}

static void test_unbinding(void **state)
{
	struct keymap *keymap = keymap_new();
	struct err err;

	(void)state;
	assert_int_equal(keymap_unbind(keymap, UI_CONTEXT_TEXT, "c", &err), 0);
	assert_int_equal(keymap_unbind(keymap, UI_CONTEXT_GLOBAL, "K", &err), 0);
	expect(keymap, UI_CONTEXT_TEXT, "c", "none");
	expect(keymap, UI_CONTEXT_STEPS, "c", "continue");
	expect(keymap, UI_CONTEXT_STEPS, "K", "none");
	keymap_free(keymap);
}

static void refuse(int result, const struct err *err, const char *message)
{
	assert_int_equal(result, -1);
	assert_int_equal(err->code, ERR_USAGE);
	if (!strstr(err->text, message))
		fail_msg("%s", err->text);
}

static void test_what_is_refused(void **state)
{
	struct keymap *keymap = keymap_new();
	enum ui_context context;
	enum ui_action action;
	struct err err;

	(void)state;
	bind(keymap, UI_CONTEXT_GLOBAL, "Ctrl-A", UI_ACTION_BACK);
	refuse(keymap_bind(keymap, UI_CONTEXT_GLOBAL, "C-a", UI_ACTION_NEXT, &err), &err,
	       "'C-a' is given twice in 'global': as 'Ctrl-A' for 'back', and for 'next'");
	refuse(keymap_bind(keymap, UI_CONTEXT_STEPS, "x", UI_ACTION_SEARCH_NEXT, &err), &err,
	       "'search-next' is of no use in 'steps'");
	refuse(keymap_bind(keymap, UI_CONTEXT_STEPS, "Hom", UI_ACTION_NEXT, &err), &err,
	       "unknown key 'Hom' (did you mean 'Home'?)");
	refuse(ui_action_find("nxt", &action, &err), &err, "(did you mean 'next'?)");
	refuse(ui_action_find("frobnicate", &action, &err), &err, "`contractor config` shows");
	refuse(ui_context_find("step", &context, &err), &err, "(did you mean 'steps'?)");
	expect(keymap, UI_CONTEXT_STEPS, "Ctrl-a", "back");
	keymap_free(keymap);
}

static void expect_keys(const struct keymap *keymap, enum ui_context context, enum ui_action action,
			const char *keys)
{
	AUTO_STRV struct strv names = {0};
	AUTO_FREE char *joined = NULL;

	keymap_keys_of(keymap, context, action, &names);
	joined = strv_join(&names, " ");
	assert_string_equal(joined, keys);
}

static void test_keys_of_an_action(void **state)
{
	struct keymap *keymap = keymap_new();

	(void)state;
	expect_keys(keymap, UI_CONTEXT_STEPS, UI_ACTION_NEXT, "n F10");
	expect_keys(keymap, UI_CONTEXT_TEXT, UI_ACTION_NEXT, "F10");
	expect_keys(keymap, UI_CONTEXT_STEPS, UI_ACTION_CLOSE, "");
	bind(keymap, UI_CONTEXT_TEXT, "x", UI_ACTION_NEXT);
	bind(keymap, UI_CONTEXT_GLOBAL, "F10", UI_ACTION_BACK);
	expect_keys(keymap, UI_CONTEXT_TEXT, UI_ACTION_NEXT, "x");
	expect_keys(keymap, UI_CONTEXT_STEPS, UI_ACTION_NEXT, "n");
	expect_keys(keymap, UI_CONTEXT_STEPS, UI_ACTION_BACK, "F10 N");
	keymap_free(keymap);
}

static void test_the_prefix_key(void **state)
{
	struct key usual = key_of("Ctrl-]"), other = key_of("F12");
	struct keymap *keymap = keymap_new();
	struct err err;

	(void)state;
	assert_true(key_equal(keymap_prefix(keymap), &usual));
	assert_int_equal(keymap_set_prefix(keymap, "F12", &err), 0);
	assert_true(key_equal(keymap_prefix(keymap), &other));
	refuse(keymap_set_prefix(keymap, "x", &err), &err, "'x' cannot be the prefix key");
	refuse(keymap_set_prefix(keymap, "Enter", &err), &err, "'Enter' cannot be the prefix key");
	refuse(keymap_set_prefix(keymap, "WheelUp", &err), &err, "cannot be the prefix key");
	assert_true(key_equal(keymap_prefix(keymap), &other));
	keymap_free(keymap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_default_keys),
		cmocka_unit_test(test_a_place_comes_before_all),
		cmocka_unit_test(test_defaults_do_not_conflict),
		cmocka_unit_test(test_rows_are_whole),
		cmocka_unit_test(test_commands_exist),
		cmocka_unit_test(test_commands_with_a_step),
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_unbinding),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_keys_of_an_action),
		cmocka_unit_test(test_the_prefix_key),
	};

	return cmocka_run_group_tests_name("keymap", tests, NULL, NULL);
}
