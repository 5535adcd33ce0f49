/* unpack-artifact and create-systree: an archive becomes a part of the workspace, or the systree. */
#include <stdlib.h>
#include <string.h>

#include "engine/actions/actions.h"
#include "engine/actions/ingredients.h"
#include "engine/actions/run.h"
#include "engine/actions/source.h"
#include "engine/actions/target.h"
#include "engine/base/mem.h"
#include "engine/store/archive.h"

/* The outside worker only decompresses; what the archive says is judged inside. */
struct unpacking {
	const char *to; /* directory below the tree's root */
	unsigned strip;
	bool single_id;
	int archive_fd, pipe[2];
	struct init_worker inside;
	struct child_job outside;
	int outside_keep[2];
};

static int decompress(void *data, int socket, struct err *err)
{
	const struct unpacking *unpacking = data;

	(void)socket;
	return archive_decompress(unpacking->archive_fd, unpacking->pipe[1], err);
}

static int unpack(void *data, int root_fd, int socket, struct err *err)
{
	const struct unpacking *unpacking = data;
	const struct archive_unpack_options options = {
		.strip = unpacking->strip,
		.single_id = unpacking->single_id,
		.progress = {action_report_progress, &socket},
	};

	return target_unpack(root_fd, unpacking->to, unpacking->pipe[0], &options, socket, err);
}

static int add_ingredients(const struct action_input *input, struct ingredients *list,
			   struct err *err)
{
	struct source source;

	if (source_open(input, &source, err) < 0)
		return -1;
	ingredients_add(list, "archive", source.digest);
	source_release(&source);
	return 0;
}

/* Which archive it is about is not known inside. */
static void finish(struct action_run *run)
{
	const struct step *step = run->input.step;
	const char *path = step_text(step, "path");

	if (run->result.run.err.code)
		err_in(&run->result.run.err, "cannot unpack %s",
		       path ? path : step_text(step, "artifact"));
}

static struct unpacking *unpacking_new(const struct action_run *run, enum tree tree)
{
	struct unpacking *unpacking = mem_new(sizeof *unpacking);
	const struct step *step = run->input.step;

	*unpacking = (struct unpacking){
		.to = tree == TREE_WORKSPACE ? step_text(step, "to") : ".",
		.strip = (unsigned)atoi(step_text(step, "strip")),
		.single_id = host_id_map(run->input.host)->single,
		.inside = {unpack, unpacking, tree},
		.outside = {decompress, unpacking, unpacking->outside_keep, 2},
		.pipe = {-1, -1},
	};
	return unpacking;
}

static int start(struct action_run *run, enum tree tree, struct err *err)
{
	struct unpacking *unpacking = unpacking_new(run, tree);
	struct source source;
	int result;

	run->own = unpacking;
	run->finish = finish;
	if (source_open(&run->input, &source, err) < 0)
		return -1;
	unpacking->archive_fd = source.fd;
	result = action_pipe(unpacking->pipe, err);
	if (!result) {
		unpacking->outside_keep[0] = source.fd;
		unpacking->outside_keep[1] = unpacking->pipe[1];
		result = action_run_pair(run,
					 &(struct action_pair){&unpacking->inside,
							       unpacking->pipe[0],
							       &unpacking->outside},
					 err);
	}
	fd_close(&unpacking->pipe[1]);
	source_release(&source);
	return result;
}

static int start_workspace(struct action_run *run, struct err *err)
{
	return start(run, TREE_WORKSPACE, err);
}

static int start_systree(struct action_run *run, struct err *err)
{
	return start(run, TREE_SYSTREE, err);
}

/* What the archive is called does not count: its digest does. */
#define SOURCE_FIELDS                                                           \
	{.name = "artifact",                                                    \
	 .type = FIELD_NAME,                                                    \
	 .flags = FIELD_EXCLUDES_NEXT | FIELD_MAIN | FIELD_NOT_IN_KEY,          \
	 .help = "An artifact of this build, or of the artifact directory."},   \
		{.name = "path",                                                \
		 .type = FIELD_CONTEXT_PATH,                                    \
		 .flags = FIELD_NOT_IN_KEY,                                     \
		 .help = "An archive, relative to the spec's directory."},      \
	{                                                                       \
		.name = "strip", .type = FIELD_COUNT, .fallback = "0",          \
		.help = "How many leading components of each name are removed." \
	}

static const struct field workspace_fields[] = {
	SOURCE_FIELDS,
	{.name = "to",
	 .type = FIELD_PATH,
	 .fallback = ".",
	 .help = "The directory of the workspace that it is unpacked into."},
	{0},
};

static const struct field systree_fields[] = {SOURCE_FIELDS, {0}};

const struct action_type action_unpack_artifact = {
	.schema = {.name = "unpack-artifact",
		   .help = "Unpacks an artifact into the workspace.",
		   .fields = workspace_fields,
		   .needs_artifact = true},
	.place = ACTION_IN_CONTRACTOR,
	.workspace = EFFECT_CHANGES,
	.add_ingredients = add_ingredients,
	.start = start_workspace,
};

const struct action_type action_create_systree = {
	.schema = {.name = "create-systree",
		   .help = "Makes an artifact the systree.",
		   .fields = systree_fields,
		   .needs_artifact = true},
	.place = ACTION_IN_CONTRACTOR,
	.systree = EFFECT_STARTS,
	.add_ingredients = add_ingredients,
	.start = start_systree,
};
