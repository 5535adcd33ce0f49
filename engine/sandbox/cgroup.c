#include "engine/sandbox/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/proc_stat.h"

#define HIERARCHY "/sys/fs/cgroup"
#define PREFIX "contractor-"
#define ITSELF \
	"/" PREFIX "itself-" /* and a process id: where contractor is while steps have groups */

enum { FILE_MAX = 1 << 20, ROUNDS_MAX = 8 };

const uint64_t cgroup_memory_least = 64 << 20;

struct cgroups {
	int dir_fd; /* where groups are made */
	unsigned serial;
};

/* The text of a file of the kernel's; NULL when it cannot be read. */
static char *read_text(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text = BUF_INIT;
	struct err err;

	if (fd >= 0 && buf_read_fd(&text, fd, FILE_MAX, path, &err) == 0)
		return text.data;
	buf_release(&text);
	return NULL;
}

static bool has_memory(const char *dir, const char *file)
{
	AUTO_FREE char *path = mem_printf("%s/%s", dir, file);
	AUTO_FREE char *text = read_text(path);

	return text && strstr(text, "memory");
}

static bool is_writable(const char *dir, const char *file)
{
	AUTO_FREE char *path = mem_printf("%s/%s", dir, file);

	return access(path, W_OK) == 0;
}

/* Our own group; NULL: there is no unified hierarchy at the usual place. */
static char *own_group(const char *root)
{
	AUTO_FREE char *file = mem_printf("%s/proc/self/cgroup", root);
	AUTO_FREE char *top = mem_printf("%s" HIERARCHY "/cgroup.controllers", root);
	AUTO_FREE char *text = read_text(file), *unified = read_text(top);
	char *line = text ? strstr(text, "0::/") : NULL;

	if (!line || !unified || (line > text && line[-1] != '\n'))
		return NULL;
	line += strlen("0::");
	line[strcspn(line, "\n")] = '\0';
	if (strstr(line, ITSELF))
		*strstr(line, ITSELF) = '\0';
	return mem_printf("%s" HIERARCHY "%s", root, strcmp(line, "/") ? line : "");
}

static pid_t parent_of(pid_t pid)
{
	AUTO_FREE char *path = mem_printf("/proc/%d/stat", pid);
	AUTO_FREE char *text = read_text(path);

	return proc_stat_parent(text);
}

/* Whether a process is this one, or descends from it; one that has ended is nobody's. */
static bool is_ours(pid_t pid)
{
	AUTO_FREE char *path = mem_printf("/proc/%d", pid);

	if (access(path, F_OK) < 0)
		return true;
	while (pid > 1 && pid != getpid())
		pid = parent_of(pid);
	return pid == getpid();
}

/* Calls each for every process in the group, until that returns false. */
static bool each_member(const char *dir, bool (*each)(pid_t pid, int fd), int fd)
{
	AUTO_FREE char *path = mem_printf("%s/cgroup.procs", dir);
	AUTO_FREE char *text = read_text(path);
	char *next = text;
	bool result = text != NULL;

	while (result && *next) {
		pid_t pid = (pid_t)strtol(next, &next, 10);

		result = each(pid, fd);
		next += strspn(next, "\n");
	}
	return result;
}

static bool check_ours(pid_t pid, int fd)
{
	(void)fd;
	return is_ours(pid);
}

static bool move(pid_t pid, int fd)
{
	char text[16];
	int length = snprintf(text, sizeof text, "%d", pid);

	return pwrite(fd, text, (size_t)length, 0) == length || errno == ESRCH;
}

char *cgroups_find(const char *root, const char **ret_why)
{
	AUTO_FREE char *own = own_group(root), *top = mem_printf("%s" HIERARCHY, root);

	if (!own) {
		*ret_why = "there is no unified cgroup hierarchy (v2)";
		return NULL;
	}
	if (!geteuid() && has_memory(top, "cgroup.subtree_control") &&
	    is_writable(top, "cgroup.procs"))
		return take_ptr(&top);
	if (!has_memory(own, "cgroup.controllers") || !is_writable(own, ".") ||
	    !is_writable(own, "cgroup.procs") || !is_writable(own, "cgroup.subtree_control"))
		*ret_why = "our cgroup is not delegated with the memory controller";
	else if (!each_member(own, check_ours, -1))
		*ret_why = "other programs are in our cgroup";
	else
		return take_ptr(&own);
	return NULL;
}

/* Moves all processes of one group to another; more may be forked meanwhile. */
static bool move_all(const char *from, const char *to)
{
	AUTO_FREE char *target = mem_printf("%s/cgroup.procs", to);
	AUTO_CLOSE int fd = open(target, O_WRONLY | O_CLOEXEC);
	bool moved = fd >= 0;

	for (int round = 0; moved && round < ROUNDS_MAX; round++)
		moved = each_member(from, move, fd);
	return moved;
}

static bool write_at(int dir_fd, const char *group, const char *file, const char *text)
{
	AUTO_FREE char *path = mem_printf("%s/%s", group, file);
	AUTO_CLOSE int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Gives the groups below dir the memory controller. */
static bool enable(const char *dir)
{
	AUTO_FREE char *leaf = mem_printf("%s" ITSELF "%d", dir, getpid());

	if (has_memory(dir, "cgroup.subtree_control"))
		return true;
	if (mkdir(leaf, 0755) == 0 && move_all(dir, leaf) &&
	    write_at(AT_FDCWD, dir, "cgroup.subtree_control", "+memory"))
		return true;
	move_all(leaf, dir);
	rmdir(leaf);
	return false;
}

/* Removes what is left of contractors that have ended; a group with processes stays by itself. */
static void purge(int dir_fd)
{
	int own = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = own < 0 ? NULL : fdopendir(own);
	const struct dirent *entry;

	if (!dir)
		fd_close(&own);
	while (dir && (entry = readdir(dir))) {
		if (!strncmp(entry->d_name, PREFIX, strlen(PREFIX)))
			unlinkat(dir_fd, entry->d_name, AT_REMOVEDIR);
	}
}

struct cgroups *cgroups_new(const char *root)
{
	const char *why;
	AUTO_FREE char *dir = cgroups_find(root, &why);
	AUTO_CLOSE int fd = -1;
	struct cgroups *cgroups;

	if (!dir || !enable(dir))
		return NULL;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	purge(fd);
	cgroups = mem_new(sizeof *cgroups);
	cgroups->dir_fd = take_fd(&fd);
	return cgroups;
}

void cgroups_free(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	purge(cgroups->dir_fd);
	fd_close(&cgroups->dir_fd);
	free(cgroups);
}

static int open_in(const struct cgroups *cgroups, const char *group, const char *file, int flags)
{
	AUTO_FREE char *path = mem_printf("%s/%s", group, file);

	return openat(cgroups->dir_fd, path, flags | O_CLOEXEC);
}

bool cgroup_make(struct cgroups *cgroups, uint64_t memory_bytes, struct cgroup *ret_group)
{
	struct cgroup *group = ret_group;
	char text[24];

	*group = (struct cgroup){.join_fd = -1, .events_fd = -1};
	if (!cgroups || memory_bytes < cgroup_memory_least)
		return false;
	snprintf(group->name, sizeof group->name, PREFIX "%d-%u", getpid(), ++cgroups->serial);
	snprintf(text, sizeof text, "%" PRIu64, memory_bytes);
	if (mkdirat(cgroups->dir_fd, group->name, 0755) < 0) {
		/* One of this name is another's, and not ours to remove. */
		*group->name = '\0';
		return false;
	}
	/* A kernel without swap space has no file for it. */
	write_at(cgroups->dir_fd, group->name, "memory.swap.max", "0");
	if (write_at(cgroups->dir_fd, group->name, "memory.max", text)) {
		group->join_fd = open_in(cgroups, group->name, "cgroup.procs", O_WRONLY);
		group->events_fd = open_in(cgroups, group->name, "memory.events", O_RDONLY);
	}
	if (group->join_fd >= 0 && group->events_fd >= 0)
		return true;
	cgroup_remove(cgroups, group);
	return false;
}

void cgroup_remove(struct cgroups *cgroups, struct cgroup *group)
{
	fd_close(&group->join_fd);
	fd_close(&group->events_fd);
	if (cgroups && *group->name)
		unlinkat(cgroups->dir_fd, group->name, AT_REMOVEDIR);
	*group->name = '\0';
}

uint64_t cgroup_oom_kills(int events_fd)
{
	static const char name[] = "oom_kill ";
	char text[1024];
	ssize_t length = pread(events_fd, text, sizeof text - 1, 0);
	const char *line;

	text[length < 0 ? 0 : length] = '\0';
	line = strstr(text, name);
	return line ? strtoull(line + strlen(name), NULL, 10) : 0;
}
