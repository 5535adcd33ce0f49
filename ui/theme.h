/* theme.h: how each role on the screen looks: a step that failed, the title of the pane in focus.
 *
 * A theme is a YAML file NAME.yaml in the directory themes/ of the configuration, else one of
 * those that the program carries (theme_names()):
 *
 *	description: one line
 *	inherit: default                # the roles that are not here are taken from this one
 *	roles:
 *	  step.failed: {fg: bright-red, bg: "#200000", attributes: [bold, underline]}
 *
 * Colours are read by color_parse(). A colour that a role leaves out is that of the role `text`. A
 * theme that inherits nothing has every role.
 *
 * Life cycle: theme_load() fills the caller's struct theme, which needs no release.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "ui/cell.h"

enum theme_role {
	THEME_TEXT, /* whatever has no other role */
	THEME_FAINT,

	/* States of steps, in the order of enum step_result. */
	THEME_STEP_PENDING,
	THEME_STEP_CACHED,
	THEME_STEP_RUNNING,
	THEME_STEP_PAUSED,
	THEME_STEP_PASSED,
	THEME_STEP_FAILED,
	THEME_STEP_KILLED,
	THEME_STEP_TIMED_OUT,
	THEME_STEP_OVER_LIMIT,
	THEME_STEP_EDITED,
	THEME_STEP_ADOPTED,
	THEME_STEP_STALE,
	THEME_STEP_NUMBER,
	THEME_STEP_ACTION, /* the kind of action in front of a step's name */
	THEME_POSITION,	   /* the mark of where the debugger stands */
	THEME_BREAKPOINT,
	THEME_BREAKPOINT_DISABLED,

	THEME_PANE_TITLE,
	THEME_PANE_TITLE_FOCUSED,
	THEME_PANE_BORDER,
	THEME_PANE_BORDER_FOCUSED,
	THEME_SELECTION, /* to be laid over another role: theme_over() */
	THEME_SELECTION_UNFOCUSED,
	THEME_TAB,
	THEME_TAB_ACTIVE,
	THEME_SCROLLBAR,
	THEME_PREFIX, /* says that the prefix key was pressed, or that keys go to a program */

	THEME_STATUS, /* the topmost line */
	THEME_STATUS_RUNNING,
	THEME_STATUS_FAILED,
	THEME_HINT_KEY,
	THEME_HINT_TEXT,
	THEME_DIALOG,
	THEME_DIALOG_TITLE,
	THEME_DIALOG_BORDER,
	THEME_INPUT,
	THEME_INPUT_PROMPT,
	THEME_COMPLETION,
	THEME_HELP_KEY,
	THEME_HELP_HEADING,

	THEME_SEARCH_MATCH,
	THEME_SEARCH_CURRENT,
	THEME_LOG_ERROR,   /* a line of a log that looks like an error */
	THEME_LOG_STALE,   /* of an older attempt */
	THEME_LOG_CONTROL, /* a character that is shown as \xNN */
	THEME_ERROR,
	THEME_WARNING,
	THEME_NOTE,
	THEME_ROLES,
};

struct theme {
	struct cell_style styles[THEME_ROLES];
};

/* "step.failed" */
const char *theme_role_name(enum theme_role role);

/* The names of the themes that the program carries, and of those in the directory config_dir/themes
 * (NULL: no such directory), each once, sorted. */
void theme_names(const char *config_dir, struct strv *ret_names);

/* Loads the theme NAME. Returns -1 with ERR_NOT_FOUND and a suggestion when there is none, and with
 * ERR_USAGE when it is not valid: ret_messages then has what is wrong, each at its line and column
 * (diagnostics_format()). */
int theme_load(const char *config_dir, const char *name, struct theme *ret_theme,
	       struct buf *ret_messages, struct err *err);

/* The same from a text; path names it in messages. */
int theme_parse(const char *config_dir, const char *path, const void *text, size_t length,
		struct theme *ret_theme, struct buf *ret_messages, struct err *err);

/* One style laid over another: the colours of above, where it has some, and the attributes of
 * both. */
struct cell_style theme_over(struct cell_style below, struct cell_style above);

/* How many colours a terminal has; other numbers are rounded down to these. */
enum {
	THEME_COLORS_NONE = 0,
	THEME_COLORS_8 = 8,
	THEME_COLORS_16 = 16,
	THEME_COLORS_256 = 256,
	THEME_COLORS_RGB = 1 << 24,
};

/* The style as a terminal with so many colours can show it.
 *
 * A colour it does not have becomes the nearest that it has: the least sum of the squares of the
 * differences in red, green and blue; of the 256 the cube and the greys only, as people change the
 * first 16. Among 8, a bright foreground is the dark one in bold, as terminals of that kind do it.
 * Where this makes foreground and background the same, although they were not, the foreground becomes
 * white or black. Without colours only attributes stay. */
struct cell_style theme_reduce(struct cell_style style, int colors);

/* The same for a whole theme. Without colours, a role whose background was another one than that of
 * `text` is in reverse, so that a selection stays one. */
void theme_limit(struct theme *theme, int colors);

#endif
