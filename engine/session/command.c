#include "engine/session/command.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

/* The step that the first argument names; without one the present step. */
static int step_argument(const struct session *session, const struct strv *arguments,
			 size_t *ret_step, struct err *err)
{
	const struct step *step;

	if (!arguments->len) {
		*ret_step = session_position(session);
		return 0;
	}
	step = spec_find_step(session_spec(session), arguments->items[0], err);
	if (!step)
		return -1;
	*ret_step = step->number;
	return 0;
}

/* A command on a step, by its function. */
static int on_step(struct session *session, const struct strv *arguments,
		   int (*run)(struct session *session, size_t step, struct err *err),
		   struct err *err)
{
	size_t step;

	if (step_argument(session, arguments, &step, err) < 0)
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

static int add_breakpoint(struct session *session, size_t step, struct err *err)
{
	return session_break(session, step, err) < 0 ? -1 : 0;
}

static int run_break(struct session *session, const struct strv *arguments, struct err *err)
{
	return on_step(session, arguments, add_breakpoint, err);
}

static int run_delete(struct session *session, const struct strv *arguments, struct err *err)
{
	const char *text = arguments->items[0];
	char *end;
	long number = strtol(text, &end, 10);

	if (*end || number < 1 || number > 1000000) {
		AUTO_FREE char *shown = buf_shown(text);

		return err_set(err, ERR_USAGE, "'%s' is not the number of a breakpoint", shown);
	}
	return session_delete_breakpoint(session, (int)number, err);
}

enum {
	STOPPED = 1 << SESSION_STOPPED,
	RUNNING = 1 << SESSION_RUNNING,
	PAUSED = 1 << SESSION_PAUSED,
	ALWAYS = STOPPED | RUNNING | PAUSED,
};

const struct command command_table[] = {
	{"next", "", "run the next step, stop after it", STOPPED, run_next},
	{"continue", "", "run on to a breakpoint, a failure or the end", STOPPED, run_continue},
	{"until", "STEP", "run on to before STEP", STOPPED, run_until},
	{"back", "", "go back to before the previous step", STOPPED, run_back},
	{"goto", "STEP", "be before STEP, from its snapshot", STOPPED, run_goto},
	{"rerun", "[STEP]", "run STEP again from the clean state before it", STOPPED, run_rerun},
	{"pause", "", "stop every process of the running step", RUNNING, run_pause},
	{"resume", "", "let the paused step go on", PAUSED, run_resume},
	{"kill", "", "end the running step", RUNNING | PAUSED, run_kill},
	{"break", "[STEP]", "stop before STEP, also when it is cached", ALWAYS, run_break},
	{"delete", "NUMBER", "remove a breakpoint", ALWAYS, run_delete},
	{0},
};

const struct command *command_find(const char *name, struct err *err)
{
	const struct command *found = NULL;

	for (const struct command *command = command_table; command->name; command++) {
		if (!strcmp(command->name, name))
			return command;
		if (strncmp(command->name, name, strlen(name)) != 0)
			continue;
		if (found) {
			err_set(err, ERR_USAGE, "'%s' is ambiguous: %s or %s", name, found->name,
				command->name);
			return NULL;
		}
		found = command;
	}
	if (!found) {
		AUTO_FREE char *shown = buf_shown(name);

		err_set(err, ERR_USAGE, "there is no command '%s'; `help` lists them", shown);
	}
	return found;
}

/* Whether p is a backslash that quotes what follows: in "" only what means something there. */
static bool is_escape(const char *p, char quote)
{
	if (*p != '\\' || !p[1] || quote == '\'')
		return false;
	return quote != '"' || strchr("\"\\$`", p[1]);
}

/* Reads one word, quoted as in sh, from *line: 1, or 0 when there is none left, or -1. */
static int next_word(const char **line, struct buf *word, struct err *err)
{
	const char *p = *line;
	char quote = '\0';

	while (isspace((unsigned char)*p))
		p++;
	buf_clear(word);
	if (!*p)
		return 0;
	for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (quote ? *p == quote : *p == '\'' || *p == '"') {
			quote = quote ? '\0' : *p;
			continue;
		}
		if (is_escape(p, quote))
			p++;
		buf_add_char(word, *p);
	}
	if (quote)
		return err_set(err, ERR_USAGE, "a %c is not closed", quote);
	*line = p;
	return 1;
}

static int split(const char *line, struct strv *words, struct err *err)
{
	AUTO_BUF struct buf word = BUF_INIT;
	int got;

	while ((got = next_word(&line, &word, err)) > 0)
		strv_add(words, word.data);
	return got;
}

/* How many words an argument list asks for at least, and at most: "[STEP]" may be left out. */
static void count_arguments(const char *arguments, size_t *ret_least, size_t *ret_most)
{
	*ret_least = *arguments && *arguments != '[';
	*ret_most = *arguments != '\0';
}

static int check_arguments(const struct command *command, size_t given, struct err *err)
{
	size_t least, most;

	count_arguments(command->arguments, &least, &most);
	if (given >= least && given <= most)
		return 0;
	return err_set(err, ERR_USAGE, "usage: %s%s%s", command->name, most ? " " : "",
		       command->arguments);
}

/* What a command that is not allowed now is told. */
static int check_state(const struct command *command, const struct session *session,
		       struct err *err)
{
	if (command->states & 1u << session_state(session))
		return 0;
	if (session_state(session) == SESSION_STOPPED)
		return err_set(err, ERR_USAGE, "%s: no step is running", command->name);
	return err_set(err, ERR_USAGE, "%s: step %zu is %s", command->name,
		       session_position(session),
		       session_state(session) == SESSION_PAUSED ? "paused" : "running");
}

int command_run(struct session *session, const char *line, struct err *err)
{
	AUTO_STRV struct strv words = {0};
	const struct command *command;
	struct strv arguments;

	if (split(line, &words, err) < 0)
		return -1;
	if (!words.len)
		return 0;
	command = command_find(words.items[0], err);
	if (!command || check_state(command, session, err) < 0)
		return -1;
	arguments = (struct strv){.items = words.items + 1, .len = words.len - 1};
	if (check_arguments(command, arguments.len, err) < 0)
		return -1;
	return command->run(session, &arguments, err);
}
