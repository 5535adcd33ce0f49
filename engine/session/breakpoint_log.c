/* What a breakpoint says instead of stopping. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/breakpoint_internal.h"

struct facts {
	const struct breakpoint *breakpoint;
	const struct step *step;
	const struct breakpoint_outcome *outcome;
};

static void add_step(const struct facts *facts, struct buf *out)
{
	buf_add_fmt(out, "%zu", facts->step->number);
}

static void add_name(const struct facts *facts, struct buf *out)
{
	buf_add_shown(out, facts->step->name, strlen(facts->step->name));
}

static void add_hits(const struct facts *facts, struct buf *out)
{
	buf_add_fmt(out, "%" PRIu64, facts->breakpoint->hits);
}

static void add_exit(const struct facts *facts, struct buf *out)
{
	buf_add_fmt(out, "%d", breakpoint_exit_status(facts->outcome));
}

/* As conditions have it: "1h30m", "3s200ms". */
static void add_duration(const struct facts *facts, struct buf *out)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	int64_t left = facts->outcome->duration_ms;

	if (left <= 0)
		buf_add_str(out, "0s");
	for (size_t i = 0; left > 0 && i < ARRAY_SIZE(units); i++) {
		if (left >= units[i].ms)
			buf_add_fmt(out, "%" PRId64 "%s", left / units[i].ms, units[i].name);
		left %= units[i].ms;
	}
}

struct placeholder {
	const char *text;
	bool outcome;
	void (*add)(const struct facts *facts, struct buf *out);
};

static const struct placeholder placeholders[] = {
	{"{step}", false, add_step},	    {"{name}", false, add_name},
	{"{hits}", false, add_hits},	    {"{exit}", true, add_exit},
	{"{duration}", true, add_duration},
};

/* The placeholder that text begins with, or NULL. */
static const struct placeholder *placeholder_at(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(placeholders); i++) {
		if (!strncmp(text, placeholders[i].text, strlen(placeholders[i].text)))
			return &placeholders[i];
	}
	return NULL;
}

bool breakpoint_log_needs_outcome(const char *text)
{
	for (const char *p = strchr(text, '{'); p; p = strchr(p + 1, '{')) {
		const struct placeholder *found = placeholder_at(p);

		if (found && found->outcome)
			return true;
	}
	return false;
}

void breakpoint_log_expand(const struct breakpoint *breakpoint, const struct step *step,
			   const struct breakpoint_outcome *outcome, struct buf *out)
{
	const struct facts facts = {breakpoint, step, outcome};
	const char *p = breakpoint->log;

	while (*p) {
		const struct placeholder *found = placeholder_at(p);
		size_t length = 1 + strcspn(p + 1, "{");

		if (found) {
			found->add(&facts, out);
			p += strlen(found->text);
		} else {
			buf_add_shown(out, p, length);
			p += length;
		}
	}
}
