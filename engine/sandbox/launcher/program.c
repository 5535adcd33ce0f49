/* program.c: finding and executing the step's program. */
#include "engine/sandbox/launcher/launcher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { HEAD_SIZE = 256 };

/* The interpreter that a script's first line names, cut out of head; NULL when it is no script. */
static char *script_interpreter(char *head)
{
	char *name;

	if (strncmp(head, "#!", 2))
		return NULL;
	name = head + 2 + strspn(head + 2, " \t");
	name[strcspn(name, " \t\r\n")] = '\0';
	return name;
}

/* Why the kernel found nothing although the file is there: what it needs is missing. */
static void fail_missing_helper(const char *file) __attribute__((noreturn));
static void fail_missing_helper(const char *file)
{
	char head[HEAD_SIZE + 1] = "", *interpreter;
	int fd = launch_open_regular(file);

	if (fd >= 0 && read(fd, head, HEAD_SIZE) < 0)
		*head = '\0';
	interpreter = script_interpreter(head);
	if (interpreter)
		launch_fail(LAUNCH_EXIT_NOT_FOUND, "cannot run ", file,
			    ": the systree has no interpreter ", interpreter,
			    ", which its first line names", NULL);
	launch_fail(LAUNCH_EXIT_NOT_FOUND, "cannot run ", file,
		    ": the systree has no program loader (ld.so) for it; install the C library "
		    "that it was built for",
		    NULL);
}

/* What to say when executing file, which was found, failed with the current errno. */
static void fail_execute(const char *file) __attribute__((noreturn));
static void fail_execute(const char *file)
{
	struct stat st;
	int error = errno;

	if (error == ENOENT && stat(file, &st) == 0)
		fail_missing_helper(file);
	errno = error;
	if (error == ENOENT || error == ENOTDIR)
		launch_fail(LAUNCH_EXIT_NOT_FOUND, "the systree has no ", file, NULL);
	if (error == ENOEXEC)
		launch_fail(LAUNCH_EXIT_NOT_RUN, "cannot run ", file,
			    ": it is no program for this machine, and has no #! line", NULL);
	if (error == EACCES && stat(file, &st) == 0 && S_ISDIR(st.st_mode))
		launch_fail(LAUNCH_EXIT_NOT_RUN, "cannot run ", file, ": it is a directory", NULL);
	errno = error;
	launch_fail(LAUNCH_EXIT_NOT_RUN, "cannot run ", file, ": ", launch_why(), NULL);
}

static const char *find_path(char **environment)
{
	for (; *environment; environment++) {
		if (!strncmp(*environment, "PATH=", 5))
			return *environment + 5;
	}
	return DEFAULT_PATH;
}

/* Whether a failure in one directory of PATH lets the search go on. */
static bool goes_on(const char *file)
{
	struct stat st;

	if (errno == ENOENT || errno == ENOTDIR)
		return stat(file, &st) < 0;
	return errno == EACCES || errno == ELOOP || errno == ENAMETOOLONG;
}

/* Tries name in each directory of path; returns when it is in none. */
static void execute_by_path(const char *path, const struct launch_plan *plan, char **environment)
{
	const char *name = plan->arguments.items[0];
	char *file = malloc(strlen(path) + strlen(name) + 3), *refused = NULL;

	for (; file; path++) {
		size_t length = strcspn(path, ":");

		memcpy(file, length ? path : ".", length ? length : 1);
		strcpy(file + (length ? length : 1), "/");
		strcat(file, name);
		execve(file, (char **)(uintptr_t)plan->arguments.items, environment);
		if (!goes_on(file))
			fail_execute(file);
		if (errno == EACCES && access(file, F_OK) == 0 && !refused)
			refused = strdup(file);
		path += length;
		if (!*path)
			break;
	}
	if (refused) {
		errno = EACCES;
		fail_execute(refused);
	}
}

void launch_execute(const struct launch_plan *plan, char **environment)
{
	const char *name = plan->arguments.items[0], *path = find_path(environment);

	if (strchr(name, '/')) {
		execve(name, (char **)(uintptr_t)plan->arguments.items, environment);
		fail_execute(name);
	}
	execute_by_path(path, plan, environment);
	launch_fail(LAUNCH_EXIT_NOT_FOUND, "the systree has no program \"", name,
		    "\" in PATH=", path, NULL);
}
