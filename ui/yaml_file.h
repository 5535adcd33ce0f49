/* yaml_file.h: a YAML file of the person's, themes and the configuration, with all that is wrong with
 * it said at its place, as of specifications.
 *
 * Life cycle: yaml_file_open() or yaml_file_parse(); read the tree and add to diagnostics;
 * yaml_file_finish() says whether all was right; yaml_file_release().
 */
#ifndef UI_YAML_FILE_H
#define UI_YAML_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/yaml_tree.h"

struct yaml_file {
	char *path; /* or what names it in messages */
	struct buf text;
	struct yaml_tree *tree;
	struct diagnostics diagnostics;
};

/* Reads a file of at most SPEC_SIZE_MAX bytes. ERR_NOT_FOUND when there is none. */
int yaml_file_open(const char *path, struct yaml_file *ret_file, struct err *err);
/* The same from a text, which is copied. */
void yaml_file_parse(const char *path, const void *text, size_t length, struct yaml_file *ret_file);
void yaml_file_release(struct yaml_file *file);

/* When something was wrong: adds it to ret_messages, and fails with ERR_USAGE. */
int yaml_file_finish(const struct yaml_file *file, struct buf *ret_messages, struct err *err);

/* The text of a value; NULL, with a diagnostic, when it is none or left out. */
const char *yaml_file_text(struct diagnostics *diagnostics, const char *name,
			   const struct yaml_value *value);

/* Whether it is a mapping; else there is a diagnostic that says what must be one. */
bool yaml_file_is_map(struct diagnostics *diagnostics, const char *name,
		      const struct yaml_value *value);

/* Says that a key is not known in what, and suggests one of known, which ends with NULL. */
void yaml_file_unknown(struct diagnostics *diagnostics, const struct yaml_value *key,
		       const char *what, const char *const *known);

#endif
