/* A program of the host on a terminal in a pane. */
#include "ui/host_program.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/child.h"

struct host_program {
	struct loop *loop;
	struct loop_child *child; /* NULL when it has ended */
	struct terminal *terminal;
	struct host_program_callbacks callbacks;
	struct loop_timer *closing; /* until it no longer matters who else has the terminal */
	int status;
};

/* How long what the program printed last may take to come, when it has left others the terminal. */
enum { CLOSING_MS = 200 };

static void on_output(void *data, const char *bytes, size_t length)
{
	struct host_program *program = data;

	program->callbacks.output(program->callbacks.data, bytes, length);
}

/* What the program does with the terminal's modes is its own affair. */
static void on_mode(void *data, bool onlcr)
{
	(void)data;
	(void)onlcr;
}

/* Tells it, once. */
static void end(void *data)
{
	struct host_program *program = data;

	program->closing = NULL;
	program->callbacks.ended(program->callbacks.data, program->status);
}

/* It is over when the program has ended and all that it printed was read; but not when a process that it
 * has left behind, as one that holds the clipboard, gives the terminal up. */
static void on_closed(void *data)
{
	struct host_program *program = data;

	if (!program->closing)
		return;
	loop_timer_remove(&program->closing);
	end(program);
}

static void on_ended(void *data, int status, const struct rusage *usage)
{
	struct host_program *program = data;

	(void)usage;
	program->child = NULL;
	program->status = status;
	program->closing = loop_timer(program->loop, CLOSING_MS, end, program);
	terminal_finish(program->terminal);
}

/* In the child: becomes the program, in a session of its own with the pty as its terminal. */
static void exec_program(int slave, const char *command, const char *file)
{
	AUTO_FREE char *script = mem_printf("exec %s \"$@\"", command);
	/* Or an editor takes it for an option. */
	AUTO_FREE char *path = mem_printf("%s%s", *file == '-' ? "./" : "", file);

	child_reset_signals();
	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(slave, fd);
	close_range(3, ~0U, 0);
	setenv("TERM", "xterm-256color", 1);
	unsetenv("COLORTERM");
	unsetenv("LINES");
	unsetenv("COLUMNS");
	execl("/bin/sh", "sh", "-c", script, "sh", path, (char *)NULL);
	_exit(127);
}

static int open_pty(int columns, int rows, int *ret_master, int *ret_slave, struct err *err)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	if (openpty(ret_master, ret_slave, NULL, NULL, &size) < 0)
		return err_sys(err, "cannot open a terminal for the editor");
	fcntl(*ret_master, F_SETFD, FD_CLOEXEC);
	fcntl(*ret_slave, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* There is no process, or no descriptor to hear of its end by. */
static int give_up(struct host_program *program, pid_t pid, struct err *err)
{
	err_sys(err, "cannot start the editor");
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	free(program);
	return -1;
}

int host_program_start(struct loop *loop, const char *command, const char *file, int columns,
		       int rows, const struct host_program_callbacks *callbacks,
		       struct host_program **ret_program, struct err *err)
{
	struct host_program *program;
	struct terminal_callbacks terminal = {
		.output = on_output, .mode = on_mode, .closed = on_closed};
	AUTO_CLOSE int master = -1, slave = -1;
	pid_t pid;

	if (open_pty(columns, rows, &master, &slave, err) < 0)
		return -1;
	program = mem_new(sizeof *program);
	pid = fork();
	if (pid == 0)
		exec_program(slave, command, file);
	if (pid > 0)
		program->child = loop_child(loop, pid, on_ended, program);
	if (!program->child)
		return give_up(program, pid, err);
	program->loop = loop;
	program->callbacks = *callbacks;
	terminal.data = program;
	program->terminal = terminal_new(loop, take_fd(&master), false, &terminal);
	*ret_program = program;
	return 0;
}

void host_program_free(struct host_program *program)
{
	if (!program)
		return;
	if (program->child) {
		loop_child_kill(program->child, SIGHUP);
		loop_child_forget(&program->child);
	}
	loop_timer_remove(&program->closing);
	terminal_free(program->terminal);
	free(program);
}

bool host_program_write(struct host_program *program, const void *bytes, size_t length)
{
	return terminal_write(program->terminal, bytes, length);
}

void host_program_resize(struct host_program *program, int columns, int rows)
{
	terminal_resize(program->terminal, columns, rows);
}
