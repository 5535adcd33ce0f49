/* action.h: what a step can do.
 *
 * Each kind of action is one `struct action_type` in a small file of its own; action_types is the
 * one table of them, from which specs are validated, documented and run. The columns of the
 * design's table (where it runs, network, what it reads and changes) are fields here.
 *
 * Life cycle of one run:
 *	1. action_key(): the cache key of a step in a state.
 *	2. If the store has no result for the key: attempt_begin(), action_start(); callbacks follow
 *	   from the loop, ended() last and once.
 *	3. action_apply(): the state after it.
 *	4. action_run_free().
 */
#ifndef ENGINE_ACTIONS_ACTION_H
#define ENGINE_ACTIONS_ACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/actions/host.h"
#include "engine/base/err.h"
#include "engine/sandbox/runner.h"
#include "engine/spec/spec.h"
#include "engine/store/store.h"

enum action_place {
	ACTION_IN_CONTRACTOR, /* trusted code of ours, in child processes */
	ACTION_IN_SYSTREE,    /* bwrap on the systree */
	ACTION_ON_HOST,	      /* bwrap on the host's /usr, read-only */
};

/* What an action does to a tree. */
enum action_effect {
	EFFECT_NONE, /* neither reads nor changes it */
	EFFECT_READS,
	EFFECT_CHANGES, /* adds to what was there: reads it, too */
	EFFECT_STARTS,	/* replaces it: what was there does not matter */
};

/* A step in a state: what action_key() and action_start() are about. */
struct action_input {
	struct host *host;
	const struct spec *spec;
	const struct step *step;
	const struct state *before;
	bool another; /* a step of the same kind is likely to follow this one at once */
};

struct action_run;
struct ingredients;

struct action_type {
	struct action_schema schema;
	enum action_place place;
	bool network;
	enum action_effect systree, workspace;
	/* Effects that depend on the step's fields (apt without `source`); NULL: those above. */
	enum action_effect (*effect_on)(const struct step *step, enum tree tree);
	/* Adds what it reads besides trees and fields; NULL: nothing. Returns 1 when it cannot know
	 * before the step has run (the commit of a git ref), 0, or -1. */
	int (*add_ingredients)(const struct action_input *input, struct ingredients *list,
			       struct err *err);
	/* Starts it, with the functions of run.h. */
	int (*start)(struct action_run *run, struct err *err);
};

/* All actions; ends with NULL. */
extern const struct action_type *const action_types[];
/* Their schemas, for spec_options; ends with NULL. */
extern const struct action_schema *const action_schemas[];

const struct action_type *action_type_of(const struct step *step);
enum action_effect action_effect_on(const struct step *step, enum tree tree);

/* The step's cache key in this state, and what it was made of as a JSON object (free with free();
 * NULL: not wanted). A step that cannot be looked up before it has run (git, when the ref's
 * commit is not known yet) has the key "". */
int action_key(const struct action_input *input, char ret_key[SHA256_HEX_SIZE],
	       char **ret_ingredients, struct err *err);

/* How a run ended. */
struct action_result {
	struct run_result run;
	char key[SHA256_HEX_SIZE];	/* known only now, for a step whose key was ""; else "" */
	char artifact[SHA256_HEX_SIZE]; /* digest of what create-artifact made; else "" */
};

struct action_callbacks {
	void (*output)(void *data, const char *bytes, size_t length);
	void (*mode)(void *data, bool onlcr);
	void (*note)(void *data, const char *text);
	void (*progress)(void *data, uint64_t bytes);
	void (*paused)(void *data, bool paused);
	void (*ended)(void *data, const struct action_result *result);
	void *data;
};

/* Starts the step. What input points to must live until ended(). interactive: somebody may type. Values of
 * secrets are masked in all that the callbacks are told. */
int action_start(const struct action_input *input, const struct attempt_draft *draft,
		 bool interactive, const struct action_callbacks *callbacks,
		 struct action_run **ret_run, struct err *err);
void action_run_free(struct action_run *run);
/* The process on the step's terminal, for pause, kill, typing; NULL when there is none. */
struct runner *action_runner(struct action_run *run);
/* Ends it as runner_kill() does, whatever it consists of. */
void action_kill(struct action_run *run, int64_t grace_ms);

/* The state after a passed attempt: `before` with what the action changes taken from the
 * attempt's own `after`. ret_after is initialised by this. */
void action_apply(const struct step *step, const struct state *before,
		  const struct attempt *attempt, struct state *ret_after);

/* The policy that a step's command runs under, also for a shell in its place. Release with
 * sandbox_policy_release(). */
void action_policy(const struct action_input *input, struct sandbox_policy *ret_policy);

#endif
