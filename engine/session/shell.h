/* shell.h: a shell, or one command, in a state of the build: before, after or at the failure of a
 * step, with the step's own policy and environment. What it changes is thrown away,
 * unless it is adopted (shell_keep()).
 * Or one in the step itself, while that runs or is paused: in the same trees, namespaces and limits.
 *
 * Nothing of it is recorded, but that a step was joined: its attempt is adopted then, and not taken
 * from the cache by anybody. Such a step ends when the last shell in it does; or it is killed, and
 * they with it. Its time limit, and its duration, end with its own program. Several may run at once,
 * and beside a running step.
 */
#ifndef ENGINE_SESSION_SHELL_H
#define ENGINE_SESSION_SHELL_H

#include <stdbool.h>

#include "engine/base/err.h"
#include "engine/sandbox/runner.h"
#include "engine/session/session.h"

struct shell;

enum shell_where {
	SHELL_BEFORE, /* the state before the step */
	SHELL_AFTER,  /* after it passed */
	SHELL_FAILED, /* as its newest attempt that did not pass left it, its /tmp included */
	SHELL_JOIN,   /* the step itself, which runs or is paused */
};

struct shell_options {
	size_t step;
	enum shell_where where;
	const struct strv *command; /* empty: an interactive shell */
	bool terminal;		    /* on a pty of its own; else on stdio */
	int columns, rows;
	int stdio[3];
	struct run_callbacks callbacks; /* ended() last, and once */
};

/* Starts it. A state that is not there is ERR_STEP: the text says what is missing. Free with
 * shell_free(), which ends it. */
int shell_start(struct session *session, const struct shell_options *options,
		struct shell **ret_shell, struct err *err);
void shell_free(struct shell *shell);

/* Leaves what the shell has changed to session_adopt(), in the place of what another one left; from
 * ended() on. False when it has changed nothing, or was in a step that runs. */
bool shell_keep(struct shell *shell);

/* A busybox below root ("") that runs in any tree, for trees without a shell; or NULL. Free with free(). */
char *shell_find_busybox(const char *root);

/* For typing, resizing, killing. */
struct runner *shell_runner(struct shell *shell);

#endif
