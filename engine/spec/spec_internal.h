/* spec_internal.h: what the parts of the spec reader share. */
#ifndef ENGINE_SPEC_SPEC_INTERNAL_H
#define ENGINE_SPEC_SPEC_INTERNAL_H

#include "engine/spec/spec.h"

enum { FIELD_COUNT_MAX = 1000000 };

/* One reading of a spec. */
struct reader {
	const struct spec_options *options;
	struct spec *spec;
	struct diagnostics *diagnostics;
	const struct yaml_tree *tree;
	struct params params;
	struct strv environment; /* of every step: the parameters and the spec's own */
	struct limits limits;	 /* of every step */
	struct strv artifacts;	 /* made by the actions so far */
	struct strv secret_ids;	 /* that are declared, be it wrongly */
	bool secrets_partial;	 /* more of them may be declared than could be read */
};

/* What each type of field wants. */
struct field_rule {
	enum yaml_kind shape;
	const char *wanted; /* for "'NAME' must be ...": field_wanted(); NULL: made of choices */
	/* Whether a text, or each of a list, is right; replaces it by its canonical form. NULL:
	 * the values inside are read by others. */
	bool (*check)(const struct field *field, char **text);
	bool may_be_empty;
	const char *pattern; /* of the same, for the JSON schema; or NULL */
};
extern const struct field_rule field_rules[FIELD_TYPES];

/* What a field must be, for "'NAME' must be ...". Free with free(). */
char *field_wanted(const struct field *field);
/* What may be said about a wrong text: " (write true)", " (did you mean 'xz'?)" or "". */
char *field_hint(const struct field *field, const char *text);
/* FIELD_CHOICE, FIELD_ADDRESS: its choices. */
void field_choices(const struct field *field, struct strv *choices);

/* A limit: its name, how its text is read, where it is in struct limits. */
struct limit_rule {
	const char *name;
	bool (*parse)(const char *text, uint64_t *ret_value);
	size_t offset;
	const char *wanted, *pattern;
};
extern const struct limit_rule limit_rules[]; /* ends with a NULL name */

/* The rule with this name, or NULL. */
const struct limit_rule *limit_find(const char *name);
/* Whether text is a value for it: "none" is 0. */
bool limit_parse(const struct limit_rule *rule, const char *text, uint64_t *ret_value);
/* Sets the limits in list, checked NAME=VALUE, over those in limits. */
void limits_apply(const struct strv *list, struct limits *limits);

/* Collects what the top of a spec seems to declare, right or wrong: what is wrong with an id is said
 * there alone, not wherever it is used. */
void secrets_collect_ids(struct reader *reader, const struct yaml_value *root);
/* Reads the ids that the top of a spec declares (FIELD_IDS), and the secrets of a step
 * (FIELD_SECRETS). */
void secrets_read_declared(struct reader *reader, const struct yaml_value *list,
			   struct field_value *out);
void secrets_read_used(struct reader *reader, const struct yaml_value *list,
		       struct field_value *out);
/* The keys of a step's secret that is a mapping; ends with a NULL name. */
extern const struct field spec_secret_fields[];

/* The keys at the top of a spec, and those that every action, or every sandboxed one, has.
 * Each ends with a NULL name. */
extern const struct field spec_top_fields[];
extern const struct field spec_action_fields[];
extern const struct field spec_sandbox_fields[];

/* A value for each field of these lists (any may be NULL); *ret_count of them. */
struct field_value *field_values_new(const struct field *const lists[], size_t n_lists,
				     size_t *ret_count);
void field_values_free(struct field_value *values, size_t count);
struct field_value *field_values_find(struct field_value *values, size_t count, const char *name);

/* Reads all that a map has for these fields, and the fallbacks of those that it has not.
 * what names it in messages; also is one more key that it may have, or NULL. */
void fields_read(struct reader *reader, const struct yaml_value *map, const char *what,
		 const char *also, struct field_value *values, size_t count);

/* A text of a field, or of its list, in canonical form; NULL with a diagnostic. Free with free(). */
char *field_read_checked(struct reader *reader, const struct field *field,
			 const struct yaml_value *value);

/* A text with its parameters replaced; NULL, with a diagnostic, when it is none or empty. */
char *field_read_text(struct reader *reader, const char *name, const struct yaml_value *value,
		      bool raw, bool may_be_empty);

/* The parts of a spec: the parameters of its top mapping, and the list of actions. */
void spec_read_parameters(struct reader *reader, const struct yaml_value *root);
void spec_read_steps(struct reader *reader, const struct yaml_value *actions);
/* All of it, from reader->tree. */
void spec_read(struct reader *reader);

#endif
