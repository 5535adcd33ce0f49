/* Breakpoints as `info breakpoints` lists them. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/breakpoint_internal.h"

enum { STEPS_LISTED = 10 };

static void add_shown(struct buf *out, const char *text)
{
	buf_add_shown(out, text, strlen(text));
}

/* "steps 3, 4": all that a kind is on, or the first of them and how many more there are. */
static void add_steps(const struct breakpoint *breakpoint, const struct spec *spec, struct buf *out)
{
	AUTO_BUF struct buf list = BUF_INIT;
	size_t count = 0;

	for (size_t i = 0; i < spec->n_steps; i++) {
		const struct step *step = &spec->steps[i];

		if (!breakpoint_covers(breakpoint, step) || count++ >= STEPS_LISTED)
			continue;
		buf_add_fmt(&list, "%s%zu", list.len ? ", " : "", step->number);
	}
	buf_add_fmt(out, "step%s %s", count == 1 ? "" : "s", list.data);
	if (count > STEPS_LISTED)
		buf_add_fmt(out, " and %zu more", count - STEPS_LISTED);
}

/* As it would be written. */
static void add_where(const struct breakpoint *breakpoint, struct buf *out)
{
	if (breakpoint->where == BREAKPOINT_FAIL)
		buf_add_str(out, "fail");
	else if (breakpoint->where == BREAKPOINT_STEP)
		buf_add_fmt(out, "%zu", breakpoint->step);
	else if (breakpoint->where == BREAKPOINT_LINE)
		buf_add_fmt(out, ":%zu", breakpoint->line);
	else
		add_shown(out, breakpoint->name);
}

/* Which steps that is. */
static void add_resolved(const struct breakpoint *breakpoint, const struct spec *spec,
			 struct buf *out)
{
	if (breakpoint->where == BREAKPOINT_FAIL) {
		buf_add_str(out, "any step that fails");
	} else if (!breakpoint->resolved) {
		buf_add_str(out, "not in the file now");
	} else if (breakpoint->where == BREAKPOINT_KIND) {
		add_steps(breakpoint, spec, out);
	} else {
		buf_add_fmt(out, "step %zu '", breakpoint->step);
		add_shown(out, breakpoint->name);
		buf_add_char(out, '\'');
	}
}

static void describe(const struct breakpoint *breakpoint, const struct spec *spec, struct buf *out)
{
	buf_add_fmt(out, "%-3d %-10s %-9s ", breakpoint->number,
		    breakpoint->temporary ? "temporary" : "kept",
		    breakpoint->enabled ? "enabled" : "disabled");
	add_where(breakpoint, out);
	buf_add_str(out, ": ");
	add_resolved(breakpoint, spec, out);
	if (breakpoint->condition) {
		buf_add_str(out, "; if ");
		add_shown(out, condition_text(breakpoint->condition));
	}
	if (breakpoint->log) {
		buf_add_str(out, "; log ");
		add_shown(out, breakpoint->log);
	}
	buf_add_str(out, "; ");
	buf_add_count(out, breakpoint->hits, "hit");
	buf_add_char(out, '\n');
}

void breakpoints_describe(const struct breakpoints *set, const struct spec *spec, struct buf *out)
{
	for (size_t i = 0; i < set->len; i++)
		describe(&set->items[i], spec, out);
}
