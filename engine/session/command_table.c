/* The commands, and those of their functions that are a call of the session. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/session/command_internal.h"

/* A command on a step, by its function. */
static int on_step(struct session *session, const struct strv *arguments,
		   int (*run)(struct session *session, size_t step, struct err *err),
		   struct err *err)
{
	size_t step;

	if (command_step(session, arguments, 0, &step, err) < 0)
		return -1;
	return run(session, step, err);
}

static int run_next(struct session *session, const struct strv *arguments, struct err *err)
{
	(void)arguments;
	return session_next(session, err);
}

static int run_continue(struct session *session, const struct strv *arguments, struct err *err)
{
	(void)arguments;
	return session_continue(session, err);
}

static int run_until(struct session *session, const struct strv *arguments, struct err *err)
{
	return on_step(session, arguments, session_until, err);
}

static int run_back(struct session *session, const struct strv *arguments, struct err *err)
{
	(void)arguments;
	return session_back(session, err);
}

static int run_reverse_continue(struct session *session, const struct strv *arguments,
				struct err *err)
{
	(void)arguments;
	return session_reverse_continue(session, err);
}

static int run_goto(struct session *session, const struct strv *arguments, struct err *err)
{
	return on_step(session, arguments, session_goto, err);
}

static int run_rerun(struct session *session, const struct strv *arguments, struct err *err)
{
	return on_step(session, arguments, session_rerun, err);
}

static int run_pause(struct session *session, const struct strv *arguments, struct err *err)
{
	(void)arguments;
	return session_pause(session, err);
}

static int run_resume(struct session *session, const struct strv *arguments, struct err *err)
{
	(void)arguments;
	return session_resume(session, err);
}

static int run_kill(struct session *session, const struct strv *arguments, struct err *err)
{
	(void)arguments;
	return session_kill(session, err);
}

static int run_adopt(struct session *session, const struct strv *arguments, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	size_t step = 0;

	if (arguments->len && command_step(session, arguments, 0, &step, err) < 0)
		return -1;
	if (session_adopt(session, step, err) < 0)
		return -1;
	buf_add_fmt(&text, "the result of step %zu is now what the shell left\n",
		    session_position(session) - 1);
	command_print(session, &text);
	return 0;
}

/* Tells of the newest breakpoint as `info breakpoints` does. */
static void print_added(const struct session *session)
{
	AUTO_BUF struct buf text = BUF_INIT;
	char *last;

	breakpoints_describe(session_breakpoints(session), session_spec(session), &text);
	buf_truncate(&text, text.len - 1);
	last = memrchr(text.data, '\n', text.len);
	if (last)
		buf_drop(&text, (size_t)(last + 1 - text.data));
	buf_add_char(&text, '\n');
	command_print(session, &text);
}

/* By its words, so that names may be quoted as elsewhere; a condition or a text to log is taken as
 * it is written. */
static int add_breakpoint(struct session *session, const char *line, bool temporary,
			  struct err *err)
{
	AUTO_STRV struct strv words = {0};
	struct err ignored;

	if (command_split(line, &words, &ignored) == 0 && !strv_contains(&words, "if") &&
	    !strv_contains(&words, "log"))
		return session_add_breakpoint_words(session, &words, temporary, err);
	return session_add_breakpoint(session, line, temporary, err);
}

/* Without a place it is the present step. */
static int set_breakpoint(struct session *session, const struct strv *arguments, bool temporary,
			  struct err *err)
{
	size_t position = session_position(session);
	AUTO_FREE char *here = mem_printf("%zu", position);
	int number;

	if (arguments->len)
		number = add_breakpoint(session, arguments->items[0], temporary, err);
	else if (position > session_spec(session)->n_steps || !temporary)
		number = session_break(session, position, err);
	else
		number = session_add_breakpoint(session, here, temporary, err);
	if (number < 0)
		return -1;
	print_added(session);
	return 0;
}

static int run_break(struct session *session, const struct strv *arguments, struct err *err)
{
	return set_breakpoint(session, arguments, false, err);
}

static int run_tbreak(struct session *session, const struct strv *arguments, struct err *err)
{
	return set_breakpoint(session, arguments, true, err);
}

static int run_delete(struct session *session, const struct strv *arguments, struct err *err)
{
	return session_change_breakpoints(session, BREAKPOINT_DELETE, arguments, err);
}

static int run_enable(struct session *session, const struct strv *arguments, struct err *err)
{
	return session_change_breakpoints(session, BREAKPOINT_ENABLE, arguments, err);
}

static int run_disable(struct session *session, const struct strv *arguments, struct err *err)
{
	return session_change_breakpoints(session, BREAKPOINT_DISABLE, arguments, err);
}

/* At the end of the build what was written also lets its artifacts go. */
static int run_write(struct session *session, const struct strv *arguments, struct err *err)
{
	const char *path = session_spec(session)->path;
	AUTO_BUF struct buf text = BUF_INIT, artifacts = BUF_INIT;
	int result = 0;

	(void)arguments;
	if (session_write_edits(session, err) < 0)
		return -1;
	buf_add_str(&text, "written: ");
	buf_add_shown(&text, path, strlen(path));
	if (session_position(session) > session_spec(session)->n_steps)
		result = session_deliver_artifacts(session, &artifacts, err);
	if (artifacts.len)
		buf_add_fmt(&text, "; %s", artifacts.data);
	buf_add_char(&text, '\n');
	command_print(session, &text);
	return result;
}

static int run_set(struct session *session, const struct strv *arguments, struct err *err)
{
	return session_set_parameter(session, arguments->items[0], err);
}

/* "  next (n)               run the next step, stop after it" */
static void add_help(const struct command *command, struct buf *out)
{
	size_t start = out->len;

	buf_add_fmt(out, "  %s%s%s", command->name, *command->arguments ? " " : "",
		    command->arguments);
	if (command->abbreviation)
		buf_add_fmt(out, " (%s)", command->abbreviation);
	if (out->len - start < 38)
		buf_add_fmt(out, "%*s", (int)(38 - (out->len - start)), "");
	else
		buf_add_fmt(out, "\n%38s", "");
	buf_add_fmt(out, "  %s\n", command->help);
}

/* What is not built yet comes last. */
static void add_all_help(struct buf *out)
{
	for (const struct command *row = command_table; row->name; row++) {
		if (row->run)
			add_help(row, out);
	}
	for (const struct command *row = command_table; row->name; row++) {
		if (!row->run)
			add_help(row, out);
	}
	buf_add_str(out, "\nUnique beginnings of the names will do. STEP is a number or a name.\n");
}

static int run_help(struct session *session, const struct strv *arguments, struct err *err)
{
	const struct command *command =
		arguments->len ? command_find(arguments->items[0], err) : NULL;
	AUTO_BUF struct buf text = BUF_INIT;

	if (arguments->len && !command)
		return -1;
	if (command)
		add_help(command, &text);
	else
		add_all_help(&text);
	command_print(session, &text);
	return 0;
}

enum {
	STOPPED = 1 << SESSION_STOPPED,
	RUNNING = 1 << SESSION_RUNNING,
	PAUSED = 1 << SESSION_PAUSED,
	ALWAYS = STOPPED | RUNNING | PAUSED,
};

#define WORDS(kind) COMMAND_WORDS_##kind
#define BREAKPOINT "[WHERE] [if CONDITION] [log TEXT]"

const struct command command_table[] = {
	{"next", "n", "", "run the next step, stop after it", STOPPED, WORDS(NONE), run_next,
	 false},
	{"step", "s", "", "enter a shell step before its first command (not built yet)", ALWAYS,
	 WORDS(NONE), NULL, true},
	{"continue", "c", "", "run on to a breakpoint, a failure or the end", STOPPED, WORDS(NONE),
	 run_continue, false},
	{"until", "u", "STEP", "run on to before STEP", STOPPED, WORDS(STEP), run_until, false},
	{"back", NULL, "", "go back to before the previous step", STOPPED, WORDS(NONE), run_back,
	 false},
	{"goto", "g", "STEP", "be before STEP, from its snapshot", STOPPED, WORDS(STEP), run_goto,
	 false},
	{"rerun", "r", "[STEP]", "run STEP again from the clean state before it", STOPPED,
	 WORDS(STEP), run_rerun, false},
	{"pause", "p", "", "stop every process of the running step", RUNNING, WORDS(NONE),
	 run_pause, false},
	{"resume", NULL, "", "let the paused step go on", PAUSED, WORDS(NONE), run_resume, false},
	{"reverse-continue", "rc", "", "go back to the previous breakpoint, else to the start",
	 STOPPED, WORDS(NONE), run_reverse_continue, false},
	{"kill", "k", "", "end the running step", RUNNING | PAUSED, WORDS(NONE), run_kill, false},
	{"break", "b", BREAKPOINT, "stop before a step, also when it is cached", ALWAYS,
	 WORDS(WHERE), run_break, true},
	{"tbreak", "tb", BREAKPOINT, "the same, once", ALWAYS, WORDS(WHERE), run_tbreak, true},
	{"watch", NULL, "GLOB", "stop when a file changes (not built yet)", ALWAYS, WORDS(NONE),
	 NULL, true},
	{"delete", "d", "NUMBER...", "remove breakpoints", ALWAYS, WORDS(NONE), run_delete, false},
	{"enable", NULL, "NUMBER...", "let breakpoints act again", ALWAYS, WORDS(NONE), run_enable,
	 false},
	{"disable", NULL, "NUMBER...", "let breakpoints be without effect", ALWAYS, WORDS(NONE),
	 run_disable, false},
	{"shell", "sh", "[before|after|failed|here] [STEP] [-- COMMAND...]",
	 "a shell, or one command, in that state", ALWAYS, WORDS(SHELL), command_shell, false},
	{"adopt", NULL, "[STEP]", "take what a shell changed as the step's result", STOPPED,
	 WORDS(STEP), run_adopt, false},
	{"edit", "e", "[STEP]", "edit the step's text, for this session", ALWAYS, WORDS(STEP),
	 command_edit, false},
	{"write", "w", "", "put the edits into the file", STOPPED, WORDS(NONE), run_write, false},
	{"set", NULL, "NAME=VALUE", "give a parameter another value, for this session", STOPPED,
	 WORDS(NONE), run_set, false},
	{"env", NULL, "[STEP]", "show the parameters, and the environment of the step", ALWAYS,
	 WORDS(STEP), command_env, false},
	{"log", "l", "[STEP] [ATTEMPT]", "show what the step printed", ALWAYS, WORDS(STEP),
	 command_log, false},
	{"info", "i", "TOPIC [STEP]",
	 "show facts: step, sandbox, artifacts, attempts, store, breakpoints", ALWAYS, WORDS(TOPIC),
	 command_info, false},
	{"diff", NULL, "[STEP] [STEP] [PATH]", "show what changed (not built yet)", ALWAYS,
	 WORDS(STEP), NULL, true},
	{"files", NULL, "[STEP]", "list the files of a state (not built yet)", ALWAYS, WORDS(STEP),
	 NULL, true},
	{"cat", NULL, "PATH", "show a file of a state (not built yet)", ALWAYS, WORDS(NONE), NULL,
	 true},
	{"save", NULL, "PATH FILE", "copy a file out of a state (not built yet)", ALWAYS,
	 WORDS(NONE), NULL, true},
	{"blame", NULL, "PATH", "name the step that last wrote a file (not built yet)", ALWAYS,
	 WORDS(NONE), NULL, true},
	{"bisect", NULL, "-- COMMAND", "find the first step that breaks a command (not built yet)",
	 ALWAYS, WORDS(NONE), NULL, true},
	{"why", NULL, "[STEP]", "say why it was cached or not (not built yet)", ALWAYS, WORDS(STEP),
	 NULL, true},
	{"source", NULL, "FILE", "run the commands in a file", STOPPED, WORDS(NONE), command_source,
	 false},
	{"help", "h", "[COMMAND]", "list the commands", ALWAYS, WORDS(COMMAND), run_help, false},
	{"quit", "q", "", "leave the debugger", ALWAYS, WORDS(NONE), command_quit, false},
	{0},
};
