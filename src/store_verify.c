/* contractor store verify: compares the index with the disk. */
#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "src/build.h"

static void print_finding(void *data, const char *line)
{
	AUTO_FREE char *shown = buf_shown(line);

	console_print(data, "%s\n", shown);
}

static void print_nothing(void *data, const char *line)
{
	(void)data;
	(void)line;
}

/* One look at the whole store, which is opened for it: a repair may replace its index. */
static int verify(struct program *program, bool with_repair,
		  void (*print)(void *data, const char *line), int *ret_findings)
{
	struct build build = {0};
	struct err err;
	int status = build_open_store(&build, program, true);

	if (!status && store_verify(host_store(build.host), with_repair, print, &program->out,
				    ret_findings, &err) < 0)
		status = program_fail(program, &err);
	build_release(&build);
	return status;
}

int store_verify_command(struct program *program)
{
	bool with_repair = program->options.repair;
	int found, left, status = verify(program, with_repair, print_finding, &found);

	left = found;
	if (!status && found && with_repair)
		status = verify(program, false, print_nothing, &left);
	if (status)
		return status;
	console_print(&program->out, "%d finding%s%s\n", found, found == 1 ? "" : "s",
		      found && !left ? ", repaired" : "");
	return left ? STATUS_STEP_FAILED : 0;
}
