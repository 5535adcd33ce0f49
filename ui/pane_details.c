/* The tabs below: the step's text, its environment, its note. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/spec/spec_edit.h"
#include "ui/screen_internal.h"

static const char *const tab_names[TABS] = {
	[TAB_STEP] = "Step", [TAB_ENVIRONMENT] = "Env", [TAB_NOTE] = "Note"};

static void add_step_text(struct screen *screen, struct buf *out)
{
	spec_edit_text(session_spec(screen->session), screen_step(screen, screen->selected), out);
}

static void add_environment(struct screen *screen, struct buf *out)
{
	AUTO_FREE char *line = mem_printf("env %zu", screen->selected);
	struct err err;

	screen->caught = out;
	if (command_run(screen->session, line, &err) < 0)
		buf_add_str(out, err.text);
	screen->caught = NULL;
}

static void add_note(struct screen *screen, struct buf *out)
{
	const char *note = step_text(screen_step(screen, screen->selected), "note");

	buf_add_str(out, note && *note ? note : "this step has no note\n");
}

/* Makes the text that the tab shows, unless nothing has changed since. */
static void refresh(struct screen *screen)
{
	static void (*const add[TABS])(struct screen * screen, struct buf * out) = {
		[TAB_STEP] = add_step_text,
		[TAB_ENVIRONMENT] = add_environment,
		[TAB_NOTE] = add_note,
	};
	AUTO_BUF struct buf text = BUF_INIT, identity = BUF_INIT;
	bool same_place;

	add[screen->tab](screen, &text);
	buf_add_fmt(&identity, "%d %zu\n", (int)screen->tab, screen->selected);
	same_place =
		screen->details_of && !strncmp(screen->details_of, identity.data, identity.len);
	buf_add(&identity, text.data, text.len);
	if (screen->details_of && !strcmp(screen->details_of, identity.data))
		return;
	free(screen->details_of);
	screen->details_of = buf_detach(&identity);
	text_view_set(&screen->details, text.data, same_place);
}

static void draw(struct screen *screen, struct rect rect)
{
	refresh(screen);
	text_view_draw(&screen->details, &screen->frame, rect, screen_style(screen, THEME_TEXT),
		       screen_style(screen, THEME_SEARCH_CURRENT));
}

/* "Step · Env · Note", the one that is shown in brackets where there are no colours. */
static void add_title(struct screen *screen, struct buf *out)
{
	const char *between = screen->frame.ascii ? " - " : " · ";

	for (int tab = 0; tab < TABS; tab++) {
		bool active = tab == (int)screen->tab;

		buf_add_fmt(out, "%s%s%s%s", tab ? between : "", active ? "[" : "", tab_names[tab],
			    active ? "]" : "");
	}
}

static void move(struct screen *screen, enum motion motion)
{
	text_view_move(&screen->details, motion);
}

static bool find(struct screen *screen, const char *pattern, bool forward)
{
	return text_view_find(&screen->details, pattern, forward);
}

void screen_show_tab(struct screen *screen, enum details_tab tab)
{
	screen->tab = tab;
	screen_touch(screen);
}

const struct pane_type pane_details = {UI_CONTEXT_TEXT, draw, add_title, move, find, NULL};
