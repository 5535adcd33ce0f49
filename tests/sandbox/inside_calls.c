/* What a step tries by system calls. */
#include "tests/sandbox/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/mem.h"

#define HIGH_BIT (1L << 32)
#define BAD 1L /* an address at which nothing is */
#define TEXT(literal) ((long)(literal))
enum { SYSLOG_SIZE = 10 }; /* of the kernel's messages: syslog(2) */
#ifdef __x86_64__
/* Of the 32-bit interfaces: a number of i386, and the bit of x32. */
enum { I386_SOCKET = 359, X32_BIT = 0x40000000 };
#endif

/* Arguments are such that the kernel itself would answer otherwise, mostly since they make no
 * sense: so it is seen whether a call got there. */
static const struct call {
	const char *name;
	long number;
	long arguments[5];
	int refusal; /* of the filter */
} calls[] = {
	{"bpf", SYS_bpf, {0, 0, 1 << 20}, EPERM},
	{"perf_event_open", SYS_perf_event_open, {0}, EPERM},
	{"userfaultfd", SYS_userfaultfd, {0}, ENOSYS},
	{"io_uring_setup", SYS_io_uring_setup, {0}, ENOSYS},
	{"io_uring_enter", SYS_io_uring_enter, {-1}, ENOSYS},
	{"io_uring_register", SYS_io_uring_register, {-1}, ENOSYS},
	{"mbind", SYS_mbind, {0, 4096, 99}, ENOSYS},
	{"get_mempolicy", SYS_get_mempolicy, {0, 0, 0, 0, 99}, ENOSYS},
	{"set_mempolicy", SYS_set_mempolicy, {99}, ENOSYS},
	{"migrate_pages", SYS_migrate_pages, {-1}, ENOSYS},
	{"move_pages", SYS_move_pages, {-1, 0, 0, 0, 0}, ENOSYS},
	{"keyctl", SYS_keyctl, {KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING}, ENOSYS},
	{"add_key", SYS_add_key, {0}, ENOSYS},
	{"request_key", SYS_request_key, {0}, ENOSYS},
	{"clone3", SYS_clone3, {0}, ENOSYS},
	{"fsopen", SYS_fsopen, {0}, ENOSYS},
	{"fsconfig", SYS_fsconfig, {-1, -1}, ENOSYS},
	{"fsmount", SYS_fsmount, {-1, -1}, ENOSYS},
	{"fspick", SYS_fspick, {-1, BAD, -1}, ENOSYS},
	{"open_tree", SYS_open_tree, {-1, 0, -1}, ENOSYS},
	{"move_mount", SYS_move_mount, {-1, 0, -1, 0, -1}, ENOSYS},
	{"mount_setattr", SYS_mount_setattr, {-1, 0, -1}, ENOSYS},
	{"unshare", SYS_unshare, {1}, EPERM},
	{"setns", SYS_setns, {-1}, EPERM},
	{"mount", SYS_mount, {0}, EPERM},
	{"umount", SYS_umount2, {0}, EPERM},
	{"pivot_root", SYS_pivot_root, {BAD, BAD}, EPERM},
	{"open_by_handle_at", SYS_open_by_handle_at, {-1, BAD}, EPERM},
	{"fanotify_init", SYS_fanotify_init, {FAN_REPORT_FID}, EPERM},
	{"fanotify_mark", SYS_fanotify_mark, {-1}, EPERM},
	{"clone-mount", SYS_clone, {CLONE_NEWNS | CLONE_THREAD}, EPERM},
	{"clone-network", SYS_clone, {CLONE_NEWNET | CLONE_THREAD}, EPERM},
	{"clone-high", SYS_clone, {HIGH_BIT | CLONE_NEWUSER | CLONE_THREAD}, EPERM},
	{"syslog", SYS_syslog, {SYSLOG_SIZE}, EPERM},
	{"init_module", SYS_init_module, {BAD, 0, BAD}, EPERM},
	{"finit_module", SYS_finit_module, {-1, BAD, -1}, EPERM},
	{"delete_module", SYS_delete_module, {BAD}, EPERM},
	{"kexec_load", SYS_kexec_load, {0, 0, 0, ~0L}, EPERM},
	{"acct", SYS_acct, {BAD}, EPERM},
	{"swapon", SYS_swapon, {BAD}, EPERM},
	{"swapoff", SYS_swapoff, {BAD}, EPERM},
	{"reboot", SYS_reboot, {0, 0, 0}, EPERM},
	{"setdomainname", SYS_setdomainname, {BAD, -1}, EPERM},
	{"quotactl_fd", SYS_quotactl_fd, {-1, -1}, EPERM},
	{"quotactl", SYS_quotactl, {0xff}, EPERM},
	{"settimeofday", SYS_settimeofday, {1}, EPERM},
	{"clock_settime", SYS_clock_settime, {99}, EPERM},
	{"clock_adjtime", SYS_clock_adjtime, {0}, EPERM},
	{"adjtimex", SYS_adjtimex, {0}, EPERM},
	{"personality", SYS_personality, {READ_IMPLIES_EXEC}, ENOSYS},
	{"chroot", SYS_chroot, {TEXT("/none")}, EPERM},
	{"mknodat-block", SYS_mknodat, {AT_FDCWD, TEXT("/none/x"), S_IFBLK, 1}, EPERM},
	{"mknodat-whiteout", SYS_mknodat, {AT_FDCWD, TEXT("/tmp/white"), S_IFCHR, 0}, EPERM},
	{"tiocsti", SYS_ioctl, {0, TIOCSTI}, EPERM},
	{"tiocsti-high", SYS_ioctl, {0, HIGH_BIT | TIOCSTI}, EPERM},
	{"tioclinux", SYS_ioctl, {0, TIOCLINUX}, EPERM},
	{"tioclinux-high", SYS_ioctl, {0, HIGH_BIT | TIOCLINUX}, EPERM},
	{"af_alg", SYS_socket, {AF_ALG, SOCK_SEQPACKET}, EAFNOSUPPORT},
	{"af_packet", SYS_socket, {AF_PACKET, SOCK_RAW}, EAFNOSUPPORT},
	{"af_packet-high", SYS_socket, {HIGH_BIT | AF_PACKET, SOCK_RAW}, EAFNOSUPPORT},
	{"af_vsock", SYS_socket, {AF_VSOCK, SOCK_STREAM}, EAFNOSUPPORT},
	{"af_vsock-pair", SYS_socketpair, {AF_VSOCK, SOCK_STREAM}, EAFNOSUPPORT},
	{"af_xdp", SYS_socket, {AF_XDP, SOCK_RAW}, EAFNOSUPPORT},
#ifdef __x86_64__
	{"iopl", SYS_iopl, {4}, EPERM},
	{"ioperm", SYS_ioperm, {1, -1}, EPERM},
	{"modify_ldt", SYS_modify_ldt, {99}, EPERM},
	{"mknod-block", SYS_mknod, {TEXT("/none/x"), S_IFBLK, 1}, EPERM},
	{"mknod-char", SYS_mknod, {TEXT("/none/x"), S_IFCHR, 1}, EPERM},
	{"mknod-whiteout", SYS_mknod, {TEXT("/tmp/whiteout"), S_IFCHR, 0}, EPERM},
	{"af_vsock-x32", X32_BIT | SYS_socket, {AF_VSOCK, SOCK_STREAM}, ENOSYS},
#endif
};

int inside_try_call(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const long *arguments = calls[i].arguments;

		if (strcmp(calls[i].name, name))
			continue;
		if (syscall(calls[i].number, arguments[0], arguments[1], arguments[2], arguments[3],
			    arguments[4]) >= 0) {
			printf("%s succeeded\n", name);
			return INSIDE_OPEN;
		}
		printf("%s: %s\n", name, strerror(errno));
		return errno == calls[i].refusal ? INSIDE_HELD : INSIDE_OPEN;
	}
	fprintf(stderr, "inside: there is nothing called %s\n", name);
	return INSIDE_BROKEN;
}

/* What a call that should be refused for lack of a right has to say. */
static int answer(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerror(errno) : "succeeded");
	return result < 0 ? INSIDE_HELD : INSIDE_OPEN;
}

#ifdef __x86_64__
static void no_such_gate(int number)
{
	(void)number;
	_exit(INSIDE_HELD);
}

/* By the gate of 32-bit programs, whose numbers a 64-bit filter does not know. */
static int vsock_int80(char **arguments)
{
	int result;

	(void)arguments;
	signal(SIGSEGV, no_such_gate);
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(I386_SOCKET), "b"(AF_VSOCK), "c"(SOCK_STREAM), "d"(0)
			 : "memory");
	printf("int 0x80: %d\n", result);
	return result == -ENOSYS ? INSIDE_HELD : INSIDE_OPEN;
}
#endif

static int unshare_user(char **arguments)
{
	(void)arguments;
	return answer("unshare", unshare(CLONE_NEWUSER));
}

static int clone_user(char **arguments)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	(void)arguments;
	if (pid == 0)
		_exit(0);
	return answer("clone", pid);
}

static int mount_tmpfs(char **arguments)
{
	return answer("mount", mount("tmpfs", arguments[0], "tmpfs", 0, NULL));
}

/* In a mount namespace of its own, which a step with the right to make one could change. */
static int mount_in_new_namespace(char **arguments)
{
	if (unshare(CLONE_NEWNS) < 0)
		return answer("unshare", -1);
	return mount_tmpfs(arguments);
}

static int unmount(char **arguments)
{
	return answer("umount", umount2(arguments[0], MNT_DETACH));
}

static int remount_writable(char **arguments)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC;

	return answer("remount", mount(NULL, arguments[0], NULL, flags, NULL));
}

static int set_hostname(char **arguments)
{
	return answer("sethostname", sethostname(arguments[0], strlen(arguments[0])));
}

static int trace(char **arguments)
{
	return answer("ptrace", ptrace(PTRACE_SEIZE, atoi(arguments[0]), NULL, NULL));
}

/* What gdb and strace need. */
static int trace_child(char **arguments)
{
	int status = 0;
	pid_t pid = fork();

	(void)arguments;
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &status, WUNTRACED);
	return answer("ptrace", WIFSTOPPED(status) ? ptrace(PTRACE_CONT, pid, NULL, NULL) : -1);
}

static int signal_process(char **arguments)
{
	return answer("kill", kill(atoi(arguments[0]), 0));
}

/* A key of the session's keyring, by its description. */
static int find_key(char **arguments)
{
	return answer("keyctl", syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
					arguments[0], 0));
}

/* Executes the arguments with an inheritable and ambient capability. */
static int raise_and_run(char **arguments)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return INSIDE_BROKEN;
	sets[0].inheritable = 1U << CAP_CHOWN;
	if (syscall(SYS_capset, &header, sets) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) < 0)
		return INSIDE_BROKEN;
	execv(arguments[0], arguments);
	return INSIDE_BROKEN;
}

static int set_attribute(char **arguments)
{
	return answer("setxattr",
		      lsetxattr(arguments[0], arguments[1], arguments[2], strlen(arguments[2]), 0));
}

const struct inside_command inside_calls[] = {
#ifdef __x86_64__
	{"af_vsock-int80", 0, vsock_int80},
#endif
	{"unshare-user", 0, unshare_user},
	{"clone-user", 0, clone_user},
	{"mount-tmpfs", 1, mount_tmpfs},
	{"mount-in-new-namespace", 1, mount_in_new_namespace},
	{"unmount", 1, unmount},
	{"remount-writable", 1, remount_writable},
	{"set-hostname", 1, set_hostname},
	{"trace", 1, trace},
	{"trace-child", 0, trace_child},
	{"signal", 1, signal_process},
	{"find-key", 1, find_key},
	{"raise", 1, raise_and_run},
	{"set-attribute", 3, set_attribute},
	{NULL, 0, NULL},
};
