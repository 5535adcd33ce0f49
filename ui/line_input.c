/* One line that a person types. */
#include "ui/line_input.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"

enum { LINE_MAX_BYTES = 64 << 10, HISTORY_MAX = 500 };

static void set_text(struct line_input *line, const char *text)
{
	buf_clear(&line->text);
	buf_add_str(&line->text, text);
	line->cursor = line->text.len;
}

void line_input_begin(struct line_input *line, const char *prompt, const char *text,
		      struct strv *history)
{
	if (!line->text.data)
		buf_init(&line->text);
	free(line->prompt);
	free(take_ptr(&line->typed));
	line->prompt = mem_strdup(prompt);
	line->history = history;
	line->recalled = history ? history->len : 0;
	set_text(line, text);
}

void line_input_release(struct line_input *line)
{
	free(take_ptr(&line->prompt));
	free(take_ptr(&line->typed));
	if (line->text.data)
		buf_release(&line->text);
}

/* --- changing the text */

static void insert_bytes(struct line_input *line, const char *bytes, size_t length)
{
	AUTO_BUF struct buf tail = BUF_INIT;

	if (line->text.len + length > LINE_MAX_BYTES)
		return;
	buf_add(&tail, line->text.data + line->cursor, line->text.len - line->cursor);
	buf_truncate(&line->text, line->cursor);
	buf_add(&line->text, bytes, length);
	buf_add(&line->text, tail.data, tail.len);
	line->cursor += length;
}

void line_input_insert(struct line_input *line, const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		uint32_t code;
		size_t used = utf8_decode(text + at, length - at, &code);

		if (used && utf8_is_shown(code))
			insert_bytes(line, text + at, used);
		at += used ? used : 1;
	}
}

static void remove_bytes(struct line_input *line, size_t from, size_t to)
{
	AUTO_BUF struct buf tail = BUF_INIT;

	buf_add(&tail, line->text.data + to, line->text.len - to);
	buf_truncate(&line->text, from);
	buf_add(&line->text, tail.data, tail.len);
	line->cursor = from;
}

void line_input_replace(struct line_input *line, size_t from, const char *text)
{
	remove_bytes(line, from, line->cursor);
	line_input_insert(line, text, strlen(text));
}

/* --- where characters and words begin */

static size_t previous(const struct line_input *line)
{
	size_t at = line->cursor;

	while (at && ((unsigned char)line->text.data[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t next_of(const struct buf *text, size_t at)
{
	if (at < text->len)
		at++;
	while (at < text->len && ((unsigned char)text->data[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static size_t next(const struct line_input *line)
{
	return next_of(&line->text, line->cursor);
}

static size_t previous_word(const struct line_input *line)
{
	size_t at = line->cursor;

	while (at && line->text.data[at - 1] == ' ')
		at--;
	while (at && line->text.data[at - 1] != ' ')
		at--;
	return at;
}

/* --- history */

/* Shows an earlier (-1) or later (+1) line. */
static void recall(struct line_input *line, int direction)
{
	size_t count = line->history ? line->history->len : 0;

	if (direction < 0 ? !line->recalled : line->recalled >= count)
		return;
	if (line->recalled == count) {
		free(line->typed);
		line->typed = mem_strdup(line->text.data);
	}
	line->recalled += (size_t)direction;
	set_text(line, line->recalled < count ? line->history->items[line->recalled] : line->typed);
}

/* What is entered twice is kept once. */
static void remember(struct line_input *line)
{
	struct strv *history = line->history;

	if (!history || !line->text.len ||
	    (history->len && !strcmp(history->items[history->len - 1], line->text.data)))
		return;
	strv_add(history, line->text.data);
	if (history->len > HISTORY_MAX)
		strv_remove(history, 0);
}

/* --- keys */

static void move_back(struct line_input *line)
{
	line->cursor = previous(line);
}

static void move_on(struct line_input *line)
{
	line->cursor = next(line);
}

static void move_to_start(struct line_input *line)
{
	line->cursor = 0;
}

static void move_to_end(struct line_input *line)
{
	line->cursor = line->text.len;
}

static void recall_earlier(struct line_input *line)
{
	recall(line, -1);
}

static void recall_later(struct line_input *line)
{
	recall(line, 1);
}

static void remove_next(struct line_input *line)
{
	remove_bytes(line, line->cursor, next(line));
}

static void remove_previous(struct line_input *line)
{
	remove_bytes(line, previous(line), line->cursor);
}

static void remove_to_start(struct line_input *line)
{
	remove_bytes(line, 0, line->cursor);
}

static void remove_to_end(struct line_input *line)
{
	remove_bytes(line, line->cursor, line->text.len);
	line->cursor = line->text.len;
}

static void remove_word(struct line_input *line)
{
	remove_bytes(line, previous_word(line), line->cursor);
}

/* Carries out a key that changes the line, or moves in it; any other does nothing. */
static void edit(struct line_input *line, const struct key *key)
{
	static const struct {
		const char *key;
		void (*run)(struct line_input *line);
	} edits[] = {
		{"Left", move_back},	    {"Ctrl-b", move_back},   {"Right", move_on},
		{"Ctrl-f", move_on},	    {"Home", move_to_start}, {"Ctrl-a", move_to_start},
		{"End", move_to_end},	    {"Ctrl-e", move_to_end}, {"Up", recall_earlier},
		{"Ctrl-p", recall_earlier}, {"Down", recall_later},  {"Ctrl-n", recall_later},
		{"Del", remove_next},	    {"Ctrl-d", remove_next}, {"Ctrl-u", remove_to_start},
		{"Ctrl-k", remove_to_end},  {"Ctrl-w", remove_word}, {"Backspace", remove_previous},
	};
	AUTO_BUF struct buf name = BUF_INIT;

	key_add_name(key, &name);
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		if (!strcmp(edits[i].key, name.data))
			edits[i].run(line);
	}
}

static bool is_control(const struct key *key, char letter)
{
	return key->type == KEY_CHARACTER && key->modifiers == KEY_CTRL &&
	       key->code == (uint32_t)letter;
}

static bool is_named(const struct key *key, enum key_name name)
{
	return key->type == KEY_NAMED && key->code == name;
}

static void type_character(struct line_input *line, uint32_t code)
{
	char bytes[4];

	line_input_insert(line, bytes, utf8_encode(code, bytes));
}

enum line_result line_input_key(struct line_input *line, const struct key *key)
{
	if (is_named(key, KEY_NAME_ENTER)) {
		remember(line);
		return LINE_ENTERED;
	}
	if (is_named(key, KEY_NAME_ESCAPE) || is_control(key, 'c') ||
	    (is_named(key, KEY_NAME_BACKSPACE) && !line->text.len))
		return LINE_CANCELLED;
	if (is_named(key, KEY_NAME_TAB))
		return LINE_COMPLETE;
	if (key->type == KEY_CHARACTER && !key->modifiers)
		type_character(line, key->code);
	else
		edit(line, key);
	return LINE_GOES_ON;
}

/* --- drawing */

/* The byte from which the beginning of the line is shown so that what is left takes fewer than so many columns. */
static size_t skip_columns(const struct line_input *line, const char *text, int columns)
{
	int left = frame_text_columns(text);
	size_t at = 0;

	while (text[at] && left >= columns) {
		size_t end = next_of(&line->text, at);
		AUTO_FREE char *character = mem_strndup(text + at, end - at);

		left -= frame_text_columns(character);
		at = end;
	}
	return at;
}

void line_input_draw(const struct line_input *line, struct frame *frame, struct rect rect,
		     struct cell_style style, struct cell_style prompt_style)
{
	AUTO_FREE char *before = mem_strndup(line->text.data, line->cursor);
	int used;
	size_t skip;

	frame_fill(frame, (struct rect){rect.row, rect.column, 1, rect.columns}, style);
	used = frame_text(frame, rect, 0, 0, prompt_style, line->prompt);
	/* A line that is too long is shown from where its cursor is in sight. */
	skip = skip_columns(line, before, rect.columns - used);
	frame_text(frame, rect, 0, used, style, line->text.data + skip);
	frame_cursor(frame, rect, 0, used + frame_text_columns(before + skip));
}
