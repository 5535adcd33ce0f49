/* screen.c: runs COMMAND on a terminal of its own, as a person at it would, and says how it behaves.
 *
 *	screen COLUMNSxROWS [ACTION...] -- COMMAND...
 *
 * Each action prints a line, as soon as it is done:
 *	wait:TEXT	"wait MS": until TEXT was printed, since the start
 *	press:KEYS:TEXT	"press MS": from pressing keys until TEXT was printed, which was not before
 *	watch:MS	"watch BYTES FRAMES": what is printed in so many milliseconds
 *	memory		"memory KIB": resident, of the process itself
 *	end		"end MS": until COMMAND has ended by itself, since the start
 * COMMAND is ended behind the last one. Nothing of what it prints is interpreted: that must not take time
 * from it. TEXT must not have been on the screen before, or only a part of it may be printed. Fails when
 * a text does not come within DEADLINE_MS, or COMMAND ends before. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define FRAME "\033[?2026h"

enum { DEADLINE_MS = 60000, BLOCK = 65536, OVERLAP = 256 };

struct screen {
	int fd;
	pid_t pid;
	double began_ms;
	/* What was printed since the last action: the end of it, behind what could begin a text. */
	char bytes[OVERLAP + BLOCK];
	size_t length;
	size_t printed, frames;
	bool ended;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "screen: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* --- the terminal */

static _Noreturn void be_command(int master, char **argv)
{
	int slave;

	setsid();
	slave = open(ptsname(master), O_RDWR);
	if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		die("the terminal");
	for (int fd = 0; fd < 3; fd++)
		dup2(slave, fd);
	close(slave);
	setenv("TERM", "xterm-256color", 1);
	execvp(argv[0], argv);
	die(argv[0]);
}

static void start(struct screen *screen, int columns, int rows, char **argv)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	screen->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (screen->fd < 0 || grantpt(screen->fd) < 0 || unlockpt(screen->fd) < 0 ||
	    ioctl(screen->fd, TIOCSWINSZ, &size) < 0)
		die("a terminal");
	screen->began_ms = now_ms();
	screen->pid = fork();
	if (screen->pid < 0)
		die("fork");
	if (screen->pid == 0)
		be_command(screen->fd, argv);
}

static void count_frames(struct screen *screen, const char *bytes, size_t length)
{
	const char *at = bytes, *end = bytes + length;

	while ((at = memmem(at, (size_t)(end - at), FRAME, sizeof FRAME - 1))) {
		screen->frames++;
		at++;
	}
}

/* Reads what was printed; waits for it no longer than this. Keeps what a text may begin with. */
static void take(struct screen *screen, double wait_ms)
{
	struct pollfd polled = {.fd = screen->fd, .events = POLLIN};
	ssize_t got;

	if (poll(&polled, 1, wait_ms > 0 ? (int)wait_ms + 1 : 0) <= 0)
		return;
	if (screen->length > OVERLAP) {
		memmove(screen->bytes, screen->bytes + screen->length - OVERLAP, OVERLAP);
		screen->length = OVERLAP;
	}
	got = read(screen->fd, screen->bytes + screen->length, BLOCK);
	if (got <= 0) {
		screen->ended = true;
		return;
	}
	count_frames(screen, screen->bytes + screen->length, (size_t)got);
	screen->length += (size_t)got;
	screen->printed += (size_t)got;
}

/* Reads until the text comes. */
static void find(struct screen *screen, const char *text)
{
	double deadline = now_ms() + DEADLINE_MS;

	while (!memmem(screen->bytes, screen->length, text, strlen(text))) {
		if (screen->ended || now_ms() > deadline) {
			fprintf(stderr, "screen: \"%s\" did not come\n", text);
			kill(screen->pid, SIGTERM);
			exit(1);
		}
		take(screen, 100);
	}
	screen->length = 0;
}

/* --- the actions */

static void act_wait(struct screen *screen, const char *text)
{
	find(screen, text);
	printf("wait %.1f\n", now_ms() - screen->began_ms);
}

static void act_press(struct screen *screen, const char *argument)
{
	const char *colon = strchr(argument + 1, ':');
	size_t length = colon ? (size_t)(colon - argument) : strlen(argument);
	double pressed_ms;

	screen->length = 0;
	pressed_ms = now_ms();
	if (write(screen->fd, argument, length) != (ssize_t)length)
		die("write");
	if (colon)
		find(screen, colon + 1);
	printf("press %.1f\n", now_ms() - pressed_ms);
}

static void act_watch(struct screen *screen, const char *duration_ms)
{
	double until_ms = now_ms() + atof(duration_ms);
	size_t printed = screen->printed, frames = screen->frames;

	while (!screen->ended && now_ms() < until_ms)
		take(screen, until_ms - now_ms());
	printf("watch %zu %zu\n", screen->printed - printed, screen->frames - frames);
}

static void act_memory(struct screen *screen, const char *argument)
{
	char path[64], text[4096];
	const char *line;
	ssize_t length;
	int fd;

	(void)argument;
	snprintf(path, sizeof path, "/proc/%d/status", screen->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (length < 0)
		die(path);
	close(fd);
	text[length] = '\0';
	line = strstr(text, "\nVmRSS:");
	printf("memory %ld\n", line ? atol(line + 7) : 0);
}

static void act_end(struct screen *screen, const char *argument)
{
	(void)argument;
	while (!screen->ended)
		take(screen, 1000);
	printf("end %.1f\n", now_ms() - screen->began_ms);
}

static const struct {
	const char *name;
	void (*act)(struct screen *screen, const char *argument);
} actions[] = {
	{"wait:", act_wait},	{"press:", act_press}, {"watch:", act_watch},
	{"memory", act_memory}, {"end", act_end},
};

static bool act(struct screen *screen, const char *action)
{
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
		size_t length = strlen(actions[i].name);

		if (strncmp(action, actions[i].name, length) != 0)
			continue;
		actions[i].act(screen, action + length);
		fflush(stdout);
		return true;
	}
	return false;
}

/* Ends COMMAND, whose last words must be read. */
static int finish(struct screen *screen)
{
	int status;

	if (!screen->ended)
		kill(screen->pid, SIGTERM);
	while (!screen->ended)
		take(screen, 1000);
	return waitpid(screen->pid, &status, 0) < 0;
}

int main(int argc, char **argv)
{
	static struct screen screen;
	int columns, rows, command = 2;

	while (command < argc && strcmp(argv[command], "--") != 0)
		command++;
	if (command + 1 >= argc || sscanf(argv[1], "%dx%d", &columns, &rows) != 2) {
		fprintf(stderr, "usage: screen COLUMNSxROWS [ACTION...] -- COMMAND...\n");
		return 2;
	}
	start(&screen, columns, rows, argv + command + 1);
	for (int i = 2; i < command; i++) {
		if (!act(&screen, argv[i])) {
			fprintf(stderr, "screen: no action: %s\n", argv[i]);
			kill(screen.pid, SIGTERM);
			return 2;
		}
	}
	return finish(&screen);
}
