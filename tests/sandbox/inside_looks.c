/* What a step can see, and whom it can reach. */
#include "tests/sandbox/inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "engine/base/mem.h"

extern char **environ;

/* Open when FIELD of /proc/self/status is not VALUE. */
static int look_status(char **arguments)
{
	AUTO_FCLOSE FILE *file = fopen("/proc/self/status", "re");
	size_t length = strlen(arguments[0]);
	char line[1024];

	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, arguments[0], length) || line[length] != ':')
			continue;
		line[strcspn(line, "\n")] = '\0';
		puts(line);
		return strcmp(line + length + 2, arguments[1]) ? INSIDE_OPEN : INSIDE_HELD;
	}
	return INSIDE_BROKEN;
}

static int look_groups(char **arguments)
{
	int count = getgroups(0, NULL);

	(void)arguments;
	printf("%d supplementary groups\n", count);
	return count ? INSIDE_OPEN : INSIDE_HELD;
}

/* Open when it runs as root, which a set-user-id file could bring about. */
static int look_root(char **arguments)
{
	(void)arguments;
	printf("effective ids %u %u\n", geteuid(), getegid());
	return geteuid() == 0 || getegid() == 0 ? INSIDE_OPEN : INSIDE_HELD;
}

/* Open when another user of the step, UID, can read FILE. */
static int read_as(char **arguments)
{
	AUTO_CLOSE int fd = -1;

	if (setuid((uid_t)atoi(arguments[0])) < 0)
		return INSIDE_BROKEN;
	fd = open(arguments[1], O_RDONLY | O_CLOEXEC);
	printf("opening it: %s\n", fd < 0 ? strerror(errno) : "done");
	if (fd < 0 && errno != EACCES)
		return INSIDE_BROKEN;
	return fd < 0 ? INSIDE_HELD : INSIDE_OPEN;
}

/* Open when any descriptor but 0, 1 and 2 is. */
static int look_descriptors(char **arguments)
{
	AUTO_CLOSEDIR DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int answer = INSIDE_HELD;

	(void)arguments;
	while (dir && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (fd <= 2 || fd == dirfd(dir))
			continue;
		printf("descriptor %d is open\n", fd);
		answer = INSIDE_OPEN;
	}
	return dir ? answer : INSIDE_BROKEN;
}

static int is_among(const char *text, char **list)
{
	while (*list && strcmp(*list, text))
		list++;
	return *list != NULL;
}

/* Open when the environment is not just what the arguments are. */
static int look_environment(char **arguments)
{
	for (char **entry = environ; *entry; entry++) {
		if (!is_among(*entry, arguments)) {
			printf("there is also %s\n", *entry);
			return INSIDE_OPEN;
		}
	}
	for (char **entry = arguments; *entry; entry++) {
		if (!is_among(*entry, environ)) {
			printf("%s is missing\n", *entry);
			return INSIDE_OPEN;
		}
	}
	return INSIDE_HELD;
}

/* Open when the namespace, as "user", is the one of which NAME ("user:[4026531837]") is told. */
static int look_namespace(char **arguments)
{
	char path[64], name[64] = "";

	snprintf(path, sizeof path, "/proc/self/ns/%s", arguments[0]);
	if (readlink(path, name, sizeof name - 1) < 0)
		return INSIDE_BROKEN;
	puts(name);
	return strcmp(name, arguments[1]) ? INSIDE_HELD : INSIDE_OPEN;
}

/* Open when one of the paths is of the same file system as the first, or has content. */
static int look_masked(char **arguments)
{
	struct stat proc, path;
	int answer = INSIDE_HELD;
	char byte;

	if (stat(arguments[0], &proc) < 0)
		return INSIDE_BROKEN;
	for (char **name = arguments + 1; *name; name++) {
		AUTO_CLOSE int fd = open(*name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		if (stat(*name, &path) < 0 ||
		    (path.st_dev != proc.st_dev && (fd < 0 || read(fd, &byte, 1) <= 0)))
			continue;
		printf("%s is not masked\n", *name);
		answer = INSIDE_OPEN;
	}
	return answer;
}

/* Open when one of the paths that exist is on a mount that may be written. */
static int look_writable(char **arguments)
{
	int answer = INSIDE_HELD;
	struct statvfs mount;

	for (char **name = arguments; *name; name++) {
		if (statvfs(*name, &mount) < 0 || mount.f_flag & ST_RDONLY)
			continue;
		printf("%s is writable\n", *name);
		answer = INSIDE_OPEN;
	}
	return answer;
}

static int open_for_writing(char **arguments)
{
	AUTO_CLOSE int fd = open(arguments[0], O_WRONLY | O_CLOEXEC);

	printf("%s: %s\n", arguments[0], fd < 0 ? strerror(errno) : "opened");
	return fd < 0 ? INSIDE_HELD : INSIDE_OPEN;
}

/* Open when the first process of a session has all a terminal should give it: its name,
 * /dev/tty, and job control. */
static int look_terminal(char **arguments)
{
	const char *name = ttyname(0);
	AUTO_CLOSE int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	(void)arguments;
	printf("terminal %s, session %d of %d, foreground %d\n", name ? name : "none", getsid(0),
	       getpid(), tcgetpgrp(0));
	return fd >= 0 && name && !strcmp(name, "/dev/pts/0") && getsid(0) == getpid() &&
			       tcgetpgrp(0) == getpgrp()
		       ? INSIDE_OPEN
		       : INSIDE_HELD;
}

static int connect_to(const struct sockaddr *address, size_t length)
{
	AUTO_CLOSE int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return INSIDE_BROKEN;
	if (connect(fd, address, (socklen_t)length) < 0) {
		printf("connect: %s\n", strerror(errno));
		return INSIDE_HELD;
	}
	return INSIDE_OPEN;
}

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				    .sin_port = htons((uint16_t)atoi(port))};
}

static int connect_loopback(char **arguments)
{
	struct sockaddr_in address = loopback(arguments[0]);

	return connect_to((struct sockaddr *)&address, sizeof address);
}

static int connect_abstract(char **arguments)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(arguments[0]);

	memcpy(address.sun_path + 1, arguments[0], length);
	return connect_to((struct sockaddr *)&address,
			  offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

/* Listens on a port, and connects to it. */
static int serve(char **arguments)
{
	struct sockaddr_in address = loopback(arguments[0]);
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(fd, 1) < 0) {
		printf("listen: %s\n", strerror(errno));
		return INSIDE_HELD;
	}
	return connect_to((struct sockaddr *)&address, sizeof address);
}

static int find_segment(char **arguments)
{
	int id = shmget((key_t)strtol(arguments[0], NULL, 0), 0, 0);

	return id < 0 ? INSIDE_HELD : INSIDE_OPEN;
}

static int find_queue(char **arguments)
{
	mqd_t queue = mq_open(arguments[0], O_RDONLY);

	return queue < 0 ? INSIDE_HELD : INSIDE_OPEN;
}

static int find_shared(char **arguments)
{
	AUTO_CLOSE int fd = shm_open(arguments[0], O_RDONLY, 0);

	return fd < 0 ? INSIDE_HELD : INSIDE_OPEN;
}

const struct inside_command inside_looks[] = {
	{"status", 2, look_status},
	{"groups", 0, look_groups},
	{"root", 0, look_root},
	{"read-as", 2, read_as},
	{"descriptors", 0, look_descriptors},
	{"environment", 0, look_environment},
	{"namespace", 2, look_namespace},
	{"masked", 2, look_masked},
	{"writable", 1, look_writable},
	{"open-for-writing", 1, open_for_writing},
	{"terminal", 0, look_terminal},
	{"connect", 1, connect_loopback},
	{"connect-abstract", 1, connect_abstract},
	{"serve", 1, serve},
	{"find-segment", 1, find_segment},
	{"find-queue", 1, find_queue},
	{"find-shared", 1, find_shared},
	{NULL, 0, NULL},
};
