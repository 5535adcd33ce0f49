/* first.c: the first process of a step's pid namespace. */
#include "engine/sandbox/launcher/launcher.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int launch_wait_for(pid_t pid)
{
	int status;
	pid_t ended;

	do
		ended = wait(&status);
	while (ended != pid && (ended > 0 || errno == EINTR));
	if (ended != pid)
		return LAUNCH_EXIT_SETUP;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

pid_t launch_parent_of(const char *name)
{
	char path[32] = "/proc/", *text = NULL;
	const char *rest;
	size_t length;
	pid_t parent;
	int fd;

	strcpy(stpncpy(path + strlen(path), name, 16), "/stat");
	fd = launch_open_regular(path);
	if (fd >= 0) {
		text = launch_read(fd, 4096, &length);
		close(fd);
	}
	/* "PID (NAME) STATE PARENT", where the name is the process's choice. */
	rest = text ? strrchr(text, ')') : NULL;
	parent = rest && strlen(rest) > 4 ? atoi(rest + 4) : -1;
	free(text);
	return parent;
}

/* A descriptor of a process that joined the step, or -1: all but the first that come from outside.
 * It is opened before the look, which so is at the same process or a later one. */
static int find_joined(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int found = -1;

	while (proc && found < 0 && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid <= 1)
			continue;
		found = (int)syscall(SYS_pidfd_open, pid, 0);
		if (found >= 0 && launch_parent_of(entry->d_name) != 0) {
			close(found);
			found = -1;
		}
	}
	if (proc)
		closedir(proc);
	return found;
}

/* The namespace ends with its first process, and whoever looks around in it would be thrown out. */
static void wait_for_joined(void)
{
	int fd;

	while ((fd = find_joined()) >= 0) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};

		while (poll(&polled, 1, -1) < 0 && errno == EINTR)
			continue;
		close(fd);
	}
}

pid_t launch_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		launch_fail(LAUNCH_EXIT_SETUP,
			    "cannot start a process in the sandbox: ", launch_why(), NULL);
	if (pid > 0)
		syscall(SYS_close_range, 0U, ~0U, 0U);
	return pid;
}

void launch_leave_first_process(void)
{
	int status;
	pid_t pid;

	if (getpid() != 1)
		return;
	pid = launch_fork();
	if (pid == 0)
		return;
	status = launch_wait_for(pid);
	wait_for_joined();
	_exit(status);
}
