#include "engine/sandbox/init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/process/loop.h"
#include "engine/process/message.h"
#include "engine/sandbox/init_internal.h"
#include "engine/sandbox/init_meters.h"
#include "engine/sandbox/init_processes.h"

enum {
	ROUND_MS = 5,	/* how often it looks whether all is stopped, or ready for shells */
	SLEEP_MS = 500, /* and how long for what sleeps uninterruptibly, in a write say */
};

struct init {
	struct init_plan *plan;
	int socket, signal_fd;
	int inner_fd; /* the inner user namespace, or -1 */
	pid_t main_pid;
	bool ended, stopping;
	int64_t sleep_until_ms;	   /* when sleepers count as stopped */
	struct init_shells shells; /* that joined the step */
	struct init_stack stack;
	struct init_copies copies;
	struct init_meters meters;
	struct init_result result;
};

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

/* A worker cuts itself off. */
static int make_network(struct init *init, struct err *err)
{
	const struct init_kind *kind = &init->plan->kind;

	if (kind->private_network)
		return init_cut_network(err);
	if (init->plan->worker || !stack_is_private(kind->stack))
		return 0;
	init->stack.stack = kind->stack;
	if (init_start_stack(&init->stack, init->socket, err) < 0)
		return -1;
	init->shells.stack_pid = init->stack.pid;
	return 0;
}

/* Makes all that needs no trees. The children are watched before there is one whose end matters. */
static int make_ready(struct init *init, struct err *err)
{
	const struct init_plan *plan = init->plan;

	if (init_mount_scaffold(err) < 0)
		return -1;
	if ((plan->kind.inner_userns || plan->worker) &&
	    init_make_inner_userns(plan, &init->inner_fd, err) < 0)
		return -1;
	if (watch_children(init, err) < 0)
		return -1;
	return make_network(init, err);
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == pid;
}

/* Waits until something is sent. With a network that has ended before that, no step is to be begun: there
 * will be another init. */
static void await_message(struct init *init)
{
	struct pollfd polled[] = {{.fd = init->socket, .events = POLLIN},
				  {.fd = init->signal_fd, .events = POLLIN}};
	struct signalfd_siginfo info;

	while (poll(polled, ARRAY_SIZE(polled), -1) < 0 || !polled[0].revents) {
		while (read(init->signal_fd, &info, sizeof info) > 0)
			continue;
		if (has_ended(init->stack.pid))
			_exit(1);
	}
}

/* Waits for the rest of the plan; without contractor there is nothing to be done. */
static int await_plan(struct init *init, struct err *err)
{
	int got;

	await_message(init);
	got = init_plan_receive(init->socket, init->plan, err);
	if (!got)
		_exit(1);
	return got < 0 ? -1 : 0;
}

static int start(struct init *init, struct err *err)
{
	struct init_main first = {init->plan, init->inner_fd, init->socket, false};

	if (init_mount_trees(init->plan, &init->copies, err) < 0)
		return -1;
	if (init->copies.made[TREE_SYSTREE] || init->copies.made[TREE_WORKSPACE])
		message_send_text(init->socket, 'N', INIT_NOTE_COPIED);
	init_meters_start(&init->meters, init->plan);
	init->meters.memory.stack_pid = init->stack.pid;
	first.in_group = init->shells.in_group = init->meters.events_fd >= 0;
	init->main_pid = init->meters.main_pid = fork();
	if (init->main_pid == 0)
		init_be_main(&first);
	if (init->main_pid < 0)
		return err_sys(err, "cannot start a process");
	/* Or contractor would not see their other ends close before init ends. */
	init_plan_close(init->plan);
	return 0;
}

/* Its connections are lost, and the step goes on without; should it fail, that may be why. */
static void note_stack_ended(struct init *init)
{
	AUTO_FREE char *said = init_stack_said(&init->stack);
	char *note = init->result.lost_network;

	snprintf(note, sizeof init->result.lost_network,
		 "%s ended, and with it the step's network: %s", stack_name(init->stack.stack),
		 said);
	init->stack.pid = init->shells.stack_pid = init->meters.memory.stack_pid = 0;
	message_send_text(init->socket, 'N', note);
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
		if (pid == init->main_pid) {
			init->result.status = status;
			init->ended = true;
		} else if (pid == init->stack.pid) {
			note_stack_ended(init);
		} else {
			init_shell_ended(&init->shells, pid, status);
		}
	}
}

static void command_stop(struct init *init, struct message *message)
{
	(void)message;
	init->stopping = true;
	init->sleep_until_ms = loop_now_ms() + SLEEP_MS;
}

static void command_go(struct init *init, struct message *message)
{
	(void)message;
	init->stopping = false;
	init_signal_all(&init->shells, SIGCONT);
	message_send_text(init->socket, 'G', "");
}

static void command_terminate(struct init *init, struct message *message)
{
	(void)init;
	(void)message;
	init_signal_step(SIGTERM);
}

static void end_by_kill(struct init *init)
{
	init->result.status = SIGKILL;
	init->ended = true;
}

static void command_kill(struct init *init, struct message *message)
{
	(void)message;
	end_by_kill(init);
}

static void command_join(struct init *init, struct message *message)
{
	init->shells.main_pid = init->main_pid;
	init->shells.inner_fd = init->inner_fd;
	if (message->fd >= 0)
		init_join(&init->shells, take_fd(&message->fd));
}

static const struct {
	char type;
	void (*run)(struct init *init, struct message *message);
} commands[] = {
	{'s', command_stop}, {'g', command_go},	  {'t', command_terminate},
	{'k', command_kill}, {'j', command_join},
};

/* One command; end-of-file means that contractor is gone, and so are we. */
static void obey(struct init *init)
{
	struct message message;

	if (message_receive(init->socket, &message, MSG_DONTWAIT) != 1)
		_exit(1);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].type == message.type)
			commands[i].run(init, &message);
	}
	fd_close(&message.fd);
}

/* Stops whatever still runs; a process forked meanwhile is caught by the next round. */
static void stop_round(struct init *init)
{
	init_signal_all(&init->shells, SIGSTOP);
	if (!init_all_stopped(&init->shells, loop_now_ms() >= init->sleep_until_ms))
		return;
	init->stopping = false;
	message_send_text(init->socket, 'S', "");
}

static void check_limits(struct init *init)
{
	init->result.over = init_meters_look(&init->meters);
	if (init->result.over != INIT_WITHIN)
		end_by_kill(init);
}

/* How long to wait for something to happen before one of the rounds is due. */
static int round_ms(const struct init *init, bool looks)
{
	return init->stopping || looks ? ROUND_MS : init_meters_wait_ms(&init->meters);
}

static void serve(struct init *init)
{
	struct pollfd polled[2 + INIT_SHELLS_MAX] = {{.fd = init->socket, .events = POLLIN},
						     {.fd = init->signal_fd, .events = POLLIN}};

	while (!init->ended) {
		bool kills = init_shells_kill(&init->shells);
		bool looks = init_shells_start(&init->shells) || kills;
		nfds_t count = 2 + init_shells_poll(&init->shells, polled + 2);

		if (poll(polled, count, round_ms(init, looks)) > 0) {
			init_shells_obey(&init->shells, polled + 2);
			if (polled[1].revents)
				reap(init);
			if (polled[0].revents && !init->ended)
				obey(init);
		}
		if (init->stopping && !init->ended)
			stop_round(init);
		if (!init->ended)
			check_limits(init);
	}
}

/* Ends all processes, looks what they left, and reports. */
static void finish(struct init *init)
{
	struct err err = {0};
	int status = init->result.status;
	bool failed;

	init_kill_all(init->main_pid, &status);
	message_send_text(init->socket, 'K', "");
	init->result.status = status;
	getrusage(RUSAGE_CHILDREN, &init->result.usage);
	init_meters_finish(&init->meters, &init->result);
	failed = status != 0 || init->result.over != INIT_WITHIN ||
		 init_check_outputs(init->plan, &err) < 0;
	if (init_finish_trees(init->plan, &init->copies, failed, &init->result, &err) < 0 ||
	    err.code)
		message_send_err(init->socket, &err);
	message_send(init->socket, 'D', &init->result, sizeof init->result);
}

static _Noreturn void be_init(const struct init_plan *known, int socket, int go_fd)
{
	struct init_plan plan = *known;
	struct init init = {.plan = &plan,
			    .socket = socket,
			    .signal_fd = -1,
			    .inner_fd = -1,
			    .stack.said_fd = -1};
	struct err err = {0};
	char byte;

	/* The spawner has told contractor who we are; without it nobody would reap us. */
	if (read(go_fd, &byte, 1) != 1)
		_exit(1);
	close(go_fd);
	/* The person's own limit may be too low for shells that join, and for the numbers that bwrap
	 * is given; the launcher sets the step's. */
	child_raise_open_files();
	prctl(PR_SET_NAME, "contractor-init");
	if (make_ready(&init, &err) < 0 || (!plan.worker && await_plan(&init, &err) < 0) ||
	    start(&init, &err) < 0) {
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
