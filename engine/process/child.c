#include "engine/process/child.h"

#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/message.h"

void child_reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void child_raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void child_close_others(const int *keep, size_t n_keep)
{
	int sorted[64];
	unsigned next = STDERR_FILENO + 1;

	if (n_keep > ARRAY_SIZE(sorted))
		abort();
	if (n_keep)
		memcpy(sorted, keep, n_keep * sizeof *keep);
	qsort(sorted, n_keep, sizeof *sorted, compare_fds);
	for (size_t i = 0; i < n_keep; i++) {
		if (sorted[i] < (int)next)
			continue;
		if ((unsigned)sorted[i] > next)
			close_range(next, (unsigned)sorted[i] - 1, 0);
		next = (unsigned)sorted[i] + 1;
	}
	close_range(next, UINT_MAX, 0);
}

static void null_standard_streams(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int stream = STDIN_FILENO; fd >= 0 && stream <= STDERR_FILENO; stream++)
		dup2(fd, stream);
}

void child_reset(const int *keep, size_t n_keep)
{
	child_reset_signals();
	setsid();
	umask(022);
	null_standard_streams();
	child_close_others(keep, n_keep);
}

/* The child's side of child_fork(). */
static _Noreturn void run_job(const struct child_job *job, int socket)
{
	int keep[64];
	struct err err = {0};

	if (job->n_keep >= ARRAY_SIZE(keep))
		abort();
	keep[0] = socket;
	if (job->n_keep)
		memcpy(keep + 1, job->keep, job->n_keep * sizeof *keep);
	child_reset(keep, job->n_keep + 1);
	/* A job is told of a broken pipe, or a file too large, by its write, and can say what it
	 * was for. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* Before it may enter a tree, where nothing of another locale is to be looked for. */
	setlocale(LC_ALL, "C.UTF-8");
	if (job->run(job->data, socket, &err) < 0) {
		message_send_err(socket, &err);
		_exit(1);
	}
	_exit(0);
}

int child_fork(const struct child_job *job, pid_t *ret_pid, int *ret_socket, struct err *err)
{
	int pair[2];
	pid_t pid;

	if (message_pair(pair, err) < 0)
		return -1;
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid == 0)
		run_job(job, pair[1]);
	fd_close(&pair[1]);
	if (pid < 0) {
		fd_close(&pair[0]);
		return err_sys(err, "cannot start a process");
	}
	*ret_pid = pid;
	*ret_socket = pair[0];
	return 0;
}
