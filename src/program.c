#include "src/program.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"

int status_of(enum err_code code)
{
	static const int statuses[] = {
		[ERR_NONE] = 0,
		[ERR_STEP] = STATUS_STEP_FAILED,
		[ERR_USAGE] = STATUS_USAGE,
		[ERR_HOST] = 3,
		[ERR_FAULT] = 4,
		[ERR_NOT_FOUND] = STATUS_USAGE,
		[ERR_UNREAD] = STATUS_STEP_FAILED,
	};

	return statuses[code];
}

void program_warn(struct program *program, const char *fmt, ...)
{
	char text[ERR_TEXT_SIZE + 256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	console_flush(&program->out);
	console_print(&program->err, "contractor: ");
	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");
		AUTO_BUF struct buf shown = BUF_INIT;

		buf_add_shown(&shown, line, length);
		console_print(&program->err, "%s\n", shown.data);
		line += length + (line[length] == '\n');
	}
	console_flush(&program->err);
}

static void tell_failure(struct program *program, const struct err *err)
{
	if (program->failed)
		program->failed(program->failed_data, err);
}

int program_fail(struct program *program, const struct err *err)
{
	tell_failure(program, err);
	program_warn(program, "%s", err->text);
	return program->command && program->command->run == shell_command ? STATUS_SHELL_FAILED
									  : status_of(err->code);
}

int program_fail_usage(struct program *program, const struct err *err)
{
	const char *name = program->command ? program->command->name : "";
	const char *help = *name ? name : subcommand_group(&program->options.words);

	tell_failure(program, err);
	program_warn(program, "%s%s%s\ntry 'contractor%s%s --help'", name, *name ? ": " : "",
		     err->text, *help ? " " : "", help);
	return program->command && program->command->run == shell_command ? STATUS_SHELL_FAILED
									  : STATUS_USAGE;
}

void program_print_json(struct program *program, json_t *document)
{
	AUTO_BUF struct buf text = BUF_INIT;

	js_add_document(&text, document, program->out.terminal);
	json_decref(document);
	console_add(&program->out, text.data, text.len);
}

const char *program_argument(const struct program *program, size_t number)
{
	return number < program->arguments.len ? program->arguments.items[number] : NULL;
}

char *program_store_path(const struct program *program)
{
	return program->options.store ? mem_strdup(program->options.store) : store_default_path();
}

char *program_artifact_dir(const struct program *program)
{
	AUTO_FREE char *store = program_store_path(program);

	return program->options.artifacts ? mem_strdup(program->options.artifacts)
					  : path_join(store, "artifacts");
}

void program_host_settings(const struct program *program, struct host_settings *ret_settings)
{
	const struct options *options = &program->options;

	*ret_settings = (struct host_settings){
		.store_path = options->store,
		.artifact_dir = options->artifacts,
		.context_dir = options->context,
		.allow_network = strv_contains(&options->allow, "network"),
		.offline = options->offline,
	};
}

/* Splits the words behind the command's name into arguments and what came after "--". */
static void take_arguments(struct program *program, size_t used)
{
	const struct options *options = &program->options;
	bool apart = strstr(program->command->arguments, "[--") != NULL;

	for (size_t i = used; i < options->words.len; i++) {
		bool behind = apart && i >= options->before_dashes;

		strv_add(behind ? &program->rest : &program->arguments, options->words.items[i]);
	}
}

/* Prints the help that --help asks for. */
static int print_help(struct program *program)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err;

	if (help_add(&program->options.words, help_width(&program->out), &text, &err) < 0)
		return program_fail_usage(program, &err);
	console_add(&program->out, text.data, text.len);
	return 0;
}

/* Finds the command, checks options and arguments, and runs it. */
static int dispatch(struct program *program)
{
	enum command_id id;
	struct err err;
	size_t used;

	if (program->options.help)
		return print_help(program);
	if (subcommand_find(&program->options.words, &id, &used, &err) < 0)
		return program_fail_usage(program, &err);
	program->command = &subcommand_table[id];
	take_arguments(program, used);
	if (id == COMMAND_NONE && program->options.version)
		return version_command(program);
	if (program->command->later) {
		program_warn(program, "'%s' is not built yet", program->command->name);
		return STATUS_USAGE;
	}
	if (id == COMMAND_NONE)
		err_set(&err, ERR_USAGE, "no command was given");
	if (id == COMMAND_NONE || options_check(&program->options, id, &err) < 0 ||
	    subcommand_check_arguments(program->command, &program->arguments,
				       program->arguments.len, &err) < 0)
		return program_fail_usage(program, &err);
	return program->command->run(program);
}

/* Standard streams that are closed would be taken by the next file opened: occupies them with
 * something that can be neither read nor written. */
static void open_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			abort();
	}
}

/* Writes what waits. Who stops reading ends the program as SIGPIPE would have. A signal that has
 * ended it already says more than that. */
static int finish(struct program *program, int status)
{
	struct err err;

	if (console_finish(&program->out, &err) < 0 && status < STATUS_SIGNAL)
		status = err.code == ERR_NONE ? STATUS_SIGNAL + SIGPIPE
					      : program_fail(program, &err);
	console_flush(&program->err);
	return status;
}

static void release(struct program *program)
{
	options_release(&program->options);
	strv_release(&program->arguments);
	strv_release(&program->rest);
	console_release(&program->out);
	console_release(&program->err);
}

/* Parses the arguments; what is wrong with them is said with the command that they begin with. */
static int parse(struct program *program, char **arguments, struct err *err)
{
	enum command_id id;
	struct err ignored;
	size_t used;

	if (options_parse(&program->options, arguments, err) == 0)
		return 0;
	if (subcommand_find(&program->options.words, &id, &used, &ignored) == 0)
		program->command = &subcommand_table[id];
	return -1;
}

/* A name without a slash was found in the PATH, where that of the program is found, too. */
static const char *name_of(int argc, char **argv)
{
	return argc > 0 && strchr(argv[0], '/') ? argv[0] : "contractor";
}

int program_main(int argc, char **argv)
{
	struct program program = {.name = name_of(argc, argv)};
	const char *color;
	struct err err;
	int status, parsed;

	open_standard_streams();
	setlocale(LC_CTYPE, "");
	/* A write that nobody reads, or beyond the limit of a file's size, fails and says so. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* Inherited as ignored, it would take the status of every child from us. */
	signal(SIGCHLD, SIG_DFL);
	parsed = argc > 0 ? parse(&program, argv + 1, &err) : 0;
	color = program.options.color ? program.options.color : "auto";
	console_init(&program.out, STDOUT_FILENO, color);
	console_init(&program.err, STDERR_FILENO, color);
	status = parsed < 0 ? program_fail_usage(&program, &err) : dispatch(&program);
	status = finish(&program, status);
	release(&program);
	return status;
}
