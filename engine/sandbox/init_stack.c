/* init_stack.c: a network namespace whose packets a program outside of it carries (stack.h).
 *
 * The program is a child of init, in init's pid namespace, so that nothing of it is left when init
 * has ended, however that happens. It was forked before init left the host's network.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/sandbox/init_internal.h"

#define NAMESPACE_DIR INIT_DIR "/user"

enum {
	START_MS = 20000,   /* until then it is ready, or it will never be */
	SAID_MAX = 1 << 20, /* a pipe holds less, but one that goes on may fill it anew */
	SAID_PART = 4096,
};

/* What is needed while the program is being started. */
struct start {
	struct init_stack *stack;
	int go[2];   /* the namespace is there */
	int said_fd; /* where the program's standard error goes */
	int ready_fd;
};

/* What the programs need before they give up all of it: to enter the namespace, to make an interface, and
 * to lock themselves in. */
static bool is_needed(unsigned long capability)
{
	static const unsigned char needed[] = {
		CAP_SETGID,    CAP_SETUID,     CAP_SETPCAP,   CAP_NET_BIND_SERVICE,
		CAP_NET_ADMIN, CAP_SYS_CHROOT, CAP_SYS_ADMIN,
	};

	return memchr(needed, (int)capability, sizeof needed) != NULL;
}

static int give_up_privileges(struct err *err)
{
	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
		if (!is_needed(i) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return err_sys(err, "cannot give up a capability");
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot give up new privileges");
	return 0;
}

/* Mounts the network namespace as a file that the program may open: init's own entry in /proc is for those
 * who have all of its rights. Where AppArmor confines pasta it may read such files below /run/user
 * alone. */
static const char *mount_namespace(struct err *err)
{
	static const char *const dirs[] = {NAMESPACE_DIR, NAMESPACE_DIR "/0",
					   NAMESPACE_DIR "/0/netns"};
	static const char file[] = NAMESPACE_DIR "/0/netns/step";
	int failed = unshare(CLONE_NEWNS);

	for (size_t i = 0; !failed && i < ARRAY_SIZE(dirs); i++)
		failed = mkdir(dirs[i], 0700);
	if (failed || mknod(file, S_IFREG | 0600, 0) < 0 ||
	    mount(INIT_DIR "/proc/1/ns/net", file, NULL, MS_BIND, NULL) < 0) {
		err_sys(err, "cannot mount the network namespace");
		return NULL;
	}
	if (mount(NAMESPACE_DIR, "/run/user", NULL, MS_BIND | MS_REC, NULL) == 0)
		return "/run/user/0/netns/step";
	return file;
}

static int exec_program(const struct start *start, struct err *err)
{
	enum stack stack = start->stack->stack;
	const int keep[] = {STACK_READY_FD};
	AUTO_STRV struct strv argv = {0};
	char *empty[] = {NULL};
	const char *namespace = mount_namespace(err);
	int ready_fd;

	if (!namespace || give_up_privileges(err) < 0)
		return -1;
	ready_fd = open(STACK_READY_PATH, O_WRONLY);
	if (ready_fd < 0 || (ready_fd != STACK_READY_FD && dup2(ready_fd, STACK_READY_FD) < 0))
		return err_sys(err, "cannot arrange the descriptors");
	child_close_others(keep, ARRAY_SIZE(keep));
	child_reset_signals();
	stack_argv(stack, namespace, &argv);
	for (const char *const *path = stack_paths(stack); *path; path++)
		execve(*path, strv_argv(&argv), empty);
	return err_sys(err, "cannot execute %s", stack_name(stack));
}

/* Waits for the namespace, and becomes the program; says on its standard error why it could not. */
static _Noreturn void be_program(struct start *start)
{
	struct err err = {0};
	char byte;

	close(start->go[1]);
	if (dup2(start->said_fd, STDERR_FILENO) < 0 || read(start->go[0], &byte, 1) != 1)
		_exit(1);
	exec_program(start, &err);
	dprintf(STDERR_FILENO, "%s\n", err.text);
	_exit(1);
}

/* Waits until the program has said that the interface is there, or has ended. Contractor's end of the
 * socket closes when contractor is gone. */
static bool await_ready(const struct start *start, int socket)
{
	AUTO_CLOSE int pid_fd = (int)syscall(SYS_pidfd_open, start->stack->pid, 0);
	struct pollfd polled[] = {
		{.fd = start->ready_fd, .events = POLLIN},
		{.fd = pid_fd, .events = POLLIN},
		{.fd = socket, .events = POLLRDHUP},
	};

	poll(polled, ARRAY_SIZE(polled), START_MS);
	if (polled[2].revents)
		_exit(1);
	return polled[0].revents & POLLIN && !polled[1].revents;
}

char *init_stack_said(const struct init_stack *stack)
{
	AUTO_BUF struct buf said = BUF_INIT;
	char *line, *shown, part[SAID_PART];
	ssize_t length;

	while (said.len < SAID_MAX && (length = read(stack->said_fd, part, sizeof part)) > 0)
		buf_add(&said, part, (size_t)length);
	while (said.len && said.data[said.len - 1] == '\n')
		buf_truncate(&said, said.len - 1);
	line = strrchr(said.data, '\n');
	shown = buf_shown(line ? line + 1 : said.data);
	if (*shown)
		return shown;
	free(shown);
	return mem_strdup("it did not say why");
}

static int fail(const struct init_stack *stack, struct err *err)
{
	AUTO_FREE char *said = init_stack_said(stack);

	return err_set(err, ERR_HOST,
		       "%s could not give the step a network stack of its own: %s; with "
		       "--network-stack host the step has the host's network",
		       stack_name(stack->stack), said);
}

/* A pipe that never blocks the program, which may say more than anybody reads. */
static int open_channels(struct start *start, struct err *err)
{
	int said[2];

	if (pipe2(start->go, O_CLOEXEC) < 0 || pipe2(said, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(err, "cannot make a pipe");
	start->stack->said_fd = said[0];
	start->said_fd = said[1];
	if (mkfifo(STACK_READY_PATH, 0600) < 0)
		return err_sys(err, "cannot make a pipe");
	start->ready_fd = open(STACK_READY_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return start->ready_fd < 0 ? err_sys(err, "cannot open a pipe") : 0;
}

static void close_channels(struct start *start)
{
	fd_close(&start->go[0]);
	fd_close(&start->go[1]);
	fd_close(&start->said_fd);
	fd_close(&start->ready_fd);
}

static int start_program(struct start *start, int socket, struct err *err)
{
	struct init_stack *stack = start->stack;

	stack->pid = fork();
	if (stack->pid == 0)
		be_program(start);
	if (stack->pid < 0)
		return err_sys(err, "cannot start a process");
	if (init_cut_network(err) < 0)
		return -1;
	if (write(start->go[1], "", 1) != 1)
		return err_sys(err, "cannot start a process");
	fd_close(&start->said_fd);
	return await_ready(start, socket) ? 0 : fail(stack, err);
}

int init_start_stack(struct init_stack *stack, int socket, struct err *err)
{
	struct start start = {stack, {-1, -1}, -1, -1};
	int result;

	if (stack->stack == STACK_MISSING)
		return stack_missing(err);
	result = open_channels(&start, err);
	if (!result)
		result = start_program(&start, socket, err);
	close_channels(&start);
	return result;
}
