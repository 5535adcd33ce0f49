#include "engine/session/breakpoint.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/breakpoint_internal.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/units.h"

void breakpoint_release(struct breakpoint *breakpoint)
{
	free(breakpoint->name);
	condition_free(breakpoint->condition);
	free(breakpoint->log);
	*breakpoint = (struct breakpoint){0};
}

void breakpoints_release(struct breakpoints *set)
{
	for (size_t i = 0; i < set->len; i++)
		breakpoint_release(&set->items[i]);
	free(set->items);
	*set = (struct breakpoints){0};
}

void breakpoints_append(struct breakpoints *set, const struct breakpoint *breakpoint)
{
	set->items = mem_grow(set->items, set->len, &set->capacity, sizeof *set->items);
	set->items[set->len++] = *breakpoint;
}

/* The place of a number in the set; its length when there is none. */
static size_t index_of(const struct breakpoints *set, int number)
{
	size_t i = 0;

	while (i < set->len && set->items[i].number != number)
		i++;
	return i;
}

const struct breakpoint *breakpoints_find(const struct breakpoints *set, int number)
{
	size_t i = index_of(set, number);

	return i < set->len ? &set->items[i] : NULL;
}

const struct breakpoint *breakpoints_on(const struct breakpoints *set, const struct step *step)
{
	const struct breakpoint *of_kind = NULL;

	for (size_t i = 0; i < set->len; i++) {
		const struct breakpoint *breakpoint = &set->items[i];

		if (breakpoint->where == BREAKPOINT_FAIL || !breakpoint_covers(breakpoint, step))
			continue;
		if (breakpoint->where != BREAKPOINT_KIND)
			return breakpoint;
		if (!of_kind)
			of_kind = breakpoint;
	}
	return of_kind;
}

static int no_breakpoint(struct err *err, int number)
{
	return err_set(err, ERR_NOT_FOUND,
		       "there is no breakpoint %d; `info breakpoints` lists them", number);
}

int breakpoints_set_condition(struct breakpoints *set, int number, const char *text,
			      struct err *err)
{
	struct condition *condition = NULL;
	size_t i = index_of(set, number);

	if (i == set->len)
		return no_breakpoint(err, number);
	if (text && condition_parse(text, &condition, err) < 0)
		return -1;
	condition_free(set->items[i].condition);
	set->items[i].condition = condition;
	return 0;
}

static void change_at(struct breakpoints *set, size_t i, enum breakpoint_change change)
{
	if (change != BREAKPOINT_DELETE) {
		set->items[i].enabled = change == BREAKPOINT_ENABLE;
		return;
	}
	breakpoint_release(&set->items[i]);
	set->len--;
	memmove(&set->items[i], &set->items[i + 1], (set->len - i) * sizeof *set->items);
}

/* The number that a word is, of a breakpoint that is there, or -1. */
static int read_number(const struct breakpoints *set, const char *word, struct err *err)
{
	uint64_t number;

	if (!units_count(word, 1, BREAKPOINT_NUMBER_MAX, &number)) {
		AUTO_FREE char *shown = buf_shown(short_text(word).text);

		return err_set(err, ERR_USAGE, "'%s' is not the number of a breakpoint, nor 'all'",
			       shown);
	}
	if (!breakpoints_find(set, (int)number))
		return no_breakpoint(err, (int)number);
	return (int)number;
}

static void change_all(struct breakpoints *set, enum breakpoint_change change)
{
	for (size_t i = set->len; i-- > 0;)
		change_at(set, i, change);
}

int breakpoints_change(struct breakpoints *set, enum breakpoint_change change,
		       const struct strv *which, struct err *err)
{
	if (!which->len)
		return err_set(err, ERR_USAGE, "give the numbers of breakpoints, or 'all'");
	if (which->len == 1 && !strcmp(which->items[0], "all")) {
		change_all(set, change);
		return 0;
	}
	for (size_t i = 0; i < which->len; i++) {
		if (read_number(set, which->items[i], err) < 0)
			return -1;
	}
	for (size_t i = 0; i < which->len; i++) {
		size_t at = index_of(set, atoi(which->items[i]));

		if (at < set->len) /* else it was named twice */
			change_at(set, at, change);
	}
	return 0;
}
