/* Reading the list of actions. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "engine/spec/spec_internal.h"
#include "engine/spec/suggest.h"

enum { NAME_CUT = 40 };

const struct field spec_action_fields[] = {
	{"name", FIELD_TEXT, FIELD_NOT_IN_KEY | FIELD_ANY,
	 .help = "What the step is called; default: its action and main field."},
	{"note", FIELD_TEXT, FIELD_NOT_IN_KEY | FIELD_ANY,
	 .help = "Shown beside the step when presenting."},
	{0},
};

const struct field spec_sandbox_fields[] = {
	{"environment", FIELD_ENVIRONMENT, 0, .help = "Environment variables of this step."},
	{"limits", FIELD_LIMITS, FIELD_NOT_IN_KEY, .help = "Limits of this step."},
	{"secrets", FIELD_SECRETS, 0,
	 .help = "Secrets that this step is given as files, each an id, or a mapping with id and "
		 "target."},
	{"caches", FIELD_LATER, 0, .help = "Not built yet."},
	{"user", FIELD_USER, 0, .fallback = "root",
	 .help = "Who runs it: a number or a name that the systree knows."},
	{"gid", FIELD_COUNT, 0, .help = "The number of its group; default: the user's own."},
	{0},
};

/* The schema of the action that a map names, or NULL with a diagnostic. */
static const struct action_schema *find_schema(struct reader *reader, const struct yaml_value *map)
{
	const struct yaml_value *value = yaml_resolve(yaml_map_get(map, "action", NULL));
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *suggestion = NULL;

	if (!value && !map->cut)
		diagnostics_add(reader->diagnostics, map->position, "a step needs 'action'");
	if (value)
		name = field_read_text(reader, "action", value, false, false);
	if (!name)
		return NULL;
	for (size_t i = 0; reader->options->schemas[i]; i++) {
		if (!strcmp(reader->options->schemas[i]->name, name))
			return reader->options->schemas[i];
		strv_add(&known, reader->options->schemas[i]->name);
	}
	suggestion = suggest_text(name, &known);
	diagnostics_add(reader->diagnostics, value->position, "unknown action '%s'%s",
			short_text(name).text, suggestion);
	return NULL;
}

/* Cuts a text behind its first line, or behind the first NAME_CUT characters of that. */
static void cut_line(char *text)
{
	size_t length = strcspn(text, "\n"), at = 0;

	for (int i = 0; i < NAME_CUT && at < length; i++) {
		uint32_t code;
		size_t used = utf8_decode(text + at, length - at, &code);

		at += used ? used : 1;
	}
	text[at] = '\0';
}

/* What a step without a name is called. */
static char *make_name(const struct step *step)
{
	for (size_t i = 0; i < step->n_values; i++) {
		const struct field_value *value = step->values + i;
		AUTO_FREE char *text = NULL;

		if (!(value->field->flags & (FIELD_MAIN | FIELD_MAIN_LINE)) || !value->given)
			continue;
		text = value->text ? mem_strdup(value->text + strspn(value->text, " \t\n"))
				   : strv_join(&value->list, " ");
		if (value->field->flags & FIELD_MAIN_LINE || !value->text)
			cut_line(text);
		if (*text)
			return mem_printf("%s %s", step->schema->name, text);
	}
	return mem_strdup(step->schema->name);
}

/* Takes what the common fields say. */
static void set_common(struct reader *reader, struct step *step)
{
	step->name = mem_strdup_or_null(step_text(step, "name"));
	if (!step->name)
		step->name = make_name(step);
	step->note = mem_strdup_or_null(step_text(step, "note"));
	if (!step->schema->sandboxed)
		return;
	strv_extend(&step->environment, &reader->environment);
	strv_setenv_all(&step->environment, step_list(step, "environment"));
	step->limits = reader->limits;
	limits_apply(step_list(step, "limits"), &step->limits);
	step->user = mem_strdup_or_null(step_text(step, "user"));
	step->gid = mem_strdup_or_null(step_text(step, "gid"));
}

/* Remembers the artifact that a step makes; the one it needs must be there. */
static void check_artifact(struct reader *reader, const struct step *step)
{
	const struct spec_options *options = reader->options;
	const struct action_schema *schema = step->schema;
	const struct field_value *artifact;
	AUTO_FREE char *suggestion = NULL;

	if (!schema->makes_artifact && !schema->needs_artifact)
		return;
	artifact = step_field(step, "artifact");
	if (!artifact->text)
		return;
	if (schema->needs_artifact && !strv_contains(&reader->artifacts, artifact->text) &&
	    !(options->artifact_exists &&
	      options->artifact_exists(options->data, artifact->text))) {
		suggestion =
			reader->artifacts.len
				? suggest_text(artifact->text, &reader->artifacts)
				: mem_strdup(" ('contractor artifact list' shows those that are)");
		diagnostics_add(reader->diagnostics, artifact->position,
				"no earlier action makes the artifact '%s', and none of that name "
				"is kept%s",
				short_text(artifact->text).text, suggestion);
	}
	if (schema->makes_artifact && !strv_contains(&reader->artifacts, artifact->text))
		strv_add(&reader->artifacts, artifact->text);
}

/* Reads the keys of a step whose schema, number and place are known. */
static void read_step(struct reader *reader, const struct yaml_value *map, struct step *step)
{
	const struct action_schema *schema = step->schema;
	const struct field *const lists[] = {
		schema->fields,
		spec_action_fields,
		schema->sandboxed ? spec_sandbox_fields : NULL,
	};
	AUTO_FREE char *what = mem_printf("action '%s'", schema->name);

	step->position = map->position;
	step->values = field_values_new(lists, ARRAY_SIZE(lists), &step->n_values);
	fields_read(reader, map, what, "action", step->values, step->n_values);
	set_common(reader, step);
	check_artifact(reader, step);
}

void spec_read_steps(struct reader *reader, const struct yaml_value *actions)
{
	struct spec *spec = reader->spec;
	size_t capacity = 0;

	for (size_t i = 0; i < actions->n_items; i++) {
		const struct yaml_value *map = yaml_resolve(actions->items[i]);
		struct step step = {.number = i + 1};

		if (i == SPEC_STEPS_MAX) {
			diagnostics_add(reader->diagnostics, actions->items[i]->position,
					"more than %d actions", SPEC_STEPS_MAX);
			return;
		}
		if (map && map->kind != YAML_MAP)
			diagnostics_add(reader->diagnostics, map->position,
					"a step is a mapping with the key 'action'");
		if (!map || map->kind != YAML_MAP)
			continue;
		step.schema = find_schema(reader, map);
		if (!step.schema)
			continue;
		yaml_item_range(reader->tree, actions, i, &step.begin, &step.end);
		read_step(reader, map, &step);
		spec->steps = mem_grow(spec->steps, spec->n_steps, &capacity, sizeof *spec->steps);
		spec->steps[spec->n_steps++] = step;
	}
}
