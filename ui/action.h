/* action.h: what a person can do on the screen, as one table.
 *
 * The keymap's defaults, the hints of the bottom line, the help and the names in the
 * configuration are made from its rows. Where an action is simply a command of
 * engine/session/command.h, the row has the line to run, and nothing else decides what it does.
 */
#ifndef UI_ACTION_H
#define UI_ACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"

/* Where keys are pressed. What a place does not bind itself is looked up in UI_CONTEXT_GLOBAL. */
enum ui_context {
	UI_CONTEXT_GLOBAL,
	UI_CONTEXT_STEPS,    /* the list of steps */
	UI_CONTEXT_TEXT,     /* a log, the details of a step, help */
	UI_CONTEXT_TERMINAL, /* a terminal, behind the prefix key; all else goes to its program */
	UI_CONTEXTS,
};

enum ui_action {
	UI_ACTION_NONE,
	UI_ACTION_NEXT,
	UI_ACTION_BACK,
	UI_ACTION_CONTINUE,
	UI_ACTION_REVERSE_CONTINUE,
	UI_ACTION_UNTIL,
	UI_ACTION_GOTO,
	UI_ACTION_RERUN,
	UI_ACTION_TOGGLE_BREAKPOINT,
	UI_ACTION_EDIT_CONDITION,
	UI_ACTION_PAUSE_OR_RESUME,
	UI_ACTION_KILL,
	UI_ACTION_EDIT,
	UI_ACTION_WRITE,
	UI_ACTION_SHELL_AFTER,
	UI_ACTION_SHELL_BEFORE,
	UI_ACTION_TYPE,
	UI_ACTION_ENVIRONMENT,
	UI_ACTION_LOG,
	UI_ACTION_SAVE_LOG,
	UI_ACTION_OLDER_ATTEMPT,
	UI_ACTION_NEWER_ATTEMPT,
	UI_ACTION_FIRST_ERROR,
	UI_ACTION_SEARCH,
	UI_ACTION_SEARCH_NEXT,
	UI_ACTION_SEARCH_PREVIOUS,
	UI_ACTION_TOGGLE_WRAP,
	UI_ACTION_UP,
	UI_ACTION_DOWN,
	UI_ACTION_LEFT,
	UI_ACTION_RIGHT,
	UI_ACTION_PAGE_UP,
	UI_ACTION_PAGE_DOWN,
	UI_ACTION_TOP,
	UI_ACTION_BOTTOM,
	UI_ACTION_SCROLL_UP, /* a few lines, by the wheel, where the pointer is */
	UI_ACTION_SCROLL_DOWN,
	UI_ACTION_OPEN,
	UI_ACTION_FOCUS_NEXT,
	UI_ACTION_FOCUS_PREVIOUS,
	UI_ACTION_PANE_1, /* PANE_2 to PANE_9 follow */
	UI_ACTION_PANE_9 = UI_ACTION_PANE_1 + 8,
	UI_ACTION_TAB_NEXT,
	UI_ACTION_TAB_PREVIOUS,
	UI_ACTION_ZOOM,
	UI_ACTION_GROW,
	UI_ACTION_SHRINK,
	UI_ACTION_COMMAND_LINE,
	UI_ACTION_HELP,
	UI_ACTION_REDRAW,
	UI_ACTION_SUSPEND,
	UI_ACTION_CLOSE,
	UI_ACTION_QUIT,
	UI_ACTION_CANCEL,
	UI_ACTION_RETURN, /* to the program in the terminal, after the prefix key */
	UI_ACTION_STEP,	  /* these are not built yet: help has them last */
	UI_ACTION_CHANGES,
	UI_ACTION_FILES,
	UI_ACTIONS,
};

struct ui_action_row {
	const char *name;  /* in the configuration */
	unsigned contexts; /* bits 1 << enum ui_context: where its default keys are bound */
	const char *keys;  /* of key_parse(), with blanks between; "" for none */
	const char *hint;  /* a word or two, for the bottom line */
	const char *help;  /* one line */
	const char
		*command; /* the line for command_run(), "{step}" is the selected step; or NULL */
	const char *question; /* to be answered with yes before; or NULL */
};

/* UI_ACTIONS rows, in the order of enum ui_action; the first, of UI_ACTION_NONE, is "none". */
extern const struct ui_action_row ui_actions[];

/* The action with this name; ERR_USAGE with a suggestion when there is none. */
int ui_action_find(const char *name, enum ui_action *ret_action, struct err *err);

/* Whether it can be bound in this context: a global one everywhere, each in its own, and globally
 * (where it has no effect in the panes that it is not for). */
bool ui_action_applies(enum ui_action action, enum ui_context context);

/* Adds the command line of an action that has one, for this selected step (from 1). */
void ui_action_add_command(enum ui_action action, size_t step, struct buf *out);

/* "global", "steps", "text", "terminal" */
const char *ui_context_name(enum ui_context context);

/* The context with this name; ERR_USAGE with a suggestion when there is none. */
int ui_context_find(const char *name, enum ui_context *ret_context, struct err *err);

#endif
