/* init_join.c: shells that join the running step. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/process/message.h"
#include "engine/sandbox/init_internal.h"
#include "engine/sandbox/init_processes.h"
#include "engine/sandbox/launcher/plan.h"

/* In the order in which they are entered: by then all are open, and after the user namespace none
 * of the others could be. */
static const char *const namespaces[] = {"net", "ipc", "uts", "cgroup", "pid", "mnt", "user"};

/* What the child that joins is made of. */
struct joiner {
	struct init_main main;
	const char *argv[ARRAY_SIZE(namespaces) + 2];
};

/* Whether two descriptors are of the same namespace. */
static bool is_same(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_ino == second.st_ino &&
	       first.st_dev == second.st_dev;
}

static int open_namespace(int process_fd, const char *name)
{
	char path[16] = "ns/";

	strcat(path, name);
	return openat(process_fd, path, O_RDONLY | O_CLOEXEC);
}

/* A later process could be traced while it takes its user's id: the kernel would make it dumpable. */
static int check_dumpable(int proc_fd, struct err *err)
{
	AUTO_CLOSE int fd = openat(proc_fd, "sys/fs/suid_dumpable", O_RDONLY | O_CLOEXEC);
	char value = '0';

	if (fd < 0 || read(fd, &value, 1) != 1 || value != '1')
		return 0;
	return err_set(err, ERR_HOST,
		       "a shell cannot join a step safely while the kernel's fs.suid_dumpable is "
		       "1: `sysctl fs.suid_dumpable=2`");
}

/* The directory in /proc of the step's first process, when its sandbox is complete: the user
 * namespace is the last that bwrap enters. -1 before, and when the step ends. */
static int open_first_process(const struct init_shells *shells)
{
	AUTO_CLOSE int fd = init_open_launcher(shells->main_pid);
	AUTO_CLOSE int user_fd = fd < 0 ? -1 : open_namespace(fd, "user");

	if (user_fd >= 0 && (shells->inner_fd < 0 || is_same(user_fd, shells->inner_fd)))
		return take_fd(&fd);
	return -1;
}

/* Opens those namespaces of the process that are not ours, as what the launcher inherits. */
static int add_namespaces(int process_fd, int own_fd, struct joiner *joiner, struct init_plan *plan,
			  struct err *err)
{
	size_t n_fds = 0, count = 0;

	while (plan->sandbox_fds[n_fds][0] >= 0)
		n_fds++;
	joiner->argv[0] = "contractor-launcher";
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		AUTO_CLOSE int own = open_namespace(own_fd, namespaces[i]);
		AUTO_CLOSE int fd = open_namespace(process_fd, namespaces[i]);

		if (own < 0 || fd < 0 || n_fds == INIT_FDS_MAX)
			return err_sys(err, "cannot open the step's %s namespace", namespaces[i]);
		if (is_same(own, fd))
			continue;
		plan->sandbox_fds[n_fds][0] = take_fd(&fd);
		plan->sandbox_fds[n_fds++][1] = LAUNCH_FD_NAMESPACES + (int)count;
		plan->sandbox_fds[n_fds][0] = -1;
		joiner->argv[++count] = namespaces[i];
	}
	return 0;
}

/* Receives the plan, which was sent before the socket was, and adds what is to be entered. */
static int prepare(int process_fd, struct joiner *joiner, struct init_plan *plan, struct err *err)
{
	AUTO_CLOSE int proc_fd = open(INIT_DIR "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int own_fd = openat(proc_fd, "self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	int got = init_plan_receive(joiner->main.socket, plan, err);

	if (got <= 0)
		return got < 0 ? -1 : err_set(err, ERR_FAULT, "the plan of a shell did not arrive");
	if (process_fd < 0)
		return err_set(err, ERR_USAGE, "%d shells have joined the step: no more can",
			       INIT_SHELLS_MAX);
	if (check_dumpable(proc_fd, err) < 0)
		return -1;
	return add_namespaces(process_fd, own_fd, joiner, plan, err);
}

static pid_t fork_joiner(struct joiner *joiner, struct err *err)
{
	pid_t pid = fork();

	if (pid == 0)
		init_be_joiner(&joiner->main, (char **)(uintptr_t)joiner->argv);
	if (pid < 0)
		err_sys(err, "cannot start a process");
	return pid;
}

/* Starts it in the sandbox of this process; -1: there are too many. */
static void start_shell(struct init_shells *shells, int socket, int process_fd)
{
	struct init_plan plan = {
		.group_fds = {-1, -1}, .sandbox_fds = {{-1, -1}}, .stdio = {-1, -1, -1}};
	struct joiner joiner = {.main = {&plan, -1, socket, shells->in_group}};
	struct err err = {0};
	pid_t pid = -1;

	if (prepare(process_fd, &joiner, &plan, &err) == 0)
		pid = fork_joiner(&joiner, &err);
	init_plan_close(&plan);
	if (pid < 0) {
		message_send_err(socket, &err);
		close(socket);
		return;
	}
	shells->items[shells->len++] = (struct init_shell){.pid = pid, .socket = socket};
}

void init_join(struct init_shells *shells, int socket)
{
	if (shells->len + shells->n_waiting < INIT_SHELLS_MAX)
		shells->waiting[shells->n_waiting++] = socket;
	else
		start_shell(shells, socket, -1);
}

bool init_shells_start(struct init_shells *shells)
{
	AUTO_CLOSE int process_fd = shells->n_waiting ? open_first_process(shells) : -1;
	size_t count = shells->n_waiting;

	if (process_fd < 0)
		return count > 0;
	shells->n_waiting = 0;
	for (size_t i = 0; i < count; i++)
		start_shell(shells, shells->waiting[i], process_fd);
	return false;
}

void init_shell_ended(struct init_shells *shells, pid_t pid, int status)
{
	struct init_result result = {.status = status};

	for (size_t i = 0; i < shells->len; i++) {
		struct init_shell *shell = &shells->items[i];

		if (shell->pid != pid)
			continue;
		if (shell->socket >= 0)
			message_send(shell->socket, 'D', &result, sizeof result);
		fd_close(&shell->socket);
		*shell = shells->items[--shells->len];
		return;
	}
}

size_t init_shells_poll(const struct init_shells *shells, struct pollfd *ret_polled)
{
	for (size_t i = 0; i < shells->len; i++)
		ret_polled[i] = (struct pollfd){.fd = shells->items[i].socket, .events = POLLIN};
	return shells->len;
}

/* A command to one shell; without anybody who follows it, it is to end. */
static void obey(struct init_shell *shell)
{
	struct message message;
	int got = message_receive(shell->socket, &message, MSG_DONTWAIT);

	if (got == 1)
		fd_close(&message.fd);
	if (got == 1 && message.type == 't')
		init_signal_shell(shell->pid, SIGTERM);
	if (got == 0 || (got == 1 && message.type == 'k'))
		shell->is_dying = true;
	if (got == 0)
		fd_close(&shell->socket);
}

void init_shells_obey(struct init_shells *shells, const struct pollfd *polled)
{
	for (size_t i = 0; i < shells->len; i++) {
		if (polled[i].revents && polled[i].fd == shells->items[i].socket)
			obey(&shells->items[i]);
	}
}

bool init_shells_kill(const struct init_shells *shells)
{
	bool are_dying = false;

	for (size_t i = 0; i < shells->len; i++) {
		if (!shells->items[i].is_dying)
			continue;
		are_dying = true;
		init_signal_shell(shells->items[i].pid, SIGKILL);
	}
	return are_dying;
}
