/* archive_sparse.h: the holes that an archive leaves out of a large file.
 *
 * What counts as a hole follows from the content alone (whole blocks of zeros), not from
 * how a file system happens to store it: so identical trees give identical archives.
 */
#ifndef ENGINE_STORE_ARCHIVE_SPARSE_H
#define ENGINE_STORE_ARCHIVE_SPARSE_H

#include <stdint.h>

#include "engine/store/archive_tar.h"

enum {
	SPARSE_BLOCK = 64 * 1024,      /* a hole is a multiple of this, at a multiple of it */
	SPARSE_FILE_MIN = 1024 * 1024, /* smaller files are written whole */
};

/* Finds what of the file (size bytes) is data. ret_map->regions stays NULL when there is no
 * hole; else the caller frees it. A hole at the end is followed by an empty region, as tar wants
 * it. Returns -1 with errno. */
int sparse_map_find(int fd, uint64_t size, struct tar_map *ret_map);

#endif
