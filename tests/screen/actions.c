/* The statements that do something: set up, run, press, resize, kill. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "tests/screen/screentest.h"

enum { STORM_COLUMNS = 300, STORM_ROWS = 100, OUTPUT_MAX = 1 << 20 };

/* --- before it runs */

static int do_size(struct test *test, const char *rest, const char *body, struct err *err)
{
	(void)body;
	return script_size(rest, &test->columns, &test->rows, err);
}

static int do_env(struct test *test, const char *rest, const char *body, struct err *err)
{
	AUTO_FREE char *name = mem_strdup(rest);
	char *equals = strchr(name, '=');

	(void)test;
	(void)body;
	(void)err;
	if (!equals) {
		unsetenv(name);
		return 0;
	}
	*equals = '\0';
	setenv(name, equals + 1, 1);
	return 0;
}

static int write_file(struct test *test, const char *name, const char *text, mode_t mode,
		      struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/work/%s", test->directory, name);
	AUTO_FREE char *parent = path_dirname(path);
	AUTO_CLOSE int fd = -1;

	if (path_make_dirs(parent, 0755, err) < 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		return err_sys(err, "cannot write '%s'", path);
	return 0;
}

static int do_file(struct test *test, const char *rest, const char *body, struct err *err)
{
	return write_file(test, rest, body, 0644, err);
}

static int do_program(struct test *test, const char *rest, const char *body, struct err *err)
{
	return write_file(test, rest, body, 0755, err);
}

static int shell_or_fail(struct test *test, const char *line, struct err *err)
{
	AUTO_BUF struct buf output = BUF_INIT;
	int status;

	if (test_shell(test, line, &status, &output, err) < 0)
		return -1;
	if (status != 0)
		return err_set(err, ERR_STEP, "it ended with status %d, and said: %s", status,
			       output.data);
	return 0;
}

/* The specification, and the archive that its `path: systree.tar` means. */
static int do_spec(struct test *test, const char *rest, const char *body, struct err *err)
{
	AUTO_FREE char *line =
		mem_printf("[ -e systree.tar ] || "
			   "if [ -n \"$SYSTREE\" ]; then cp \"$SYSTREE\" systree.tar; "
			   "else '%s/examples/hello/make-systree.sh' .; fi",
			   test->root);

	if (write_file(test, *rest ? rest : "test.yaml", body, 0644, err) < 0)
		return -1;
	return shell_or_fail(test, line, err);
}

/* --- beside the screen */

struct beside {
	bool ended;
	int status;
};

static void on_ended(void *data, int status, const struct rusage *usage)
{
	struct beside *beside = data;

	(void)usage;
	beside->ended = true;
	beside->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static pid_t start_shell(const struct test *test, const char *line, const char *output)
{
	AUTO_FREE char *directory = path_join(test->directory, "work");
	pid_t pid = fork();
	sigset_t none;

	if (pid != 0)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fd_close(&(int){STDIN_FILENO});
	if (open("/dev/null", O_RDONLY) != STDIN_FILENO || chdir(directory) < 0 ||
	    dup2(open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), STDOUT_FILENO) < 0 ||
	    dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		_exit(126);
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

int test_shell(struct test *test, const char *line, int *ret_status, struct buf *ret_output,
	       struct err *err)
{
	AUTO_FREE char *output = path_join(test->directory, "beside");
	int64_t until = loop_now_ms() + test->timeout_ms;
	struct beside beside = {0};
	pid_t pid = start_shell(test, line, output);
	struct loop_child *child = loop_child(test->loop, pid, on_ended, &beside);
	AUTO_CLOSE int fd = -1;

	while (child && !beside.ended && loop_now_ms() < until)
		loop_turn(test->loop, (int)(until - loop_now_ms()));
	if (!beside.ended) {
		kill(pid, SIGKILL);
		loop_child_forget(&child);
		return err_set(err, ERR_STEP, "it did not end in time");
	}
	fd = open(output, O_RDONLY | O_CLOEXEC);
	*ret_status = beside.status;
	return fd < 0 ? 0 : buf_read_fd(ret_output, fd, OUTPUT_MAX, output, err);
}

static int do_sh(struct test *test, const char *rest, const char *body, struct err *err)
{
	return shell_or_fail(test, body ? body : rest, err);
}

/* Again and again until it succeeds. */
static int do_until(struct test *test, const char *rest, const char *body, struct err *err)
{
	int64_t until = loop_now_ms() + test->timeout_ms;

	while (shell_or_fail(test, body ? body : rest, err) < 0) {
		if (loop_now_ms() > until)
			return -1;
		loop_turn(test->loop, 20);
	}
	return 0;
}

/* --- the program */

static int do_run(struct test *test, const char *rest, const char *body, struct err *err)
{
	AUTO_FREE char *directory = path_join(test->directory, "work");
	AUTO_FREE char *line = mem_printf("exec %s", *rest ? rest : "contractor test.yaml");

	(void)body;
	display_free(take_ptr(&test->display));
	if (display_new(test->loop, test->columns, test->rows, &test->display, err) < 0)
		return -1;
	return display_start(test->display, line, directory, err);
}

/* The other of two screens, which goes on meanwhile. */
static int do_switch(struct test *test, const char *rest, const char *body, struct err *err)
{
	struct display *other = test->other;

	(void)rest;
	(void)body;
	(void)err;
	test->other = test->display;
	test->display = other;
	return 0;
}

/* --- the keyboard and the mouse */

static int do_press(struct test *test, const char *rest, const char *body, struct err *err)
{
	AUTO_BUF struct buf bytes = BUF_INIT;

	(void)body;
	while (*rest) {
		AUTO_FREE char *name = script_next_word(&rest);
		struct key key;

		if (key_parse(name, &key, err) < 0)
			return -1;
		buf_clear(&bytes);
		term_key(test->display->term, &key, &bytes);
		display_send(test->display, &bytes);
	}
	return 0;
}

static int do_type(struct test *test, const char *rest, const char *body, struct err *err)
{
	AUTO_FREE char *text = script_text(rest);
	AUTO_BUF struct buf bytes = BUF_INIT;

	(void)err;
	buf_add_str(&bytes, body ? body : text);
	display_send(test->display, &bytes);
	return 0;
}

/* A command at the ':' line. */
static int do_command(struct test *test, const char *rest, const char *body, struct err *err)
{
	AUTO_BUF struct buf bytes = BUF_INIT;

	(void)body;
	(void)err;
	buf_add_fmt(&bytes, ":%s\r", rest);
	display_send(test->display, &bytes);
	return 0;
}

static int do_paste(struct test *test, const char *rest, const char *body, struct err *err)
{
	const char *text = body ? body : rest;
	AUTO_BUF struct buf bytes = BUF_INIT;

	(void)err;
	term_paste(test->display->term, text, strlen(text), &bytes);
	display_send(test->display, &bytes);
	return 0;
}

/* A mouse event at "ROW COLUMN". */
static int send_mouse(struct test *test, const char *rest, struct key_mouse mouse, struct err *err)
{
	AUTO_BUF struct buf bytes = BUF_INIT;
	int row, column;

	if (script_next_number(&rest, &row, err) < 0 || script_next_number(&rest, &column, err) < 0)
		return -1;
	mouse.row = row - 1;
	mouse.column = column - 1;
	if (!term_mouse(test->display->term, &mouse, 0, &bytes))
		return err_set(err, ERR_STEP, "the program did not ask for the mouse");
	display_send(test->display, &bytes);
	return 0;
}

static int do_click(struct test *test, const char *rest, const char *body, struct err *err)
{
	(void)body;
	if (send_mouse(test, rest, (struct key_mouse){.button = 1, .pressed = true}, err) < 0)
		return -1;
	return send_mouse(test, rest, (struct key_mouse){.button = 1}, err);
}

static int do_wheel(struct test *test, const char *rest, const char *body, struct err *err)
{
	AUTO_FREE char *direction = script_next_word(&rest);
	bool up = direction && !strcmp(direction, "up");

	(void)body;
	if (!up && (!direction || strcmp(direction, "down") != 0))
		return err_set(err, ERR_USAGE, "expected up or down");
	return send_mouse(test, rest, (struct key_mouse){.button = up ? 4 : 5, .pressed = true},
			  err);
}

/* --- the terminal's size, signals, its end */

static int do_resize(struct test *test, const char *rest, const char *body, struct err *err)
{
	int columns, rows;

	(void)body;
	if (script_size(rest, &columns, &rows, err) < 0)
		return -1;
	display_resize(test->display, columns, rows);
	return 0;
}

/* So many sizes, one upon the other, always the same ones. */
static int do_storm(struct test *test, const char *rest, const char *body, struct err *err)
{
	unsigned state = 1;
	int count;

	(void)body;
	if (script_next_number(&rest, &count, err) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		int columns = rand_r(&state) % STORM_COLUMNS + 1;

		display_resize(test->display, columns, rand_r(&state) % STORM_ROWS + 1);
		loop_turn(test->loop, i % 3);
	}
	return 0;
}

static int do_signal(struct test *test, const char *rest, const char *body, struct err *err)
{
	(void)body;
	for (int number = 1; number < NSIG; number++) {
		const char *name = sigabbrev_np(number);

		if (!name || strcmp(name, rest) != 0)
			continue;
		if (kill(test->display->pid, number) < 0)
			return err_sys(err, "cannot send it");
		return 0;
	}
	return err_set(err, ERR_USAGE, "unknown signal '%s'", rest);
}

static int do_hang_up(struct test *test, const char *rest, const char *body, struct err *err)
{
	(void)rest;
	(void)body;
	(void)err;
	display_hang_up(test->display);
	return 0;
}

const struct statement_type actions[] = {
	{"size", do_size, BODY_NONE, false},	  {"env", do_env, BODY_NONE, false},
	{"file", do_file, BODY_MUST, false},	  {"program", do_program, BODY_MUST, false},
	{"spec", do_spec, BODY_MUST, false},	  {"sh", do_sh, BODY_MAY, false},
	{"until", do_until, BODY_MAY, false},	  {"switch", do_switch, BODY_NONE, false},
	{"run", do_run, BODY_NONE, false},	  {"press", do_press, BODY_NONE, true},
	{"type", do_type, BODY_MAY, true},	  {"command", do_command, BODY_NONE, true},
	{"paste", do_paste, BODY_MAY, true},	  {"click", do_click, BODY_NONE, true},
	{"wheel", do_wheel, BODY_NONE, true},	  {"resize", do_resize, BODY_NONE, true},
	{"storm", do_storm, BODY_NONE, true},	  {"signal", do_signal, BODY_NONE, true},
	{"hang-up", do_hang_up, BODY_NONE, true}, {NULL, NULL, BODY_NONE, false},
};
