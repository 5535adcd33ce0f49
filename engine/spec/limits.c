/* The limits of steps: time, memory, processes, output, disk, size of files. */
#include <stddef.h>
#include <string.h>

#include "engine/spec/spec_internal.h"
#include "engine/spec/units.h"

enum { PROCESSES_DEFAULT = 4096, PROCESSES_MAX = 1000000 };

static bool parse_processes(const char *text, uint64_t *ret_value)
{
	return units_count(text, 1, PROCESSES_MAX, ret_value);
}

#define SIZE_WANTED UNITS_SIZE_WANTED ", or none"
#define SIZE_PATTERN "^([0-9]+|[0-9]+(\\.[0-9]{1,3})?[KMGT]|none)$"

const struct limit_rule limit_rules[] = {
	{"time", units_duration, offsetof(struct limits, time_ms),
	 UNITS_DURATION_WANTED ", or none",
	 "^([0-9]+|([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?|none)$"},
	{"memory", units_size, offsetof(struct limits, memory_bytes), SIZE_WANTED, SIZE_PATTERN},
	{"processes", parse_processes, offsetof(struct limits, processes),
	 "a whole number from 1 to 1000000, or none", "^([1-9][0-9]{0,6}|none)$"},
	{"output", units_size, offsetof(struct limits, output_bytes), SIZE_WANTED, SIZE_PATTERN},
	{"disk", units_size, offsetof(struct limits, disk_bytes), SIZE_WANTED, SIZE_PATTERN},
	{"file-size", units_size, offsetof(struct limits, file_bytes), SIZE_WANTED, SIZE_PATTERN},
	{0},
};

const struct limit_rule *limit_find(const char *name)
{
	for (const struct limit_rule *rule = limit_rules; rule->name; rule++) {
		if (!strcmp(rule->name, name))
			return rule;
	}
	return NULL;
}

bool limit_parse(const struct limit_rule *rule, const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (strcmp(text, "none") && (!rule->parse(text, &value) || !value))
		return false;
	*ret_value = value;
	return true;
}

void limits_apply(const struct strv *list, struct limits *limits)
{
	for (const struct limit_rule *rule = limit_rules; rule->name; rule++) {
		const char *text = strv_getenv(list, rule->name);
		uint64_t value;

		if (text && limit_parse(rule, text, &value))
			*(uint64_t *)(void *)((char *)limits + rule->offset) = value;
	}
}

struct limits limits_default(void)
{
	return (struct limits){
		.processes = PROCESSES_DEFAULT,
		.output_bytes = UINT64_C(1) << 30,
	};
}
