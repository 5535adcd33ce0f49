/* screen_internal.h: the parts of the screen, for the files screen*.c and pane*.c. */
#ifndef UI_SCREEN_INTERNAL_H
#define UI_SCREEN_INTERNAL_H

#include <sys/stat.h>

#include "engine/session/editing.h"
#include "engine/session/script.h"
#include "ui/action.h"
#include "ui/canvas.h"
#include "ui/frame.h"
#include "ui/keyboard.h"
#include "ui/keymap.h"
#include "ui/line_input.h"
#include "ui/output.h"
#include "ui/program_pane.h"
#include "ui/screen.h"
#include "ui/text_view.h"
#include "ui/theme.h"

enum { SCREEN_ROWS_MIN = 16, SCREEN_COLUMNS_MIN = 60, TICK_MS = 200 };

/* The panes, in the order of their digits; programs follow. */
enum pane_id { PANE_STEPS, PANE_OUTPUT, PANE_DETAILS, PANE_PROGRAM, PANES };
enum { PROGRAMS_MAX = 6 };

enum details_tab { TAB_STEP, TAB_ENVIRONMENT, TAB_NOTE, TABS };

/* What a pane does, by its id. */
struct pane_type {
	enum ui_context context;
	void (*draw)(struct screen *screen, struct rect rect);
	void (*add_title)(struct screen *screen, struct buf *out);
	void (*move)(struct screen *screen, enum motion motion);
	/* Search, for those that have text; false when nothing was found. */
	bool (*find)(struct screen *screen, const char *pattern, bool forward);
	/* A button was pressed there; or NULL. */
	void (*click)(struct screen *screen, int row, int column);
};
extern const struct pane_type *const pane_types[PANES];

/* Where the panes are, for this size of the screen. */
struct layout {
	struct rect panes[PANES];	 /* insides, without borders; no rows: not shown */
	int divider_column, divider_row; /* of the borders between them; -1: none */
};

/* What the bottom line is used for. */
enum line_use { LINE_NONE, LINE_COMMAND, LINE_SEARCH, LINE_CONDITION, LINE_SAVE };

/* What a text over the panes is. */
enum popup_kind { POPUP_NONE, POPUP_TEXT, POPUP_REFUSED, POPUP_INVALID };

struct question {
	char *text; /* NULL: none is asked */
	void (*yes)(struct screen *screen);
};

struct screen {
	struct screen_options options;
	struct session *session; /* NULL: the specification is not valid */
	struct canvas *canvas;
	struct keyboard *keyboard;
	struct loop_watch *keys;
	const struct keymap *keymap;
	struct theme theme;
	struct frame frame;

	bool dirty;
	bool behind;  /* not all of the output is taken yet */
	bool pressed; /* a key, which the next frame answers */
	int64_t drawn_ms, pressed_ms;
	struct loop_timer *timer; /* the next frame, or the next tick */

	struct layout layout;
	enum pane_id focus;
	bool zoomed;
	int steps_columns, details_rows; /* as the person wants them; 0: as it fits */

	size_t selected; /* step, from 1 */
	size_t steps_top;
	enum details_tab tab;
	struct text_view details;
	char *details_of; /* what details shows, to see whether it is still that */

	struct output *output;	       /* of the attempt that is shown, or NULL */
	int64_t output_attempt;	       /* its number; 0: that of the step's state */
	enum log_view_search searched; /* what was told of the search in it */

	struct program_pane *programs[PROGRAMS_MAX];
	size_t n_programs, program; /* which is shown */
	bool program_in_front;	    /* on the right is a program, not the output */
	bool program_zoomed;	    /* it had the whole screen when the prefix key left it */
	bool prefixed;		    /* the prefix key was pressed in a terminal just now */
	bool typing;		    /* keys go to the running step */
	size_t early_shell;	    /* step that is to have one when it begins; 0: none */
	bool typed_last;	    /* they did when the prefix key was pressed */

	struct editing editing;
	struct scripts scripts;

	struct line_input line;
	enum line_use line_use;
	struct strv commands, patterns; /* what was entered */
	char *pattern;			/* searched last, or NULL */
	int condition_of;		/* breakpoint whose condition is edited, or 0 */

	enum popup_kind popup;
	char *popup_title;
	struct text_view popup_text;
	struct question question;
	char *asked_line; /* the command that is asked about, or NULL */
	char *message;	  /* instead of the hints, or NULL */
	enum theme_role message_role;

	/* What a command prints: shown in the popup, or caught. */
	struct buf printed;
	struct buf *caught; /* where to instead, or NULL */

	size_t done_step; /* that ran, or was taken from the cache, last; 0: none */

	/* The running step. */
	char running_id[8];
	int64_t started_ms, paused_ms; /* CLOCK_MONOTONIC; how long it was paused */
	int64_t paused_since_ms;       /* 0: it is not */
	int64_t expected_ms;	       /* how long it took when it last passed; 0: not known */
	int64_t begun_ms;	       /* of this session */
	char *stop_note;	       /* why it stopped last, or NULL */

	struct stat stamp; /* of the specification's file, as it was read; all 0: there is none */
	int64_t file_checked_ms;
	bool left; /* keys that are still to be read are no more for it */
	struct screen_end end;
};

/* screen.c */
void screen_touch(struct screen *screen);
void screen_forget_message(struct screen *screen);
void screen_bell(struct screen *screen);
void screen_suspend(struct screen *screen);
/* How long the running step has run, without pauses, in ms. */
int64_t screen_elapsed(const struct screen *screen);
void screen_say(struct screen *screen, enum theme_role role, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void screen_ask(struct screen *screen, const char *text, void (*yes)(struct screen *screen));
void screen_leave(struct screen *screen);
struct cell_style screen_style(const struct screen *screen, enum theme_role role);
const struct step *screen_step(const struct screen *screen, size_t step);
size_t screen_n_steps(const struct screen *screen);

/* screen_session.c */
int screen_open(struct screen *screen, struct err *err);
void screen_reopen(struct screen *screen);
void screen_run_line(struct screen *screen, const char *line);
/* Keeps edits, breakpoints and the position for the next session, unless something runs. */
void screen_keep(struct screen *screen);
void screen_take_script_line(struct screen *screen);
void screen_check_file(struct screen *screen);
void screen_quit(struct screen *screen);
/* An editor has ended with this status. */
void screen_end_editing(struct screen *screen, int status);
/* Whether something runs that a command of a file must wait for. */
bool screen_is_busy(const struct screen *screen);

/* screen_bottom.c */
void screen_draw_bottom(struct screen *screen);

/* screen_draw.c */
void screen_draw(struct screen *screen);
void screen_lay_out(struct screen *screen);

/* screen_keys.c */
void screen_take_key(struct screen *screen, const struct key *key);
/* A key that has no name here: for the program in a terminal, as it came; elsewhere it does nothing. */
void screen_take_unknown(struct screen *screen, const struct buf *sequence);
void screen_take_paste(struct screen *screen, const struct buf *text);
void screen_send_key(struct screen *screen, const struct key *key);
enum ui_context screen_context(const struct screen *screen);

/* screen_actions.c */
void screen_act(struct screen *screen, enum ui_action action);
/* The answer "yes" to what is asked about a command. */
void screen_run_asked(struct screen *screen);
void screen_focus(struct screen *screen, enum pane_id pane);

/* screen_popup.c */
void screen_popup(struct screen *screen, enum popup_kind kind, const char *title, const char *text);
void screen_close_popup(struct screen *screen);
void screen_draw_popup(struct screen *screen);
void screen_show_help(struct screen *screen);

/* screen_line.c */
void screen_begin_line(struct screen *screen, enum line_use use, const char *text);
void screen_line_key(struct screen *screen, const struct key *key);
/* Whether something is typed that is about the selected step, which then stays selected. */
bool screen_is_line_about_step(const struct screen *screen);

/* pane_steps.c */
void screen_select(struct screen *screen, size_t step);
/* pane_details.c */
void screen_show_tab(struct screen *screen, enum details_tab tab);
/* pane_output.c */
void screen_show_attempt(struct screen *screen, int64_t number);
void screen_refresh_output(struct screen *screen);
void screen_tell_search(struct screen *screen);
void screen_step_attempts(struct screen *screen, int direction);
/* pane_program.c */
int screen_start_shell(void *data, const struct command_shell *wanted, struct err *err);
/* The step has begun: a shell is opened in it if one was asked for. */
void screen_open_early_shell(struct screen *screen, size_t step);
int screen_start_editor(void *data, size_t step, struct err *err);
void screen_close_program(struct screen *screen, size_t index);
struct program_pane *screen_program(struct screen *screen);
void screen_resize_programs(struct screen *screen);
void screen_return_to_terminal(struct screen *screen);
void screen_edit_again(struct screen *screen);
void screen_edit_file(struct screen *screen);

#endif
