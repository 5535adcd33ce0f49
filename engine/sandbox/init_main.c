/* init_main.c: the first process of a step, which becomes bwrap or a worker of ours. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/process/message.h"
#include "engine/sandbox/init_internal.h"
#include "engine/sandbox/policy.h"

enum { FD_ABOVE = 100 }; /* descriptors are moved above the fixed numbers first */

/* A copy above the fixed numbers. */
static int move_up(int fd, struct err *err)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, FD_ABOVE);

	if (moved >= 0 || errno == EBADF)
		return moved < 0 ? err_sys(err, "cannot arrange the descriptors") : moved;
	return err_set(err, ERR_HOST,
		       "cannot arrange the descriptors of a step: %d open files must be allowed "
		       "(`ulimit -Hn`)",
		       FD_ABOVE + INIT_FDS_MAX);
}

/* Puts the descriptors where bwrap is told to find them, and closes all others. */
static int arrange_fds(struct init_main *first, struct err *err)
{
	const struct init_plan *plan = first->plan;
	int moved[INIT_FDS_MAX + 1][2], keep[INIT_FDS_MAX + 2];
	int socket = move_up(first->socket, err);
	size_t count = 0;

	if (socket < 0)
		return -1;
	/* Close-on-exec, and needed until then, to say that there is no bwrap. */
	first->socket = socket;
	for (; plan->sandbox_fds[count][0] >= 0; count++) {
		moved[count][0] = move_up(plan->sandbox_fds[count][0], err);
		moved[count][1] = plan->sandbox_fds[count][1];
		if (moved[count][0] < 0)
			return -1;
	}
	if (first->inner_fd >= 0) {
		moved[count][0] = move_up(first->inner_fd, err);
		moved[count][1] = SANDBOX_FD_USERNS;
		if (moved[count++][0] < 0)
			return -1;
	}
	for (int stream = 0; stream < 3; stream++) {
		if (plan->stdio[stream] >= 0 && dup2(plan->stdio[stream], stream) < 0)
			return err_sys(err, "cannot pass on a standard stream");
	}
	for (size_t i = 0; i < count; i++) {
		if (dup2(moved[i][0], moved[i][1]) < 0)
			return err_sys(err, "cannot arrange the descriptors");
		keep[i] = moved[i][1];
	}
	keep[count] = first->socket;
	child_close_others(keep, count + 1);
	return 0;
}

/* Makes fd the inherited descriptor number, which it may be already. */
static int pass_as(int *fd, int number)
{
	if (*fd == number)
		take_fd(fd);
	else if (dup2(*fd, number) < 0)
		return -1;
	return fcntl(number, F_SETFD, 0);
}

/* Opens what bwrap binds or reads, under the numbers it is told. */
static int open_binds(const struct init_plan *plan, struct err *err)
{
	AUTO_FREE char *tmp = init_tmp_path(plan);
	const struct {
		bool wanted;
		const char *path;
		int flags, number;
	} binds[] = {
		{true, USERNS_DIR "/launcher", O_RDONLY, SANDBOX_FD_LAUNCHER},
		{plan->access[TREE_SYSTREE] != TREE_ABSENT, init_tree_path(TREE_SYSTREE),
		 O_PATH | O_DIRECTORY, SANDBOX_FD_ROOT},
		{plan->access[TREE_WORKSPACE] != TREE_ABSENT, init_tree_path(TREE_WORKSPACE),
		 O_PATH | O_DIRECTORY, SANDBOX_FD_WORKSPACE},
		{plan->keep_tmp, tmp, O_PATH | O_DIRECTORY, SANDBOX_FD_TMP},
	};

	for (size_t i = 0; i < ARRAY_SIZE(binds); i++) {
		AUTO_CLOSE int fd = -1;

		if (!binds[i].wanted)
			continue;
		fd = open(binds[i].path, binds[i].flags | O_CLOEXEC);
		if (fd < 0 || pass_as(&fd, binds[i].number) < 0)
			return err_sys(err, "cannot open %s", binds[i].path);
	}
	return 0;
}

/* The first process becomes bwrap. Its environment is empty: the launcher's plan has the step's. */
static int exec_bwrap(struct init_main *first, struct err *err)
{
	static const char *const paths[] = {"/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"};
	struct strv *argv = (struct strv *)(uintptr_t)first->plan->bwrap_argv;
	char *empty[] = {NULL};

	if (arrange_fds(first, err) < 0 || open_binds(first->plan, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		execve(paths[i], strv_argv(argv), empty);
		if (errno != ENOENT && errno != EACCES)
			return err_set(err, ERR_HOST,
				       "cannot execute %s: %s; install it anew: apt install "
				       "--reinstall bubblewrap",
				       paths[i], strerror(errno));
	}
	return err_set(err, ERR_HOST, "bwrap is not installed: apt install bubblewrap");
}

/* The first process becomes the worker: in the inner user namespace, without network, and with
 * the tree as its root directory. */
static int run_worker(struct init_main *first, struct err *err)
{
	const struct init_worker *worker = first->plan->worker;
	const int keep[] = {first->socket,
			    first->plan->worker_fd >= 0 ? first->plan->worker_fd : 0};
	AUTO_CLOSE int root_fd = -1;

	if (setns(first->inner_fd, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNET) < 0)
		return err_sys(err, "cannot enter the inner user namespace");
	child_close_others(keep, ARRAY_SIZE(keep));
	if (chdir(init_tree_path(worker->root)) < 0 || chroot(".") < 0)
		return err_sys(err, "cannot make the %s the root directory",
			       tree_name(worker->root));
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	root_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys(err, "cannot open the %s", tree_name(worker->root));
	return worker->run(worker->data, root_fd, first->socket, err);
}

/* When the group has no memory left, the kernel is to end a process of the step, not init. */
static void offer_to_kernel(const struct init_main *first)
{
	AUTO_CLOSE int fd = -1;

	if (!first->in_group)
		return;
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "1000", 4) < 0)
		return;
}

_Noreturn void init_be_main(struct init_main *first)
{
	struct err err = {0};
	int result;

	offer_to_kernel(first);
	child_reset_signals();
	result = first->plan->worker ? run_worker(first, &err) : exec_bwrap(first, &err);
	if (result < 0)
		message_send_err(first->socket, &err);
	_exit(result < 0 ? 125 : 0);
}

/* The launcher joins the step in contractor's place: a process inside that still had contractor's
 * memory and command line would show both to the step. */
static int exec_launcher(struct init_main *joiner, char **argv, struct err *err)
{
	char *empty[] = {NULL};

	if (arrange_fds(joiner, err) < 0)
		return -1;
	execve(USERNS_DIR "/launcher", argv, empty);
	return err_sys(err, "cannot execute the launcher");
}

_Noreturn void init_be_joiner(struct init_main *joiner, char **argv)
{
	struct err err = {0};

	offer_to_kernel(joiner);
	child_reset_signals();
	exec_launcher(joiner, argv, &err);
	message_send_err(joiner->socket, &err);
	_exit(125);
}
