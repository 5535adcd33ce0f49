/* What a step uses up, and processes that will not go. */
#include "tests/sandbox/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"

enum { FORKS_MAX = 4096, USERS = 3, COUNTERS = 3 };

/* Forks as user until that is refused, at most `wanted` processes; prints how many there were and
 * waits until its parent is gone. */
static void fork_as(uid_t user, int wanted, int report)
{
	int count = 0, life[2];

	if (pipe2(life, O_CLOEXEC) < 0 || (user && setuid(user) < 0))
		wanted = 0;
	for (pid_t pid = 1; count < wanted; count++) {
		char byte;

		pid = fork();
		if (pid < 0)
			break;
		if (pid)
			continue;
		close(life[1]);
		_exit(read(life[0], &byte, 1) < 0);
	}
	if (write(report, &count, sizeof count) < 0)
		_exit(1);
	pause();
	_exit(0);
}

/* Open when more than N processes can be there at once, whatever their users. */
static int bomb(char **arguments)
{
	int limit = atoi(arguments[0]), total = 0, report[2];
	pid_t pids[USERS];

	if (limit > FORKS_MAX || pipe2(report, O_CLOEXEC) < 0)
		return INSIDE_BROKEN;
	for (int i = 0; i < USERS; i++) {
		int count = 0;

		pids[i] = fork();
		if (pids[i] == 0)
			fork_as(getuid() ? 0 : (uid_t)i * 1000, limit, report[1]);
		if (pids[i] > 0 && read(report[0], &count, sizeof count) == sizeof count)
			total += count + 1;
	}
	printf("%d processes\n", total);
	for (int i = 0; i < USERS; i++) {
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
	}
	return total > limit ? INSIDE_OPEN : INSIDE_HELD;
}

/* N processes more, which stay. */
static int crowd(char **arguments)
{
	for (int left = atoi(arguments[0]); left > 0; left--) {
		pid_t pid = fork();

		if (pid < 0)
			return INSIDE_BROKEN;
		if (pid == 0)
			pause();
	}
	puts("crowded");
	fflush(stdout);
	pause();
	return INSIDE_OPEN;
}

/* Forks for ever, and so does whatever it forks. The argument is a mark. */
static int fork_bomb(char **arguments)
{
	(void)arguments;
	while (fork() >= 0 || sched_yield() == 0)
		continue;
	return INSIDE_BROKEN;
}

/* Open when more than N descriptors can be open. */
static int open_files(char **arguments)
{
	int limit = atoi(arguments[0]), fd = 0;

	while (fd >= 0 && fd <= limit)
		fd = dup(0);
	printf("the last descriptor is %d\n", fd);
	return fd > limit ? INSIDE_OPEN : INSIDE_HELD;
}

/* Open when the resource's limits, soft and hard, are not as told. */
static int look_limit(char **arguments)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)atoi(arguments[0]), &limit) < 0)
		return INSIDE_BROKEN;
	printf("%llu %llu\n", (unsigned long long)limit.rlim_cur,
	       (unsigned long long)limit.rlim_max);
	return limit.rlim_cur != strtoull(arguments[1], NULL, 10) ||
			       limit.rlim_max != strtoull(arguments[2], NULL, 10)
		       ? INSIDE_OPEN
		       : INSIDE_HELD;
}

/* Writes FILE of so many bytes. */
static int write_file(char **arguments)
{
	long size = atol(arguments[1]);
	AUTO_CLOSE int fd = open(arguments[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	static const char block[4096];

	signal(SIGXFSZ, SIG_IGN);
	for (long done = 0; done < size; done += (long)sizeof block) {
		if (write(fd, block, sizeof block) != sizeof block) {
			printf("after %ld bytes: %s\n", done, strerror(errno));
			return INSIDE_HELD;
		}
	}
	return INSIDE_OPEN;
}

/* Uses so many bytes of memory until a byte can be read. */
static int eat(char **arguments)
{
	size_t size = strtoull(arguments[0], NULL, 10);
	char *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char byte;

	if (room == MAP_FAILED)
		return INSIDE_BROKEN;
	memset(room, 1, size);
	puts("eaten");
	fflush(stdout);
	return read(0, &byte, 1) < 0 ? INSIDE_BROKEN : INSIDE_OPEN;
}

/* A process that no signal but SIGKILL ends; its argument, a mark, is seen in /proc. */
static void stay(void)
{
	const int ignored[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
	for (;;)
		pause();
}

static int hold(char **arguments)
{
	(void)arguments;
	puts("holding");
	fflush(stdout);
	stay();
	return INSIDE_BROKEN;
}

/* Leaves a daemon behind: of another session, orphaned, its descriptors closed. */
static int leave_daemon(char **arguments)
{
	int ready[2];
	char byte;

	(void)arguments;
	if (pipe2(ready, O_CLOEXEC) < 0)
		return INSIDE_BROKEN;
	if (fork() == 0) {
		setsid();
		if (fork() != 0)
			_exit(0);
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		stay();
	}
	return read(ready[0], &byte, 1) == 1 ? INSIDE_OPEN : INSIDE_BROKEN;
}

static void append_for_ever(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	while (fd >= 0 && write(fd, "x", 1) == 1)
		usleep(1000);
	_exit(1);
}

/* Waits as a parent does after vfork(2): uninterruptibly. */
static void fork_and_wait(void)
{
	if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) != 0)
		_exit(1);
}

/* Appends to FILE from several processes, one a daemon, one the child of a parent that cannot be
 * interrupted, until a byte can be read. */
static int count(char **arguments)
{
	int fd = open(arguments[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	char byte;

	close(fd);
	for (int i = 0; fd >= 0 && i < COUNTERS; i++) {
		if (fork() != 0)
			continue;
		if (i == 0)
			setsid();
		else if (i == 1)
			fork_and_wait();
		append_for_ever(arguments[0]);
	}
	puts("counting");
	fflush(stdout);
	return read(0, &byte, 1) == 1 ? INSIDE_OPEN : INSIDE_HELD;
}

const struct inside_command inside_loads[] = {
	{"bomb", 1, bomb},
	{"crowd", 1, crowd},
	{"fork-bomb", 1, fork_bomb},
	{"open-files", 1, open_files},
	{"limit", 3, look_limit},
	{"write", 2, write_file},
	{"eat", 1, eat},
	{"hold", 1, hold},
	{"leave-daemon", 1, leave_daemon},
	{"count", 1, count},
	{NULL, 0, NULL},
};
