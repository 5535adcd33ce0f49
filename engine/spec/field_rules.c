/* What each type of field accepts. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/spec/spec_internal.h"
#include "engine/spec/suggest.h"
#include "engine/spec/units.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Puts a new text in place of the old one; true, for use as a check's result. */
static bool become(char **text, char *canonical)
{
	free(*text);
	*text = canonical;
	return true;
}

static bool has_control_characters(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

static bool accept_any(const struct field *field, char **text)
{
	(void)field;
	(void)text;
	return true;
}

static bool check_text(const struct field *field, char **text)
{
	return (field->flags & FIELD_ANY) || (**text != '-' && !has_control_characters(*text));
}

static bool check_name(const struct field *field, char **text)
{
	(void)field;
	return !strchr("-.", **text) && !(*text)[strspn(*text, LETTERS DIGITS "._+-")];
}

static bool has_dot_dot(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.')
			return true;
		if (!path[length])
			return false;
		path += length + 1;
	}
}

static bool check_path(const struct field *field, char **text)
{
	(void)field;
	if (**text == '/' || has_dot_dot(*text) || has_control_characters(*text))
		return false;
	return become(text, path_normalise(*text));
}

static bool check_inside_path(const struct field *field, char **text)
{
	(void)field;
	if (has_dot_dot(*text) || has_control_characters(*text))
		return false;
	return become(text, path_normalise(*text));
}

static bool check_context_path(const struct field *field, char **text)
{
	(void)field;
	if (**text == '/' || has_control_characters(*text))
		return false;
	return become(text, path_normalise(*text));
}

static bool check_bool(const struct field *field, char **text)
{
	(void)field;
	return !strcmp(*text, "true") || !strcmp(*text, "false");
}

static bool check_count(const struct field *field, char **text)
{
	uint64_t count;

	(void)field;
	return units_count(*text, 0, FIELD_COUNT_MAX, &count);
}

static bool check_choice(const struct field *field, char **text)
{
	AUTO_STRV struct strv choices = {0};

	field_choices(field, &choices);
	return strv_contains(&choices, *text);
}

static bool check_address(const struct field *field, char **text)
{
	AUTO_STRV struct strv protocols = {0};
	const char *colon = strstr(*text, "://");
	AUTO_FREE char *protocol = colon ? mem_strndup(*text, (size_t)(colon - *text)) : NULL;

	field_choices(field, &protocols);
	return protocol && strv_contains(&protocols, protocol) && colon[3] &&
	       !has_control_characters(*text);
}

static bool check_user(const struct field *field, char **text)
{
	if (strchr(DIGITS, **text))
		return check_count(field, text);
	return strchr(LETTERS "_", **text) && !(*text)[strspn(*text, LETTERS DIGITS "_.-")];
}

#define NAME_PATTERN "^[A-Za-z0-9_+][A-Za-z0-9._+-]*$"
#define NOT_UP_PATTERN "(?!(.*/)?\\.\\.(/|$))"
#define USER_PATTERN "^(0|[1-9][0-9]{0,6}|[A-Za-z_][A-Za-z0-9_.-]*)$"

const struct field_rule field_rules[FIELD_TYPES] = {
	[FIELD_TEXT] = {YAML_TEXT, "one line of text that does not begin with '-'",
			.check = check_text, .pattern = "^[^-]"},
	[FIELD_SCRIPT] = {YAML_TEXT, "a script", .check = accept_any},
	[FIELD_NAME] = {YAML_TEXT,
			"letters, digits, '.', '_', '-' or '+', with neither '.' nor '-' in front",
			.check = check_name, .pattern = NAME_PATTERN},
	[FIELD_PATH] = {YAML_TEXT, "a relative path without '..'", .check = check_path,
			.pattern = "^(?!/)" NOT_UP_PATTERN "."},
	[FIELD_INSIDE_PATH] = {YAML_TEXT, "a path without '..'", .check = check_inside_path,
			       .pattern = "^" NOT_UP_PATTERN "."},
	[FIELD_CONTEXT_PATH] = {YAML_TEXT, "a path relative to the specification's directory",
				.check = check_context_path, .pattern = "^[^/]"},
	[FIELD_BOOL] = {YAML_TEXT, "true or false", .check = check_bool},
	[FIELD_COUNT] = {YAML_TEXT, "a whole number from 0 to 1000000, without leading zeros",
			 .check = check_count},
	[FIELD_CHOICE] = {YAML_TEXT, NULL, .check = check_choice},
	[FIELD_ADDRESS] = {YAML_TEXT, NULL, .check = check_address},
	[FIELD_TEXTS] = {YAML_LIST, "a list of texts, one line each, that do not begin with '-'",
			 .check = check_text, .pattern = "^[^-]"},
	[FIELD_ARGV] = {YAML_LIST, "a list of a program and its arguments", .check = accept_any,
			.may_be_empty = true},
	[FIELD_PATHS] = {YAML_LIST, "a list of relative paths without '..'", .check = check_path,
			 .pattern = "^(?!/)" NOT_UP_PATTERN "."},
	[FIELD_GLOBS] = {YAML_LIST, "a list of patterns", .check = accept_any},
	[FIELD_ENVIRONMENT] = {YAML_MAP, "a mapping of variable names to texts", .check = NULL},
	[FIELD_LIMITS] = {YAML_MAP,
			  "a mapping with time, memory, processes, output, disk or file-size",
			  .check = NULL},
	[FIELD_USER] = {YAML_TEXT, "a user's name or a number from 0 to 1000000",
			.check = check_user, .pattern = USER_PATTERN},
	[FIELD_IDS] = {YAML_LIST, "a list of ids", .check = NULL, .pattern = NAME_PATTERN},
	[FIELD_SECRETS] = {YAML_LIST, "a list of ids, or of mappings with id and target",
			   .check = NULL, .pattern = NAME_PATTERN},
	[FIELD_PARAMETERS] = {YAML_MAP, "a mapping of parameter names to default values",
			      .check = NULL},
	[FIELD_ACTIONS] = {YAML_LIST, "a list of actions", .check = NULL},
};

void field_choices(const struct field *field, struct strv *choices)
{
	for (const char *word = field->choices; word && *word;) {
		size_t length = strcspn(word, "|");

		strv_take(choices, mem_strndup(word, length));
		word += length + (word[length] == '|');
	}
}

/* "an address that begins with https://, http:// or git:// (...)" */
static void add_protocols(struct buf *out, const struct strv *protocols)
{
	buf_add_str(out, "an address that begins with ");
	for (size_t i = 0; i < protocols->len; i++)
		buf_add_fmt(out, "%s%s://",
			    !i			     ? ""
			    : i + 1 < protocols->len ? ", "
						     : " or ",
			    protocols->items[i]);
	buf_add_str(out, " (steps have neither files of the host nor anybody's ssh keys)");
}

char *field_wanted(const struct field *field)
{
	AUTO_STRV struct strv choices = {0};
	AUTO_FREE char *joined = NULL;
	struct buf wanted = BUF_INIT;

	field_choices(field, &choices);
	joined = strv_join(&choices, ", ");
	if (field->type == FIELD_CHOICE)
		buf_add_fmt(&wanted, "one of %s", joined);
	else if (field->type == FIELD_ADDRESS)
		add_protocols(&wanted, &choices);
	else
		buf_add_str(&wanted, field_rules[field->type].wanted);
	return buf_detach(&wanted);
}

/* What YAML 1.1 reads as true and false besides these words. */
static const char *bool_hint(const char *text)
{
	static const struct {
		const char *text, *hint;
	} hints[] = {
		{"yes", " (write true)"},  {"y", " (write true)"},	{"on", " (write true)"},
		{"true", " (write true)"}, {"no", " (write false)"},	{"n", " (write false)"},
		{"off", " (write false)"}, {"false", " (write false)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		if (!strcasecmp(text, hints[i].text))
			return hints[i].hint;
	}
	return "";
}

char *field_hint(const struct field *field, const char *text)
{
	AUTO_STRV struct strv choices = {0};

	if (field->type == FIELD_BOOL)
		return mem_strdup(bool_hint(text));
	if (field->type != FIELD_CHOICE)
		return mem_strdup("");
	field_choices(field, &choices);
	if (!suggest_nearest(text, &choices))
		return mem_strdup("");
	return suggest_text(text, &choices);
}
