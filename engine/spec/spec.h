/* spec.h: a validated build specification (design: "The build specification").
 *
 * Life cycle:
 *	1. spec_load() reads and checks a file. All that is wrong with it is collected in
 *	   `struct diagnostics`; the spec is returned even then, as far as it could be read,
 *	   unless nothing could (NULL).
 *	2. Read its fields and its steps; all strings belong to the spec.
 *	3. spec_free().
 *
 * A spec does not change. Replacing a step's text (spec_edit.h) gives a new text, which
 * is parsed to a new spec with spec_parse().
 */
#ifndef ENGINE_SPEC_SPEC_H
#define ENGINE_SPEC_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/sha256.h"
#include "engine/base/strv.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/params.h"
#include "engine/spec/schema.h"
#include "engine/spec/yaml_tree.h"

/* More of these in a file is an error: each step has its own copy of the environment. */
enum { SPEC_STEPS_MAX = 1000, SPEC_PARAMETERS_MAX = 256, SPEC_ENVIRONMENT_MAX = 64 << 10 };

/* So many secrets a spec may declare, and a step may use: each is a descriptor for its sandbox. */
enum { SPEC_SECRETS_MAX = 16 };

/* The directory in which a secret is a file called by its id, unless the step says where. */
#define SPEC_SECRETS_DIR "/run/secrets"

/* Limits of a step; 0 means none. */
struct limits {
	uint64_t time_ms;
	uint64_t memory_bytes;
	uint64_t processes;
	uint64_t output_bytes;
	uint64_t disk_bytes; /* that it may add to its trees and /tmp */
	uint64_t file_bytes; /* of each file */
};

/* The value of one field of a step, after parameter replacement. */
struct field_value {
	const struct field *field;
	bool given;
	struct position position; /* of the value; of the step when not given */
	char *text;		  /* scalars, in canonical form; the fallback when not given */
	struct strv list;	  /* lists; environments and limits as NAME=VALUE, a
				  step's secrets as ID=TARGET */
};

struct step {
	size_t number; /* from 1 */
	const struct action_schema *schema;
	char *name; /* given, or made from the action and its main field; unique names are not
		       required */
	char *note; /* or NULL */
	struct position position;
	size_t begin,
		end; /* byte range of the list item, from its "- " to the end of its last line */
	struct field_value *values; /* one a field: schema->fields, then the common ones */
	size_t n_values;
	/* NAME=VALUE: the parameters, over them the spec's and the step's own; empty for actions
	 * without a sandbox, which have no limits either. */
	struct strv environment;
	struct limits limits; /* the defaults, over them the spec's and the step's own */
	char *user;	      /* "root" when absent; NULL for actions without a sandbox */
	char *gid;	      /* digits, or NULL: the user's own group */
};

struct spec {
	char *path;	 /* as given */
	char *directory; /* real path of the directory it is in */
	char *real_path;
	struct buf text; /* the bytes that were read */
	char *name, *description;
	struct strv secrets; /* ids of those that are declared */
	struct parameter *parameters;
	size_t n_parameters;
	struct step *steps;
	size_t n_steps;
};

struct spec_options {
	const struct action_schema *const *schemas; /* ends with NULL */
	const struct strv *parameters;		    /* NAME=VALUE from the command line */
	/* Whether an artifact of this name exists outside the build; may be NULL (none do). */
	bool (*artifact_exists)(void *data, const char *name);
	void *data;
};

/* Reads and checks path. Returns 0 with *ret_spec set when the file could be read (look at
 * diagnostics->len for whether it is valid), -1 when it could not: not a regular file, too
 * large, no permission. */
int spec_load(const char *path, const struct spec_options *options, struct spec **ret_spec,
	      struct diagnostics *diagnostics, struct err *err);

/* The same from bytes; path is for messages and for directory. */
int spec_parse(const char *path, const void *text, size_t length,
	       const struct spec_options *options, struct spec **ret_spec,
	       struct diagnostics *diagnostics, struct err *err);

void spec_free(struct spec *spec);

/* A step's field by name, which must be in its schema (else the program aborts). */
const struct field_value *step_field(const struct step *step, const char *name);
/* Its text: the given one or the fallback; NULL when neither. */
const char *step_text(const struct step *step, const char *name);
/* Its list; empty when absent. */
const struct strv *step_list(const struct step *step, const char *name);
bool step_bool(const struct step *step, const char *name);

/* "step 3 'Test'", as messages call it: its name is safe to show, and cut where it is long. */
void step_add_title(const struct step *step, struct buf *out);

/* The secrets that it uses, each as ID=TARGET; empty for actions without a sandbox. */
const struct strv *step_secrets(const struct step *step);

/* Adds the action's name and all fields that count for the cache (canonical: in the
 * order of the table, fallbacks included), environment, secrets, user and gid to sha. Limits, name and
 * note are left out. */
void step_hash(const struct step *step, struct sha256 *sha);

/* The step with this number ("3") or unique name, or NULL with err set: unknown or
 * ambiguous names name the candidates. "3" is a number even where a step is named so. */
const struct step *spec_find_step(const struct spec *spec, const char *which, struct err *err);

/* The step that a line of the file (from 1) belongs to, or NULL. */
const struct step *spec_step_at_line(const struct spec *spec, size_t line);

/* The limits of a step for which nothing is given. */
struct limits limits_default(void);

/* Writes the JSON schema (draft 2020-12) of specifications with these actions. */
void spec_write_json_schema(const struct action_schema *const *schemas, FILE *out);

#endif
