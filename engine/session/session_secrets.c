/* Whether the values of all secrets are there that a command will need, before it runs anything. */
#include "engine/actions/secrets.h"
#include "engine/session/session_internal.h"

/* The last step that the command can come to: it may stop at a breakpoint on the one behind. */
static size_t last_step(const struct session *session)
{
	size_t last = session->goal == GOAL_STEP ? session->position : session->n_steps;

	if (session->goal == GOAL_UNTIL)
		last = session->until - 1;
	for (size_t step = session->position + 1; step <= last; step++) {
		if (session_has_breakpoint(session, step))
			return step - 1;
	}
	return last;
}

static const struct secrets *secrets_of(const struct session *session)
{
	return host_settings(session->host)->secrets;
}

/* Whether some step of these lacks a value, be it cached or not. */
static bool lacks_any(const struct session *session, size_t last)
{
	struct err ignored;

	for (size_t step = session->position; step <= last; step++) {
		if (session_check_secrets(session, step, &ignored) < 0)
			return true;
	}
	return false;
}

int session_check_secrets(const struct session *session, size_t step, struct err *err)
{
	return secrets_check_step(secrets_of(session), session_spec_step(session, step), err);
}

int session_check_all_secrets(struct session *session, struct err *err)
{
	size_t last = last_step(session);
	bool runs = false;
	int unread;

	if (!lacks_any(session, last))
		return 0;
	unread = session_look(session, err);
	if (unread < 0)
		return -1;
	for (size_t step = session->position; step <= last; step++) {
		bool known = session_place(session, step + 1)->known;

		runs |= session_is_forced(session, step);
		/* All may be cached behind files that are not read yet: each step that runs is checked then. */
		if (!runs && !known && unread)
			return 0;
		/* What stands on a step that runs is not known to be cached. */
		runs |= !known;
		if (runs && session_check_secrets(session, step, err) < 0)
			return -1;
	}
	return 0;
}
