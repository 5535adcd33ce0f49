/* Unit tests of ui/term.h: keys, pastes, the mouse and the focus, as bytes for the program. The bytes are those
 * that xterm sends (its ctlseqs document, "PC-Style Function Keys", "Mouse Tracking"). */
#include "term_fixture.h"

struct key_case {
	enum key_type type;
	uint32_t code;
	unsigned modifiers;
	const char *bytes;
	size_t length; /* 0: up to the NUL */
};

static void check_keys(struct term *term, const struct key_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		AUTO_BUF struct buf out = BUF_INIT, shown = BUF_INIT;
		struct key key = {.type = cases[i].type,
				  .code = cases[i].code,
				  .modifiers = cases[i].modifiers};
		size_t length = cases[i].length ? cases[i].length : strlen(cases[i].bytes);

		term_key(term, &key, &out);
		buf_add_shown(&shown, out.data, out.len);
		if (out.len != length || memcmp(out.data, cases[i].bytes, length) != 0)
			fail_msg("key %zu is \"%s\"", i, shown.data);
	}
}

/* Characters, with Ctrl and Alt: never a sequence that a program would print. */
static void test_characters(void **state)
{
	static const struct key_case cases[] = {
		{KEY_CHARACTER, 'a', 0, "a", 0},
		{KEY_CHARACTER, 0xe9, 0, "\xc3\xa9", 0},
		{KEY_CHARACTER, 'c', KEY_CTRL, "\003", 0},
		{KEY_CHARACTER, 'i', KEY_CTRL, "\t", 0},
		{KEY_CHARACTER, 'J', KEY_CTRL, "\n", 0},
		{KEY_CHARACTER, 'm', KEY_CTRL, "\r", 0},
		{KEY_CHARACTER, '[', KEY_CTRL, "\033", 0},
		{KEY_CHARACTER, '\\', KEY_CTRL, "\034", 0},
		{KEY_CHARACTER, '/', KEY_CTRL, "\037", 0},
		{KEY_CHARACTER, '?', KEY_CTRL, "\177", 0},
		{KEY_CHARACTER, ' ', KEY_CTRL, "\0", 1},
		{KEY_CHARACTER, '1', KEY_CTRL, "1", 0},
		{KEY_CHARACTER, 'x', KEY_ALT, "\033x", 0},
		{KEY_CHARACTER, 0xe9, KEY_ALT, "\033\xc3\xa9", 0},
		{KEY_CHARACTER, 'x', KEY_ALT | KEY_CTRL, "\033\030", 0},
	};
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	check_keys(term, cases, ARRAY_SIZE(cases));
	term_free(term);
}

/* Keys with names. Enter is CR also in newline mode. */
static void test_named(void **state)
{
	static const struct key_case cases[] = {
		{KEY_NAMED, KEY_NAME_ENTER, 0, "\r", 0},
		{KEY_NAMED, KEY_NAME_ENTER, KEY_SHIFT | KEY_CTRL, "\r", 0},
		{KEY_NAMED, KEY_NAME_ENTER, KEY_ALT, "\033\r", 0},
		{KEY_NAMED, KEY_NAME_TAB, 0, "\t", 0},
		{KEY_NAMED, KEY_NAME_TAB, KEY_CTRL, "\t", 0},
		{KEY_NAMED, KEY_NAME_TAB, KEY_SHIFT, "\033[Z", 0},
		{KEY_NAMED, KEY_NAME_ESCAPE, 0, "\033", 0},
		{KEY_NAMED, KEY_NAME_BACKSPACE, KEY_CTRL, "\177", 0},
		{KEY_NAMED, KEY_NAME_UP, 0, "\033[A", 0},
		{KEY_NAMED, KEY_NAME_LEFT, 0, "\033[D", 0},
		{KEY_NAMED, KEY_NAME_RIGHT, KEY_CTRL, "\033[1;5C", 0},
		{KEY_NAMED, KEY_NAME_HOME, 0, "\033[H", 0},
		{KEY_NAMED, KEY_NAME_END, KEY_SHIFT, "\033[1;2F", 0},
		{KEY_NAMED, KEY_NAME_INSERT, 0, "\033[2~", 0},
		{KEY_NAMED, KEY_NAME_DELETE, 0, "\033[3~", 0},
		{KEY_NAMED, KEY_NAME_PAGE_UP, 0, "\033[5~", 0},
		{KEY_NAMED, KEY_NAME_PAGE_DOWN, KEY_ALT, "\033[6;3~", 0},
		{KEY_NAMED, KEY_NAME_F1, 0, "\033OP", 0},
		{KEY_NAMED, KEY_NAME_F1 + 4, 0, "\033[15~", 0},
		{KEY_NAMED, KEY_NAME_F12, 0, "\033[24~", 0},
		{KEY_NAMED, KEY_NAMES, 0, "", 0},
		{KEY_NONE, 0, 0, "", 0},
	};
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	feed(term, "\033[20h");
	check_keys(term, cases, ARRAY_SIZE(cases));
	term_free(term);
}

/* Arrows in the mode that vim and less set. */
static void test_application_keys(void **state)
{
	static const struct key_case cases[] = {
		{KEY_NAMED, KEY_NAME_UP, 0, "\033OA", 0},
		{KEY_NAMED, KEY_NAME_HOME, 0, "\033OH", 0},
		{KEY_NAMED, KEY_NAME_DOWN, KEY_CTRL, "\033[1;5B", 0},
		{KEY_NAMED, KEY_NAME_DELETE, 0, "\033[3~", 0},
	};
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	feed(term, "\033[?1h");
	check_keys(term, cases, ARRAY_SIZE(cases));
	term_free(term);
}

/* Nothing in a paste can end its brackets, or be a key. */
static void test_paste(void **state)
{
	static const char text[] = "a\r\nb\nc\td\033[201~\001\177\xc2\x9b\xff\xc3\xa9";
	AUTO_BUF struct buf plain = BUF_INIT, bracketed = BUF_INIT;
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	term_paste(term, text, strlen(text), &plain);
	assert_string_equal(plain.data, "a\rb\rc\td[201~\xc3\xa9");
	feed(term, "\033[?2004h");
	term_paste(term, text, strlen(text), &bracketed);
	assert_string_equal(bracketed.data, "\033[200~a\rb\rc\td[201~\xc3\xa9\033[201~");
	term_free(term);
}

/* What the mouse does, and the bytes; NULL: it is not for the program. */
static void check_mouse(struct term *term, struct key_mouse mouse, unsigned modifiers,
			const char *bytes)
{
	AUTO_BUF struct buf out = BUF_INIT;
	bool taken = term_mouse(term, &mouse, modifiers, &out);

	assert_int_equal(taken, bytes != NULL);
	assert_string_equal(out.data, bytes ? bytes : "");
}

/* A program that did not ask for the mouse hears nothing of it. */
static void test_mouse(void **state)
{
	const struct key_mouse press = {4, 9, 1, true, false}, release = {4, 9, 1, false, false};
	const struct key_mouse drag = {5, 9, 1, true, true}, wheel = {4, 9, 4, true, false};
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	check_mouse(term, press, 0, NULL);
	check_mouse(term, wheel, 0, NULL);
	feed(term, "\033[?1000h");
	assert_int_equal(term_mouse_mode(term), TERM_MOUSE_CLICK);
	check_mouse(term, press, 0, "\033[M\x20\x2a\x25");
	check_mouse(term, release, 0, "\033[M\x23\x2a\x25");
	feed(term, "\033[?1002h\033[?1006h");
	check_mouse(term, press, KEY_CTRL, "\033[<16;10;5M");
	check_mouse(term, drag, 0, "\033[<32;10;6M");
	check_mouse(term, release, 0, "\033[<32;10;5M\033[<0;10;5m");
	check_mouse(term, wheel, 0, "\033[<64;10;5M");
	check_mouse(term, (struct key_mouse){24, 0, 1, true, false}, 0, NULL);
	check_mouse(term, (struct key_mouse){0, -1, 1, true, false}, 0, NULL);
	feed(term, "\033[?1002l");
	check_mouse(term, press, 0, NULL);
	term_free(term);
}

/* On the alternate screen the wheel is arrow keys, in the program's mode. */
static void test_wheel(void **state)
{
	const struct key_mouse up = {4, 9, 4, true, false}, down = {4, 9, 5, true, false};
	const struct key_mouse press = {4, 9, 1, true, false};
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	feed(term, "\033[?1049h");
	check_mouse(term, up, 0, "\033[A\033[A\033[A");
	feed(term, "\033[?1h");
	check_mouse(term, down, 0, "\033OB\033OB\033OB");
	check_mouse(term, press, 0, NULL);
	term_free(term);
}

/* The focus, for programs that asked. */
static void test_focus(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct term *term = term_new(80, 24, NULL);

	(void)state;
	term_focus(term, true, &out);
	assert_int_equal(out.len, 0);
	feed(term, "\033[?1004h");
	term_focus(term, true, &out);
	term_focus(term, false, &out);
	assert_string_equal(out.data, "\033[I\033[O");
	term_free(term);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_application_keys),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_wheel),
		cmocka_unit_test(test_focus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
