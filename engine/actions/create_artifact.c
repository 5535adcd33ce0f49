#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/actions/actions.h"
#include "engine/actions/ingredients.h"
#include "engine/actions/run.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/archive.h"

/* What both workers and the end need: one packs the workspace inside, the other compresses it
 * outside into a blob of the store. */
struct packing {
	const struct step *step;
	struct store *store;
	int64_t source_date_epoch;
	int pipe[2];
	int blob_fd;
	char blob_name[32]; /* "" when there is none, or none any more */
	enum archive_compression compression;
	struct init_worker inside;
	struct child_job outside;
	int outside_keep[2];
};

static int pack(void *data, int root_fd, int socket, struct err *err)
{
	const struct packing *packing = data;
	const char *from = step_text(packing->step, "from");
	AUTO_CLOSE int from_fd = path_open_beneath(root_fd, from, O_PATH, 0);
	const struct archive_pack_options options = {
		.include = step_list(packing->step, "include"),
		.exclude = step_list(packing->step, "exclude"),
		.source_date_epoch = packing->source_date_epoch,
		.progress = {action_report_progress, &socket},
	};

	if (from_fd < 0)
		return err_set(err, ERR_STEP,
			       "there is no '%s' in the workspace to pack (links are not followed)",
			       from);
	return archive_pack(root_fd, from, &options, packing->pipe[1], err);
}

static int compress(void *data, int socket, struct err *err)
{
	const struct packing *packing = data;
	char digest[SHA256_HEX_SIZE];
	uint64_t size;

	if (archive_compress(packing->pipe[0], packing->blob_fd, packing->compression, digest,
			     &size, err) < 0)
		return -1;
	/* Here, where it may take its time: the store's own finds nothing left to write. */
	if (fsync(packing->blob_fd) < 0)
		return err_sys(err, "cannot write the artifact");
	if (message_send_text(socket, 'R', digest) < 0)
		return err_sys(err, "cannot report the artifact");
	return 0;
}

/* The blob of a step that passed gets its name. */
static void finish(struct action_run *run)
{
	struct packing *packing = run->own;
	struct action_result *result = &run->result;

	if (result->run.end != RUN_EXITED || result->run.exit_status)
		return;
	if (blob_commit(packing->store, packing->blob_name, result->artifact, &result->run.err) < 0)
		result->run.end = RUN_FAILED;
	packing->blob_name[0] = '\0';
}

/* A blob that has no name by now is thrown away. */
static void release(void *own)
{
	struct packing *packing = own;

	fd_close(&packing->blob_fd);
	if (packing->blob_name[0])
		blob_discard(packing->store, packing->blob_name);
}

static int start_pair(struct action_run *run, struct packing *packing, struct err *err)
{
	const struct action_pair pair = {&packing->inside, packing->pipe[1], &packing->outside};
	int result = action_run_pair(run, &pair, err);

	fd_close(&packing->pipe[0]);
	return result;
}

static int start(struct action_run *run, struct err *err)
{
	struct packing *packing = mem_new(sizeof *packing);

	run->own = packing;
	run->free_own = release;
	*packing = (struct packing){
		.step = run->input.step,
		.store = host_store(run->input.host),
		.source_date_epoch = host_source_date_epoch(run->input.host),
		.compression = (enum archive_compression)archive_compression_by_name(
			step_text(run->input.step, "compression")),
		.blob_fd = -1,
		.inside = {pack, packing, TREE_WORKSPACE},
		.outside = {compress, packing, packing->outside_keep, 2},
	};
	if (action_pipe(packing->pipe, err) < 0)
		return -1;
	if (blob_begin(packing->store, packing->blob_name, &packing->blob_fd, err) < 0) {
		fd_close(&packing->pipe[0]);
		fd_close(&packing->pipe[1]);
		return -1;
	}
	packing->outside_keep[0] = packing->pipe[0];
	packing->outside_keep[1] = packing->blob_fd;
	run->finish = finish;
	return start_pair(run, packing, err);
}

/* Times in the archive are clamped to the epoch. */
static int add_ingredients(const struct action_input *input, struct ingredients *list,
			   struct err *err)
{
	(void)err;
	ingredients_add_epoch(list, host_source_date_epoch(input->host));
	return 0;
}

static const struct field fields[] = {
	{.name = "artifact",
	 .type = FIELD_NAME,
	 .flags = FIELD_REQUIRED | FIELD_MAIN,
	 .help = "The artifact's name."},
	{.name = "from",
	 .type = FIELD_PATH,
	 .fallback = ".",
	 .help = "The directory of the workspace that is packed."},
	{.name = "include", .type = FIELD_GLOBS, .help = "Only what matches one of these."},
	{.name = "exclude", .type = FIELD_GLOBS, .help = "Nothing that matches one of these."},
	{.name = "compression",
	 .type = FIELD_CHOICE,
	 .choices = "zstd|gzip|xz|none",
	 .fallback = "zstd",
	 .help = "How the archive is compressed."},
	{0},
};

const struct action_type action_create_artifact = {
	.schema = {.name = "create-artifact",
		   .help = "Packs the workspace, or a part of it, into an artifact.",
		   .fields = fields,
		   .makes_artifact = true},
	.place = ACTION_IN_CONTRACTOR,
	.workspace = EFFECT_READS,
	.add_ingredients = add_ingredients,
	.start = start,
};
