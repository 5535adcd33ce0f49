/* contractor doctor: what this host can and cannot do, and how to mend it. */
#include "engine/session/doctor.h"

#include "src/program.h"

/* Broken into lines only for a person: a program looks for words in one line. */
static void print_text(struct program *program, const struct doctor_report *report)
{
	size_t width = program->out.terminal ? help_width(&program->out) : SIZE_MAX;
	AUTO_BUF struct buf text = BUF_INIT;

	doctor_format_text(report, width, &text);
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
		program_print_json(program, doctor_format_json(&report));
	else
		print_text(program, &report);
	doctor_report_release(&report);
	return worst == DOCTOR_MISSING ? status_of(ERR_HOST) : 0;
}
