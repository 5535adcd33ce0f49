#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/message.h"
#include "engine/sandbox/init_internal.h"

/* Nobody inside makes further user namespaces: with them come fresh capabilities. */
static int forbid_nested(struct err *err)
{
	AUTO_CLOSE int fd =
		open(INIT_DIR "/proc/sys/user/max_user_namespaces", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1)
		return err_sys(err, "cannot forbid nested user namespaces");
	return 0;
}

static int make_namespace(const struct init_plan *plan, bool inner, int *ret_fd, struct err *err);

/* The limit in force when a namespace is made is the limit of all processes that the maker's id has
 * in the parent namespace, those in namespaces below it too. The person's own may be lower, and nobody
 * here may raise it. */
static int limit_processes(const struct init_plan *plan, struct err *err)
{
	uint64_t processes = plan->kind.processes;
	struct rlimit limit;

	if (!processes)
		return 0;
	if (getrlimit(RLIMIT_NPROC, &limit) < 0)
		return err_sys(err, "cannot tell the limit of processes");
	if (limit.rlim_max > processes)
		limit.rlim_max = processes;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NPROC, &limit) < 0)
		return err_sys(err, "cannot limit the processes to %llu",
			       (unsigned long long)limit.rlim_max);
	return 0;
}

static int open_own(int *ret_fd, struct err *err)
{
	*ret_fd = open(INIT_DIR "/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? err_sys(err, "cannot open the inner user namespace") : 0;
}

/* The child that makes a namespace: waits for its ids, then makes the inner one, if this is not it,
 * and hands that over. */
static int be_maker(const struct init_plan *plan, bool inner, int socket, struct err *err)
{
	AUTO_CLOSE int fd = -1;
	struct message message;

	if (inner && limit_processes(plan, err) < 0)
		return -1;
	if (unshare(CLONE_NEWUSER) < 0)
		return err_sys(err, "cannot make the inner user namespace");
	prctl(PR_SET_DUMPABLE, 1);
	if (message_send_text(socket, 'R', "") < 0 || message_receive(socket, &message, 0) != 1)
		return err_set(err, ERR_FAULT, "init did not map the ids");
	if (!inner && make_namespace(plan, true, &fd, err) < 0)
		return -1;
	if (inner && (forbid_nested(err) < 0 || open_own(&fd, err) < 0))
		return -1;
	if (message_send_fd(socket, 'R', fd) < 0)
		return err_sys(err, "cannot hand over the inner user namespace");
	return 0;
}

static const char maker_name[] = "the child that makes the inner user namespace";

/* The parent's side, in the namespace above: maps the ids, and receives the inner namespace. */
static int follow(const struct init_plan *plan, pid_t pid, int socket, int *ret_fd, struct err *err)
{
	AUTO_CLOSE int proc_fd = open(INIT_DIR "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct id_map nested;
	int none;

	id_map_nested(userns_map(plan->userns), &nested);
	if (message_expect(socket, maker_name, &none, err) < 0 ||
	    id_map_write(&nested, proc_fd, pid, err) < 0)
		return -1;
	if (message_send_text(socket, 'R', "") < 0)
		return err_sys(err, "cannot talk to the child that makes the namespace");
	return message_expect(socket, maker_name, ret_fd, err);
}

static int make_namespace(const struct init_plan *plan, bool inner, int *ret_fd, struct err *err)
{
	int pair[2], result;
	pid_t pid;

	if (message_pair(pair, err) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		if (be_maker(plan, inner, pair[1], err) < 0)
			message_send_err(pair[1], err);
		_exit(0);
	}
	fd_close(&pair[1]);
	result = pid < 0 ? err_sys(err, "cannot start a process")
			 : follow(plan, pid, pair[0], ret_fd, err);
	fd_close(&pair[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return result;
}

int init_make_inner_userns(const struct init_plan *plan, int *ret_fd, struct err *err)
{
	/* With one of its own in between, no other step counts towards the limit. */
	return make_namespace(plan, !plan->kind.processes, ret_fd, err);
}
