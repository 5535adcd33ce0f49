/* What a run that ended leaves behind: its attempt. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "engine/base/mem.h"
#include "engine/session/session_internal.h"

static const enum attempt_result results[] = {
	[RUN_EXITED] = ATTEMPT_PASSED,		 [RUN_KILLED] = ATTEMPT_KILLED,
	[RUN_TIMED_OUT] = ATTEMPT_TIMED_OUT,	 [RUN_OVER_OUTPUT] = ATTEMPT_OVER_LIMIT,
	[RUN_OVER_MEMORY] = ATTEMPT_OVER_LIMIT,	 [RUN_OVER_DISK] = ATTEMPT_OVER_LIMIT,
	[RUN_AT_FILE_SIZE] = ATTEMPT_OVER_LIMIT, [RUN_AT_PROCESSES] = ATTEMPT_OVER_LIMIT,
	[RUN_FAILED] = ATTEMPT_FAILED,
};

static enum attempt_result judge(const struct run_result *run)
{
	return run->end == RUN_EXITED && run->exit_status > 0 ? ATTEMPT_FAILED : results[run->end];
}

/* Makes a key that nothing else has. */
static void add_random(struct sha256 *sha)
{
	unsigned char random[16];

	if (getrandom(random, sizeof random, 0) == (ssize_t)sizeof random)
		sha256_field_bytes(sha, random, sizeof random);
}

void session_unique_key(char ret_key[SHA256_HEX_SIZE])
{
	struct sha256 *sha = sha256_new();

	sha256_field(sha, "adopted");
	add_random(sha);
	sha256_finish(sha, ret_key);
}

/* The key of a tree that the attempt changed. A refreshed or adopted step may give something else
 * for the same key: then its results have keys of their own, and so has all that follows. */
static void changed_key(const char *key, enum tree tree, bool unique, char ret_key[SHA256_HEX_SIZE])
{
	struct sha256 *sha = sha256_new();

	sha256_field(sha, "state");
	sha256_field(sha, key);
	sha256_field(sha, tree_name(tree));
	if (unique)
		add_random(sha);
	sha256_finish(sha, ret_key);
}

/* The trees after the attempt: its layers on those that were there. */
static void fill_after(const struct session *session, const bool whole[TREE_COUNT],
		       struct attempt *attempt)
{
	const struct step *step = session_spec_step(session, session->position);

	state_copy(&attempt->after, &attempt->before);
	for (int i = 0; i < TREE_COUNT; i++) {
		enum tree tree = (enum tree)i;
		enum action_effect effect = action_effect_on(step, tree);

		/* A whole tree stands on nothing: that a chain begins with it says that it is one. */
		if (effect == EFFECT_STARTS || (attempt->has_layer[tree] && whole[tree]))
			strv_clear(&attempt->after.chain[tree]);
		if (attempt->has_layer[tree])
			strv_add(&attempt->after.chain[tree], attempt->id);
		if (effect == EFFECT_STARTS || attempt->has_layer[tree])
			changed_key(attempt->key, tree,
				    attempt->adopted ||
					    session_refreshes(session, session->position),
				    attempt->after.key[tree]);
	}
}

static void fill_attempt(const struct session *session, const struct action_result *result,
			 struct attempt *attempt)
{
	const struct step *step = session_spec_step(session, session->position);
	const struct run_result *run = &result->run;

	*attempt = (struct attempt){
		.number = session->draft.number,
		.step = (int64_t)session->position,
		.name = mem_strdup(step->name),
		.action = mem_strdup(step->schema->name),
		.result = judge(run),
		.exit_status = run->exit_status,
		.message = session_run_message(run, &step->limits),
		.adopted = session->joined,
		.started_ms = session->started_ms,
		.duration_ms = run->duration_ms,
		.ingredients = mem_strdup(session->ingredients ? session->ingredients : "{}"),
	};
	snprintf(attempt->id, sizeof attempt->id, "%s", session->draft.id);
	snprintf(attempt->key, sizeof attempt->key, "%s",
		 session->key[0] ? session->key : result->key);
	/* A failure is never taken from the cache, and is to be found again. */
	if (attempt->adopted && attempt->result == ATTEMPT_PASSED)
		session_unique_key(attempt->key);
	snprintf(attempt->spec_path, sizeof attempt->spec_path, "%s", session->spec->real_path);
	memcpy(attempt->has_layer, run->changed, sizeof attempt->has_layer);
	state_init(&attempt->before);
	state_init(&attempt->after);
	state_copy(&attempt->before, &session_place(session, session->position)->before);
	fill_after(session, run->whole, attempt);
	if (step->schema->makes_artifact && attempt->result == ATTEMPT_PASSED)
		strv_setenv(&attempt->after.artifacts, step_text(step, "artifact"),
			    result->artifact);
}

int session_record(struct session *session, const struct action_result *result,
		   struct attempt *ret_attempt, struct err *err)
{
	fill_attempt(session, result, ret_attempt);
	if (attempt_commit(host_store(session->host), &session->draft, ret_attempt, err) < 0) {
		attempt_release(ret_attempt);
		return err_in(err, "step %zu ran, but its result could not be kept",
			      session->position);
	}
	session_owe(session, ret_attempt);
	session_sync(session);
	session_squash(session, &ret_attempt->after);
	return 0;
}
