/* join.c: entering the namespaces of a step that is there already. */
#include "engine/sandbox/launcher/launcher.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A namespace's descriptor is used up. Its kind is the kernel's to find out. */
static void enter(int fd, const char *name)
{
	if (setns(fd, 0) < 0)
		launch_fail(LAUNCH_EXIT_SETUP, "cannot enter the step's ", name,
			    " namespace: ", launch_why(), NULL);
}

static void kill_children(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	pid_t self = getpid();

	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 1 && launch_parent_of(entry->d_name) == self)
			kill(pid, SIGKILL);
	}
	if (proc)
		closedir(proc);
}

/* Waits for the shell, and ends what it left running: the children of those come here, too. */
static void wait_for_shell(pid_t pid) __attribute__((noreturn));
static void wait_for_shell(pid_t pid)
{
	int status = launch_wait_for(pid);

	do
		kill_children();
	while (wait(NULL) > 0);
	_exit(status);
}

/* Two processes of ours stay, which no step can trace: one outside, for init, since only children are
 * in a pid namespace that was entered; and its child inside, where the orphans of the shell go. */
void launch_join(char **names)
{
	pid_t pid;

	for (int i = 0; names[i]; i++)
		enter(LAUNCH_FD_NAMESPACES + i, names[i]);
	/* Entering a user namespace may have made it dumpable (prctl(2), PR_SET_DUMPABLE). */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_close_range, LAUNCH_FD_CONTROL + 1U, ~0U, 0U);
	pid = launch_fork(-1);
	if (pid > 0)
		_exit(launch_wait_for(pid));
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = launch_fork(-1);
	if (pid > 0)
		wait_for_shell(pid);
}
