/* The line at the bottom, when a person types into it: a command, a pattern, a condition, a file. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "ui/screen_internal.h"

/* --- what becomes of an entered line: false when it is to be mended, and stays */

static bool enter_command(struct screen *screen, const char *text)
{
	screen_run_line(screen, text);
	return true;
}

static bool enter_pattern(struct screen *screen, const char *text)
{
	if (!*text)
		return true;
	free(screen->pattern);
	screen->pattern = mem_strdup(text);
	screen_act(screen, UI_ACTION_SEARCH_NEXT);
	return true;
}

/* The breakpoint on the selected step gets another condition; one is set if there is none. */
static bool enter_condition(struct screen *screen, const char *text)
{
	AUTO_FREE char *line = mem_printf(*text ? "%zu if %s" : "%zu", screen->selected, text);
	const char *condition = *text ? text : NULL;
	struct err err;
	int result;

	if (screen->condition_of)
		result = session_set_condition(screen->session, screen->condition_of, condition,
					       &err);
	else
		result = session_add_breakpoint(screen->session, line, false, &err);
	if (result < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
	else
		screen_keep(screen);
	return result >= 0;
}

static bool enter_file(struct screen *screen, const char *text)
{
	struct err err;

	if (!*text)
		return true;
	if (!screen->output) {
		screen_say(screen, THEME_ERROR, "the log is no longer there: nothing was saved");
		return true;
	}
	if (output_save(screen->output, text, &err) < 0) {
		screen_say(screen, THEME_ERROR, "%s", err.text);
		return false;
	}
	screen_say(screen, THEME_NOTE, "saved: %s", text);
	return true;
}

static const struct {
	const char *prompt;
	bool (*enter)(struct screen *screen, const char *text);
} uses[] = {
	[LINE_COMMAND] = {":", enter_command},
	[LINE_SEARCH] = {"/", enter_pattern},
	[LINE_CONDITION] = {"stop if: ", enter_condition},
	[LINE_SAVE] = {"save the log to: ", enter_file},
};

static struct strv *history_of(struct screen *screen, enum line_use use)
{
	if (use == LINE_COMMAND)
		return &screen->commands;
	return use == LINE_SEARCH ? &screen->patterns : NULL;
}

/* --- keys */

void screen_begin_line(struct screen *screen, enum line_use use, const char *text)
{
	screen->line_use = use;
	line_input_begin(&screen->line, uses[use].prompt, text, history_of(screen, use));
	screen_touch(screen);
}

bool screen_is_line_about_step(const struct screen *screen)
{
	return screen->line_use == LINE_CONDITION || screen->line_use == LINE_SAVE;
}

/* What is wrong with a line is said above it: else what a person types to mend it would be taken as keys. */
static void end_line(struct screen *screen)
{
	enum line_use use = screen->line_use;
	AUTO_FREE char *text = mem_strdup(screen->line.text.data);

	screen->line_use = LINE_NONE;
	screen_forget_message(screen);
	if (!uses[use].enter(screen, text))
		screen_begin_line(screen, use, text);
}

/* Completes the word in front of the cursor; with several choices as far as they agree, and shows
 * them. */
static void complete(struct screen *screen)
{
	AUTO_FREE char *before = mem_strndup(screen->line.text.data, screen->line.cursor);
	AUTO_STRV struct strv words = {0};
	AUTO_FREE char *common = NULL, *choices = NULL;
	size_t from;

	if (screen->line_use != LINE_COMMAND || !screen->session)
		return;
	from = command_complete(screen->session, before, &words);
	if (!words.len)
		return;
	common = mem_strndup(words.items[0], strv_common_length(&words));
	if (strlen(common) >= screen->line.cursor - from)
		line_input_replace(&screen->line, from, common);
	if (words.len == 1) {
		line_input_insert(&screen->line, " ", 1);
		return;
	}
	choices = strv_join(&words, "  ");
	screen_say(screen, THEME_COMPLETION, "%s", choices);
}

void screen_line_key(struct screen *screen, const struct key *key)
{
	switch (line_input_key(&screen->line, key)) {
	case LINE_GOES_ON:
		break;
	case LINE_ENTERED:
		end_line(screen);
		break;
	case LINE_CANCELLED:
		screen->line_use = LINE_NONE;
		screen_forget_message(screen);
		break;
	case LINE_COMPLETE:
		complete(screen);
		break;
	}
	screen_touch(screen);
}
