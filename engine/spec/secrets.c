/* The secrets that a spec declares, and those that its steps use. */
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/spec/spec_internal.h"
#include "engine/spec/suggest.h"

const struct field spec_secret_fields[] = {
	{"id", FIELD_NAME, FIELD_REQUIRED, .help = "The id of a secret that is declared."},
	{"target", FIELD_INSIDE_PATH, 0,
	 .help = "The file that the step finds it in, below /run; default: /run/secrets/ID."},
	{0},
};

/* The directory where a file can be put for a step and is gone with it. */
#define RUN "/run/"

/* Whether the first component of a name below /run is of something that is there already. */
static bool is_taken(const char *name)
{
	AUTO_FREE char *first = mem_strndup(name, strcspn(name, "/"));

	return !strncmp(first, "contractor-", strlen("contractor-")) ||
	       !strcmp(first, "busybox-contractor") || !strcmp(first, "lock");
}

static bool is_full(struct reader *reader, const struct yaml_value *item, size_t index)
{
	if (index == SPEC_SECRETS_MAX)
		diagnostics_add(reader->diagnostics, item->position, "more than %d secrets",
				SPEC_SECRETS_MAX);
	return index >= SPEC_SECRETS_MAX;
}

static void know_id(struct reader *reader, const char *id)
{
	if (!strv_contains(&reader->secret_ids, id))
		strv_add(&reader->secret_ids, id);
}

/* Takes what is given where an id belongs; one with a parameter is known when it has been read. */
static void collect_id(struct reader *reader, const struct yaml_value *value)
{
	value = yaml_resolve(value);
	if (value && value->kind == YAML_MAP)
		value = yaml_resolve(yaml_map_get(value, "id", NULL));
	if (value && value->kind == YAML_TEXT && !strstr(value->text, "${"))
		know_id(reader, value->text);
}

void secrets_collect_ids(struct reader *reader, const struct yaml_value *root)
{
	const struct yaml_value *key = NULL, *ignored;
	const struct yaml_value *list = yaml_resolve(yaml_map_get(root, "secrets", &key));

	reader->secrets_partial = list ? list->cut : key || root->cut;
	if (list && list->kind == YAML_TEXT)
		collect_id(reader, list);
	for (size_t i = 0; list && list->kind == YAML_LIST && i < list->n_items; i++)
		collect_id(reader, list->items[i]);
	for (size_t i = 0;
	     list && list->kind == YAML_MAP && yaml_map_next(list, &i, &key, &ignored);)
		collect_id(reader, key);
}

void secrets_read_declared(struct reader *reader, const struct yaml_value *list,
			   struct field_value *out)
{
	static const struct field field = {.name = "secrets", .type = FIELD_NAME};

	for (size_t i = 0; i < list->n_items && !is_full(reader, list->items[i], i); i++) {
		const struct yaml_value *item = yaml_resolve(list->items[i]);
		AUTO_FREE char *id = item ? field_read_checked(reader, &field, item) : NULL;

		reader->secrets_partial |=
			!id && item && item->kind == YAML_TEXT && strstr(item->text, "${");
		if (id)
			know_id(reader, id);
		if (id && strv_contains(&out->list, id))
			diagnostics_add(reader->diagnostics, item->position,
					"the secret '%s' is declared twice", short_text(id).text);
		else if (id)
			strv_take(&out->list, take_ptr(&id));
	}
}

static void check_declared(struct reader *reader, struct position position, const char *id)
{
	AUTO_FREE char *suggestion = NULL;

	if (reader->secrets_partial || strv_contains(&reader->secret_ids, id))
		return;
	suggestion = suggest_text(id, &reader->secret_ids);
	diagnostics_add(reader->diagnostics, position,
			"the secret '%s' is not declared in 'secrets' at the top%s",
			short_text(id).text, suggestion);
}

/* Whether one path is the other, or a directory above it. */
static bool is_within(const char *path, const char *above)
{
	size_t length = strlen(above);

	return !strncmp(path, above, length) && (!path[length] || path[length] == '/');
}

/* Refuses a target that cannot be a file of its own beside those of the list. */
static bool check_target(struct reader *reader, struct position position, const char *target,
			 const struct strv *list)
{
	bool below = !strncmp(target, RUN, strlen(RUN));

	if (!below || is_taken(target + strlen(RUN))) {
		diagnostics_add(reader->diagnostics, position,
				"'target' must be a file below /run that is not contractor's own, "
				"not '%s'",
				short_text(target).text);
		return false;
	}
	for (size_t i = 0; i < list->len; i++) {
		const char *other = strchr(list->items[i], '=') + 1;

		if (!is_within(target, other) && !is_within(other, target))
			continue;
		diagnostics_add(reader->diagnostics, position,
				"'%s' cannot be a secret's file: another one of this step is '%s'",
				short_text(target).text, short_text(other).text);
		return false;
	}
	return true;
}

/* Adds ID=TARGET; without a target the default one. */
static void add_used(struct reader *reader, const struct field_value *id,
		     const struct field_value *target, struct field_value *out)
{
	AUTO_FREE char *path =
		target->text ? mem_strdup(target->text) : path_join(SPEC_SECRETS_DIR, id->text);

	check_declared(reader, id->position, id->text);
	if (check_target(reader, target->given ? target->position : id->position, path, &out->list))
		strv_add_fmt(&out->list, "%s=%s", id->text, path);
}

/* One of a step's secrets: its id alone, or a mapping. */
static void read_used(struct reader *reader, const struct yaml_value *item, struct field_value *out)
{
	const struct field *const lists[] = {spec_secret_fields};
	size_t count;
	struct field_value *values = field_values_new(lists, 1, &count);
	struct field_value *id = field_values_find(values, count, "id");
	const struct field_value *target = field_values_find(values, count, "target");

	if (item->kind == YAML_MAP) {
		fields_read(reader, item, "a secret", NULL, values, count);
	} else {
		id->position = item->position;
		id->text = field_read_checked(reader, id->field, item);
	}
	/* What was given and is wrong has been said. */
	if (id->text && (target->text || !target->given))
		add_used(reader, id, target, out);
	field_values_free(values, count);
}

void secrets_read_used(struct reader *reader, const struct yaml_value *list,
		       struct field_value *out)
{
	for (size_t i = 0; i < list->n_items && !is_full(reader, list->items[i], i); i++) {
		const struct yaml_value *item = yaml_resolve(list->items[i]);

		if (item)
			read_used(reader, item, out);
	}
}
