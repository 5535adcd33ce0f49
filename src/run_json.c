#include "src/run_json.h"

#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/moment.h"
#include "engine/base/utf8.h"
#include "engine/session/event_json.h"

static int64_t time_of(const struct run_json *json)
{
	return loop_now_ms() - json->began_ms;
}

/* Adds a line; the value is given up. */
static void add_line(struct run_json *json, json_t *value)
{
	struct console *out = &json->program->out;
	AUTO_BUF struct buf line = BUF_INIT;

	js_add_line(&line, value, out->terminal);
	json_decref(value);
	console_add(out, line.data, line.len);
}

void run_json_head(struct run_json *json, const struct spec *spec)
{
	if (json->headed)
		return;
	json->headed = true;
	add_line(json, event_json_head(spec, program_argument(json->program, 0), json->started_ms));
}

/* Begins a line that is none of the session's: the stream has its head then. */
static json_t *begin(struct run_json *json, const char *name)
{
	run_json_head(json, NULL);
	return event_json_begin(name, time_of(json));
}

/* What fails is told on standard error besides. */
static void on_failed(void *data, const struct err *err)
{
	struct run_json *json = data;
	json_t *object = begin(json, "error");

	json_object_set_new(object, "error", event_json_err(err));
	add_line(json, object);
}

void run_json_init(struct run_json *json, struct program *program)
{
	*json = (struct run_json){
		.program = program,
		.began_ms = loop_now_ms(),
		.started_ms = moment_unix_ms(),
		.held = BUF_INIT,
	};
	program->failed = on_failed;
	program->failed_data = json;
}

void run_json_release(struct run_json *json)
{
	json->program->failed = NULL;
	buf_release(&json->held);
}

/* Adds the first length bytes of what is held. */
static void add_held(struct run_json *json, size_t length)
{
	const struct event event = {.type = EVENT_STEP_OUTPUT,
				    .step = json->step,
				    .bytes = json->held.data,
				    .length = length};

	if (length)
		add_line(json, event_json(&event, time_of(json)));
	buf_drop(&json->held, length);
}

/* A character that came in two pieces is kept whole, or neither of them would be text. */
static void add_output(struct run_json *json, const struct event *event)
{
	json->step = event->step;
	buf_add(&json->held, event->bytes, event->length);
	add_held(json, json->held.len - utf8_unfinished(json->held.data, json->held.len));
}

void run_json_event(struct run_json *json, const struct event *event)
{
	if (event->type == EVENT_STEP_OUTPUT && json->program->options.quiet)
		return;
	if (event->type == EVENT_STEP_OUTPUT) {
		add_output(json, event);
		return;
	}
	add_held(json, json->held.len);
	add_line(json, event_json(event, time_of(json)));
}

void run_json_diagnostics(struct run_json *json, const char *path,
			  const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->len; i++) {
		json_t *object = begin(json, "diagnostic");

		json_object_set_new(object, "diagnostic",
				    event_json_diagnostic(path, &diagnostics->items[i]));
		add_line(json, object);
	}
}

void run_json_end(struct run_json *json, const struct run_summary *summary)
{
	json_t *object = begin(json, "run-ended");
	AUTO_FREE char *name = summary->signal_number
				       ? mem_printf("SIG%s", sigabbrev_np(summary->signal_number))
				       : NULL;

	js_set_int(object, "status", summary->status);
	js_set_text(object, "signal", name);
	js_set_int(object, "ran", (int64_t)summary->ran);
	js_set_int(object, "cached", (int64_t)summary->cached);
	add_line(json, object);
}
