#include "src/options.h"

#include <string.h>

#include "engine/base/mem.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/suggest.h"
#include "src/subcommands.h"
#include "ui/words.h"

/* The arguments as they are read. */
struct reader {
	struct options *options;
	char **next; /* the arguments left; ends with NULL */
};

void options_release(struct options *options)
{
	strv_release(&options->parameters);
	strv_release(&options->allow);
	strv_release(&options->breaks);
	strv_release(&options->secrets);
	strv_release(&options->words);
}

/* Whether word is one of "a|b|c". */
static bool is_choice(const char *choices, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = choices; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (!strncmp(at, word, length) && (at[length] == '|' || !at[length]))
			return true;
	}
	return false;
}

static int check_value(const struct option *option, const char *value, struct err *err)
{
	if (option->choices && !is_choice(option->choices, value))
		return err_set(err, ERR_USAGE, "option '--%s' does not take '%s', but %s",
			       option->name, short_text(value).text, option->choices);
	if (option->argument && strchr(option->argument, '=') &&
	    (!strchr(value, '=') || value[0] == '='))
		return err_set(err, ERR_USAGE, "option '--%s' takes %s, not '%s'", option->name,
			       option->argument, short_text(value).text);
	return 0;
}

/* Puts the value where the row says; NULL for a flag. */
static int store_value(struct options *options, const struct option *option, const char *value,
		       struct err *err)
{
	void *field = (char *)options + option->offset;

	if (value && *value && check_value(option, value, err) < 0)
		return -1;
	if (option->kind != OPTION_OPTIONAL && value && !*value)
		return err_set(err, ERR_USAGE, "option '--%s' has an empty value", option->name);
	options->given |= UINT64_C(1) << (option - option_table);
	if (option->kind == OPTION_FLAG)
		*(bool *)field = true;
	else if (option->kind == OPTION_LIST)
		strv_add(field, value);
	else
		*(const char **)field = value;
	return 0;
}

/* Stores an option whose value may be the next argument. value: what was written with it. */
static int read_value(struct reader *reader, const struct option *option, const char *value,
		      struct err *err)
{
	if (option->kind == OPTION_FLAG && value)
		return err_set(err, ERR_USAGE, "option '--%s' takes no value", option->name);
	if (option->kind == OPTION_OPTIONAL && !value)
		value = "";
	if (option->kind != OPTION_FLAG && !value) {
		if (!*reader->next)
			return err_set(err, ERR_USAGE, "option '--%s' needs a value: %s",
				       option->name, option->argument);
		value = *reader->next++;
	}
	return store_value(reader->options, option, value, err);
}

static const struct option *find_long(const char *name, size_t length)
{
	for (const struct option *option = option_table; option->name; option++) {
		if (strlen(option->name) == length && !memcmp(option->name, name, length))
			return option;
	}
	return NULL;
}

static const struct option *find_short(char letter)
{
	for (const struct option *option = option_table; option->name; option++) {
		if (option->letter == letter)
			return option;
	}
	return NULL;
}

static int unknown_option(const char *name, struct err *err)
{
	AUTO_STRV struct strv known = {0};
	const char *nearest;

	for (const struct option *option = option_table; option->name; option++)
		strv_add_fmt(&known, "--%s", option->name);
	nearest = suggest_nearest(name, &known);
	if (!nearest)
		return err_set(err, ERR_USAGE, "unknown option '%s'", short_text(name).text);
	return err_set(err, ERR_USAGE, "unknown option '%s' (did you mean '%s'?)",
		       short_text(name).text, nearest);
}

/* "--name", "--name=value" */
static int read_long(struct reader *reader, const char *argument, struct err *err)
{
	size_t length = strcspn(argument + 2, "=");
	const char *value = argument[2 + length] ? argument + 3 + length : NULL;
	const struct option *option = find_long(argument + 2, length);
	AUTO_FREE char *name = NULL;

	if (option)
		return read_value(reader, option, value, err);
	name = mem_strndup(argument, 2 + length);
	return unknown_option(name, err);
}

/* "-qv", "-pVALUE", "-p VALUE" */
static int read_short(struct reader *reader, const char *argument, struct err *err)
{
	for (const char *letter = argument + 1; *letter; letter++) {
		const struct option *option = find_short(*letter);

		if (!option)
			return unknown_option(argument, err);
		if (option->kind != OPTION_FLAG)
			return read_value(reader, option, letter[1] ? letter + 1 : NULL, err);
		if (read_value(reader, option, NULL, err) < 0)
			return -1;
	}
	return 0;
}

int options_parse(struct options *options, char **arguments, struct err *err)
{
	struct reader reader = {options, arguments};
	bool ended = false;

	options->before_dashes = SIZE_MAX;
	while (*reader.next) {
		const char *argument = *reader.next++;
		int result = 0;

		if (ended || argument[0] != '-' || !argument[1]) {
			strv_add(&options->words, argument);
		} else if (!strcmp(argument, "--")) {
			ended = true;
			options->before_dashes = options->words.len;
		} else {
			result = argument[1] == '-' ? read_long(&reader, argument, err)
						    : read_short(&reader, argument, err);
		}
		if (result < 0)
			return -1;
	}
	if (!ended)
		options->before_dashes = options->words.len;
	return 0;
}

/* Says which commands take the option. */
static int refuse(const struct option *option, enum command_id command, struct err *err)
{
	AUTO_BUF struct buf takers = BUF_INIT;
	const char *name = subcommand_table[command].name;

	for (size_t i = 1; i < COMMAND_COUNT; i++) {
		if (option->commands >> i & 1 && !subcommand_table[i].later)
			buf_add_fmt(&takers, "%s%s", takers.len ? ", " : "",
				    subcommand_table[i].name);
	}
	return err_set(err, ERR_USAGE, "option '--%s' is not for '%s'%s%s%s", option->name,
		       *name ? name : "contractor", takers.len ? "; it is for: " : "", takers.data,
		       takers.len ? "" : ", but for the debugger");
}

int options_check(const struct options *options, enum command_id command, struct err *err)
{
	for (const struct option *option = option_table; option->name; option++) {
		if (!(options->given >> (option - option_table) & 1))
			continue;
		if (!(option->commands >> command & 1))
			return refuse(option, command, err);
		if (option->later >> command & 1)
			return err_set(err, ERR_USAGE, "option '--%s' is not built yet",
				       option->name);
	}
	if (strv_contains(&options->allow, "mounts"))
		return err_set(err, ERR_USAGE, "'--allow mounts' is not built yet");
	return 0;
}

static void add_carried(struct buf *out, const struct option *option, const char *value)
{
	buf_add_fmt(out, " --%s ", option->name);
	add_quoted(out, value);
}

void options_add_carried(const struct options *options, enum command_id command, struct buf *out)
{
	for (const struct option *option = option_table; option->name; option++) {
		const void *field = (const char *)options + option->offset;

		if (!option->carried || !(option->commands >> command & 1) ||
		    !(options->given >> (option - option_table) & 1))
			continue;
		if (option->kind == OPTION_TEXT)
			add_carried(out, option, *(const char *const *)field);
		for (size_t i = 0;
		     option->kind == OPTION_LIST && i < ((const struct strv *)field)->len; i++)
			add_carried(out, option, ((const struct strv *)field)->items[i]);
	}
}
