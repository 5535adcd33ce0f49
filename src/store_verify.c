/* contractor store verify: compares the index with the disk. */
#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/process/id_map.h"
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

/* Verifies the store as it is, also with a damaged index, which a host would not open. What it
 * cannot remove, because it belongs to other ids, stays. */
static int verify_alone(struct program *program, int *ret_findings, struct err *err)
{
	AUTO_FREE char *path =
		program->options.store ? mem_strdup(program->options.store) : store_default_path();
	struct store_options options = {.damaged_ok = true};
	struct store *store;
	struct id_map map;
	int result;

	if (id_map_find(&map, err) < 0)
		return -1;
	options.layer_uid = id_map_root_uid(&map);
	options.layer_gid = id_map_root_gid(&map);
	if (store_open(path, &options, &store, err) < 0)
		return -1;
	result = store_verify(store, program->options.repair, print_finding, &program->out,
			      ret_findings, err);
	store_close(store);
	return result;
}

/* Repairs what verify_alone() could not, and counts what is still not whole. */
static int repair_rest(struct build *build, int *ret_findings, struct err *err)
{
	struct store *store = host_store(build->host);
	int repaired;

	if (store_verify(store, true, print_nothing, NULL, &repaired, err) < 0)
		return -1;
	return store_verify(store, false, print_finding, &build->program->out, ret_findings, err);
}

static int repair(struct program *program, int *ret_findings)
{
	struct build build = {0};
	struct err err;
	int status = build_open_store(&build, program);

	if (!status && repair_rest(&build, ret_findings, &err) < 0)
		status = program_fail(program, &err);
	build_release(&build);
	return status;
}

int store_verify_command(struct program *program)
{
	int found = 0, left = 0, status = 0;
	struct err err;

	if (verify_alone(program, &found, &err) < 0)
		return program_fail(program, &err);
	left = found;
	if (found && program->options.repair)
		status = repair(program, &left);
	if (status)
		return status;
	console_print(&program->out, "%d finding%s%s\n", found, found == 1 ? "" : "s",
		      found && !left ? ", repaired" : "");
	return left ? STATUS_STEP_FAILED : 0;
}
