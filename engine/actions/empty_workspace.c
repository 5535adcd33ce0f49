#include "engine/actions/actions.h"
#include "engine/actions/run.h"

static int start(struct action_run *run, struct err *err)
{
	(void)err;
	action_run_done(run);
	return 0;
}

static const struct field fields[] = {{0}};

const struct action_type action_empty_workspace = {
	.schema = {.name = "empty-workspace",
		   .help = "Starts with an empty workspace.",
		   .fields = fields},
	.place = ACTION_IN_CONTRACTOR,
	.workspace = EFFECT_STARTS,
	.start = start,
};
