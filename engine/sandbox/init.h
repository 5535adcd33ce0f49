/* init.h: the first process of a step's pid namespace, above bwrap and above our own workers.
 *
 * It is a function of ours in a forked child, not a program. It
 *	1. makes the user namespace that the step runs in, and its network namespace, with a program
 *	   that carries packets in and out where the step has a network stack of its own,
 *	2. waits for the plan, if it was started before there was one (spare.h),
 *	3. mounts the trees in a mount namespace of its own,
 *	4. starts bwrap (or a worker of ours, with the tree as its root directory),
 *	5. reaps, answers commands (stop, go on, terminate, kill), watches what is used (init_meters.h),
 *	6. when the first process ended, or contractor is gone (end-of-file on the socket is
 *	   the life-line), kills all that is left, looks what changed, and reports.
 * When init ends, the kernel takes everything below it, and unmounts the trees.
 */
#ifndef ENGINE_SANDBOX_INIT_H
#define ENGINE_SANDBOX_INIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "engine/process/userns.h"
#include "engine/sandbox/stack.h"
#include "engine/store/chain.h"

/* Directories in the outer mount namespace. */
#define INIT_DIR USERNS_DIR "/step"
#define INIT_LAYERS_DIR USERNS_DIR "/layers"
#define INIT_TMP_DIR USERNS_DIR "/tmp"

enum { INIT_FDS_MAX = 48, INIT_LOST_SIZE = 512 };

enum tree_access {
	TREE_ABSENT,
	TREE_READ,  /* as it is */
	TREE_WRITE, /* the changes become the layer tmp/ID/layer/TREE */
};

/* A file that a network step sees at this name of its systree, from a layer of ours. */
struct init_file {
	const char *name; /* relative: "etc/resolv.conf" */
	const char *text;
	bool executable; /* mode 0755, else 0644 */
};

/* A worker: runs with the tree `root` as its root directory and root_fd on it, talks by socket. */
struct init_worker {
	int (*run)(void *data, int root_fd, int socket, struct err *err);
	void *data;
	enum tree root;
};

/* What init must know before it can make ready for a step, whichever that will be. */
struct init_kind {
	bool inner_userns;
	bool private_network; /* a network namespace with nothing but loopback; else: */
	enum stack stack;
	uint64_t processes; /* RLIMIT_NPROC of the inner namespace; 0: none */
};

/* What init sees to itself, or names when a step fails for it; 0: none. */
struct init_limits {
	uint64_t memory_bytes; /* of all processes together */
	uint64_t disk_bytes;   /* that the step may add to its trees and /tmp */
	uint64_t file_bytes;   /* as large as a file can be: the launcher sets it */
};

/* Which of a step's limits has ended it, or let it fail. */
enum init_over {
	INIT_WITHIN, /* none */
	INIT_OVER_MEMORY,
	INIT_OVER_DISK,
	INIT_AT_FILE_SIZE,
	INIT_AT_PROCESSES,
};

/* What init is to do. With a worker all of it is known when init is forked; without one, the fork
 * has the userns and the kind, and init_plan_send() the rest. */
struct init_plan {
	const struct userns *userns;
	struct init_kind kind;

	const char *draft; /* directory below the store's tmp/: DRAFT/layer, DRAFT/work */
	enum tree_access access[TREE_COUNT];
	const struct strv *chain[TREE_COUNT];
	const struct init_file *files; /* for the systree */
	size_t n_files;
	const struct strv *outputs; /* below the workspace: missing ones fail the step; or NULL */
	bool keep_tmp;		    /* /tmp of the step is DRAFT/layer/tmp, kept when it fails */
	const char *tmp_of; /* an attempt whose kept /tmp the step finds in its own; or NULL */

	/* One of the two: */
	const struct strv *bwrap_argv; /* with the descriptors of enum sandbox_fd */
	const struct init_worker *worker;

	/* Pairs (source, number inside) of what bwrap inherits; ends with -1. */
	int sandbox_fds[INIT_FDS_MAX + 1][2];
	int stdio[3];  /* standard streams of bwrap; -1: /dev/null */
	int worker_fd; /* a descriptor that the worker keeps, or -1 */

	struct init_limits limits;
	/* The step's group (cgroup.h): to join it, and its events; -1: memory is measured. */
	int group_fds[2];
};

/* What init reports at the end ('D'). */
struct init_result {
	int status;		  /* wait status of the first process */
	struct rusage usage;	  /* of all that was reaped */
	bool changed[TREE_COUNT]; /* DRAFT/layer/TREE says something */
	bool whole[TREE_COUNT];	  /* it is not a layer above the chain, but all of the tree */
	bool tmp_kept;		  /* DRAFT/layer/tmp is there */
	enum init_over over;
	/* With INIT_AT_FILE_SIZE: a file that came so far, as "/workspace/a", if it is known. */
	char over_file[256];
	/* Why the step lost its network on the way, safe to show; or "". */
	char lost_network[INIT_LOST_SIZE];
};

/* The note ('N') of a step whose trees were copied, since no overlay could be mounted. */
#define INIT_NOTE_COPIED                                                                  \
	"the trees are copied for each step, which is slower than overlays: `contractor " \
	"doctor` says why"

/* In a child of contractor: enters the outer namespaces, makes pid and mount namespaces, starts
 * init as a child of contractor, and sends its pid ('I'). Returns 0 when init runs. */
int init_spawn(const struct init_plan *plan, int socket, struct err *err);

/* To an init that was started without a worker: the plan, but for its userns and kind. The
 * descriptors are duplicated. */
int init_plan_send(const struct init_plan *plan, int socket, struct err *err);

#endif
