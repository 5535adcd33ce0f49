/* program_pane.h: a program that a person works with in a pane: a shell in a state of the build, or an
 * editor on the host.
 *
 * Life cycle: program_pane_shell() or program_pane_editor(); keys and sizes as they come; ended() is
 * called once, from the loop; program_pane_free(), not within a callback, ends what still runs.
 */
#ifndef UI_PROGRAM_PANE_H
#define UI_PROGRAM_PANE_H

#include "engine/base/err.h"
#include "engine/process/loop.h"
#include "engine/session/shell.h"
#include "ui/frame.h"
#include "ui/key.h"
#include "ui/text_view.h"

struct program_pane;

struct program_pane_callbacks {
	void (*changed)(void *data); /* there is something to draw */
	void (*bell)(void *data);
	void (*ended)(void *data, struct program_pane *pane);
	void *data;
};

/* A shell in a state of the build; title is copied. */
int program_pane_shell(struct session *session, const struct shell_options *options,
		       const char *title, const struct program_pane_callbacks *callbacks,
		       struct program_pane **ret_pane, struct err *err);
/* `COMMAND FILE` on the host. */
int program_pane_editor(struct loop *loop, const char *command, const char *file, const char *title,
			int columns, int rows, const struct program_pane_callbacks *callbacks,
			struct program_pane **ret_pane, struct err *err);
void program_pane_free(struct program_pane *pane);

bool program_pane_is_editor(const struct program_pane *pane);
/* Whether it was a shell that left something for session_adopt(). */
bool program_pane_has_changes(const struct program_pane *pane);
/* Whether it is one command in a state of the build: its pane is to stay when it has ended. */
bool program_pane_is_command(const struct program_pane *pane);
bool program_pane_has_ended(const struct program_pane *pane);
/* Its exit status; 128 and the number after a signal; -1: it could not be run, and why is in err. */
int program_pane_status(const struct program_pane *pane);
const struct err *program_pane_error(const struct program_pane *pane);
/* What the program calls itself, else the title. */
const char *program_pane_title(const struct program_pane *pane);

void program_pane_key(struct program_pane *pane, const struct key *key);
void program_pane_paste(struct program_pane *pane, const char *text, size_t length);
/* false when the program does not want the mouse. */
bool program_pane_mouse(struct program_pane *pane, const struct key *key, int row, int column);
void program_pane_focus(struct program_pane *pane, bool focused);
/* How much of what has gone up is kept, in bytes of a terminal's history (term.h). */
void program_pane_limit_history(struct program_pane *pane, size_t bytes);
void program_pane_resize(struct program_pane *pane, int columns, int rows);

/* Back in what has gone up, and forth. */
void program_pane_move(struct program_pane *pane, enum motion motion);
/* Draws it; the cursor too, if it has the focus. */
void program_pane_draw(struct program_pane *pane, struct frame *frame, struct rect rect,
		       struct cell_style blank, bool focused);

#endif
