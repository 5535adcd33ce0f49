/* What a shell changed, taken as the result of its step. */
#include <stdio.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/session_internal.h"

/* What stands for the log: what a shell shows is not recorded. */
#define NO_OUTPUT "this result was made by hand, in a shell, and adopted\n"

void session_keep(struct session *session, struct leftover *leftover)
{
	session_drop_leftover(session);
	session->leftover = *leftover;
	*leftover = (struct leftover){.draft = {.lock_fd = -1}};
}

void session_drop_leftover(struct session *session)
{
	struct leftover *leftover = &session->leftover;

	if (!leftover->step)
		return;
	attempt_discard(host_store(session->host), &leftover->draft);
	state_release(&leftover->state);
	*leftover = (struct leftover){.draft = {.lock_fd = -1}};
}

size_t session_adoptable(const struct session *session)
{
	return session->leftover.step;
}

static int check(struct session *session, size_t step, struct err *err)
{
	size_t of = session->leftover.step, missing;
	int found;

	if (session_require(session, 1 << SESSION_STOPPED, err) < 0)
		return -1;
	if (!of)
		return err_set(err, ERR_USAGE,
			       "there is nothing to adopt: what a shell changed is kept when it "
			       "ends, until something runs");
	if (step && step != of)
		return err_set(err, ERR_USAGE,
			       "the shell that ended last was one in step %zu: `adopt %zu`", of,
			       of);
	if (session_spec_step(session, of)->schema->makes_artifact)
		return err_set(err, ERR_USAGE,
			       "step %zu makes an artifact, which no shell can do in its place",
			       of);
	found = session_find_state(session, of, &missing, err);
	return found ? (found < 0 ? -1 : 0)
		     : err_set(err, ERR_STEP, "step %zu, before step %zu, has not passed", missing,
			       of);
}

/* The trees that the shell was started in, with its own layers above them. */
static void fill_after(const struct leftover *leftover, struct attempt *attempt)
{
	state_init(&attempt->after);
	state_copy(&attempt->after, &leftover->state);
	for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
		struct strv *chain = &attempt->after.chain[tree];

		session_unique_key(attempt->after.key[tree]);
		attempt->has_layer[tree] = leftover->changed[tree];
		if (leftover->whole[tree])
			strv_clear(chain);
		if (leftover->changed[tree])
			strv_add(chain, attempt->id);
	}
}

static void fill_attempt(const struct session *session, struct attempt *attempt)
{
	const struct leftover *leftover = &session->leftover;
	const struct step *step = session_spec_step(session, leftover->step);

	*attempt = (struct attempt){
		.number = leftover->draft.number,
		.step = (int64_t)leftover->step,
		.name = mem_strdup(step->name),
		.action = mem_strdup(step->schema->name),
		.result = ATTEMPT_PASSED,
		.message = mem_strdup(""),
		.adopted = true,
		.started_ms = leftover->started_ms,
		.duration_ms = leftover->duration_ms,
		.ingredients = mem_strdup("{}"),
	};
	snprintf(attempt->id, sizeof attempt->id, "%s", leftover->draft.id);
	snprintf(attempt->spec_path, sizeof attempt->spec_path, "%s", session->spec->real_path);
	session_unique_key(attempt->key);
	state_init(&attempt->before);
	state_copy(&attempt->before, &session_place(session, leftover->step)->before);
	fill_after(leftover, attempt);
}

/* The build stands behind the step, as if it had run. */
static void take(struct session *session, size_t step, const struct attempt *attempt)
{
	struct place *place = session_place(session, step);

	place->ran = true;
	memcpy(place->status.key, attempt->key, sizeof place->status.key);
	session_note_attempt(place, attempt, STEP_PASSED);
	session_forget_after(session, step);
	session_set_after(session, step, attempt);
	session->position = step + 1;
	session_owe(session, attempt);
	session_sync(session);
	session_stop(session, session->position > session->n_steps ? STOP_END : STOP_STEP, NULL,
		     NULL);
}

int session_adopt(struct session *session, size_t step, struct err *err)
{
	struct leftover *leftover = &session->leftover;
	struct attempt attempt;
	int result;

	if (check(session, step, err) < 0)
		return -1;
	step = leftover->step;
	if (recording_add(leftover->draft.recording, NO_OUTPUT, strlen(NO_OUTPUT), loop_now_ms(),
			  err) < 0)
		return -1;
	fill_attempt(session, &attempt);
	result = attempt_commit(host_store(session->host), &leftover->draft, &attempt, err);
	session_drop_leftover(session);
	if (!result)
		take(session, step, &attempt);
	attempt_release(&attempt);
	return result;
}
