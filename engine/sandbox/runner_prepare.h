/* runner_prepare.h: what runner_start() makes ready before the fork; only for runner*.c. */
#ifndef ENGINE_SANDBOX_RUNNER_PREPARE_H
#define ENGINE_SANDBOX_RUNNER_PREPARE_H

#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "engine/sandbox/init.h"
#include "engine/sandbox/runner.h"

enum { PREPARED_FDS_MAX = 48, PREPARED_DATA_MAX = 2 + INIT_FDS_MAX / 2 };

struct prepared {
	struct init_plan plan;
	struct strv argv;		 /* of bwrap */
	int control[2];			 /* contractor's and the launcher's end */
	int diagnostic[2];		 /* bwrap's standard error: contractor's end and bwrap's */
	int data_fds[PREPARED_DATA_MAX]; /* launch plan, bwrap's arguments, policy->files */
	size_t n_data;
	int keep[PREPARED_FDS_MAX]; /* descriptors that the child needs */
	size_t n_keep;
};

/* Fills *prepared, also on failure: prepared_release() in any case, after the fork. */
int prepared_init(struct prepared *prepared, const struct run_options *options, struct err *err);
/* The same for runner_join(): init has the sandbox, and needs to know what the launcher is told. */
int prepared_init_join(struct prepared *prepared, const struct run_options *options,
		       struct err *err);
void prepared_release(struct prepared *prepared);

#endif
