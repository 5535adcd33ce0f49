/* script.h: a test as text: one statement a line, as main.c describes them.
 *
 *	# a comment
 *	word the rest of the line
 *	word the rest <<END
 *	lines of the body, as they are
 *	END
 */
#ifndef TESTS_SCREEN_SCRIPT_H
#define TESTS_SCREEN_SCRIPT_H

#include <stddef.h>

#include "engine/base/err.h"

struct statement {
	int line; /* from 1 */
	char *word, *rest;
	char *body; /* or NULL */
};

struct script {
	char *title; /* the comment that it begins with */
	struct statement *statements;
	size_t len, capacity;
};

int script_read(const char *path, struct script *ret_script, struct err *err);
void script_release(struct script *script);

/* Takes the next word, up to a blank, off the front of *rest; NULL when there is none. Free with free(). */
char *script_next_word(const char **rest);
/* The same for a number of at least 1. */
int script_next_number(const char **rest, int *ret_number, struct err *err);
/* Two numbers with an x between them: "80x24". */
int script_size(const char *text, int *ret_columns, int *ret_rows, struct err *err);
/* A text: as it is, or if it is in double quotes what is between them. Free with free(). */
char *script_text(const char *rest);

#endif
