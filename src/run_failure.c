#include "src/run_failure.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/recording.h"
#include "ui/words.h"

enum { TAIL_LINES = 20, TAIL_MAX = 1 << 16 };

void failure_note(struct failure *failure, size_t step, const struct attempt *attempt)
{
	failure->step = step;
	failure->result = result_of_attempt(attempt);
	memcpy(failure->id, attempt->id, sizeof failure->id);
	buf_clear(&failure->reason);
	add_reason(&failure->reason, attempt);
}

void failure_release(struct failure *failure)
{
	buf_release(&failure->reason);
}

/* Reads the last lines of a log; of very long ones the end. */
static int read_tail(int fd, struct buf *ret_tail)
{
	struct err err;
	uint64_t offset;
	off_t size = lseek(fd, 0, SEEK_END);

	if (size <= 0 || recording_tail_offset(fd, TAIL_LINES, &offset, &err) < 0)
		return -1;
	if ((uint64_t)size - offset > TAIL_MAX)
		offset = (uint64_t)size - TAIL_MAX;
	if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
		return -1;
	return buf_read_fd(ret_tail, fd, TAIL_MAX, "the log", &err);
}

/* Prints one line, indented: what would be seen of it behind its last carriage return. */
static void print_line(struct console *console, const char *line, size_t length)
{
	const char *last;

	while (length && line[length - 1] == '\r')
		length--;
	last = memrchr(line, '\r', length);
	if (last) {
		length -= (size_t)(last + 1 - line);
		line = last + 1;
	}
	console_print(console, "    ");
	console_add(console, line, length);
	console_print(console, "\n");
}

static void print_tail(struct console *console, const struct buf *tail)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct plain_filter filter;

	plain_filter_init(&filter, FILTER_TEXT, console->color,
			  console->terminal && !console->utf8);
	plain_filter_feed(&filter, tail->data, tail->len, &text);
	for (size_t at = 0; at < text.len;) {
		const char *end = memchr(text.data + at, '\n', text.len - at);
		size_t length = end ? (size_t)(end - text.data) - at : text.len - at;

		print_line(console, text.data + at, length);
		at += length + 1;
	}
	if (filter.colored)
		console_color(console, NULL);
}

/* Prints the last lines of the step's log; false when there are none. On a terminal they are left
 * out when they stand right above. */
static bool print_log(const struct failure *failure, const struct build *build)
{
	const struct program *program = build->program;
	const struct options *options = &program->options;
	bool seen = program->out.live && program->err.live && !options->quiet && !options->json &&
		    !failure->unseen;
	struct console *console = &build->program->err;
	AUTO_CLOSE int fd = store_open_log(host_store(build->host), failure->id);
	AUTO_BUF struct buf tail = BUF_INIT;

	if (fd < 0 || read_tail(fd, &tail) < 0) {
		console_print(console, "  it printed nothing\n");
		return false;
	}
	if (!seen) {
		console_print(console, "  its last lines:\n");
		print_tail(console, &tail);
	}
	return true;
}

/* What the command is good for, and below it the command, in a line that can be copied; with the
 * step that failed unless step is 0. */
static void print_command(const struct build *build, enum command_id command, const char *words,
			  size_t step, const char *purpose)
{
	AUTO_BUF struct buf text = BUF_INIT;

	build_add_command(build, command, words, &text);
	if (step)
		buf_add_fmt(&text, " %zu", step);
	console_print(&build->program->err, "  %s:\n    %s\n", purpose, text.data);
}

void failure_report(const struct failure *failure, const struct build *build)
{
	const struct step *step = &build->spec->steps[failure->step - 1];
	struct console *console = &build->program->err;
	AUTO_BUF struct buf title = BUF_INIT, path = BUF_INIT;

	step_add_title(step, &title);
	buf_add_shown(&path, build->spec->path, strlen(build->spec->path));
	console_flush(&build->program->out);
	console_color(console, look_of(failure->result)->color);
	console_print(console, "contractor: %s %s", title.data, step_result_name(failure->result));
	console_color(console, NULL);
	console_print(console, ": %s\n  %s:%zu:%zu\n", failure->reason.data, path.data,
		      step->position.line, step->position.column);
	if (print_log(failure, build))
		print_command(build, COMMAND_LOG, "log", failure->step, "all that it printed");
	print_command(build, COMMAND_SHELL, "shell --failed", failure->step,
		      "a shell in the tree as it failed");
	print_command(build, COMMAND_DEBUG, NULL, 0, "the debugger, standing at it");
	console_flush(console);
}
