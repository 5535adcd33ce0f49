/* params.h: parameters and their replacement in texts.
 *
 * "${name}" becomes the parameter's value, "$${" becomes "${"; a "$" elsewhere stands for
 * itself. A value that was put in is not searched again.
 */
#ifndef ENGINE_SPEC_PARAMS_H
#define ENGINE_SPEC_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/strv.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/yaml_tree.h"

/* A parameter of a spec. */
struct parameter {
	char *name;
	char *value; /* NULL: a null default that was not given (then there is a diagnostic) */
	struct position position;
};

/* The parameters that a text may use. */
struct params {
	const struct parameter *items;
	size_t len;
	bool partial; /* there may be more: an unknown name is no error, and has no value */
	size_t added; /* bytes that replacement has made so far, at most SPEC_SIZE_MAX */
};

/* Letters, digits and "_", not beginning with a digit: for parameters and environments. */
bool params_name_is_valid(const char *name);
/* Names that a parameter must not have, as it would become this environment variable: PATH,
 * HOME, LD_... */
bool params_name_is_reserved(const char *name);

/* The parameter with this name, or NULL. */
const struct parameter *params_find(const struct params *params, const char *name);

/* The text of a YAML_TEXT with its parameters replaced. Free with free(). NULL when something
 * is wrong with one; each has then a diagnostic at its own place, or is a parameter without a
 * value. */
char *params_replace(struct params *params, const struct yaml_tree *tree,
		     const struct yaml_value *value, struct diagnostics *diagnostics);

#endif
