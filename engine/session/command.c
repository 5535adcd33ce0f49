#include "engine/session/command_internal.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/suggest.h"

static bool is_abbreviation(const struct command *command, const char *name)
{
	return command->abbreviation && !strcmp(command->abbreviation, name);
}

/* The command that is called exactly so, or NULL. */
static const struct command *find_exact(const char *name)
{
	for (const struct command *command = command_table; command->name; command++) {
		if (!strcmp(command->name, name) || is_abbreviation(command, name))
			return command;
	}
	return NULL;
}

/* There is none of this name: says which may be meant. */
static void refuse_name(const char *name, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(short_text(name).text);
	AUTO_STRV struct strv known = {0};
	const char *nearest;

	for (const struct command *command = command_table; command->name; command++)
		strv_add(&known, command->name);
	nearest = suggest_nearest(name, &known);
	if (nearest)
		err_set(err, ERR_USAGE, "there is no command '%s' (did you mean '%s'?)", shown,
			nearest);
	else
		err_set(err, ERR_USAGE, "there is no command '%s'; `help` lists them", shown);
}

const struct command *command_find(const char *name, struct err *err)
{
	const struct command *found = find_exact(name);
	AUTO_FREE char *shown = buf_shown(name);

	if (found)
		return found;
	for (const struct command *command = command_table; command->name; command++) {
		if (strncmp(command->name, name, strlen(name)) != 0)
			continue;
		if (found) {
			err_set(err, ERR_USAGE, "'%s' is ambiguous: %s or %s", shown, found->name,
				command->name);
			return NULL;
		}
		found = command;
	}
	if (!found)
		refuse_name(name, err);
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

int command_split(const char *line, struct strv *words, struct err *err)
{
	AUTO_BUF struct buf word = BUF_INIT;
	int got;

	while ((got = next_word(&line, &word, err)) > 0)
		strv_add(words, word.data);
	return got;
}

/* How many words an argument list asks for at least, and at most. */
static void count_arguments(const char *arguments, size_t *ret_least, size_t *ret_most)
{
	*ret_least = *ret_most = 0;
	if (strstr(arguments, "..."))
		*ret_most = SIZE_MAX;
	while (*arguments && strncmp(arguments, "[--", 3) != 0) {
		*ret_least += *arguments != '[';
		*ret_most += *ret_most != SIZE_MAX;
		arguments += strcspn(arguments, " ");
		arguments += strspn(arguments, " ");
	}
}

static int check_arguments(const struct command *command, size_t given, struct err *err)
{
	size_t least, most;

	count_arguments(command->arguments, &least, &most);
	if (command->raw || (given >= least && given <= most))
		return 0;
	return err_set(err, ERR_USAGE, "usage: %s%s%s (%s)", command->name, most ? " " : "",
		       command->arguments, command->help);
}

/* What a command that is not allowed now is told. */
static int check_state(const struct command *command, const struct session *session,
		       struct err *err)
{
	bool paused = session_state(session) == SESSION_PAUSED;

	if (command->states & 1u << session_state(session))
		return 0;
	if (session_state(session) == SESSION_STOPPED)
		return err_set(err, ERR_USAGE, "%s: no step is running", command->name);
	return err_set(err, ERR_USAGE, "%s: step %zu is %s: %s", command->name,
		       session_position(session), paused ? "paused" : "running",
		       paused ? "`resume` or `kill` it" : "wait, or `kill` it");
}

/* The rest of a line as one argument; none when it is empty. */
static void take_raw(const char *rest, struct strv *arguments)
{
	size_t length;

	while (isspace((unsigned char)*rest))
		rest++;
	length = strlen(rest);
	while (length && isspace((unsigned char)rest[length - 1]))
		length--;
	if (length)
		strv_take(arguments, mem_strndup(rest, length));
}

int command_run(struct session *session, const char *line, struct err *err)
{
	AUTO_BUF struct buf name = BUF_INIT;
	AUTO_STRV struct strv arguments = {0};
	const struct command *command;
	int got;

	if (line[strspn(line, " \t")] == '#')
		return 0;
	got = next_word(&line, &name, err);
	if (got <= 0)
		return got;
	command = command_find(name.data, err);
	if (!command || check_state(command, session, err) < 0)
		return -1;
	if (command->raw)
		take_raw(line, &arguments);
	else if (command_split(line, &arguments, err) < 0)
		return -1;
	if (check_arguments(command, arguments.len, err) < 0)
		return -1;
	if (!command->run)
		return err_set(err, ERR_USAGE, "'%s' is not built yet", command->name);
	return command->run(session, &arguments, err);
}
