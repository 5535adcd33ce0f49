/* contractor check: what is wrong with specifications. That is its result, so it goes to standard
 * output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/event_json.h"
#include "src/build.h"

enum { CHECK_JSON_VERSION = 1 };

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
	AUTO_BUF struct buf text = BUF_INIT;

	if (program->options.quiet)
		return;
	buf_add_shown(&text, path, strlen(path));
	buf_add_str(&text, ": valid, ");
	buf_add_count(&text, spec->n_steps, "step");
	console_print(&program->out, "%s\n", text.data);
}

/* One file of those to be checked. */
struct checked {
	const char *path;
	struct spec *spec; /* NULL: nothing could be read */
	struct diagnostics diagnostics;
	int status;	/* exit status */
	struct err err; /* why the file itself could not be read, or ERR_NONE */
};

static void print_checked(struct program *program, const struct checked *checked)
{
	static const struct buf nothing = BUF_INIT;
	AUTO_BUF struct buf text = BUF_INIT;

	if (!checked->status) {
		print_valid(program, checked->path, checked->spec);
	} else if (!checked->err.code) {
		diagnostics_format(&checked->diagnostics, checked->path,
				   checked->spec ? &checked->spec->text : &nothing, &text);
		console_add(&program->out, text.data, text.len);
	}
}

static json_t *checked_json(const struct checked *checked)
{
	json_t *object = json_object(), *diagnostics = json_array();
	bool valid = !checked->status;

	js_set_text(object, "file", checked->path);
	js_set_bool(object, "valid", valid);
	js_set_text(object, "name", valid ? checked->spec->name : NULL);
	json_object_set_new(object, "steps",
			    valid ? json_integer((json_int_t)checked->spec->n_steps) : json_null());
	json_object_set_new(object, "error",
			    checked->err.code ? event_json_err(&checked->err) : json_null());
	json_object_set_new(object, "diagnostics", diagnostics);
	for (size_t i = 0; i < checked->diagnostics.len; i++)
		json_array_append_new(
			diagnostics,
			event_json_diagnostic(checked->path, &checked->diagnostics.items[i]));
	js_set_int(object, "dropped", (int64_t)checked->diagnostics.dropped);
	return object;
}

/* Checks one file, and prints what is found, or adds it to files; returns the exit status. */
static int check_file(struct program *program, const char *path, json_t *files)
{
	struct build build = {.program = program};
	struct checked checked = {.path = path};
	int status;

	if (build_load_spec(&build, path, &checked.spec, &checked.diagnostics, &checked.err) < 0)
		checked.status = program_fail(program, &checked.err);
	else if (checked.diagnostics.len || !checked.spec)
		checked.status = STATUS_STEP_FAILED;
	if (files)
		json_array_append_new(files, checked_json(&checked));
	else
		print_checked(program, &checked);
	status = checked.status;
	diagnostics_release(&checked.diagnostics);
	spec_free(checked.spec);
	build_release(&build);
	return status;
}

/* Checks all files; the worst status is that of the command. */
static int check_files(struct program *program, json_t *files)
{
	int status = 0;

	for (size_t i = 0; i < program->arguments.len; i++) {
		int one = check_file(program, program->arguments.items[i], files);

		status = one > status ? one : status;
	}
	return status;
}

static int check_files_as_json(struct program *program)
{
	json_t *document = js_document("check", CHECK_JSON_VERSION), *files = json_array();
	int status = check_files(program, files);

	js_set_bool(document, "valid", !status);
	json_object_set_new(document, "files", files);
	program_print_json(program, document);
	return status;
}

int check_command(struct program *program)
{
	struct err err;

	if (program->options.schema && program->arguments.len == 0)
		return print_schema(program);
	if (program->options.schema || program->arguments.len == 0) {
		err_set(&err, ERR_USAGE, "%s",
			program->options.schema ? "--schema takes no SPEC" : "SPEC is missing");
		return program_fail_usage(program, &err);
	}
	return program->options.json ? check_files_as_json(program) : check_files(program, NULL);
}
