/* archive_place.h: making files below a directory for somebody who is not trusted.
 *
 * Every path is clean and relative (path_is_clean_relative), and every directory on the way is
 * looked up without following a link, so nothing outside is reached, whatever was there or was made
 * before. Missing directories on the way are made. What exists already is replaced, as tar does, but
 * a directory with something in it by a non-directory.
 *
 * A directory gets its mode and time at the end, when all is in it: place_finish().
 *
 * Errors name the path. Life cycle: place_init(); place_...(); place_finish(); place_release().
 */
#ifndef ENGINE_STORE_ARCHIVE_PLACE_H
#define ENGINE_STORE_ARCHIVE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "engine/base/err.h"

struct late_dir;

struct place {
	int dir_fd;
	int parent_fd; /* the directory looked up last, or -1 */
	char *parent;  /* its path */
	struct late_dir *late;
	size_t late_count, late_capacity;
	bool finishing; /* nothing is made any more */
};

struct place_attributes {
	uid_t uid;
	gid_t gid;
	mode_t mode;	       /* permissions and set-id bits */
	struct timespec mtime; /* tv_nsec may be UTIME_NOW */
};

void place_init(struct place *place, int dir_fd);
void place_release(struct place *place);

/* Makes an empty regular file; *ret_fd is open for writing. */
int place_file(struct place *place, const char *path, int *ret_fd, struct err *err);
/* Gives it its owner, and then, when it has its content and attributes, its mode and time: the
 * kernel drops set-id bits and capabilities with the owner. */
int place_set_owner(int fd, const char *path, const struct place_attributes *attributes,
		    struct err *err);
int place_set_mode_and_time(int fd, const char *path, const struct place_attributes *attributes,
			    struct err *err);

/* Makes a symbolic link, a FIFO, and a further name of a non-directory below the same directory. */
int place_link(struct place *place, const char *path, const char *target,
	       const struct place_attributes *attributes, struct err *err);
int place_fifo(struct place *place, const char *path, const struct place_attributes *attributes,
	       struct err *err);
int place_hard_link(struct place *place, const char *path, const char *target, struct err *err);

/* Makes a directory or takes the one there is; "" is dir_fd itself. */
int place_dir(struct place *place, const char *path, const struct place_attributes *attributes,
	      struct err *err);

/* Opens a directory that is there ("" is dir_fd) for its attributes. */
int place_open_dir(struct place *place, const char *path, int *ret_fd, struct err *err);

/* Gives the directories their modes and times. */
int place_finish(struct place *place, struct err *err);

#endif
