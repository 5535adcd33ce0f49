/* What a person does, as the bytes that xterm sends to a program for it */
#include <string.h>
#include <vterm.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/term_internal.h"

enum { ESC = 0x1b, DEL = 0x7f, WHEEL_UP = 4, WHEEL_DOWN = 5, WHEEL_ROWS = 3 };

/* Keys that are a byte; with Alt after ESC. Shift and Ctrl say nothing: what libvterm would send for them
 * most programs print. */
static const struct {
	enum key_name name;
	char byte;
} byte_keys[] = {
	{KEY_NAME_ENTER, '\r'},
	{KEY_NAME_TAB, '\t'},
	{KEY_NAME_BACKSPACE, DEL},
	{KEY_NAME_ESCAPE, ESC},
};

/* Keys that libvterm knows. */
static const struct {
	enum key_name name;
	VTermKey key;
} vterm_keys[] = {
	{KEY_NAME_UP, VTERM_KEY_UP},	      {KEY_NAME_DOWN, VTERM_KEY_DOWN},
	{KEY_NAME_LEFT, VTERM_KEY_LEFT},      {KEY_NAME_RIGHT, VTERM_KEY_RIGHT},
	{KEY_NAME_HOME, VTERM_KEY_HOME},      {KEY_NAME_END, VTERM_KEY_END},
	{KEY_NAME_PAGE_UP, VTERM_KEY_PAGEUP}, {KEY_NAME_PAGE_DOWN, VTERM_KEY_PAGEDOWN},
	{KEY_NAME_INSERT, VTERM_KEY_INS},     {KEY_NAME_DELETE, VTERM_KEY_DEL},
};

/* What Ctrl makes of characters, as on a VT220; letters aside. */
static const struct {
	char from, to;
} controls[] = {
	{' ', 0x00}, {'@', 0x00}, {'2', 0x00}, {'[', 0x1b}, {'3', 0x1b}, {'\\', 0x1c},
	{'4', 0x1c}, {']', 0x1d}, {'5', 0x1d}, {'^', 0x1e}, {'6', 0x1e}, {'_', 0x1f},
	{'/', 0x1f}, {'7', 0x1f}, {'?', DEL},  {'8', DEL},
};

/* The character with Ctrl; one that has no control character stays as it is. */
static uint32_t with_ctrl(uint32_t code)
{
	if ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z'))
		return code & 0x1f;
	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		if (code == (uint32_t)controls[i].from)
			return (uint32_t)controls[i].to;
	}
	return code;
}

static void add_character(const struct key *key, struct buf *out)
{
	uint32_t code = key->modifiers & KEY_CTRL ? with_ctrl(key->code) : key->code;
	char bytes[4];

	if (key->modifiers & KEY_ALT)
		buf_add_char(out, ESC);
	buf_add(out, bytes, utf8_encode(code, bytes));
}

/* The enum values of our modifiers are those of libvterm. */
static VTermModifier vterm_modifiers(unsigned modifiers)
{
	_Static_assert((int)KEY_SHIFT == (int)VTERM_MOD_SHIFT, "they are passed on");
	_Static_assert((int)KEY_ALT == (int)VTERM_MOD_ALT, "they are passed on");
	_Static_assert((int)KEY_CTRL == (int)VTERM_MOD_CTRL, "they are passed on");
	return (VTermModifier)(modifiers & (KEY_SHIFT | KEY_ALT | KEY_CTRL));
}

static VTermKey find_vterm_key(uint32_t name)
{
	if (name >= KEY_NAME_F1 && name <= KEY_NAME_F12)
		return (VTermKey)VTERM_KEY_FUNCTION((int)name - KEY_NAME_F1 + 1);
	for (size_t i = 0; i < ARRAY_SIZE(vterm_keys); i++) {
		if (vterm_keys[i].name == name)
			return vterm_keys[i].key;
	}
	return VTERM_KEY_NONE;
}

/* One of libvterm's keys, by the modes that the program has set. */
static void add_vterm_key(struct term *term, VTermKey key, unsigned modifiers, struct buf *out)
{
	term->sink = out;
	vterm_keyboard_key(term->vterm, key, vterm_modifiers(modifiers));
	term->sink = NULL;
}

static void add_named(struct term *term, const struct key *key, struct buf *out)
{
	if (key->code == KEY_NAME_TAB && key->modifiers & KEY_SHIFT) {
		buf_add_str(out, "\033[Z");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(byte_keys); i++) {
		if (byte_keys[i].name != key->code)
			continue;
		if (key->modifiers & KEY_ALT)
			buf_add_char(out, ESC);
		buf_add_char(out, byte_keys[i].byte);
		return;
	}
	add_vterm_key(term, find_vterm_key(key->code), key->modifiers, out);
}

void term_key(struct term *term, const struct key *key, struct buf *out)
{
	if (key->type == KEY_CHARACTER)
		add_character(key, out);
	else if (key->type == KEY_NAMED)
		add_named(term, key, out);
}

/* One character of what is pasted, at the front of text; returns how long it is. */
static size_t add_pasted(const char *text, size_t length, struct buf *out)
{
	uint32_t code;
	size_t used = utf8_decode(text, length, &code);

	if (!used)
		return 1;
	if (code == '\n')
		buf_add_char(out, '\r');
	else if (code == '\t' || code == '\r' || (code >= 0x20 && code < DEL) || code > 0x9f)
		buf_add(out, text, used);
	if (code == '\r' && length > 1 && text[1] == '\n')
		used++;
	return used;
}

void term_paste(struct term *term, const char *text, size_t length, struct buf *out)
{
	term->sink = out;
	vterm_keyboard_start_paste(term->vterm);
	while (length) {
		size_t used = add_pasted(text, length, out);

		text += used;
		length -= used;
	}
	vterm_keyboard_end_paste(term->vterm);
	term->sink = NULL;
}

/* The wheel, for a program that has the screen to itself, and no wish for the mouse. */
static bool add_wheel(struct term *term, const struct key_mouse *mouse, struct buf *out)
{
	if (!term->alternate || mouse->button < WHEEL_UP || mouse->button > WHEEL_DOWN)
		return false;
	for (int i = 0; i < WHEEL_ROWS && mouse->pressed; i++)
		add_vterm_key(term, mouse->button == WHEEL_UP ? VTERM_KEY_UP : VTERM_KEY_DOWN, 0,
			      out);
	return true;
}

bool term_mouse(struct term *term, const struct key_mouse *mouse, unsigned modifiers,
		struct buf *out)
{
	VTermModifier vterm_mods = vterm_modifiers(modifiers);

	if (mouse->row < 0 || mouse->row >= term->rows || mouse->column < 0 ||
	    mouse->column >= term->columns)
		return false;
	if (term->mouse == TERM_MOUSE_NONE)
		return add_wheel(term, mouse, out);
	term->sink = out;
	vterm_mouse_move(term->vterm, mouse->row, mouse->column, vterm_mods);
	if (!mouse->moved && mouse->button >= 1 && mouse->button <= WHEEL_DOWN)
		vterm_mouse_button(term->vterm, mouse->button, mouse->pressed, vterm_mods);
	term->sink = NULL;
	return true;
}

void term_focus(struct term *term, bool focused, struct buf *out)
{
	term->sink = out;
	if (focused)
		vterm_state_focus_in(term->state);
	else
		vterm_state_focus_out(term->state);
	term->sink = NULL;
}
