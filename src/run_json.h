/* run_json.h: `run --json`: a build as a stream of events, one JSON object a line (docs/json.md).
 *
 * Life cycle: `struct run_json json;` run_json_init(); run_json_head() when the specification has been
 * read; run_json_event() for each event; run_json_end(); run_json_release(). What waits in
 * program->out is written by who made the program sleep.
 */
#ifndef SRC_RUN_JSON_H
#define SRC_RUN_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/session/event.h"
#include "src/build.h"

struct run_json {
	struct program *program;
	int64_t began_ms;   /* loop_now_ms() */
	int64_t started_ms; /* Unix time of that */
	bool headed;	    /* the first line has been printed */
	size_t step;	    /* of these: */
	struct buf held;    /* the first bytes of a character whose others have not come yet */
};

/* How a run ended. */
struct run_summary {
	int status;	   /* exit status */
	int signal_number; /* that ended it, or 0 */
	size_t ran, cached;
};

/* From now on what fails in the program is an event, too. */
void run_json_init(struct run_json *json, struct program *program);
void run_json_release(struct run_json *json);

void run_json_head(struct run_json *json, const struct spec *spec);
void run_json_event(struct run_json *json, const struct event *event);
/* What is wrong with the specification. */
void run_json_diagnostics(struct run_json *json, const char *path,
			  const struct diagnostics *diagnostics);
void run_json_end(struct run_json *json, const struct run_summary *summary);

#endif
