/* words.h: how states, times, sizes and names are written for people. */
#ifndef UI_WORDS_H
#define UI_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/session/session.h"

/* How a state of a step looks, besides its word (step_result_name()). */
struct look {
	const char *glyph, *ascii; /* one column each */
	const char *color;	   /* parameters of SGR (ECMA-48 8.3.117) */
};
const struct look *look_of(enum step_result result);

/* What a step is besides its state, with its word; ends with a flag of 0. */
struct flag_look {
	unsigned flag; /* enum step_flags */
	const char *word;
	struct look look;
};
extern const struct flag_look flag_looks[];

/* The state that a recorded attempt left its step in. */
enum step_result result_of_attempt(const struct attempt *attempt);

/* Why the attempt did not pass, to stand behind its state: its message, or its exit status with the
 * signal's name. */
void add_reason(struct buf *out, const struct attempt *attempt);

/* "0.4 s", "42 s", "3 min 05 s", "2 h 07 min" */
void add_duration(struct buf *out, int64_t ms);
/* The same in BRIEF_DURATION_COLUMNS at most: "0.4 s", "42 s", "3m 05s", "2h 07m" */
void add_brief_duration(struct buf *out, int64_t ms);
enum { BRIEF_DURATION_COLUMNS = 8 };
/* "512 B", "3.4 MiB" */
void add_size(struct buf *out, uint64_t bytes);
/* "2026-03-01 14:05:09", local time; of Unix time. */
void add_time(struct buf *out, int64_t unix_ms);
/* The text as one word for a shell (sh), safe to show. */
void add_quoted(struct buf *out, const char *text);

/* How many columns of a terminal a text takes that has no control characters, in the locale. */
size_t columns_of(const char *text, size_t length);
/* The longest beginning of text that fits in so many columns, in bytes. */
size_t fit_columns(const char *text, size_t length, size_t columns);
/* The text in at most so many columns; where it is cut stands an ellipsis, or with ascii a "~". */
void add_fitting(struct buf *out, const char *text, size_t columns, bool ascii);

#endif
