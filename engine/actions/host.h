/* host.h: what a process of contractor holds once, whatever it builds: the loop, the store, the
 * namespaces, and the settings that come from the command line.
 *
 * The namespaces are made when the first step really runs: looking at a build, or taking all
 * of it from the cache, needs none. That also goes for the remover that the store is given.
 */
#ifndef ENGINE_ACTIONS_HOST_H
#define ENGINE_ACTIONS_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "engine/process/id_map.h"
#include "engine/process/loop.h"
#include "engine/process/userns.h"
#include "engine/sandbox/policy.h"
#include "engine/sandbox/cgroup.h"
#include "engine/sandbox/spare.h"
#include "engine/sandbox/stack.h"
#include "engine/store/store.h"

/* Modification times in artifacts are clamped to this unless SOURCE_DATE_EPOCH says otherwise:
 * 2020-01-01 00:00:00 UTC. */
#define HOST_SOURCE_DATE_EPOCH INT64_C(1577836800)
/* 9999-12-31 23:59:59 UTC, the latest that GCC takes, too. */
#define HOST_SOURCE_DATE_EPOCH_MAX 253402300799ULL

struct secrets;

struct host_settings {
	const char *store_path;	  /* NULL: store_default_path() */
	const char *artifact_dir; /* NULL: artifacts/ of the store */
	const char *
		context_dir; /* --context; NULL: the git work tree of the spec, else its directory */
	bool allow_network;  /* --allow network: for `network: host` of shell steps */
	bool offline;	     /* --offline */
	enum stack_wish stack;	       /* --network-stack */
	const struct secrets *secrets; /* --secret; NULL: none. Must outlive the host */
	bool read_only;		       /* the command only looks: the ids need not be mapped */
	bool damaged_ok; /* opens a store with a damaged index, too: for verify and remove */
	bool repair;	 /* and takes out of the way what is no part of a store */
};

struct host;

/* Opens the store. settings are copied. ERR_USAGE when a variable of the environment has a value that
 * it cannot have. Free with host_free(). */
int host_new(const struct host_settings *settings, struct loop *loop, struct host **ret_host,
	     struct err *err);
void host_free(struct host *host);

/* Removes the whole store, also what belongs to other ids. Afterwards only host_free() may be
 * called. */
int host_remove_store(struct host *host, struct err *err);

struct loop *host_loop(const struct host *host);
struct store *host_store(const struct host *host);
const struct host_settings *host_settings(const struct host *host);
const struct id_map *host_id_map(const struct host *host);
/* The artifact directory; it may not exist yet. */
const char *host_artifact_dir(const struct host *host);
/* $SOURCE_DATE_EPOCH, or HOST_SOURCE_DATE_EPOCH. Seconds. */
int64_t host_source_date_epoch(const struct host *host);

/* The outer namespaces, made at the first call; checks what a sandbox needs of the host. */
int host_userns(struct host *host, const struct userns **ret_userns, struct err *err);
/* Whether they were made already. */
bool host_has_userns(const struct host *host);
const struct strv *host_existing_paths(struct host *host);
/* The network stack of steps with network, by the settings and what is installed. */
enum stack host_stack(const struct host *host);
struct seccomp_cache *host_seccomp_cache(struct host *host);
/* Where groups of processes can be made whose memory the kernel limits; or NULL. The first call may move
 * contractor and its children to another group (cgroup.h). */
struct cgroups *host_cgroups(struct host *host);

/* Where an init for the next sandbox is kept (spare.h), and its end, when none will follow. */
struct spare **host_spare(struct host *host);
void host_drop_spare(struct host *host);

/* The state's chains as they are to be mounted (squash.h), added to what ret_chains has. */
void host_shorten(const struct host *host, const struct state *state,
		  struct strv ret_chains[TREE_COUNT]);

/* Whether an artifact of this name is in the artifact directory (any compression). data is a
 * struct host; for spec_options. */
bool host_artifact_exists(void *data, const char *name);

#endif
