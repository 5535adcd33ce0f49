/* Running steps: from one to the next until something stops it. */
#include <stdlib.h>
#include <string.h>

#include "engine/actions/git.h"
#include "engine/base/mem.h"
#include "engine/base/moment.h"
#include "engine/session/session_internal.h"

enum { COLUMNS = 80, ROWS = 24 };

/* The session waits for a command from now on. */
static void stand(struct session *session)
{
	session->state = SESSION_STOPPED;
	session_read_end(session);
	claim_release(&session->claim);
	session->followed = 0;
	session->at_failure = false;
	session->killed = false;
	session->forced = 0;
	host_drop_spare(session->host);
}

void session_stop(struct session *session, enum stop_reason reason, const struct attempt *attempt,
		  const struct err *err)
{
	struct err explained;

	if (err) {
		explained = *err;
		store_explain(host_store(session->host), &explained);
		err = &explained;
	}
	stand(session);
	session->at_failure = attempt != NULL;
	session_emit(session, (struct event){.type = EVENT_STOPPED,
					     .step = session->position,
					     .reason = reason,
					     .text = err       ? err->text
						     : attempt ? attempt->message
							       : NULL,
					     .attempt = attempt,
					     .attempt_id = attempt ? attempt->id : NULL,
					     .err = err});
}

static void stop_at_breakpoint(struct session *session, int number)
{
	stand(session);
	session_emit(session, (struct event){.type = EVENT_STOPPED,
					     .step = session->position,
					     .reason = STOP_BREAKPOINT,
					     .breakpoint = number});
}

/* Whether the command goes on from before the present step. */
static bool goes_on(const struct session *session)
{
	return session->goal == GOAL_CONTINUE ||
	       (session->goal == GOAL_UNTIL && session->position != session->until);
}

/* Whether a step of the same kind will follow at once, as far as that can be known. */
static bool expects_another(const struct session *session)
{
	size_t present = session->position;

	return goes_on(session) && present < session->n_steps &&
	       action_type_of(session_spec_step(session, present + 1)) ==
		       action_type_of(session_spec_step(session, present));
}

/* The step passed, or was cached: the next one, if the command goes that far. The breakpoint
 * `behind` the step stops, if it is not 0. */
static void step_done(struct session *session, int behind)
{
	bool at_end = ++session->position > session->n_steps;
	int before = at_end ? 0 : session_before_step(session);

	if (at_end)
		session_stop(session, STOP_END, NULL, NULL);
	else if (behind || before)
		stop_at_breakpoint(session, behind ? behind : before);
	else if (goes_on(session))
		session_advance(session);
	else
		session_stop(session, STOP_STEP, NULL, NULL);
}

/* What the step prints is recorded before it is shown. A log that cannot be written ends it. */
static void on_output(void *data, const char *bytes, size_t length)
{
	struct session *session = data;

	if (session->err.code)
		return;
	if (recording_add(session->draft.recording, bytes, length, loop_now_ms(), &session->err) <
	    0) {
		action_kill(session->run, 0);
		return;
	}
	session_feed_step(session, bytes, length);
	session_emit(session, (struct event){.type = EVENT_STEP_OUTPUT,
					     .step = session->position,
					     .bytes = bytes,
					     .length = length});
}

static void on_mode(void *data, bool onlcr)
{
	struct session *session = data;

	if (session->err.code)
		return;
	if (recording_mode(session->draft.recording, onlcr, loop_now_ms(), &session->err) < 0) {
		action_kill(session->run, 0);
		return;
	}
	session_emit(session, (struct event){.type = EVENT_STEP_TERMINAL,
					     .step = session->position,
					     .amount = recording_size(session->draft.recording),
					     .onlcr = onlcr});
}

static void on_note(void *data, const char *text)
{
	struct session *session = data;
	bool copied = !strcmp(text, INIT_NOTE_COPIED);

	/* Once is enough. */
	if (copied && session->said_copied)
		return;
	session->said_copied |= copied;
	session_emit(
		session,
		(struct event){.type = EVENT_STEP_NOTE, .step = session->position, .text = text});
}

static void on_progress(void *data, uint64_t bytes)
{
	struct session *session = data;

	session_emit(session, (struct event){.type = EVENT_STEP_PROGRESS,
					     .step = session->position,
					     .amount = bytes});
}

static void on_paused(void *data, bool paused)
{
	struct session *session = data;

	/* A step that a person looks at is not waited for: others run it themselves. */
	if (paused)
		claim_release(&session->claim);
	session->state = paused ? SESSION_PAUSED : SESSION_RUNNING;
	session->resuming = false;
	session_place(session, session->position)->status.result =
		paused ? STEP_PAUSED : STEP_RUNNING;
	session_emit(session,
		     (struct event){.type = paused ? EVENT_STEP_PAUSED : EVENT_STEP_RESUMED,
				    .step = session->position});
}

/* The step could not be run or recorded, for a reason that is not its own. */
static void step_lost(struct session *session, const struct err *err)
{
	struct place *place = session_place(session, session->position);

	place->status.result = STEP_PENDING;
	place->ran = false;
	attempt_discard(host_store(session->host), &session->draft);
	session_stop(session, STOP_ERROR, NULL, err);
}

static bool is_own_failure(const struct session *session, const struct run_result *run)
{
	return !session->err.code && (run->end != RUN_FAILED || run->err.code == ERR_STEP);
}

static const enum step_result step_results[] = {
	[ATTEMPT_PASSED] = STEP_PASSED,		[ATTEMPT_FAILED] = STEP_FAILED,
	[ATTEMPT_KILLED] = STEP_KILLED,		[ATTEMPT_TIMED_OUT] = STEP_TIMED_OUT,
	[ATTEMPT_OVER_LIMIT] = STEP_OVER_LIMIT,
};

/* The attempt is recorded: tells it, and goes on or stops. */
static void step_recorded(struct session *session, const struct attempt *attempt)
{
	struct place *place = session_place(session, session->position);
	int behind;

	place->ran = true;
	memcpy(place->status.key, attempt->key, sizeof place->status.key);
	session_note_attempt(place, attempt, step_results[attempt->result]);
	session_emit(session, (struct event){.type = EVENT_STEP_ENDED,
					     .step = session->position,
					     .attempt = attempt,
					     .attempt_id = attempt->id});
	behind = session_after_step(session, attempt);
	if (attempt->result == ATTEMPT_PASSED) {
		session_set_after(session, session->position, attempt);
		step_done(session, behind);
		return;
	}
	session_stop(session, attempt->result == ATTEMPT_KILLED ? STOP_KILLED : STOP_FAILED,
		     attempt, NULL);
	session_look_at_sources(session);
}

static void on_ended(void *data, const struct action_result *result)
{
	struct session *session = data;
	const struct action_result copy = *result;
	struct attempt attempt = {0};
	struct err err = session->err.code ? session->err : copy.run.err;

	action_run_free(session->run);
	session->run = NULL;
	spec_free(take_ptr(&session->spec_of_run));
	if (!is_own_failure(session, &copy.run) ||
	    session_record(session, &copy, &attempt, &err) < 0) {
		step_lost(session, &err);
		return;
	}
	claim_release(&session->claim);
	step_recorded(session, &attempt);
	attempt_release(&attempt);
}

bool session_refreshes(const struct session *session, size_t step)
{
	size_t wanted = session->options.refresh;

	return action_type_of(session_spec_step(session, step))->network &&
	       (wanted == SIZE_MAX || wanted == step);
}

/* The key of the step that is about to run, and what it is made of. A refreshed git step looks
 * anew what its ref stands for. */
static int find_key(struct session *session, const struct action_input *input, struct err *err)
{
	free(session->ingredients);
	session->ingredients = NULL;
	if (session_refreshes(session, session->position) && git_forget(input, err) < 0)
		return -1;
	return session_key(session, session->position, session->key, &session->ingredients, err);
}

/* Where the disk is full, what is of no use makes room for it, if the store has a size. */
static int begin_attempt(struct session *session, struct err *err)
{
	struct store *store = host_store(session->host);

	if (attempt_begin(store, COLUMNS, ROWS, &session->draft, err) == 0)
		return 0;
	if (!session_make_room(session, err))
		return -1;
	return attempt_begin(store, COLUMNS, ROWS, &session->draft, err);
}

static int start_step(struct session *session, struct err *err)
{
	struct action_input input = session_input(session, session->position);
	const struct action_callbacks callbacks = {on_output, on_mode,	on_note, on_progress,
						   on_paused, on_ended, session};
	struct place *place = session_place(session, session->position);

	input.another = expects_another(session);
	session->err = (struct err){0};
	session->joined = false;
	if (session_check_secrets(session, session->position, err) < 0 ||
	    find_key(session, &input, err) < 0 || begin_attempt(session, err) < 0)
		return -1;
	session->started_ms = moment_unix_ms();
	if (action_start(&input, &session->draft, session->options.interactive, &callbacks,
			 &session->run, err) < 0) {
		attempt_discard(host_store(session->host), &session->draft);
		return -1;
	}
	/* Nor is one that waits for what a person types. */
	if (session->options.interactive)
		claim_release(&session->claim);
	claim_tell(&session->claim, session->draft.number);
	place->status.result = STEP_RUNNING;
	session_begin_step(session);
	session_emit(session, (struct event){.type = EVENT_STEP_STARTED,
					     .step = session->position,
					     .attempt_id = session->draft.id});
	session_tell_unfollowed(session);
	return 0;
}

bool session_is_forced(const struct session *session, size_t step)
{
	const struct session_options *options = &session->options;

	if (session->forced == step)
		return true;
	if (session_place(session, step)->ran && session_step(session, step)->result == STEP_PASSED)
		return false;
	if (options->no_cache_from && step >= options->no_cache_from)
		return true;
	return session_refreshes(session, step);
}

/* The step is taken from the store: its breakpoints act as if it had run. */
static int pass_cached(struct session *session, const struct attempt *attempt, struct err *err)
{
	store_touch(host_store(session->host), attempt);
	claim_release(&session->claim);
	session->followed = 0;
	session_begin_step(session);
	if (session_feed_log(session, attempt, err) < 0)
		return -1;
	session_emit(session, (struct event){.type = EVENT_STEP_CACHED,
					     .step = session->position,
					     .attempt = attempt,
					     .attempt_id = attempt->id});
	step_done(session, session_after_step(session, attempt));
	return 1;
}

/* Takes the step from the store: 1, or 0 when it is not there, or -1. */
static int take_cached(struct session *session,
		       int (*look)(struct session *session, size_t step,
				   struct attempt *ret_attempt, struct err *err),
		       struct err *err)
{
	struct attempt attempt = {0};
	int found = look(session, session->position, &attempt, err);

	if (found > 0)
		found = pass_cached(session, &attempt, err);
	attempt_release(&attempt);
	return found;
}

/* What another process does at this moment is waited for, unless the step is to run in any case. */
static int take_or_start(struct session *session, struct err *err)
{
	int done = 0;

	if (!session_is_forced(session, session->position)) {
		done = take_cached(session, session_look_up, err);
		if (!done)
			done = session_claim(session, err);
		if (!done)
			done = take_cached(session, session_look_again, err);
	}
	return done ? done : start_step(session, err);
}

static void advance(void *data)
{
	struct session *session = data;
	struct err err = {0};
	int done;

	if (session->killed) {
		session_stop(session, STOP_KILLED, NULL, NULL);
		return;
	}
	done = take_or_start(session, &err);
	if (done < 0 && err.code == ERR_UNREAD)
		done = session_read(session, &err);
	else
		session_read_end(session);
	if (done < 0)
		session_stop(session, STOP_ERROR, NULL, &err);
}

void session_advance(struct session *session)
{
	loop_defer(host_loop(session->host), advance, session);
}
