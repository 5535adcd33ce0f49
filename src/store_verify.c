/* contractor store verify: compares the index with the disk. */
#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/store/sums.h"
#include "src/build.h"

/* The looks at the store, and what they found. */
struct verification {
	struct program *program;
	json_t *document, *findings; /* for --json, else NULL */
	int found;		     /* by the first look */
	int left;		     /* by the last one */
	int64_t unchecked;	     /* attempts and squashed layers without sums */
};

static void begin_document(struct verification *verification, const struct host *host)
{
	verification->document = build_store_document(verification->program, host, "store-verify");
	verification->findings = json_array();
	json_object_set_new(verification->document, "findings", verification->findings);
}

static void tell_finding(void *data, const char *line)
{
	struct verification *verification = data;
	AUTO_FREE char *shown = buf_shown(line);

	if (verification->findings)
		json_array_append_new(verification->findings, json_string(shown));
	else
		console_print(&verification->program->out, "%s\n", shown);
}

static void tell_nothing(void *data, const char *line)
{
	(void)data;
	(void)line;
}

/* One look at the whole store, which is opened for it: a repair may replace its index. */
static int look(struct verification *verification, bool with_repair,
		void (*tell)(void *data, const char *line), int *ret_findings)
{
	struct program *program = verification->program;
	struct build build = {0};
	struct err err;
	int status = build_open_store(&build, program, true);

	if (!status && program->options.json && !verification->document)
		begin_document(verification, build.host);
	if (!status && (store_verify(host_store(build.host), with_repair, tell, verification,
				     ret_findings, &err) < 0 ||
			sums_missing(host_store(build.host), &verification->unchecked, &err) < 0))
		status = program_fail(program, &err);
	build_release(&build);
	return status;
}

/* Looks, with a repair where that is wanted, and then whether that has mended all. */
static int verify(struct verification *verification)
{
	bool with_repair = verification->program->options.repair;
	int status = look(verification, with_repair, tell_finding, &verification->found);

	verification->left = verification->found;
	if (!status && verification->found && with_repair)
		status = look(verification, false, tell_nothing, &verification->left);
	return status;
}

static void print_unchecked(struct program *program, int64_t count)
{
	if (count)
		console_print(&program->out,
			      "%lld attempt%s not compared with what was recorded: digests are "
			      "made in the background, while something runs, and could not be "
			      "or are not yet\n",
			      (long long)count, count == 1 ? " was" : "s were");
}

static void print_result(struct verification *verification)
{
	struct program *program = verification->program;
	int found = verification->found, left = verification->left;
	AUTO_BUF struct buf count = BUF_INIT;

	if (verification->document) {
		js_set_int(verification->document, "found", found);
		js_set_int(verification->document, "left", left);
		js_set_int(verification->document, "unchecked", verification->unchecked);
		program_print_json(program, take_ptr(&verification->document));
	} else {
		buf_add_count(&count, (uint64_t)found, "finding");
		console_print(&program->out, "%s%s\n", count.data,
			      found && !left ? ", repaired" : "");
		print_unchecked(program, verification->unchecked);
	}
}

int store_verify_command(struct program *program)
{
	struct verification verification = {.program = program};
	bool exists = build_has_store(program);
	int status = 0;

	if (!exists && !program->options.json) {
		build_tell_no_store(program);
		return 0;
	}
	if (exists)
		status = verify(&verification);
	else
		begin_document(&verification, NULL);
	if (!status)
		print_result(&verification);
	json_decref(verification.document);
	return status ? status : verification.left ? STATUS_STEP_FAILED : 0;
}
