/* Reading "WHERE [if CONDITION] [log TEXT]". */
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/breakpoint_internal.h"

static const char spaces[] = " \t\r\n";

/* Whether the word of this length is "if" or "log": what may follow WHERE. */
static bool is_keyword(const char *word, size_t length)
{
	return (length == 2 && !strncmp(word, "if", 2)) ||
	       (length == 3 && !strncmp(word, "log", 3));
}

/* The text behind a word, or NULL when something else is next. */
static const char *behind_word(const char *text, const char *word)
{
	size_t length = strcspn(text, spaces);

	if (length != strlen(word) || strncmp(text, word, length) != 0)
		return NULL;
	return text + length + strspn(text + length, spaces);
}

/* Takes the text of a log without the space around it. */
static int parse_log(struct breakpoint *breakpoint, const char *text, struct err *err)
{
	size_t length = strlen(text);

	while (length && strchr(spaces, text[length - 1]))
		length--;
	if (!length)
		return err_set(err, ERR_USAGE, "give the text to log behind 'log'");
	if (length > BREAKPOINT_LOG_MAX)
		return err_set(err, ERR_USAGE, "the text to log is longer than %d bytes",
			       BREAKPOINT_LOG_MAX);
	breakpoint->log = mem_strndup(text, length);
	return 0;
}

/* [if CONDITION] [log TEXT] */
static int parse_rest(struct breakpoint *breakpoint, const char *text, struct err *err)
{
	const char *rest = text + strspn(text, spaces);
	const char *condition = behind_word(rest, "if"), *log;

	if (condition &&
	    condition_parse_until(condition, "log", &rest, &breakpoint->condition, err) < 0)
		return -1;
	log = behind_word(rest, "log");
	if (log)
		return parse_log(breakpoint, log, err);
	if (*rest)
		return err_set(err, ERR_USAGE,
			       "only 'if CONDITION' and 'log TEXT' may stand behind the place");
	return 0;
}

/* WHERE in quotes: what is between them, and what is behind. */
static int split_quoted(const char *line, char **ret_where, const char **ret_rest, struct err *err)
{
	const char *end = strchr(line + 1, *line);

	if (!end)
		return err_set(err, ERR_USAGE, "a %c is not closed", *line);
	if (end[1] && !strchr(spaces, end[1]))
		return err_set(err, ERR_USAGE, "a space is missing behind a %c", *line);
	*ret_where = mem_strndup(line + 1, (size_t)(end - line - 1));
	*ret_rest = end + 1;
	return 0;
}

/* WHERE, which ends at "if", "log" or the end. Free *ret_where with free(). */
static int split_line(const char *line, char **ret_where, const char **ret_rest, struct err *err)
{
	const char *begin = line + strspn(line, spaces), *end = begin, *p = begin;

	if (*p == '\'' || *p == '"')
		return split_quoted(p, ret_where, ret_rest, err);
	while (*p) {
		size_t length = strcspn(p, spaces);

		if (is_keyword(p, length))
			break;
		end = p + length;
		p = end + strspn(end, spaces);
	}
	*ret_where = mem_strndup(begin, (size_t)(end - begin));
	*ret_rest = p;
	return 0;
}

/* Puts together a breakpoint; what was made of it when that fails is the caller's to release. */
static int make(struct breakpoint *breakpoint, const struct spec *spec, const char *where,
		const char *rest, struct err *err)
{
	if (breakpoint_place(breakpoint, spec, where, err) < 0)
		return -1;
	return parse_rest(breakpoint, rest, err);
}

static int add(struct breakpoints *set, const struct spec *spec, const char *where,
	       const char *rest, bool temporary, struct err *err)
{
	struct breakpoint added = {.temporary = temporary, .enabled = true};

	if (set->len >= BREAKPOINTS_MAX || set->last_number >= BREAKPOINT_NUMBER_MAX)
		return err_set(err, ERR_USAGE, "there are too many breakpoints");
	if (make(&added, spec, where, rest, err) < 0) {
		breakpoint_release(&added);
		return -1;
	}
	added.number = ++set->last_number;
	breakpoints_append(set, &added);
	return added.number;
}

int breakpoints_add(struct breakpoints *set, const struct spec *spec, const char *line,
		    bool temporary, struct err *err)
{
	AUTO_FREE char *where = NULL;
	const char *rest = NULL;

	if (split_line(line, &where, &rest, err) < 0)
		return -1;
	return add(set, spec, where, rest, temporary, err);
}

/* Words from..to with a space between them. Free with free(). */
static char *join(const struct strv *words, size_t from, size_t to)
{
	const struct strv part = {.items = words->items + from, .len = to - from};

	return strv_join(&part, " ");
}

int breakpoints_add_words(struct breakpoints *set, const struct spec *spec,
			  const struct strv *words, bool temporary, struct err *err)
{
	AUTO_FREE char *where = NULL, *rest = NULL;
	size_t end = 0;

	while (end < words->len && !is_keyword(words->items[end], strlen(words->items[end])))
		end++;
	where = join(words, 0, end);
	rest = join(words, end, words->len);
	return add(set, spec, where, rest, temporary, err);
}
