/* contractor check: what is wrong with specifications. That is its result, so it goes to standard
 * output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "src/build.h"

static int print_schema(struct program *program)
{
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);

	if (!file)
		abort();
	spec_write_json_schema(action_schemas, file);
	fclose(file);
	console_add(&program->out, text, length);
	free(text);
	return 0;
}

static void print_valid(struct program *program, const char *path, const struct spec *spec)
{
	AUTO_FREE char *shown = buf_shown(path);

	if (!program->options.quiet)
		console_print(&program->out, "%s: valid, %zu step%s\n", shown, spec->n_steps,
			      spec->n_steps == 1 ? "" : "s");
}

/* Checks one file; returns the exit status. */
static int check_file(struct program *program, const char *path)
{
	static const struct buf nothing = BUF_INIT;
	struct build build = {.program = program};
	struct diagnostics diagnostics = {0};
	AUTO_BUF struct buf text = BUF_INIT;
	struct spec *spec = NULL;
	struct err err;
	int status = 0;

	if (build_load_spec(&build, path, &spec, &diagnostics, &err) < 0) {
		status = program_fail(program, &err);
	} else if (diagnostics.len || !spec) {
		diagnostics_format(&diagnostics, path, spec ? &spec->text : &nothing, &text);
		console_add(&program->out, text.data, text.len);
		status = STATUS_STEP_FAILED;
	} else {
		print_valid(program, path, spec);
	}
	diagnostics_release(&diagnostics);
	spec_free(spec);
	build_release(&build);
	return status;
}

int check_command(struct program *program)
{
	int status = 0;
	struct err err;

	if (program->options.schema && program->arguments.len == 0)
		return print_schema(program);
	if (program->options.schema || program->arguments.len == 0) {
		err_set(&err, ERR_USAGE, "%s",
			program->options.schema ? "--schema takes no SPEC" : "SPEC is missing");
		return program_fail_usage(program, &err);
	}
	for (size_t i = 0; i < program->arguments.len; i++) {
		int one = check_file(program, program->arguments.items[i]);

		status = one > status ? one : status;
	}
	return status;
}
