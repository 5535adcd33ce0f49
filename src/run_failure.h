/* run_failure.h: what is said of a step that did not pass, and how to go on from there. */
#ifndef SRC_RUN_FAILURE_H
#define SRC_RUN_FAILURE_H

#include "src/build.h"

/* How the last step went; what report_failure() needs of an attempt. */
struct failure {
	size_t step; /* 0: none */
	enum step_result result;
	char id[8];
	struct buf reason;
	bool unseen; /* what it printed is not on the terminal above */
};

void failure_note(struct failure *failure, size_t step, const struct attempt *attempt);
void failure_release(struct failure *failure);

/* Prints to standard error: the step, its place in the specification, why, its last lines, and
 * the commands to go on with. */
void failure_report(const struct failure *failure, const struct build *build);

#endif
