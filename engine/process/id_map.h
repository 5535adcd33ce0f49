/* id_map.h: which host ids a user namespace of ours uses (user_namespaces(7), subuid(5)).
 *
 * An ordinary person: 0 is the person, 1... are their range in /etc/subuid and /etc/subgid,
 * written by newuidmap and newgidmap. Root: 0... are a range of their own (root's in /etc/subuid,
 * else ID_MAP_ROOT_BASE), so that root in a step is never the host's root. Without a range an
 * ordinary person has a single id.
 */
#ifndef ENGINE_PROCESS_ID_MAP_H
#define ENGINE_PROCESS_ID_MAP_H

#include <stdbool.h>
#include <sys/types.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"

/* Root's range where /etc/subuid gives root none: far above what distributions hand out, and a
 * multiple of 65536 as systemd's containers use. */
enum { ID_MAP_ROOT_BASE = 0x7a110000, ID_MAP_COUNT = 65536, ID_MAP_EXTENTS = 2 };

struct id_extent {
	unsigned inside, outside, count;
};

/* Extents with count 0 are absent. */
struct id_map {
	struct id_extent uids[ID_MAP_EXTENTS];
	struct id_extent gids[ID_MAP_EXTENTS];
	bool single;	/* one id only: no apt, no debootstrap */
	bool by_helper; /* newuidmap and newgidmap must write it */
	/* Why it is a single id, and the remedy (a command); "" otherwise. */
	char single_reason[512], single_remedy[512];
};

/* Whom a map is for, and where the ranges are found. */
struct id_map_person {
	uid_t uid;
	gid_t gid;
	const char *name;	     /* NULL: only ranges given to the number count */
	const char *subuid, *subgid; /* files as subuid(5) says */
	bool has_helpers;	     /* newuidmap and newgidmap are installed */
	/* How many ids from 0 on the person's own user namespace has, as in a container whose
	 * root is not the host's; 0: all. */
	unsigned uids_mapped, gids_mapped;
};

/* The map for the calling person. ERR_HOST when the composed map would contain the host's 0. */
int id_map_find(struct id_map *ret_map, struct err *err);

/* The map for any person: what id_map_find() decides, without a look at the host but for the two
 * files. */
int id_map_plan(const struct id_map_person *person, struct id_map *ret_map, struct err *err);

/* "0 1000 1,1 100000 65536 / 0 1000 1,1 100000 65536": for the store. */
void id_map_describe(const struct id_map *map, struct buf *out);
/* Whether it is such a text. */
bool id_map_is_description(const char *text);

/* Host ids of root in the namespace. */
uid_t id_map_root_uid(const struct id_map *map);
gid_t id_map_root_gid(const struct id_map *map);

/* Writes the map of a process that has just made a user namespace: by newuidmap, newgidmap where
 * by_helper, else into /proc/PID. proc_fd is a descriptor of a /proc where pid is that process. */
int id_map_write(const struct id_map *map, int proc_fd, pid_t pid, struct err *err);

/* The map of a namespace within one that has map: the same ids as inside there. */
void id_map_nested(const struct id_map *map, struct id_map *ret_nested);

#endif
