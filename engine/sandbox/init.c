#include "engine/sandbox/init.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/process/message.h"
#include "engine/sandbox/init_internal.h"
#include "engine/sandbox/policy.h"

enum {
	MEMORY_SAMPLE_MS = 100,
	STOP_ROUND_MS = 5, /* how often it looks whether all is stopped */
	FD_ABOVE = 100,	   /* descriptors are moved above the fixed numbers first */
};

struct init {
	const struct init_plan *plan;
	int socket, signal_fd;
	int inner_fd; /* the inner user namespace, or -1 */
	pid_t main_pid;
	bool ended, stopping;
	struct init_result result;
};

/* Brings the loopback interface of this network namespace up. */
static int raise_loopback(struct err *err)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return err_sys(err, "cannot bring up the loopback interface");
	return 0;
}

/* Any port may be listened on: the namespace belongs to the outer user namespace, so
 * CAP_NET_BIND_SERVICE of the inner one has no effect. */
static void free_low_ports(void)
{
	AUTO_CLOSE int fd = open(INIT_DIR "/proc/sys/net/ipv4/ip_unprivileged_port_start",
				 O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "0", 1) < 0)
		return;
}

static int cut_network(struct err *err)
{
	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(err, "cannot make a network namespace");
	if (raise_loopback(err) < 0)
		return -1;
	free_low_ports();
	return 0;
}

/* The person's own limit may be too low for the numbers used here; the launcher sets the step's. */
static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Puts the descriptors where bwrap is told to find them, and closes all others. */
static int arrange_fds(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;
	int moved[INIT_FDS_MAX + 1][2], keep[INIT_FDS_MAX + 2];
	size_t count = 0;

	raise_open_files();
	/* Close-on-exec, and needed until then, to say that there is no bwrap. */
	init->socket = fcntl(init->socket, F_DUPFD_CLOEXEC, FD_ABOVE);

	for (; plan->sandbox_fds[count][0] >= 0; count++) {
		moved[count][0] = fcntl(plan->sandbox_fds[count][0], F_DUPFD_CLOEXEC, FD_ABOVE);
		moved[count][1] = plan->sandbox_fds[count][1];
	}
	if (init->inner_fd >= 0) {
		moved[count][0] = fcntl(init->inner_fd, F_DUPFD_CLOEXEC, FD_ABOVE);
		moved[count++][1] = SANDBOX_FD_USERNS;
	}
	for (int stream = 0; stream < 3; stream++) {
		if (plan->stdio[stream] >= 0 && dup2(plan->stdio[stream], stream) < 0)
			return err_sys(err, "cannot pass on a standard stream");
	}
	for (size_t i = 0; i < count; i++) {
		if (moved[i][0] < 0 || dup2(moved[i][0], moved[i][1]) < 0)
			return err_sys(err, "cannot arrange the descriptors");
		keep[i] = moved[i][1];
	}
	keep[count] = init->socket;
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
static int exec_bwrap(struct init *init, struct err *err)
{
	static const char *const paths[] = {"/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"};
	struct strv *argv = (struct strv *)(uintptr_t)init->plan->bwrap_argv;
	char *empty[] = {NULL};

	if (init->plan->private_network && cut_network(err) < 0)
		return -1;
	if (arrange_fds(init, err) < 0 || open_binds(init->plan, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		execve(paths[i], strv_argv(argv), empty);
	if (errno != ENOENT && errno != EACCES)
		return err_sys(err, "cannot execute bwrap");
	return err_set(err, ERR_HOST, "bwrap is not installed: apt install bubblewrap");
}

/* The first process becomes the worker: in the inner user namespace, without network, and with
 * the tree as its root directory. */
static int run_worker(struct init *init, struct err *err)
{
	const struct init_worker *worker = init->plan->worker;
	const int keep[] = {init->socket, init->plan->worker_fd >= 0 ? init->plan->worker_fd : 0};
	AUTO_CLOSE int root_fd = -1;

	if (setns(init->inner_fd, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNET) < 0)
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
	return worker->run(worker->data, root_fd, init->socket, err);
}

static _Noreturn void be_main_process(struct init *init)
{
	struct err err = {0};
	int result;

	child_reset_signals();
	result = init->plan->worker ? run_worker(init, &err) : exec_bwrap(init, &err);
	if (result < 0)
		message_send_err(init->socket, &err);
	_exit(result < 0 ? 125 : 0);
}

static int watch_children(struct init *init, struct err *err)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	init->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (init->signal_fd < 0)
		return err_sys(err, "cannot watch the processes");
	return 0;
}

static int start(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;

	if (init_mount_trees(plan, err) < 0)
		return -1;
	if ((plan->inner_userns || plan->worker) &&
	    init_make_inner_userns(plan, &init->inner_fd, err) < 0)
		return -1;
	if (watch_children(init, err) < 0)
		return -1;
	init->main_pid = fork();
	if (init->main_pid == 0)
		be_main_process(init);
	if (init->main_pid < 0)
		return err_sys(err, "cannot start a process");
	return 0;
}

/* Reaps what has ended; the end of the main process is the end of the step. */
static void reap(struct init *init)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(init->signal_fd, &info, sizeof info) > 0)
		continue;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != init->main_pid)
			continue;
		init->result.status = status;
		init->ended = true;
	}
}

static void command_stop(struct init *init)
{
	init->stopping = true;
}

static void command_go(struct init *init)
{
	init->stopping = false;
	kill(-1, SIGCONT);
	message_send_text(init->socket, 'G', "");
}

static void command_terminate(struct init *init)
{
	(void)init;
	init_signal_step(SIGTERM);
}

static void command_kill(struct init *init)
{
	init->result.status = SIGKILL;
	init->ended = true;
}

static const struct {
	char type;
	void (*run)(struct init *init);
} commands[] = {
	{'s', command_stop},
	{'g', command_go},
	{'t', command_terminate},
	{'k', command_kill},
};

/* One command; end-of-file means that contractor is gone, and so are we. */
static void obey(struct init *init)
{
	struct message message;

	if (message_receive(init->socket, &message, MSG_DONTWAIT) != 1)
		_exit(1);
	fd_close(&message.fd);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].type == message.type)
			commands[i].run(init);
	}
}

/* Stops whatever still runs; a process forked meanwhile is caught by the next round. */
static void stop_round(struct init *init)
{
	kill(-1, SIGSTOP);
	if (!init_all_stopped())
		return;
	init->stopping = false;
	message_send_text(init->socket, 'S', "");
}

static void check_memory(struct init *init)
{
	if (init_resident_bytes() <= init->plan->memory_bytes)
		return;
	init->result.over_memory = true;
	command_kill(init);
}

static void serve(struct init *init)
{
	struct pollfd polled[] = {{.fd = init->socket, .events = POLLIN},
				  {.fd = init->signal_fd, .events = POLLIN}};

	while (!init->ended) {
		int timeout = init->stopping		 ? STOP_ROUND_MS
			      : init->plan->memory_bytes ? MEMORY_SAMPLE_MS
							 : -1;

		if (poll(polled, ARRAY_SIZE(polled), timeout) > 0) {
			if (polled[1].revents)
				reap(init);
			if (polled[0].revents && !init->ended)
				obey(init);
		}
		if (init->stopping && !init->ended)
			stop_round(init);
		if (init->plan->memory_bytes && !init->ended)
			check_memory(init);
	}
}

/* Ends all processes, looks what they left, and reports. */
static void finish(struct init *init)
{
	struct err err = {0};
	int status = init->result.status;
	bool failed;

	init_kill_all(init->main_pid, &status);
	init->result.status = status;
	getrusage(RUSAGE_CHILDREN, &init->result.usage);
	failed = status != 0 || init_check_outputs(init->plan, &err) < 0;
	if (init_finish_trees(init->plan, failed, &init->result, &err) < 0 || err.code)
		message_send_err(init->socket, &err);
	message_send(init->socket, 'D', &init->result, sizeof init->result);
}

static _Noreturn void be_init(const struct init_plan *plan, int socket, int go_fd)
{
	struct init init = {.plan = plan, .socket = socket, .signal_fd = -1, .inner_fd = -1};
	struct err err = {0};
	char byte;

	/* The spawner has told contractor who we are; without it nobody would reap us. */
	if (read(go_fd, &byte, 1) != 1)
		_exit(1);
	prctl(PR_SET_NAME, "contractor-init");
	if (start(&init, &err) < 0) {
		message_send_err(socket, &err);
		_exit(1);
	}
	serve(&init);
	finish(&init);
	_exit(0);
}

/* A fork whose child is a child of contractor, so that contractor holds and reaps it. */
static pid_t fork_sibling(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
}

static int announce(int socket, pid_t pid, int go_fd, struct err *err)
{
	AUTO_FREE char *text = mem_printf("%d", pid);

	if (message_send_text(socket, 'I', text) < 0 || write(go_fd, "", 1) != 1)
		return err_sys(err, "cannot start init");
	return 0;
}

int init_spawn(const struct init_plan *plan, int socket, struct err *err)
{
	int go[2];
	pid_t pid;

	if (userns_enter(plan->userns, err) < 0)
		return -1;
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0)
		return err_sys(err, "cannot make a pid namespace");
	if (pipe2(go, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid = fork_sibling();
	if (pid == 0) {
		close(go[1]);
		be_init(plan, socket, go[0]);
	}
	close(go[0]);
	if (pid < 0)
		return err_sys(err, "cannot start init");
	return announce(socket, pid, go[1], err);
}
