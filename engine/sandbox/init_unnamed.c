/* init_unnamed.c: files that are there only since a process of the step has them open. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/sandbox/init_processes.h"
#include "engine/store/archive_links.h"

/* More would take so long that neither limits were kept nor commands obeyed. */
enum { DESCRIPTORS_MAX = 1 << 14 };

struct unnamed {
	void (*each)(void *data, const struct init_unnamed *file);
	void *data;
	struct link_table met; /* one file may be open many times */
	size_t descriptors;
	pid_t last_tid; /* the thread of the process that was looked at last; 0: none yet */
};

/* Shows the file behind one descriptor of a process, if it is such a file. */
static void show(struct unnamed *unnamed, int dir_fd, const char *name)
{
	AUTO_CLOSE int fd = -1;
	struct stat status;
	struct statfs place;
	struct init_unnamed file = {.status = &status};

	if (fstatat(dir_fd, name, &status, 0) < 0 || !S_ISREG(status.st_mode) || status.st_nlink)
		return;
	fd = openat(dir_fd, name, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0 || fstatfs(fd, &place) < 0 || status.st_nlink ||
	    link_table_meet(&unnamed->met, status.st_dev, status.st_ino, ""))
		return;
	file.file_system = (long)place.f_type;
	unnamed->each(unnamed->data, &file);
}

/* Whether the descriptors in a directory of /proc, which newer kernels count (proc_pid_fd(5)), are too
 * many. */
static bool are_too_many(const struct unnamed *unnamed, int fd)
{
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 &&
	       unnamed->descriptors + (size_t)status.st_size >= DESCRIPTORS_MAX;
}

/* A thread may have descriptors of its own, and those of the first one are gone when it has ended before
 * the others. Returns whether that was enough. */
static bool look_at_thread(void *data, int dir_fd, pid_t tid)
{
	struct unnamed *unnamed = data;
	pid_t last_tid = unnamed->last_tid;
	int fd;
	AUTO_CLOSEDIR DIR *dir = NULL;
	const struct dirent *entry;

	unnamed->last_tid = tid;
	if (last_tid && syscall(SYS_kcmp, last_tid, tid, KCMP_FILES, 0UL, 0UL) == 0)
		return false;
	fd = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (are_too_many(unnamed, fd))
		unnamed->descriptors = DESCRIPTORS_MAX;
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && unnamed->descriptors < DESCRIPTORS_MAX && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		unnamed->descriptors++;
		show(unnamed, dirfd(dir), entry->d_name);
	}
	return unnamed->descriptors == DESCRIPTORS_MAX;
}

static void look_at(void *data, int process_fd, pid_t pid)
{
	struct unnamed *unnamed = data;

	(void)pid;
	unnamed->last_tid = 0;
	if (unnamed->descriptors < DESCRIPTORS_MAX)
		init_each_thread(process_fd, look_at_thread, unnamed);
}

bool init_each_unnamed(void (*each)(void *data, const struct init_unnamed *file), void *data)
{
	struct unnamed unnamed = {.each = each, .data = data};

	init_each_process(look_at, &unnamed);
	link_table_release(&unnamed.met);
	return unnamed.descriptors < DESCRIPTORS_MAX;
}
