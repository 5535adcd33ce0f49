/* What the last word of a line may become. */
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/session/command_internal.h"

/* Where the last word begins: behind the last blank that is not in quotes. *ret_index: how many
 * words are before it. */
static size_t last_word(const char *line, size_t *ret_index)
{
	size_t begin = 0;
	bool inside = false;
	char quote = '\0';

	*ret_index = 0;
	for (size_t i = 0; line[i]; i++) {
		bool blank = !quote && strchr(" \t", line[i]);

		if (blank && inside)
			++*ret_index;
		if (blank)
			begin = i + 1;
		inside = !blank;
		if (quote ? line[i] == quote : line[i] == '\'' || line[i] == '"')
			quote = quote ? '\0' : line[i];
	}
	return begin;
}

/* Adds a word if it begins as the one that is being written; in quotes if it needs them. */
static void offer(struct strv *words, const char *word, const char *begun)
{
	static const char special[] = " \t'\"\\#";
	char quote = *begun == '"' ? '"' : '\'';
	bool quoted = *begun == '\'' || *begun == '"';
	AUTO_BUF struct buf text = BUF_INIT;

	begun += quoted;
	if (strncmp(word, begun, strlen(begun)) != 0)
		return;
	if (!quoted && !strpbrk(word, special)) {
		strv_add(words, word);
		return;
	}
	if (strchr(word, quote))
		quote = quote == '"' ? '\'' : '"';
	buf_add_fmt(&text, "%c%s%c", quote, word, quote);
	if (!strv_contains(words, text.data))
		strv_add(words, text.data);
}

static void offer_commands(struct strv *words, const char *begun)
{
	for (const struct command *command = command_table; command->name; command++)
		offer(words, command->name, begun);
}

static void offer_steps(const struct spec *spec, struct strv *words, const char *begun)
{
	for (size_t i = 0; i < spec->n_steps; i++)
		offer(words, spec->steps[i].name, begun);
}

static void offer_kinds(const struct spec *spec, struct strv *words, const char *begun)
{
	offer(words, "fail", begun);
	for (size_t i = 0; i < spec->n_steps; i++) {
		const char *kind = spec->steps[i].schema->name;

		if (!strv_contains(words, kind))
			offer(words, kind, begun);
	}
}

static void offer_places(struct strv *words, const char *begun)
{
	static const char *const places[] = {"before", "after", "failed", "here"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		offer(words, places[i], begun);
}

static void offer_topics(struct strv *words, const char *begun)
{
	for (size_t i = 0; command_topic(i); i++)
		offer(words, command_topic(i), begun);
}

/* What the word at this index (from 1) of the command may be. */
static void offer_arguments(const struct session *session, enum command_words kind, size_t index,
			    struct strv *words, const char *begun)
{
	const struct spec *spec = session_spec(session);
	bool first = index == 1;

	if (first && kind == COMMAND_WORDS_COMMAND)
		offer_commands(words, begun);
	if (first && kind == COMMAND_WORDS_TOPIC)
		offer_topics(words, begun);
	if (first && kind == COMMAND_WORDS_WHERE)
		offer_kinds(spec, words, begun);
	if (first && kind == COMMAND_WORDS_SHELL)
		offer_places(words, begun);
	if ((first && (kind == COMMAND_WORDS_STEP || kind == COMMAND_WORDS_WHERE)) ||
	    (index <= 2 && kind == COMMAND_WORDS_SHELL) ||
	    (index == 2 && kind == COMMAND_WORDS_TOPIC))
		offer_steps(spec, words, begun);
}

size_t command_complete(const struct session *session, const char *line, struct strv *ret_words)
{
	size_t index, begin = last_word(line, &index);
	AUTO_STRV struct strv words = {0};
	const struct command *command;
	struct err ignored;
	AUTO_FREE char *before = mem_strndup(line, begin);

	if (!index) {
		offer_commands(ret_words, line + begin);
		return begin;
	}
	if (command_split(before, &words, &ignored) < 0 || !words.len)
		return begin;
	command = command_find(words.items[0], &ignored);
	if (command)
		offer_arguments(session, command->words, index, ret_words, line + begin);
	return begin;
}
