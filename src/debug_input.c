/* Where the debugger's commands come from: files, the prompt, standard input. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "src/debug.h"

enum { SCRIPT_MAX = 1 << 20, TYPED_MAX = 1 << 20 };

/* --- files */

int debug_add_script(struct debug *debug, const char *path, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct debug_script *script = &debug->scripts[debug->n_scripts];
	AUTO_FREE char *shown = buf_shown(path);
	AUTO_BUF struct buf text = BUF_INIT;

	if (debug->n_scripts == DEBUG_SCRIPTS_MAX)
		return err_set(err, ERR_USAGE, "'%s': files of commands are nested too deep",
			       shown);
	if (fd < 0)
		return err_set(err, ERR_USAGE, "cannot read '%s': %s", shown, strerror(errno));
	if (buf_read_fd(&text, fd, SCRIPT_MAX, shown, err) < 0)
		return -1;
	*script = (struct debug_script){.path = mem_strdup(path), .text = text};
	buf_init(&text);
	debug->n_scripts++;
	return 0;
}

static void end_script(struct debug *debug)
{
	struct debug_script *script = &debug->scripts[--debug->n_scripts];

	free(script->path);
	buf_release(&script->text);
}

static void end_scripts(struct debug *debug)
{
	while (debug->n_scripts)
		end_script(debug);
}

/* The next line of the innermost file; NULL at its end. Free with free(). */
static char *script_line(struct debug_script *script)
{
	const char *line = script->text.data + script->at;
	size_t length = strcspn(line, "\n");

	if (script->at >= script->text.len)
		return NULL;
	script->at += length + 1;
	script->line++;
	return mem_strndup(line, length);
}

/* A command of a file was wrong: says where, and leaves the files. */
static void stop_scripts(struct debug *debug, size_t depth, const struct err *err)
{
	const struct debug_script *script = &debug->scripts[depth - 1];
	AUTO_FREE char *shown = buf_shown(script->path);

	debug_say(debug, "%s:%zu: %s", shown, script->line, err->text);
	debug->mistaken = true;
}

static void run_script_line(struct debug *debug)
{
	size_t depth = debug->n_scripts;
	AUTO_FREE char *line = script_line(&debug->scripts[depth - 1]);
	struct err err;

	if (!line)
		end_script(debug);
	else if (command_run(debug->build.session, line, &err) < 0)
		stop_scripts(debug, depth, &err);
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
	size_t length = strcspn(debug->typed.data, "\n");
	AUTO_FREE char *line = mem_strndup(debug->typed.data, length);

	if (length < debug->typed.len || (debug->input_ended && length)) {
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
	if (debug->mistaken && debug->n_scripts)
		end_scripts(debug);
	if (debug->mistaken && !debug->prompt)
		run_line(debug, "quit");
	else if (debug->asking)
		ask_for_line(debug);
	else if (debug->n_scripts)
		run_script_line(debug);
	else if (debug->prompt)
		ask_for_line(debug);
	else
		take_input(debug);
}

void debug_release_input(struct debug *debug)
{
	end_scripts(debug);
	loop_watch_remove(&debug->input);
	buf_release(&debug->typed);
	free(debug->last_line);
}
