/* Ways to take up memory and space on the disk that are not seen at once. */
#include "tests/sandbox/inside.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/mem.h"

enum {
	SHARERS = 6,
	BLOCK = 1 << 20,
	DEPTH = 200,
	STACK = 1 << 16,
	MANY = 900, /* descriptors, as all may have */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until when it goes on, if it is not ended before: for $HOLD_MS. */
static int64_t hold_end(void)
{
	const char *hold_ms = getenv("HOLD_MS");

	return now_ms() + (hold_ms ? atol(hold_ms) : 0);
}

/* Keeps what it has, so that it is noticed. */
static void hold(void)
{
	int64_t end = hold_end();

	while (now_ms() < end)
		usleep(10000);
}

static char *take(size_t size, int flags)
{
	char *room = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		exit(INSIDE_BROKEN);
	memset(room, 1, size);
	return room;
}

/* So many megabytes, in several processes that share all of it. */
static int share(const char *megabytes, int flags)
{
	size_t size = strtoull(megabytes, NULL, 10) << 20;
	char *room = take(size, flags);

	for (int i = 0; i < SHARERS; i++) {
		volatile char sum = 0;

		if (fork() != 0)
			continue;
		for (size_t at = 0; at < size; at += 4096)
			sum = (char)(sum + room[at]);
		hold();
		_exit(0);
	}
	while (wait(NULL) > 0)
		continue;
	return INSIDE_OPEN;
}

/* So many megabytes, which several children share at once, N times or until the end of the hold. */
static int forked_often(char **arguments)
{
	int64_t end = hold_end();

	take(strtoull(arguments[0], NULL, 10) << 20, MAP_PRIVATE);
	for (long left = atol(arguments[1]); left > 0 || now_ms() < end; left--) {
		for (int i = 0; i < SHARERS; i++) {
			if (fork() == 0) {
				usleep(10000);
				_exit(0);
			}
		}
		while (wait(NULL) > 0)
			continue;
	}
	return INSIDE_OPEN;
}

static int forked(char **arguments)
{
	return share(arguments[0], MAP_PRIVATE);
}

static int shared(char **arguments)
{
	return share(arguments[0], MAP_SHARED);
}

/* Writes megabytes into a file that is open. */
static int fill(int fd, const char *megabytes)
{
	static char block[BLOCK];

	memset(block, 1, sizeof block);
	for (long left = atol(megabytes); left > 0; left--) {
		if (write(fd, block, sizeof block) != sizeof block)
			return INSIDE_HELD;
	}
	hold();
	return INSIDE_OPEN;
}

/* Into a file in memory that is mapped nowhere. */
static int in_memfd(char **arguments)
{
	AUTO_CLOSE int fd = memfd_create("hog", MFD_CLOEXEC);

	return fd < 0 ? INSIDE_BROKEN : fill(fd, arguments[0]);
}

/* Into FILE. */
static int in_file(char **arguments)
{
	AUTO_CLOSE int fd = open(arguments[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? INSIDE_BROKEN : fill(fd, arguments[0]);
}

/* Into a file that has lost its name. */
static int in_unnamed(char **arguments)
{
	AUTO_CLOSE int fd = open("unnamed", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 || unlink("unnamed") < 0 ? INSIDE_BROKEN : fill(fd, arguments[0]);
}

/* Into a file below many directories. */
static int in_the_deep(char **arguments)
{
	char name[] = "deep", *file[] = {arguments[0], name};

	for (int i = 0; i < DEPTH; i++) {
		if (mkdir("d", 0700) < 0 || chdir("d") < 0)
			return INSIDE_BROKEN;
	}
	return in_file(file);
}

/* So many empty files. */
static int names(char **arguments)
{
	char name[32];

	for (long left = atol(arguments[0]); left > 0; left--) {
		snprintf(name, sizeof name, "%ld", left);
		if (mknod(name, S_IFREG | 0600, 0) < 0)
			return INSIDE_BROKEN;
	}
	hold();
	return INSIDE_OPEN;
}

/* A file of so many megabytes that is nothing but a hole. */
static int hole(char **arguments)
{
	AUTO_CLOSE int fd = open("hole", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)atol(arguments[0]) << 20) < 0)
		return INSIDE_BROKEN;
	hold();
	return INSIDE_OPEN;
}

/* So many megabytes, handed on N times, or until the end of the hold, from a process to its child, and that ends at once. */
static int handed_on(char **arguments)
{
	int64_t last_ms = hold_end();
	int end[2];
	char byte;

	if (pipe2(end, O_CLOEXEC) < 0)
		return INSIDE_BROKEN;
	if (fork() == 0) {
		take(strtoull(arguments[0], NULL, 10) << 20, MAP_PRIVATE);
		for (long left = atol(arguments[1]); left > 0 || now_ms() < last_ms; left--) {
			if (fork() != 0)
				_exit(0);
		}
		_exit(0);
	}
	close(end[1]);
	return read(end[0], &byte, 1) == 0 ? INSIDE_OPEN : INSIDE_BROKEN;
}

/* In segments that no process is attached to. */
static int in_segments(char **arguments)
{
	for (long left = atol(arguments[0]); left > 0; left--) {
		char *room = shmat(shmget(IPC_PRIVATE, BLOCK, IPC_CREAT | 0600), NULL, 0);

		if (room == (char *)-1)
			return INSIDE_BROKEN;
		memset(room, 1, BLOCK);
		shmdt(room);
	}
	hold();
	return INSIDE_OPEN;
}

/* In a process whose first thread has ended. */
static int left_behind(void *arguments)
{
	take(strtoull(*(char **)arguments, NULL, 10) << 20, MAP_PRIVATE);
	hold();
	_exit(INSIDE_OPEN);
}

/* In a thread with descriptors of its own. */
static int apart(void *arguments)
{
	_exit(in_memfd(arguments));
}

/* Starts a thread that shares no descriptors. */
static void start_thread(int (*run)(void *data), char **arguments)
{
	char *stack = take(STACK, MAP_PRIVATE);

	if (clone(run, stack + STACK, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, arguments) < 0)
		exit(INSIDE_BROKEN);
}

static int without_leader(char **arguments)
{
	start_thread(left_behind, arguments);
	syscall(SYS_exit, 0);
	return INSIDE_BROKEN;
}

static int in_threads_memfd(char **arguments)
{
	start_thread(apart, arguments);
	pause();
	return INSIDE_BROKEN;
}

static int hold_as_child(void *data)
{
	(void)data;
	hold();
	return 0;
}

/* In a process that waits for a child that has not executed anything yet, as after vfork(2). */
static int vforked(char **arguments)
{
	char *stack = take(STACK, MAP_PRIVATE);

	take(strtoull(arguments[0], NULL, 10) << 20, MAP_PRIVATE);
	return clone(hold_as_child, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL) < 0
		       ? INSIDE_BROKEN
		       : INSIDE_OPEN;
}

/* In a memfd of the last of many processes, each with many descriptors. */
static int behind_many(char **arguments)
{
	pid_t last = 0;

	for (int i = 0; i < MANY; i++)
		dup(STDOUT_FILENO);
	for (long left = atol(arguments[1]); left > 0; left--) {
		last = fork();
		if (last == 0 && left == 1)
			_exit(in_memfd(arguments));
		if (last == 0) {
			pause();
			_exit(0);
		}
	}
	return waitpid(last, NULL, 0) == last ? INSIDE_OPEN : INSIDE_BROKEN;
}

const struct inside_command inside_hogs[] = {
	{"forked-often", 2, forked_often},
	{"forked", 1, forked},
	{"shared", 1, shared},
	{"in-memfd", 1, in_memfd},
	{"in-file", 2, in_file},
	{"in-unnamed", 1, in_unnamed},
	{"in-the-deep", 1, in_the_deep},
	{"names", 1, names},
	{"hole", 1, hole},
	{"in-segments", 1, in_segments},
	{"without-leader", 1, without_leader},
	{"in-threads-memfd", 1, in_threads_memfd},
	{"vforked", 1, vforked},
	{"behind-many", 2, behind_many},
	{"handed-on", 2, handed_on},
	{NULL, 0, NULL},
};
