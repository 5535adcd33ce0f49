/* contractor store prune: removes what was of no use for longest. */
#include "engine/store/prune.h"

#include "engine/base/mem.h"
#include "engine/spec/units.h"
#include "src/build.h"
#include "ui/words.h"

static int read_options(const struct options *given, struct prune_options *ret_options,
			struct err *err)
{
	struct prune_options options = {.max_bytes = UINT64_MAX, .dry_run = given->dry_run};
	uint64_t age_ms = 0;

	if (!given->to && !given->older_than)
		return err_set(err, ERR_USAGE, "either --to or --older-than is needed");
	if (given->to && !units_size(given->to, &options.max_bytes))
		return err_set(err, ERR_USAGE,
			       "option '--to' must be " UNITS_SIZE_WANTED ", not '%s'", given->to);
	if (given->older_than && (!units_duration(given->older_than, &age_ms) || !age_ms))
		return err_set(err, ERR_USAGE,
			       "option '--older-than' must be " UNITS_DURATION_WANTED ", not '%s'",
			       given->older_than);
	options.unused_ms = (int64_t)age_ms;
	*ret_options = options;
	return 0;
}

static void print_result(struct program *program, const struct prune_result *result)
{
	bool dry = program->options.dry_run;
	AUTO_BUF struct buf text = BUF_INIT;

	buf_add_count(&text, (uint64_t)result->attempts, "attempt");
	buf_add_str(&text, " and ");
	buf_add_count(&text, (uint64_t)result->artifacts, "artifact");
	buf_add_str(&text, dry ? " would be removed: " : " removed: ");
	add_size(&text, result->freed_bytes);
	buf_add_str(&text, dry ? " less, " : " freed, ");
	add_size(&text, result->left_bytes);
	buf_add_str(&text, " left\n");
	if (result->in_use) {
		buf_add_count(&text, (uint64_t)result->in_use, "attempt");
		buf_add_str(&text, result->in_use == 1 ? " stays: it is" : " stay: they are");
		buf_add_str(&text, " in use by another contractor\n");
	}
	console_print(&program->out, "%s", text.data);
}

int store_prune_command(struct program *program)
{
	struct prune_options options;
	struct prune_result result;
	struct build build = {0};
	struct err err;
	int status;

	if (read_options(&program->options, &options, &err) < 0)
		return program_fail_usage(program, &err);
	if (!build_has_store(program)) {
		build_tell_no_store(program);
		return 0;
	}
	status = build_open_store(&build, program, false);
	if (!status) {
		if (store_prune(host_store(build.host), &options, &result, &err) < 0)
			status = program_fail(program, &err);
		else
			print_result(program, &result);
	}
	build_release(&build);
	return status;
}
