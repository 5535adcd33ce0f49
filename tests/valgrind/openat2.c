/* openat2.c: openat2(2) as a library to be preloaded, which valgrind 3.19 does not know.
 *
 * Without it nearly every test of files ends at its first open. It goes from name to name as
 * engine/base/path.h wants it: no link and nothing outside (RESOLVE_BENEATH), or links as if the
 * directory were "/" (RESOLVE_IN_ROOT). It is not safe from somebody who changes the tree meanwhile. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LINKS_MAX = 40, ARGUMENTS = 6 };

/* A name on the way: what is found already, without links, and what is left to look up. */
struct way {
	int dir_fd;
	uint64_t resolve;
	char found[PATH_MAX], left[2 * PATH_MAX];
	int links;
};

static int fail(int number)
{
	errno = number;
	return -1;
}

/* Removes the last name that was found. */
static int go_up(struct way *way)
{
	char *slash = strrchr(way->found, '/');

	if (!way->found[0] && (way->resolve & RESOLVE_BENEATH))
		return fail(EXDEV);
	*(slash ? slash : way->found) = '\0';
	return 0;
}

/* Puts where a link leads in front of what is left; an absolute one begins at the top again. */
static int follow(struct way *way, const char *target)
{
	char left[sizeof way->left];

	if (way->resolve & RESOLVE_NO_SYMLINKS || ++way->links > LINKS_MAX)
		return fail(ELOOP);
	if (target[0] == '/')
		way->found[0] = '\0';
	if (snprintf(left, sizeof left, "%s/%s", target, way->left) >= (int)sizeof left)
		return fail(ENAMETOOLONG);
	strcpy(way->left, left);
	return 0;
}

/* Goes on to a name, and where it leads if it is a link; the last one may be wanted itself. */
static int go_to(struct way *way, const char *name, bool follows)
{
	char path[sizeof way->found], target[PATH_MAX];
	ssize_t length;

	if (snprintf(path, sizeof path, "%s%s%s", way->found, way->found[0] ? "/" : "", name) >=
	    (int)sizeof path)
		return fail(ENAMETOOLONG);
	length = follows ? readlinkat(way->dir_fd, path, target, sizeof target - 1) : -1;
	if (length < 0) {
		strcpy(way->found, path);
		return 0;
	}
	target[length] = '\0';
	return follow(way, target);
}

/* Looks up all that is left. */
static int find(struct way *way, bool follows_last)
{
	while (way->left[0]) {
		char name[PATH_MAX];
		size_t length = strcspn(way->left, "/");
		size_t skipped = length + strspn(way->left + length, "/");

		if (length >= sizeof name)
			return fail(ENAMETOOLONG);
		snprintf(name, sizeof name, "%.*s", (int)length, way->left);
		memmove(way->left, way->left + skipped, strlen(way->left + skipped) + 1);
		if (!strcmp(name, "..")
			    ? go_up(way) < 0
			    : length && strcmp(name, ".") &&
				      go_to(way, name, follows_last || way->left[0]) < 0)
			return -1;
	}
	return 0;
}

static int open_resolved(int dir_fd, const char *name, const struct open_how *how)
{
	struct way way = {.dir_fd = dir_fd, .resolve = how->resolve};
	int flags = (int)how->flags;

	if (!name[0] || strlen(name) >= PATH_MAX)
		return fail(name[0] ? ENAMETOOLONG : ENOENT);
	if (name[0] == '/' && (how->resolve & RESOLVE_BENEATH))
		return fail(EXDEV);
	strcpy(way.left, name);
	if (find(&way, !(flags & (O_NOFOLLOW | O_EXCL))) < 0)
		return -1;
	return openat(dir_fd, way.found[0] ? way.found : ".", flags | O_NOFOLLOW, how->mode);
}

/* In the place of the C library's. */
long syscall(long number, ...)
{
	long (*next)(long call, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long arguments[ARGUMENTS];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < ARGUMENTS; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_openat2 && arguments[3] != sizeof(struct open_how))
		return fail(EINVAL);
	if (number == SYS_openat2)
		return open_resolved((int)arguments[0], (const char *)arguments[1],
				     (const struct open_how *)arguments[2]);
	return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
		    arguments[5]);
}
