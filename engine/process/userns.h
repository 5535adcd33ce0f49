/* userns.h: the outer namespaces, where trees are mounted, read and written.
 *
 * One a process of contractor: a user namespace with the ids of id_map.h, and a mount namespace
 * that belongs to it. Both are held by descriptors; the child that made them is gone.
 * In the mount namespace everything is private, and a tmpfs on USERNS_DIR holds
 *
 *	USERNS_DIR/layers   the store's layers/
 *	USERNS_DIR/tmp      the store's tmp/
 *	USERNS_DIR/launcher the launcher program
 *	USERNS_DIR/step     an empty directory, where init mounts what it needs
 *
 * The store's directories are taken in as mounts: where the person is root by open_tree(2) in the
 *host's namespace, since the mapped root could not search the path.
 */
#ifndef ENGINE_PROCESS_USERNS_H
#define ENGINE_PROCESS_USERNS_H

#include <stdbool.h>

#include "engine/base/err.h"
#include "engine/process/id_map.h"

#define USERNS_DIR "/tmp"

struct userns;

struct userns_options {
	int layers_fd, tmp_fd; /* directories of the store */
	const void *launcher;  /* bytes of the launcher program */
	size_t launcher_length;
};

/* Makes the namespaces; waits for it (some milliseconds). What the host refuses is ERR_HOST with
 * the remedy. Free with userns_free(). */
int userns_new(const struct id_map *map, const struct userns_options *options,
	       struct userns **ret_userns, struct err *err);
void userns_free(struct userns *userns);

const struct id_map *userns_map(const struct userns *userns);

/* Descriptors, owned by userns; a child must keep both to enter. */
int userns_user_fd(const struct userns *userns);
int userns_mount_fd(const struct userns *userns);

/* In a forked child: joins both namespaces and becomes root there. */
int userns_enter(const struct userns *userns, struct err *err);

#endif
