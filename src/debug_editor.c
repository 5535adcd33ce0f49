/* The debugger's `edit`: the step's text in the person's editor. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "src/debug.h"

/* Takes what the editor has made of the text. */
static void take_text(struct debug *debug)
{
	AUTO_BUF struct buf problems = BUF_INIT;
	size_t step = debug->editing.step;
	enum editing_result result;
	struct err err;

	if (editing_end(&debug->editing, debug->build.session, &result, &problems, &err) < 0) {
		debug_say(debug, "%s", err.text);
	} else if (result == EDITING_UNCHANGED) {
		debug_say(debug, "step %zu is as it was", step);
	} else if (result == EDITING_TAKEN) {
		debug_say(debug, "step %zu is edited; `write` puts it into the file", step);
	} else {
		console_add(&debug->program->err, problems.data, problems.len);
		debug_say(debug, "%s; the text is kept: `edit %zu` goes on with it", err.text,
			  step);
		debug->mistaken |= debug->scripts.len > 0;
	}
}

static void on_ended(void *data, int status, const struct rusage *usage)
{
	struct debug *debug = data;

	(void)usage;
	debug->editor = NULL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		take_text(debug);
	} else {
		debug_say(debug, "the editor failed: step %zu is as it was", debug->editing.step);
		debug->mistaken |= debug->scripts.len > 0;
		editing_drop(&debug->editing);
	}
	debug_wake(debug);
}

/* In the child: becomes the editor, on the person's terminal. Commands that are piped in are not
 * its input. */
static void exec_editor(const struct debug *debug)
{
	AUTO_FREE char *script = mem_printf("exec %s \"$@\"", editing_command());

	child_reset_signals();
	if (!debug->prompt) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		dup2(fd, STDIN_FILENO);
	}
	execl("/bin/sh", "sh", "-c", script, "sh", debug->editing.path, (char *)NULL);
	_exit(127);
}

static int start_editor(struct debug *debug, struct err *err)
{
	pid_t pid;

	console_flush(&debug->program->out);
	console_flush(&debug->program->err);
	pid = fork();
	if (pid == 0)
		exec_editor(debug);
	if (pid > 0)
		debug->editor = loop_child(debug->build.loop, pid, on_ended, debug);
	if (debug->editor)
		return 0;
	err_sys(err, "cannot start the editor");
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return -1;
}

int debug_edit(void *data, size_t step, struct err *err)
{
	struct debug *debug = data;

	if (editing_begin(&debug->editing, debug->build.session, step, err) < 0)
		return -1;
	if (start_editor(debug, err) == 0)
		return 0;
	editing_drop(&debug->editing);
	return -1;
}

void debug_release_editing(struct debug *debug)
{
	if (debug->editor) {
		loop_child_kill(debug->editor, SIGTERM);
		loop_child_forget(&debug->editor);
	}
	editing_release(&debug->editing);
}
