/* event.h: what happened in a session, for whoever shows it. */
#ifndef ENGINE_SESSION_EVENT_H
#define ENGINE_SESSION_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/store/store.h"

enum event_type {
	EVENT_STEP_READING, /* before anything is known of it, the files that it takes are read; amount: bytes in
				all; text: a line that says so, safe to show */
	EVENT_STEP_STARTED, /* step runs now, here or in another process (a note says so then, and the
				step is cached at its end, or started again); attempt_id: its log */
	EVENT_STEP_OUTPUT,   /* bytes, length: as the program wrote them */
	EVENT_STEP_NOTE,     /* text: one line about it that is not its output */
	EVENT_STEP_PROGRESS, /* amount: bytes handled, or read, so far */
	EVENT_STEP_TERMINAL, /* from the output's byte `amount` on, onlcr: LF moves to the left, too */
	EVENT_STEP_PAUSED,
	EVENT_STEP_RESUMED,
	EVENT_STEP_CACHED,    /* taken from the cache; attempt */
	EVENT_BREAKPOINT_LOG, /* text: what a breakpoint on the step says, safe to show */
	EVENT_STEP_ENDED,     /* attempt: how; passed or not */
	EVENT_STORE_PRUNED, /* the store was too large; text: what was removed, amount: bytes freed */
	EVENT_STORE_FAILED, /* results could not be brought to the disk; text: which, and what to do */
	EVENT_STOPPED,	    /* the session waits for a command; reason, and text for a failure */
	EVENT_TYPES,
};

enum stop_reason {
	STOP_STEP,	 /* after `next`, `goto`, `back`, or before the step that `until` named */
	STOP_BREAKPOINT, /* by `breakpoint`: before step, or behind the one before it */
	STOP_FAILED,	 /* step failed, see attempt */
	STOP_KILLED,	 /* step was killed by the person */
	STOP_END,	 /* the build is done */
	STOP_ERROR,	 /* the step could not be run or recorded; see err */
};

struct event {
	enum event_type type;
	size_t step; /* number from 1; of EVENT_STOPPED: the next step to run, n + 1 at the end */
	const char *bytes;
	size_t length;
	const char *text;
	uint64_t amount;
	bool onlcr;
	const char *attempt_id;
	const struct attempt *attempt;
	enum stop_reason reason;
	int breakpoint; /* number; of STOP_BREAKPOINT */
	const struct err *err;
};

/* "step-started", …: stable names. */
const char *event_name(enum event_type type);
const char *stop_reason_name(enum stop_reason reason);

#endif
