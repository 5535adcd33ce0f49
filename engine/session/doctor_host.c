/* doctor_host.c: checks of the kernel: its version, ids, filters, limits and locked memory. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/id_map.h"
#include "engine/sandbox/cgroup.h"
#include "engine/session/doctor_internal.h"

enum { KERNEL_MAJOR = 5, KERNEL_MINOR = 11, FILE_MAX = 65536, LOCKED_LEAST = 65536 };
static const char memory_lost[] = "memory is measured, not limited by the kernel";

char *doctor_read(const struct doctor_host *host, const char *path)
{
	AUTO_FREE char *full = mem_printf("%s%s", host->root, path);
	AUTO_CLOSE int fd = open(full, O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf buf = BUF_INIT;
	struct err err;

	if (fd < 0 || buf_read_fd(&buf, fd, FILE_MAX, path, &err) < 0)
		return NULL;
	if (buf.len && buf.data[buf.len - 1] == '\n')
		buf_truncate(&buf, buf.len - 1);
	return buf_detach(&buf);
}

bool doctor_kernel_is(const struct doctor_host *host, unsigned major, unsigned minor)
{
	AUTO_FREE char *release = doctor_read(host, "/proc/sys/kernel/osrelease");
	unsigned found_major, found_minor;

	if (!release || sscanf(release, "%u.%u", &found_major, &found_minor) != 2)
		return true;
	return found_major > major || (found_major == major && found_minor >= minor);
}

/* The first of the system calls we need that is not there, or NULL. The arguments are wrong on
 * purpose: a call that exists refuses them. */
static const char *missing_call(void)
{
	static const struct {
		long number;
		const char *name;
	} calls[] = {
		{SYS_openat2, "openat2"},	  {SYS_pidfd_open, "pidfd_open"},
		{SYS_close_range, "close_range"}, {SYS_open_tree, "open_tree"},
		{SYS_move_mount, "move_mount"},	  {SYS_fsopen, "fsopen"},
		{SYS_fsconfig, "fsconfig"},	  {SYS_fsmount, "fsmount"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (syscall(calls[i].number, -1, -1, -1, -1, -1) < 0 && errno == ENOSYS)
			return calls[i].name;
	}
	return NULL;
}

void doctor_check_kernel(const struct doctor_host *host, struct doctor_finding *finding)
{
	AUTO_FREE char *release = doctor_read(host, "/proc/sys/kernel/osrelease");
	const char *call = missing_call();

	if (!release)
		doctor_lacks(finding, DOCTOR_MISSING, "sudo mount -t proc proc /proc",
			     "/proc is not there");
	else if (!doctor_kernel_is(host, KERNEL_MAJOR, KERNEL_MINOR))
		doctor_lacks(finding, DOCTOR_MISSING, "a kernel from Linux 5.11 on",
			     "Linux %s is too old", release);
	else if (call)
		doctor_lacks(finding, DOCTOR_MISSING,
			     "in a container, start it with --security-opt seccomp=unconfined",
			     "Linux %s, but %s(2) is refused", release, call);
	else
		doctor_fine(finding, "Linux %s", release);
}

void doctor_check_ids(const struct doctor_host *host, struct doctor_finding *finding)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err = {0};
	struct id_map map;

	(void)host;
	if (id_map_find(&map, &err) < 0) {
		doctor_lacks(finding, DOCTOR_MISSING, "run contractor as an ordinary user", "%s",
			     err.text);
		return;
	}
	if (map.single) {
		doctor_lacks(finding, DOCTOR_DEGRADED, map.single_remedy,
			     "%s; apt and debootstrap steps cannot run", map.single_reason);
		return;
	}
	id_map_describe(&map, &text);
	doctor_fine(finding, "uids / gids (inside outside count): %s", text.data);
}

void doctor_check_seccomp(const struct doctor_host *host, struct doctor_finding *finding)
{
	unsigned action = SECCOMP_RET_ERRNO;

	(void)host;
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0)
		doctor_lacks(finding, DOCTOR_MISSING, "a kernel with CONFIG_SECCOMP_FILTER",
			     "system calls cannot be filtered: %s", strerror(errno));
	else
		doctor_fine(finding, "system calls can be filtered");
}

/* What gives contractor groups of its own: a start of the system, or of contractor, in another way. */
static const char *cgroup_remedy(const struct doctor_host *host)
{
	AUTO_FREE char *unified = doctor_read(host, "/sys/fs/cgroup/cgroup.controllers");

	if (!unified)
		return "restart the computer with systemd.unified_cgroup_hierarchy=1 on the "
		       "kernel's command line";
	return geteuid() ? "systemd-run --user --scope -p Delegate=yes contractor ..."
			 : "systemd-run --scope -p Delegate=yes contractor ...";
}

void doctor_check_cgroup(const struct doctor_host *host, struct doctor_finding *finding)
{
	const char *why = NULL;
	AUTO_FREE char *dir = cgroups_find(host->root, &why);

	if (dir)
		doctor_fine(finding, "memory is limited by the kernel, in groups below %s",
			    dir + strlen(host->root));
	else
		doctor_lacks(finding, DOCTOR_DEGRADED, cgroup_remedy(host), "%s: %s", why,
			     memory_lost);
}

void doctor_check_core(const struct doctor_host *host, struct doctor_finding *finding)
{
	static const char lost[] =
		"what crashes in a step is given to the host's handler of core files";
	AUTO_FREE char *pattern = doctor_read(host, "/proc/sys/kernel/core_pattern");
	char kind = pattern ? pattern[0] : '\0';
	struct rlimit limit;

	/* To a socket the kernel gives them whatever the limit; to a pipe all but with a limit of 1. */
	if (kind == '@')
		doctor_lacks(finding, DOCTOR_DEGRADED, "sudo sysctl -w kernel.core_pattern=core",
			     "kernel.core_pattern names a socket: %s", lost);
	else if (kind == '|' && getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0)
		doctor_lacks(finding, DOCTOR_DEGRADED, "sudo prlimit --core=0:unlimited --pid $$",
			     "kernel.core_pattern names a program, and the hard limit of core "
			     "files is 0, which cannot be raised to 1: %s",
			     lost);
	else
		doctor_fine(finding, "steps leave none, and none to the host's handler");
}

/* Whether memory may be written to a disk. */
static bool has_swap(const struct doctor_host *host)
{
	AUTO_FREE char *swaps = doctor_read(host, "/proc/swaps");
	const char *second = swaps ? strchr(swaps, '\n') : NULL;

	return second && second[1];
}

void doctor_check_secrets(const struct doctor_host *host, struct doctor_finding *finding)
{
	static const char lost[] = "values of secrets may be written to swap";
	struct rlimit limit;

	if (!has_swap(host))
		doctor_fine(finding, "there is no swap that values could be written to");
	else if (geteuid() && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
		 limit.rlim_cur < LOCKED_LEAST)
		doctor_lacks(finding, DOCTOR_DEGRADED, "sudo prlimit --memlock=8388608 --pid $$",
			     "only %llu KiB of memory can be locked: %s",
			     (unsigned long long)limit.rlim_cur >> 10, lost);
	else
		doctor_fine(finding,
			    "contractor's memory with values can be locked; the sandbox's, as "
			    "all of a step's, may be written to swap");
}
