#include "engine/session/session.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/session_internal.h"

static const char *const result_names[] = {
	[STEP_PENDING] = "pending",	  [STEP_CACHED] = "cached",
	[STEP_RUNNING] = "running",	  [STEP_PAUSED] = "paused",
	[STEP_PASSED] = "passed",	  [STEP_FAILED] = "failed",
	[STEP_KILLED] = "killed",	  [STEP_TIMED_OUT] = "timed-out",
	[STEP_OVER_LIMIT] = "over-limit",
};

const char *step_result_name(enum step_result result)
{
	return result_names[result];
}

void session_emit(struct session *session, struct event event)
{
	if (session->options.event)
		session->options.event(session->options.data, &event);
}

struct place *session_place(const struct session *session, size_t step)
{
	return &session->places[step - 1];
}

const struct step *session_spec_step(const struct session *session, size_t step)
{
	return &session->spec->steps[step - 1];
}

struct action_input session_input(const struct session *session, size_t step)
{
	return (struct action_input){.host = session->host,
				     .spec = session->spec,
				     .step = session_spec_step(session, step),
				     .before = &session_place(session, step)->before};
}

static void release_places(struct session *session)
{
	for (size_t i = 0; i <= session->n_steps; i++)
		state_release(&session->places[i].before);
	free(session->places);
}

/* Nothing is known of any step, but the state before the first. */
static void make_places(struct session *session)
{
	session->n_steps = session->spec->n_steps;
	session->places = mem_new((session->n_steps + 1) * sizeof *session->places);
	for (size_t i = 0; i <= session->n_steps; i++) {
		state_init(&session->places[i].before);
		session->places[i].status.exit_status = -1;
	}
	session->places[0].known = true;
}

void session_set_after(struct session *session, size_t step, const struct attempt *attempt)
{
	struct place *place = session_place(session, step), *next = place + 1;
	struct state after;

	action_apply(session_spec_step(session, step), &place->before, attempt, &after);
	/* What stood on another result, one that was adopted, does not stand on this. */
	if (next->known && memcmp(after.key, next->before.key, sizeof after.key) != 0)
		session_forget_after(session, step);
	state_release(&next->before);
	next->before = after;
	next->known = true;
}

void session_forget_after(struct session *session, size_t step)
{
	for (size_t i = step + 1; i <= session->n_steps + 1; i++) {
		struct place *place = session_place(session, i);

		place->known = false;
		place->status.key[0] = '\0';
		if (place->status.result != STEP_PENDING)
			place->status.flags |= STEP_STALE;
	}
}

int session_new(const struct session_options *options, struct session **ret_session,
		struct err *err)
{
	struct session *session = mem_new(sizeof *session);

	(void)err;
	*session = (struct session){.options = *options,
				    .host = options->host,
				    .spec = options->spec,
				    .spec_options = *options->spec_options,
				    .position = 1,
				    .draft = {.lock_fd = -1},
				    .unkept = BUF_INIT,
				    .owed = store_has_volatile(host_store(options->host)),
				    .leftover = {.draft = {.lock_fd = -1}},
				    .claim = CLAIM_INIT};
	if (options->spec_options->parameters)
		strv_extend(&session->parameters, options->spec_options->parameters);
	session->spec_options.parameters = &session->parameters;
	make_places(session);
	*ret_session = session;
	return 0;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	action_run_free(session->run);
	if (session->run)
		attempt_discard(host_store(session->host), &session->draft);
	session_drop_leftover(session);
	session_unfollow(session);
	session_read_end(session);
	claim_release(&session->claim);
	host_drop_spare(session->host);
	loop_defer_cancel(host_loop(session->host), session);
	session_keep_end(session);
	session_squash_end(session);
	session_prune_end(session);
	release_places(session);
	spec_free(session->spec);
	spec_free(session->original);
	spec_free(session->spec_of_run);
	free(session->ingredients);
	strv_release(&session->parameters);
	breakpoints_release(&session->breakpoints);
	buf_release(&session->unkept);
	for (size_t i = 0; i < SAVED_KINDS; i++)
		free(session->saved[i]);
	free(session);
}

enum session_state session_state(const struct session *session)
{
	return session->state;
}

size_t session_position(const struct session *session)
{
	return session->position;
}

const struct spec *session_spec(const struct session *session)
{
	return session->spec;
}

struct host *session_host(const struct session *session)
{
	return session->host;
}

bool session_is_at_failure(const struct session *session)
{
	return session->at_failure;
}

const struct step_status *session_step(const struct session *session, size_t step)
{
	return &session_place(session, step)->status;
}

const struct state *session_state_before(const struct session *session, size_t step)
{
	const struct place *place = session_place(session, step);

	return place->known ? &place->before : NULL;
}

static const char *const state_names[] = {
	[SESSION_STOPPED] = "stopped", [SESSION_RUNNING] = "running", [SESSION_PAUSED] = "paused"};

int session_require(const struct session *session, unsigned allowed, struct err *err)
{
	if (1u << session->state & allowed)
		return 0;
	if (session->state == SESSION_STOPPED)
		return err_set(err, ERR_USAGE, "no step is running");
	return err_set(err, ERR_USAGE, "step %zu is %s: pause, resume or kill it, or wait",
		       session->position, state_names[session->state]);
}

int session_check_step(const struct session *session, size_t step, struct err *err)
{
	if (step >= 1 && step <= session->n_steps)
		return 0;
	return err_set(err, ERR_USAGE, "there is no step %zu: the build has %zu", step,
		       session->n_steps);
}

/* Starts a command that runs steps. */
static int go(struct session *session, enum goal goal, struct err *err)
{
	if (session_require(session, 1 << SESSION_STOPPED, err) < 0)
		return -1;
	if (session->position > session->n_steps)
		return err_set(err, ERR_USAGE,
			       "the build is at its end: goto, back or rerun a step");
	session->goal = goal;
	if (session_check_all_secrets(session, err) < 0) {
		session->forced = 0;
		return -1;
	}
	session_drop_leftover(session);
	if (session->at_failure || session->forced)
		session_look_at_sources(session);
	session->killed = false;
	session->at_failure = false;
	session->state = SESSION_RUNNING;
	/* What an earlier process recorded and did not live to make durable. */
	session_sync(session);
	session_pin_cached(session);
	session_prune(session);
	session_advance(session);
	return 0;
}

int session_next(struct session *session, struct err *err)
{
	return go(session, GOAL_STEP, err);
}

int session_continue(struct session *session, struct err *err)
{
	return go(session, GOAL_CONTINUE, err);
}

int session_until(struct session *session, size_t step, struct err *err)
{
	if (session_require(session, 1 << SESSION_STOPPED, err) < 0 ||
	    session_check_step(session, step, err) < 0)
		return -1;
	if (step <= session->position)
		return err_set(err, ERR_USAGE, "step %zu is not ahead: goto %zu goes back", step,
			       step);
	session->until = step;
	return go(session, GOAL_UNTIL, err);
}

int session_find_state(struct session *session, size_t step, size_t *ret_missing, struct err *err)
{
	for (size_t i = 1; i < step; i++) {
		struct attempt attempt = {0};
		int found;

		if (session_place(session, i + 1)->known)
			continue;
		found = session_look_at(session, i, &attempt, err);
		attempt_release(&attempt);
		if (found <= 0) {
			*ret_missing = i;
			return found;
		}
	}
	return 1;
}

/* Stands before step, from its snapshot. */
static int stand_before(struct session *session, size_t step, struct err *err)
{
	size_t missing;
	int found;

	if (session_require(session, 1 << SESSION_STOPPED, err) < 0 ||
	    session_check_step(session, step, err) < 0)
		return -1;
	found = session_find_state(session, step, &missing, err);
	if (!found)
		err_set(err, ERR_STEP,
			"there is no state before step %zu yet: step %zu has not passed "
			"(`until %zu` runs what is missing)",
			step, missing, step);
	if (found <= 0)
		return -1;
	session->position = step;
	return 0;
}

int session_goto(struct session *session, size_t step, struct err *err)
{
	if (stand_before(session, step, err) < 0)
		return -1;
	session_stop(session, STOP_STEP, NULL, NULL);
	return 0;
}

int session_back(struct session *session, struct err *err)
{
	if (session->state == SESSION_STOPPED && session->position == 1)
		return err_set(err, ERR_USAGE, "this is the first step");
	return session_goto(session, session->position - 1, err);
}

int session_rerun(struct session *session, size_t step, struct err *err)
{
	if (session_check_step(session, step, err) < 0 ||
	    session_check_secrets(session, step, err) < 0 || stand_before(session, step, err) < 0)
		return -1;
	session->forced = step;
	session_forget_after(session, step);
	return go(session, GOAL_STEP, err);
}

int session_pause(struct session *session, struct err *err)
{
	struct runner *runner = session->run ? action_runner(session->run) : NULL;

	if (session_require(session, 1 << SESSION_RUNNING, err) < 0)
		return -1;
	if (session->follow)
		return err_set(err, ERR_USAGE,
			       "step %zu is run by another contractor, which alone can pause it "
			       "(kill stops waiting for it)",
			       session->position);
	if (!runner)
		return err_set(err, ERR_USAGE, "step %zu has no process to pause",
			       session->position);
	runner_pause(runner);
	return 0;
}

int session_resume(struct session *session, struct err *err)
{
	if (session_require(session, 1 << SESSION_PAUSED, err) < 0)
		return -1;
	session->resuming = true;
	runner_resume(action_runner(session->run));
	return 0;
}

/* How long a step that is killed has to end by itself. */
enum { KILL_GRACE_MS = 2000 };

/* Neither another process nor files are waited for any more: the command ends from the loop. */
static void stop_waiting(struct session *session)
{
	session_unfollow(session);
	session_read_end(session);
	session_advance(session);
}

int session_kill(struct session *session, struct err *err)
{
	if (session_require(session, 1 << SESSION_RUNNING | 1 << SESSION_PAUSED, err) < 0)
		return -1;
	session->killed = true;
	if (session->follow || session->reading)
		stop_waiting(session);
	else if (session->run)
		action_kill(session->run, KILL_GRACE_MS);
	return 0;
}

void session_kill_now(struct session *session)
{
	session->killed = true;
	if (session->follow || session->reading)
		stop_waiting(session);
	else if (session->run)
		action_kill(session->run, 0);
}

void session_end_run(struct session *session, int64_t within_ms)
{
	int64_t until = loop_now_ms() + within_ms, left = within_ms;

	if (session->state != SESSION_STOPPED)
		session_kill_now(session);
	while (session->state != SESSION_STOPPED && left > 0) {
		loop_turn(host_loop(session->host), (int)left);
		left = until - loop_now_ms();
	}
}

bool session_is_ending(const struct session *session)
{
	return session->killed && session->state != SESSION_STOPPED;
}

bool session_is_resuming(const struct session *session)
{
	return session->resuming && session->state == SESSION_PAUSED;
}

void session_interact(struct session *session, bool interactive)
{
	struct runner *runner = session->run ? action_runner(session->run) : NULL;

	session->options.interactive = interactive;
	if (!interactive || !runner)
		return;
	/* What now depends on a person is not waited for by other processes. */
	claim_release(&session->claim);
	runner_interact(runner);
}

int session_type(struct session *session, const void *bytes, size_t length, struct err *err)
{
	struct runner *runner = session->run ? action_runner(session->run) : NULL;

	if (session_require(session, 1 << SESSION_RUNNING | 1 << SESSION_PAUSED, err) < 0)
		return -1;
	if (!runner || !runner_write(runner, bytes, length))
		return err_set(err, ERR_USAGE, "step %zu does not read what is typed",
			       session->position);
	return 0;
}
