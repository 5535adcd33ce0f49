#include "src/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "src/plain_filter.h"

/* Takes back what programs ask of a terminal and may leave behind: the other screen (1047, which
 * leaves the cursor alone), colours, application keys, a hidden cursor, mouse and focus reports,
 * bracketed paste, insert mode, lines that do not wrap, line drawing; and, around a saved cursor, the
 * scroll margins and the origin (ctlseqs, "XTerm Control Sequences"). */
#define TERMINAL_RESET                                        \
	"\0337\033[r\033[?6l\0338\033[4l\033[?7h\017\033(B"   \
	"\033[?1047l\033[0m\033[?1l\033>\033[?25h\033[?1000l" \
	"\033[?1002l\033[?1003l\033[?1004l\033[?1006l\033[?2004l"

/* One standard stream. */
struct stream {
	struct relay *relay;
	int number; /* 0, 1, 2 */
	int inside; /* what the program is given: a copy of the number, or its end of a pipe; -1 */
	int ours;   /* the other end, or -1 */
	struct loop_watch *watch;
	struct plain_filter filter;
};

struct relay {
	struct loop *loop;
	bool raw;
	struct termios saved; /* with raw */
	struct runner *runner;
	struct stream streams[3]; /* with raw, [0] and [1] alone are used */
};

void relay_size(int *ret_columns, int *ret_rows)
{
	struct winsize size = {0};

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*ret_columns = size.ws_col ? size.ws_col : 80;
	*ret_rows = size.ws_row ? size.ws_row : 24;
}

static void set_raw(struct relay *relay)
{
	struct termios raw = relay->saved;

	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

/* Writes what may pass to the terminal. */
static void show(struct stream *stream, const char *bytes, size_t length)
{
	AUTO_BUF struct buf out = BUF_INIT;

	plain_filter_feed(&stream->filter, bytes, length, &out);
	fd_write_all(stream->number, out.data, out.len);
}

/* Reads what the program wrote into a pipe; true while there was something. */
static bool pass_output(struct stream *stream)
{
	char bytes[1 << 14];
	ssize_t length = read(stream->ours, bytes, sizeof bytes);

	if (length > 0)
		show(stream, bytes, (size_t)length);
	else if (length == 0 || errno != EAGAIN)
		loop_watch_remove(&stream->watch);
	return length > 0;
}

static void output_ready(void *data, unsigned events)
{
	(void)events;
	pass_output(data);
}

/* Passes on what was typed. The terminal's end of file is that of the pipe. */
static void input_ready(void *data, unsigned events)
{
	struct stream *stream = data;
	struct relay *relay = stream->relay;
	char bytes[4096];
	ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);

	(void)events;
	if (length < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (length > 0 && relay->raw) {
		runner_write(relay->runner, bytes, (size_t)length);
		return;
	}
	if (length > 0 && fd_write_all(stream->ours, bytes, (size_t)length) == 0)
		return;
	loop_watch_remove(&stream->watch);
	fd_close(&stream->ours);
	if (relay->raw)
		runner_kill(relay->runner, 0);
}

/* What the program is given in the place of a terminal. */
static int make_pipe(struct stream *stream, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	stream->inside = stream->number ? ends[1] : ends[0];
	stream->ours = stream->number ? ends[0] : ends[1];
	if (stream->number)
		fcntl(stream->ours, F_SETFL, O_NONBLOCK);
	return 0;
}

/* A copy, as the numbers 0, 1 and 2 are other files in the processes that lead to the program. */
static int open_inside(struct stream *stream, struct err *err)
{
	if (isatty(stream->number))
		return make_pipe(stream, err);
	stream->inside = fcntl(stream->number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return stream->inside < 0 ? err_sys(err, "cannot copy a descriptor") : 0;
}

static void init_stream(struct relay *relay, int number)
{
	bool ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	struct stream *stream = &relay->streams[number];

	*stream = (struct stream){.relay = relay, .number = number, .inside = -1, .ours = -1};
	plain_filter_init(&stream->filter, relay->raw ? FILTER_SHELL : FILTER_TEXT, true, ascii);
}

int relay_new(struct loop *loop, bool raw, struct relay **ret_relay, struct err *err)
{
	struct relay *relay = mem_new(sizeof *relay);

	*relay = (struct relay){.loop = loop};
	if (raw && tcgetattr(STDIN_FILENO, &relay->saved) < 0) {
		free(relay);
		return err_sys(err, "cannot read the terminal's settings");
	}
	relay->raw = raw;
	for (int i = 0; i < 3; i++)
		init_stream(relay, i);
	for (int i = 0; !raw && i < 3; i++) {
		if (open_inside(&relay->streams[i], err) < 0) {
			relay_free(relay);
			return -1;
		}
	}
	*ret_relay = relay;
	return 0;
}

static void release_stream(struct stream *stream)
{
	loop_watch_remove(&stream->watch);
	fd_close(&stream->ours);
	fd_close(&stream->inside);
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	if (relay->runner)
		relay_finish(relay);
	for (int i = 0; i < 3; i++)
		release_stream(&relay->streams[i]);
	free(relay);
}

void relay_stdio(const struct relay *relay, int ret_stdio[3])
{
	for (int i = 0; i < 3; i++)
		ret_stdio[i] = relay->streams[i].inside;
}

void relay_start(struct relay *relay, struct runner *runner)
{
	relay->runner = runner;
	for (int i = 0; i < 3; i++) {
		struct stream *stream = &relay->streams[i];

		fd_close(&stream->inside);
		if (stream->ours >= 0 && i)
			stream->watch = loop_watch(relay->loop, stream->ours, LOOP_READ,
						   output_ready, stream);
	}
	if (relay->raw || relay->streams[0].ours >= 0)
		relay->streams[0].watch =
			loop_watch(relay->loop, STDIN_FILENO, LOOP_READ | LOOP_URGENT, input_ready,
				   &relay->streams[0]);
	relay_resume(relay);
}

void relay_output(struct relay *relay, const char *bytes, size_t length)
{
	show(&relay->streams[1], bytes, length);
}

void relay_resize(struct relay *relay)
{
	int columns, rows;

	if (!relay->raw || !relay->runner)
		return;
	relay_size(&columns, &rows);
	runner_resize(relay->runner, columns, rows);
}

void relay_suspend(struct relay *relay)
{
	if (!relay->raw)
		return;
	fd_write_all(STDOUT_FILENO, TERMINAL_RESET, strlen(TERMINAL_RESET));
	tcsetattr(STDIN_FILENO, TCSADRAIN, &relay->saved);
}

void relay_resume(struct relay *relay)
{
	if (!relay->raw)
		return;
	set_raw(relay);
	relay_resize(relay);
}

void relay_finish(struct relay *relay)
{
	for (int i = 1; i < 3; i++) {
		while (relay->streams[i].watch && pass_output(&relay->streams[i]))
			continue;
	}
	loop_watch_remove(&relay->streams[0].watch);
	relay_suspend(relay);
	relay->runner = NULL;
}
