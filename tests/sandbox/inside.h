/* inside.h: the program that runs in a step and tries what a step must not be able to do.
 *
 * `inside NAME [ARGUMENT...]` tries one thing and answers by its exit status. It is static, so that
 * it runs in a tree with nothing in it.
 */
#ifndef TESTS_SANDBOX_INSIDE_H
#define TESTS_SANDBOX_INSIDE_H

#include <stddef.h>

enum inside_answer {
	INSIDE_OPEN = 0,   /* it went through, or the secret is there */
	INSIDE_HELD = 1,   /* it was refused, or there is nothing to see */
	INSIDE_BROKEN = 2, /* it could not be tried */
};

struct inside_command {
	const char *name;
	size_t n_arguments; /* at least */
	int (*run)(char **arguments);
};

/* Each table ends with a NULL name. */
extern const struct inside_command inside_calls[], inside_looks[], inside_loads[], inside_hogs[],
	inside_escapes[];

/* One system call that the filter answers with a known errno: another answer comes from the
 * kernel itself. INSIDE_BROKEN when there is no such call in the table. */
int inside_try_call(const char *name);

#endif
