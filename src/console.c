#include "src/console.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/loop.h"

/* What a pipe that is ready takes without blocking (pipe(7), PIPE_BUF), and how often a flush that
 * waits looks for signals. */
enum { PIECE = 4096, LOOK_MS = 100 };

static bool wants_color(const struct console *console, const char *color)
{
	const char *no_color = getenv("NO_COLOR");

	if (strcmp(color, "auto"))
		return !strcmp(color, "always");
	return console->live && !(no_color && *no_color);
}

void console_init(struct console *console, int fd, const char *color)
{
	const char *term = getenv("TERM");

	*console = (struct console){.fd = fd, .pending = BUF_INIT, .patience_ms = -1};
	console->terminal = isatty(fd);
	console->live = console->terminal && term && *term && strcmp(term, "dumb");
	console->color = wants_color(console, color);
	console->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	plain_filter_init(&console->filter, FILTER_TEXT, console->color, !console->utf8);
}

void console_release(struct console *console)
{
	buf_release(&console->pending);
}

void console_add(struct console *console, const char *bytes, size_t length)
{
	if (!console->error)
		buf_add(&console->pending, bytes, length);
}

void console_print(struct console *console, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	console_add(console, text, strlen(text));
}

void console_color(struct console *console, const char *color)
{
	if (console->color)
		console_print(console, "\x1b[%sm", color ? color : "0");
}

void console_add_output(struct console *console, const char *bytes, size_t length)
{
	if (console->error)
		return;
	if (console->terminal)
		plain_filter_feed(&console->filter, bytes, length, &console->pending);
	else
		buf_add(&console->pending, bytes, length);
}

void console_end_output(struct console *console)
{
	if (console->terminal)
		plain_filter_reset(&console->filter, &console->pending);
}

/* Whether a signal waits that the program means to handle. */
static bool signal_waits(void)
{
	sigset_t pending, blocked;

	sigpending(&pending);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigandset(&pending, &pending, &blocked);
	sigdelset(&pending, SIGWINCH);
	return !sigisemptyset(&pending);
}

/* Waits until a piece can be written; false when it is not worth waiting any longer. */
static bool wait_writable(struct console *console, int64_t since_ms)
{
	struct pollfd poll_fd = {.fd = console->fd, .events = POLLOUT};

	for (;;) {
		if (poll(&poll_fd, 1, LOOK_MS) != 0)
			return true;
		if (signal_waits())
			return false;
		if (console->patience_ms >= 0 && loop_now_ms() - since_ms > console->patience_ms) {
			console->error = ETIMEDOUT;
			return false;
		}
	}
}

static bool is_regular(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* Writes some of what waits, from offset on; returns how much, or 0 when it must be given up. */
static size_t write_some(struct console *console, size_t offset, size_t most)
{
	size_t left = console->pending.len - offset;
	ssize_t written;

	do
		written = write(console->fd, console->pending.data + offset,
				left < most ? left : most);
	while (written < 0 && errno == EINTR);
	if (written < 0 && errno == EAGAIN)
		return 0;
	if (written <= 0)
		console->error = written < 0 ? errno : EIO;
	return written > 0 ? (size_t)written : 0;
}

void console_flush(struct console *console)
{
	bool regular = console->pending.len && is_regular(console->fd);
	int64_t since_ms = loop_now_ms();
	size_t at = 0;

	while (at < console->pending.len && !console->error) {
		if (!regular && !wait_writable(console, since_ms))
			break;
		at += write_some(console, at, regular ? SIZE_MAX : PIECE);
	}
	if (console->error)
		buf_clear(&console->pending);
	else
		buf_drop(&console->pending, at);
}

int console_finish(struct console *console, struct err *err)
{
	console_end_output(console);
	console_flush(console);
	if (!console->error)
		return 0;
	errno = console->error;
	err_sys(err, "cannot write standard output");
	err->code = console->error == EPIPE ? ERR_NONE : ERR_HOST;
	return -1;
}

int console_columns(const struct console *console)
{
	struct winsize size;

	if (ioctl(console->fd, TIOCGWINSZ, &size) < 0 || size.ws_col < 1)
		return 80;
	return size.ws_col;
}
