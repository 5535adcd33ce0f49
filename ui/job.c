#include "ui/job.h"

#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static void set_of(int number, sigset_t *ret_set)
{
	sigemptyset(ret_set);
	sigaddset(ret_set, number);
}

/* By the default action of the signal, which the kernel drops where nobody could continue the job. Whether
 * it was continued: SIGCONT is blocked. */
static bool stop_by(int number)
{
	static const struct sigaction by_default = {.sa_handler = SIG_DFL};
	const struct timespec none = {0};
	sigset_t stopping, continuing, before;
	struct sigaction own;

	set_of(number, &stopping);
	set_of(SIGCONT, &continuing);
	sigaction(number, NULL, &own);
	if (own.sa_handler != SIG_IGN)
		sigaction(number, &by_default, NULL);
	kill(0, number);
	sigprocmask(SIG_UNBLOCK, &stopping, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	sigaction(number, &own, NULL);
	return sigtimedwait(&continuing, NULL, &none) == SIGCONT;
}

static bool is_in_background(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group > 0 && group != getpgrp();
}

void job_stop(void)
{
	sigset_t continuing, before;
	bool continued;

	set_of(SIGCONT, &continuing);
	sigprocmask(SIG_BLOCK, &continuing, &before);
	continued = stop_by(SIGTSTP);
	/* In the background there is no terminal to be taken, and its modes are the shell's. */
	while (continued && is_in_background())
		continued = stop_by(SIGTTOU);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
