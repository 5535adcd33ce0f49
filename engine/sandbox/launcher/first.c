/* first.c: the first process of a step's pid namespace. */
#include "engine/sandbox/launcher/launcher.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reaps what ends, orphans too, until pid does; then ends as it did, and with it the namespace. */
static void wait_for(pid_t pid) __attribute__((noreturn));
static void wait_for(pid_t pid)
{
	int status;
	pid_t ended;

	do
		ended = wait(&status);
	while (ended != pid && (ended > 0 || errno == EINTR));
	if (ended != pid)
		_exit(LAUNCH_EXIT_SETUP);
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

void launch_leave_first_process(void)
{
	pid_t pid;

	if (getpid() != 1)
		return;
	pid = fork();
	if (pid < 0)
		launch_fail(LAUNCH_EXIT_SETUP,
			    "cannot start a process in the sandbox: ", launch_why(), NULL);
	if (pid == 0)
		return;
	syscall(SYS_close_range, 0U, ~0U, 0U);
	wait_for(pid);
}
