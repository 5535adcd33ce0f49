/* Keys, by curses and terminfo. */
#include "ui/keyboard.h"

#include <curses.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"

#define PASTE_END "\033[201~"

/* Codes that curses is taught, beyond its own. */
enum { CODE_PASTE_BEGIN = KEY_MAX + 100, CODE_PASTE_END };
enum { PASTE_MAX = 1 << 20, MOUSE_EVENTS_MAX = 8, SEQUENCE_MAX = 64 };

/* A key that terminfo describes by a name of its own, as `kLFT5`: Ctrl and an arrow. */
struct extended_key {
	int code; /* of curses; 0: the terminal has no such key */
	enum key_name name;
	unsigned modifiers;
};

enum { EXTENDED_NAMES = 8, EXTENDED_MODIFIERS = 7 };

struct keyboard {
	WINDOW *window;
	struct buf paste, unknown;
	bool pasting;
	size_t end_seen;		    /* characters of PASTE_END that came one by one */
	struct key mouse[MOUSE_EVENTS_MAX]; /* that are still to be told, the latest first */
	size_t n_mouse;
	struct extended_key extended[EXTENDED_NAMES * EXTENDED_MODIFIERS];
	size_t n_extended;
};

/* Looks up Shift, Alt and Ctrl with arrows and the like (terminfo(5), user_caps(5): the digit behind
 * the name is 1 + Shift + 2 Alt + 4 Ctrl). */
static void find_extended_keys(struct keyboard *keyboard)
{
	static const struct {
		const char *capability;
		enum key_name name;
	} names[EXTENDED_NAMES] = {{"kUP", KEY_NAME_UP},       {"kDN", KEY_NAME_DOWN},
				   {"kLFT", KEY_NAME_LEFT},    {"kRIT", KEY_NAME_RIGHT},
				   {"kHOM", KEY_NAME_HOME},    {"kEND", KEY_NAME_END},
				   {"kPRV", KEY_NAME_PAGE_UP}, {"kNXT", KEY_NAME_PAGE_DOWN}};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		for (unsigned digit = 2; digit <= 8; digit++) {
			AUTO_FREE char *capability =
				mem_printf(digit == 2 ? "%s" : "%s%u", names[i].capability, digit);
			const char *sequence = tigetstr(capability);
			int code = sequence && sequence != (char *)-1 ? key_defined(sequence) : 0;

			if (code > 0)
				keyboard->extended[keyboard->n_extended++] =
					(struct extended_key){code, names[i].name, digit - 1};
		}
	}
}

/* A terminal that is not in the mode which curses has asked for sends its arrows in the other form. */
static void define_plain_arrows(void)
{
	static const struct {
		const char *sequence;
		int code;
	} keys[] = {{"\033[A", KEY_UP},	  {"\033[B", KEY_DOWN}, {"\033[C", KEY_RIGHT},
		    {"\033[D", KEY_LEFT}, {"\033[H", KEY_HOME}, {"\033[F", KEY_END}};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!key_defined(keys[i].sequence))
			define_key(keys[i].sequence, keys[i].code);
	}
}

struct keyboard *keyboard_new(struct canvas *canvas)
{
	struct keyboard *keyboard = mem_new(sizeof *keyboard);

	keyboard->window = canvas_key_window(canvas);
	buf_init(&keyboard->paste);
	buf_init(&keyboard->unknown);
	define_key("\033[200~", CODE_PASTE_BEGIN);
	define_key(PASTE_END, CODE_PASTE_END);
	define_plain_arrows();
	find_extended_keys(keyboard);
	return keyboard;
}

void keyboard_free(struct keyboard *keyboard)
{
	if (!keyboard)
		return;
	buf_release(&keyboard->paste);
	buf_release(&keyboard->unknown);
	free(keyboard);
}

const struct buf *keyboard_pasted(const struct keyboard *keyboard)
{
	return &keyboard->paste;
}

const struct buf *keyboard_unknown(const struct keyboard *keyboard)
{
	return &keyboard->unknown;
}

/* --- keys that have names */

static const struct {
	int code;
	enum key_name name;
	unsigned modifiers;
} curses_keys[] = {
	{KEY_UP, KEY_NAME_UP, 0},
	{KEY_DOWN, KEY_NAME_DOWN, 0},
	{KEY_LEFT, KEY_NAME_LEFT, 0},
	{KEY_RIGHT, KEY_NAME_RIGHT, 0},
	{KEY_HOME, KEY_NAME_HOME, 0},
	{KEY_END, KEY_NAME_END, 0},
	{KEY_PPAGE, KEY_NAME_PAGE_UP, 0},
	{KEY_NPAGE, KEY_NAME_PAGE_DOWN, 0},
	{KEY_IC, KEY_NAME_INSERT, 0},
	{KEY_DC, KEY_NAME_DELETE, 0},
	{KEY_BACKSPACE, KEY_NAME_BACKSPACE, 0},
	{KEY_ENTER, KEY_NAME_ENTER, 0},
	{KEY_BTAB, KEY_NAME_TAB, KEY_SHIFT},
	{KEY_SLEFT, KEY_NAME_LEFT, KEY_SHIFT},
	{KEY_SRIGHT, KEY_NAME_RIGHT, KEY_SHIFT},
	{KEY_SR, KEY_NAME_UP, KEY_SHIFT},
	{KEY_SF, KEY_NAME_DOWN, KEY_SHIFT},
	{KEY_SHOME, KEY_NAME_HOME, KEY_SHIFT},
	{KEY_SEND, KEY_NAME_END, KEY_SHIFT},
	{KEY_SPREVIOUS, KEY_NAME_PAGE_UP, KEY_SHIFT},
	{KEY_SNEXT, KEY_NAME_PAGE_DOWN, KEY_SHIFT},
	{KEY_SDC, KEY_NAME_DELETE, KEY_SHIFT},
	{KEY_A1, KEY_NAME_HOME, 0},
	{KEY_A3, KEY_NAME_PAGE_UP, 0},
	{KEY_C1, KEY_NAME_END, 0},
	{KEY_C3, KEY_NAME_PAGE_DOWN, 0},
};

static struct key named(enum key_name name, unsigned modifiers)
{
	return (struct key){.type = KEY_NAMED, .code = name, .modifiers = modifiers};
}

static struct key key_of_event(const MEVENT *event)
{
	static const struct {
		mmask_t mask;
		int button;
		bool pressed;
	} buttons[] = {{BUTTON1_PRESSED, 1, true}, {BUTTON1_RELEASED, 1, false},
		       {BUTTON2_PRESSED, 2, true}, {BUTTON2_RELEASED, 2, false},
		       {BUTTON3_PRESSED, 3, true}, {BUTTON3_RELEASED, 3, false},
		       {BUTTON4_PRESSED, 4, true}, {BUTTON5_PRESSED, 5, true}};
	struct key key = {.type = KEY_MOUSE_EVENT};

	key.mouse.row = event->y;
	key.mouse.column = event->x;
	key.mouse.moved = event->bstate & REPORT_MOUSE_POSITION;
	key.modifiers = (event->bstate & BUTTON_SHIFT ? KEY_SHIFT : 0u) |
			(event->bstate & BUTTON_ALT ? KEY_ALT : 0u) |
			(event->bstate & BUTTON_CTRL ? KEY_CTRL : 0u);
	for (size_t i = 0; i < ARRAY_SIZE(buttons); i++) {
		if (event->bstate & buttons[i].mask) {
			key.mouse.button = buttons[i].button;
			key.mouse.pressed = buttons[i].pressed;
		}
	}
	return key;
}

/* Curses says KEY_MOUSE once for events that came together, and gives the latest first. */
static struct key take_mouse(struct keyboard *keyboard)
{
	MEVENT event;

	while (keyboard->n_mouse < MOUSE_EVENTS_MAX && getmouse(&event) == OK)
		keyboard->mouse[keyboard->n_mouse++] = key_of_event(&event);
	return keyboard->n_mouse ? keyboard->mouse[--keyboard->n_mouse] : (struct key){0};
}

static struct key key_of_code(struct keyboard *keyboard, int code)
{
	if (code == KEY_MOUSE)
		return take_mouse(keyboard);
	if (code > KEY_F0 && code <= KEY_F(12))
		return named((enum key_name)(KEY_NAME_F1 + code - KEY_F(1)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(curses_keys); i++) {
		if (curses_keys[i].code == code)
			return named(curses_keys[i].name, curses_keys[i].modifiers);
	}
	for (size_t i = 0; i < keyboard->n_extended; i++) {
		if (keyboard->extended[i].code == code)
			return named(keyboard->extended[i].name, keyboard->extended[i].modifiers);
	}
	return (struct key){0};
}

/* --- characters */

static struct key key_of_character(wint_t character)
{
	static const struct {
		wint_t character;
		enum key_name name;
	} names[] = {{'\t', KEY_NAME_TAB},
		     {'\r', KEY_NAME_ENTER},
		     {0x1b, KEY_NAME_ESCAPE},
		     {0x7f, KEY_NAME_BACKSPACE},
		     {'\b', KEY_NAME_BACKSPACE}};
	struct key key = {.type = KEY_CHARACTER, .code = character};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].character == character)
			return named(names[i].name, 0);
	}
	if (character < 0x20) {
		key.code = character == 0 ? ' ' : character + 0x40;
		if (key.code >= 'A' && key.code <= 'Z')
			key.code += 'a' - 'A';
		key.modifiers = KEY_CTRL;
	}
	return key;
}

/* --- behind Esc */

/* Whether the character, behind Esc, begins a sequence that stands for a key: CSI or SS3 (ECMA-48). */
static bool begins_sequence(wint_t character)
{
	return character == '[' || character == 'O';
}

/* Takes the rest of a sequence that curses does not know, which would else be taken for keys that somebody
 * pressed; false when there is no rest: then it was the character itself, with Alt. */
static bool take_sequence(struct keyboard *keyboard, wint_t first)
{
	wint_t character = 0;
	int result;

	buf_clear(&keyboard->unknown);
	buf_add_char(&keyboard->unknown, (char)first);
	while ((result = wget_wch(keyboard->window, &character)) == OK && character >= 0x20 &&
	       character < 0x7f && keyboard->unknown.len < SEQUENCE_MAX) {
		buf_add_char(&keyboard->unknown, (char)character);
		if (character >= 0x40)
			return true;
	}
	if (result == KEY_CODE_YES)
		ungetch((int)character);
	else if (result == OK)
		unget_wch((wchar_t)character);
	return keyboard->unknown.len > 1;
}

/* A key of its own behind Esc, as terminals send it that say Alt by an Esc. What is no key that can have
 * Alt is for the next read. */
static struct key key_of_code_behind_escape(struct keyboard *keyboard, int code)
{
	struct key key;

	if (code == KEY_MOUSE || code == CODE_PASTE_BEGIN) {
		ungetch(code);
		return named(KEY_NAME_ESCAPE, 0);
	}
	key = key_of_code(keyboard, code);
	key.modifiers |= KEY_ALT;
	return key;
}

/* After Esc: the key that came right behind it, with Alt; or Esc alone. KEY_NONE: an unknown one. */
static struct key key_after_escape(struct keyboard *keyboard)
{
	wint_t character;
	struct key key;
	int result;

	do
		result = wget_wch(keyboard->window, &character);
	while (result == OK && character == 0x1b);
	if (result == KEY_CODE_YES)
		return key_of_code_behind_escape(keyboard, (int)character);
	if (result != OK)
		return named(KEY_NAME_ESCAPE, 0);
	if (begins_sequence(character) && take_sequence(keyboard, character))
		return (struct key){0};
	key = key_of_character(character);
	key.modifiers |= KEY_ALT;
	return key;
}

/* --- reading */

/* UTF-8 in every locale, as what is typed is. */
static void add_pasted(struct keyboard *keyboard, int result, wint_t character)
{
	char bytes[4];

	if (result == OK && keyboard->paste.len < PASTE_MAX)
		buf_add(&keyboard->paste, bytes, utf8_encode((uint32_t)character, bytes));
}

/* Whether the end of the paste has come as characters: on a slow line curses does not know it. */
static bool ends_slowly(struct keyboard *keyboard, int result, wint_t character)
{
	size_t length = sizeof PASTE_END - 1;

	if (result == OK && character == (wint_t)PASTE_END[keyboard->end_seen])
		keyboard->end_seen++;
	else
		keyboard->end_seen = result == OK && character == (wint_t)PASTE_END[0];
	if (keyboard->end_seen < length)
		return false;
	keyboard->end_seen = 0;
	if (keyboard->paste.len >= length &&
	    !memcmp(keyboard->paste.data + keyboard->paste.len - length, PASTE_END, length))
		buf_truncate(&keyboard->paste, keyboard->paste.len - length);
	return true;
}

/* One read while text is pasted: true when it has ended. */
static bool continue_paste(struct keyboard *keyboard, int result, wint_t character)
{
	if (result == KEY_CODE_YES && character == CODE_PASTE_END) {
		keyboard->pasting = false;
		return true;
	}
	add_pasted(keyboard, result, character);
	if (ends_slowly(keyboard, result, character))
		keyboard->pasting = false;
	return !keyboard->pasting;
}

static bool has_hung_up(void)
{
	struct pollfd poll_fd = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL);
}

/* The key that was read; KEYBOARD_NONE when it was none. */
static enum keyboard_type take_key(struct keyboard *keyboard, int result, wint_t character,
				   struct key *ret_key)
{
	buf_clear(&keyboard->unknown);
	if (result == KEY_CODE_YES)
		*ret_key = key_of_code(keyboard, (int)character);
	else if (character == 0x1b)
		*ret_key = key_after_escape(keyboard);
	else
		*ret_key = key_of_character(character);
	if (ret_key->type != KEY_NONE)
		return KEYBOARD_KEY;
	return keyboard->unknown.len ? KEYBOARD_UNKNOWN : KEYBOARD_NONE;
}

enum keyboard_type keyboard_next(struct keyboard *keyboard, struct key *ret_key)
{
	enum keyboard_type type;
	wint_t character;
	int result;

	if (keyboard->n_mouse) {
		*ret_key = keyboard->mouse[--keyboard->n_mouse];
		return KEYBOARD_KEY;
	}
	while ((result = wget_wch(keyboard->window, &character)) != ERR) {
		if (keyboard->pasting) {
			if (continue_paste(keyboard, result, character))
				return KEYBOARD_PASTE;
			continue;
		}
		if (result == KEY_CODE_YES && character == CODE_PASTE_BEGIN) {
			keyboard->pasting = true;
			buf_clear(&keyboard->paste);
			continue;
		}
		type = take_key(keyboard, result, character, ret_key);
		if (type != KEYBOARD_NONE)
			return type;
	}
	return has_hung_up() ? KEYBOARD_ENDED : KEYBOARD_NONE;
}
