/* view.h: how `run` shows a build.
 *
 * Two ways: lines, where standard output is not a terminal (the steps' output to standard output,
 * byte for byte; what contractor says to standard error); and live, on a terminal (all of it there,
 * with a line at the bottom that is drawn anew).
 */
#ifndef SRC_VIEW_H
#define SRC_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/session/session.h"
#include "src/build.h"
#include "src/console.h"

struct view;

struct view_type {
	void (*started)(struct view *view, size_t step);
	void (*output)(struct view *view, const char *bytes, size_t length);
	void (*note)(struct view *view, const char *text);
	void (*progress)(struct view *view, uint64_t amount);
	/* A step is done: it ran, or was taken from the cache. */
	void (*ended)(struct view *view, size_t step, enum step_result result,
		      const struct attempt *attempt);
	void (*flush)(struct view *view);  /* before the loop sleeps */
	void (*finish)(struct view *view); /* the build is over */
};

extern const struct view_type view_lines, view_live;

struct view {
	const struct view_type *type;
	struct build *build;
	struct console *out, *err;
	bool quiet, verbose;

	size_t step; /* the one that runs, or is followed; or 0 */

	/* For view_live. */
	struct loop_timer *tick;
	int64_t since_ms;     /* loop_now_ms() when it started */
	uint64_t amount;      /* progress, in bytes */
	const char *stopping; /* what is said instead of "running", or NULL */
	bool printed;	      /* it has printed something: its heading is there */
	struct buf partial;   /* the last line of its output, while it is not ended */
	int drawn;	      /* rows below which nothing else is: 0, 1 or 2 */
	bool dirty;	      /* they must be drawn anew */
};

void view_init(struct view *view, struct build *build);
void view_release(struct view *view);

/* Prints what the step of this attempt printed. */
void view_replay(struct view *view, const struct attempt *attempt);

#endif
