#include "src/subcommands.h"

#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/suggest.h"

const struct subcommand subcommand_table[] = {
	{"", "COMMAND", "An interactive build debugger.", false, NULL},
	{"debug", "SPEC", "opens the debugger; `contractor SPEC` for short", false, debug_command},
	{"run", "SPEC", "runs all steps, up to the first that fails", false, run_command},
	{"check", "[SPEC...]", "reports what is wrong with specifications, to standard output",
	 false, check_command},
	{"list", "SPEC", "shows the steps and what is known of them", false, list_command},
	{"shell", "SPEC [STEP] [-- COMMAND]", "runs a shell, or a command, in the state of a step",
	 false, shell_command},
	{"log", "SPEC STEP [ATTEMPT]",
	 "shows what a step printed, to the byte; of an older ATTEMPT: see `store list`", false,
	 log_command},
	{"artifact list", "", "shows the artifacts", false, artifact_list_command},
	{"artifact get", "NAME [FILE]",
	 "copies an artifact to FILE (- is standard output), else to a file of its name here",
	 false, artifact_get_command},
	{"artifact put", "NAME FILE", "makes an archive an artifact", false, artifact_put_command},
	{"artifact remove", "NAME", "removes an artifact", false, artifact_remove_command},
	{"store df", "", "shows how much is kept on disk", false, store_df_command},
	{"store list", "", "shows the recorded attempts", false, store_list_command},
	{"store verify", "", "compares the index with the disk", false, store_verify_command},
	{"store prune", "", "removes what was of no use for longest", false, store_prune_command},
	{"store remove", "[ATTEMPT]",
	 "removes an attempt with all that stand on it, or (--all) everything", false,
	 store_remove_command},
	{"diff", "SPEC [STEP]", "shows what a step changed", true, NULL},
	{"files", "SPEC [STEP]", "shows the files in a state", true, NULL},
	{"cat", "SPEC PATH", "shows a file in a state", true, NULL},
	{"blame", "SPEC PATH", "names the step that last wrote a file", true, NULL},
	{"bisect", "SPEC [-- COMMAND]", "finds the first step after which a command fails", true,
	 NULL},
	{"why", "SPEC [STEP]", "says why a step was or was not taken from the cache", true, NULL},
	{"doctor", "", "says what this host can and cannot do, and how to mend it", false,
	 doctor_command},
	{"config", "", "shows the configuration in force, as YAML with comments", false,
	 config_command},
	{"version", "", "prints the version", false, version_command},
	{"help", "[COMMAND...]", "prints this help, or that of a command", false, help_command},
};

/* The first word of a name. */
static size_t first_length(const char *name)
{
	return strcspn(name, " ");
}

static bool begins_with(const struct subcommand *row, const char *word)
{
	size_t length = first_length(row->name);

	return length && strlen(word) == length && !memcmp(row->name, word, length);
}

/* Adds each first word, or each second word after the first word group, once; of what can be used
 * already, since it is for those who look for a command. */
static void add_names(struct strv *names, const char *group)
{
	for (size_t i = 1; i < COMMAND_COUNT; i++) {
		const struct subcommand *row = &subcommand_table[i];
		size_t length = first_length(row->name);
		AUTO_FREE char *first = mem_strndup(row->name, length);

		if (group && begins_with(row, group))
			strv_add(names, row->name + length + 1);
		else if (!group && !row->later && !strv_contains(names, first))
			strv_add(names, first);
	}
}

static int unknown(const char *word, const char *group, struct err *err)
{
	AUTO_STRV struct strv names = {0};
	AUTO_FREE char *suggestion = NULL;

	add_names(&names, group);
	suggestion = suggest_text(word, &names);
	return err_set(err, ERR_USAGE, "unknown command '%s%s%s'%s", group ? group : "",
		       group ? " " : "", short_text(word).text, suggestion);
}

/* The second word is missing. */
static int incomplete(const char *group, struct err *err)
{
	AUTO_STRV struct strv names = {0};
	AUTO_FREE char *list = NULL;

	add_names(&names, group);
	list = strv_join(&names, ", ");
	return err_set(err, ERR_USAGE, "'%s' needs to be told what to do: %s", group, list);
}

int subcommand_find(const struct strv *words, enum command_id *ret_command, size_t *ret_used,
		    struct err *err)
{
	const char *word = words->len ? words->items[0] : NULL;
	bool is_group = false;

	*ret_used = 0;
	*ret_command = COMMAND_NONE;
	for (size_t i = 1; word && i < COMMAND_COUNT; i++) {
		const char *second =
			subcommand_table[i].name + first_length(subcommand_table[i].name);

		if (!begins_with(&subcommand_table[i], word))
			continue;
		is_group = *second;
		if (is_group && (words->len < 2 || strcmp(words->items[1], second + 1)))
			continue;
		*ret_command = (enum command_id)i;
		*ret_used = is_group ? 2 : 1;
		return 0;
	}
	if (is_group)
		return words->len < 2 ? incomplete(word, err) : unknown(words->items[1], word, err);
	if (word && !strpbrk(word, "./"))
		return unknown(word, NULL, err);
	*ret_command = word ? COMMAND_DEBUG : COMMAND_NONE;
	return 0;
}

const char *subcommand_group(const struct strv *words)
{
	for (size_t i = 1; words->len && i < COMMAND_COUNT; i++) {
		const struct subcommand *row = &subcommand_table[i];

		if (begins_with(row, words->items[0]) && row->name[first_length(row->name)])
			return words->items[0];
	}
	return "";
}

/* One word of subcommand.arguments. */
struct argument {
	const char *text;
	size_t length;
	bool optional, repeated, after_dashes;
};

/* Takes the next word of *arguments; false at the end. */
static bool next_argument(const char **arguments, struct argument *ret)
{
	const char *text = *arguments + strspn(*arguments, " ");
	size_t length = strcspn(text, " ");

	if (!*text)
		return false;
	*arguments = text + length;
	ret->optional = *text == '[';
	ret->after_dashes = length == 3 && !memcmp(text, "[--", 3);
	length -= text[length - 1] == ']';
	ret->text = text + ret->optional;
	ret->length = length - ret->optional;
	ret->repeated = length > 3 && !memcmp(text + length - 3, "...", 3);
	return true;
}

int subcommand_check_arguments(const struct subcommand *command, const struct strv *arguments,
			       size_t count, struct err *err)
{
	const char *rest = command->arguments;
	struct argument argument;
	size_t i = 0;

	while (next_argument(&rest, &argument) && !argument.after_dashes) {
		if (argument.repeated && (i < count || argument.optional))
			return 0;
		if (i >= count && !argument.optional)
			return err_set(err, ERR_USAGE, "%.*s is missing", (int)argument.length,
				       argument.text);
		i++;
	}
	if (i < count)
		return err_set(err, ERR_USAGE, "one argument too many: '%s'%s",
			       short_text(arguments->items[i]).text,
			       strstr(command->arguments, "[--")
				       ? " (a command to run comes after --)"
				       : "");
	return 0;
}

void subcommand_add_usage(const struct subcommand *command, struct buf *out)
{
	buf_add_fmt(out, "contractor%s%s [OPTION...]%s%s", *command->name ? " " : "", command->name,
		    *command->arguments ? " " : "", command->arguments);
}
