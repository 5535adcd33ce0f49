/* contractor list: the steps, and what the store knows of them. */
#include "engine/base/mem.h"
#include "src/build.h"
#include "src/columns.h"
#include "ui/words.h"

enum { KEY_SHOWN = 12 };

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

int list_command(struct program *program)
{
	const struct build_wish wish = {.look_only = true};
	struct build build = {0};
	struct err err;
	int status = build_open(&build, program, &wish);

	if (!status && session_look(build.session, &err) < 0)
		status = program_fail(program, &err);
	else if (!status)
		print_steps(&build);
	build_release(&build);
	return status;
}
