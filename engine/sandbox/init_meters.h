/* init_meters.h: what a step uses of what its limits bound, and that the kernel does not bound by
 * itself. Only init uses it.
 *
 * Life cycle: init_meters_start() when the trees are mounted; then init_meters_look() whenever
 * init_meters_wait_ms() have passed, or more often; when no process is left init_meters_finish(). Without
 * limits none of them does anything.
 */
#ifndef ENGINE_SANDBOX_INIT_METERS_H
#define ENGINE_SANDBOX_INIT_METERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/sandbox/init.h"

enum { INIT_TMPFS_MAX = 5, INIT_METERS = 3 };

/* Where a step's memory is besides in its processes. */
struct init_memory {
	struct {
		int fd;
		dev_t dev;
	} tmpfs[INIT_TMPFS_MAX];
	size_t n_tmpfs;
	bool in_ipc;	      /* init has entered the IPC namespace of the step */
	uint64_t host_before; /* shared memory and swap space that the host used at the start */
	pid_t stack_pid; /* what carries the step's packets: its memory is not the step's; 0: nothing */
};

struct init_disk {
	int fd;		 /* the draft's directory */
	uint64_t before; /* bytes that it held at the start */
	uint64_t bytes;	 /* that it held more at the last scan */
	uint64_t used;	 /* on the whole file system, then; and at the start: */
	uint64_t used_before;
	int64_t next_ms; /* when there is another scan in any case */
};

struct init_meters {
	const struct init_plan *plan;
	pid_t main_pid; /* set by the caller when there is one */
	int events_fd;	/* of the group that the kernel limits the memory of; -1: it is measured */
	struct init_memory memory;
	struct init_disk disk;
	int64_t due_ms[INIT_METERS];
	bool crowded; /* the step was seen with all the processes that it may have */
};

/* Joins the plan's group, if there is one. */
void init_meters_start(struct init_meters *meters, const struct init_plan *plan);
/* Milliseconds until there is something to look at; -1: there never is. */
int init_meters_wait_ms(const struct init_meters *meters);
/* Looks at what is due. What it returns, but INIT_WITHIN, is the reason to end the step. */
enum init_over init_meters_look(struct init_meters *meters);
/* Whether the step, which ended by itself, was at one of its limits, or beyond: result->status is
 * known, over and over_file are filled in. */
void init_meters_finish(struct init_meters *meters, struct init_result *result);

/* init_memory.c: the memory in use by all processes of the pid namespace, and by files that are memory;
 * each page once. What is no more than limit may be less; and where so many descriptors are open that
 * looking at all takes too long, what the whole host uses more than at the start counts. */
void init_memory_start(struct init_memory *memory);
uint64_t init_memory_bytes(struct init_memory *memory, pid_t main_pid, uint64_t limit);

/* init_disk.c: the bytes that a draft has taken since the start; of what is more than limit, at least
 * that it is more; as above with too many descriptors. Look is the same, as it was not too long ago. */
void init_disk_start(struct init_disk *disk, const char *draft);
uint64_t init_disk_bytes(struct init_disk *disk, uint64_t limit);
uint64_t init_disk_look(struct init_disk *disk, uint64_t limit);
/* Whether one of the draft's files has exactly this size; *ret_path is then its path as the step sees
 * it, or "" when that is longer than path_size. */
bool init_find_large_file(const char *draft, uint64_t size, char *ret_path, size_t path_size);

#endif
