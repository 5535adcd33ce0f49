/* doctor_format.c: a report as text and as JSON. */
#include "engine/session/doctor.h"

#include <string.h>

static const char *const status_names[] = {
	[DOCTOR_FINE] = "fine",
	[DOCTOR_DEGRADED] = "degraded",
	[DOCTOR_MISSING] = "missing",
};

enum { VERSION = 1, STATUS_WIDTH = 8 };

const char *doctor_status_name(enum doctor_status status)
{
	return status_names[status];
}

/* The length of the longest name, so that the texts stand below each other. */
static int name_width(const struct doctor_report *report)
{
	size_t width = 0;

	for (size_t i = 0; i < report->count; i++) {
		size_t length = strlen(report->findings[i].name);

		if (length > width)
			width = length;
	}
	return (int)width;
}

void doctor_format_text(const struct doctor_report *report, struct buf *out)
{
	int width = name_width(report);

	for (size_t i = 0; i < report->count; i++) {
		const struct doctor_finding *finding = &report->findings[i];

		buf_add_fmt(out, "%-*s  %-*s  ", STATUS_WIDTH, status_names[finding->status], width,
			    finding->name);
		buf_add_shown(out, finding->text, strlen(finding->text));
		buf_add_char(out, '\n');
		if (!finding->remedy)
			continue;
		buf_add_fmt(out, "%*s  remedy: ", STATUS_WIDTH + 2 + width, "");
		buf_add_shown(out, finding->remedy, strlen(finding->remedy));
		buf_add_char(out, '\n');
	}
}

/* A JSON string: what is not UTF-8, which a path may be, is escaped as for a terminal. */
static json_t *string_of(const char *text)
{
	AUTO_BUF struct buf shown = BUF_INIT;
	json_t *value = json_string(text);

	if (value)
		return value;
	buf_add_shown(&shown, text, strlen(text));
	return json_string(shown.data);
}

static json_t *finding_json(const struct doctor_finding *finding)
{
	json_t *object = json_object();

	json_object_set_new(object, "name", json_string(finding->name));
	json_object_set_new(object, "status", json_string(status_names[finding->status]));
	json_object_set_new(object, "text", string_of(finding->text));
	json_object_set_new(object, "remedy",
			    finding->remedy ? string_of(finding->remedy) : json_null());
	return object;
}

json_t *doctor_format_json(const struct doctor_report *report)
{
	json_t *object = json_object(), *checks = json_array();

	json_object_set_new(object, "version", json_integer(VERSION));
	json_object_set_new(object, "status", json_string(status_names[doctor_worst(report)]));
	json_object_set_new(object, "checks", checks);
	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(checks, finding_json(&report->findings[i]));
	return object;
}
