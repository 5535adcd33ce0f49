/* System calls that the filter refuses, whatever the capabilities are. */
#include "tests/sandbox/probes.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

/* Held by the filter alone: with a call that makes no sense the kernel gives another answer. */
#define FILTERED(NAME, CALL)                                                     \
	{                                                                        \
		.name = NAME, .command = "inside " CALL, .off = { OFF(seccomp) } \
	}
/* The same for what not every kernel is built with. */
#define FILTERED_IF(NAME, CALL, NEEDS)                                                         \
	{                                                                                      \
		.name = NAME, .command = "inside " CALL, .off = {OFF(seccomp)}, .needs = NEEDS \
	}

/* Where the kernel refuses it, too, to whoever has no right over the namespaces. */
#define FILTERED_TWICE(NAME, CALL)                       \
	{                                                \
		.name = NAME, .command = "inside " CALL, \
		.off = { OFF(seccomp),                   \
			 OFF(drop_capabilities),         \
			 OFF(inner_userns) }             \
	}
/* And where it asks for a right on the host: only its root can show what would come of it. */
#define HOST_ONLY(NAME, CALL)                                             \
	{                                                                 \
		.name = NAME, .command = "inside " CALL, .outside = true, \
		.needs = "right for this user to " CALL                   \
	}

/* A filter that refuses just this. */
static void refuse_ptrace(struct trial *trial)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	buf_add(&trial->filters.calls[0], program, sizeof program);
	trial->policy.filters = &trial->filters;
}

const struct probe call_probes[] = {
	FILTERED("clone3 does not exist", "clone3"),
	FILTERED("unshare", "unshare"),
	FILTERED("setns", "setns"),
	FILTERED("mount", "mount"),
	FILTERED("umount", "umount"),
	FILTERED("fsopen", "fsopen"),
	FILTERED("fsconfig", "fsconfig"),
	FILTERED("fsmount", "fsmount"),
	FILTERED("open_tree", "open_tree"),
	FILTERED("move_mount", "move_mount"),
	FILTERED("mount_setattr", "mount_setattr"),
	FILTERED("fspick", "fspick"),
	FILTERED_TWICE("pivot_root", "pivot_root"),
	FILTERED("open_by_handle_at", "open_by_handle_at"),
	FILTERED_IF("fanotify_init", "fanotify_init", "fanotify"),
	FILTERED("fanotify_mark", "fanotify_mark"),
	FILTERED("clone with a mount namespace", "clone-mount"),
	FILTERED("clone with a network namespace", "clone-network"),
	FILTERED("clone with a user namespace and a high bit", "clone-high"),
	FILTERED_TWICE("setdomainname", "setdomainname"),
	HOST_ONLY("syslog", "syslog"),
	HOST_ONLY("init_module", "init_module"),
	HOST_ONLY("finit_module", "finit_module"),
	HOST_ONLY("delete_module", "delete_module"),
	HOST_ONLY("kexec_load", "kexec_load"),
	HOST_ONLY("acct", "acct"),
	HOST_ONLY("swapon", "swapon"),
	HOST_ONLY("swapoff", "swapoff"),
	HOST_ONLY("reboot", "reboot"),
	HOST_ONLY("a negative nice value", "raise-priority"),
	HOST_ONLY("real-time scheduling", "take-real-time"),
	HOST_ONLY("hiding from the kernel's killer", "write-value /proc/self/oom_score_adj -1000"),
	FILTERED("quotactl", "quotactl"),
	FILTERED("quotactl_fd", "quotactl_fd"),
	FILTERED("settimeofday", "settimeofday"),
	FILTERED("clock_settime", "clock_settime"),
	FILTERED("clock_adjtime", "clock_adjtime"),
	FILTERED("adjtimex", "adjtimex"),
	FILTERED("personality", "personality"),
#ifdef __x86_64__
	FILTERED("iopl", "iopl"),
	FILTERED("ioperm", "ioperm"),
	FILTERED_IF("modify_ldt", "modify_ldt", "modify_ldt"),
	FILTERED("mknod of a block device", "mknod-block"),
	FILTERED("mknod of a character device", "mknod-char"),
	FILTERED("mknod of a whiteout", "mknod-whiteout"),
#endif
	FILTERED("mknodat of a block device", "mknodat-block"),
	FILTERED("mknodat of a whiteout", "mknodat-whiteout"),
	{.name = "mknod by a package step",
	 .command = "inside mknodat-block",
	 .step = RIG_PACKAGES,
	 .off = {OFF(seccomp)}},
	FILTERED_IF("bpf", "bpf", "bpf"),
	FILTERED_IF("perf_event_open", "perf_event_open", "perf_event_open"),
	FILTERED_IF("userfaultfd", "userfaultfd", "userfaultfd"),
	FILTERED_IF("io_uring", "io_uring_setup", "io_uring"),
	FILTERED_IF("io_uring_enter", "io_uring_enter", "io_uring"),
	FILTERED_IF("io_uring_register", "io_uring_register", "io_uring"),
	FILTERED_IF("mbind", "mbind", "memory policies"),
	FILTERED_IF("get_mempolicy", "get_mempolicy", "memory policies"),
	FILTERED_IF("set_mempolicy", "set_mempolicy", "memory policies"),
	FILTERED_IF("migrate_pages", "migrate_pages", "memory policies"),
	FILTERED_IF("move_pages", "move_pages", "memory policies"),
	FILTERED_IF("keyctl", "keyctl", "keyrings"),
	FILTERED_IF("add_key", "add_key", "keyrings"),
	FILTERED_IF("request_key", "request_key", "keyrings"),
	FILTERED_IF("sockets of AF_ALG", "af_alg", "AF_ALG"),
	FILTERED_IF("sockets of AF_PACKET", "af_packet", "AF_PACKET"),
	FILTERED_IF("sockets of AF_PACKET with a high bit", "af_packet-high", "AF_PACKET"),
	FILTERED_IF("sockets of AF_XDP", "af_xdp", "AF_XDP"),
	FILTERED_IF("sockets of AF_VSOCK", "af_vsock", "AF_VSOCK"),
	FILTERED_IF("pairs of AF_VSOCK", "af_vsock-pair", "AF_VSOCK"),
#ifdef __x86_64__
	FILTERED_IF("sockets of AF_VSOCK by int 0x80", "af_vsock-int80", "32-bit system calls"),
	FILTERED_IF("sockets of AF_VSOCK by an x32 number", "af_vsock-x32", "x32 system calls"),
#endif
	FILTERED("TIOCSTI", "tiocsti"),
	FILTERED("TIOCSTI with a high bit", "tiocsti-high"),
	FILTERED("TIOCLINUX", "tioclinux"),
	FILTERED("TIOCLINUX with a high bit", "tioclinux-high"),
	/* The opposite, for debuggers. */
	{.name = "ptrace of one's own child works",
	 .command = "inside trace-child",
	 .must_work = true,
	 .weaken = refuse_ptrace},
	{.name = NULL},
};
