/* target.h: the directory of a workspace that an action puts files into; for workers inside. */
#ifndef ENGINE_ACTIONS_TARGET_H
#define ENGINE_ACTIONS_TARGET_H

#include "engine/base/err.h"
#include "engine/store/archive.h"

/* Opens the clean relative directory `to` below root_fd, making what is missing (0755, 0:0). A link
 * or a file in its place is ERR_STEP. Returns a descriptor, or -1. */
int target_open(int root_fd, const char *to, struct err *err);

/* Unpacks the archive in_fd there; notes about what was left out are sent to the socket. */
int target_unpack(int root_fd, const char *to, int in_fd,
		  const struct archive_unpack_options *options, int socket, struct err *err);

#endif
