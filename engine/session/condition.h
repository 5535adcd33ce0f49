/* condition.h: what must hold for a breakpoint to stop.
 *
 *	condition  any { "||" any }            "&&" binds closer than "||"
 *	any        one { "&&" one }
 *	one        "!" one | "(" condition ")" | term
 *	term       "exit" OP NUMBER            exit status, 0 to 255; 128 + signal when killed
 *	           "duration" OP TIME          how long it took: 30s, 1h30m, 500ms (units.h)
 *	           "hits" OP NUMBER            how often the breakpoint was come by, now included
 *	           "output" "~" "/" REGEX "/"  a line of the output matches ("!~": none does)
 *	           "changed" PATH              known, but not built yet
 *	OP         == != < <= > >=
 *
 * Space may stand between any two of these. REGEX is a POSIX extended regular expression, in
 * which "\/" is a slash; back-references and huge repetitions are refused, since they can take
 * for ever. It is tried on each line by itself as a person sees it: escape sequences and control
 * characters but tab are left out, a carriage return ends a line as a newline does, and of a line
 * longer than CONDITION_LINE_MAX bytes only the beginning is looked at.
 *
 * Life cycle: condition_parse(); for each run of a step condition_begin(), condition_feed()...,
 * condition_holds(); condition_free().
 */
#ifndef ENGINE_SESSION_CONDITION_H
#define ENGINE_SESSION_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"

enum {
	CONDITION_TEXT_MAX = 4096,   /* bytes of its text */
	CONDITION_LINE_MAX = 4096,   /* bytes of a line of output that are looked at */
	CONDITION_DEPTH_MAX = 32,    /* parentheses in parentheses */
	CONDITION_PATTERN_MAX = 500, /* bytes of a regular expression */
	CONDITION_REPEAT_MAX = 1000, /* its size when repetitions are written out */
	CONDITION_PATTERNS_MAX = 16, /* regular expressions in one condition */
	CONDITION_HITS_MAX = 1000000000,
};

struct condition;

/* What is known when it is asked. */
struct condition_facts {
	uint64_t hits;
	int exit_status; /* this and the next only after the step */
	int64_t duration_ms;
};

/* Reads text, all of it. A mistake is ERR_USAGE: the text names the column (from 1, in
 * characters), what was expected and what is there. Free with condition_free(). */
int condition_parse(const char *text, struct condition **ret_condition, struct err *err);

/* The same, but the condition may be followed by the word stop; *ret_rest is where that begins,
 * or the end of text. */
int condition_parse_until(const char *text, const char *stop, const char **ret_rest,
			  struct condition **ret_condition, struct err *err);

void condition_free(struct condition *condition);

/* As it was written, without space around it. */
const char *condition_text(const struct condition *condition);

/* Whether it asks for exit, duration or output: then it can be told only after the step. */
bool condition_needs_outcome(const struct condition *condition);
/* Whether it asks for the output: only then condition_feed() has an effect. */
bool condition_needs_output(const struct condition *condition);

/* Forgets the output that was fed: that of another run follows. */
void condition_begin(struct condition *condition);
/* The next bytes of the output; pieces may end anywhere. */
void condition_feed(struct condition *condition, const char *bytes, size_t length);

/* Whether it holds, with the output fed since condition_begin(); a last line without an end
 * counts. Nothing may be fed after it until the next condition_begin(). */
bool condition_holds(struct condition *condition, const struct condition_facts *facts);

/* Whether a POSIX extended regular expression can be compiled and tried within bounds; ERR_USAGE when
 * it has back-references, or is large or deep. */
int condition_check_pattern(const char *expression, struct err *err);

#endif
