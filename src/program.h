/* program.h: what main() makes and every command is given. */
#ifndef SRC_PROGRAM_H
#define SRC_PROGRAM_H

#include "engine/actions/host.h"
#include "engine/base/err.h"
#include "engine/base/js.h"
#include "engine/process/loop.h"
#include "src/console.h"
#include "src/options.h"
#include "src/subcommands.h"

/* Besides 0 and those of a failure (status_of()). */
enum {
	STATUS_STEP_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_SHELL_FAILED = 125, /* of `contractor shell`: contractor's own failure */
	STATUS_SIGNAL = 128,	   /* and the signal's number */
};

struct program {
	const char *name; /* how it was called, for lines that a person may copy */
	struct options options;
	const struct subcommand *command;
	struct strv arguments; /* of the command, without those behind "--" */
	struct strv rest;      /* those behind "--"; only where the command takes them apart */
	struct console out, err;
	void (*failed)(void *data, const struct err *err); /* is told what fails; or NULL */
	void *failed_data;
};

/* Runs the program; returns its exit status. */
int program_main(int argc, char **argv);

/* The exit status for this kind of failure. */
int status_of(enum err_code code);

/* Prints "contractor: TEXT" to standard error, and returns the status. */
int program_fail(struct program *program, const struct err *err);
/* The same for wrong usage, with the command's name, and where there is help. */
int program_fail_usage(struct program *program, const struct err *err);
/* Prints a line to standard error. */
void program_warn(struct program *program, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints a JSON document, and gives it up. */
void program_print_json(struct program *program, json_t *document);

/* The argument with this number (from 0), or NULL. */
const char *program_argument(const struct program *program, size_t number);

/* The store's directory that the options name, or the default one. Free with free(). */
char *program_store_path(const struct program *program);

/* The artifact directory that the options name, or the default one. Free with free(). */
char *program_artifact_dir(const struct program *program);

/* The settings that the options say. */
void program_host_settings(const struct program *program, struct host_settings *ret_settings);

#endif
