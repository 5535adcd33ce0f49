/* screentest.h: one test of the screen while it runs, and what its statements do. */
#ifndef TESTS_SCREEN_SCREENTEST_H
#define TESTS_SCREEN_SCREENTEST_H

#include "engine/base/err.h"
#include "tests/screen/display.h"
#include "tests/screen/script.h"

struct test {
	struct loop *loop;
	struct display *display; /* NULL before `run` */
	struct display *other;	 /* what `switch` left */
	int columns, rows, timeout_ms;
	char *directory;  /* work/ in it is where all happens */
	const char *root; /* of the sources */
};

struct statement_type {
	const char *word;
	/* rest and body as in struct statement. */
	int (*run)(struct test *test, const char *rest, const char *body, struct err *err);
	enum { BODY_NONE, BODY_MAY, BODY_MUST } body;
	bool on_screen; /* it needs a program on the screen: `run` first */
};

/* Each ends with a NULL word. */
extern const struct statement_type actions[], checks[];

/* actions.c: runs a line of sh(1) beside, while the screen goes on; its output goes to ret_output. */
int test_shell(struct test *test, const char *line, int *ret_status, struct buf *ret_output,
	       struct err *err);

#endif
