/* session_squash.c: deep chains are made shallow in the background. */
#include "engine/base/mem.h"
#include "engine/process/worker.h"
#include "engine/session/session_internal.h"
#include "engine/store/squash.h"

struct job {
	const struct userns *userns;
	const struct squash *squash;
};

/* The child: steps come first. */
static int work(void *data, int socket, struct err *err)
{
	const struct job *job = data;

	(void)socket;
	session_yield_to_steps();
	if (userns_enter(job->userns, err) < 0)
		return -1;
	return squash_work(job->squash, USERNS_DIR "/layers", USERNS_DIR "/tmp", err);
}

/* What failed once is not tried again by this session: the chain is just as good without. */
static void squashed(void *data, const struct err *failure)
{
	struct session *session = data;
	const struct place *place = session_place(session, session->position);
	struct err ignored;

	if (squash_finish(host_store(session->host), take_ptr(&session->squash), failure,
			  &ignored) < 0)
		session->no_squash = true;
	/* With it goes the failure, which is its own. */
	worker_free(take_ptr(&session->squashing));
	if (place->known)
		session_squash(session, &place->before);
}

static int start(struct session *session, struct err *err)
{
	const struct worker_callbacks callbacks = {.ended = squashed, .data = session};
	struct job job = {.squash = session->squash};
	int keep[2];

	if (host_userns(session->host, &job.userns, err) < 0)
		return -1;
	keep[0] = userns_user_fd(job.userns);
	keep[1] = userns_mount_fd(job.userns);
	return worker_start(host_loop(session->host), &(struct child_job){work, &job, keep, 2},
			    &callbacks, &session->squashing, err);
}

void session_squash(struct session *session, const struct state *state)
{
	struct store *store = host_store(session->host);
	struct err ignored;
	int found = 0;

	if (session->squash || session->no_squash)
		return;
	for (enum tree tree = 0; tree < TREE_COUNT && !found; tree++)
		found = squash_begin(store, tree, &state->chain[tree], &session->squash, &ignored);
	if (found > 0 && start(session, &ignored) < 0) {
		squash_discard(store, take_ptr(&session->squash));
		found = -1;
	}
	session->no_squash = found < 0;
}

void session_squash_end(struct session *session)
{
	worker_free(session->squashing);
	session->squashing = NULL;
	squash_discard(host_store(session->host), take_ptr(&session->squash));
}
