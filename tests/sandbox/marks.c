#include "tests/sandbox/marks.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "engine/base/mem.h"

char *mark_new(void)
{
	unsigned long number = 0;

	if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
		abort();
	return mem_printf("contractor-mark-%lx", number);
}

static bool has_argument(const char *pid, const char *mark)
{
	AUTO_FREE char *path = mem_printf("/proc/%s/cmdline", pid);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);

	return length > 0 && memmem(text, (size_t)length, mark, strlen(mark));
}

int mark_count(const char *mark, pid_t *ret_pid)
{
	AUTO_CLOSEDIR DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int count = 0;

	while (proc && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)*entry->d_name) || !has_argument(entry->d_name, mark))
			continue;
		count++;
		if (ret_pid)
			*ret_pid = (pid_t)atoi(entry->d_name);
	}
	return count;
}
