#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/wrap.h"
#include "src/program.h"

/* Columns that the help of an option, and of a command, begins at; and that a line has at least and
 * at most, whatever the terminal has. */
enum {
	OPTION_COLUMN = 32,
	COMMAND_COLUMN = 36,
	USAGE_COLUMN = 11,
	WIDTH_MIN = 56,
	WIDTH_MAX = 100
};

size_t help_width(const struct console *console)
{
	size_t width = (size_t)console_columns(console);

	return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
}

/* Adds spaces until the line that begins at start reaches the column, or a new line. */
static void fill_to(struct buf *out, size_t start, size_t column)
{
	size_t length = out->len - start;

	if (length + 2 > column)
		buf_add_fmt(out, "\n%*s", (int)column, "");
	else
		buf_add_fmt(out, "%*s", (int)(column - length), "");
}

/* One option: its forms, and what it is for. */
static void add_option(struct buf *out, const struct option *option, size_t width)
{
	bool optional = option->kind == OPTION_OPTIONAL;
	size_t start = out->len;

	if (option->letter)
		buf_add_fmt(out, "  -%c, --%s", option->letter, option->name);
	else
		buf_add_fmt(out, "      --%s", option->name);
	if (option->argument)
		buf_add_fmt(out, "%s%s%s", optional ? "[=" : " ",
			    option->choices ? option->choices : option->argument,
			    optional ? "]" : "");
	fill_to(out, start, OPTION_COLUMN);
	wrap_add(out, option->help, OPTION_COLUMN, width);
}

/* The options that one of these commands (bits) takes. */
static void add_options(struct buf *out, uint64_t commands, size_t width)
{
	buf_add_str(out, "\noptions:\n");
	for (const struct option *option = option_table; option->name; option++) {
		if (option->commands & ~option->later & commands)
			add_option(out, option, width);
	}
}

/* What the command does, from a column on. */
static void add_purpose(struct buf *out, const struct subcommand *row, size_t column, size_t width)
{
	AUTO_FREE char *text = mem_printf("%s%s", row->help, row->later ? " (not built yet)" : "");

	wrap_add(out, text, column, width);
}

static void add_subcommand(struct buf *out, const struct subcommand *row, size_t width)
{
	size_t start = out->len;

	buf_add_fmt(out, "  %s%s%s", row->name, *row->arguments ? " " : "", row->arguments);
	fill_to(out, start, COMMAND_COLUMN);
	add_purpose(out, row, COMMAND_COLUMN, width);
}

static void add_overview(struct buf *out, size_t width)
{
	buf_add_str(out,
		    "usage: contractor COMMAND [OPTION...] [ARGUMENT...]\n\n"
		    "An interactive build debugger: runs the steps of a build specification in\n"
		    "sandboxes, keeps the state after each, and lets you into it.\n\ncommands:\n");
	for (size_t i = 1; i < COMMAND_COUNT; i++)
		add_subcommand(out, &subcommand_table[i], width);
	buf_add_str(out, "\nA STEP is a number or a unique name.\n"
			 "`contractor COMMAND --help` says more, and lists the options.\n"
			 "Results go to standard output, all else to standard error.\n\n"
			 "exit status:\n"
			 "  0                done\n"
			 "  1                a step failed, or a check found faults\n"
			 "  2                wrong usage, or no valid specification\n"
			 "  3                this host cannot run it; see `doctor`\n"
			 "  4                a fault in contractor itself\n"
			 "  125              `shell`: contractor's own failure;\n"
			 "                   else its command's status\n"
			 "  129, 130, 143    hung up, interrupted, terminated\n");
}

/* Whether the command is meant by the words: its name, or the first word of it alone. */
static bool is_meant(const struct subcommand *row, const struct strv *words)
{
	size_t first = strcspn(row->name, " ");

	if (strlen(words->items[0]) != first || memcmp(row->name, words->items[0], first))
		return false;
	return !row->name[first] || words->len < 2 ||
	       !strcmp(row->name + first + 1, words->items[1]);
}

int help_add(const struct strv *words, size_t width, struct buf *out, struct err *err)
{
	uint64_t meant = 0;
	enum command_id unused;
	size_t used;

	if (!words->len) {
		add_overview(out, width);
		return 0;
	}
	for (size_t i = 1; i < COMMAND_COUNT; i++) {
		const struct subcommand *row = &subcommand_table[i];

		if (!is_meant(row, words))
			continue;
		buf_add_str(out, meant ? "       " : "usage: ");
		subcommand_add_usage(row, out);
		buf_add_fmt(out, "\n%*s", USAGE_COLUMN, "");
		add_purpose(out, row, USAGE_COLUMN, width);
		meant |= UINT64_C(1) << i;
	}
	if (meant)
		add_options(out, meant, width);
	else if (subcommand_find(words, &unused, &used, err) < 0)
		return -1;
	else
		add_overview(out, width);
	return 0;
}

int help_command(struct program *program)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err;

	if (help_add(&program->arguments, help_width(&program->out), &text, &err) < 0)
		return program_fail_usage(program, &err);
	console_add(&program->out, text.data, text.len);
	return 0;
}
