#include "engine/session/export.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/actions/run.h"
#include "engine/base/mem.h"
#include "engine/process/worker.h"
#include "engine/store/archive.h"

struct export
{
	struct host *host;
	struct attempt_draft draft;
	struct runner *inside;
	struct worker *outside;
	bool inside_done, outside_done;
	int dir_fd, pipe[2], outside_keep[2];
	struct init_worker packer;
	struct child_job unpacker;
	struct strv chains[TREE_COUNT]; /* as they are mounted */
	struct err err;			/* the first failure */
	void (*ended)(void *data, const struct err *err);
	void *data;
};

static int pack(void *data, int root_fd, int socket, struct err *err)
{
	const struct export *export = data;
	const struct archive_pack_options options = {.source_date_epoch = INT64_MAX};

	(void)socket;
	return archive_pack(root_fd, ".", &options, export->pipe[1], err);
}

static int unpack(void *data, int socket, struct err *err)
{
	const struct export *export = data;
	const struct archive_unpack_options options = {.plain_owner = true};
	AUTO_STRV struct strv notes = {0};

	(void)socket;
	return archive_unpack(export->pipe[0], export->dir_fd, &options, &notes, err);
}

static void tell_end(void *data)
{
	struct export *export = data;

	export->ended(export->data, export->err.code ? &export->err : NULL);
}

/* A broken pipe is never the reason, only what the other side sees of it. */
static void side_ended(struct export *export, const struct err *err)
{
	if (err && (!export->err.code || export->err.sys_errno == EPIPE))
		export->err = *err;
	if (export->inside_done && export->outside_done)
		loop_defer(host_loop(export->host), tell_end, export);
}

static void inside_ended(void *data, const struct run_result *result)
{
	struct export *export = data;

	export->inside_done = true;
	side_ended(export, result->end == RUN_EXITED ? NULL : &result->err);
}

static void outside_ended(void *data, const struct err *err)
{
	struct export *export = data;

	export->outside_done = true;
	side_ended(export, err);
}

static bool is_empty_dir(const char *dir)
{
	AUTO_CLOSEDIR DIR *entries = opendir(dir);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			return false;
	}
	return true;
}

/* The directory to fill, made when it is missing. */
static int open_empty_dir(const char *dir, struct err *err)
{
	int fd;

	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the directory %s", dir);
	if (!is_empty_dir(dir))
		return err_set(err, ERR_USAGE,
			       "%s is not empty: name a new directory, or one that is", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open the directory %s", dir) : fd;
}

static int start_outside(struct export *export, struct err *err)
{
	const struct worker_callbacks callbacks = {.ended = outside_ended, .data = export};

	export->outside_keep[0] = export->pipe[0];
	export->outside_keep[1] = export->dir_fd;
	export->unpacker = (struct child_job){unpack, export, export->outside_keep, 2};
	return worker_start(host_loop(export->host), &export->unpacker, &callbacks,
			    &export->outside, err);
}

static int start_inside(struct export *export, const struct state *state, struct err *err)
{
	struct run_options options = {
		.loop = host_loop(export->host),
		.draft = export->draft.dir,
		.access = {TREE_ABSENT, TREE_READ},
		.chain = {NULL, &export->chains[TREE_WORKSPACE]},
		.worker = &export->packer,
		.worker_fd = export->pipe[1],
		.stdio = {-1, -1, -1},
		.callbacks = {.ended = inside_ended, .data = export},
	};

	host_shorten(export->host, state, export->chains);
	export->packer = (struct init_worker){pack, export, TREE_WORKSPACE};
	if (host_userns(export->host, &options.userns, err) < 0)
		return -1;
	return runner_start(&options, &export->inside, err);
}

static int start_both(struct export *export, const struct state *state, const char *dir,
		      struct err *err)
{
	int result;

	export->dir_fd = open_empty_dir(dir, err);
	if (export->dir_fd < 0 || action_pipe(export->pipe, err) < 0)
		return -1;
	result = start_outside(export, err);
	if (!result)
		result = start_inside(export, state, err);
	fd_close(&export->pipe[0]);
	fd_close(&export->pipe[1]);
	return result;
}

int export_start(struct session *session, const char *dir,
		 void (*ended)(void *data, const struct err *err), void *data,
		 struct export **ret_export, struct err *err)
{
	const struct state *state = session_state_before(session, session_position(session));
	struct export *export = mem_new(sizeof *export);

	*export = (struct export){.host = session_host(session),
				  .dir_fd = -1,
				  .pipe = {-1, -1},
				  .draft = {.lock_fd = -1},
				  .ended = ended,
				  .data = data};
	if (attempt_begin(host_store(export->host), 80, 24, &export->draft, err) < 0) {
		free(export);
		return -1;
	}
	if (start_both(export, state, dir, err) < 0) {
		export_free(export);
		return -1;
	}
	*ret_export = export;
	return 0;
}

void export_free(struct export *export)
{
	if (!export)
		return;
	runner_free(export->inside);
	worker_free(export->outside);
	loop_defer_cancel(host_loop(export->host), export);
	attempt_discard(host_store(export->host), &export->draft);
	fd_close(&export->dir_fd);
	for (enum tree tree = 0; tree < TREE_COUNT; tree++)
		strv_release(&export->chains[tree]);
	free(export);
}
