/* cgroup.h: a limit of memory that the kernel keeps, where groups of processes can be made.
 *
 * That is the unified hierarchy alone (cgroup v2: the kernel's Documentation/admin-guide/cgroup-v2.rst), and
 * in it
 *	- our own group, when it is delegated to us and nobody but contractor and its children is in
 *	  it: they move to a group below, since one that has groups with limits has no processes;
 *	- or, for root, the hierarchy's top, when it gives its groups the memory controller already.
 * Nothing else is touched; where neither is so, memory is measured (init_meters.h).
 *
 * Life cycle: cgroups_new() once; for a step with a limit cgroup_make(), whose descriptors init is
 * given; cgroup_remove() when that has ended; cgroups_free().
 */
#ifndef ENGINE_SANDBOX_CGROUP_H
#define ENGINE_SANDBOX_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

struct cgroups;

/* The group of one step; the descriptors are -1 when there is none. */
struct cgroup {
	char name[48];
	int join_fd;   /* who writes "0" to it is in the group from then on */
	int events_fd; /* memory.events, for cgroup_oom_kills() */
};

/* Less than this is measured: init is in the group, too, and is not to be the largest in it. */
extern const uint64_t cgroup_memory_least;

/* Where groups could be made: a path below root ("" but in tests), to be freed with free(). NULL: nowhere,
 * and *ret_why, a constant, says why. Changes nothing. */
char *cgroups_find(const char *root, const char **ret_why);

/* Makes it so that groups can be made; NULL when they cannot. */
struct cgroups *cgroups_new(const char *root);
void cgroups_free(struct cgroups *cgroups);

/* A group whose processes have no more memory than this together, and no swap space. False, and an
 * empty group, when there can be none; cgroups may be NULL. */
bool cgroup_make(struct cgroups *cgroups, uint64_t memory_bytes, struct cgroup *ret_group);
/* Removes it once its processes have ended; if that is not yet so, with a later call. */
void cgroup_remove(struct cgroups *cgroups, struct cgroup *group);

/* How many processes of the group the kernel has killed for want of memory. */
uint64_t cgroup_oom_kills(int events_fd);

#endif
