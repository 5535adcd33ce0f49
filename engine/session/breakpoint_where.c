/* Which step a breakpoint is on: found by what was written, and found again in another spec. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/breakpoint_internal.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/suggest.h"
#include "engine/spec/units.h"

enum { LINE_MAX_NUMBER = 1000000000 };

/* The numbers of the steps whose names are this, or begin so; the only one is *ret_step. */
static size_t count_named(const struct spec *spec, const char *name, bool whole,
			  const struct step **ret_step, struct strv *ret_numbers)
{
	size_t length = strlen(name) + whole, count = 0;

	for (size_t i = 0; i < spec->n_steps; i++) {
		const struct step *step = &spec->steps[i];

		if (strncmp(step->name, name, length) != 0)
			continue;
		*ret_step = step;
		count++;
		if (ret_numbers)
			strv_add_fmt(ret_numbers, "%zu", step->number);
	}
	return count;
}

/* The only step of this name, or NULL. */
static const struct step *only_named(const struct spec *spec, const char *name)
{
	const struct step *step = NULL;

	return count_named(spec, name, true, &step, NULL) == 1 ? step : NULL;
}

static const struct step *step_numbered(const struct spec *spec, size_t number)
{
	for (size_t i = 0; i < spec->n_steps; i++) {
		if (spec->steps[i].number == number)
			return &spec->steps[i];
	}
	return NULL;
}

static bool is_kind(const struct step *step, const char *kind)
{
	return !strcmp(step->schema->name, kind);
}

static bool has_kind(const struct spec *spec, const char *kind)
{
	for (size_t i = 0; i < spec->n_steps; i++) {
		if (is_kind(&spec->steps[i], kind))
			return true;
	}
	return false;
}

/* The breakpoint is on this step now. */
static void put_on(struct breakpoint *breakpoint, const struct step *step)
{
	char *name = mem_strdup(step->name);

	free(breakpoint->name);
	breakpoint->name = name;
	breakpoint->step = step->number;
	breakpoint->resolved = true;
}

static int place_on(struct breakpoint *breakpoint, enum breakpoint_where where,
		    const struct step *step)
{
	breakpoint->where = where;
	put_on(breakpoint, step);
	return 0;
}

static int place_at_line(struct breakpoint *breakpoint, const struct spec *spec, const char *text,
			 struct err *err)
{
	const struct step *step;
	uint64_t line;

	if (!units_count(text, 1, LINE_MAX_NUMBER, &line)) {
		AUTO_FREE char *shown = buf_shown(short_text(text).text);

		return err_set(err, ERR_USAGE, "':%s' is not a line; write ':12' for line 12",
			       shown);
	}
	step = spec_step_at_line(spec, line);
	if (!step)
		return err_set(err, ERR_NOT_FOUND, "line %llu of the file belongs to no step",
			       (unsigned long long)line);
	breakpoint->line = line;
	return place_on(breakpoint, BREAKPOINT_LINE, step);
}

/* Says that nothing has this name. */
static int unknown(const struct spec *spec, const char *where, struct err *err)
{
	AUTO_STRV struct strv candidates = {0};
	AUTO_FREE char *shown = buf_shown(short_text(where).text);
	AUTO_FREE char *hint = NULL;
	AUTO_FREE char *safe = NULL;

	for (size_t i = 0; i < spec->n_steps; i++) {
		const struct step *step = &spec->steps[i];

		strv_add(&candidates, step->name);
		if (!strv_contains(&candidates, step->schema->name))
			strv_add(&candidates, step->schema->name);
	}
	strv_add(&candidates, "fail");
	hint = suggest_text(where, &candidates);
	safe = buf_shown(hint);
	return err_set(err, ERR_NOT_FOUND, "no step or action is called '%s'%s", shown, safe);
}

static int ambiguous(const char *where, const char *are, const struct strv *numbers,
		     struct err *err)
{
	AUTO_FREE char *shown = buf_shown(short_text(where).text);
	AUTO_FREE char *listed = strv_join(numbers, ", ");

	return err_set(err, ERR_USAGE, "several steps %s '%s'; give a number: %s", are, shown,
		       listed);
}

/* A name, a kind of action, or the beginning of a name. */
static int place_by_name(struct breakpoint *breakpoint, const struct spec *spec, const char *where,
			 struct err *err)
{
	AUTO_STRV struct strv numbers = {0};
	const struct step *step = NULL;
	size_t exact = count_named(spec, where, true, &step, &numbers), begins;

	if (exact == 1)
		return place_on(breakpoint, BREAKPOINT_NAME, step);
	if (has_kind(spec, where)) {
		breakpoint->where = BREAKPOINT_KIND;
		breakpoint->name = mem_strdup(where);
		breakpoint->resolved = true;
		return 0;
	}
	if (exact)
		return ambiguous(where, "are called", &numbers, err);
	begins = count_named(spec, where, false, &step, &numbers);
	if (begins == 1)
		return place_on(breakpoint, BREAKPOINT_NAME, step);
	if (begins)
		return ambiguous(where, "have names that begin with", &numbers, err);
	return unknown(spec, where, err);
}

int breakpoint_place(struct breakpoint *breakpoint, const struct spec *spec, const char *where,
		     struct err *err)
{
	if (!*where)
		return err_set(err, ERR_USAGE,
			       "name a step, a ':LINE', an action or 'fail' to stop at");
	if (!where[strspn(where, "0123456789")]) {
		const struct step *step = spec_find_step(spec, where, err);

		return step ? place_on(breakpoint, BREAKPOINT_STEP, step) : -1;
	}
	if (*where == ':')
		return place_at_line(breakpoint, spec, where + 1, err);
	if (!strcmp(where, "fail")) {
		breakpoint->where = BREAKPOINT_FAIL;
		breakpoint->resolved = true;
		return 0;
	}
	return place_by_name(breakpoint, spec, where, err);
}

bool breakpoint_covers(const struct breakpoint *breakpoint, const struct step *step)
{
	if (breakpoint->where == BREAKPOINT_FAIL)
		return true;
	if (breakpoint->where == BREAKPOINT_KIND)
		return is_kind(step, breakpoint->name);
	return breakpoint->resolved && breakpoint->step == step->number;
}

/* The step that a breakpoint of one step is on in another spec, or NULL. */
static const struct step *find_again(const struct breakpoint *breakpoint, const struct spec *spec,
				     size_t edited)
{
	const struct step *numbered = step_numbered(spec, breakpoint->step), *named;

	if (numbered && (breakpoint->resolved && breakpoint->step == edited))
		return numbered;
	if (numbered && !strcmp(numbered->name, breakpoint->name))
		return numbered;
	named = only_named(spec, breakpoint->name);
	if (named || breakpoint->where == BREAKPOINT_NAME)
		return named;
	if (breakpoint->where == BREAKPOINT_LINE)
		return spec_step_at_line(spec, breakpoint->line);
	return numbered;
}

/* Puts a breakpoint of one step on that step again. */
static void resolve_step(struct breakpoint *breakpoint, const struct spec *spec, size_t edited)
{
	const struct step *step = find_again(breakpoint, spec, edited);

	breakpoint->resolved = false;
	if (!step)
		return;
	put_on(breakpoint, step);
	if (breakpoint->where == BREAKPOINT_LINE &&
	    spec_step_at_line(spec, breakpoint->line) != step)
		breakpoint->line = step->position.line;
}

void breakpoints_resolve(struct breakpoints *set, const struct spec *spec, size_t edited)
{
	for (size_t i = 0; i < set->len; i++) {
		struct breakpoint *breakpoint = &set->items[i];

		if (breakpoint->where == BREAKPOINT_KIND)
			breakpoint->resolved = has_kind(spec, breakpoint->name);
		else if (breakpoint->where != BREAKPOINT_FAIL)
			resolve_step(breakpoint, spec, edited);
	}
}
