/* breakpoint_internal.h: what the files breakpoint*.c share. */
#ifndef ENGINE_SESSION_BREAKPOINT_INTERNAL_H
#define ENGINE_SESSION_BREAKPOINT_INTERNAL_H

#include "engine/session/breakpoint.h"

/* breakpoint.c */
void breakpoint_release(struct breakpoint *breakpoint);
/* Adds it, with its number, and takes over what it owns. It then lies in the set. */
void breakpoints_append(struct breakpoints *set, const struct breakpoint *breakpoint);

/* breakpoint_where.c: fills in where, step, line, name and resolved from WHERE. */
int breakpoint_place(struct breakpoint *breakpoint, const struct spec *spec, const char *where,
		     struct err *err);
/* Whether the breakpoint is on this step; `fail` is on every one. */
bool breakpoint_covers(const struct breakpoint *breakpoint, const struct step *step);

/* breakpoint_log.c: whether the text can be said only after the step. */
bool breakpoint_log_needs_outcome(const char *text);
/* Adds the text with its {} replaced; outcome is NULL before the step. */
void breakpoint_log_expand(const struct breakpoint *breakpoint, const struct step *step,
			   const struct breakpoint_outcome *outcome, struct buf *out);

/* breakpoint_act.c: whether it acts after its step. */
bool breakpoint_acts_after(const struct breakpoint *breakpoint);
/* As conditions see it: a step without a process has one too. */
int breakpoint_exit_status(const struct breakpoint_outcome *outcome);

#endif
