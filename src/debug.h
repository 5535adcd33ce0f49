/* debug.h: `contractor debug --plain`: a prompt, or lines from a file or a pipe, on a session.
 *
 * It is either busy (a step runs, a shell or an editor has the terminal) or takes the next line:
 * from the innermost command file, else from the prompt, else from standard input. Whatever ends
 * being busy calls debug_wake().
 */
#ifndef SRC_DEBUG_H
#define SRC_DEBUG_H

#include "engine/session/command.h"
#include "engine/session/editing.h"
#include "engine/session/script.h"
#include "src/build.h"
#include "src/prompt.h"
#include "src/relay.h"
#include "src/view.h"

struct debug {
	struct program *program;
	struct build build;
	struct view view;
	struct prompt *prompt; /* NULL without a terminal */
	char *last_line;       /* what an empty line repeats, or NULL */

	struct scripts scripts;

	/* Standard input without a terminal. */
	struct loop_watch *input;
	struct buf typed;
	bool input_ended;

	struct relay *relay; /* of the shell that has the terminal */
	struct shell *shell;
	bool shell_done;
	struct editing editing;
	struct loop_child *editor; /* while it runs */

	bool asking;	   /* whether to quit all the same */
	bool over;	   /* it has been told to */
	bool failed;	   /* the step that it stopped at has failed */
	bool mistaken;	   /* a command of a file was wrong */
	int signal_number; /* that ends us, or 0 */
};

/* screen.c: the debugger with a screen. */
int screen_command(struct program *program);

/* debug.c */
void debug_wake(struct debug *debug);
/* Prints a line to standard error, behind all that was printed before. */
void debug_say(struct debug *debug, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* debug_input.c */
/* Runs the next line that there is, or sees to it that one comes. */
void debug_take_line(struct debug *debug);
/* What was typed at the prompt. */
void debug_take_typed(struct debug *debug, const char *line);
void debug_release_input(struct debug *debug);

/* debug_stop.c: where it stands, in words. */
void debug_tell_stop(struct debug *debug, const struct event *event);
void debug_tell_start(struct debug *debug);
/* "(before 5/9 Test) " */
void debug_add_prompt(const struct debug *debug, struct buf *out);

/* debug_shell.c, debug_editor.c: what has the terminal for a while. */
int debug_shell(void *data, const struct command_shell *wanted, struct err *err);
/* Forgets a shell that has ended. */
void debug_end_shell(struct debug *debug);
int debug_edit(void *data, size_t step, struct err *err);
void debug_release_editing(struct debug *debug);

#endif
