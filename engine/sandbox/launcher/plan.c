#include "engine/sandbox/launcher/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"

/* What is left of the text. */
struct reader {
	const char *next, *end;
};

/* A record: how its value is stored at offset of the plan. */
struct record {
	const char *name;
	int (*store)(void *field, const char *value, struct reader *rest);
	size_t offset;
};

static int store_string(void *field, const char *value, struct reader *rest)
{
	(void)rest;
	*(const char **)field = value;
	return 0;
}

/* Adds to a vector that stays NULL-terminated. */
static int store_item(void *field, const char *value, struct reader *rest)
{
	struct launch_strings *strings = field;
	const char **items = realloc(strings->items, (strings->len + 2) * sizeof *items);

	(void)rest;
	if (!items)
		return -1;
	items[strings->len++] = value;
	items[strings->len] = NULL;
	strings->items = items;
	return 0;
}

/* The number that value begins with; *ret_end is behind it. Signs and blanks are no numbers. */
static int parse_number(const char *value, int base, uint64_t *ret_number, const char **ret_end)
{
	char *end;

	if (!strchr("0123456789abcdef", *value) || !*value)
		return -1;
	errno = 0;
	*ret_number = strtoull(value, &end, base);
	*ret_end = end;
	return errno || end == value ? -1 : 0;
}

static int store_unsigned(void *field, const char *value, struct reader *rest)
{
	const char *end;
	uint64_t number;

	(void)rest;
	if (parse_number(value, 10, &number, &end) < 0 || *end || number > UINT16_MAX)
		return -1;
	*(unsigned *)field = (unsigned)number;
	return 0;
}

static int store_flag(void *field, const char *value, struct reader *rest)
{
	(void)rest;
	*(bool *)field = true;
	return strcmp(value, "1") ? -1 : 0;
}

static int store_capabilities(void *field, const char *value, struct reader *rest)
{
	struct launch_plan *plan = field;
	const char *end;

	(void)rest;
	plan->has_capabilities = true;
	return parse_number(value, 16, &plan->capabilities, &end) < 0 || *end ? -1 : 0;
}

static int store_limit(void *field, const char *value, struct reader *rest)
{
	struct launch_plan *plan = field;
	struct launch_limit *limit = &plan->limits[plan->n_limits];
	uint64_t resource;

	(void)rest;
	if (plan->n_limits == LAUNCH_LIMITS_MAX)
		return -1;
	if (parse_number(value, 10, &resource, &value) < 0 || *value++ != ' ' || resource > 63 ||
	    parse_number(value, 10, &limit->soft, &value) < 0 || *value++ != ' ' ||
	    parse_number(value, 10, &limit->hard, &value) < 0 || *value)
		return -1;
	limit->resource = (unsigned)resource;
	plan->n_limits++;
	return 0;
}

/* The instructions follow the record; they are copied to an address that is aligned for them. */
static int store_filter(void *field, const char *value, struct reader *rest)
{
	struct launch_plan *plan = field;
	struct launch_filter *filter = &plan->filters[plan->n_filters];
	unsigned count = 0;
	struct sock_filter *code;
	size_t size;

	if (plan->n_filters == LAUNCH_FILTERS_MAX || store_unsigned(&count, value, rest) < 0)
		return -1;
	size = count * sizeof *code;
	if (!count || (size_t)(rest->end - rest->next) < size || !(code = malloc(size)))
		return -1;
	memcpy(code, rest->next, size);
	rest->next += size;
	filter->code = code;
	filter->length = (unsigned short)count;
	plan->n_filters++;
	return 0;
}

#define FIELD(member) offsetof(struct launch_plan, member)

static const struct record records[] = {
	{"user", store_string, FIELD(user)},
	{"gid", store_string, FIELD(gid)},
	{"workdir", store_string, FIELD(workdir)},
	{"argument", store_item, FIELD(arguments)},
	{"environment", store_item, FIELD(environment)},
	{"own", store_item, FIELD(own)},
	{"terminal", store_string, FIELD(terminal)},
	{"columns", store_unsigned, FIELD(columns)},
	{"rows", store_unsigned, FIELD(rows)},
	{"capabilities", store_capabilities, 0},
	{"limit", store_limit, 0},
	{"session", store_flag, FIELD(session)},
	{"clear-environment", store_flag, FIELD(clear_environment)},
	{"clear-groups", store_flag, FIELD(clear_groups)},
	{"close-descriptors", store_flag, FIELD(close_descriptors)},
	{"no-new-privileges", store_flag, FIELD(no_new_privileges)},
	{"filter", store_filter, 0},
};

/* The table's row for a record's text, and where its value begins. */
static const struct record *find_record(const char *text, const char **ret_value)
{
	const char *equals = strchr(text, '=');

	for (size_t i = 0; equals && i < ARRAY_SIZE(records); i++) {
		size_t length = strlen(records[i].name);

		if (length == (size_t)(equals - text) && !memcmp(records[i].name, text, length)) {
			*ret_value = equals + 1;
			return &records[i];
		}
	}
	return NULL;
}

/* What every plan must say. */
static const char *find_gap(const struct launch_plan *plan)
{
	if (!plan->user)
		return "the plan has no user";
	if (!plan->workdir || *plan->workdir != '/')
		return "the plan has no absolute workdir";
	if (!plan->arguments.len || !*plan->arguments.items[0])
		return "the plan has no program";
	return NULL;
}

int launch_plan_parse(struct launch_plan *ret_plan, const char *text, size_t length,
		      const char **ret_reason)
{
	struct reader reader = {text, text + length};

	*ret_plan = (struct launch_plan){0};
	while (reader.next < reader.end) {
		const char *start = reader.next, *value = NULL;
		const char *nul = memchr(start, '\0', (size_t)(reader.end - start));
		const struct record *record = nul ? find_record(start, &value) : NULL;

		*ret_reason = "the plan has a record that is unknown or not ended";
		if (!record)
			return -1;
		reader.next = nul + 1;
		*ret_reason = record->name;
		if (record->store((char *)ret_plan + record->offset, value, &reader) < 0)
			return -1;
	}
	*ret_reason = find_gap(ret_plan);
	return *ret_reason ? -1 : 0;
}
