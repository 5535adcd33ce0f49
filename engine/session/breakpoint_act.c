/* What breakpoints do when a session comes by their steps. */
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/breakpoint_internal.h"

int breakpoint_exit_status(const struct breakpoint_outcome *outcome)
{
	return outcome->exit_status < 0 ? outcome->failed : outcome->exit_status;
}

bool breakpoint_acts_after(const struct breakpoint *breakpoint)
{
	if (breakpoint->where == BREAKPOINT_FAIL)
		return true;
	if (breakpoint->condition && condition_needs_outcome(breakpoint->condition))
		return true;
	return breakpoint->log && breakpoint_log_needs_outcome(breakpoint->log);
}

/* Whether its moment is there; outcome is NULL before the step. */
static bool is_hit(const struct breakpoint *breakpoint, const struct step *step,
		   const struct breakpoint_outcome *outcome)
{
	if (!breakpoint->enabled || !breakpoint_covers(breakpoint, step))
		return false;
	if (breakpoint_acts_after(breakpoint) != (outcome != NULL))
		return false;
	return breakpoint->where != BREAKPOINT_FAIL || outcome->failed;
}

static bool holds(const struct breakpoint *breakpoint, const struct breakpoint_outcome *outcome)
{
	struct condition_facts facts = {.hits = breakpoint->hits};

	if (!breakpoint->condition)
		return true;
	if (outcome) {
		facts.exit_status = breakpoint_exit_status(outcome);
		facts.duration_ms = outcome->duration_ms;
	}
	return condition_holds(breakpoint->condition, &facts);
}

/* Counts the hit, and returns whether the breakpoint acts. */
static bool hit(struct breakpoint *breakpoint, const struct step *step,
		const struct breakpoint_outcome *outcome)
{
	if (!is_hit(breakpoint, step, outcome))
		return false;
	if (breakpoint->hits < CONDITION_HITS_MAX)
		breakpoint->hits++;
	return holds(breakpoint, outcome);
}

/* Lets all act that do so now; those that were temporary are gone then. */
static int act(struct breakpoints *set, const struct step *step,
	       const struct breakpoint_outcome *outcome, struct buf *log)
{
	size_t kept = 0;
	int stops = 0;

	for (size_t i = 0; i < set->len; i++) {
		struct breakpoint *breakpoint = &set->items[i];
		bool acts = hit(breakpoint, step, outcome);

		if (acts && breakpoint->log) {
			breakpoint_log_expand(breakpoint, step, outcome, log);
			buf_add_char(log, '\n');
		} else if (acts && !stops) {
			stops = breakpoint->number;
		}
		if (acts && breakpoint->temporary)
			breakpoint_release(breakpoint);
		else
			set->items[kept++] = *breakpoint;
	}
	set->len = kept;
	return stops;
}

int breakpoints_before(struct breakpoints *set, const struct step *step, struct buf *log)
{
	return act(set, step, NULL, log);
}

int breakpoints_after(struct breakpoints *set, const struct step *step,
		      const struct breakpoint_outcome *outcome, struct buf *log)
{
	return act(set, step, outcome, log);
}

/* Whether the output of this step matters to the breakpoint. */
static bool wants_output(const struct breakpoint *breakpoint, const struct step *step)
{
	return breakpoint->enabled && breakpoint->condition &&
	       condition_needs_output(breakpoint->condition) && breakpoint_covers(breakpoint, step);
}

bool breakpoints_want_output(const struct breakpoints *set, const struct step *step)
{
	for (size_t i = 0; i < set->len; i++) {
		if (wants_output(&set->items[i], step))
			return true;
	}
	return false;
}

void breakpoints_begin(struct breakpoints *set, const struct step *step)
{
	for (size_t i = 0; i < set->len; i++) {
		struct breakpoint *breakpoint = &set->items[i];

		if (breakpoint->condition && breakpoint_covers(breakpoint, step))
			condition_begin(breakpoint->condition);
	}
}

void breakpoints_feed_output(struct breakpoints *set, const struct step *step, const char *bytes,
			     size_t length)
{
	for (size_t i = 0; i < set->len; i++) {
		if (wants_output(&set->items[i], step))
			condition_feed(set->items[i].condition, bytes, length);
	}
}
