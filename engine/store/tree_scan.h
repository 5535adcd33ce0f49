/* tree_scan.h: a quick look at all that is in a tree, for what it takes up, even while it changes.
 *
 * Unlike archive_walk.h it keeps no order, opens no file, and takes what it cannot read for nothing. Links
 * are never followed. Neither the call stack nor the number of descriptors grows with the depth,
 * and names may be longer than PATH_MAX. When a directory is moved away while something below it is
 * looked at, the scan ends there: it never leaves the tree.
 */
#ifndef ENGINE_STORE_TREE_SCAN_H
#define ENGINE_STORE_TREE_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct tree_scan;

/* Called for each entry, the tree itself first (name: as it was given); true goes on. */
typedef bool tree_scan_function(void *data, const struct tree_scan *scan, const char *name,
				const struct stat *status);

/* Looks at name below dir_fd, a directory or not, and all below. */
void tree_scan(int dir_fd, const char *name, tree_scan_function *each, void *data);

/* During a call: the path of the entry that is called so, relative to the tree; "" is the tree itself.
 * Free with free(). */
char *tree_scan_path(const struct tree_scan *scan, const char *name);

/* The bytes that an entry takes up on its file system. A file with several names has a part of them for
 * each, so that all names together count once. */
uint64_t tree_scan_bytes(const struct stat *status);

#endif
