/* contractor list: the steps, and what the store knows of them. */
#include "engine/base/mem.h"
#include "engine/session/event_json.h"
#include "src/build.h"
#include "src/columns.h"
#include "ui/words.h"

enum { KEY_SHOWN = 12, LIST_JSON_VERSION = 1 };

static void add_state(struct columns *table, const struct step_status *status)
{
	AUTO_BUF struct buf text = BUF_INIT;

	buf_add_str(&text, step_result_name(status->result));
	for (const struct flag_look *row = flag_looks; row->flag; row++) {
		if (status->flags & row->flag)
			buf_add_fmt(&text, ",%s", row->word);
	}
	columns_add(table, text.data);
}

static void add_step(struct columns *table, const struct step *step,
		     const struct step_status *status)
{
	AUTO_BUF struct buf duration = BUF_INIT;

	if (status->attempt)
		add_duration(&duration, status->duration_ms);
	columns_add_fmt(table, "%zu", step->number);
	columns_add(table, step->name);
	columns_add(table, step->schema->name);
	add_state(table, status);
	columns_add_fmt(table, "%.*s", KEY_SHOWN, status->key[0] ? status->key : "-");
	columns_add(table, duration.len ? duration.data : "-");
}

static void print_steps(const struct build *build)
{
	static const char *const heads[] = {"STEP", "NAME", "ACTION", "STATE", "KEY", "TIME"};
	struct columns table = {.count = ARRAY_SIZE(heads), .right = "rcc  r"};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		columns_add(&table, heads[i]);
	for (size_t i = 0; i < build->spec->n_steps; i++)
		add_step(&table, &build->spec->steps[i], session_step(build->session, i + 1));
	columns_print(&table, &build->program->out);
	columns_release(&table);
}

/* Sets object[key] to the number, or to null when there is no attempt that it could be of. */
static void set_known(json_t *object, const char *key, const struct step_status *status,
		      int64_t number)
{
	json_object_set_new(object, key,
			    status->attempt && number >= 0 ? json_integer(number) : json_null());
}

static json_t *step_json(const struct step *step, const struct step_status *status)
{
	json_t *object = event_json_step(step);

	js_set_text(object, "state", step_result_name(status->result));
	for (const struct flag_look *row = flag_looks; row->flag; row++)
		js_set_bool(object, row->word, status->flags & row->flag);
	js_set_text(object, "key", status->key[0] ? status->key : NULL);
	set_known(object, "attempt", status, status->attempt);
	set_known(object, "exit_status", status, status->exit_status);
	set_known(object, "started_ms", status, status->started_ms);
	set_known(object, "duration_ms", status, status->duration_ms);
	return object;
}

static void print_json(const struct build *build)
{
	json_t *document = js_document("list", LIST_JSON_VERSION), *steps = json_array();

	js_set_text(document, "spec", build->spec->real_path);
	js_set_text(document, "name", build->spec->name);
	json_object_set_new(document, "steps", steps);
	for (size_t i = 0; i < build->spec->n_steps; i++)
		json_array_append_new(steps, step_json(&build->spec->steps[i],
						       session_step(build->session, i + 1)));
	program_print_json(build->program, document);
}

int list_command(struct program *program)
{
	const struct build_wish wish = {.look_only = true};
	struct build build = {0};
	struct err err;
	int status = build_open(&build, program, &wish);

	if (!status && session_look(build.session, &err) < 0)
		status = program_fail(program, &err);
	else if (!status && program->options.json)
		print_json(&build);
	else if (!status)
		print_steps(&build);
	build_release(&build);
	return status;
}
