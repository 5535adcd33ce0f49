/* launcher_fixture.h: runs policies for real, in a busybox tree made on the spot; for
 * test_launcher.c.
 *
 * setup() makes the outer namespaces and the tree in them; init_shell() or init_program() a policy;
 * expect_output() and expect_error() run it, compare, and release it.
 */
#ifndef TESTS_UNIT_LAUNCHER_FIXTURE_H
#define TESTS_UNIT_LAUNCHER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/id_map.h"
#include "engine/process/message.h"
#include "engine/process/userns.h"
#include "engine/sandbox/policy.h"
#include "engine/sandbox/seccomp.h"

#define TREE USERNS_DIR "/tree"
#define WORK USERNS_DIR "/work"

/* As many policy->files as a test may have. */
#define RESERVED_FILES 8

struct fixture {
	char dir[32];
	struct userns *userns;
	struct id_map map;
	struct strv existing;
	struct seccomp_cache filters;
};

/* What one run said. */
struct outcome {
	int status;		      /* exit status, or -signal */
	char error[MESSAGE_SIZE_MAX]; /* of the launcher, "" without */
	struct buf output;	      /* of the pty, or of 1 and 2 */
};

static void put_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 || fchmod(fd, mode) < 0)
		abort();
	close(fd);
}

/* The tree: busybox, two users, and programs that cannot run. */
static void make_tree(void)
{
	static const char *const dirs[] = {"/bin", "/etc", "/proc",	 "/dev",
					   "/tmp", "/run", "/workspace", "/bin/adir"};
	static const char *const applets[] = {"sh",   "cat",  "id",    "ls", "tty", "stty",
					      "stat", "grep", "touch", "tr", "env"};

	if (mkdir(TREE, 0755) < 0 || mkdir(WORK, 0755) < 0)
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		AUTO_FREE char *path = mem_printf(TREE "%s", dirs[i]);

		if (mkdir(path, 0755) < 0)
			abort();
	}
	for (size_t i = 0; i < ARRAY_SIZE(applets); i++) {
		AUTO_FREE char *path = mem_printf(TREE "/bin/%s", applets[i]);

		if (symlink("busybox", path) < 0)
			abort();
	}
	put_file(TREE "/etc/passwd", "root:x:0:0::/root:/bin/sh\nbuilder:x:1000:1001::/home/b:\n",
		 0644);
	put_file(TREE "/bin/script", "#! /opt/none -x\n", 0755);
	put_file(TREE "/bin/data", "nothing\n", 0755);
	put_file(TREE "/bin/locked", "#!/bin/sh\n", 0644);
	if (system("cp /bin/busybox " TREE "/bin/busybox") != 0)
		abort();
}

/* Runs function in a child inside the outer namespaces. */
static int run_inside(struct fixture *fixture, void (*function)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct err err;

		if (userns_enter(fixture->userns, &err) < 0)
			_exit(1);
		function();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* Keeps the numbers that bwrap is to find its descriptors under from being given to others; whoever
 * started the tests may have left any number open. */
static void reserve_descriptors(void)
{
	int fd;

	close_range(3, ~0U, 0);
	do {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
	} while (fd < SANDBOX_FD_DATA + RESERVED_FILES);
}

static int setup(void **state)
{
	struct fixture *fixture = mem_new(sizeof *fixture);
	struct userns_options options = {.layers_fd = -1};
	struct err err = {0};

	reserve_descriptors();
	strcpy(fixture->dir, "/tmp/launcher-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	options.layers_fd = options.tmp_fd = open(fixture->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	options.launcher = sandbox_launcher_image(&options.launcher_length);
	if (id_map_find(&fixture->map, &err) < 0 ||
	    userns_new(&fixture->map, &options, &fixture->userns, &err) < 0)
		fail_msg("%s", err.text);
	close(options.layers_fd);
	assert_int_equal(run_inside(fixture, make_tree), 0);
	sandbox_existing_paths(&fixture->existing);
	seccomp_cache_init(&fixture->filters);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	userns_free(fixture->userns);
	rmdir(fixture->dir);
	strv_release(&fixture->existing);
	seccomp_cache_release(&fixture->filters);
	free(fixture);
	return 0;
}

/* A descriptor from which bytes can be read, under number and not close-on-exec. */
static void provide(const void *bytes, size_t length, int number)
{
	int fd = memfd_create("data", 0);

	if (fd < 0 || fd_write_all(fd, bytes, length) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    dup2(fd, number) < 0)
		abort();
	if (fd != number)
		close(fd);
}

static void provide_path(const char *path, int number)
{
	int fd = open(path, O_PATH | O_DIRECTORY);

	if (fd < 0 || dup2(fd, number) < 0)
		abort();
	close(fd);
}

/* A user namespace below the outer one, under its number. */
static void provide_inner(const struct id_map *outer)
{
	int ready[2], proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	struct id_map nested;
	char path[64], byte;
	struct err err;
	pid_t pid;

	id_map_nested(outer, &nested);
	if (pipe(ready) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0 ||
		    write(ready[1], "", 1) != 1)
			abort();
		for (;;)
			pause();
	}
	if (read(ready[0], &byte, 1) != 1 || id_map_write(&nested, proc_fd, pid, &err) < 0)
		abort();
	snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || dup2(fd, SANDBOX_FD_USERNS) < 0)
		abort();
	close(fd);
	close(ready[0]);
	close(ready[1]);
	close(proc_fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* What the launcher must clean up: ignored and blocked signals, a narrow umask, a group. There is
 * no controlling terminal, as under init. */
static void inherit_dirt(const struct id_map *map)
{
	const gid_t group = 5;
	sigset_t blocked;

	setsid();
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	if (!map->single && setgroups(1, &group) < 0)
		abort();
}

/* In a child: becomes bwrap, with what the policy refers to. */
static void execute(struct fixture *fixture, const struct sandbox_policy *policy, int control,
		    int output)
{
	char *environment[] = {(char[]){"LEAK=1"}, NULL};
	struct strv argv = {0}, hidden = {0};
	struct buf args = BUF_INIT, plan = BUF_INIT;
	size_t length;
	const void *launcher = sandbox_launcher_image(&length);
	struct err err;

	dup2(control, SANDBOX_FD_CONTROL);
	dup2(output, 1);
	dup2(output, 2);
	if (userns_enter(fixture->userns, &err) < 0 || unshare(CLONE_NEWNS) < 0 ||
	    policy_launch_plan(policy, &plan, &err) < 0)
		abort();
	provide_inner(&fixture->map);
	provide_path(TREE, SANDBOX_FD_ROOT);
	provide_path(WORK, SANDBOX_FD_WORKSPACE);
	provide(launcher, length, SANDBOX_FD_LAUNCHER);
	provide(plan.data, plan.len, SANDBOX_FD_PLAN);
	policy_bwrap_argv(policy, &fixture->existing, &argv);
	policy_bwrap_hidden(&argv, &args, &hidden);
	provide(args.data, args.len, SANDBOX_FD_ARGS);
	for (size_t i = 0; i < policy->n_files; i++)
		provide(policy->files[i].bytes, policy->files[i].length, SANDBOX_FD_DATA + (int)i);
	inherit_dirt(&fixture->map);
	execve("/usr/bin/bwrap", strv_argv(&hidden), environment);
	abort();
}

/* Reads the control socket to its end. Returns the pty's master or -1. */
static int follow_control(int control, struct outcome *outcome)
{
	struct message message;
	int master = -1;

	while (message_receive(control, &message, 0) == 1) {
		if (message.type == 'P')
			master = message.fd;
		else if (message.type == 'E')
			snprintf(outcome->error, sizeof outcome->error, "%s", message.body);
	}
	return master;
}

static void read_all(int fd, struct buf *out)
{
	ssize_t got;

	while ((got = read(fd, buf_reserve(out, 4096), 4096)) > 0) {
		out->len += (size_t)got;
		out->data[out->len] = '\0';
	}
}

/* Runs the policy's program to its end. */
static void run(struct fixture *fixture, struct sandbox_policy *policy, struct outcome *outcome)
{
	int control[2], output[2], master, status;
	pid_t pid;

	*outcome = (struct outcome){.output = BUF_INIT};
	policy->filters = &fixture->filters;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		execute(fixture, policy, control[1], output[1]);
	close(control[1]);
	close(output[1]);
	master = follow_control(control[0], outcome);
	if (master >= 0)
		read_all(master, &outcome->output);
	read_all(output[0], &outcome->output);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	outcome->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	fd_close(&master);
	close(control[0]);
	close(output[0]);
}

/* A shell step on pipes with this script. */
static void init_shell(struct sandbox_policy *policy, const char *script)
{
	sandbox_policy_init(policy, SANDBOX_SHELL);
	policy->terminal = false;
	strv_add_all(&policy->argv, "/bin/sh", "-c", script, NULL);
	sandbox_base_environment(&policy->environment, 0);
}

/* Runs it and checks the whole output. */
static void expect_output(struct fixture *fixture, struct sandbox_policy *policy, const char *text)
{
	struct outcome outcome;

	run(fixture, policy, &outcome);
	assert_string_equal(outcome.error, "");
	assert_string_equal(outcome.output.data, text);
	assert_int_equal(outcome.status, 0);
	buf_release(&outcome.output);
	sandbox_policy_release(policy);
}

/* Runs it and checks that the launcher gave up with status and a text that contains part. */
static void expect_error(struct fixture *fixture, struct sandbox_policy *policy, int status,
			 const char *part)
{
	struct outcome outcome;

	run(fixture, policy, &outcome);
	if (!strstr(outcome.error, part))
		fail_msg("\"%s\" is not in \"%s\"", part, outcome.error);
	assert_int_equal(outcome.status, status);
	buf_release(&outcome.output);
	sandbox_policy_release(policy);
}

/* A shell step that is one program, with an argument and a file or nothing. */
static void init_program(struct sandbox_policy *policy, const char *program, const char *argument,
			 const char *file)
{
	init_shell(policy, "");
	strv_clear(&policy->argv);
	strv_add(&policy->argv, program);
	if (argument)
		strv_add_all(&policy->argv, argument, file, NULL);
}

#endif
