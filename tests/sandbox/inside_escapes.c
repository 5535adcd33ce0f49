/* What a step tries to get out by, or to leave behind. */
#include "tests/sandbox/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/mem.h"

enum { UPWARDS = 64 };

/* The classic way out of chroot(2); then executes the arguments. */
static int break_out(char **arguments)
{
	AUTO_CLOSE int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if ((mkdir("/tmp/jail", 0700) < 0 && errno != EEXIST) || chroot("/tmp/jail") < 0 ||
	    fchdir(root) < 0)
		return INSIDE_BROKEN;
	for (int i = 0; i < UPWARDS; i++) {
		if (chdir("..") < 0)
			return INSIDE_BROKEN;
	}
	if (chroot(".") < 0)
		return INSIDE_BROKEN;
	execv(arguments[0], arguments);
	return INSIDE_BROKEN;
}

/* Open when a file system of this type can be mounted on DIRECTORY. */
static int mount_type(char **arguments)
{
	int result = mount("none", arguments[1], arguments[0], 0, NULL);

	printf("mount: %s\n", result < 0 ? strerror(errno) : "succeeded");
	return result < 0 ? INSIDE_HELD : INSIDE_OPEN;
}

/* Open when one of the paths is on a mount that honours set-id bits or device nodes. */
static int look_mount_flags(char **arguments)
{
	int answer = INSIDE_HELD;
	struct statvfs mount;

	for (char **name = arguments; *name; name++) {
		if (statvfs(*name, &mount) < 0)
			return INSIDE_BROKEN;
		if ((mount.f_flag & (ST_NOSUID | ST_NODEV)) == (ST_NOSUID | ST_NODEV))
			continue;
		printf("%s has set-id bits or devices\n", *name);
		answer = INSIDE_OPEN;
	}
	return answer;
}

static int send_over(int socket_fd, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec body = {"x", 1};
	struct msghdr message = {.msg_iov = &body,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof control.bytes};
	struct cmsghdr *item = CMSG_FIRSTHDR(&message);

	item->cmsg_level = SOL_SOCKET;
	item->cmsg_type = SCM_RIGHTS;
	item->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(item), &fd, sizeof fd);
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? INSIDE_HELD : INSIDE_OPEN;
}

/* Sends a descriptor for a new FILE to the abstract socket NAME: a process outside could write to the
 * layer when the step has ended. */
static int send_descriptor(char **arguments)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(arguments[1]);
	AUTO_CLOSE int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_CLOSE int fd = open(arguments[0], O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (socket_fd < 0 || fd < 0)
		return INSIDE_BROKEN;
	memcpy(address.sun_path + 1, arguments[1], length);
	if (connect(socket_fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) < 0)
		return INSIDE_HELD;
	return send_over(socket_fd, fd);
}

/* Digs so many directories, each in the one before, below DIRECTORY, which is closed then. */
static int dig(char **arguments)
{
	int depth = atoi(arguments[1]);

	if (chdir(arguments[0]) < 0)
		return INSIDE_BROKEN;
	for (int i = 0; i < depth; i++) {
		if (mkdir("d", 0700) < 0 || chdir("d") < 0)
			return INSIDE_BROKEN;
	}
	while (depth-- > 0) {
		if (chmod(".", 0) < 0 || chdir("..") < 0)
			return INSIDE_BROKEN;
	}
	return INSIDE_OPEN;
}

static int write_value(char **arguments)
{
	AUTO_CLOSE int fd = open(arguments[0], O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, arguments[1], strlen(arguments[1])) < 0 ? INSIDE_HELD
									   : INSIDE_OPEN;
}

static int raise_priority(char **arguments)
{
	(void)arguments;
	return setpriority(PRIO_PROCESS, 0, -5) < 0 ? INSIDE_HELD : INSIDE_OPEN;
}

static int take_real_time(char **arguments)
{
	struct sched_param parameter = {.sched_priority = 1};

	(void)arguments;
	return sched_setscheduler(0, SCHED_FIFO, &parameter) < 0 ? INSIDE_HELD : INSIDE_OPEN;
}

const struct inside_command inside_escapes[] = {
	{"break-out", 1, break_out},
	{"mount-type", 2, mount_type},
	{"mount-flags", 1, look_mount_flags},
	{"send-descriptor", 2, send_descriptor},
	{"dig", 2, dig},
	{"write-value", 2, write_value},
	{"raise-priority", 0, raise_priority},
	{"take-real-time", 0, take_real_time},
	{NULL, 0, NULL},
};
