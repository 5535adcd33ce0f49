#include <errno.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "engine/base/mem.h"
#include "engine/sandbox/seccomp_internal.h"

/* clang-format off */
const char *const seccomp_allowed[] = {
	/* opening, reading, writing */
	"open", "openat", "openat2", "creat", "close", "close_range", "dup", "dup2", "dup3",
	"read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev",
	"pwritev2", "lseek", "sendfile", "splice", "tee", "vmsplice", "copy_file_range",
	"readahead", "fadvise64", "fallocate", "truncate", "ftruncate", "sync", "syncfs", "fsync",
	"fdatasync", "sync_file_range", "fcntl", "flock", "ioctl", "umask", "pipe", "pipe2",
	"memfd_create", "memfd_secret",
	/* names and attributes of files */
	"access", "faccessat", "faccessat2", "stat", "fstat", "lstat", "newfstatat", "statx",
	"statfs", "fstatfs", "ustat", "getdents", "getdents64", "getcwd", "chdir", "fchdir",
	"mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "link", "linkat", "symlink", "symlinkat",
	"readlink", "readlinkat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "chmod",
	"fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat", "utime", "utimes",
	"futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "getxattr", "lgetxattr",
	"fgetxattr", "listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr",
	"fremovexattr", "name_to_handle_at", "inotify_init", "inotify_init1", "inotify_add_watch",
	"inotify_rm_watch",
	/* waiting for descriptors */
	"poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "signalfd",
	"signalfd4", "timerfd_create", "timerfd_settime", "timerfd_gettime", "io_setup",
	"io_destroy", "io_submit", "io_cancel", "io_getevents", "io_pgetevents",
	/* memory */
	"brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "process_madvise", "msync",
	"mincore", "mlock", "mlock2", "munlock", "mlockall", "munlockall", "remap_file_pages",
	"pkey_alloc", "pkey_free", "pkey_mprotect", "membarrier", "process_mrelease",
	/* processes and threads; what debuggers inside need */
	"clone", "fork", "vfork", "execve", "execveat", "exit", "exit_group", "wait4", "waitid",
	"getpid", "getppid", "gettid", "getpgid", "getpgrp", "setpgid", "getsid", "setsid",
	"set_tid_address", "set_robust_list", "get_robust_list", "set_thread_area",
	"get_thread_area", "arch_prctl", "prctl", "rseq", "futex", "futex_waitv", "pidfd_open",
	"pidfd_send_signal", "pidfd_getfd", "ptrace", "process_vm_readv", "process_vm_writev",
	"kcmp", "seccomp", "landlock_create_ruleset", "landlock_add_rule",
	"landlock_restrict_self", "restart_syscall",
	/* scheduling and limits */
	"sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getattr", "sched_setattr",
	"sched_getparam", "sched_setparam", "sched_getscheduler", "sched_setscheduler",
	"sched_get_priority_max", "sched_get_priority_min", "sched_rr_get_interval",
	"getpriority", "setpriority", "ioprio_get", "ioprio_set", "getcpu", "getrlimit",
	"setrlimit", "prlimit64", "getrusage", "times", "sysinfo", "uname", "getrandom",
	/* signals */
	"kill", "tkill", "tgkill", "pause", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"rt_sigsuspend", "rt_sigpending", "rt_sigtimedwait", "rt_sigqueueinfo",
	"rt_tgsigqueueinfo", "sigaltstack",
	/* time */
	"time", "gettimeofday", "clock_gettime", "clock_getres", "nanosleep", "clock_nanosleep",
	"alarm", "getitimer", "setitimer", "timer_create", "timer_settime", "timer_gettime",
	"timer_getoverrun", "timer_delete",
	/* identity: within the ids of the sandbox */
	"getuid", "geteuid", "getgid", "getegid", "setuid", "setgid", "setreuid", "setregid",
	"setresuid", "setresgid", "getresuid", "getresgid", "setfsuid", "setfsgid", "getgroups",
	"setgroups", "capget", "capset",
	/* sockets */
	"socket", "socketpair", "bind", "listen", "accept", "accept4", "connect", "shutdown",
	"getsockname", "getpeername", "getsockopt", "setsockopt", "sendto", "sendmsg", "sendmmsg",
	"recvfrom", "recvmsg", "recvmmsg",
	/* System V and POSIX communication: in a namespace of its own */
	"shmget", "shmat", "shmdt", "shmctl", "semget", "semop", "semtimedop", "semctl", "msgget",
	"msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive",
	"mq_notify", "mq_getsetattr",
	NULL,
};

const struct seccomp_number seccomp_allowed_numbers[] = {
	{"cachestat", 451}, {"fchmodat2", 452}, {"map_shadow_stack", 453}, {"futex_wake", 454},
	{"futex_wait", 455}, {"futex_requeue", 456}, {"mseal", 462}, {"setxattrat", 463},
	{"getxattrat", 464}, {"listxattrat", 465}, {"removexattrat", 466}, {NULL, 0},
};

const struct seccomp_refusal seccomp_refused[] = {
	/* what programs do without where a kernel lacks it */
	{"clone3", ENOSYS}, {"io_uring_setup", ENOSYS}, {"io_uring_enter", ENOSYS},
	{"io_uring_register", ENOSYS}, {"userfaultfd", ENOSYS}, {"keyctl", ENOSYS},
	{"add_key", ENOSYS}, {"request_key", ENOSYS}, {"fsopen", ENOSYS}, {"fsconfig", ENOSYS},
	{"fsmount", ENOSYS}, {"fspick", ENOSYS}, {"open_tree", ENOSYS}, {"move_mount", ENOSYS},
	{"mount_setattr", ENOSYS}, {"mbind", ENOSYS}, {"get_mempolicy", ENOSYS},
	{"set_mempolicy", ENOSYS}, {"migrate_pages", ENOSYS}, {"move_pages", ENOSYS},
	/* what changes namespaces and mounts, or reads past them */
	{"unshare", EPERM}, {"setns", EPERM}, {"mount", EPERM}, {"umount2", EPERM},
	{"pivot_root", EPERM}, {"open_by_handle_at", EPERM}, {"fanotify_init", EPERM},
	{"fanotify_mark", EPERM}, {"lookup_dcookie", EPERM},
	/* what looks into the kernel or extends it */
	{"bpf", EPERM}, {"perf_event_open", EPERM}, {"syslog", EPERM}, {"init_module", EPERM},
	{"finit_module", EPERM}, {"delete_module", EPERM}, {"kexec_load", EPERM},
	{"kexec_file_load", EPERM}, {"iopl", EPERM}, {"ioperm", EPERM}, {"modify_ldt", EPERM},
	/* what administers the machine */
	{"acct", EPERM}, {"quotactl", EPERM}, {"quotactl_fd", EPERM}, {"swapon", EPERM},
	{"swapoff", EPERM}, {"reboot", EPERM}, {"sethostname", EPERM}, {"setdomainname", EPERM},
	{"settimeofday", EPERM}, {"clock_settime", EPERM}, {"clock_adjtime", EPERM},
	{"adjtimex", EPERM}, {"vhangup", EPERM}, {"nfsservctl", EPERM},
	{NULL, 0},
};

#define INT UINT32_MAX /* all bits of an int */
#define FLAG(name, flag) {(name), 0, (flag), (flag), EPERM}
#define NO_FAMILY(family) \
	{"socket", 0, INT, (family), EAFNOSUPPORT}, {"socketpair", 0, INT, (family), EAFNOSUPPORT}

const struct seccomp_argument_rule seccomp_argument_rules[] = {
	FLAG("clone", CLONE_NEWNS), FLAG("clone", CLONE_NEWCGROUP), FLAG("clone", CLONE_NEWUTS),
	FLAG("clone", CLONE_NEWIPC), FLAG("clone", CLONE_NEWUSER), FLAG("clone", CLONE_NEWPID),
	FLAG("clone", CLONE_NEWNET),
	/* input for another program on the same terminal */
	{"ioctl", 1, INT, TIOCSTI, EPERM}, {"ioctl", 1, INT, TIOCLINUX, EPERM},
	/* devices; 0:0, a whiteout of overlayfs, needs no privilege otherwise */
	{"mknod", 1, S_IFMT, S_IFCHR, EPERM}, {"mknod", 1, S_IFMT, S_IFBLK, EPERM},
	{"mknodat", 2, S_IFMT, S_IFCHR, EPERM}, {"mknodat", 2, S_IFMT, S_IFBLK, EPERM},
	/* all families but UNIX (1), INET (2), INET6 (10), NETLINK (16); high bits count as above */
	{"socket", 0, 0, AF_NETLINK, EAFNOSUPPORT}, {"socketpair", 0, 0, AF_NETLINK, EAFNOSUPPORT},
	NO_FAMILY(0), NO_FAMILY(3), NO_FAMILY(4), NO_FAMILY(5), NO_FAMILY(6), NO_FAMILY(7),
	NO_FAMILY(8), NO_FAMILY(9), NO_FAMILY(11), NO_FAMILY(12), NO_FAMILY(13), NO_FAMILY(14),
	NO_FAMILY(15),
	{NULL, 0, 0, 0, 0},
};
/* clang-format on */

/* The usual one, 32-bit names and old version numbers for build scripts, no randomised addresses
 * (gdb, setarch), and the question which it is. */
const uint32_t seccomp_personalities[] = {
	PER_LINUX,	   PER_LINUX32,
	UNAME26,	   UNAME26 | PER_LINUX32,
	ADDR_NO_RANDOMIZE, ADDR_NO_RANDOMIZE | PER_LINUX32,
	UINT32_MAX,
};
const size_t seccomp_n_personalities = ARRAY_SIZE(seccomp_personalities);
