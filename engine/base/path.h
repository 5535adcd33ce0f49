/* path.h: joining and checking path names, and opening below a directory.
 *
 * Two ways to open what a stranger may have arranged:
 *  - path_open_beneath(): no symbolic link in any component, nothing outside dir_fd;
 *    for names of our own store and for the tree beside a spec.
 *  - path_open_in_root(): links are followed as if dir_fd were "/", no magic links;
 *    for looking into a systree or workspace.
 * Both use openat2(2) (Linux 5.6), O_CLOEXEC, O_NOCTTY, and never block on a FIFO.
 */
#ifndef ENGINE_BASE_PATH_H
#define ENGINE_BASE_PATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "engine/base/err.h"

/* "dir/name", with one slash between. Free with free(). */
char *path_join(const char *dir, const char *name);
/* The directory part ("." when there is none). Free with free(). */
char *path_dirname(const char *path);
/* A pointer into path, behind its last slash. */
const char *path_basename(const char *path);

/* True for a relative name without "..", empty or "." components in the middle; "." alone is fine.
 */
bool path_is_clean_relative(const char *path);
/* Removes ".", "//" and trailing slashes; "" becomes ".". ".." stays. Free with free(). */
char *path_normalise(const char *path);

/* Descriptor of name below dir_fd, or -1 with errno. flags as open(2). */
int path_open_beneath(int dir_fd, const char *name, int flags, mode_t mode);
int path_open_in_root(int dir_fd, const char *name, int flags, mode_t mode);

/* For who could not open name below dir_fd (errno is ELOOP): says which part of it is a symbolic link,
 * where that leads, and the remedy; ERR_STEP. Returns -1. */
int path_refuse_link(int dir_fd, const char *name, struct err *err);

/* Makes the directories of path that are missing, with mode before the umask. */
int path_make_dirs(const char *path, mode_t mode, struct err *err);

/* Removes name and all below it, by descriptors, without recursion in the call stack and
 * without following links; makes directories writable on the way. name may be missing. */
int path_remove_tree(int dir_fd, const char *name, struct err *err);

#endif
