/* Where a key goes: to a question, a line that is being typed, a text over the panes, the program in a
 * terminal, or by the keymap to an action. */
#include <string.h>

#include "ui/screen_internal.h"

enum { WHEEL_LINES = 3 };

enum ui_context screen_context(const struct screen *screen)
{
	if (screen->popup != POPUP_NONE)
		return UI_CONTEXT_TEXT;
	if (screen->focus == PANE_PROGRAM || screen->typing)
		return UI_CONTEXT_TERMINAL;
	return pane_types[screen->focus]->context;
}

static void answer(struct screen *screen, const struct key *key)
{
	void (*yes)(struct screen *) = screen->question.yes;
	bool agreed = key->type == KEY_CHARACTER && (key->code == 'y' || key->code == 'Y');

	screen_ask(screen, NULL, NULL);
	if (agreed)
		yes(screen);
}

/* --- a text over the panes */

/* What a person does about a text that says what is wrong: 'r' or 'e', Enter. */
static bool take_remedy(struct screen *screen, const struct key *key)
{
	bool enter = key->type == KEY_NAMED && key->code == KEY_NAME_ENTER;
	bool letter = key->type == KEY_CHARACTER && !key->modifiers;

	if (screen->popup == POPUP_REFUSED && (enter || (letter && key->code == 'e'))) {
		screen_close_popup(screen);
		screen_edit_again(screen);
		return true;
	}
	if (screen->popup == POPUP_INVALID && letter && (key->code == 'r' || key->code == 'e')) {
		if (key->code == 'r')
			screen_reopen(screen);
		else
			screen_edit_file(screen);
		return true;
	}
	return false;
}

/* Any key that is not for the text closes it; but without a session there is nothing to go back to. */
static void popup_act(struct screen *screen, enum ui_action action)
{
	static const enum motion motions[UI_ACTIONS] = {
		[UI_ACTION_UP] = MOTION_UP + 1,
		[UI_ACTION_DOWN] = MOTION_DOWN + 1,
		[UI_ACTION_LEFT] = MOTION_LEFT + 1,
		[UI_ACTION_RIGHT] = MOTION_RIGHT + 1,
		[UI_ACTION_PAGE_UP] = MOTION_PAGE_UP + 1,
		[UI_ACTION_PAGE_DOWN] = MOTION_PAGE_DOWN + 1,
		[UI_ACTION_TOP] = MOTION_HOME + 1,
		[UI_ACTION_BOTTOM] = MOTION_END + 1,
		[UI_ACTION_SCROLL_UP] = MOTION_UP + 1,
		[UI_ACTION_SCROLL_DOWN] = MOTION_DOWN + 1,
	};
	bool stays = action == UI_ACTION_SEARCH || action == UI_ACTION_SEARCH_NEXT ||
		     action == UI_ACTION_SEARCH_PREVIOUS || action == UI_ACTION_REDRAW ||
		     action == UI_ACTION_SUSPEND || action == UI_ACTION_COMMAND_LINE;

	if (motions[action])
		text_view_move(&screen->popup_text, (enum motion)(motions[action] - 1));
	else if (stays)
		screen_act(screen, action);
	else if (screen->popup != POPUP_INVALID)
		screen_close_popup(screen);
	else if (action == UI_ACTION_CLOSE || action == UI_ACTION_QUIT)
		screen_quit(screen);
}

static void take_popup_key(struct screen *screen, const struct key *key)
{
	if (!take_remedy(screen, key))
		popup_act(screen, keymap_find(screen->keymap, UI_CONTEXT_TEXT, key));
}

/* --- a terminal */

static void type_into_step(struct screen *screen, const struct key *key)
{
	struct err err;

	if (!screen->output) /* the step is about to begin */
		return;
	if (!output_type(screen->output, key)) {
		screen->typing = false;
	} else if (session_type(screen->session, output_typed(screen->output)->data,
				output_typed(screen->output)->len, &err) < 0) {
		screen->typing = false;
		screen_say(screen, THEME_ERROR, "%s", err.text);
	}
}

/* The prefix key leaves the terminal, for the list of steps; where there is no session, for what is
 * wrong with the file that the editor has. */
static void leave_terminal(struct screen *screen)
{
	screen->prefixed = true;
	screen->typed_last = screen->typing;
	screen->typing = false;
	if (!screen->session)
		screen->popup = POPUP_INVALID;
	if (!screen->session || screen->focus != PANE_PROGRAM)
		return;
	screen->program_zoomed = screen->zoomed;
	screen->zoomed = false;
	screen_focus(screen, PANE_STEPS);
}

/* Right behind the prefix key some keys are still about the terminal that it left. */
static bool act_on_terminal(struct screen *screen, enum ui_action action)
{
	bool pages = action == UI_ACTION_PAGE_UP || action == UI_ACTION_PAGE_DOWN;
	bool sizes = action == UI_ACTION_ZOOM || action == UI_ACTION_GROW ||
		     action == UI_ACTION_SHRINK || action == UI_ACTION_CLOSE;

	if (screen->typed_last || !(pages || sizes || action == UI_ACTION_RETURN))
		return false;
	if (pages) {
		pane_types[PANE_PROGRAM]->move(
			screen, action == UI_ACTION_PAGE_UP ? MOTION_PAGE_UP : MOTION_PAGE_DOWN);
		screen->prefixed = true;
		return true;
	}
	screen_return_to_terminal(screen);
	if (sizes)
		screen_act(screen, action);
	return true;
}

/* Takes the prefix key, and the one behind it: pressed twice it goes to the program. */
static bool take_prefix(struct screen *screen, const struct key *key)
{
	bool is_prefix = key_equal(key, keymap_prefix(screen->keymap));
	bool prefixed = screen->prefixed;

	screen->prefixed = false;
	if (screen_context(screen) == UI_CONTEXT_TERMINAL) {
		if (is_prefix)
			leave_terminal(screen);
		return is_prefix;
	}
	if (!prefixed)
		return false;
	if (!is_prefix)
		return act_on_terminal(screen,
				       keymap_find(screen->keymap, UI_CONTEXT_TERMINAL, key));
	screen_return_to_terminal(screen);
	screen_send_key(screen, key);
	return true;
}

void screen_send_key(struct screen *screen, const struct key *key)
{
	struct program_pane *program = screen_program(screen);

	if (screen->typing)
		type_into_step(screen, key);
	else if (program && program_pane_has_ended(program))
		screen_close_program(screen, screen->program);
	else if (program)
		program_pane_key(program, key);
}

/* --- the mouse */

static enum pane_id pane_at(const struct screen *screen, int row, int column)
{
	for (int pane = 0; pane < PANES; pane++) {
		if (rect_contains(screen->layout.panes[pane], row, column))
			return (enum pane_id)pane;
	}
	return PANES;
}

static void scroll_pane(struct screen *screen, enum pane_id pane, int button)
{
	enum motion motion = button == 4 ? MOTION_UP : MOTION_DOWN;

	for (int i = 0; i < WHEEL_LINES; i++)
		pane_types[pane]->move(screen, motion);
	screen_touch(screen);
}

/* A button: in a terminal whose program asked for the mouse it goes there. */
static void take_mouse(struct screen *screen, const struct key *key)
{
	const struct key_mouse *mouse = &key->mouse;
	enum pane_id pane = pane_at(screen, mouse->row, mouse->column);
	struct program_pane *program = screen_program(screen);
	struct rect rect;

	if (pane == PANES || !screen->session || screen_is_line_about_step(screen))
		return;
	rect = screen->layout.panes[pane];
	if (pane == PANE_PROGRAM && screen->focus == pane && program &&
	    program_pane_mouse(program, key, mouse->row - rect.row, mouse->column - rect.column))
		return;
	if (mouse->button >= 4) {
		scroll_pane(screen, pane, mouse->button);
	} else if (mouse->pressed && !mouse->moved) {
		screen->typing = false;
		screen_focus(screen, pane);
		if (pane_types[pane]->click)
			pane_types[pane]->click(screen, mouse->row - rect.row,
						mouse->column - rect.column);
	}
}

/* --- all keys */

static bool take_popup_mouse(struct screen *screen, const struct key *key)
{
	if (screen->popup == POPUP_NONE)
		return false;
	if (key->mouse.button >= 4)
		text_view_move(&screen->popup_text,
			       key->mouse.button == 4 ? MOTION_UP : MOTION_DOWN);
	screen_touch(screen);
	return true;
}

void screen_take_key(struct screen *screen, const struct key *key)
{
	screen_touch(screen);
	if (screen->line_use == LINE_NONE)
		screen_forget_message(screen);
	if (key->type == KEY_MOUSE_EVENT) {
		if (!take_popup_mouse(screen, key))
			take_mouse(screen, key);
	} else if (screen->question.text) {
		answer(screen, key);
	} else if (screen->line_use != LINE_NONE) {
		screen_line_key(screen, key);
	} else if (screen->prefixed && take_prefix(screen, key)) {
		return;
	} else if (screen->popup != POPUP_NONE) {
		take_popup_key(screen, key);
	} else if (take_prefix(screen, key)) {
		return;
	} else if (screen_context(screen) == UI_CONTEXT_TERMINAL) {
		screen_send_key(screen, key);
	} else {
		screen_act(screen, keymap_find(screen->keymap, screen_context(screen), key));
	}
}

void screen_take_unknown(struct screen *screen, const struct buf *sequence)
{
	bool elsewhere = screen->question.text || screen->line_use != LINE_NONE ||
			 screen_context(screen) != UI_CONTEXT_TERMINAL;

	for (size_t i = 0; !elsewhere && i < sequence->len; i++) {
		struct key key = {.type = KEY_CHARACTER, .code = (unsigned char)sequence->data[i]};

		/* Its Esc is the Alt of the first character. */
		key.modifiers = i ? 0 : KEY_ALT;
		screen_send_key(screen, &key);
	}
}

void screen_take_paste(struct screen *screen, const struct buf *text)
{
	struct program_pane *program = screen_program(screen);
	struct err err;

	if (screen->question.text || (screen->popup != POPUP_NONE && screen->line_use == LINE_NONE))
		return;
	if (screen->line_use != LINE_NONE)
		line_input_insert(&screen->line, text->data, text->len);
	else if (screen->typing && screen->output &&
		 output_paste(screen->output, text->data, text->len))
		session_type(screen->session, output_typed(screen->output)->data,
			     output_typed(screen->output)->len, &err);
	else if (screen->focus == PANE_PROGRAM && program)
		program_pane_paste(program, text->data, text->len);
	screen_touch(screen);
}
