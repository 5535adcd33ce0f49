/* event_json.h: events, and what they are about, as JSON (docs/json.md says what each key means).
 *
 * A stream of events is one object a line: event_json_head(), then event_json() for each, then what
 * the client adds by event_json_begin(). Keys that are named there are always present, null where
 * there is nothing to say. All that is returned is the caller's to json_decref().
 */
#ifndef ENGINE_SESSION_EVENT_JSON_H
#define ENGINE_SESSION_EVENT_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "engine/session/event.h"
#include "engine/spec/spec.h"

enum { EVENT_JSON_VERSION = 1 };

/* The first line: the format, the spec and its steps. spec may be NULL when there is none that could
 * be read; path is named then. started_ms: Unix time. */
json_t *event_json_head(const struct spec *spec, const char *path, int64_t started_ms);

/* An event that came time_ms after the stream began. */
json_t *event_json(const struct event *event, int64_t time_ms);

/* The beginning of an event that is no struct event: its name and time. */
json_t *event_json_begin(const char *name, int64_t time_ms);

/* {"number", "name", "action", "line", "column"} */
json_t *event_json_step(const struct step *step);
/* {"number", "id", "spec", "step", "name", "action", "result", "exit_status", "message", "key",
 * "adopted", "started_ms", "duration_ms"} */
json_t *event_json_attempt(const struct attempt *attempt);
/* {"code", "text"} */
json_t *event_json_err(const struct err *err);
/* {"file", "line", "column", "offset", "text", "hint"} */
json_t *event_json_diagnostic(const char *path, const struct diagnostic *diagnostic);

#endif
