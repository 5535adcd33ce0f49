/* doctor_host.c: checks of the kernel, the ids, the store's place and the person's terminal. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/id_map.h"
#include "engine/sandbox/cgroup.h"
#include "engine/session/doctor_internal.h"

enum { KERNEL_MAJOR = 5, KERNEL_MINOR = 11, FILE_MAX = 65536, COLUMNS_LEAST = 80, ROWS_LEAST = 24 };
static const unsigned long long space_least = 1ULL << 30;
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
		doctor_lacks(finding, DOCTOR_MISSING, "as root: mount -t proc proc /proc",
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

void doctor_check_cgroup(const struct doctor_host *host, struct doctor_finding *finding)
{
	const char *why = NULL;
	AUTO_FREE char *dir = cgroups_find(host->root, &why);

	if (dir)
		doctor_fine(finding, "memory is limited by the kernel, in groups below %s",
			    dir + strlen(host->root));
	else
		doctor_lacks(finding, DOCTOR_DEGRADED,
			     geteuid() ? "systemd-run --user --scope -p Delegate=yes contractor ..."
				       : "systemd-run --scope -p Delegate=yes contractor ...",
			     "%s: %s", why, memory_lost);
}

void doctor_check_store(const struct doctor_host *host, struct doctor_finding *finding)
{
	static const char elsewhere[] =
		"keep the store elsewhere: --store DIR, or CONTRACTOR_STORE=DIR";
	const char *exists = strcmp(host->store_near, host->store_path) ? ", not made yet" : "";
	unsigned long long available;
	struct statvfs status;

	if (access(host->store_near, W_OK | X_OK) < 0 || statvfs(host->store_near, &status) < 0) {
		doctor_lacks(finding, DOCTOR_MISSING, elsewhere, "%s: cannot write to %s: %s",
			     host->store_path, host->store_near, strerror(errno));
		return;
	}
	available = (unsigned long long)status.f_bavail * status.f_frsize;
	if (available < space_least)
		doctor_lacks(finding, DOCTOR_DEGRADED,
			     "free some space: contractor store prune, or another --store DIR",
			     "%s: only %llu MiB free", host->store_path, available >> 20);
	else
		doctor_fine(finding, "%s%s, %llu GiB free", host->store_path, exists,
			    available >> 30);
}

/* Whether a standard stream is a terminal, and its size. */
static bool find_terminal(struct winsize *ret_size)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (ioctl(fd, TIOCGWINSZ, ret_size) == 0)
			return true;
	}
	return false;
}

void doctor_check_terminal(const struct doctor_host *host, struct doctor_finding *finding)
{
	static const char use_plain[] = "start it in a terminal, or use debug --plain";
	const char *term = getenv("TERM");
	struct winsize size;

	(void)host;
	if (!find_terminal(&size))
		doctor_lacks(finding, DOCTOR_DEGRADED, use_plain,
			     "no terminal: the screen cannot be shown");
	else if (!term || !*term || !strcmp(term, "dumb"))
		doctor_lacks(finding, DOCTOR_DEGRADED, "export TERM=xterm-256color, or as it is",
			     "TERM is %s: the screen cannot be shown",
			     term && *term ? term : "not set");
	else if (size.ws_col < COLUMNS_LEAST || size.ws_row < ROWS_LEAST)
		doctor_lacks(finding, DOCTOR_DEGRADED, "make the terminal at least 80x24",
			     "%s, only %ux%u", term, size.ws_col, size.ws_row);
	else
		doctor_fine(finding, "%s, %ux%u", term, size.ws_col, size.ws_row);
}

void doctor_check_locale(const struct doctor_host *host, struct doctor_finding *finding)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	const char *codeset = locale ? nl_langinfo_l(CODESET, locale) : "none: no such locale";

	(void)host;
	if (strcmp(codeset, "UTF-8"))
		doctor_lacks(finding, DOCTOR_DEGRADED, "export LC_ALL=C.UTF-8",
			     "the character set is %s: replacements are shown", codeset);
	else
		doctor_fine(finding, "UTF-8");
	if (locale)
		freelocale(locale);
}
