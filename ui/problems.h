/* problems.h: lines of a build's output that say what went wrong: of compilers, linkers, make and its like,
 * test runners, shells, package tools. What each of them looks like is a row of a table.
 */
#ifndef UI_PROBLEMS_H
#define UI_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/log_pattern.h"

struct problems;

/* Free with problems_free(); NULL is fine. */
struct problems *problems_new(void);
void problems_free(struct problems *problems);

/* The first problem in some lines without control characters, which newlines end. */
bool problems_find(const struct problems *problems, const char *lines, size_t length,
		   struct log_match *ret_match);

/* The table, for its tests: the name of a row ("gcc and clang"), a line that it is for and one that
 * it is not; false behind the last row. */
struct problem_examples {
	const char *name, *line, *no_line;
};
bool problems_examples(size_t row, struct problem_examples *ret_examples);

#endif
