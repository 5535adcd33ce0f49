#include "engine/sandbox/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

enum {
	READ_SIZE = 65536,
	END_OF_FILE_EVERY_MS = 500,
	FINISH_MS = 1000,
	REOPENED_AFTER_MS = 50, /* how often it looks whether a slave was opened again */
	END_OF_FILES = 64, /* so many reads are answered at once; more after the next interval */
};

struct terminal {
	struct loop *loop;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *end_of_file_timer, *retry_timer, *finish_timer;
	struct terminal_callbacks callbacks;
	struct buf queue;
	bool onlcr, onlcr_known;
	bool finishing; /* no process can open the slave any more */
	bool drained;
	char *room; /* READ_SIZE bytes */
};

/* The master's attributes are the slave's on Linux. */
static void check_mode(struct terminal *terminal)
{
	struct termios attributes;
	bool onlcr;

	if (tcgetattr(terminal->fd, &attributes) < 0)
		return;
	onlcr = attributes.c_oflag & ONLCR;
	if (terminal->onlcr_known && onlcr == terminal->onlcr)
		return;
	terminal->onlcr_known = true;
	terminal->onlcr = onlcr;
	terminal->callbacks.mode(terminal->callbacks.data, onlcr);
}

static void close_terminal(struct terminal *terminal)
{
	loop_watch_remove(&terminal->watch);
	loop_timer_remove(&terminal->end_of_file_timer);
	loop_timer_remove(&terminal->retry_timer);
	loop_timer_remove(&terminal->finish_timer);
	terminal->drained = true;
	terminal->callbacks.closed(terminal->callbacks.data);
}

/* What the terminal waits for now: output, and room for what is queued. */
static void wait_for_events(struct terminal *terminal)
{
	if (terminal->watch)
		loop_watch_set(terminal->watch, LOOP_READ | (terminal->queue.len ? LOOP_WRITE : 0));
}

static void retry(void *data)
{
	struct terminal *terminal = data;

	terminal->retry_timer = NULL;
	wait_for_events(terminal);
}

/* No slave is open. That is the end only when nobody can open one again: a step may close
 * its terminal and write to /dev/tty later. */
static void hang_up(struct terminal *terminal)
{
	if (terminal->finishing) {
		close_terminal(terminal);
		return;
	}
	loop_watch_set(terminal->watch, 0);
	if (!terminal->retry_timer)
		terminal->retry_timer =
			loop_timer(terminal->loop, REOPENED_AFTER_MS, retry, terminal);
}

static void read_output(struct terminal *terminal)
{
	for (size_t total = 0; total < TERMINAL_BUDGET;) {
		ssize_t got = read(terminal->fd, terminal->room, READ_SIZE);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			hang_up(terminal);
			return;
		}
		check_mode(terminal);
		total += (size_t)got;
		terminal->callbacks.output(terminal->callbacks.data, terminal->room, (size_t)got);
	}
}

/* Somebody still has the slave: another process of a step that a shell joined. What is in the pty fits
 * into one turn's budget. */
static void stop_waiting(void *data)
{
	struct terminal *terminal = data;

	terminal->finish_timer = NULL;
	read_output(terminal);
	if (!terminal->drained)
		close_terminal(terminal);
}

void terminal_finish(struct terminal *terminal)
{
	terminal->finishing = true;
	wait_for_events(terminal);
	if (!terminal->finish_timer && !terminal->drained)
		terminal->finish_timer =
			loop_timer(terminal->loop, FINISH_MS, stop_waiting, terminal);
}

static void write_queue(struct terminal *terminal)
{
	while (terminal->queue.len) {
		ssize_t written = write(terminal->fd, terminal->queue.data, terminal->queue.len);

		if (written <= 0)
			break;
		buf_drop(&terminal->queue, (size_t)written);
	}
	wait_for_events(terminal);
}

static void ready(void *data, unsigned events)
{
	struct terminal *terminal = data;

	if (events & LOOP_WRITE)
		write_queue(terminal);
	if (events & LOOP_READ)
		read_output(terminal);
}

/* Answers reads of a step that nobody types into, now and later. In another mode than the
 * canonical one the character would be data. */
static void feed_end_of_file(void *data)
{
	struct terminal *terminal = data;
	struct termios attributes;
	char ends[END_OF_FILES];

	terminal->end_of_file_timer =
		loop_timer(terminal->loop, END_OF_FILE_EVERY_MS, feed_end_of_file, terminal);
	if (tcgetattr(terminal->fd, &attributes) < 0 || !(attributes.c_lflag & ICANON))
		return;
	memset(ends, attributes.c_cc[VEOF], sizeof ends);
	if (write(terminal->fd, ends, sizeof ends) < 0)
		return;
}

void terminal_interact(struct terminal *terminal)
{
	loop_timer_remove(&terminal->end_of_file_timer);
}

struct terminal *terminal_new(struct loop *loop, int fd, bool end_of_file,
			      const struct terminal_callbacks *callbacks)
{
	struct terminal *terminal = mem_new(sizeof *terminal);

	*terminal = (struct terminal){
		.loop = loop, .fd = fd, .callbacks = *callbacks, .room = mem_new(READ_SIZE)};
	buf_init(&terminal->queue);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	terminal->watch = loop_watch(loop, fd, LOOP_READ, ready, terminal);
	check_mode(terminal);
	if (end_of_file)
		feed_end_of_file(terminal);
	return terminal;
}

void terminal_free(struct terminal *terminal)
{
	if (!terminal)
		return;
	loop_watch_remove(&terminal->watch);
	loop_timer_remove(&terminal->end_of_file_timer);
	loop_timer_remove(&terminal->finish_timer);
	loop_timer_remove(&terminal->retry_timer);
	fd_close(&terminal->fd);
	buf_release(&terminal->queue);
	free(terminal->room);
	free(terminal);
}

bool terminal_drained(const struct terminal *terminal)
{
	return terminal->drained;
}

bool terminal_write(struct terminal *terminal, const void *bytes, size_t length)
{
	if (terminal->queue.len + length > TERMINAL_QUEUE_MAX)
		return false;
	buf_add(&terminal->queue, bytes, length);
	write_queue(terminal);
	return true;
}

void terminal_resize(struct terminal *terminal, int columns, int rows)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	ioctl(terminal->fd, TIOCSWINSZ, &size);
}
