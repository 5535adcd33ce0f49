/* doctor_format.c: a report as text and as JSON. */
#include "engine/session/doctor.h"

#include <string.h>

#include "engine/base/js.h"
#include "engine/base/mem.h"
#include "engine/base/wrap.h"

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
static size_t name_width(const struct doctor_report *report)
{
	size_t widest = 0;

	for (size_t i = 0; i < report->count; i++) {
		size_t length = strlen(report->findings[i].name);

		widest = length > widest ? length : widest;
	}
	return widest;
}

static void add_shown(struct buf *out, const char *text, size_t column, size_t width)
{
	AUTO_FREE char *shown = buf_shown(text);

	wrap_add(out, shown, column, width);
}

void doctor_format_text(const struct doctor_report *report, size_t width, struct buf *out)
{
	static const char remedy[] = "remedy: ";
	size_t names = name_width(report), column = STATUS_WIDTH + names + 4;

	for (size_t i = 0; i < report->count; i++) {
		const struct doctor_finding *finding = &report->findings[i];

		buf_add_fmt(out, "%-*s  %-*s  ", STATUS_WIDTH, status_names[finding->status],
			    (int)names, finding->name);
		add_shown(out, finding->text, column, width);
		if (!finding->remedy)
			continue;
		buf_add_fmt(out, "%*s%s", (int)column, "", remedy);
		add_shown(out, finding->remedy, column + strlen(remedy), width);
	}
}

static json_t *finding_json(const struct doctor_finding *finding)
{
	json_t *object = json_object();

	js_set_text(object, "name", finding->name);
	js_set_text(object, "status", status_names[finding->status]);
	js_set_text(object, "text", finding->text);
	js_set_text(object, "remedy", finding->remedy);
	return object;
}

json_t *doctor_format_json(const struct doctor_report *report)
{
	json_t *document = js_document("doctor", VERSION), *checks = json_array();

	js_set_text(document, "status", status_names[doctor_worst(report)]);
	json_object_set_new(document, "checks", checks);
	for (size_t i = 0; i < report->count; i++)
		json_array_append_new(checks, finding_json(&report->findings[i]));
	return document;
}
