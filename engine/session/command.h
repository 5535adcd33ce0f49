/* command.h: every command a person can give, in one table.
 *
 * Prompt, command files, keys and the screen's command line all call command_run(); help and
 * completion are made from command_table.
 */
#ifndef ENGINE_SESSION_COMMAND_H
#define ENGINE_SESSION_COMMAND_H

#include <stddef.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "engine/session/session.h"

struct command {
	const char *name;
	const char *arguments; /* "[STEP]": for help; a word in brackets may be left out */
	const char *help;      /* one line */
	unsigned states;       /* bits 1 << enum session_state in which it is allowed */
	int (*run)(struct session *session, const struct strv *arguments, struct err *err);
};

/* Ends with a NULL name. */
extern const struct command command_table[];

/* The command of this name or unique abbreviation; NULL with err set. */
const struct command *command_find(const char *name, struct err *err);

/* Splits a line into words (quotes as in sh), finds the command and runs it. An empty line does
 * nothing. */
int command_run(struct session *session, const char *line, struct err *err);

#endif
