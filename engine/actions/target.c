#include "engine/actions/target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/actions/run.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"

/* One component below dir_fd. */
static int enter(int dir_fd, const char *name, struct err *err)
{
	int fd;

	if (mkdirat(dir_fd, name, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the directory '%s' in the workspace", name);
	fd = path_open_beneath(dir_fd, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return err_set(err, ERR_STEP,
			       "'%s' in the workspace is not a directory to put files into (links "
			       "are not followed)",
			       name);
	return fd;
}

int target_open(int root_fd, const char *to, struct err *err)
{
	AUTO_FREE char *names = mem_strdup(to);
	int fd = path_open_beneath(root_fd, ".", O_RDONLY | O_DIRECTORY, 0);
	char *rest = names, *name;

	if (fd < 0)
		return err_sys(err, "cannot open the workspace");
	while (fd >= 0 && (name = strsep(&rest, "/"))) {
		int next = strcmp(name, ".") ? enter(fd, name, err) : fd;

		if (next != fd)
			fd_close(&fd);
		fd = next;
	}
	return fd;
}

int target_unpack(int root_fd, const char *to, int in_fd,
		  const struct archive_unpack_options *options, int socket, struct err *err)
{
	AUTO_CLOSE int target_fd = target_open(root_fd, to, err);
	AUTO_STRV struct strv notes = {0};
	int result;

	if (target_fd < 0)
		return -1;
	result = archive_unpack(in_fd, target_fd, options, &notes, err);
	action_report_notes(socket, &notes);
	return result;
}
