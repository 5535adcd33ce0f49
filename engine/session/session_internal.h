/* session_internal.h: the session's fields, for the files session*.c, command*.c and shell.c. */
#ifndef ENGINE_SESSION_SESSION_INTERNAL_H
#define ENGINE_SESSION_SESSION_INTERNAL_H

#include "engine/session/breakpoint.h"
#include "engine/session/session.h"
#include "engine/store/claim.h"

/* How far the present command goes. */
enum goal {
	GOAL_STEP,     /* one step */
	GOAL_CONTINUE, /* to a breakpoint, a failure or the end */
	GOAL_UNTIL,    /* to before the step `until` */
};

/* What is kept of a session for the next one on the same specification. */
enum saved_kind { SAVED_BREAKPOINTS, SAVED_POSITION, SAVED_EDITS, SAVED_KINDS };

/* What the session knows of one step, and of the build before it. */
struct place {
	struct step_status status;
	struct state before;
	bool known; /* before is valid */
	bool ran;   /* status is of an attempt of this session */
};

/* What the shell that ended last has changed. */
struct leftover {
	size_t step; /* that it was in; 0: there is nothing */
	struct attempt_draft draft;
	struct state state; /* that it was started in */
	bool changed[TREE_COUNT], whole[TREE_COUNT];
	int64_t started_ms, duration_ms; /* Unix time */
};

struct session {
	struct session_options options;
	struct host *host;
	struct spec *spec;
	struct spec *original; /* as it is in the file, when a step was edited since; else NULL */
	struct spec_options spec_options; /* with these parameters: */
	struct strv parameters;
	struct place *places; /* by step number - 1, and one more for the end */
	size_t n_steps;

	enum session_state state;
	size_t position; /* next step, from 1 */
	bool at_failure; /* it has just failed */
	enum goal goal;
	size_t until;
	size_t forced; /* this step is run even when it is cached; 0: none */

	/* The running step. */
	struct action_run *run;
	struct spec *spec_of_run; /* that it was begun with, if only the run has it; else NULL */
	struct attempt_draft draft;
	char key[SHA256_HEX_SIZE];
	char *ingredients;
	int64_t started_ms;    /* Unix time */
	struct err err;	       /* what went wrong on our side while it ran */
	bool resuming;	       /* a paused step is to go on */
	bool said_copied;      /* that trees are copied */
	bool joined;	       /* by a shell: what comes of it is a person's, too */
	bool killed;	       /* the command is to end, even between two steps */
	struct claim claim;    /* on the present step, while this process runs it or waits for it */
	struct follow *follow; /* another process runs it, and this one waits; or NULL */
	long followed;	       /* that process, when it has ended; or 0 */

	/* A child reads the files of the present step; or NULL. */
	struct worker *reading;
	uint64_t unread_bytes, read_bytes;
	int reads; /* how often, for the present step */

	struct leftover leftover;
	struct breakpoints breakpoints;
	char *saved[SAVED_KINDS]; /* what the store has, as far as this session knows */
	size_t unrestored; /* from here on, adopted results could not be looked at yet; or 0 */

	/* Makes what is recorded durable, and sums of it, in the background. */
	struct worker *keeping;
	struct store_batch *batch;     /* that is being synced, or NULL */
	struct loop_timer *keep_timer; /* until it is time for it, or NULL */
	int64_t kept_ms;	       /* when it was last begun; 0: never */
	bool no_keep;		       /* it failed: not again, but for what is recorded next */
	struct err keep_err;	       /* why */
	/* Results that were told and were not durable then: how many, how many of them the batch is for, and of how
	 * many it is known what became of them. */
	uint64_t owed, owed_in_batch, owed_done;
	struct buf unkept;     /* what was said of those that did not become durable */
	struct squash *squash; /* being made by the next, or NULL */
	struct worker *squashing;
	bool looks_briefly; /* a person waits for it: files that take long are read by a child */
	bool no_squash;	    /* it failed: not again */

	/* Keeps the store within its size. */
	struct worker *pruning;
	bool no_prune;		     /* nothing more can go */
	bool has_pinned;	     /* what this build has in the store is known to be in use */
	bool unpinned;		     /* it could not be looked up yet: then nothing is pruned */
	char *pruned;		     /* what was removed last, or NULL */
	void (*settled)(void *data); /* when nothing is under way any more; or NULL */
	void *settled_data;
};

/* session.c */
void session_emit(struct session *session, struct event event);
struct place *session_place(const struct session *session, size_t step);
const struct step *session_spec_step(const struct session *session, size_t step);
struct action_input session_input(const struct session *session, size_t step);
/* The state before step + 1 becomes known: it is after the attempt. */
void session_set_after(struct session *session, size_t step, const struct attempt *attempt);
/* Forgets the states behind step, and marks later results as stale. */
void session_forget_after(struct session *session, size_t step);
/* ERR_USAGE when the build has no such step. */
int session_check_step(const struct session *session, size_t step, struct err *err);
/* Makes the state before step known, from the store if need be: 1, or 0 when *ret_missing, a step
 * before it, has not passed, or -1. */
int session_find_state(struct session *session, size_t step, size_t *ret_missing, struct err *err);

/* session.c: ERR_USAGE unless the session is in one of these states (bits 1 << enum
 * session_state). */
int session_require(const struct session *session, unsigned allowed, struct err *err);

/* session_break.c: what breakpoints do before the present step, when it begins, with its output,
 * and after it; the first and the last return the number of one that stops, or 0. */
int session_before_step(struct session *session);
void session_begin_step(struct session *session);
void session_feed_step(struct session *session, const char *bytes, size_t length);
int session_after_step(struct session *session, const struct attempt *attempt);
/* Feeds what the attempt printed, if a breakpoint asks for it. */
int session_feed_log(struct session *session, const struct attempt *attempt, struct err *err);

/* session_cache.c: the newest passed attempt of step, whose state before is known, is taken as its
 * result: 1, or 0 when there is none, or -1. The state behind the step is known then. */
int session_look_up(struct session *session, size_t step, struct attempt *ret_attempt,
		    struct err *err);
/* The same without a change of what is said of a step that is running, or whose newest attempt
 * of this session did not pass. */
int session_look_at(struct session *session, size_t step, struct attempt *ret_attempt,
		    struct err *err);
/* The same once more by the key that was found then: another process may have been quicker. */
int session_look_again(struct session *session, size_t step, struct attempt *ret_attempt,
		       struct err *err);
void session_note_attempt(struct place *place, const struct attempt *attempt,
			  enum step_result result);

/* session_run.c: goes on towards the goal, from the loop. */
void session_advance(struct session *session);
void session_stop(struct session *session, enum stop_reason reason, const struct attempt *attempt,
		  const struct err *err);

/* session_read.c: the key of step, whose state before is known, as action_key() makes it. ERR_UNREAD where a person
 * would have to wait for it: session_read() has its files read, if it is the present step, and goes on then. */
int session_key(struct session *session, size_t step, char ret_key[SHA256_HEX_SIZE],
		char **ret_ingredients, struct err *err);
int session_read(struct session *session, struct err *err);
/* Gives that up, and what the present command alone was to know by it. */
void session_read_end(struct session *session);

/* session_follow.c: sees to it that no other process runs the present step, whose key is known.
 * 0: none does; 1: one does, and the session goes on when it has ended; -1. */
int session_claim(struct session *session, struct err *err);
/* Stops waiting for the other process. */
void session_unfollow(struct session *session);
/* Says that the step runs here although another process was followed. */
void session_tell_unfollowed(struct session *session);

/* Whether the step is run even when the store has a result. */
bool session_is_forced(const struct session *session, size_t step);

/* session_secrets.c: ERR_USAGE when a value of a secret lacks that the step uses; or that a step uses
 * which the command that was given will run, as far as that can be known. */
int session_check_secrets(const struct session *session, size_t step, struct err *err);
int session_check_all_secrets(struct session *session, struct err *err);

/* session_sources.c: for who tries something again, or has failed: says whether files have changed that a step
 * before the present one took from beside the specification, and marks it and what stands on it as stale. Files that
 * take long to be read are not looked at. */
void session_look_at_sources(struct session *session);

/* Whether --refresh asks for this step to be run anew. */
bool session_refreshes(const struct session *session, size_t step);

/* session_adopt.c: keeps what a shell left, which is taken over, until something runs. */
void session_keep(struct session *session, struct leftover *leftover);
void session_drop_leftover(struct session *session);

/* session_record.c: a key that no other result has, and that no step will look for. */
void session_unique_key(char ret_key[SHA256_HEX_SIZE]);

/* session_message.c: why the run did not pass, in one line; "" when it did. Free with free(). */
char *session_run_message(const struct run_result *run, const struct limits *limits);

/* session_record.c: the attempt row of a run that ended, or of a result without a process. */
int session_record(struct session *session, const struct action_result *result,
		   struct attempt *ret_attempt, struct err *err);

/* session_keep.c: starts making what is recorded durable, and then its sums, unless that is under way. */
void session_sync(struct session *session);
/* Throws away what is under way. */
void session_keep_end(struct session *session);
/* In a child: lets steps have the processors and the disk first. */
void session_yield_to_steps(void);

/* session_keep.c: for who settles. A sync that is under way goes on; else what is owed is synced, and then, where the
 * store has a size, sums are made of all that has none. */
void session_keep_last(struct session *session);

/* session_owed.c: a result was told. */
void session_owe(struct session *session, const struct attempt *attempt);
/* Whether one of them may not be durable. */
bool session_owes(const struct session *session);
/* Says that a sync failed, and what it was for; unmarked: why that could not be marked as lost, or NULL. */
void session_tell_lost(struct session *session, const struct store_batch *batch,
		       const struct err *failure, const struct err *unmarked);
/* Says, if so, that something is still owed at the end. */
void session_tell_owed(struct session *session);

/* session_prune.c: starts making the store smaller if it is known to be too large. */
void session_prune(struct session *session);
/* Frees the space that a step lacks, at once; false when err is about something else, or nothing could
 * be freed. */
bool session_make_room(struct session *session, const struct err *err);
/* Looks up what the build has in the store, so that it is in use, and is not what goes first. */
void session_pin_cached(struct session *session);
/* Tells who waits in session_settle() if nothing is under way. */
void session_settled(struct session *session);
void session_prune_end(struct session *session);

/* session_save.c: takes what was adopted in an earlier session, as far as that could not be looked at yet. */
void session_restore_adopted(struct session *session);

/* session_message.c: "2 GiB"; to be freed. */
char *session_size_text(uint64_t bytes);

/* session_squash.c: starts squashing what the state's chains have to have squashed, unless some of it
 * is under way. It goes on by itself with those of the present position. */
void session_squash(struct session *session, const struct state *state);
/* Throws away what is under way. */
void session_squash_end(struct session *session);

#endif
