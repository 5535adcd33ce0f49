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

#include "engine/base/mem.h"
#include "engine/sandbox/init_internal.h"

/* Calls each() for every process of the pid namespace but init, with its directory in /proc. */
static void each_process(void (*each)(void *data, int dir_fd, pid_t pid), void *data)
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

/* Reads a file of a process into text; false when the process is gone. */
static bool read_file(int dir_fd, const char *name, char *text, size_t size)
{
	AUTO_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	if (length < 0)
		return false;
	text[length] = '\0';
	return true;
}

/* Whether status(5) text is of a process of the step: it is in the pid namespace below ours, and
 * not its first process, the launcher. "NSpid:\t7\t3". */
static bool is_of_step(const char *status)
{
	const char *line = strstr(status, "\nNSpid:");
	int outer, inner;

	return line && sscanf(line, "\nNSpid:%d%d", &outer, &inner) == 2 && inner != 1;
}

static void signal_if_of_step(void *data, int dir_fd, pid_t pid)
{
	const int *signal_number = data;
	char status[4096];

	if (read_file(dir_fd, "status", status, sizeof status) && is_of_step(status))
		kill(pid, *signal_number);
}

void init_signal_step(int signal_number)
{
	each_process(signal_if_of_step, &signal_number);
}

static void note_running(void *data, int dir_fd, pid_t pid)
{
	bool *all_stopped = data;
	char stat[1024];
	const char *state;

	(void)pid;
	if (!read_file(dir_fd, "stat", stat, sizeof stat))
		return;
	state = strrchr(stat, ')');
	if (state && state[1] && !strchr("TtDZXx", state[2]))
		*all_stopped = false;
}

bool init_all_stopped(void)
{
	bool all_stopped = true;

	each_process(note_running, &all_stopped);
	return all_stopped;
}

static void add_resident(void *data, int dir_fd, pid_t pid)
{
	uint64_t *bytes = data;
	unsigned long resident, shared;
	char statm[256];

	(void)pid;
	if (read_file(dir_fd, "statm", statm, sizeof statm) &&
	    sscanf(statm, "%*u %lu %lu", &resident, &shared) == 2)
		*bytes += (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t init_resident_bytes(void)
{
	uint64_t bytes = 0;

	each_process(add_resident, &bytes);
	return bytes;
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
