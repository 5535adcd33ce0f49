/* init_unnamed.c: files that are there only since a process of the step has them open. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/sandbox/init_processes.h"
#include "engine/store/archive_links.h"

struct unnamed {
	void (*each)(void *data, const struct init_unnamed *file);
	void *data;
	struct link_table met; /* one file may be open many times */
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

static void look_at(void *data, int process_fd, pid_t pid)
{
	int fd = openat(process_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	(void)pid;
	if (!dir)
		fd_close(&fd);
	while (dir && (entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			show(data, dirfd(dir), entry->d_name);
	}
}

void init_each_unnamed(void (*each)(void *data, const struct init_unnamed *file), void *data)
{
	struct unnamed unnamed = {.each = each, .data = data};

	init_each_process(look_at, &unnamed);
	link_table_release(&unnamed.met);
}
