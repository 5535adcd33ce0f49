/* Arbitrary output of a program on a terminal that is resized, typed into and looked at: nothing
 * crashes or hangs, each row is as wide as the terminal, and nothing in it is unsafe to show.
 *
 * Input: output, in which 0xff (never part of UTF-8) begins something else: a letter and bytes that say
 * more, as in `operations`. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/term.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPERATION = 0xff, ROOM = 256 };

/* What is left of the input. */
struct input {
	const uint8_t *at, *end;
};

/* The next byte; 0 behind the end. */
static uint8_t take(struct input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Characters are safe, and as wide as the cell. */
static void check_cell(const struct cell *cell)
{
	int width = cell->n_chars ? wcwidth((wchar_t)cell->chars[0]) : 1;

	check(cell->n_chars <= CELL_CHARS_MAX);
	check(width == cell->width);
	for (int i = 0; i < cell->n_chars; i++) {
		check(utf8_is_shown(cell->chars[i]));
		check(i == 0 || wcwidth((wchar_t)cell->chars[i]) == 0);
	}
}

/* Wide characters have their right half, and no other cell has no width. */
static void check_row(const struct cell *cells, int columns)
{
	for (int column = 0; column < columns; column++) {
		check_cell(&cells[column]);
		if (cells[column].width == 2)
			check(++column < columns && cells[column].width == 0);
	}
}

static void look(struct term *term)
{
	struct cell cells[ROOM];
	struct term_cursor cursor = term_cursor(term);
	int first = 0, last = -1, columns = term_columns(term);

	if (term_take_damage(term, &first, &last))
		check(first >= 0 && first <= last && last < term_rows(term));
	for (int row = 0; row < term_rows(term); row++) {
		term_row(term, row, cells);
		check_row(cells, columns);
	}
	for (size_t row = 0; row < term_history_count(term) && row < ROOM; row++) {
		term_history_row(term, row, cells, columns);
		check_row(cells, columns);
	}
	check(cursor.row >= 0 && cursor.row < term_rows(term));
	check(cursor.column >= 0 && cursor.column < columns);
}

static void do_resize(struct term *term, struct input *input)
{
	int columns = take(input) % (ROOM - 1);

	term_resize(term, columns, take(input) % 100);
}

static void do_key(struct term *term, struct input *input)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct key key = {.type = take(input) & 1 ? KEY_NAMED : KEY_CHARACTER};

	key.code = take(input);
	key.modifiers = take(input) & 7;
	if (key.type == KEY_CHARACTER)
		key.code = (key.code | 0x20) << (key.modifiers & KEY_SHIFT ? 5 : 0);
	term_key(term, &key, &out);
}

static void do_mouse(struct term *term, struct input *input)
{
	AUTO_BUF struct buf out = BUF_INIT;
	struct key_mouse mouse = {.row = take(input) - 1, .column = take(input) - 1};
	uint8_t flags = take(input);

	mouse.button = flags & 7;
	mouse.pressed = flags & 8;
	mouse.moved = flags & 16;
	term_mouse(term, &mouse, flags >> 5, &out);
}

/* No control but CR and TAB comes through, wherever the brackets are. */
static void do_paste(struct term *term, struct input *input)
{
	AUTO_BUF struct buf out = BUF_INIT;
	size_t left = (size_t)(input->end - input->at), length = take(input), escapes = 0;

	left = left ? left - 1 : 0;
	length = length < left ? length : left;
	term_paste(term, (const char *)input->at, length, &out);
	input->at += length;
	for (size_t i = 0; i < out.len; i++)
		escapes += out.data[i] == '\033';
	check(escapes == 0 || escapes == 2);
}

static void do_end(struct term *term, struct input *input)
{
	(void)input;
	term_end(term);
	check(!term_is_alternate(term) && term_cursor(term).visible);
	check(term_mouse_mode(term) == TERM_MOUSE_NONE);
}

static void do_look(struct term *term, struct input *input)
{
	(void)input;
	look(term);
}

static void do_settings(struct term *term, struct input *input)
{
	AUTO_BUF struct buf out = BUF_INIT;
	uint8_t flags = take(input);

	term_set_onlcr(term, flags & 1);
	term_set_answering(term, flags & 2);
	term_focus(term, flags & 4, &out);
	term_limit_history(term, flags & 8 ? TERM_HISTORY_BYTES : (size_t)flags * 16);
}

static const struct {
	char letter;
	void (*run)(struct term *term, struct input *input);
} operations[] = {
	{'r', do_resize}, {'k', do_key},  {'m', do_mouse},    {'p', do_paste},
	{'e', do_end},	  {'l', do_look}, {'s', do_settings},
};

static void run_operation(struct term *term, struct input *input)
{
	uint8_t letter = take(input);

	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		if ((uint8_t)operations[i].letter == letter)
			operations[i].run(term, input);
	}
}

static void on_reply(void *user, const char *bytes, size_t length)
{
	(void)user;
	check(length && bytes);
}

static void on_title(void *user, const char *title)
{
	(void)user;
	for (; *title; title++)
		check((unsigned char)*title >= 0x20);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setlocale(LC_ALL, "C.UTF-8");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct term_callbacks callbacks = {.reply = on_reply, .title = on_title};
	struct term *term = term_new(40, 10, &callbacks);
	struct input input = {data, data + size};

	while (input.at < input.end) {
		size_t left = (size_t)(input.end - input.at);
		const uint8_t *next = memchr(input.at, OPERATION, left);
		size_t length = next ? (size_t)(next - input.at) : left;

		term_feed(term, (const char *)input.at, length);
		input.at += length;
		if (take(&input) == OPERATION)
			run_operation(term, &input);
	}
	look(term);
	term_free(term);
	return 0;
}
