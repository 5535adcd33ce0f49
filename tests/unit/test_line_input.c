/* A line that a person types: keys, history, and how it is shown. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/line_input.h"

static struct key key_of(const char *name)
{
	struct key key;
	struct err err;

	assert_int_equal(key_parse(name, &key, &err), 0);
	return key;
}

static enum line_result press(struct line_input *line, const char *name)
{
	const struct key key = key_of(name);

	return line_input_key(line, &key);
}

/* Presses keys whose names have blanks between them. */
static void press_all(struct line_input *line, const char *names)
{
	while (*names) {
		size_t length = strcspn(names, " ");
		AUTO_FREE char *name = mem_strndup(names, length);

		assert_int_equal(press(line, name), LINE_GOES_ON);
		names += length + (names[length] == ' ');
	}
}

static void keys_move_and_change(void **state)
{
	static const struct {
		const char *text, *keys, *result;
		size_t cursor;
	} examples[] = {
		{"", "a b c", "abc", 3},
		{"abc", "Left x", "abxc", 3},
		{"abc", "Home x", "xabc", 1},
		{"abc", "Ctrl-a Right Ctrl-f x", "abxc", 3},
		{"abc", "Home End x", "abcx", 4},
		{"abc", "Backspace", "ab", 2},
		{"abc", "Home Delete", "bc", 0},
		{"abc", "Delete", "abc", 3},
		{"one two  ", "Ctrl-w", "one ", 4},
		{"one two", "Left Ctrl-u", "o", 0},
		{"one two", "Home Right Ctrl-k", "o", 1},
		{"日本", "Left x", "日x本", 4},
		{"日本", "Backspace", "日", 3},
		{"日本", "Home Delete", "本", 0},
		{"abc", "F5 Ctrl-x Alt-a", "abc", 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct line_input line = {0};

		line_input_begin(&line, ":", examples[i].text, NULL);
		press_all(&line, examples[i].keys);
		assert_string_equal(line.text.data, examples[i].result);
		assert_int_equal(line.cursor, examples[i].cursor);
		line_input_release(&line);
	}
}

static void keys_end_it(void **state)
{
	struct line_input line = {0};

	(void)state;
	line_input_begin(&line, ":", "a", NULL);
	assert_int_equal(press(&line, "Enter"), LINE_ENTERED);
	assert_int_equal(press(&line, "Esc"), LINE_CANCELLED);
	assert_int_equal(press(&line, "Ctrl-c"), LINE_CANCELLED);
	assert_int_equal(press(&line, "Tab"), LINE_COMPLETE);
	assert_int_equal(press(&line, "Backspace"), LINE_GOES_ON);
	assert_int_equal(press(&line, "Backspace"), LINE_CANCELLED);
	line_input_release(&line);
}

static void enter(struct line_input *line, struct strv *history, const char *text)
{
	line_input_begin(line, ":", text, history);
	assert_int_equal(press(line, "Enter"), LINE_ENTERED);
}

static void history_is_recalled(void **state)
{
	AUTO_STRV struct strv history = {0};
	struct line_input line = {0};

	(void)state;
	enter(&line, &history, "one");
	enter(&line, &history, "two");
	enter(&line, &history, "two");
	enter(&line, &history, "");
	assert_int_equal(history.len, 2);
	line_input_begin(&line, ":", "typed", &history);
	press_all(&line, "Up");
	assert_string_equal(line.text.data, "two");
	press_all(&line, "Up Up Up");
	assert_string_equal(line.text.data, "one");
	press_all(&line, "Down Down Down");
	assert_string_equal(line.text.data, "typed");
	line_input_release(&line);
}

static void history_forgets_what_is_oldest(void **state)
{
	AUTO_STRV struct strv history = {0};
	struct line_input line = {0};

	(void)state;
	for (int i = 0; i < 600; i++) {
		AUTO_FREE char *text = mem_printf("%d", i);

		enter(&line, &history, text);
	}
	assert_true(history.len < 600);
	assert_string_equal(history.items[history.len - 1], "599");
	line_input_release(&line);
}

static void without_history_nothing_is_recalled(void **state)
{
	struct line_input line = {0};

	(void)state;
	line_input_begin(&line, ":", "typed", NULL);
	press_all(&line, "Up Down Up Down");
	assert_string_equal(line.text.data, "typed");
	line_input_release(&line);
}

static void control_characters_are_left_out(void **state)
{
	static const char text[] = "a\033[2J\nb\u202e\xff";
	struct line_input line = {0};

	(void)state;
	line_input_begin(&line, ":", "xy", NULL);
	press_all(&line, "Left");
	line_input_insert(&line, text, strlen(text));
	assert_string_equal(line.text.data, "xa[2Jby");
	assert_int_equal(line.cursor, strlen("xa[2Jb"));
	line_input_replace(&line, 1, "z");
	assert_string_equal(line.text.data, "xzy");
	line_input_release(&line);
}

/* Draws it in so many columns and returns the row as text; the cursor's column goes to ret_cursor. */
static char *drawn(const struct line_input *line, int columns, int *ret_cursor)
{
	struct frame frame = {0};
	struct buf text = BUF_INIT;

	frame_resize(&frame, 1, columns);
	line_input_draw(line, &frame, (struct rect){0, 0, 1, columns}, (struct cell_style){0},
			(struct cell_style){0});
	for (int column = 0; column < columns; column++) {
		const struct cell *cell = frame_at(&frame, 0, column);
		char bytes[4];

		if (cell->n_chars)
			buf_add(&text, bytes, utf8_encode(cell->chars[0], bytes));
	}
	*ret_cursor = frame.cursor_row < 0 ? -1 : frame.cursor_column;
	frame_release(&frame);
	return buf_detach(&text);
}

static void the_cursor_is_in_sight(void **state)
{
	static const struct {
		const char *text, *keys, *row;
		int cursor;
	} examples[] = {
		{"abc", "", ":abc", 4},
		{"abcdefgh", "", ":abcdefgh", 9},
		{"abcdefghi", "", ":bcdefghi", 9},
		{"abcdefghijkl", "Home", ":abcdefgh…", 1},
		{"日本日本日", "", ":本日本日", 9},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		struct line_input line = {0};
		AUTO_FREE char *row = NULL;
		int cursor;

		line_input_begin(&line, ":", examples[i].text, NULL);
		press_all(&line, examples[i].keys);
		row = drawn(&line, 10, &cursor);
		assert_string_equal(row, examples[i].row);
		assert_int_equal(cursor, examples[i].cursor);
		line_input_release(&line);
	}
}

/* With a cost that grows faster than the text this would take hours. */
static void a_long_line_is_drawn(void **state)
{
	struct line_input line = {0};
	AUTO_FREE char *row = NULL;
	int cursor;

	(void)state;
	line_input_begin(&line, ":", "", NULL);
	for (int i = 0; i < 60000; i++)
		line_input_insert(&line, "x", 1);
	row = drawn(&line, 10, &cursor);
	assert_string_equal(row, ":xxxxxxxx");
	assert_int_equal(cursor, 9);
	line_input_release(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_move_and_change),
		cmocka_unit_test(keys_end_it),
		cmocka_unit_test(history_is_recalled),
		cmocka_unit_test(history_forgets_what_is_oldest),
		cmocka_unit_test(without_history_nothing_is_recalled),
		cmocka_unit_test(control_characters_are_left_out),
		cmocka_unit_test(the_cursor_is_in_sight),
		cmocka_unit_test(a_long_line_is_drawn),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
