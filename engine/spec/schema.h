/* schema.h: which keys an action has, as data.
 *
 * Each action describes itself by one `struct action_schema` (engine/actions/ defines
 * them, the spec reader is given the table). Validation, messages, suggestions, cache
 * keys and the JSON schema are all made from these rows; nothing lists keys beside them.
 */
#ifndef ENGINE_SPEC_SCHEMA_H
#define ENGINE_SPEC_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

enum field_type {
	FIELD_TEXT,   /* one line that does not begin with "-", unless FIELD_ANY; parameters are
			     * replaced, here and below */
	FIELD_SCRIPT, /* a string in which nothing is replaced (shell) */
	FIELD_NAME,   /* letters, digits, "." "_" "-" "+"; does not begin with "-" or "." */
	FIELD_PATH,   /* relative, clean: no "..", not absolute */
	FIELD_INSIDE_PATH,  /* absolute or relative inside the sandbox, without ".." */
	FIELD_CONTEXT_PATH, /* relative to the spec's directory; ".." is judged by the action */
	FIELD_BOOL,	    /* true or false, nothing else */
	FIELD_COUNT,	    /* a whole number, 0 to 1,000,000 */
	FIELD_CHOICE,	    /* one of choices */
	FIELD_ADDRESS,	    /* PROTOCOL://..., with one of choices in front */
	FIELD_TEXTS,	    /* a list of such texts */
	FIELD_ARGV,	    /* a list of one or more strings, as for exec */
	FIELD_PATHS,	    /* a list of clean relative paths */
	FIELD_GLOBS,	    /* a list of glob patterns */
	FIELD_ENVIRONMENT,  /* a mapping of variable names to strings */
	FIELD_LIMITS,	    /* time, memory, processes, ... */
	FIELD_IDS,	    /* at the top of a spec: a list of different names */
	FIELD_SECRETS,	    /* a list of declared secrets: an id, or {id, target} */
	FIELD_USER,	    /* a uid or a user name known in the systree */
	FIELD_LATER,	    /* known, but answered with "not built yet" */
	FIELD_PARAMETERS,   /* at the top of a spec: names and their default values */
	FIELD_ACTIONS,	    /* at the top of a spec */
	FIELD_TYPES,	    /* how many there are */
};

enum field_flags {
	FIELD_REQUIRED = 1 << 0,
	FIELD_NOT_IN_KEY = 1 << 1,    /* does not change what the step does */
	FIELD_EXCLUDES_NEXT = 1 << 2, /* exactly one of this field and the next is given */
	FIELD_MAIN = 1 << 3,	  /* a step without a name is called "ACTION VALUE" by this field */
	FIELD_MAIN_LINE = 1 << 4, /* the same, by the field's first line, cut to 40 characters */
	FIELD_ONE_OF_GROUP = 1 << 5, /* at least one of all fields with this flag is given */
	FIELD_ANY = 1 << 6,	     /* TEXT: several lines and a "-" in front are allowed */
};

struct field {
	const char *name;
	enum field_type type;
	unsigned flags;
	const char *fallback; /* value when not given, as it would stand in YAML; or NULL */
	const char *choices;  /* FIELD_CHOICE: "a|b|c"; FIELD_ADDRESS: the protocols */
	const char *help;     /* one sentence, for the JSON schema and the manual */
};

/* One kind of action. The common fields (name, note, and for sandboxed actions
 * environment, limits, secrets, caches, user, gid) are added by the reader. */
struct action_schema {
	const char *name;
	const char *help;
	const struct field *fields; /* ends with a NULL name */
	bool sandboxed;
	/* Which artifact field makes or needs an artifact: "artifact" of create-artifact
	 * makes; of unpack-artifact and create-systree needs. */
	bool makes_artifact, needs_artifact;
};

#endif
