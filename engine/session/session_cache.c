/* What the store knows of a session's steps. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/actions/artifact.h"
#include "engine/base/mem.h"
#include "engine/session/session_internal.h"

static const enum step_result results_of_attempts[] = {
	[ATTEMPT_PASSED] = STEP_CACHED,		[ATTEMPT_FAILED] = STEP_FAILED,
	[ATTEMPT_KILLED] = STEP_KILLED,		[ATTEMPT_TIMED_OUT] = STEP_TIMED_OUT,
	[ATTEMPT_OVER_LIMIT] = STEP_OVER_LIMIT,
};

void session_note_attempt(struct place *place, const struct attempt *attempt,
			  enum step_result result)
{
	struct step_status *status = &place->status;

	status->result = result;
	status->flags &= (unsigned)~(STEP_STALE | STEP_ADOPTED);
	status->attempt = attempt->number;
	status->started_ms = attempt->started_ms;
	status->duration_ms = attempt->duration_ms;
	status->exit_status = attempt->exit_status;
	if (attempt->adopted)
		status->flags |= STEP_ADOPTED;
}

/* Whether the artifact that a cached create-artifact made is still whole in the store. */
static bool artifact_is_there(const struct session *session, size_t step,
			      const struct attempt *attempt)
{
	const struct step *spec_step = session_spec_step(session, step);
	const char *digest;
	struct err ignored = {0};
	int fd;

	if (!spec_step->schema->makes_artifact)
		return true;
	digest = strv_getenv(&attempt->after.artifacts, step_text(spec_step, "artifact"));
	fd = digest ? blob_open(host_store(session->host), digest, &ignored) : -1;
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Finds the newest passed attempt by the step's key. */
static int find_by_key(struct session *session, size_t step, struct attempt *ret_attempt,
		       struct err *err)
{
	const char *key = session_step(session, step)->key;
	int found;

	if (!key[0])
		return 0;
	found = store_find_passed(host_store(session->host), key, ret_attempt, err);
	if (found > 0 && !artifact_is_there(session, step, ret_attempt)) {
		attempt_release(ret_attempt);
		*ret_attempt = (struct attempt){0};
		found = 0;
	}
	return found;
}

/* The same, with the key brought up to date. */
static int find_passed(struct session *session, size_t step, struct attempt *ret_attempt,
		       struct err *err)
{
	if (session_key(session, step, session_place(session, step)->status.key, NULL, err) < 0)
		return -1;
	return find_by_key(session, step, ret_attempt, err);
}

static void note_passed(struct place *place, const struct attempt *attempt)
{
	place->ran = place->ran && place->status.attempt == attempt->number;
	session_note_attempt(place, attempt, place->ran ? STEP_PASSED : STEP_CACHED);
}

static void take_passed(struct session *session, size_t step, const struct attempt *attempt)
{
	session_owe(session, attempt);
	note_passed(session_place(session, step), attempt);
	session_set_after(session, step, attempt);
}

int session_look_up(struct session *session, size_t step, struct attempt *ret_attempt,
		    struct err *err)
{
	int found = find_passed(session, step, ret_attempt, err);

	if (found > 0)
		take_passed(session, step, ret_attempt);
	return found;
}

int session_look_again(struct session *session, size_t step, struct attempt *ret_attempt,
		       struct err *err)
{
	int found = find_by_key(session, step, ret_attempt, err);

	if (found > 0)
		take_passed(session, step, ret_attempt);
	return found;
}

/* Whether the step's status says more than a result in the store: it runs, or has just failed. */
static bool keeps_status(const struct session *session, size_t step)
{
	const struct place *place = session_place(session, step);
	bool is_running = (session->run || session->follow) && step == session->position;

	return is_running || (place->ran && place->status.result != STEP_PASSED &&
			      !(place->status.flags & STEP_STALE));
}

int session_look_at(struct session *session, size_t step, struct attempt *ret_attempt,
		    struct err *err)
{
	int found;

	if (!keeps_status(session, step))
		return session_look_up(session, step, ret_attempt, err);
	found = find_passed(session, step, ret_attempt, err);
	if (found > 0)
		session_set_after(session, step, ret_attempt);
	return found;
}

/* A step without a passed result may have a failed one, which can be entered. */
static int note_failure(struct session *session, size_t step, struct err *err)
{
	struct place *place = session_place(session, step);
	struct attempt attempt = {0};
	int found = 0;

	if (place->status.key[0])
		found = store_find_latest(host_store(session->host), place->status.key, &attempt,
					  err);
	if (found > 0 && attempt.result != ATTEMPT_PASSED && !keeps_status(session, step))
		session_note_attempt(place, &attempt, results_of_attempts[attempt.result]);
	attempt_release(&attempt);
	return found < 0 ? -1 : 0;
}

int session_look(struct session *session, struct err *err)
{
	for (size_t step = 1; step <= session->n_steps; step++) {
		struct attempt attempt = {0};
		int found;

		if (session_place(session, step + 1)->known)
			continue;
		found = session_look_at(session, step, &attempt, err);
		attempt_release(&attempt);
		/* A file that the step reads may be missing, or not read yet: then it is pending, and what is kept
		 * of the steps before it can be looked at all the same. */
		if (found < 0 && err->code == ERR_UNREAD)
			return 1;
		if (found < 0)
			return err->code == ERR_FAULT ? -1 : 0;
		if (!found)
			return note_failure(session, step, err);
	}
	return 0;
}
