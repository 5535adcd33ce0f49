#include "tests/sandbox/surround.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/sandbox/stack.h"
#include "tests/sandbox/rig.h"

static const char *const namespaces[] = {"user", "pid", "mnt", "net", "ipc", "uts", "cgroup"};

void surround_take_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), status = 0;
	pid_t pid;

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		rig_give_up("cannot open a terminal: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		AUTO_CLOSE int slave = -1;

		if (setsid() < 0 || (slave = open(ptsname(master), O_RDWR | O_CLOEXEC)) < 0 ||
		    ioctl(slave, TIOCSCTTY, 0) < 0)
			rig_give_up("cannot take a terminal: %s", strerror(errno));
		close(master);
		return;
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		rig_give_up("cannot start a process: %s", strerror(errno));
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

void surround_open_device(void)
{
	struct stack_host look;

	stack_look("", &look);
	if (geteuid() != 0 || look.may_open_device || !look.has_device)
		return;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/dev/net", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755") < 0 ||
	    mknod(STACK_DEVICE, S_IFCHR, makedev(10, 200)) < 0 || chmod(STACK_DEVICE, 0666) < 0)
		rig_give_up("cannot make " STACK_DEVICE ": %s", strerror(errno));
}

static void tell(struct rig *rig, const char *name, const char *value)
{
	strv_setenv(&rig->around, name, value);
}

static const char *told(const struct rig *rig, const char *name)
{
	return strv_getenv(&rig->around, name);
}

static void make_names(struct rig *rig)
{
	AUTO_FREE char *unique = mem_printf("contractor-probe-%d", getpid());
	AUTO_FREE char *name = mem_printf("/%s", unique);
	AUTO_FREE char *segment = mem_printf("%#x", 0x70000000 | getpid());
	AUTO_FREE char *pid = mem_printf("%d", getppid());
	AUTO_FREE char *canary = path_join(rig->dir, unique);
	char host[256] = "";

	gethostname(host, sizeof host - 1);
	tell(rig, "HOST_NAME", host);
	tell(rig, "HOST_PID", pid);
	tell(rig, "CANARY", canary);
	tell(rig, "ABSTRACT", unique);
	tell(rig, "SEGMENT", segment);
	tell(rig, "QUEUE", name);
	tell(rig, "SHARED", name);
	tell(rig, "KEY", unique);
}

/* A hard limit of 0 in force cannot be raised; else it is the one that says "to no handler". */
static void tell_core_limit(struct rig *rig)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_CORE, &limit);
	tell(rig, "CORE", limit.rlim_max ? "1" : "0");
}

static void tell_namespaces(struct rig *rig)
{
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		AUTO_FREE char *path = mem_printf("/proc/self/ns/%s", namespaces[i]);
		AUTO_FREE char *name = mem_printf("NS_%s", namespaces[i]);
		char value[64] = "";

		if (readlink(path, value, sizeof value - 1) < 0)
			rig_give_up("cannot read %s", path);
		tell(rig, name, value);
	}
}

static void listen_on_loopback(struct rig *rig)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_FREE char *port = NULL;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 64) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		rig_give_up("cannot listen on 127.0.0.1: %s", strerror(errno));
	port = mem_printf("%d", ntohs(address.sin_port));
	tell(rig, "PORT", port);
}

static void listen_on_abstract(const struct rig *rig)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *name = told(rig, "ABSTRACT");
	size_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, name, strlen(name));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, (socklen_t)length) < 0 ||
	    listen(fd, 64) < 0)
		rig_give_up("cannot listen on an abstract socket: %s", strerror(errno));
}

/* All with open rights, so that only the namespaces protect them. */
static void make_shared_things(const struct rig *rig)
{
	mode_t mask = umask(0);
	struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
	key_t key = (key_t)strtol(told(rig, "SEGMENT"), NULL, 0);
	int fd = shm_open(told(rig, "SHARED"), O_RDWR | O_CREAT, 0666);
	int canary = open(told(rig, "CANARY"), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0 || canary < 0 || shmget(key, 4096, IPC_CREAT | 0666) < 0 ||
	    mq_open(told(rig, "QUEUE"), O_RDWR | O_CREAT, 0666, &attributes) < 0)
		rig_give_up("cannot make what processes share: %s", strerror(errno));
	fd_close(&fd);
	fd_close(&canary);
	umask(mask);
}

static void make_key(const struct rig *rig)
{
	const char *name = told(rig, "KEY");

	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
	    syscall(SYS_add_key, "user", name, "x", 1, KEY_SPEC_SESSION_KEYRING) < 0)
		rig_give_up("cannot make a key: %s", strerror(errno));
}

void surround_set_up(struct rig *rig)
{
	make_names(rig);
	tell_namespaces(rig);
	tell_core_limit(rig);
	listen_on_loopback(rig);
	listen_on_abstract(rig);
	make_shared_things(rig);
	make_key(rig);
}

void surround_tear_down(struct rig *rig)
{
	key_t key = (key_t)strtol(told(rig, "SEGMENT"), NULL, 0);

	shm_unlink(told(rig, "SHARED"));
	mq_unlink(told(rig, "QUEUE"));
	shmctl(shmget(key, 0, 0), IPC_RMID, NULL);
}
