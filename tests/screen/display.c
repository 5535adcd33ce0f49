/* A program on a pty, and the terminal that shows it. */
#include "tests/screen/display.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"

enum { READ_SIZE = 65536, IDLE_TURNS = 3, BEGUN_MAX = 1 << 20 };

/* --- the pty */

static void set_size(int fd, int columns, int rows)
{
	const struct winsize size = {.ws_row = (unsigned short)rows,
				     .ws_col = (unsigned short)columns};

	ioctl(fd, TIOCSWINSZ, &size);
}

static int open_pty(struct display *display, int columns, int rows, struct err *err)
{
	const char *name;

	display->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (display->master < 0 || grantpt(display->master) < 0 || unlockpt(display->master) < 0)
		return err_sys(err, "cannot open a pty");
	name = ptsname(display->master);
	display->slave = name ? open(name, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
	if (display->slave < 0)
		return err_sys(err, "cannot open the pty's other side");
	set_size(display->slave, columns, rows);
	return 0;
}

/* The modes of the pty as bytes, to be compared. */
static char *read_modes(int fd)
{
	struct termios modes = {0};
	AUTO_BUF struct buf text = BUF_INIT;

	tcgetattr(fd, &modes);
	buf_add_fmt(&text, "%x %x %x %x", modes.c_iflag, modes.c_oflag, modes.c_cflag,
		    modes.c_lflag);
	for (size_t i = 0; i < NCCS; i++)
		buf_add_fmt(&text, " %x", modes.c_cc[i]);
	return buf_detach(&text);
}

/* --- what comes from the program, and what goes there */

static void on_output(void *data, unsigned events)
{
	struct display *display = data;
	char bytes[READ_SIZE];
	ssize_t got = read(display->master, bytes, sizeof bytes);

	(void)events;
	if (got > 0) {
		display->bytes += (uint64_t)got;
		if (display->begun.len < BEGUN_MAX)
			buf_add(&display->begun, bytes, (size_t)got);
		term_feed(display->term, bytes, (size_t)got);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		loop_watch_remove(&display->watch);
	}
}

/* An answer to a query: few bytes, for which there is room. */
static void on_reply(void *user, const char *bytes, size_t length)
{
	const struct display *display = user;

	if (write(display->master, bytes, length) < 0)
		return;
}

void display_send(struct display *display, const struct buf *bytes)
{
	size_t at = 0;

	while (at < bytes->len && !display->ended) {
		ssize_t done = write(display->master, bytes->data + at, bytes->len - at);

		if (done > 0)
			at += (size_t)done;
		else if (errno != EAGAIN && errno != EINTR)
			return;
		else
			loop_turn(display->loop, 10);
	}
}

/* --- the program */

static void on_ended(void *data, int status, const struct rusage *usage)
{
	struct display *display = data;

	(void)usage;
	display->child = NULL;
	display->ended = true;
	display->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void run_child(const struct display *display, const char *line, const char *directory)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (ioctl(display->slave, TIOCSCTTY, 0) < 0 || chdir(directory) < 0)
		_exit(126);
	for (int fd = 0; fd <= 2; fd++)
		dup2(display->slave, fd);
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

int display_start(struct display *display, const char *line, const char *directory, struct err *err)
{
	display->pid = fork();
	if (display->pid < 0)
		return err_sys(err, "cannot start the program");
	if (display->pid == 0)
		run_child(display, line, directory);
	display->started = true;
	display->child = loop_child(display->loop, display->pid, on_ended, display);
	return 0;
}

void display_resize(struct display *display, int columns, int rows)
{
	set_size(display->master, columns, rows);
	term_resize(display->term, columns, rows);
}

void display_hang_up(struct display *display)
{
	loop_watch_remove(&display->watch);
	fd_close(&display->slave);
	fd_close(&display->master);
}

/* --- beginning and end */

int display_new(struct loop *loop, int columns, int rows, struct display **ret_display,
		struct err *err)
{
	struct display *display = mem_new(sizeof *display);
	const struct term_callbacks callbacks = {.reply = on_reply, .user = display};

	*display = (struct display){.loop = loop, .master = -1, .slave = -1};
	buf_init(&display->begun);
	if (open_pty(display, columns, rows, err) < 0) {
		display_free(display);
		return -1;
	}
	display->modes = read_modes(display->master);
	display->term = term_new(columns, rows, &callbacks);
	term_set_answering(display->term, true);
	display->watch = loop_watch(loop, display->master, LOOP_READ, on_output, display);
	*ret_display = display;
	return 0;
}

static bool has_ended(void *data)
{
	const struct display *display = data;

	return display->ended;
}

/* It is asked first, so that what it started is ended too. */
static void end_program(struct display *display)
{
	static const int signals[] = {SIGCONT, SIGTERM, SIGKILL};

	for (size_t i = 0; i < ARRAY_SIZE(signals) && display->child; i++) {
		loop_child_kill(display->child, signals[i]);
		display_wait(display, signals[i] == SIGCONT ? 0 : 5000, has_ended, display);
	}
}

void display_free(struct display *display)
{
	if (!display)
		return;
	end_program(display);
	display_hang_up(display);
	term_free(display->term);
	free(display->modes);
	buf_release(&display->begun);
	free(display);
}

bool display_wait(struct display *display, int timeout_ms, bool (*done)(void *data), void *data)
{
	int64_t until = loop_now_ms() + timeout_ms;
	int idle_turns = 0;

	while (!done(data)) {
		int64_t left = until - loop_now_ms();
		uint64_t bytes = display->bytes;

		if (left <= 0 || (display->ended && idle_turns == IDLE_TURNS))
			return false;
		loop_turn(display->loop, display->ended ? 0 : (int)left);
		idle_turns = display->ended && bytes == display->bytes ? idle_turns + 1 : 0;
	}
	return true;
}

/* --- what is on the screen */

static void add_cells(const struct cell *cells, int count, struct buf *out)
{
	char bytes[4];

	for (int i = 0; i < count; i++) {
		if (!cells[i].n_chars && cells[i].width)
			buf_add_char(out, ' ');
		for (int j = 0; j < cells[i].n_chars; j++)
			buf_add(out, bytes, utf8_encode(cells[i].chars[j], bytes));
	}
	while (out->len && out->data[out->len - 1] == ' ')
		buf_truncate(out, out->len - 1);
}

void display_row(struct display *display, int row, struct buf *ret_text)
{
	struct cell cells[TERM_COLUMNS_MAX];

	buf_clear(ret_text);
	term_row(display->term, row, cells);
	add_cells(cells, term_columns(display->term), ret_text);
}

bool display_find(struct display *display, const char *text, int *ret_row, int *ret_column)
{
	struct cell cells[TERM_COLUMNS_MAX];
	int columns = term_columns(display->term);
	AUTO_BUF struct buf rest = BUF_INIT;

	for (int row = 0; row < term_rows(display->term); row++) {
		display_row(display, row, &rest);
		if (!strstr(rest.data, text))
			continue;
		term_row(display->term, row, cells);
		for (int column = 0; column < columns; column++) {
			buf_clear(&rest);
			add_cells(cells + column, columns - column, &rest);
			if (strncmp(rest.data, text, strlen(text)) != 0)
				continue;
			*ret_row = row;
			*ret_column = column;
			return true;
		}
	}
	return false;
}

void display_print(struct display *display)
{
	AUTO_BUF struct buf text = BUF_INIT;

	printf("# screen %dx%d:\n", term_columns(display->term), term_rows(display->term));
	for (int row = 0; row < term_rows(display->term); row++) {
		display_row(display, row, &text);
		printf("# %2d |%s\n", row + 1, text.data);
	}
}

/* --- whether the terminal was given back */

/* Whether what a person does arrives as it would in a new terminal. */
static const char *input_left_behind(struct display *display)
{
	const struct key up = {.type = KEY_NAMED, .code = KEY_NAME_UP};
	AUTO_BUF struct buf bytes = BUF_INIT;

	term_paste(display->term, "x", 1, &bytes);
	if (strcmp(bytes.data, "x") != 0)
		return "pastes come in brackets";
	buf_clear(&bytes);
	term_key(display->term, &up, &bytes);
	return strcmp(bytes.data, "\033[A") ? "the keypad is in another mode" : NULL;
}

/* Whether what is written now looks as in a new terminal. */
static const char *style_left_behind(struct display *display)
{
	static const struct cell_style plain;
	struct cell cells[TERM_COLUMNS_MAX];
	struct term_cursor cursor;

	term_feed(display->term, "\r\n.", 3);
	cursor = term_cursor(display->term);
	term_row(display->term, cursor.row, cells);
	term_feed(display->term, "\r", 1);
	if (cells[0].n_chars != 1 || cells[0].chars[0] != '.')
		return "what is written now is not where it belongs";
	return memcmp(&cells[0].style, &plain, sizeof plain) ? "colours or attributes are on"
							     : NULL;
}

const char *display_left_behind(struct display *display)
{
	AUTO_FREE char *modes = read_modes(display->master);
	const char *input = input_left_behind(display);

	if (strcmp(modes, display->modes) != 0)
		return "the terminal's modes (stty) are others";
	if (term_is_alternate(display->term))
		return "the alternate screen is shown";
	if (term_mouse_mode(display->term) != TERM_MOUSE_NONE)
		return "the mouse is reported";
	if (!term_cursor(display->term).visible)
		return "the cursor is hidden";
	return input ? input : style_left_behind(display);
}
