/* key.h: keys and how they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "ui/key.h"

static void expect(const char *text, struct key key, const char *name)
{
	AUTO_BUF struct buf shown = BUF_INIT;
	struct err err = {0};
	struct key read;

	if (key_parse(text, &read, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_true(key_equal(&read, &key));
	key_add_name(&read, &shown);
	assert_string_equal(shown.data, name);
}

static struct key character(uint32_t code, unsigned modifiers)
{
	return (struct key){.type = KEY_CHARACTER, .code = code, .modifiers = modifiers};
}

static struct key named(enum key_name name, unsigned modifiers)
{
	return (struct key){.type = KEY_NAMED, .code = name, .modifiers = modifiers};
}

static void test_characters(void **state)
{
	(void)state;
	expect("n", character('n', 0), "n");
	expect("N", character('N', 0), "N");
	expect("-", character('-', 0), "-");
	expect("+", character('+', 0), "+");
	expect("\xc3\xa4", character(0xe4, 0), "\xc3\xa4");
	expect("\xe4\xb8\xad", character(0x4e2d, 0), "\xe4\xb8\xad");
	expect(" ", character(' ', 0), "Space");
	expect("space", character(' ', 0), "Space");
}

static void test_modifiers(void **state)
{
	(void)state;
	expect("Ctrl-]", character(']', KEY_CTRL), "Ctrl-]");
	expect("C-]", character(']', KEY_CTRL), "Ctrl-]");
	expect("ctrl-A", character('a', KEY_CTRL), "Ctrl-a");
	expect("Ctrl-Space", character(' ', KEY_CTRL), "Ctrl-Space");
	expect("Alt-x", character('x', KEY_ALT), "Alt-x");
	expect("M-X", character('X', KEY_ALT), "Alt-X");
	expect("A--", character('-', KEY_ALT), "Alt--");
	expect("Alt-C-a", character('a', KEY_ALT | KEY_CTRL), "Ctrl-Alt-a");
	expect("S-Tab", named(KEY_NAME_TAB, KEY_SHIFT), "S-Tab");
	expect("shift-tab", named(KEY_NAME_TAB, KEY_SHIFT), "S-Tab");
	expect("S-Alt-Ctrl-Left", named(KEY_NAME_LEFT, KEY_SHIFT | KEY_ALT | KEY_CTRL),
	       "Ctrl-Alt-S-Left");
}

static void test_names(void **state)
{
	static const char *const usual[KEY_NAMES] = {
		"Up",  "Down",	    "Left", "Right", "Home", "End", "PgUp", "PgDn", "Ins",
		"Del", "Backspace", "Tab",  "Enter", "Esc",  "F1",  "F2",   "F3",   "F4",
		"F5",  "F6",	    "F7",   "F8",    "F9",   "F10", "F11",  "F12",
	};

	(void)state;
	for (size_t i = 0; i < KEY_NAMES; i++)
		expect(usual[i], named((enum key_name)i, 0), usual[i]);
	expect("pageup", named(KEY_NAME_PAGE_UP, 0), "PgUp");
	expect("RETURN", named(KEY_NAME_ENTER, 0), "Enter");
	expect("escape", named(KEY_NAME_ESCAPE, 0), "Esc");
}

static void test_the_wheel(void **state)
{
	struct key up = {.type = KEY_MOUSE_EVENT, .mouse = {.button = 4, .pressed = true}};
	struct key elsewhere = up, released = up, down = up;

	(void)state;
	expect("WheelUp", up, "WheelUp");
	elsewhere.mouse.row = 7;
	released.mouse.pressed = false;
	down.mouse.button = 5;
	assert_true(key_equal(&up, &elsewhere));
	assert_false(key_equal(&up, &released));
	assert_false(key_equal(&up, &down));
}

static void test_wrong_names(void **state)
{
	static const struct {
		const char *text, *message;
	} examples[] = {
		{"PgUpp", "unknown key 'PgUpp' (did you mean 'PgUp'?)"},
		{"Ctrl-Hmoe", "unknown key 'Ctrl-Hmoe' (did you mean 'Home'?)"},
		{"xyzzy plugh", "unknown key 'xyzzy plugh'; a key is a character"},
		{"", "unknown key ''; a key is a character"},
		{"Ctrl-", "unknown key 'Ctrl-'; a key is a character"},
		{"\x1b", "unknown key '"},
		{"\xff", "unknown key '"},
		{"F13", "unknown key 'F13'"},
		{"S-a", "without S-"},
		{"Ctrl-i", "'Ctrl-i' cannot be told from Tab"},
		{"Ctrl-M", "'Ctrl-M' cannot be told from Enter"},
		{"Ctrl-[", "'Ctrl-[' cannot be told from Esc"},
		{"Ctrl-h", "'Ctrl-h' cannot be told from Backspace"},
		{"Ctrl-1", "no terminal sends 'Ctrl-1'"},
		{"Ctrl-\xc3\xa4", "no terminal sends"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct key key = {.code = 42};
		struct err err = {0};

		assert_int_equal(key_parse(examples[i].text, &key, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		if (!strstr(err.text, examples[i].message))
			fail_msg("%s: %s", examples[i].text, err.text);
		assert_int_equal(key.code, 42);
	}
}

static void test_keys_that_differ(void **state)
{
	struct key plain = character('a', 0), ctrl = character('a', KEY_CTRL);
	struct key up = named(KEY_NAME_UP, 0), none = {0};

	(void)state;
	assert_false(key_equal(&plain, &ctrl));
	assert_false(key_equal(&up, &none));
	none.type = KEY_CHARACTER;
	assert_false(key_equal(&up, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters),  cmocka_unit_test(test_modifiers),
		cmocka_unit_test(test_names),	    cmocka_unit_test(test_the_wheel),
		cmocka_unit_test(test_wrong_names), cmocka_unit_test(test_keys_that_differ),
	};

	return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
