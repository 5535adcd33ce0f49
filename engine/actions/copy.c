#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/actions/actions.h"
#include "engine/actions/ingredients.h"
#include "engine/actions/run.h"
#include "engine/actions/source.h"
#include "engine/actions/target.h"
#include "engine/base/mem.h"
#include "engine/store/archive.h"

/* The outside worker packs what lies beside the spec, the inside one unpacks it. */
struct copying {
	const struct step *step;
	int64_t source_date_epoch;
	int context_fd, pipe[2];
	char *name; /* below the context */
	struct init_worker inside;
	struct child_job outside;
	int outside_keep[2];
};

static int pack(void *data, int socket, struct err *err)
{
	const struct copying *copying = data;
	AUTO_STRV struct strv notes = {0};
	const struct archive_pack_options options = {
		.exclude = step_list(copying->step, "exclude"),
		.source_date_epoch = copying->source_date_epoch,
		.flatten_owner = true,
		.progress = {action_report_progress, &socket},
		.notes = &notes,
	};
	int result =
		archive_pack(copying->context_fd, copying->name, &options, copying->pipe[1], err);

	action_report_notes(socket, &notes);
	return result;
}

static int unpack(void *data, int root_fd, int socket, struct err *err)
{
	const struct copying *copying = data;
	const struct archive_unpack_options options = {0};

	return target_unpack(root_fd, step_text(copying->step, "to"), copying->pipe[0], &options,
			     socket, err);
}

/* The directory or file that is copied: its name below the context, free with free(). */
static int find_source(const struct action_input *input, char **ret_name, struct err *err)
{
	AUTO_FREE char *prefix = NULL;
	int context_fd = context_open(input, &prefix, err);

	if (context_fd < 0)
		return -1;
	*ret_name = context_name(prefix, step_text(input->step, "from"), err);
	if (!*ret_name)
		fd_close(&context_fd);
	return context_fd;
}

static int file_digest(void *data, int fd, char ret_digest[SHA256_HEX_SIZE], struct err *err)
{
	return store_file_digest(data, fd, ret_digest, err);
}

/* What is not there is the specification's fault, not ours. */
static int cannot_copy(const char *from, struct err *err)
{
	if (err->sys_errno == ENAMETOOLONG)
		err->code = ERR_STEP;
	if (err->sys_errno != ENOENT && err->sys_errno != ENOTDIR)
		return err_in(err, "cannot copy '%s'", from);
	return err_set(err, ERR_STEP, "cannot copy '%s': there is no such file or directory", from);
}

static int add_ingredients(const struct action_input *input, struct ingredients *list,
			   struct err *err)
{
	AUTO_FREE char *name = NULL;
	AUTO_CLOSE int context_fd = find_source(input, &name, err);
	char digest[SHA256_HEX_SIZE];

	if (context_fd < 0)
		return -1;
	if (archive_tree_digest(context_fd, name, step_list(input->step, "exclude"), file_digest,
				host_store(input->host), digest, err) < 0)
		return cannot_copy(step_text(input->step, "from"), err);
	ingredients_add(list, "files", digest);
	ingredients_add_epoch(list, host_source_date_epoch(input->host));
	return 0;
}

static void release(void *own)
{
	struct copying *copying = own;

	free(copying->name);
}

static int start_pair(struct action_run *run, struct copying *copying, struct err *err)
{
	struct action_pair pair = {.inside = &copying->inside, .outside = &copying->outside};
	int result;

	if (action_pipe(copying->pipe, err) < 0)
		return -1;
	pair.inside_fd = copying->pipe[0];
	copying->outside_keep[0] = copying->context_fd;
	copying->outside_keep[1] = copying->pipe[1];
	result = action_run_pair(run, &pair, err);
	fd_close(&copying->pipe[1]);
	return result;
}

static int start(struct action_run *run, struct err *err)
{
	struct copying *copying = mem_new(sizeof *copying);
	int result;

	run->own = copying;
	run->free_own = release;
	*copying = (struct copying){
		.step = run->input.step,
		.source_date_epoch = host_source_date_epoch(run->input.host),
		.inside = {unpack, copying, TREE_WORKSPACE},
		.outside = {pack, copying, copying->outside_keep, 2},
	};
	copying->context_fd = find_source(&run->input, &copying->name, err);
	if (copying->context_fd < 0)
		return -1;
	result = start_pair(run, copying, err);
	fd_close(&copying->context_fd);
	return result;
}

static const struct field fields[] = {
	{.name = "from",
	 .type = FIELD_CONTEXT_PATH,
	 .flags = FIELD_REQUIRED | FIELD_MAIN,
	 .help = "A file or directory, relative to the spec's directory; of a directory what is in "
		 "it."},
	{.name = "to",
	 .type = FIELD_PATH,
	 .fallback = ".",
	 .help = "The directory of the workspace that it is put into."},
	{.name = "exclude", .type = FIELD_GLOBS, .help = "Nothing that matches one of these."},
	{0},
};

const struct action_type action_copy = {
	.schema = {.name = "copy",
		   .help = "Copies files from beside the spec into the workspace.",
		   .fields = fields},
	.place = ACTION_IN_CONTRACTOR,
	.workspace = EFFECT_CHANGES,
	.add_ingredients = add_ingredients,
	.start = start,
};
