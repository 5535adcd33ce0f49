#include "engine/store/archive_sparse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"

static bool all_zero(const char *bytes, size_t length)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, length - 1);
}

/* Whether length bytes at offset are zeros: 1 or 0; -1 with errno. A few bytes usually tell. */
static int is_hole(int fd, uint64_t offset, uint64_t length, char *buffer)
{
	enum { PROBE = 512 };

	for (uint64_t done = 0; done < length;) {
		uint64_t want = done || length < PROBE ? length - done : PROBE;
		ssize_t count = pread(fd, buffer, (size_t)want, (off_t)(offset + done));

		if (count < 0)
			return -1;
		/* A file that became shorter is found out when it is written. */
		if (!count || !all_zero(buffer, (size_t)count))
			return 0;
		done += (uint64_t)count;
	}
	return 1;
}

/* Adds data behind what the map has. */
static void add_data(struct tar_map *map, uint64_t offset, uint64_t length)
{
	struct tar_region *last = map->count ? &map->regions[map->count - 1] : NULL;

	if (last && last->offset + last->length == offset) {
		last->length += length;
		return;
	}
	map->regions = mem_grow(map->regions, map->count, &map->capacity, sizeof *map->regions);
	map->regions[map->count++] = (struct tar_region){offset, length};
}

/* The block where the file system knows data next, from offset on; size when there is none. */
static uint64_t next_data(int fd, uint64_t offset, uint64_t size)
{
	off_t data = lseek(fd, (off_t)offset, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? size : offset;
	return (uint64_t)data / SPARSE_BLOCK * SPARSE_BLOCK;
}

/* Goes through the file block by block. */
static int map_blocks(int fd, uint64_t size, char *buffer, struct tar_map *map)
{
	for (uint64_t offset = 0; offset < size;) {
		uint64_t length = size - offset < SPARSE_BLOCK ? size - offset : SPARSE_BLOCK;
		int hole = is_hole(fd, offset, length, buffer);

		if (hole < 0)
			return -1;
		if (!hole)
			add_data(map, offset, length);
		offset += length;
		if (hole && offset < size)
			offset = next_data(fd, offset, size);
	}
	return 0;
}

int sparse_map_find(int fd, uint64_t size, struct tar_map *ret_map)
{
	AUTO_FREE char *buffer = NULL;
	struct tar_map map = {0};

	if (size < SPARSE_FILE_MIN)
		return 0;
	buffer = mem_resize(NULL, SPARSE_BLOCK, 1);
	if (map_blocks(fd, size, buffer, &map) < 0) {
		free(map.regions);
		return -1;
	}
	if (map.count == 1 && map.regions[0].length == size) {
		free(map.regions);
		return 0;
	}
	if (!map.count ||
	    map.regions[map.count - 1].offset + map.regions[map.count - 1].length < size)
		add_data(&map, size, 0);
	*ret_map = map;
	return 0;
}
