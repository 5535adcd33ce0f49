#include "ui/key.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/suggest.h"

static const struct modifier {
	const char *name; /* with its dash, as it stands in front of a key */
	enum key_modifier bit;
} modifiers[] = {
	/* The first of a bit is how it is written; in this order. */
	{"Ctrl-", KEY_CTRL}, {"Alt-", KEY_ALT}, {"S-", KEY_SHIFT},     {"C-", KEY_CTRL},
	{"A-", KEY_ALT},     {"M-", KEY_ALT},	{"Shift-", KEY_SHIFT},
};

static const struct named {
	const char *name;
	enum key_type type;
	uint32_t code; /* of a KEY_MOUSE_EVENT the button */
} names[] = {
	/* The first of a code is how it is written. */
	{"Up", KEY_NAMED, KEY_NAME_UP},
	{"Down", KEY_NAMED, KEY_NAME_DOWN},
	{"Left", KEY_NAMED, KEY_NAME_LEFT},
	{"Right", KEY_NAMED, KEY_NAME_RIGHT},
	{"Home", KEY_NAMED, KEY_NAME_HOME},
	{"End", KEY_NAMED, KEY_NAME_END},
	{"PgUp", KEY_NAMED, KEY_NAME_PAGE_UP},
	{"PgDn", KEY_NAMED, KEY_NAME_PAGE_DOWN},
	{"Ins", KEY_NAMED, KEY_NAME_INSERT},
	{"Del", KEY_NAMED, KEY_NAME_DELETE},
	{"Backspace", KEY_NAMED, KEY_NAME_BACKSPACE},
	{"Tab", KEY_NAMED, KEY_NAME_TAB},
	{"Enter", KEY_NAMED, KEY_NAME_ENTER},
	{"Esc", KEY_NAMED, KEY_NAME_ESCAPE},
	{"F1", KEY_NAMED, KEY_NAME_F1},
	{"F2", KEY_NAMED, KEY_NAME_F1 + 1},
	{"F3", KEY_NAMED, KEY_NAME_F1 + 2},
	{"F4", KEY_NAMED, KEY_NAME_F1 + 3},
	{"F5", KEY_NAMED, KEY_NAME_F1 + 4},
	{"F6", KEY_NAMED, KEY_NAME_F1 + 5},
	{"F7", KEY_NAMED, KEY_NAME_F1 + 6},
	{"F8", KEY_NAMED, KEY_NAME_F1 + 7},
	{"F9", KEY_NAMED, KEY_NAME_F1 + 8},
	{"F10", KEY_NAMED, KEY_NAME_F1 + 9},
	{"F11", KEY_NAMED, KEY_NAME_F1 + 10},
	{"F12", KEY_NAMED, KEY_NAME_F12},
	{"Space", KEY_CHARACTER, ' '},
	{"WheelUp", KEY_MOUSE_EVENT, 4},
	{"WheelDown", KEY_MOUSE_EVENT, 5},
	{"PageUp", KEY_NAMED, KEY_NAME_PAGE_UP},
	{"PageDown", KEY_NAMED, KEY_NAME_PAGE_DOWN},
	{"Insert", KEY_NAMED, KEY_NAME_INSERT},
	{"Delete", KEY_NAMED, KEY_NAME_DELETE},
	{"Return", KEY_NAMED, KEY_NAME_ENTER},
	{"Escape", KEY_NAMED, KEY_NAME_ESCAPE},
};

/* What a terminal sends for these with Ctrl is what it sends for another key. */
static const struct {
	uint32_t code;
	const char *other;
} same_with_ctrl[] = {
	{'h', "Backspace"}, {'i', "Tab"},	 {'m', "Enter"},
	{'[', "Esc"},	    {'@', "Ctrl-Space"}, {'?', "Backspace"},
};

/* Takes the modifiers off the front of text; returns what is behind them. */
static const char *take_modifiers(const char *text, unsigned *ret_bits)
{
	unsigned bits = 0;

	for (size_t i = 0; i < ARRAY_SIZE(modifiers);) {
		size_t length = strlen(modifiers[i].name);
		bool here = !strncasecmp(text, modifiers[i].name, length) && text[length];

		if (here) {
			bits |= modifiers[i].bit;
			text += length;
		}
		i = here ? 0 : i + 1;
	}
	*ret_bits = bits;
	return text;
}

static int refuse_name(const char *text, const char *name, struct err *err)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		strv_add(&known, names[i].name);
	suggestion = suggest_nearest(name, &known)
			     ? suggest_text(name, &known)
			     : mem_strdup("; a key is a character, or a name like F5, PgUp, "
					  "Space, with Ctrl-, Alt- or S- in front");
	return err_set(err, ERR_USAGE, "unknown key '%s'%s", short_text(text).text, suggestion);
}

static int read_name(const char *text, const char *name, struct key *key, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(names[i].name, name) != 0)
			continue;
		key->type = names[i].type;
		if (key->type == KEY_MOUSE_EVENT)
			key->mouse =
				(struct key_mouse){.button = (int)names[i].code, .pressed = true};
		else
			key->code = names[i].code;
		return 0;
	}
	return refuse_name(text, name, err);
}

/* Brings a character with Ctrl to the form in which keys arrive. */
static int check_ctrl(const char *text, struct key *key, struct err *err)
{
	if (key->code >= 'A' && key->code <= 'Z')
		key->code += 'a' - 'A';
	for (size_t i = 0; i < ARRAY_SIZE(same_with_ctrl); i++) {
		if (key->code == same_with_ctrl[i].code)
			return err_set(err, ERR_USAGE, "'%s' cannot be told from %s; write that",
				       text, same_with_ctrl[i].other);
	}
	if ((key->code >= 'a' && key->code <= 'z') || key->code == ' ' ||
	    (key->code < 0x80 && strchr("\\]^_", (int)key->code)))
		return 0;
	return err_set(err, ERR_USAGE,
		       "no terminal sends '%s': Ctrl- goes with a letter, Space, \\, ], ^ or _",
		       text);
}

static int check_character(const char *text, struct key *key, struct err *err)
{
	if (key->modifiers & KEY_SHIFT)
		return err_set(err, ERR_USAGE,
			       "'%s': a character is written as it is typed, without S- ('A', '!')",
			       text);
	return key->modifiers & KEY_CTRL ? check_ctrl(text, key, err) : 0;
}

int key_parse(const char *text, struct key *ret_key, struct err *err)
{
	struct key key = {0};
	const char *rest = take_modifiers(text, &key.modifiers);
	size_t length = utf8_decode(rest, strlen(rest), &key.code);

	if (length && !rest[length] && utf8_is_shown(key.code))
		key.type = KEY_CHARACTER;
	else if (read_name(text, rest, &key, err) < 0)
		return -1;
	if (key.type == KEY_CHARACTER && check_character(text, &key, err) < 0)
		return -1;
	*ret_key = key;
	return 0;
}

void key_add_name(const struct key *key, struct buf *out)
{
	bool wheel = key->type == KEY_MOUSE_EVENT;
	char character[4];
	uint32_t code = wheel ? (uint32_t)key->mouse.button : key->code;

	for (size_t i = 0, seen = 0; i < ARRAY_SIZE(modifiers); i++) {
		if (key->modifiers & modifiers[i].bit & ~seen)
			buf_add_str(out, modifiers[i].name);
		seen |= modifiers[i].bit;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].type == key->type && names[i].code == code) {
			buf_add_str(out, names[i].name);
			return;
		}
	}
	if (key->type == KEY_CHARACTER)
		buf_add(out, character, utf8_encode(code, character));
}

bool key_equal(const struct key *a, const struct key *b)
{
	if (a->type != b->type || a->modifiers != b->modifiers)
		return false;
	if (a->type == KEY_MOUSE_EVENT)
		return a->mouse.button == b->mouse.button && a->mouse.pressed == b->mouse.pressed &&
		       a->mouse.moved == b->mouse.moved;
	return a->type == KEY_NONE || a->code == b->code;
}
