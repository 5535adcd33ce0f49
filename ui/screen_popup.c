/* A text over the panes: help, what a command printed, what is wrong. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "ui/screen_internal.h"
#include "ui/words.h"

enum { POPUP_MARGIN = 2, KEY_COLUMN = 18 };

void screen_popup(struct screen *screen, enum popup_kind kind, const char *title, const char *text)
{
	free(screen->popup_title);
	screen->popup_title = mem_strdup(title);
	screen->popup = kind;
	text_view_set(&screen->popup_text, text, false);
	screen_touch(screen);
}

void screen_close_popup(struct screen *screen)
{
	screen->popup = POPUP_NONE;
	screen_touch(screen);
}

/* As large as the text needs, within the panes; long lines are broken. */
static struct rect place(struct screen *screen)
{
	struct rect all = rect_inset((struct rect){0, 0, screen->frame.rows, screen->frame.columns},
				     1, POPUP_MARGIN, 1, POPUP_MARGIN);
	int columns = frame_text_columns(screen->popup_title) + 6, rows;

	if (columns < screen->popup_text.columns + 4)
		columns = screen->popup_text.columns + 4;
	columns = columns > all.columns ? all.columns : columns;
	text_view_wrap(&screen->popup_text, columns - 4);
	rows = (int)screen->popup_text.n_lines + 2;
	rows = rows > all.rows ? all.rows : rows;
	return (struct rect){all.row + (all.rows - rows) / 2,
			     all.column + (all.columns - columns) / 2, rows, columns};
}

void screen_draw_popup(struct screen *screen)
{
	struct cell_style style = screen_style(screen, THEME_DIALOG);
	struct rect rect = place(screen), inside;
	AUTO_FREE char *title = mem_printf(" %s ", screen->popup_title);

	frame_fill(&screen->frame, rect, style);
	inside = frame_box(&screen->frame, rect, screen_style(screen, THEME_DIALOG_BORDER),
			   screen_style(screen, THEME_DIALOG_TITLE), title);
	text_view_draw(&screen->popup_text, &screen->frame, rect_inset(inside, 0, 1, 0, 1), style,
		       screen_style(screen, THEME_SEARCH_CURRENT));
}

/* --- help */

/* "n F10              run the next step, stop after it" */
static void add_action(const struct screen *screen, enum ui_context context, enum ui_action action,
		       struct buf *out)
{
	AUTO_STRV struct strv keys = {0};
	AUTO_FREE char *joined = NULL;
	int columns;

	keymap_keys_of(screen->keymap, context, action, &keys);
	if (!keys.len)
		return;
	joined = strv_join(&keys, " ");
	columns = frame_text_columns(joined);
	buf_add_fmt(out, "%s%*s %s\n", joined, columns < KEY_COLUMN ? KEY_COLUMN - columns : 0, "",
		    ui_actions[action].help);
}

/* The actions that have their keys in this context. */
static void add_context(const struct screen *screen, enum ui_context context, enum ui_context where,
			struct buf *out)
{
	for (int action = UI_ACTION_NONE + 1; action < UI_ACTIONS; action++) {
		if (ui_actions[action].contexts & 1u << where)
			add_action(screen, context, (enum ui_action)action, out);
	}
}

void screen_show_help(struct screen *screen)
{
	enum ui_context context = screen_context(screen);
	AUTO_BUF struct buf text = BUF_INIT, prefix = BUF_INIT;

	key_add_name(keymap_prefix(screen->keymap), &prefix);
	if (context != UI_CONTEXT_GLOBAL) {
		buf_add_str(&text, "In this pane\n");
		add_context(screen, context, context, &text);
		buf_add_char(&text, '\n');
	}
	buf_add_str(&text, "Everywhere\n");
	add_context(screen, context, UI_CONTEXT_GLOBAL, &text);
	buf_add_fmt(&text, "%s%*s leave a terminal pane; twice: send it to the program there\n",
		    prefix.data, KEY_COLUMN - (int)prefix.len, "");
	buf_add_str(&text, "\nStates of steps\n");
	for (int result = STEP_PENDING; result <= STEP_OVER_LIMIT; result++) {
		const struct look *look = look_of((enum step_result)result);

		buf_add_fmt(&text, "%s  %s\n", screen->frame.ascii ? look->ascii : look->glyph,
			    step_result_name((enum step_result)result));
	}
	buf_add_str(&text, "\n`:help` lists the commands.\n");
	screen_popup(screen, POPUP_TEXT, "Help", text.data);
}
