/* first.c: the first process of a step's pid namespace. */
#include "engine/sandbox/launcher/launcher.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/proc_stat.h"

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
	size_t length;
	pid_t parent;
	int fd;

	strcpy(stpncpy(path + strlen(path), name, 16), "/stat");
	fd = launch_open_regular(path);
	if (fd >= 0) {
		text = launch_read(fd, 4096, &length);
		close(fd);
	}
	parent = proc_stat_parent(text);
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

static void tell(const char *type)
{
	send(LAUNCH_FD_CONTROL, type, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The namespace ends with its first process, and whoever looks around in it would be thrown out. */
static void wait_for_joined(void)
{
	bool told = false;
	int fd;

	while ((fd = find_joined()) >= 0) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};

		if (!told)
			tell("H");
		told = true;
		while (poll(&polled, 1, -1) < 0 && errno == EINTR)
			continue;
		close(fd);
	}
}

enum { FORKS_TRIED = 8 };

/* Says that the step is at its limit of processes: with that it may have failed. One whose parent ended
 * a moment ago has made room for a few. Nobody waits for those that are tried, so they count. */
static void tell_refused_fork(void)
{
	pid_t pid = 1;

	for (int tried = 0; pid > 0 && tried < FORKS_TRIED; tried++)
		pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid < 0 && errno == EAGAIN)
		tell("F");
}

/* The same as launch_wait_for(). While the child is not reaped it still counts as a process. */
static int wait_for_step(pid_t pid)
{
	siginfo_t info = {0};

	while (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0 || errno == EINTR) {
		if (info.si_pid == pid)
			break;
		if (info.si_pid > 0)
			waitpid(info.si_pid, NULL, 0);
		info.si_pid = 0;
	}
	if (info.si_pid == pid && (info.si_code != CLD_EXITED || info.si_status))
		tell_refused_fork();
	return launch_wait_for(pid);
}

pid_t launch_fork(int kept_fd)
{
	pid_t pid = fork();

	if (pid < 0)
		launch_fail(LAUNCH_EXIT_SETUP,
			    "cannot start a process in the sandbox: ", launch_why(), NULL);
	if (pid > 0 && kept_fd > 0)
		syscall(SYS_close_range, 0U, (unsigned)kept_fd - 1, 0U);
	if (pid > 0)
		syscall(SYS_close_range, (unsigned)(kept_fd + 1), ~0U, 0U);
	return pid;
}

void launch_leave_first_process(void)
{
	int status;
	pid_t pid;

	if (getpid() != 1)
		return;
	pid = launch_fork(LAUNCH_FD_CONTROL);
	if (pid == 0)
		return;
	status = wait_for_step(pid);
	wait_for_joined();
	_exit(status);
}
