#include "engine/spec/params.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/spec/suggest.h"

static const char name_characters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

/* The value in which parameters are replaced, and how far that is. */
struct replacing {
	struct params *params;
	const struct yaml_tree *tree;
	const struct yaml_value *value;
	struct diagnostics *diagnostics;
	const char *searched; /* in the tree's text: behind the last "${" of the value */
	struct buf out;
	bool failed;
};

bool params_name_is_valid(const char *name)
{
	size_t length = strspn(name, name_characters);

	return length && !name[length] && !(name[0] >= '0' && name[0] <= '9');
}

bool params_name_is_reserved(const char *name)
{
	return !strcmp(name, "PATH") || !strcmp(name, "HOME") || !strncmp(name, "LD_", 3);
}

const struct parameter *params_find(const struct params *params, const char *name)
{
	for (size_t i = 0; i < params->len; i++) {
		if (!strcmp(params->items[i].name, name))
			return params->items + i;
	}
	return NULL;
}

/* Where in the file the next "${" of the value stands, reference in its text. The file may have
 * it in another way ("\x24{"): then it is where the value is. */
static struct position next_place(struct replacing *r, const char *reference)
{
	const char *file = yaml_tree_text(r->tree), *end = file + r->value->end;
	size_t left = (size_t)(end - r->searched);
	const char *found = left ? memmem(r->searched, left, "${", 2) : NULL;
	size_t length = 2 + strcspn(reference + 2, "}$ \n");

	if (!found || (size_t)(end - found) < length || memcmp(found, reference, length))
		return r->value->position;
	r->searched = found + 2;
	return yaml_tree_position(r->tree, (size_t)(found - file));
}

static void report_unknown(struct replacing *r, struct position place, const char *name)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;

	for (size_t i = 0; i < r->params->len; i++)
		strv_add(&known, r->params->items[i].name);
	suggestion = suggest_text(name, &known);
	diagnostics_add(r->diagnostics, place, "unknown parameter '%s'%s", short_text(name).text,
			suggestion);
}

/* Puts in the value of the parameter with this name, which stands at place. */
static void replace_one(struct replacing *r, struct position place, const char *name)
{
	const struct parameter *parameter = params_find(r->params, name);

	if (!parameter && !r->params->partial)
		report_unknown(r, place, name);
	if (!parameter || !parameter->value) {
		r->failed = true;
		return;
	}
	if (strlen(parameter->value) > SPEC_SIZE_MAX - r->params->added) {
		diagnostics_add(r->diagnostics, place,
				"the parameters add more than %d bytes to the file", SPEC_SIZE_MAX);
		r->failed = true;
		return;
	}
	r->params->added += strlen(parameter->value);
	buf_add_str(&r->out, parameter->value);
}

/* Replaces what stands at text, which begins with "${"; returns what is behind it. */
static const char *replace_reference(struct replacing *r, const char *text)
{
	struct position place = next_place(r, text);
	size_t length = strspn(text + 2, name_characters);
	AUTO_FREE char *name = mem_strndup(text + 2, length);

	if (text[2 + length] == '}' && params_name_is_valid(name)) {
		replace_one(r, place, name);
		return text + 2 + length + 1;
	}
	diagnostics_add(
		r->diagnostics, place,
		"'${' must be followed by a parameter's name and '}'; write '$${' for '${'");
	r->failed = true;
	return text + 2;
}

char *params_replace(struct params *params, const struct yaml_tree *tree,
		     const struct yaml_value *value, struct diagnostics *diagnostics)
{
	struct replacing r = {
		.params = params,
		.tree = tree,
		.value = value,
		.diagnostics = diagnostics,
		.searched = yaml_tree_text(tree) + value->position.offset,
		.out = BUF_INIT,
	};
	const char *text = value->text;

	while (*text) {
		if (!strncmp(text, "$${", 3)) {
			next_place(&r, text + 1);
			buf_add_str(&r.out, "${");
			text += 3;
		} else if (!strncmp(text, "${", 2)) {
			text = replace_reference(&r, text);
		} else {
			size_t length = 1 + strcspn(text + 1, "$");

			buf_add(&r.out, text, length);
			text += length;
		}
	}
	if (r.failed) {
		buf_release(&r.out);
		return NULL;
	}
	return buf_detach(&r.out);
}
