#include "engine/sandbox/init_processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/proc_stat.h"
#include "engine/sandbox/init_internal.h"

/* With as many groups as there can be (NGROUPS_MAX), each of ten digits, and as much again. */
enum { STATUS_MAX = 2 * 65536 * 11 };

void init_each_process(void (*each)(void *data, int dir_fd, pid_t pid), void *data)
{
	AUTO_CLOSEDIR DIR *proc = opendir(INIT_DIR "/proc");
	const struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		AUTO_CLOSE int fd = -1;
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (!isdigit((unsigned char)entry->d_name[0]) || pid == 1)
			continue;
		fd = openat(dirfd(proc), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			each(data, fd, pid);
	}
}

bool init_each_thread(int process_fd, bool (*each)(void *data, int dir_fd, pid_t tid), void *data)
{
	int tasks_fd = openat(process_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *tasks = tasks_fd < 0 ? NULL : fdopendir(tasks_fd);
	const struct dirent *entry;

	while (tasks && (entry = readdir(tasks))) {
		AUTO_CLOSE int fd = -1;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		fd = openat(dirfd(tasks), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && each(data, fd, (pid_t)atoi(entry->d_name)))
			return true;
	}
	return false;
}

bool init_read_process(int dir_fd, const char *name, char *text, size_t size)
{
	AUTO_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (length < 0)
		return false;
	text[length] = '\0';
	return true;
}

/* What /proc/PID/status (proc_pid_status(5)) says of a process. */
struct status {
	pid_t inner; /* its number in the pid namespace below ours; 0: it is not there */
	unsigned threads;
};

/* The line with the groups may be long, and stands before the others: all of it is read. */
static bool read_status(int dir_fd, struct status *ret_status)
{
	AUTO_CLOSE int fd = openat(dir_fd, "status", O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf text = BUF_INIT;
	struct status status = {0};
	const char *ids, *threads;
	struct err ignored;

	if (fd < 0 || buf_read_fd(&text, fd, STATUS_MAX, "status", &ignored) < 0)
		return false;
	ids = strstr(text.data, "\nNSpid:");
	threads = strstr(text.data, "\nThreads:");
	if (!ids || !threads || sscanf(threads, "\nThreads:%u", &status.threads) != 1)
		return false;
	/* "NSpid:\t7\t3". */
	sscanf(ids, "\nNSpid:%*d%d", &status.inner);
	*ret_status = status;
	return true;
}

/* Those below ours, but for the first of them, the launcher. */
static void signal_if_of_step(void *data, int dir_fd, pid_t pid)
{
	const int *signal_number = data;
	struct status status;

	if (read_status(dir_fd, &status) && status.inner > 1)
		kill(pid, *signal_number);
}

void init_signal_step(int signal_number)
{
	init_each_process(signal_if_of_step, &signal_number);
}

pid_t init_parent_of(pid_t pid)
{
	AUTO_FREE char *path = mem_printf(INIT_DIR "/proc/%d", pid);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char stat[1024];

	if (fd < 0 || !init_read_process(fd, "stat", stat, sizeof stat))
		return -1;
	return proc_stat_parent(stat);
}

/* How many generations a process is below another, or -1. */
static int depth_below(pid_t pid, pid_t ancestor)
{
	int depth = 0;

	for (; pid > 1; pid = init_parent_of(pid), depth++) {
		if (pid == ancestor)
			return depth;
	}
	return -1;
}

/* Whether it is not the step's: of a shell that joined, or of the network stack. */
static bool is_apart(const struct init_shells *shells, pid_t pid)
{
	if (shells->stack_pid && depth_below(pid, shells->stack_pid) >= 0)
		return true;
	for (size_t i = 0; i < shells->len; i++) {
		if (depth_below(pid, shells->items[i].pid) >= 0)
			return true;
	}
	return false;
}

/* A signal for the processes that are of a shell, or of the step. */
struct sending {
	const struct init_shells *shells;
	pid_t shell;
	int signal_number;
};

static void signal_unless_apart(void *data, int dir_fd, pid_t pid)
{
	const struct sending *sending = data;

	(void)dir_fd;
	if (!is_apart(sending->shells, pid))
		kill(pid, sending->signal_number);
}

void init_signal_all(const struct init_shells *shells, int signal_number)
{
	struct sending sending = {.shells = shells, .signal_number = signal_number};

	/* No process can be forked in between then. */
	if (!shells->len && !shells->stack_pid)
		kill(-1, signal_number);
	else
		init_each_process(signal_unless_apart, &sending);
}

static void signal_if_of_shell(void *data, int dir_fd, pid_t pid)
{
	const struct sending *sending = data;
	int depth = depth_below(pid, sending->shell);

	(void)dir_fd;
	if (depth > 1)
		kill(pid, sending->signal_number);
	else if (depth == 1)
		kill(pid, SIGCONT);
}

void init_signal_shell(pid_t pid, int signal_number)
{
	struct sending sending = {.shell = pid, .signal_number = signal_number};

	init_each_process(signal_if_of_shell, &sending);
}

/* What is found out about all processes. */
struct look {
	const struct init_shells *shells;
	const char *still; /* the states of proc_pid_stat(5) in which a thread does nothing more */
	bool some_run;
	pid_t bwrap_pid;
	int launcher_fd;
};

/* Whether a thread may still do something. One that is gone does not. */
static bool still_runs(void *data, int dir_fd, pid_t tid)
{
	const struct look *look = data;
	char stat[1024];
	const char *state;

	(void)tid;
	if (!init_read_process(dir_fd, "stat", stat, sizeof stat))
		return false;
	state = strrchr(stat, ')');
	return state && state[1] && !strchr(look->still, state[2]);
}

static void note_running(void *data, int dir_fd, pid_t pid)
{
	struct look *look = data;

	/* The state of a process is that of its first thread alone. */
	if (!look->some_run && init_each_thread(dir_fd, still_runs, look) &&
	    !is_apart(look->shells, pid))
		look->some_run = true;
}

bool init_all_stopped(const struct init_shells *shells, bool with_sleepers)
{
	struct look look = {.shells = shells, .still = with_sleepers ? "TtZXxD" : "TtZXx"};

	init_each_process(note_running, &look);
	return !look.some_run;
}

static void note_launcher(void *data, int dir_fd, pid_t pid)
{
	struct look *look = data;
	struct status status;

	if (look->launcher_fd < 0 && read_status(dir_fd, &status) && status.inner == 1 &&
	    init_parent_of(pid) == look->bwrap_pid)
		look->launcher_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
}

int init_open_launcher(pid_t bwrap_pid)
{
	struct look look = {.bwrap_pid = bwrap_pid, .launcher_fd = -1};

	init_each_process(note_launcher, &look);
	return look.launcher_fd;
}

static void count_threads(void *data, int dir_fd, pid_t pid)
{
	uint64_t *count = data;
	struct status status;

	(void)pid;
	if (read_status(dir_fd, &status) && status.inner)
		*count += status.threads;
}

/* proc_loadavg(5): "0.20 0.18 0.12 1/80 11206", how many threads the whole host has and the process
 * id that was given out last in our pid namespace. */
static bool read_load(unsigned long *ret_threads, long *ret_pid)
{
	AUTO_CLOSE int fd = open(INIT_DIR "/proc/loadavg", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	text[length < 0 ? 0 : length] = '\0';
	return sscanf(text, "%*s %*s %*s %*u/%lu %ld", ret_threads, ret_pid) == 2;
}

static uint64_t host_threads(void)
{
	unsigned long threads;
	long pid;

	return read_load(&threads, &pid) ? threads : UINT64_MAX;
}

long init_last_pid(void)
{
	unsigned long threads;
	long pid;

	return read_load(&threads, &pid) ? pid : -1;
}

uint64_t init_count_processes(uint64_t enough)
{
	uint64_t found = 0;

	/* The quick look that is enough nearly always. */
	if (host_threads() < enough)
		return 0;
	init_each_process(count_threads, &found);
	return found;
}

void init_kill_all(pid_t main_pid, int *status)
{
	int child_status;
	pid_t pid;

	kill(-1, SIGKILL);
	while ((pid = wait(&child_status)) > 0 || errno == EINTR) {
		if (pid == main_pid)
			*status = child_status;
	}
}
