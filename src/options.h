/* options.h: the options of the command line, as one table.
 *
 * A row says how an option is written, which commands take it and where its value goes; the
 * parser, the help and the messages are made from the rows.
 *
 * Life cycle: `struct options options = {0};` options_parse(); read the fields;
 * options_release(). Texts belong to the arguments.
 */
#ifndef SRC_OPTIONS_H
#define SRC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/strv.h"

/* Every command, and `contractor` alone; the rows of subcommands.h are in this order. */
enum command_id {
	COMMAND_NONE,
	COMMAND_DEBUG,
	COMMAND_RUN,
	COMMAND_CHECK,
	COMMAND_LIST,
	COMMAND_SHELL,
	COMMAND_LOG,
	COMMAND_ARTIFACT_LIST,
	COMMAND_ARTIFACT_GET,
	COMMAND_ARTIFACT_PUT,
	COMMAND_ARTIFACT_REMOVE,
	COMMAND_STORE_DF,
	COMMAND_STORE_LIST,
	COMMAND_STORE_VERIFY,
	COMMAND_STORE_PRUNE,
	COMMAND_STORE_REMOVE,
	COMMAND_DIFF,
	COMMAND_FILES,
	COMMAND_CAT,
	COMMAND_BLAME,
	COMMAND_BISECT,
	COMMAND_WHY,
	COMMAND_DOCTOR,
	COMMAND_CONFIG,
	COMMAND_VERSION,
	COMMAND_HELP,
	COMMAND_COUNT,
};

enum { OPTIONS_MAX = 64 };

struct options {
	bool help, version, quiet, verbose, json, offline;
	bool before, after, failed;
	bool asciicast, schema, repair, all, dry_run, plain, host_tools, path;
	const char *store, *artifacts, *context, *color, *theme, *store_size;
	const char *from, *until, *no_cache, *refresh, *keep_workspace, *command_file;
	const char *network_stack;
	const char *to, *older_than;
	struct strv parameters, allow, breaks, secrets;
	uint64_t given;	      /* bits: which rows of the table were used */
	struct strv words;    /* all that is not an option */
	size_t before_dashes; /* how many words came before "--"; all when there was none */
};

enum option_kind {
	OPTION_FLAG,	 /* a bool */
	OPTION_TEXT,	 /* a const char *; the last one counts */
	OPTION_OPTIONAL, /* the same, written --option or --option=VALUE; "" without a value */
	OPTION_LIST,	 /* a struct strv */
};

struct option {
	const char *name; /* without "--" */
	char letter;	  /* its short form, or 0 */
	bool carried;	  /* to be repeated in a command for going on with the same build */
	enum option_kind kind;
	size_t offset;	      /* into struct options */
	const char *argument; /* "DIR"; with a "=" in it, values must have one; NULL for flags */
	const char *choices;  /* "a|b": nothing else; or NULL */
	uint64_t commands;    /* bits 1 << enum command_id: who takes it */
	uint64_t later;	      /* those of them for whom it is not built yet */
	const char *help;     /* one sentence */
};

/* Ends with a NULL name. */
extern const struct option option_table[];

/* Sorts the arguments (without the program's name; NULL at the end) into options and words. Which command takes
 * which option is looked at by options_check(), when the command is known. */
int options_parse(struct options *options, char **arguments, struct err *err);
void options_release(struct options *options);

/* Fails when an option was given that this command does not take, or that is not built yet. */
int options_check(const struct options *options, enum command_id command, struct err *err);

/* Adds the options that were given and are to be repeated for this command, each with a blank before
 * it, quoted for a shell. */
void options_add_carried(const struct options *options, enum command_id command, struct buf *out);

#endif
