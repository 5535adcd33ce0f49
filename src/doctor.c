/* contractor doctor: what this host can and cannot do, and how to mend it. */
#include "engine/session/doctor.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "src/program.h"

static void print_json(struct program *program, const struct doctor_report *report)
{
	json_t *json = doctor_format_json(report);
	AUTO_FREE char *text = json_dumps(json, JSON_INDENT(2));

	json_decref(json);
	if (!text)
		abort();
	console_print(&program->out, "%s\n", text);
}

static void print_text(struct program *program, const struct doctor_report *report)
{
	AUTO_BUF struct buf text = BUF_INIT;

	doctor_format_text(report, &text);
	console_add(&program->out, text.data, text.len);
}

int doctor_command(struct program *program)
{
	const struct doctor_options options = {.store_path = program->options.store};
	struct doctor_report report;
	enum doctor_status worst;

	doctor_examine(&options, &report);
	worst = doctor_worst(&report);
	if (program->options.json)
		print_json(program, &report);
	else
		print_text(program, &report);
	doctor_report_release(&report);
	return worst == DOCTOR_MISSING ? status_of(ERR_HOST) : 0;
}
