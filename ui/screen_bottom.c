/* The bottom line: what is asked, typed, or said there; else the keys that make sense now. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/clamp.h"
#include "engine/base/mem.h"
#include "engine/base/wrap.h"
#include "ui/screen_internal.h"

enum { MESSAGE_ROWS_MAX = 6 };

/* What makes sense now, best first. */
static size_t choose_hints(const struct screen *screen, enum ui_action *actions)
{
	static const enum ui_action running[] = {
		UI_ACTION_PAUSE_OR_RESUME, UI_ACTION_KILL, UI_ACTION_TYPE, UI_ACTION_SHELL_AFTER,
		UI_ACTION_FOCUS_NEXT,	   UI_ACTION_ZOOM, UI_ACTION_HELP, UI_ACTION_QUIT};
	static const enum ui_action failed[] = {
		UI_ACTION_FIRST_ERROR, UI_ACTION_SHELL_AFTER, UI_ACTION_EDIT,
		UI_ACTION_RERUN,       UI_ACTION_WRITE,	      UI_ACTION_CONTINUE,
		UI_ACTION_BACK,	       UI_ACTION_HELP,	      UI_ACTION_QUIT};
	static const enum ui_action stopped[] = {
		UI_ACTION_NEXT, UI_ACTION_CONTINUE, UI_ACTION_WRITE, UI_ACTION_TOGGLE_BREAKPOINT,
		UI_ACTION_BACK, UI_ACTION_RERUN,    UI_ACTION_EDIT,  UI_ACTION_SHELL_AFTER,
		UI_ACTION_HELP, UI_ACTION_QUIT};
	static const enum ui_action text[] = {
		UI_ACTION_SEARCH,      UI_ACTION_SEARCH_NEXT,	UI_ACTION_FIRST_ERROR,
		UI_ACTION_TOGGLE_WRAP, UI_ACTION_OLDER_ATTEMPT, UI_ACTION_ZOOM,
		UI_ACTION_FOCUS_NEXT,  UI_ACTION_HELP,		UI_ACTION_CLOSE};
	const enum ui_action *from = stopped;
	size_t count = ARRAY_SIZE(stopped);

	if (screen_context(screen) == UI_CONTEXT_TEXT) {
		from = text;
		count = ARRAY_SIZE(text);
	} else if (session_state(screen->session) != SESSION_STOPPED) {
		from = running;
		count = ARRAY_SIZE(running);
	} else if (session_is_at_failure(screen->session)) {
		from = failed;
		count = ARRAY_SIZE(failed);
	}
	memcpy(actions, from, count * sizeof *actions);
	return count;
}

/* How many columns a hint takes, with the space around its words. */
static int hint_columns(const char *key, const char *text)
{
	return frame_text_columns(key) + frame_text_columns(text) + 3;
}

/* One hint, if there is room for it; returns the column behind it. */
static int draw_hint(struct screen *screen, struct rect line, int column, const char *key,
		     const char *text)
{
	if (column + hint_columns(key, text) > line.columns)
		return column;
	column += frame_text(&screen->frame, line, 0, column + 1,
			     screen_style(screen, THEME_HINT_KEY), key) +
		  1;
	column += frame_text(&screen->frame, line, 0, column + 1,
			     screen_style(screen, THEME_HINT_TEXT), text) +
		  1;
	return column + 1;
}

/* The key that does something where the person is, or NULL, also when there is nothing to do it to;
 * and what the hint calls it. Free with free(). */
static char *action_hint(const struct screen *screen, enum ui_action action, const char **ret_text)
{
	AUTO_STRV struct strv keys = {0};
	bool paused = session_state(screen->session) == SESSION_PAUSED;

	keymap_keys_of(screen->keymap, screen_context(screen), action, &keys);
	*ret_text =
		action == UI_ACTION_PAUSE_OR_RESUME && paused ? "resume" : ui_actions[action].hint;
	if (!keys.len || (action == UI_ACTION_WRITE && !session_has_edits(screen->session)))
		return NULL;
	return mem_strdup(keys.items[0]);
}

/* The columns of the hints that are always seen. */
static int last_hints_columns(const struct screen *screen, const enum ui_action *actions,
			      size_t count)
{
	int columns = 0;

	for (size_t i = 0; i < count; i++) {
		const char *text;
		AUTO_FREE char *key = action_hint(screen, actions[i], &text);

		columns += key ? hint_columns(key, text) : 0;
	}
	return columns;
}

/* The last two say how to get help and out: where there is little room, those before give way. */
static void draw_action_hints(struct screen *screen, struct rect line)
{
	enum ui_action actions[16];
	size_t count = choose_hints(screen, actions), first_kept = count - 2;
	struct rect room = line;
	int column = 0;

	room.columns -= last_hints_columns(screen, &actions[first_kept], 2);
	for (size_t i = 0; i < count; i++) {
		const char *text;
		AUTO_FREE char *key = action_hint(screen, actions[i], &text);

		if (key)
			column = draw_hint(screen, i < first_kept ? room : line, column, key, text);
	}
}

/* In a terminal there is one key to know. */
static void draw_prefix_hint(struct screen *screen, struct rect line)
{
	AUTO_BUF struct buf key = BUF_INIT;
	const char *what = screen->typing ? "stop typing into the step"
					  : "leave this terminal (twice: send it)";

	key_add_name(keymap_prefix(screen->keymap), &key);
	draw_hint(screen, line, 0, key.data, what);
}

/* The keys that do these things in a context. */
static void draw_keys(struct screen *screen, struct rect line, enum ui_context context,
		      const enum ui_action *actions, size_t count)
{
	int column = 0;

	for (size_t i = 0; i < count; i++) {
		AUTO_STRV struct strv keys = {0};

		keymap_keys_of(screen->keymap, context, actions[i], &keys);
		if (keys.len)
			column = draw_hint(screen, line, column, keys.items[0],
					   ui_actions[actions[i]].hint);
	}
}

/* Right behind the prefix key: what is still about the terminal that it left. */
static void draw_left_hints(struct screen *screen, struct rect line)
{
	static const enum ui_action actions[] = {UI_ACTION_RETURN, UI_ACTION_ZOOM,
						 UI_ACTION_PAGE_UP, UI_ACTION_CLOSE,
						 UI_ACTION_HELP};

	draw_keys(screen, line, UI_CONTEXT_TERMINAL, actions, ARRAY_SIZE(actions));
}

static void draw_popup_hints(struct screen *screen, struct rect line)
{
	static const struct {
		enum popup_kind kind;
		const char *key, *text;
	} hints[] = {{POPUP_REFUSED, "Enter", "back into the editor"},
		     {POPUP_REFUSED, "q", "leave it"},
		     {POPUP_INVALID, "e", "edit the file"},
		     {POPUP_INVALID, "r", "read it again"},
		     {POPUP_INVALID, "q", "quit"}};
	static const enum ui_action of_text[] = {UI_ACTION_CLOSE, UI_ACTION_SEARCH,
						 UI_ACTION_PAGE_DOWN};
	int column = 0;

	if (screen->popup == POPUP_TEXT)
		draw_keys(screen, line, UI_CONTEXT_TEXT, of_text, ARRAY_SIZE(of_text));

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		if (hints[i].kind == screen->popup)
			column = draw_hint(screen, line, column, hints[i].key, hints[i].text);
	}
}

static void draw_question(struct screen *screen, struct rect line)
{
	AUTO_FREE char *text = mem_printf(" %s [y/N] ", screen->question.text);
	int column =
		frame_text(&screen->frame, line, 0, 0, screen_style(screen, THEME_WARNING), text);

	frame_cursor(&screen->frame, line, 0, column);
}

/* In as many rows as it needs, up from the given one. */
static void draw_message(struct screen *screen, struct rect line)
{
	struct cell_style style = screen_style(screen, screen->message_role);
	AUTO_BUF struct buf text = BUF_INIT;
	struct text_view view = {0};

	wrap_add(&text, screen->message, 0, (size_t)line.columns - 2);
	text_view_set(&view, text.data, false);
	line.rows = clamp((int)view.n_lines, 1, MESSAGE_ROWS_MAX);
	line.row -= line.rows - 1;
	frame_fill(&screen->frame, line, style);
	text_view_draw(&view, &screen->frame, rect_inset(line, 0, 1, 0, 1), style, style);
	text_view_release(&view);
}

/* Choices of a completion stand above the line that is typed. */
static void draw_choices(struct screen *screen)
{
	if (screen->line_use != LINE_NONE && screen->message)
		draw_message(screen,
			     (struct rect){screen->frame.rows - 2, 0, 1, screen->frame.columns});
}

void screen_draw_bottom(struct screen *screen)
{
	struct rect line = {screen->frame.rows - 1, 0, 1, screen->frame.columns};

	frame_fill(&screen->frame, line, screen_style(screen, THEME_HINT_TEXT));
	if (screen->question.text)
		draw_question(screen, line);
	else if (screen->line_use != LINE_NONE)
		line_input_draw(&screen->line, &screen->frame, line,
				screen_style(screen, THEME_INPUT),
				screen_style(screen, THEME_INPUT_PROMPT));
	else if (screen->message)
		draw_message(screen, line);
	else if (screen->popup != POPUP_NONE)
		draw_popup_hints(screen, line);
	else if (screen_context(screen) == UI_CONTEXT_TERMINAL)
		draw_prefix_hint(screen, line);
	else if (screen->prefixed && !screen->typed_last)
		draw_left_hints(screen, line);
	else
		draw_action_hints(screen, line);
	draw_choices(screen);
}
