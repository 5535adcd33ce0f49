/* The filter in force: a child loads it and tries calls, with arguments that tell "refused by the filter"
 * from "reached the kernel", which answers EBADF, EFAULT or EINVAL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/sandbox/seccomp.h"
#include "engine/sandbox/seccomp_internal.h"

#define BAD 1L /* an address at which nothing is */
#define HIGH (1L << 32)
#define CHROOT (UINT64_C(1) << CAP_SYS_CHROOT)

/* A call, what the filter makes of it, and what the kernel answers without a filter (ANY: that
 * depends on the host or on who runs the test). */
struct attempt {
	const char *name;
	long number, arguments[6];
	int filtered, bare;
};
enum { ANY = -1 };

static const struct attempt attempts[] = {
	{"clone3", SYS_clone3, {0}, ENOSYS, EINVAL},
	{"clone with a user namespace", SYS_clone, {CLONE_NEWUSER | CLONE_THREAD}, EPERM, EINVAL},
	{"clone with a mount namespace", SYS_clone, {CLONE_NEWNS | CLONE_THREAD}, EPERM, EINVAL},
	{"clone with a pid namespace", SYS_clone, {CLONE_NEWPID | CLONE_THREAD}, EPERM, EINVAL},
	{"clone with a net namespace", SYS_clone, {CLONE_NEWNET | CLONE_THREAD}, EPERM, EINVAL},
	{"clone without", SYS_clone, {CLONE_THREAD}, EINVAL, EINVAL},
	{"unshare", SYS_unshare, {0}, EPERM, 0},
	{"setns", SYS_setns, {-1}, EPERM, EBADF},
	{"mount", SYS_mount, {BAD, BAD, BAD, 0, BAD}, EPERM, ANY},
	{"umount2", SYS_umount2, {BAD, 0}, EPERM, ANY},
	{"pivot_root", SYS_pivot_root, {BAD, BAD}, EPERM, ANY},
	{"fsopen", SYS_fsopen, {BAD, ~0L}, ENOSYS, ANY},
	{"open_tree", SYS_open_tree, {-1, BAD, ~0L}, ENOSYS, EINVAL},
	{"move_mount", SYS_move_mount, {-1, BAD, -1, BAD, ~0L}, ENOSYS, ANY},
	{"mount_setattr", SYS_mount_setattr, {-1, BAD, ~0L}, ENOSYS, ANY},
	{"bpf", SYS_bpf, {~0L, BAD, 8}, EPERM, ANY},
	{"perf_event_open", SYS_perf_event_open, {BAD}, EPERM, ANY},
	{"userfaultfd", SYS_userfaultfd, {~0L}, ENOSYS, ANY},
	{"io_uring_setup", SYS_io_uring_setup, {1, BAD}, ENOSYS, ANY},
	{"io_uring_enter", SYS_io_uring_enter, {-1}, ENOSYS, ANY},
	{"keyctl", SYS_keyctl, {~0L}, ENOSYS, ANY},
	{"add_key", SYS_add_key, {BAD}, ENOSYS, ANY},
	{"request_key", SYS_request_key, {BAD}, ENOSYS, ANY},
	{"open_by_handle_at", SYS_open_by_handle_at, {-1, BAD, 0}, EPERM, ANY},
	{"reboot", SYS_reboot, {0, 0, 0}, EPERM, ANY},
	{"kexec_load", SYS_kexec_load, {0, 0, 0, ~0L}, EPERM, ANY},
	{"init_module", SYS_init_module, {BAD, 0, BAD}, EPERM, ANY},
	{"swapon", SYS_swapon, {BAD, 0}, EPERM, ANY},
	{"acct", SYS_acct, {BAD}, EPERM, ANY},
	{"quotactl", SYS_quotactl, {~0L, BAD, 0, 0}, EPERM, ANY},
	{"settimeofday", SYS_settimeofday, {BAD, BAD}, EPERM, EFAULT},
	{"clock_settime", SYS_clock_settime, {0, BAD}, EPERM, EFAULT},
	{"a call that does not exist", 9999, {0}, ENOSYS, ENOSYS},
	{"TIOCSTI", SYS_ioctl, {-1, TIOCSTI, BAD}, EPERM, EBADF},
	{"TIOCSTI with high bits", SYS_ioctl, {-1, TIOCSTI | HIGH, BAD}, EPERM, EBADF},
	{"TIOCLINUX with high bits", SYS_ioctl, {-1, TIOCLINUX | HIGH, BAD}, EPERM, EBADF},
	{"another ioctl", SYS_ioctl, {-1, TIOCGWINSZ, BAD}, EBADF, EBADF},
	{"AF_VSOCK", SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}, EAFNOSUPPORT, ANY},
	{"AF_ALG", SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0}, EAFNOSUPPORT, ANY},
	{"AF_PACKET", SYS_socket, {AF_PACKET, SOCK_RAW, 0}, EAFNOSUPPORT, ANY},
	{"AF_PACKET with high bits", SYS_socket, {AF_PACKET | HIGH, SOCK_RAW}, EAFNOSUPPORT, ANY},
	{"a pair of AF_TIPC", SYS_socketpair, {AF_TIPC, 1, 0, BAD}, EAFNOSUPPORT, ANY},
	{"AF_X25", SYS_socket, {AF_X25, SOCK_SEQPACKET, 0}, EAFNOSUPPORT, ANY},
	{"AF_UNIX", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}, 0, 0},
	{"AF_INET", SYS_socket, {AF_INET, SOCK_STREAM, 0}, 0, 0},
	{"AF_NETLINK", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}, 0, 0},
	{"a device", SYS_mknodat, {-1, BAD, S_IFCHR | 0600, 0}, EPERM, EFAULT},
	{"a block device", SYS_mknodat, {-1, BAD, S_IFBLK | 0600, 0}, EPERM, EFAULT},
	{"a FIFO", SYS_mknodat, {-1, BAD, S_IFIFO | 0600, 0}, EFAULT, EFAULT},
	{"executable data", SYS_personality, {READ_IMPLIES_EXEC}, ENOSYS, 0},
	{"fixed addresses", SYS_personality, {ADDR_NO_RANDOMIZE}, 0, 0},
	{"the personality", SYS_personality, {0xffffffff}, 0, 0},
	{"chroot", SYS_chroot, {BAD}, EPERM, EFAULT},
	{"ptrace", SYS_ptrace, {~0L, 0, 0, 0}, ESRCH, ESRCH},
	{"openat2", SYS_openat2, {-1, BAD, BAD, 0}, EINVAL, EINVAL},
	{"execve", SYS_execve, {BAD, 0, 0}, EFAULT, EFAULT},
	{"setresuid", SYS_setresuid, {-1, -1, -1}, 0, 0},
};

static void load(const struct buf *program)
{
	struct sock_fprog code = {(unsigned short)(program->len / sizeof(struct sock_filter)),
				  (struct sock_filter *)(void *)program->data};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &code) < 0)
		_exit(1);
}

/* In the child: every attempt's errno, 0 for success. */
static void try_all(int *results)
{
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		const long *a = attempts[i].arguments;

		errno = 0;
		results[i] = syscall(attempts[i].number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0
				     ? errno
				     : 0;
	}
}

/* Runs function in a child with the filter for capabilities, or with none; it writes to shared memory. */
static int *run_child(struct seccomp_cache *cache, uint64_t capabilities, void (*function)(int *))
{
	int *results = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct buf *calls = NULL, *arguments = NULL;
	struct err err;
	int status;
	pid_t pid;

	assert_ptr_not_equal(results, MAP_FAILED);
	if (cache)
		assert_int_equal(seccomp_cache_get(cache, capabilities, &calls, &arguments, &err),
				 0);
	pid = fork();
	if (pid == 0) {
		if (cache) {
			load(arguments);
			load(calls);
		}
		function(results);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return results;
}

static int setup(void **state)
{
	*state = mem_new(sizeof(struct seccomp_cache));
	seccomp_cache_init(*state);
	return 0;
}

static int teardown(void **state)
{
	seccomp_cache_release(*state);
	free(*state);
	return 0;
}

static void calls_are_answered_as_planned(void **state)
{
	int *results = run_child(*state, 0, try_all);

	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		if (results[i] != attempts[i].filtered)
			fail_msg("%s: %s, not %s", attempts[i].name, strerrorname_np(results[i]),
				 strerrorname_np(attempts[i].filtered));
	}
	munmap(results, 4096);
}

/* Shows that the attempts above say something: without the filter the answers are others. */
static void without_the_filter_the_kernel_answers(void **state)
{
	int *results = run_child(NULL, 0, try_all);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++) {
		if (attempts[i].bare != ANY && results[i] != attempts[i].bare)
			fail_msg("%s: %s, not %s", attempts[i].name, strerrorname_np(results[i]),
				 strerrorname_np(attempts[i].bare));
	}
	munmap(results, 4096);
}

static void try_chroot(int *results)
{
	results[0] = syscall(SYS_chroot, BAD) < 0 ? errno : 0;
}

static void chroot_needs_the_capability(void **state)
{
	int *with = run_child(*state, CHROOT, try_chroot);
	int *without = run_child(*state, ~CHROOT, try_chroot);

	assert_int_equal(with[0], EFAULT);
	assert_int_equal(without[0], EPERM);
	munmap(with, 4096);
	munmap(without, 4096);
}

#ifdef __x86_64__
/* getpid() by the 32-bit entry and by the x32 table. */
static void try_foreign(int *results)
{
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	results[0] = (int)result;
	results[1] = syscall(0x40000000L | SYS_getpid) < 0 ? -errno : 1;
}

static void other_architectures_are_refused(void **state)
{
	int *results = run_child(*state, 0, try_foreign);

	assert_int_equal(results[0], -ENOSYS);
	assert_int_equal(results[1], -ENOSYS);
	munmap(results, 4096);
}
#endif

/* A misspelt name would be passed over in silence. */
static void every_name_is_known_somewhere(void **state)
{
	(void)state;
	for (size_t i = 0; seccomp_allowed[i]; i++) {
		if (seccomp_syscall_resolve_name(seccomp_allowed[i]) == __NR_SCMP_ERROR)
			fail_msg("libseccomp does not know %s", seccomp_allowed[i]);
	}
	for (size_t i = 0; seccomp_refused[i].name; i++) {
		if (seccomp_syscall_resolve_name(seccomp_refused[i].name) == __NR_SCMP_ERROR)
			fail_msg("libseccomp does not know %s", seccomp_refused[i].name);
	}
}

static void no_call_is_both_allowed_and_refused(void **state)
{
	(void)state;
	for (size_t i = 0; seccomp_allowed[i]; i++) {
		for (size_t k = 0; seccomp_refused[k].name; k++)
			assert_string_not_equal(seccomp_allowed[i], seccomp_refused[k].name);
	}
}

static void a_filter_is_built_once(void **state)
{
	struct seccomp_cache *cache = *state;
	const struct buf *calls, *arguments, *again;
	const char *bytes;
	struct err err;

	assert_int_equal(seccomp_cache_get(cache, 0, &calls, &arguments, &err), 0);
	bytes = calls->data;
	assert_int_equal(seccomp_cache_get(cache, 1, &again, &arguments, &err), 0);
	assert_ptr_equal(again->data, bytes);
	assert_int_equal(seccomp_cache_get(cache, CHROOT, &again, &arguments, &err), 0);
	assert_ptr_not_equal(again, calls);
	assert_int_equal(calls->len % sizeof(struct sock_filter), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_answered_as_planned),
		cmocka_unit_test(without_the_filter_the_kernel_answers),
		cmocka_unit_test(chroot_needs_the_capability),
#ifdef __x86_64__
		cmocka_unit_test(other_architectures_are_refused),
#endif
		cmocka_unit_test(every_name_is_known_somewhere),
		cmocka_unit_test(no_call_is_both_allowed_and_refused),
		cmocka_unit_test(a_filter_is_built_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
