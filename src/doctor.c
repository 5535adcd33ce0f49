/* contractor doctor: what this host can and cannot do, and how to mend it. */
#include "engine/session/doctor.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "src/config.h"
#include "src/program.h"
#include "ui/canvas.h"

/* Broken into lines only for a person: a program looks for words in one line. */
static void print_text(struct program *program, const struct doctor_report *report)
{
	size_t width = program->out.terminal ? help_width(&program->out) : SIZE_MAX;
	AUTO_BUF struct buf text = BUF_INIT;

	doctor_format_text(report, width, &text);
	console_add(&program->out, text.data, text.len);
}

/* The setting store-size; 0 also where the configuration is wrong, which is not the host's fault. */
static uint64_t find_store_size(void)
{
	AUTO_FREE char *dir = config_dir_path();
	struct config *config = config_new(dir);
	AUTO_BUF struct buf messages = BUF_INIT;
	struct err ignored;
	uint64_t size = 0;

	if (config_load(config, &messages, &ignored) == 0)
		size = config_number(config, CONFIG_STORE_SIZE);
	config_free(config);
	return size;
}

int doctor_command(struct program *program)
{
	AUTO_FREE char *artifacts = program_artifact_dir(program);
	struct doctor_terminal terminal = {0};
	const struct doctor_options options = {
		.store_path = program->options.store,
		.artifacts_path = artifacts,
		.store_size = find_store_size(),
		.terminal = &terminal,
	};
	struct doctor_report report;
	enum doctor_status worst;

	terminal.can_draw = canvas_look(&terminal.colors);
	doctor_examine(&options, &report);
	worst = doctor_worst(&report);
	if (program->options.json)
		program_print_json(program, doctor_format_json(&report));
	else
		print_text(program, &report);
	doctor_report_release(&report);
	return worst == DOCTOR_MISSING ? status_of(ERR_HOST) : 0;
}
