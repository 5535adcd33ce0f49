/* policy_internal.h: the tables that the policy's functions share. */
#ifndef ENGINE_SANDBOX_POLICY_INTERNAL_H
#define ENGINE_SANDBOX_POLICY_INTERNAL_H

#include <stddef.h>

#include "engine/sandbox/policy.h"

enum sandbox_path_use {
	SANDBOX_PATH_MASKED,	/* hidden from every step */
	SANDBOX_PATH_READ_ONLY, /* no step can write it */
	SANDBOX_PATH_HOST,	/* the host's, seen where the root is no systree */
};

struct sandbox_path {
	const char *path;
	enum sandbox_path_use use;
};

/* Every path of the host that a policy may name. */
const struct sandbox_path *sandbox_paths(size_t *ret_count);

/* "shell step", ...: what this kind is for. */
const char *sandbox_kind_name(enum sandbox_kind kind);

#endif
