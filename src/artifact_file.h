/* artifact_file.h: names and files of artifacts. */
#ifndef SRC_ARTIFACT_FILE_H
#define SRC_ARTIFACT_FILE_H

#include <stddef.h>

#include "engine/base/err.h"

/* Letters, digits and ".", "_", "-", "+", not beginning with "-" or ".". */
int artifact_check_name(const char *name, struct err *err);

/* The length of the artifact's name at the front of "NAME.tar.zst"; 0 when it is no artifact's
 * file. */
size_t artifact_name_length(const char *file);

/* Copies the file from its beginning to path, by a temporary file beside it and a rename. */
int artifact_copy(int fd, const char *path, struct err *err);

#endif
