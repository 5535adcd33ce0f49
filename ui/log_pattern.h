/* log_pattern.h: what a person searches for: a text, or a POSIX extended regular expression. Without an
 * upper-case letter in it, case does not matter.
 */
#ifndef UI_LOG_PATTERN_H
#define UI_LOG_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"

/* Bytes of a text, from start to before end. */
struct log_match {
	size_t start, end;
};

struct log_pattern;

/* Compiles it. Fails with ERR_USAGE when it is empty, no expression, or one that can take for ever.
 * Free with log_pattern_free(). */
int log_pattern_new(const char *text, bool is_regex, struct log_pattern **ret_pattern,
		    struct err *err);
/* NULL is fine. */
void log_pattern_free(struct log_pattern *pattern);

/* The first match in some lines without control characters, which newlines end; none reaches over a
 * newline. An empty match is none. */
bool log_pattern_find(const struct log_pattern *pattern, const char *lines, size_t length,
		      struct log_match *ret_match);

#endif
