/* Commands that need the person's screen or terminal. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/command_internal.h"
#include "engine/session/session_internal.h"
#include "engine/spec/units.h"

static const struct command_front no_front;

static const struct command_front *front_of(const struct session *session)
{
	return session->options.front ? session->options.front : &no_front;
}

static int not_here(const char *command, struct err *err)
{
	return err_set(err, ERR_USAGE, "%s: not possible here", command);
}

void command_print(const struct session *session, const struct buf *text)
{
	if (front_of(session)->print && text->len)
		front_of(session)->print(session->options.front_data, text->data, text->len);
}

/* The attempt that was asked for, which must be of this step. */
static int named_attempt(struct session *session, size_t step, const char *text,
			 struct attempt *ret_attempt, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(short_text(text).text);
	uint64_t number;
	int found;

	if (!units_count(text, 1, INT64_MAX, &number))
		return err_set(err, ERR_USAGE,
			       "'%s' is not the number of an attempt; `info attempts` lists them",
			       shown);
	found = store_get_attempt(host_store(session->host), (int64_t)number, ret_attempt, err);
	if (found <= 0)
		return found;
	if (ret_attempt->step == (int64_t)step &&
	    !strcmp(ret_attempt->spec_path, session->spec->real_path))
		return 1;
	attempt_release(ret_attempt);
	return err_set(err, ERR_USAGE, "attempt %s is not one of step %zu", shown, step);
}

/* The attempt that is meant without a number: the one that the step's state is of, else its
 * newest. */
static int newest_attempt(struct session *session, size_t step, struct attempt *ret_attempt,
			  struct err *err)
{
	struct store *store = host_store(session->host);
	int64_t number = session_step(session, step)->attempt;

	if (number)
		return store_get_attempt(store, number, ret_attempt, err);
	return store_find_latest_of_step(store, session->spec->real_path, (int64_t)step,
					 ret_attempt, err);
}

int command_log(struct session *session, const struct strv *arguments, struct err *err)
{
	const char *named = arguments->len > 1 ? arguments->items[1] : NULL;
	struct attempt attempt = {0};
	size_t step;
	int found, result;

	if (!front_of(session)->log)
		return not_here("log", err);
	if (command_step_last(session, arguments, 0, &step, err) < 0)
		return -1;
	found = named ? named_attempt(session, step, named, &attempt, err)
		      : newest_attempt(session, step, &attempt, err);
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "step %zu has %s", step,
			       named ? "no such attempt" : "not run: there is no log of it");
	if (found < 0)
		return -1;
	result = front_of(session)->log(session->options.front_data, &attempt, err);
	attempt_release(&attempt);
	return result;
}

/* The state that a word names, with or without dashes before it; false for another word. */
static bool find_where(const char *word, enum shell_where *ret_where, bool *ret_here)
{
	static const struct {
		const char *word;
		enum shell_where where;
		bool here;
	} words[] = {{"before", SHELL_BEFORE, false},
		     {"after", SHELL_AFTER, false},
		     {"failed", SHELL_FAILED, false},
		     {"here", SHELL_BEFORE, true}};

	word += !strncmp(word, "--", 2) ? 2 : 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(words[i].word, word)) {
			*ret_where = words[i].where;
			*ret_here = words[i].here;
			return true;
		}
	}
	return false;
}

/* Where the session stands: before the present step, in it while it runs, or as it failed. */
static void shell_here(const struct session *session, struct command_shell *shell)
{
	size_t position = session_position(session);
	bool at_end = position > session_spec(session)->n_steps;

	shell->step = at_end ? position - 1 : position;
	if (session_state(session) != SESSION_STOPPED)
		shell->where = SHELL_JOIN;
	else if (at_end)
		shell->where = SHELL_AFTER;
	else
		shell->where = session_is_at_failure(session) ? SHELL_FAILED : SHELL_BEFORE;
}

/* The state of a step when none is named: itself while it runs, else what it has come to. */
static enum shell_where usual_where(const struct session *session, size_t step)
{
	if (session_state(session) != SESSION_STOPPED && step == session_position(session))
		return SHELL_JOIN;
	return command_step_failed(session, step) ? SHELL_FAILED : SHELL_AFTER;
}

/* Reads "[before|after|failed|here] [STEP]". */
static int read_shell(const struct session *session, const struct strv *words,
		      struct command_shell *shell, struct err *err)
{
	bool here = !words->len;
	bool has_where = words->len && find_where(words->items[0], &shell->where, &here);

	if (words->len > has_where + 1u || (here && words->len > 1))
		return err_set(err, ERR_USAGE,
			       "usage: shell [before|after|failed|here] [STEP] [-- COMMAND...]");
	if (here) {
		shell_here(session, shell);
		return 0;
	}
	if (command_step_here(session, words, has_where, &shell->step, err) < 0)
		return -1;
	if (!has_where)
		shell->where = usual_where(session, shell->step);
	return 0;
}

int command_shell(struct session *session, const struct strv *arguments, struct err *err)
{
	struct command_shell shell = {0};
	struct strv words = {.items = arguments->items}, command = {0};

	if (!front_of(session)->shell)
		return not_here("shell", err);
	while (words.len < arguments->len && strcmp(arguments->items[words.len], "--") != 0)
		words.len++;
	if (words.len < arguments->len) {
		command.items = arguments->items + words.len + 1;
		command.len = arguments->len - words.len - 1;
	}
	shell.command = &command;
	if (read_shell(session, &words, &shell, err) < 0)
		return -1;
	return front_of(session)->shell(session->options.front_data, &shell, err);
}

int command_edit(struct session *session, const struct strv *arguments, struct err *err)
{
	size_t step;

	if (!front_of(session)->edit)
		return not_here("edit", err);
	if (command_step_here(session, arguments, 0, &step, err) < 0 ||
	    session_check_edit(session, step, err) < 0)
		return -1;
	return front_of(session)->edit(session->options.front_data, step, err);
}

int command_source(struct session *session, const struct strv *arguments, struct err *err)
{
	if (!front_of(session)->source)
		return not_here("source", err);
	return front_of(session)->source(session->options.front_data, arguments->items[0], err);
}

int command_quit(struct session *session, const struct strv *arguments, struct err *err)
{
	(void)arguments;
	if (!front_of(session)->quit)
		return not_here("quit", err);
	return front_of(session)->quit(session->options.front_data, err);
}
