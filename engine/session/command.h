/* command.h: every command a person can give, in one table.
 *
 * Prompt, command files, keys and the screen's command line all call command_run(); help and
 * completion are made from command_table.
 *
 * What a command shows, and what needs the person's terminal, goes through the session's front
 * (session_options.front): the prompt and the screen each have one.
 */
#ifndef ENGINE_SESSION_COMMAND_H
#define ENGINE_SESSION_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "engine/session/session.h"
#include "engine/session/shell.h"

/* A shell that is wanted. */
struct command_shell {
	size_t step;
	enum shell_where where;
	const struct strv *command; /* empty: an interactive one */
};

/* What a front end does for commands. Each gets session_options.front_data; a NULL member is
 * refused: "not possible here". Those that take time only start it. */
struct command_front {
	/* Shows lines that are safe to show. */
	void (*print)(void *data, const char *text, size_t length);
	/* Shows what the attempt printed. */
	int (*log)(void *data, const struct attempt *attempt, struct err *err);
	int (*shell)(void *data, const struct command_shell *shell, struct err *err);
	/* Lets the person edit the step's text, for session_replace_step(). */
	int (*edit)(void *data, size_t step, struct err *err);
	/* Runs the commands in a file. */
	int (*source)(void *data, const char *path, struct err *err);
	int (*quit)(void *data, struct err *err);
};

/* What the first argument of a command is, for completion. */
enum command_words {
	COMMAND_WORDS_NONE,
	COMMAND_WORDS_STEP,    /* names of steps */
	COMMAND_WORDS_WHERE,   /* these, kinds of actions, `fail` */
	COMMAND_WORDS_SHELL,   /* before, after, failed, here, and names of steps */
	COMMAND_WORDS_TOPIC,   /* of `info` */
	COMMAND_WORDS_COMMAND, /* names of commands */
};

struct command {
	const char *name;
	const char *abbreviation; /* besides every unique beginning of the name; or NULL */
	const char *arguments;	  /* "STEP [NUMBER...]": what is in brackets may be left out */
	const char *help;	  /* one line */
	unsigned states;	  /* bits 1 << enum session_state in which it is allowed */
	enum command_words words;
	/* arguments are the words, or of a raw command the rest of the line as one; NULL: not built yet */
	int (*run)(struct session *session, const struct strv *arguments, struct err *err);
	bool raw;
};

/* Ends with a NULL name. */
extern const struct command command_table[];

/* The command of this name or unique abbreviation; NULL with err set. */
const struct command *command_find(const char *name, struct err *err);

/* Splits a line into words (quotes as in sh), finds the command and runs it. An empty line and
 * one that begins with # do nothing. */
int command_run(struct session *session, const char *line, struct err *err);

/* Words that the last word of the line may become, each quoted if need be. Returns where that
 * word begins in the line. */
size_t command_complete(const struct session *session, const char *line, struct strv *ret_words);

#endif
