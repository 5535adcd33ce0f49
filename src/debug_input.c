/* Where the debugger's commands come from: files, the prompt, standard input. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "src/debug.h"

enum { TYPED_MAX = 1 << 20 };

/* Runs the next line of the files. A command that is wrong ends them, and it is said where. */
static void run_script_line(struct debug *debug)
{
	AUTO_BUF struct buf place = BUF_INIT;
	AUTO_FREE char *line = scripts_next(&debug->scripts, &place);
	struct err err;

	if (line && command_run(debug->build.session, line, &err) < 0) {
		debug_say(debug, "%s: %s", place.data, err.text);
		debug->mistaken = true;
	}
	debug_wake(debug);
}

/* --- the prompt, and standard input */

static void run_line(struct debug *debug, const char *line)
{
	struct err err;

	if (command_run(debug->build.session, line, &err) < 0)
		debug_say(debug, "%s", err.text);
	debug_wake(debug);
}

/* The answer to the question whether to quit. */
static void take_answer(struct debug *debug, const char *line)
{
	debug->asking = false;
	debug->over = !line || line[0] == 'y' || line[0] == 'Y';
	debug_wake(debug);
}

void debug_take_typed(struct debug *debug, const char *line)
{
	bool is_empty = line && !line[strspn(line, " \t")];

	if (!line)
		debug_say(debug, "quit");
	if (debug->asking) {
		take_answer(debug, line);
		return;
	}
	if (!is_empty) {
		free(debug->last_line);
		debug->last_line = mem_strdup_or_null(line);
	}
	run_line(debug, line && debug->last_line ? debug->last_line : line ? "" : "quit");
}

static void ask_for_line(struct debug *debug)
{
	AUTO_BUF struct buf text = BUF_INIT;

	debug_add_prompt(debug, &text);
	prompt_show(debug->prompt, text.data);
}

static void input_ready(void *data, unsigned events)
{
	struct debug *debug = data;
	char bytes[4096];
	ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);

	(void)events;
	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (length > 0)
		buf_add(&debug->typed, bytes, (size_t)length);
	debug->input_ended = length <= 0 || debug->typed.len > TYPED_MAX;
	loop_watch_remove(&debug->input);
	debug_wake(debug);
}

/* Runs the next whole line of standard input; its end is that of the last one, and then `quit`. */
static void take_input(struct debug *debug)
{
	const char *end = memchr(debug->typed.data, '\n', debug->typed.len);
	size_t length = end ? (size_t)(end - debug->typed.data) : debug->typed.len;
	AUTO_FREE char *line = mem_strndup(debug->typed.data, length);

	if (strlen(line) < length) {
		buf_drop(&debug->typed, length);
		debug_say(debug, "a line with a NUL byte is no command");
		debug->mistaken = true;
		debug_wake(debug);
	} else if (length < debug->typed.len || (debug->input_ended && length)) {
		buf_drop(&debug->typed, length + (length < debug->typed.len));
		run_line(debug, line);
	} else if (debug->input_ended) {
		run_line(debug, "quit");
	} else if (!debug->input) {
		debug->input =
			loop_watch(debug->build.loop, STDIN_FILENO, LOOP_READ, input_ready, debug);
	}
}

void debug_take_line(struct debug *debug)
{
	if (debug->mistaken)
		scripts_clear(&debug->scripts);
	if (debug->mistaken && !debug->prompt)
		run_line(debug, "quit");
	else if (debug->asking)
		ask_for_line(debug);
	else if (debug->scripts.len)
		run_script_line(debug);
	else if (debug->prompt)
		ask_for_line(debug);
	else
		take_input(debug);
}

void debug_release_input(struct debug *debug)
{
	scripts_clear(&debug->scripts);
	loop_watch_remove(&debug->input);
	buf_release(&debug->typed);
	free(take_ptr(&debug->last_line));
}
