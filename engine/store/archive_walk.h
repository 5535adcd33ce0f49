/* archive_walk.h: going through a tree in one fixed order.
 *
 * A directory comes before what is in it; within a directory names are sorted by their bytes. Links
 * are never followed, sockets and devices are passed over (one that is all there is to read is ERR_STEP). Neither the call stack nor the
 * number of descriptors grows with the depth (at most TREE_WALK_DEPTH_MAX levels), and
 * names may be longer than PATH_MAX. The tree must not change meanwhile; when a directory was moved
 * away, that is an error, not a way out of the tree.
 */
#ifndef ENGINE_STORE_ARCHIVE_WALK_H
#define ENGINE_STORE_ARCHIVE_WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"

enum {
	TREE_WALK_DEPTH_MAX = 4096,	 /* levels below the top */
	TREE_WALK_NAME_MAX = 512 * 1024, /* bytes of a name relative to the top */
};

struct tree_walk;
struct archive_notes;

/* What was found; its texts and descriptors belong to the walk, until the next call. */
struct tree_entry {
	const char *path; /* relative to the tree; "" is the tree itself */
	const char *base; /* its name in parent_fd */
	int parent_fd;
	int dir_fd;	/* a directory, opened for reading; else -1 */
	unsigned depth; /* of the tree itself: 0 */
	bool included;	/* matches include, or lies below a directory that does, or no include */
	struct stat status;
};

/* Starts at name below dir_fd ("." for dir_fd itself), a directory or not; no component of it may
 * be a link, but the last may be one if it is what is to be read. The patterns (NULL: none) are
 * globs (engine/base/glob.h) on paths; what exclude matches is left out with all below it. They
 * and dir_fd must outlive the walk. */
struct tree_walk *tree_walk_new(int dir_fd, const char *name, const struct strv *include,
				const struct strv *exclude, struct err *err);
void tree_walk_free(struct tree_walk *walk);
/* Sockets and devices are not passed over. */
void tree_walk_take_all(struct tree_walk *walk);
/* What is passed over, of what is included, is noted. notes must outlive the walk. */
void tree_walk_note(struct tree_walk *walk, struct archive_notes *notes);

/* The next entry: 1, or 0 at the end, or -1. */
int tree_walk_next(struct tree_walk *walk, struct tree_entry *ret_entry, struct err *err);

/* Opens the regular file entry for reading, without blocking. */
int tree_entry_open(const struct tree_entry *entry, struct err *err);

/* Where the symbolic link entry leads. Free with free(). NULL on failure. */
char *tree_entry_link(const struct tree_entry *entry, struct err *err);

/* -1 when the file behind fd is not what entry saw: it was changed meanwhile. */
int tree_entry_check_unchanged(const struct tree_entry *entry, int fd, struct err *err);

#endif
