/* config.h: defaults, the file and what is wrong with it, and printing what can be read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "ui/config.h"

static int read_text(struct config *config, const char *text, struct buf *messages)
{
	struct err err;
	int result = config_read(config, "x.yaml", text, strlen(text), messages, &err);

	if (result < 0)
		assert_string_equal(err.text, "x.yaml is not valid");
	return result;
}

/* A configuration with this text as its file. */
static struct config *config_of(const char *text)
{
	struct config *config = config_new(NULL);
	AUTO_BUF struct buf messages = BUF_INIT;

	if (read_text(config, text, &messages) < 0)
		fail_msg("%s", messages.data);
	return config;
}

static void expect_key(const struct config *config, enum ui_context context, const char *text,
		       const char *action)
{
	struct err err = {0};
	struct key key;

	if (key_parse(text, &key, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(ui_actions[keymap_find(config_keymap(config), context, &key)].name,
			    action);
}

static void test_defaults(void **state)
{
	static const char *const nothing[] = {"", "# a comment\n", "---\n", "~\n", "{}\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++) {
		struct config *config = config_of(nothing[i]);

		assert_string_equal(config_text(config, CONFIG_THEME), "default");
		assert_true(config_flag(config, CONFIG_BELL));
		assert_true(config_flag(config, CONFIG_MOUSE));
		assert_string_equal(config_text(config, CONFIG_PREFIX), "Ctrl-]");
		assert_int_equal(config_number(config, CONFIG_ESCAPE_DELAY), 50);
		assert_null(config_path(config));
		config_free(config);
	}
}

static void test_settings(void **state)
{
	struct config *config = config_of("theme: light\n"
					  "bell: false\n"
					  "mouse: false\n"
					  "prefix: C-A\n"
					  "escape-delay: 1s\n"
					  "scrollback: 0\n"
					  "steps-width: 90\n"
					  "details-height: 10\n");
	AUTO_BUF struct buf prefix = BUF_INIT;

	(void)state;
	assert_string_equal(config_text(config, CONFIG_THEME), "light");
	assert_false(config_flag(config, CONFIG_BELL));
	assert_false(config_flag(config, CONFIG_MOUSE));
	assert_int_equal(config_number(config, CONFIG_ESCAPE_DELAY), 1000);
	assert_int_equal(config_number(config, CONFIG_SCROLLBACK), 0);
	assert_int_equal(config_number(config, CONFIG_STEPS_WIDTH), 90);
	assert_int_equal(config_number(config, CONFIG_DETAILS_HEIGHT), 10);
	key_add_name(keymap_prefix(config_keymap(config)), &prefix);
	assert_string_equal(prefix.data, "Ctrl-a");
	config_free(config);
}

static void test_keys(void **state)
{
	struct config *config = config_of("keys:\n"
					  "  global: {\"Ctrl-n\": next, n: none, \"?\": continue}\n"
					  "  text: {c: search-next}\n"
					  "  steps:\n"
					  "    \":\": quit\n");

	(void)state;
	expect_key(config, UI_CONTEXT_STEPS, "Ctrl-n", "next");
	expect_key(config, UI_CONTEXT_STEPS, "n", "none");
	expect_key(config, UI_CONTEXT_TEXT, "n", "search-next");
	expect_key(config, UI_CONTEXT_TEXT, "?", "continue");
	expect_key(config, UI_CONTEXT_TEXT, "c", "search-next");
	expect_key(config, UI_CONTEXT_STEPS, "c", "continue");
	expect_key(config, UI_CONTEXT_STEPS, ":", "quit");
	expect_key(config, UI_CONTEXT_TEXT, ":", "command-line");
	config_free(config);
}

/* Every message is there, at its line and column, and no other. */
static void expect_messages(const char *text, const char *const *messages)
{
	struct config *config = config_new(NULL);
	AUTO_BUF struct buf seen = BUF_INIT;
	size_t count = 0;

	assert_int_equal(read_text(config, text, &seen), -1);
	for (const char *at = seen.data; (at = strstr(at, ": error: ")); at++)
		count++;
	for (; *messages; messages++, count--) {
		if (!strstr(seen.data, *messages))
			fail_msg("no \"%s\" in:\n%s", *messages, seen.data);
	}
	if (count)
		fail_msg("more messages:\n%s", seen.data);
	config_free(config);
}

static void test_what_is_wrong_is_said_at_its_place(void **state)
{
	static const char text[] = "them: light\n"
				   "theme: lihgt\n"
				   "bell: yes\n"
				   "mouse: [true]\n"
				   "prefix: x\n"
				   "escape-delay: 6s\n"
				   "scrollback: 1000001\n"
				   "steps-width: 9\n"
				   "details-height:\n"
				   "keys:\n"
				   "  globl: {}\n"
				   "  steps: [x]\n"
				   "  text:\n"
				   "    Hom: top\n"
				   "    x: nxt\n"
				   "    C-A: top\n"
				   "    ctrl-a: bottom\n"
				   "    y: quit\n"
				   "    z: {}\n";
	static const char *const messages[] = {
		"x.yaml:1:1: error: unknown key 'them' in the configuration (did you mean "
		"'theme'?)\nthem: light\n^\n",
		"x.yaml:2:8: error: unknown theme 'lihgt' (did you mean 'light'?)\n",
		"x.yaml:3:7: error: 'bell' must be true or false, not 'yes'\n",
		"x.yaml:4:8: error: 'mouse' must be a text, not a list\n",
		"x.yaml:5:9: error: 'x' cannot be the prefix key",
		"x.yaml:6:15: error: 'escape-delay' must be a time such as 90s, 30m or 1h30m (a "
		"number of seconds, or with the units d, h, m, s, ms), at most 5000ms",
		"x.yaml:7:13: error: 'scrollback' must be a whole number from 0 to 1000000",
		"x.yaml:8:14: error: 'steps-width' must be a whole number from 10 to 90",
		"error: 'details-height' needs a value\n",
		"x.yaml:11:3: error: unknown place of keys 'globl' (did you mean 'global'?)\n",
		"x.yaml:12:10: error: 'steps' must be a mapping",
		"x.yaml:14:5: error: unknown key 'Hom' (did you mean 'Home'?)\n",
		"x.yaml:15:8: error: unknown action 'nxt' (did you mean 'next'?)\n",
		"x.yaml:17:5: error: 'ctrl-a' is given twice in 'text': as 'C-A' for 'top', and "
		"for "
		"'bottom'",
		"x.yaml:18:5: error: 'quit' is of no use in 'text'\n",
		"x.yaml:19:8: error: 'z' must be a text, not a mapping\n",
		NULL,
	};

	(void)state;
	expect_messages(text, messages);
}

static void test_what_is_no_configuration(void **state)
{
	static const char *const list[] = {"x.yaml:1:1: error: 'the configuration' must be a "
					   "mapping",
					   NULL};
	static const char *const keys[] = {"x.yaml:1:7: error: 'keys' must be a mapping", NULL};
	static const char *const twice[] = {"x.yaml:2:1: error: ", NULL};

	(void)state;
	expect_messages("[bell]\n", list);
	expect_messages("keys: 5\n", keys);
	expect_messages("bell: true\nbell: true\n", twice);
}

/* What is printed is read again as the same. */
static void expect_round_trip(const struct config *config)
{
	AUTO_BUF struct buf first = BUF_INIT, second = BUF_INIT;
	struct config *again;

	config_print(config, &first);
	again = config_of(first.data);
	config_print(again, &second);
	for (size_t i = 0; i < CONFIG_SETTINGS; i++) {
		assert_string_equal(config_text(again, (enum config_setting)i),
				    config_text(config, (enum config_setting)i));
		assert_int_equal(config_number(again, (enum config_setting)i),
				 config_number(config, (enum config_setting)i));
	}
	assert_string_equal(first.data, second.data);
	config_free(again);
}

static void test_printing(void **state)
{
	struct config *config = config_new("/nowhere/contractor");
	struct config *other = config_of("theme: mono\n"
					 "bell: false\n"
					 "prefix: Alt-x\n"
					 "keys:\n"
					 "  global: {n: none, \"\\\"\": next, \"\\\\\": back}\n"
					 "  terminal: {\"Ctrl-\\\\\": help}\n");
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	config_print(config, &text);
	assert_non_null(strstr(text.data, "# /nowhere/contractor/config.yaml\n"));
	for (size_t i = 0; i < CONFIG_SETTINGS; i++)
		assert_non_null(strstr(text.data, config_rows[i].help));
	for (size_t i = 0; i < UI_ACTIONS; i++)
		assert_true(!*ui_actions[i].keys || strstr(text.data, ui_actions[i].help));
	config_free(config);
	expect_round_trip(other);
	config_free(other);
}

static void test_the_printed_keys_are_those_in_force(void **state)
{
	struct config *config = config_of("keys: {global: {n: none, \"\\\"\": next}}\n"), *again;
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	config_print(config, &text);
	again = config_of(text.data);
	expect_key(again, UI_CONTEXT_STEPS, "n", "none");
	expect_key(again, UI_CONTEXT_STEPS, "\"", "next");
	expect_key(again, UI_CONTEXT_STEPS, "F10", "next");
	config_free(again);
	config_free(config);
}

static void test_setting_one(void **state)
{
	struct config *config = config_new(NULL);
	struct err err;

	(void)state;
	assert_int_equal(config_set(config, CONFIG_THEME, "projector", &err), 0);
	assert_string_equal(config_text(config, CONFIG_THEME), "projector");
	assert_int_equal(config_set(config, CONFIG_THEME, "nowhere", &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(config_text(config, CONFIG_THEME), "projector");
	assert_int_equal(config_set(config, CONFIG_SCROLLBACK, "many", &err), -1);
	assert_int_equal(config_number(config, CONFIG_SCROLLBACK), 10000);
	config_free(config);
}

static void expect_dir(const char *xdg, const char *home, const char *expected)
{
	AUTO_FREE char *dir = NULL;

	if (xdg)
		setenv("XDG_CONFIG_HOME", xdg, 1);
	else
		unsetenv("XDG_CONFIG_HOME");
	if (home)
		setenv("HOME", home, 1);
	else
		unsetenv("HOME");
	dir = config_dir_path();
	if (expected)
		assert_string_equal(dir, expected);
	else
		assert_null(dir);
}

static void test_the_directory(void **state)
{
	(void)state;
	expect_dir("/x", "/h", "/x/contractor");
	expect_dir(NULL, "/h", "/h/.config/contractor");
	expect_dir("", "/h", "/h/.config/contractor");
	expect_dir("relative", "/h", "/h/.config/contractor");
	expect_dir(NULL, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_what_is_wrong_is_said_at_its_place),
		cmocka_unit_test(test_what_is_no_configuration),
		cmocka_unit_test(test_printing),
		cmocka_unit_test(test_the_printed_keys_are_those_in_force),
		cmocka_unit_test(test_setting_one),
		cmocka_unit_test(test_the_directory),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
