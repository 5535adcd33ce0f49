/* launcher.h: the parts of the launcher, which is a program of its own.
 *
 * It is static and runs among the step's files, so it uses little of the C library: no locale, no
 * name service, no standard I/O. Whatever fails ends it through launch_fail().
 */
#ifndef ENGINE_SANDBOX_LAUNCHER_LAUNCHER_H
#define ENGINE_SANDBOX_LAUNCHER_LAUNCHER_H

#include <sys/types.h>

#include "engine/sandbox/launcher/plan.h"

/* Who the step runs as. */
struct launch_user {
	uid_t uid;
	gid_t gid;
	const char *home; /* NULL where /etc/passwd does not say */
};

/* Sends the texts, up to a NULL, as one error message, and exits with status. */
void launch_fail(int status, ...) __attribute__((noreturn, sentinel));
/* The text of the current errno. */
const char *launch_why(void);
/* Reads fd to its end, at most limit bytes; the text is followed by a NUL. NULL with errno. */
char *launch_read(int fd, size_t limit, size_t *ret_length);
/* Opens a regular file for reading, without blocking on what is none; -1 otherwise. */
int launch_open_regular(const char *path);

/* first.c: goes on in a child, when this is the first process of a pid namespace. That process stays
 * and waits for the child. It is one of ours, and not dumpable, so that a step can neither trace it
 * nor write to its memory: it has no filter. */
void launch_leave_first_process(void);
/* fork(2), or fails. The parent closes all its descriptors but kept_fd (-1: that, too). */
pid_t launch_fork(int kept_fd);
/* Reaps what ends, orphans too, until pid does; the status it ended with, as an exit status. */
int launch_wait_for(pid_t pid);
/* The parent of the process with this name in /proc: 0, it is in no namespace that can be seen from
 * here; -1, there is no such process. */
pid_t launch_parent_of(const char *name);

/* join.c: enters the namespaces that are open from LAUNCH_FD_NAMESPACES on, in the order of their
 * names, and goes on in a process there. */
void launch_join(char **names);

/* user.c: finds the plan's user in text, the content of passwd(5) or NULL. Returns a
 * constant reason when it is not there, else NULL. */
const char *launch_find_user(const struct launch_plan *plan, const char *text,
			     struct launch_user *ret_user);

/* terminal.c: opens a pty of the sandbox's devpts, makes it the descriptors 0, 1, 2 and the
 * controlling terminal, and sends its master away. */
void launch_open_terminal(const struct launch_plan *plan, const struct launch_user *user);

/* privileges.c, in the order of their use. */
void launch_join_keyring(void);
void launch_check_no_new_privileges(void);
void launch_close_descriptors(void);
void launch_give_files(const struct launch_strings *paths, const struct launch_user *user);
void launch_set_limits(const struct launch_plan *plan);
void launch_become(const struct launch_plan *plan, const struct launch_user *user);
void launch_load_filters(const struct launch_plan *plan);

/* program.c: executes the plan's program with this environment, or fails with what is missing. */
void launch_execute(const struct launch_plan *plan, char **environment) __attribute__((noreturn));

#endif
