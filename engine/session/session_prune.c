/* The store is kept within its configured size, in the background. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/worker.h"
#include "engine/session/session_internal.h"
#include "engine/store/prune.h"

/* What the child removes: the files of attempts that are in the index no more. */
struct job {
	const struct userns *userns;
	const struct strv *ids;
};

/* The child. What it cannot remove is left to the parent, who tries once more. */
static int work(void *data, int socket, struct err *err)
{
	static const char *const dirs[] = {USERNS_DIR "/layers", USERNS_DIR "/tmp"};
	const struct job *job = data;

	(void)socket;
	session_yield_to_steps();
	if (userns_enter(job->userns, err) < 0)
		return -1;
	for (size_t i = 0; i < job->ids->len * ARRAY_SIZE(dirs); i++) {
		AUTO_FREE char *path = path_join(dirs[i % ARRAY_SIZE(dirs)],
						 job->ids->items[i / ARRAY_SIZE(dirs)]);
		struct err ignored;

		path_remove_tree(AT_FDCWD, path, &ignored);
	}
	return 0;
}

/* Says what was removed, and why; the text is kept for `info store`. */
static void tell(struct session *session, const char *why, const struct prune_result *result)
{
	AUTO_FREE char *freed = session_size_text(result->freed_bytes);
	AUTO_FREE char *left = session_size_text(result->left_bytes);
	bool is_in_use = !result->passed_over && result->left_bytes > session->options.store_size;
	AUTO_BUF struct buf attempts = BUF_INIT;

	free(session->pruned);
	buf_add_count(&attempts, (uint64_t)result->attempts, "attempt");
	if (result->attempts || result->artifacts)
		session->pruned =
			mem_printf("%s: %s removed, %s freed, %s left%s", why, attempts.data, freed,
				   left, is_in_use ? ", which is in use" : "");
	else
		session->pruned = mem_printf("%s: %s, all of it in use", why, left);
	session_emit(session, (struct event){.type = EVENT_STORE_PRUNED,
					     .step = session->position,
					     .text = session->pruned,
					     .amount = result->freed_bytes});
}

/* The same for a store that was too large. */
static void tell_size(struct session *session, const struct prune_result *result)
{
	AUTO_FREE char *limit = session_size_text(session->options.store_size);
	AUTO_FREE char *why = mem_printf("the store takes more than %s (store-size)", limit);

	tell(session, why, result);
}

static void on_ended(void *data, const struct err *err)
{
	struct session *session = data;

	(void)err;
	worker_free(session->pruning);
	session->pruning = NULL;
	store_clean(host_store(session->host));
	session_settled(session);
}

/* Starts removing the files. Without the child they go at once. */
static void start(struct session *session)
{
	const struct worker_callbacks callbacks = {.ended = on_ended, .data = session};
	struct store *store = host_store(session->host);
	AUTO_STRV struct strv ids = {0};
	struct job job = {.ids = &ids};
	struct err ignored;
	int keep[2];

	if (prune_left_files(store, &ids, &ignored) < 0 || !ids.len)
		return;
	if (host_userns(session->host, &job.userns, &ignored) == 0) {
		keep[0] = userns_user_fd(job.userns);
		keep[1] = userns_mount_fd(job.userns);
		if (worker_start(host_loop(session->host), &(struct child_job){work, &job, keep, 2},
				 &callbacks, &session->pruning, &ignored) == 0)
			return;
	}
	store_clean(store);
}

/* A tenth is left for what comes next, so that not every step has to prune. What could not be brought
 * below the size is in use, as a rule by this very session; but artifacts that were passed over because
 * somebody was making one may go the next time, and until then it is too early to say so. */
void session_prune(struct session *session)
{
	uint64_t limit = session->options.store_size, known;
	const struct prune_options options = {.max_bytes = limit - limit / 10, .leave_files = true};
	struct store *store = host_store(session->host);
	struct prune_result result;
	struct err ignored;

	if (!limit || session->pruning || session->no_prune || session->unpinned ||
	    store_known_bytes(store, &known, &ignored) < 0 || known <= limit)
		return;
	/* Another process may be pruning: there will be another occasion. */
	if (store_prune(store, &options, &result, &ignored) < 0)
		return;
	session->no_prune = !result.passed_over && result.left_bytes > options.max_bytes;
	start(session);
	if (result.attempts || result.artifacts ||
	    (!result.passed_over && result.left_bytes > limit))
		tell_size(session, &result);
}

bool session_make_room(struct session *session, const struct err *err)
{
	struct prune_options options = {.max_bytes = UINT64_MAX};
	struct store *store = host_store(session->host);
	struct prune_result result;
	struct err ignored;

	if (!session->options.store_size || err->sys_errno != ENOSPC)
		return false;
	options.free_bytes = store_missing_bytes(store);
	if (!options.free_bytes || store_prune(store, &options, &result, &ignored) < 0 ||
	    !result.freed_bytes)
		return false;
	tell(session, "the disk was full", &result);
	return true;
}

void session_pin_cached(struct session *session)
{
	struct err ignored;

	if (session->options.store_size && !session->has_pinned && !session->forced)
		session->unpinned = session_look(session, &ignored) > 0;
	session->has_pinned = !session->unpinned;
}

void session_settled(struct session *session)
{
	void (*settled)(void *data) = session->settled;

	if (!settled || session->keeping || session->pruning)
		return;
	session->settled = NULL;
	session_tell_owed(session);
	settled(session->settled_data);
}

bool session_settle(struct session *session, void (*settled)(void *data), void *data)
{
	session->settled = settled;
	session->settled_data = data;
	session_keep_last(session);
	if (!session->keeping)
		session_prune(session);
	if (session->keeping || session->pruning)
		return true;
	session->settled = NULL;
	session_tell_owed(session);
	return false;
}

void session_prune_end(struct session *session)
{
	worker_free(session->pruning);
	session->pruning = NULL;
	free(session->pruned);
}
