#include "ui/action.h"

#include <string.h>

#include "engine/base/mem.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/suggest.h"

#define GLOBAL (1U << UI_CONTEXT_GLOBAL)
#define STEPS (1U << UI_CONTEXT_STEPS)
#define TEXT (1U << UI_CONTEXT_TEXT)
#define TERMINAL (1U << UI_CONTEXT_TERMINAL)

#define ROW(action) [UI_ACTION_##action]
#define PANE(number)                                                           \
	[UI_ACTION_PANE_1 + number -                                           \
		1] = {"pane-" #number,	     GLOBAL, #number, "pane " #number, \
		      "go to pane " #number, NULL,   NULL}

const struct ui_action_row ui_actions[] = {
	ROW(NONE) = {"none", 0, "", "", "nothing", NULL, NULL},
	ROW(NEXT) = {"next", GLOBAL, "n F10", "next", "run the next step, stop after it", "next",
		     NULL},
	ROW(BACK) = {"back", GLOBAL, "N", "back", "go back to before the previous step", "back",
		     NULL},
	ROW(CONTINUE) = {"continue", GLOBAL, "c F5", "continue",
			 "run on to a breakpoint, a failure or the end", "continue", NULL},
	ROW(REVERSE_CONTINUE) = {"reverse-continue", GLOBAL, "C", "reverse",
				 "go back to the previous breakpoint, else to the start",
				 "reverse-continue", NULL},
	ROW(UNTIL) = {"until", GLOBAL, "u", "until", "run on to before the selected step",
		      "until {step}", NULL},
	ROW(GOTO) = {"goto", GLOBAL, "g", "goto", "be before the selected step, from its snapshot",
		     "goto {step}", NULL},
	ROW(RERUN) = {"rerun", GLOBAL, "r", "rerun",
		      "run the selected step again from the clean state before it", "rerun {step}",
		      NULL},
	ROW(TOGGLE_BREAKPOINT) = {"toggle-breakpoint", GLOBAL, "b Space F9", "break",
				  "set or remove a breakpoint on the selected step", NULL, NULL},
	ROW(EDIT_CONDITION) = {"edit-condition", GLOBAL, "B", "condition",
			       "edit the breakpoint's condition", NULL, NULL},
	ROW(PAUSE_OR_RESUME) = {"pause-or-resume", GLOBAL, "p", "pause",
				"stop every process of the running step, or let them go on", NULL,
				NULL},
	ROW(KILL) = {"kill", GLOBAL, "K", "kill", "end the running step (asks)", "kill",
		     "end the running step?"},
	ROW(EDIT) = {"edit", GLOBAL, "e", "edit", "edit the selected step, for this session",
		     "edit {step}", NULL},
	ROW(WRITE) = {"write", GLOBAL, "w", "write", "put the edits into the file", "write", NULL},
	ROW(SHELL_AFTER) = {"shell-after", GLOBAL, "!", "shell",
			    "a shell after the selected step, as it failed, or in it while it runs",
			    "shell {step}", NULL},
	ROW(SHELL_BEFORE) = {"shell-before", GLOBAL, "@", "shell before",
			     "a shell in the state before the selected step", "shell before {step}",
			     NULL},
	ROW(TYPE) = {"type", GLOBAL, "i", "type",
		     "type into the running step; or have the next one wait for it", NULL, NULL},
	ROW(ENVIRONMENT) = {"environment", GLOBAL, "v", "env",
			    "the parameters, and the environment of the selected step",
			    "env {step}", NULL},
	ROW(LOG) = {"log", GLOBAL, "l", "log", "the selected step's log, full screen", NULL, NULL},
	ROW(SAVE_LOG) = {"save-log", GLOBAL, "S", "save", "save the log that is shown to a file",
			 NULL, NULL},
	ROW(OLDER_ATTEMPT) = {"older-attempt", GLOBAL, "[", "older",
			      "show an older attempt of the selected step", NULL, NULL},
	ROW(NEWER_ATTEMPT) = {"newer-attempt", GLOBAL, "]", "newer",
			      "show a newer attempt of the selected step", NULL, NULL},
	ROW(FIRST_ERROR) = {"first-error", GLOBAL, "E", "error",
			    "jump to the first error in the log", NULL, NULL},
	ROW(SEARCH) = {"search", GLOBAL, "/", "search", "search in the text", NULL, NULL},
	ROW(SEARCH_NEXT) = {"search-next", TEXT, "n", "next match",
			    "go to the next place that matches", NULL, NULL},
	ROW(SEARCH_PREVIOUS) = {"search-previous", TEXT, "N", "previous match",
				"go to the previous place that matches", NULL, NULL},
	ROW(TOGGLE_WRAP) = {"toggle-wrap", GLOBAL, "W", "wrap",
			    "fold long lines, or cut them at the edge", NULL, NULL},
	ROW(UP) = {"up", GLOBAL, "k Up", "up", "one line up", NULL, NULL},
	ROW(DOWN) = {"down", GLOBAL, "j Down", "down", "one line down", NULL, NULL},
	ROW(LEFT) = {"left", GLOBAL, "Left", "left", "to the left, where lines are cut", NULL,
		     NULL},
	ROW(RIGHT) = {"right", GLOBAL, "Right", "right", "to the right, where lines are cut", NULL,
		      NULL},
	ROW(PAGE_UP) = {"page-up", GLOBAL, "PgUp Ctrl-b", "page up", "one page up", NULL, NULL},
	ROW(PAGE_DOWN) = {"page-down", GLOBAL, "PgDn Ctrl-f", "page down", "one page down", NULL,
			  NULL},
	ROW(TOP) = {"top", GLOBAL, "Home", "top", "to the beginning", NULL, NULL},
	ROW(BOTTOM) = {"bottom", GLOBAL, "End", "end", "to the end, and stay there", NULL, NULL},
	ROW(SCROLL_UP) = {"scroll-up", GLOBAL, "WheelUp", "scroll up",
			  "some lines up, where the pointer is", NULL, NULL},
	ROW(SCROLL_DOWN) = {"scroll-down", GLOBAL, "WheelDown", "scroll down",
			    "some lines down, where the pointer is", NULL, NULL},
	ROW(OPEN) = {"open", STEPS, "Enter", "open", "go to the selected step's log", NULL, NULL},
	ROW(FOCUS_NEXT) = {"focus-next", GLOBAL, "Tab", "pane", "go to the next pane", NULL, NULL},
	ROW(FOCUS_PREVIOUS) = {"focus-previous", GLOBAL, "S-Tab", "previous pane",
			       "go to the previous pane", NULL, NULL},
	PANE(1),
	PANE(2),
	PANE(3),
	PANE(4),
	PANE(5),
	PANE(6),
	PANE(7),
	PANE(8),
	PANE(9),
	ROW(TAB_NEXT) = {"tab-next", GLOBAL, "t", "tab", "show the next tab", NULL, NULL},
	ROW(TAB_PREVIOUS) = {"tab-previous", GLOBAL, "T", "previous tab", "show the previous tab",
			     NULL, NULL},
	ROW(ZOOM) = {"zoom", GLOBAL, "z", "zoom",
		     "let the pane have the whole screen, or give it back", NULL, NULL},
	ROW(GROW) = {"grow", GLOBAL, "+", "larger", "make the pane larger", NULL, NULL},
	ROW(SHRINK) = {"shrink", GLOBAL, "-", "smaller", "make the pane smaller", NULL, NULL},
	ROW(COMMAND_LINE) = {"command-line", GLOBAL, ":", "command", "type a command", NULL, NULL},
	ROW(HELP) = {"help", GLOBAL, "? F1", "help", "show the keys of this pane", NULL, NULL},
	ROW(REDRAW) = {"redraw", GLOBAL, "Ctrl-l", "redraw", "draw the screen anew", NULL, NULL},
	ROW(SUSPEND) = {"suspend", GLOBAL, "Ctrl-z", "suspend",
			"stop contractor, as a job of the shell that started it", NULL, NULL},
	ROW(CLOSE) = {"close", GLOBAL, "q", "close", "close the pane", NULL, NULL},
	ROW(QUIT) = {"quit", STEPS, "q", "quit",
		     "leave the debugger (asks when a step runs or edits are unwritten)", NULL,
		     NULL},
	ROW(CANCEL) = {"cancel", GLOBAL, "Esc", "cancel", "go back, or give up what was begun",
		       NULL, NULL},
	ROW(RETURN) = {"return", TERMINAL, "Esc i", "return", "go on typing into the terminal",
		       NULL, NULL},
	ROW(STEP) = {"step", GLOBAL, "s F11", "step",
		     "enter a shell step before its first command (not built yet)", "step", NULL},
	ROW(CHANGES) = {"changes", GLOBAL, "d", "changes",
			"what the selected step changed (not built yet)", "diff {step}", NULL},
	ROW(FILES) = {"files", GLOBAL, "f", "files",
		      "the files after the selected step (not built yet)", "files {step}", NULL},
};

static const char *const context_names[UI_CONTEXTS] = {
	[UI_CONTEXT_GLOBAL] = "global",
	[UI_CONTEXT_STEPS] = "steps",
	[UI_CONTEXT_TEXT] = "text",
	[UI_CONTEXT_TERMINAL] = "terminal",
};

int ui_action_find(const char *name, enum ui_action *ret_action, struct err *err)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;

	for (size_t i = 0; i < UI_ACTIONS; i++) {
		if (!strcmp(ui_actions[i].name, name)) {
			*ret_action = (enum ui_action)i;
			return 0;
		}
		strv_add(&known, ui_actions[i].name);
	}
	suggestion =
		suggest_nearest(name, &known)
			? suggest_text(name, &known)
			: mem_strdup("; `contractor config` shows the actions with their keys");
	return err_set(err, ERR_USAGE, "unknown action '%s'%s", short_text(name).text, suggestion);
}

bool ui_action_applies(enum ui_action action, enum ui_context context)
{
	unsigned contexts = ui_actions[action].contexts | GLOBAL;

	return action == UI_ACTION_NONE || contexts >> context & 1 ||
	       ui_actions[action].contexts & GLOBAL;
}

void ui_action_add_command(enum ui_action action, size_t step, struct buf *out)
{
	static const char placeholder[] = "{step}";
	const char *line = ui_actions[action].command;
	const char *place = strstr(line, placeholder);

	if (place)
		buf_add_fmt(out, "%.*s%zu%s", (int)(place - line), line, step,
			    place + strlen(placeholder));
	else
		buf_add_str(out, line);
}

const char *ui_context_name(enum ui_context context)
{
	return context_names[context];
}

int ui_context_find(const char *name, enum ui_context *ret_context, struct err *err)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;

	for (size_t i = 0; i < UI_CONTEXTS; i++) {
		if (!strcmp(context_names[i], name)) {
			*ret_context = (enum ui_context)i;
			return 0;
		}
		strv_add(&known, context_names[i]);
	}
	suggestion = suggest_text(name, &known);
	return err_set(err, ERR_USAGE, "unknown place of keys '%s'%s", short_text(name).text,
		       suggestion);
}
