/* Kills a program, or one of its children, at one moment, and waits until all it started have ended.
 *
 *	strike [-r REPORT] -t MICROSECONDS [-v NUMBER] COMMAND...
 *	strike [-r REPORT] -c CALL [-a] COMMAND...
 *
 * -t: so long after its start; the command itself, or, with -v, that one of its descendants
 * (modulo how many there are). -c: when the command is about to make its CALLth system call; with
 * -a the calls of all its descendants are counted, too, and the one that makes it dies.
 * REPORT gets one line: "killed NAME", or "ended by itself: CALLS MICROSECONDS".
 *
 * The status is the command's (128 + signal); 118 when something was still alive a minute later: it is named
 * and killed; 119 for failures of its own. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "engine/base/mem.h"

enum { PATIENCE_S = 60, STATUS_LEFT = 118, STATUS_FAULT = 119, PIDS_MAX = 4096 };

struct strike {
	const char *report;
	long after_us, victim, call; /* -1: not asked for */
	bool all_calls, done;
	long calls;
	pid_t command;
	int status;
	int64_t started_us, patience_us;
	char what[64];
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(STATUS_FAULT);
}

/* The processes below pid, parents first: appended to pids. */
static size_t list_below(pid_t pid, pid_t pids[PIDS_MAX], size_t count)
{
	AUTO_FREE char *path = mem_printf("/proc/%d/task/%d/children", pid, pid);
	FILE *file = fopen(path, "re");
	pid_t child;

	while (file && count < PIDS_MAX && fscanf(file, "%d", &child) == 1) {
		pids[count++] = child;
		count = list_below(child, pids, count);
	}
	if (file)
		fclose(file);
	return count;
}

static void read_name(pid_t pid, char ret_name[32])
{
	AUTO_FREE char *path = mem_printf("/proc/%d/comm", pid);
	FILE *file = fopen(path, "re");

	if (!file || fscanf(file, "%31s", ret_name) != 1)
		strcpy(ret_name, "?");
	if (file)
		fclose(file);
}

static void kill_one(struct strike *strike, pid_t pid)
{
	char name[32];

	read_name(pid, name);
	snprintf(strike->what, sizeof strike->what, "killed %s%s", name,
		 pid == strike->command ? " (the command)" : "");
	kill(pid, SIGKILL);
}

/* The moment has come: the command, or one of its descendants if there are any. */
static void strike_now(struct strike *strike)
{
	pid_t pids[PIDS_MAX];
	size_t count = list_below(strike->command, pids, 0);

	strike->done = true;
	if (strike->victim < 0)
		kill_one(strike, strike->command);
	else if (count)
		kill_one(strike, pids[(size_t)strike->victim % count]);
}

/* Names and kills what is left. */
static void give_up(const struct strike *strike)
{
	pid_t pids[PIDS_MAX];
	size_t count = list_below(getpid(), pids, 0);

	for (size_t i = 0; i < count; i++) {
		char name[32];

		read_name(pids[i], name);
		fprintf(stderr, "strike: %s %d is still alive (%s)\n", name, (int)pids[i],
			strike->what);
		kill(pids[i], SIGKILL);
	}
	exit(STATUS_LEFT);
}

/* A traced process is about to make a system call, or has made it. */
static void count_call(struct strike *strike, pid_t pid)
{
	struct ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY || ++strike->calls != strike->call)
		return;
	strike->done = true;
	kill_one(strike, pid);
}

/* Lets a traced process that was stopped go on as if it was not traced. */
static void go_on(struct strike *strike, pid_t pid, int status)
{
	int signal_number = WSTOPSIG(status), event = status >> 16;
	bool is_group_stop = event == PTRACE_EVENT_STOP && signal_number != SIGTRAP;

	if (signal_number == (SIGTRAP | 0x80)) {
		count_call(strike, pid);
		signal_number = 0;
	} else if (event) {
		signal_number = 0;
	}
	ptrace(is_group_stop ? PTRACE_LISTEN : PTRACE_SYSCALL, pid, NULL, signal_number);
}

static void take_change(struct strike *strike, pid_t pid, int status)
{
	if (WIFSTOPPED(status)) {
		go_on(strike, pid, status);
	} else if (pid == strike->command) {
		strike->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		strike->patience_us = now_us() + PATIENCE_S * 1000000LL;
	}
}

/* Acts on the time; returns how long to wait at most. */
static int64_t look_at_clock(struct strike *strike)
{
	int64_t now = now_us(), moment = strike->started_us + strike->after_us;

	if (strike->after_us >= 0 && !strike->done) {
		if (now < moment)
			return moment - now;
		strike_now(strike);
	}
	if (now >= strike->patience_us)
		give_up(strike);
	return strike->patience_us - now;
}

/* Until nothing is left: orphans become children of this process. */
static void watch(struct strike *strike, const sigset_t *child)
{
	for (;;) {
		int64_t wait_us;
		struct timespec wait;
		int status;
		pid_t pid;

		while ((pid = waitpid(-1, &status, __WALL | WNOHANG)) > 0)
			take_change(strike, pid, status);
		if (pid < 0 && errno == ECHILD)
			return;
		wait_us = look_at_clock(strike);
		wait.tv_sec = wait_us / 1000000;
		wait.tv_nsec = wait_us % 1000000 * 1000;
		sigtimedwait(child, NULL, &wait);
	}
}

/* Starts the command; a traced one when the tracer has taken hold of it. */
static void start(struct strike *strike, char **command, const sigset_t *before)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		die("strike: pipe");
	strike->command = fork();
	if (strike->command == 0) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) < 0)
			die("strike: read");
		close(ready[0]);
		sigprocmask(SIG_SETMASK, before, NULL);
		execvp(command[0], command);
		die(command[0]);
	}
	if (strike->all_calls)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	if (strike->call >= 0 && ptrace(PTRACE_SEIZE, strike->command, NULL, options) < 0)
		die("strike: ptrace");
	/* A process that was seized is stopped once, and then from call to call. */
	if (strike->call >= 0)
		ptrace(PTRACE_INTERRUPT, strike->command, NULL, NULL);
	strike->started_us = now_us();
	strike->patience_us = strike->started_us + PATIENCE_S * 1000000LL;
	close(ready[0]);
	close(ready[1]);
}

static void write_report(const struct strike *strike)
{
	FILE *file = fopen(strike->report, "we");

	if (!file)
		die(strike->report);
	if (strike->what[0])
		fprintf(file, "%s\n", strike->what);
	else
		fprintf(file, "ended by itself: %ld %lld\n", strike->calls,
			(long long)(now_us() - strike->started_us));
	if (fclose(file) != 0)
		die(strike->report);
}

static void read_options(struct strike *strike, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+r:t:v:c:a")) >= 0) {
		switch (option) {
		case 'r':
			strike->report = optarg;
			break;
		case 't':
			strike->after_us = atol(optarg);
			break;
		case 'v':
			strike->victim = atol(optarg);
			break;
		case 'c':
			strike->call = atol(optarg);
			break;
		case 'a':
			strike->all_calls = true;
			break;
		default:
			exit(STATUS_FAULT);
		}
	}
	if (optind == argc || (strike->after_us < 0) == (strike->call < 0)) {
		fprintf(stderr,
			"usage: strike [-r REPORT] -t US [-v N] | -c CALL [-a] COMMAND...\n");
		exit(STATUS_FAULT);
	}
}

int main(int argc, char **argv)
{
	struct strike strike = {.after_us = -1, .victim = -1, .call = -1};
	sigset_t child, before;

	read_options(&strike, argc, argv);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		die("strike: subreaper");
	start(&strike, argv + optind, &before);
	watch(&strike, &child);
	if (strike.report)
		write_report(&strike);
	return strike.status;
}
