/* subcommands.h: what `contractor` can be told to do, as one table.
 *
 * Help, the check of arguments and the messages are made from its rows.
 */
#ifndef SRC_SUBCOMMANDS_H
#define SRC_SUBCOMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "src/console.h"
#include "src/options.h"

struct program;

struct subcommand {
	const char *name;      /* one word, or two ("store df") */
	const char *arguments; /* "SPEC [STEP]"; "..." repeats, "[-- COMMAND]" comes after "--" */
	const char *help;      /* one line */
	bool later;	       /* known, but not built yet */
	int (*run)(struct program *program); /* returns the exit status */
};

/* COMMAND_COUNT rows, in the order of enum command_id. The first is `contractor` alone. */
extern const struct subcommand subcommand_table[];

/* The command that the words begin with. COMMAND_NONE without words; COMMAND_DEBUG for what looks
 * like a file. Returns -1 for an unknown or incomplete one. *ret_used: words of its name. */
int subcommand_find(const struct strv *words, enum command_id *ret_command, size_t *ret_used,
		    struct err *err);

/* The first word, if it is that of commands with two ("store"); else "". */
const char *subcommand_group(const struct strv *words);

/* Fails when count arguments are too few or too many; names what is missing. */
int subcommand_check_arguments(const struct subcommand *command, const struct strv *arguments,
			       size_t count, struct err *err);

/* How it is written: "contractor run [OPTION...] SPEC". */
void subcommand_add_usage(const struct subcommand *command, struct buf *out);

/* The help for a command, or for all commands with this first word ("store"), or, without a
 * word, the overview, in lines of so many columns. Returns -1 when there is no such command. */
int help_add(const struct strv *words, size_t width, struct buf *out, struct err *err);
/* How many columns help takes on this console. */
size_t help_width(const struct console *console);

/* Each command's function: prints to program->out, and returns the exit status. */
int debug_command(struct program *program);
int run_command(struct program *program);
int check_command(struct program *program);
int list_command(struct program *program);
int shell_command(struct program *program);
int log_command(struct program *program);
int artifact_list_command(struct program *program);
int artifact_get_command(struct program *program);
int artifact_put_command(struct program *program);
int artifact_remove_command(struct program *program);
int store_df_command(struct program *program);
int store_list_command(struct program *program);
int store_verify_command(struct program *program);
int store_prune_command(struct program *program);
int store_remove_command(struct program *program);
int doctor_command(struct program *program);
int config_command(struct program *program);
int version_command(struct program *program);
int help_command(struct program *program);

#endif
