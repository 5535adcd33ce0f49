/* A small process that gives the person's terminal back when this one dies without doing so. */
#include "ui/guard.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/process/child.h"

enum { SAID_MAX = 1 << 20 };

/* What the child does when this process is gone: in memory that both share. */
struct orders {
	atomic_bool armed; /* the terminal is to be given back, as follows */
	atomic_bool ended; /* there is nothing to be done */
	struct termios before, taken;
	int terminal; /* standard output, whatever stands in for it when the end comes (burst.h) */
	size_t length;
	char reset[GUARD_RESET_MAX];
};

struct guard {
	struct orders *orders;
	pid_t pid;	  /* -1: there is no child */
	int pipe;	  /* the end that only this process has */
	int stderr_fd;	  /* the real standard error */
	int said;	  /* what takes its place */
	bool is_terminal; /* whether it does */
};

static const int fatal_signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

/* For the handler of a crash, which has no other way to it. */
static struct orders *crash_orders;

/* --- standard error */

/* Gives out what was said to it meanwhile. */
static void tell(const struct guard *guard)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err ignored;

	if (guard->is_terminal && lseek(guard->said, 0, SEEK_SET) == 0 &&
	    buf_read_fd(&text, guard->said, SAID_MAX, "standard error", &ignored) == 0)
		fd_write_all(guard->stderr_fd, text.data, text.len);
}

static void mute(struct guard *guard)
{
	guard->said = memfd_create("contractor-stderr", MFD_CLOEXEC);
	guard->stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	guard->is_terminal = guard->said >= 0 && guard->stderr_fd >= 0 && isatty(STDERR_FILENO);
	if (guard->is_terminal)
		dup2(guard->said, STDERR_FILENO);
}

static void unmute(struct guard *guard)
{
	if (guard->is_terminal)
		dup2(guard->stderr_fd, STDERR_FILENO);
	tell(guard);
	fd_close(&guard->stderr_fd);
	fd_close(&guard->said);
}

/* --- giving the terminal back */

static bool same_modes(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag &&
	       !memcmp(a->c_cc, b->c_cc, sizeof a->c_cc);
}

/* Whether there was something to be given back. In a handler, too. */
static bool give_back(struct orders *orders)
{
	struct termios now;

	if (!atomic_exchange(&orders->armed, false))
		return false;
	fd_write_all(orders->terminal, orders->reset, orders->length);
	if (tcgetattr(STDIN_FILENO, &now) == 0 && same_modes(&now, &orders->taken))
		tcsetattr(STDIN_FILENO, TCSANOW, &orders->before);
	return true;
}

/* A crash need not leave it to the child, which the shell may outrun. */
static void on_crash(int number)
{
	if (crash_orders)
		give_back(crash_orders);
	raise(number);
}

/* What is to be done for this process, which is dead. */
static void stand_in(const struct guard *guard)
{
	static const char killed[] = "contractor was killed; the terminal is as it was before. "
				     "Press Enter if there is no prompt.\n";

	if (give_back(guard->orders))
		fd_write_all(guard->orders->terminal, killed, sizeof killed - 1);
	tell(guard);
}

/* --- the child */

/* Waits until the other end is closed, by whatever. */
static _Noreturn void watch(const struct guard *guard, int pipe)
{
	const int keep[] = {pipe, guard->orders->terminal, guard->stderr_fd, guard->said};
	sigset_t all;
	char byte;

	child_close_others(keep, ARRAY_SIZE(keep));
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	/* It is not meant by who ends all processes of the program's name. */
	prctl(PR_SET_NAME, "screen-guard");
	while (read(pipe, &byte, 1) > 0)
		continue;
	if (!atomic_load(&guard->orders->ended))
		stand_in(guard);
	_exit(0);
}

static void start(struct guard *guard)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	guard->pid = fork();
	if (guard->pid == 0)
		watch(guard, ends[0]);
	fd_close(&ends[0]);
	guard->pipe = ends[1];
}

/* --- its life */

static void handle_crashes(struct orders *orders)
{
	const struct sigaction action = {.sa_handler = orders ? on_crash : SIG_DFL,
					 .sa_flags = (int)SA_RESETHAND};

	crash_orders = orders;
	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaction(fatal_signals[i], &action, NULL);
}

struct guard *guard_new(void)
{
	struct guard *guard = mem_new(sizeof *guard);
	void *shared = mmap(NULL, sizeof *guard->orders, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*guard = (struct guard){.pid = -1, .pipe = -1};
	mute(guard);
	if (shared == MAP_FAILED)
		return guard;
	guard->orders = shared;
	guard->orders->terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	start(guard);
	handle_crashes(guard->orders);
	return guard;
}

void guard_free(struct guard *guard)
{
	if (!guard)
		return;
	if (guard->orders)
		atomic_store(&guard->orders->ended, true);
	handle_crashes(NULL);
	fd_close(&guard->pipe);
	if (guard->pid > 0)
		waitpid(guard->pid, NULL, 0);
	unmute(guard);
	if (guard->orders) {
		fd_close(&guard->orders->terminal);
		munmap(guard->orders, sizeof *guard->orders);
	}
	free(guard);
}

void guard_arm(struct guard *guard, const struct termios *before, const char *reset, size_t length)
{
	struct orders *orders = guard->orders;

	if (!orders || length > sizeof orders->reset)
		return;
	guard_disarm(guard);
	orders->before = *before;
	tcgetattr(STDIN_FILENO, &orders->taken);
	memcpy(orders->reset, reset, length);
	orders->length = length;
	atomic_store(&orders->armed, true);
}

void guard_disarm(struct guard *guard)
{
	if (guard->orders)
		atomic_store(&guard->orders->armed, false);
}
