/* Which step a command is about. */
#include "engine/session/command_internal.h"

static int find(const struct session *session, const struct strv *arguments, size_t index,
		size_t otherwise, size_t *ret_step, struct err *err)
{
	const struct step *step;

	if (index >= arguments->len) {
		*ret_step = otherwise;
		return 0;
	}
	step = spec_find_step(session_spec(session), arguments->items[index], err);
	if (!step)
		return -1;
	*ret_step = step->number;
	return 0;
}

int command_step(const struct session *session, const struct strv *arguments, size_t index,
		 size_t *ret_step, struct err *err)
{
	return find(session, arguments, index, session_position(session), ret_step, err);
}

/* The present step, or the last one. */
static size_t present(const struct session *session)
{
	size_t position = session_position(session), last = session_spec(session)->n_steps;

	return position > last ? last : position;
}

int command_step_here(const struct session *session, const struct strv *arguments, size_t index,
		      size_t *ret_step, struct err *err)
{
	return find(session, arguments, index, present(session), ret_step, err);
}

int command_step_last(const struct session *session, const struct strv *arguments, size_t index,
		      size_t *ret_step, struct err *err)
{
	size_t position = session_position(session), step = present(session);
	bool here = session_state(session) != SESSION_STOPPED || position == 1 ||
		    session_is_at_failure(session);

	return find(session, arguments, index, here ? step : position - 1, ret_step, err);
}

bool command_step_failed(const struct session *session, size_t step)
{
	const struct step_status *status = session_step(session, step);

	return status->attempt && status->result >= STEP_FAILED;
}
