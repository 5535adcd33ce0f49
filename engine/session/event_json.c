#include "engine/session/event_json.h"

#include "engine/base/js.h"
#include "engine/base/mem.h"
#include "engine/spec/suggest.h"

json_t *event_json_step(const struct step *step)
{
	json_t *object = json_object();

	js_set_int(object, "number", (int64_t)step->number);
	js_set_text(object, "name", step->name);
	js_set_text(object, "action", step->schema->name);
	js_set_int(object, "line", (int64_t)step->position.line);
	js_set_int(object, "column", (int64_t)step->position.column);
	return object;
}

json_t *event_json_head(const struct spec *spec, const char *path, int64_t started_ms)
{
	json_t *head = js_document("events", EVENT_JSON_VERSION), *steps = json_array();

	js_set_text(head, "spec", spec ? spec->real_path : path);
	js_set_text(head, "name", spec ? spec->name : NULL);
	js_set_int(head, "started_ms", started_ms);
	json_object_set_new(head, "steps", steps);
	for (size_t i = 0; spec && i < spec->n_steps; i++)
		json_array_append_new(steps, event_json_step(&spec->steps[i]));
	return head;
}

json_t *event_json_begin(const char *name, int64_t time_ms)
{
	json_t *object = json_object();

	js_set_text(object, "event", name);
	js_set_int(object, "time_ms", time_ms);
	return object;
}

static const char *text_or_null(const char *text)
{
	return text && *text ? text : NULL;
}

json_t *event_json_attempt(const struct attempt *attempt)
{
	json_t *object = json_object();

	js_set_int(object, "number", attempt->number);
	js_set_text(object, "id", attempt->id);
	js_set_text(object, "spec", attempt->spec_path);
	js_set_int(object, "step", attempt->step);
	js_set_text(object, "name", attempt->name);
	js_set_text(object, "action", attempt->action);
	js_set_text(object, "result", attempt_result_name(attempt->result));
	json_object_set_new(object, "exit_status",
			    attempt->exit_status < 0 ? json_null()
						     : json_integer(attempt->exit_status));
	js_set_text(object, "message", text_or_null(attempt->message));
	js_set_text(object, "key", text_or_null(attempt->key));
	js_set_bool(object, "adopted", attempt->adopted);
	js_set_int(object, "started_ms", attempt->started_ms);
	js_set_int(object, "duration_ms", attempt->duration_ms);
	return object;
}

json_t *event_json_err(const struct err *err)
{
	static const char *const codes[] = {
		[ERR_NONE] = "none",   [ERR_STEP] = "step",   [ERR_USAGE] = "usage",
		[ERR_HOST] = "host",   [ERR_FAULT] = "fault", [ERR_NOT_FOUND] = "not-found",
		[ERR_UNREAD] = "step",
	};
	json_t *object = json_object();

	js_set_text(object, "code", codes[err->code]);
	js_set_text(object, "text", err->text);
	return object;
}

json_t *event_json_diagnostic(const char *path, const struct diagnostic *diagnostic)
{
	AUTO_FREE char *hint = suggest_of_message(diagnostic->text);
	json_t *object = json_object();

	js_set_text(object, "file", path);
	js_set_int(object, "line", (int64_t)diagnostic->position.line);
	js_set_int(object, "column", (int64_t)diagnostic->position.column);
	js_set_int(object, "offset", (int64_t)diagnostic->position.offset);
	js_set_text(object, "text", diagnostic->text);
	js_set_text(object, "hint", hint);
	return object;
}

static void set_attempt_id(json_t *object, const struct event *event)
{
	js_set_text(object, "attempt_id", event->attempt_id);
}

static void set_output(json_t *object, const struct event *event)
{
	js_set_bytes(object, "text", event->bytes, event->length);
}

static void set_text(json_t *object, const struct event *event)
{
	js_set_text(object, "text", event->text);
}

static void set_amount(json_t *object, const struct event *event)
{
	js_set_int(object, "bytes", (int64_t)event->amount);
}

static void set_text_and_amount(json_t *object, const struct event *event)
{
	set_text(object, event);
	set_amount(object, event);
}

static void set_terminal(json_t *object, const struct event *event)
{
	js_set_int(object, "offset", (int64_t)event->amount);
	js_set_bool(object, "onlcr", event->onlcr);
}

static void set_attempt(json_t *object, const struct event *event)
{
	json_object_set_new(object, "attempt",
			    event->attempt ? event_json_attempt(event->attempt) : json_null());
}

static void set_stop(json_t *object, const struct event *event)
{
	bool at_breakpoint = event->reason == STOP_BREAKPOINT;

	js_set_text(object, "reason", stop_reason_name(event->reason));
	json_object_set_new(object, "breakpoint",
			    at_breakpoint ? json_integer(event->breakpoint) : json_null());
	set_attempt(object, event);
	json_object_set_new(object, "error", event->err ? event_json_err(event->err) : json_null());
}

json_t *event_json(const struct event *event, int64_t time_ms)
{
	/* What an event has besides its name, time and step. */
	static void (*const setters[EVENT_TYPES])(json_t * object, const struct event *event) = {
		[EVENT_STEP_READING] = set_text_and_amount,
		[EVENT_STEP_STARTED] = set_attempt_id,
		[EVENT_STEP_OUTPUT] = set_output,
		[EVENT_STEP_NOTE] = set_text,
		[EVENT_STEP_PROGRESS] = set_amount,
		[EVENT_STEP_TERMINAL] = set_terminal,
		[EVENT_STEP_CACHED] = set_attempt,
		[EVENT_BREAKPOINT_LOG] = set_text,
		[EVENT_STEP_ENDED] = set_attempt,
		[EVENT_STORE_PRUNED] = set_text_and_amount,
		[EVENT_STORE_FAILED] = set_text,
		[EVENT_STOPPED] = set_stop,
	};
	json_t *object = event_json_begin(event_name(event->type), time_ms);

	js_set_int(object, "step", (int64_t)event->step);
	if (setters[event->type])
		setters[event->type](object, event);
	return object;
}
