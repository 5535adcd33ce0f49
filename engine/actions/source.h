/* source.h: archives that a step reads: an artifact by name, or a file beside the spec. */
#ifndef ENGINE_ACTIONS_SOURCE_H
#define ENGINE_ACTIONS_SOURCE_H

#include "engine/actions/action.h"
#include "engine/base/err.h"
#include "engine/base/sha256.h"

struct source {
	int fd; /* open for reading, at its beginning */
	char digest[SHA256_HEX_SIZE];
};

/* The archive that the step's `artifact` or `path` names: an artifact of this build first, then
 * one in the artifact directory. Release with source_release(). */
int source_open(const struct action_input *input, struct source *ret_source, struct err *err);
void source_release(struct source *source);

/* The directory that `copy` and `path` may reach: --context, else the root of the git work tree that
 * holds the spec, else the spec's directory. ret_prefix is the spec's directory below it ("." when
 * they are the same), free with free(). Returns a descriptor, or -1. */
int context_open(const struct action_input *input, char **ret_prefix, struct err *err);

/* name, which is relative to the spec's directory, as a clean name below the context. NULL with err
 * set when it leaves the context. Free with free(). */
char *context_name(const char *prefix, const char *name, struct err *err);

#endif
