/* The debugger's `edit`: the step's text in the person's editor. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/child.h"
#include "engine/spec/spec_edit.h"
#include "src/debug.h"

enum { TEXT_MAX = 16 << 20 };

static const char *editor_name(void)
{
	const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");

	if (visual && *visual)
		return visual;
	return editor && *editor ? editor : "vi";
}

/* Writes the text to a new file of its own. Free *ret_path with free(). */
static int make_file(const struct buf *text, char **ret_path, struct err *err)
{
	const char *dir = getenv("TMPDIR");
	AUTO_FREE char *path = path_join(dir && *dir ? dir : "/tmp", "contractor-XXXXXX.yaml");
	AUTO_CLOSE int fd = mkostemps(path, (int)strlen(".yaml"), O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot make a file for the editor");
	if (fd_write_all(fd, text->data, text->len) < 0) {
		err_sys(err, "cannot write '%s'", path);
		unlink(path);
		return -1;
	}
	*ret_path = take_ptr(&path);
	return 0;
}

static void remove_file(struct debug *debug)
{
	if (debug->editing.path)
		unlink(debug->editing.path);
	free(take_ptr(&debug->editing.path));
}

/* Prints what is wrong with the new text, as `check` does. */
static void print_diagnostics(struct debug *debug, const struct buf *text,
			      const struct diagnostics *diagnostics)
{
	const struct spec *spec = session_spec(debug->build.session);
	AUTO_BUF struct buf file = BUF_INIT, shown = BUF_INIT;
	struct err ignored;

	if (!diagnostics->len || spec_edit_replace(spec, &spec->steps[debug->editing.step - 1],
						   text->data, text->len, &file, &ignored) < 0)
		return;
	diagnostics_format(diagnostics, spec->path, &file, &shown);
	console_add(&debug->program->err, shown.data, shown.len);
}

/* Gives the text to the session; what it refuses is kept for the next `edit`. */
static void take_text(struct debug *debug, const struct buf *text)
{
	struct diagnostics diagnostics = {0};
	size_t step = debug->editing.step;
	struct err err;

	buf_clear(&debug->editing.refused);
	if (session_replace_step(debug->build.session, step, text->data, text->len, &diagnostics,
				 &err) == 0) {
		debug_say(debug, "step %zu is edited; `write` puts it into the file", step);
	} else {
		buf_add(&debug->editing.refused, text->data, text->len);
		print_diagnostics(debug, text, &diagnostics);
		debug_say(debug, "%s; `edit %zu` goes on with it", err.text, step);
		debug->mistaken |= debug->n_scripts > 0;
	}
	diagnostics_release(&diagnostics);
}

/* Reads the file again, unless it is as it was. */
static void read_file(struct debug *debug)
{
	const struct spec *spec = session_spec(debug->build.session);
	AUTO_BUF struct buf text = BUF_INIT, before = BUF_INIT;
	AUTO_CLOSE int fd = open(debug->editing.path, O_RDONLY | O_CLOEXEC);
	struct err err;

	if (fd < 0) {
		debug_say(debug, "cannot read '%s': %s", debug->editing.path, strerror(errno));
		return;
	}
	if (buf_read_fd(&text, fd, TEXT_MAX, debug->editing.path, &err) < 0) {
		debug_say(debug, "%s", err.text);
		return;
	}
	spec_edit_text(spec, &spec->steps[debug->editing.step - 1], &before);
	if (text.len == before.len && !memcmp(text.data, before.data, text.len))
		debug_say(debug, "step %zu is as it was", debug->editing.step);
	else
		take_text(debug, &text);
}

static void on_ended(void *data, int status, const struct rusage *usage)
{
	struct debug *debug = data;

	(void)usage;
	debug->editing.child = NULL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		read_file(debug);
	} else {
		debug_say(debug, "the editor failed: step %zu is as it was", debug->editing.step);
		debug->mistaken |= debug->n_scripts > 0;
	}
	remove_file(debug);
	debug_wake(debug);
}

/* In the child: becomes the editor, on the person's terminal. Commands that are piped in are not
 * its input. */
static void exec_editor(const struct debug *debug)
{
	AUTO_FREE char *script = mem_printf("exec %s \"$@\"", editor_name());

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
		debug->editing.child = loop_child(debug->build.loop, pid, on_ended, debug);
	if (debug->editing.child)
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
	const struct spec *spec = session_spec(debug->build.session);
	AUTO_BUF struct buf text = BUF_INIT;
	bool again = debug->editing.refused.len && debug->editing.step == step;

	if (again)
		buf_add(&text, debug->editing.refused.data, debug->editing.refused.len);
	else
		spec_edit_text(spec, &spec->steps[step - 1], &text);
	debug->editing.step = step;
	buf_clear(&debug->editing.refused);
	if (make_file(&text, &debug->editing.path, err) < 0)
		return -1;
	if (start_editor(debug, err) == 0)
		return 0;
	remove_file(debug);
	return -1;
}

void debug_release_editing(struct debug *debug)
{
	if (debug->editing.child) {
		loop_child_kill(debug->editing.child, SIGTERM);
		loop_child_forget(&debug->editing.child);
	}
	remove_file(debug);
	buf_release(&debug->editing.refused);
}
