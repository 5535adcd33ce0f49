/* breakpoint.h: where a build stops, or says something, by itself.
 *
 * A breakpoint is written WHERE [if CONDITION] [log TEXT]:
 *
 *	WHERE  12         the step with this number
 *	       :12        the step that this line of the file belongs to
 *	       fail       any step that fails
 *	       NAME       the step of this name, else all steps of this kind of action, else the
 *	                  only step whose name begins so; in quotes if it has " if " or " log " in it
 *	CONDITION         condition.h
 *	TEXT              to the end of the line: this is said, and the build goes on; {step} (its
 *	                  number), {name}, {hits}, {exit} and {duration} are replaced
 *
 * It acts before its step, also when the step is cached. `fail`, and what asks for the outcome (exit,
 * duration, output; {exit}, {duration}) acts after it. It has one hit each time that its moment
 * comes while it is enabled, whatever the condition says; `hits` counts the present one. A step
 * without a process has the exit status 0 when it passed, else 1.
 *
 * For each step that a session comes by, in this order:
 *
 *	breakpoints_before()       unless the command begins at a stop before this very step
 *	breakpoints_begin()        the step starts, or is taken from the cache
 *	breakpoints_feed_output()  as it comes; of a cached step from its log, if
 *	                           breakpoints_want_output()
 *	breakpoints_after()        with the outcome, the recorded one of a cached step
 *
 * The set begins as `struct breakpoints set = {0};` and ends with breakpoints_release(). Its fields
 * may be read; pointers into it are valid until the next call that is not const.
 */
#ifndef ENGINE_SESSION_BREAKPOINT_H
#define ENGINE_SESSION_BREAKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "engine/session/condition.h"
#include "engine/spec/spec.h"

enum { BREAKPOINTS_MAX = 1000, BREAKPOINT_NUMBER_MAX = 1000000, BREAKPOINT_LOG_MAX = 1000 };

enum breakpoint_where {
	BREAKPOINT_STEP,
	BREAKPOINT_LINE,
	BREAKPOINT_NAME,
	BREAKPOINT_KIND,
	BREAKPOINT_FAIL,
};

struct breakpoint {
	int number; /* from 1; never used again */
	enum breakpoint_where where;
	size_t step; /* its number, now or when it was last there; 0 for KIND and FAIL */
	size_t line; /* LINE */
	char *name;  /* of that step, or of the kind; NULL for FAIL */
	bool resolved;
	bool temporary; /* vanishes when it acts */
	bool enabled;
	uint64_t hits;
	struct condition *condition; /* or NULL: always */
	char *log;		     /* or NULL: it stops */
};

struct breakpoints {
	struct breakpoint *items; /* by number */
	size_t len, capacity;
	int last_number;
};

void breakpoints_release(struct breakpoints *set);

/* Adds a breakpoint, by its line or by the words of it. Returns its number, or -1: ERR_USAGE,
 * or ERR_NOT_FOUND for a WHERE that is not in the spec. */
int breakpoints_add(struct breakpoints *set, const struct spec *spec, const char *line,
		    bool temporary, struct err *err);
int breakpoints_add_words(struct breakpoints *set, const struct spec *spec,
			  const struct strv *words, bool temporary, struct err *err);

/* Gives a breakpoint another condition; NULL takes it away. */
int breakpoints_set_condition(struct breakpoints *set, int number, const char *text,
			      struct err *err);

enum breakpoint_change { BREAKPOINT_DELETE, BREAKPOINT_ENABLE, BREAKPOINT_DISABLE };

/* Does it to those that the words name: numbers, or "all". Nothing is changed when one of them
 * is not there (ERR_NOT_FOUND) or not a number. */
int breakpoints_change(struct breakpoints *set, enum breakpoint_change change,
		       const struct strv *which, struct err *err);

/* The breakpoint of this number, or NULL. */
const struct breakpoint *breakpoints_find(const struct breakpoints *set, int number);
/* The first that is on this step, enabled or not: one of its own, else of its kind; or NULL. */
const struct breakpoint *breakpoints_on(const struct breakpoints *set, const struct step *step);

/* Looks for the steps again, in a spec that takes the place of the former. A step is known by its
 * name; one that was given by number or line stays with that if the name is gone. edited: the
 * number of the step whose text was replaced, which keeps its breakpoints under any name; 0:
 * none. What is not found stays, unresolved, and may come back. */
void breakpoints_resolve(struct breakpoints *set, const struct spec *spec, size_t edited);

struct breakpoint_outcome {
	int exit_status; /* -1: none */
	int64_t duration_ms;
	bool failed;
};

/* What happens before this step: adds a line to log for each breakpoint that logs (safe to show),
 * and returns the number of the first that stops, or 0. That one may be gone already, being
 * temporary. */
int breakpoints_before(struct breakpoints *set, const struct step *step, struct buf *log);
/* A run of the step begins: output that was fed before is forgotten. */
void breakpoints_begin(struct breakpoints *set, const struct step *step);
/* Whether a breakpoint that acts after this step asks for its output. */
bool breakpoints_want_output(const struct breakpoints *set, const struct step *step);
void breakpoints_feed_output(struct breakpoints *set, const struct step *step, const char *bytes,
			     size_t length);
/* As breakpoints_before(), after the step. */
int breakpoints_after(struct breakpoints *set, const struct step *step,
		      const struct breakpoint_outcome *outcome, struct buf *log);

/* Adds a line for each, safe to show:
 *	1   kept       enabled   5: step 5 (shell make); if exit != 0; 2 hits
 *	2   temporary  disabled  apt: steps 3, 4; log {name} gave {exit}; 0 hits
 *	3   kept       enabled   shell test: not in the file now; 1 hit
 */
void breakpoints_describe(const struct breakpoints *set, const struct spec *spec, struct buf *out);

/* The set as text of printable ASCII and newlines, and from it. What is not such a text, or of
 * another version, is ERR_FAULT, and the set stays as it is; else it takes the place of the set,
 * resolved with the spec. */
void breakpoints_write(const struct breakpoints *set, struct buf *out);
int breakpoints_read(struct breakpoints *set, const struct spec *spec, const char *text,
		     size_t length, struct err *err);

#endif
