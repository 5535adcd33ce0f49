/* archive_links.h: which files were met under another name already (hard links).
 *
 * A hash table with open addressing from (device, inode) to the first name.
 */
#ifndef ENGINE_STORE_ARCHIVE_LINKS_H
#define ENGINE_STORE_ARCHIVE_LINKS_H

#include <stddef.h>
#include <sys/types.h>

struct link_slot;

struct link_table {
	struct link_slot *slots; /* size of them, a power of two, or none */
	size_t size, count;
};

/* A table starts as zeros. */
void link_table_release(struct link_table *table);

/* The name under which the file was remembered, or NULL: then it is now remembered as name. */
const char *link_table_meet(struct link_table *table, dev_t dev, ino_t ino, const char *name);

#endif
