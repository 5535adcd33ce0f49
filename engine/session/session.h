/* session.h: one build that is being debugged, or just run. Open this first.
 *
 * A session stands before a step of a spec, or at its end, and waits for a command; or a step is
 * running or paused. It knows the state of the build (systree, workspace, artifacts) before every
 * step it has come by, so going anywhere is taking another state: nothing is undone.
 *
 *	state              commands that lead out of it
 *	SESSION_STOPPED    next continue until back goto rerun       -> SESSION_RUNNING, or stopped again
 *	                   reverse-continue
 *	SESSION_RUNNING    pause                                     -> SESSION_PAUSED
 *	                   kill, or the step ends                    -> SESSION_STOPPED or the next step
 *	SESSION_PAUSED     resume                                    -> SESSION_RUNNING
 *	                   kill                                      -> SESSION_STOPPED
 *
 * What happens is told by events (event.h), from the loop; a command only starts it. A command that is not
 * allowed in the present state fails with ERR_USAGE and says why.
 *
 * Whether a step is taken from the cache depends on its key alone: debugging never changes it.
 */
#ifndef ENGINE_SESSION_SESSION_H
#define ENGINE_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/actions/action.h"
#include "engine/base/err.h"
#include "engine/session/breakpoint.h"
#include "engine/session/event.h"
#include "engine/spec/spec.h"

struct session;
struct command_front;

enum session_state { SESSION_STOPPED, SESSION_RUNNING, SESSION_PAUSED };

enum step_result {
	STEP_PENDING,
	STEP_CACHED, /* a result with its key is in the store */
	STEP_RUNNING,
	STEP_PAUSED,
	STEP_PASSED, /* ran in this session */
	STEP_FAILED,
	STEP_KILLED,
	STEP_TIMED_OUT,
	STEP_OVER_LIMIT,
};

enum step_flags { STEP_EDITED = 1, STEP_ADOPTED = 2, STEP_STALE = 4 };

/* What is known of one step. */
struct step_status {
	enum step_result result;
	unsigned flags;
	char key[SHA256_HEX_SIZE];	 /* "" when something before it has not run */
	int64_t attempt;		 /* number of the attempt that result is of, or 0 */
	int64_t started_ms, duration_ms; /* of that attempt */
	int exit_status;		 /* of that attempt; -1: none */
};

const char *step_result_name(enum step_result result);

struct session_options {
	struct host *host;
	struct spec *spec;			 /* taken over */
	const struct spec_options *spec_options; /* how it was read; must outlive the session */
	size_t no_cache_from; /* steps from this number on are run again; 0: none */
	size_t refresh; /* this apt, git or debootstrap step is run anew; SIZE_MAX: all; 0: none */
	bool interactive;    /* somebody may type into a running step */
	uint64_t store_size; /* the store is pruned when it takes more bytes than that; 0: never */
	void (*event)(void *data, const struct event *event);
	void *data;
	const struct command_front *front; /* command.h; NULL: none. Must outlive the session */
	void *front_data;
};

/* A session before the first step. Nothing is run. Free with session_free(). */
int session_new(const struct session_options *options, struct session **ret_session,
		struct err *err);
/* Ends a running step at once, and frees all. */
void session_free(struct session *session);

enum session_state session_state(const struct session *session);
/* The next step to run, from 1; number of steps + 1 at the end. */
size_t session_position(const struct session *session);
const struct spec *session_spec(const struct session *session);
struct host *session_host(const struct session *session);

/* Whether the session stands where the present step has failed: not when it went there. */
bool session_is_at_failure(const struct session *session);

/* What is known of step (from 1). */
const struct step_status *session_step(const struct session *session, size_t step);
/* The state of the build before step, or NULL when something before it has not run. n + 1: at the
 * end. Valid until the next command. */
const struct state *session_state_before(const struct session *session, size_t step);

/* Looks up every step in the store, as far as keys are known, without running anything. Behind session_restore() a
 * step whose files are too many to be read while a person waits stays pending, until it is to be run: then they are
 * read by a child (EVENT_STEP_READING), while the session is running, and session_kill() ends that. 1 when there is
 * such a step, behind which nothing is known yet; 0; -1. */
int session_look(struct session *session, struct err *err);

/* Commands. */
int session_next(struct session *session, struct err *err);
int session_continue(struct session *session, struct err *err);
int session_until(struct session *session, size_t step, struct err *err);
int session_back(struct session *session, struct err *err);
int session_goto(struct session *session, size_t step, struct err *err);
/* Runs step again from the clean state before it, and stops after it. */
int session_rerun(struct session *session, size_t step, struct err *err);
int session_pause(struct session *session, struct err *err);
int session_resume(struct session *session, struct err *err);
int session_kill(struct session *session, struct err *err);
/* Whether the files of the present step are being read, to know whether it has been run with them: how many bytes were
 * so far, and how many there are. */
bool session_is_reading(const struct session *session, uint64_t *ret_read, uint64_t *ret_all);
/* Whether a step has been told to end, or a paused one to go on, and has not yet done so. */
bool session_is_ending(const struct session *session);
bool session_is_resuming(const struct session *session);
/* Goes back to the nearest breakpoint that stops before its step, whatever its condition, else to
 * the start. */
int session_reverse_continue(struct session *session, struct err *err);
/* Ends a running step without waiting for it to obey. */
void session_kill_now(struct session *session);
/* The same, and turns the loop until what came of it is recorded, but not longer: for who leaves. */
void session_end_run(struct session *session, int64_t within_ms);

/* ERR_USAGE unless the step may be edited: while one runs, only those behind it. */
int session_check_edit(const struct session *session, size_t step, struct err *err);
/* Replaces the text of a step (spec_edit.h) in this session. When the result is not a valid
 * spec nothing changes: ERR_USAGE, and ret_diagnostics says what. Later steps become stale. */
int session_replace_step(struct session *session, size_t step, const char *text, size_t length,
			 struct diagnostics *ret_diagnostics, struct err *err);

/* The text of the file, as it was read or written last. */
const struct buf *session_file_text(const struct session *session);
/* Whether the text differs from the file's, and which step does. */
bool session_has_edits(const struct session *session);
bool session_is_edited(const struct session *session, size_t step);
/* Puts the edits into the file, every other byte as it was. */
int session_write_edits(struct session *session, struct err *err);

/* Gives a parameter another value ("NAME=VALUE") for this session. The first step that it changes,
 * and those behind it, become stale. */
int session_set_parameter(struct session *session, const char *setting, struct err *err);

/* Breakpoints (breakpoint.h), by their line or by the words of it: the number of the new one, or
 * -1. A second one without a condition on the same step is refused. */
int session_add_breakpoint(struct session *session, const char *line, bool temporary,
			   struct err *err);
int session_add_breakpoint_words(struct session *session, const struct strv *words, bool temporary,
				 struct err *err);
int session_break(struct session *session, size_t step, struct err *err);
int session_delete_breakpoint(struct session *session, int number, struct err *err);
int session_change_breakpoints(struct session *session, enum breakpoint_change change,
			       const struct strv *which, struct err *err);
/* Gives a breakpoint another condition (condition.h); NULL takes it away. */
int session_set_condition(struct session *session, int number, const char *text, struct err *err);
bool session_has_breakpoint(const struct session *session, size_t step);
const struct breakpoints *session_breakpoints(const struct session *session);

/* What an earlier session on this specification left in the store: its edits, breakpoints, and
 * position; but at a step that has failed since, before that one. Nothing is run. What could not be
 * taken over is told in ret_notes, in lines that are safe to show. */
int session_restore(struct session *session, struct buf *ret_notes, struct err *err);
/* Keeps them for the next session; while a step runs, not the position. */
int session_save(struct session *session, struct err *err);

/* Takes what the shell that ended last has changed (shell_keep()) as the result of the step that it
 * was in: an attempt that is adopted, and never taken from the cache. The build then stands behind
 * the step, and what is behind that becomes stale. step: that step, or 0. ERR_USAGE when there is
 * nothing: whatever runs a step drops it. */
int session_adopt(struct session *session, size_t step, struct err *err);
/* The step that session_adopt() would be for, or 0. */
size_t session_adoptable(const struct session *session);

/* Bytes typed into the running step; ERR_USAGE when none runs or too much is queued. */
int session_type(struct session *session, const void *bytes, size_t length, struct err *err);

/* Somebody types from now on: the running step, and those after it, wait for it when they read,
 * instead of getting end-of-file at once as under `run`; false: as under `run`, from the next step on. */
void session_interact(struct session *session, bool interactive);

/* For who is about to end: sees to it that a loss of power takes none of the results that were told, and that the store
 * is not left larger than store_size, as far as that can be helped. True when that takes time: settled() is
 * called then, from the loop. */
bool session_settle(struct session *session, void (*settled)(void *data), void *data);
/* What was said of results that could not be brought to the disk (EVENT_STORE_FAILED), in lines that are
 * safe to show; "" when there was nothing to say. */
const char *session_unkept(const struct session *session);

/* Copies the named artifacts of the present state to the artifact directory. */
int session_export_artifacts(struct session *session, struct err *err);
/* The same for a person at the end of the build, unless something in it was made by hand. ret_text says in a line
 * what was done, and why not; it is empty where there are no artifacts. */
int session_deliver_artifacts(struct session *session, struct buf *ret_text, struct err *err);
/* "artifacts a, b", which these would write; "" when there are none. Safe to show. */
void session_add_artifacts(const struct session *session, struct buf *out);

#endif
