/* network.h: what a step with network is given of the host's settings, and starting one.
 *
 *	/etc/resolv.conf  the host's, its links followed, as it is to be in the step's own network
 *			  stack (reach.h)
 *	/etc/hosts	  the host's, and the sandbox's own name
 *	http_proxy, …	  the person's, where the step's environment does not set them: where a
 *			  proxy is the only way out, nothing works without
 *	policy-rc.d	  for packages: installed services are not started
 *
 * None of it is part of a cache key, and none of it stays in a tree: into a systree files come
 * as a layer of ours above it, so that packages may replace what they own.
 */
#ifndef ENGINE_ACTIONS_NETWORK_H
#define ENGINE_ACTIONS_NETWORK_H

#include "engine/actions/run.h"
#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "engine/process/id_map.h"
#include "engine/sandbox/init.h"
#include "engine/sandbox/policy.h"

enum { NETWORK_TREE_FILES_MAX = 3 };

struct network {
	char *resolv_conf, *hosts;
	struct init_file tree_files[NETWORK_TREE_FILES_MAX]; /* for action_run_sandbox() */
	size_t n_tree_files;
};

/* Reads the settings of the host whose root directory is root ("/"), and adds what concerns
 * the policy to it. environment is the person's. The policy points into network from now on:
 * network_release() when it is not used any more. */
void network_init(struct network *network, const char *root, char *const *environment,
		  struct sandbox_policy *policy);
void network_release(struct network *network);

/* A step that is a script of ours for /bin/sh -e. */
struct network_script {
	const char *text;
	const char *address;		  /* what it asks, as far as that is known; or NULL */
	const struct strv *arguments;	  /* $1, $2, …; NULL: none */
	const struct sandbox_file *files; /* more files that it reads */
	size_t n_files;
};

/* Runs the script with the network under the policy, which comes from action_policy(). */
int network_run(struct action_run *run, struct sandbox_policy *policy,
		const struct network_script *script, struct err *err);

/* Fails with ERR_HOST when the host lacks the program, which is also the name of its package. path
 * is where to look: directories separated by colons, as in $PATH. */
int network_require_program(const char *path, const char *program, struct err *err);

/* Where a host's programs are that a sandbox without a systree sees. */
#define NETWORK_PROGRAM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"

/* Fails with ERR_HOST when there is but a single id: packages have files of several owners. */
int network_require_ids(const struct id_map *map, const char *action, struct err *err);

#endif
