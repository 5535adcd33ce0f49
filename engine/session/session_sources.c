/* Files beside the specification that have changed since a step took them. */
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/session_internal.h"

/* Whether the step took files of the host that are others now. A result of a person's own was not made of
 * any. */
static bool has_changed(struct session *session, size_t step)
{
	const struct action_type *type = action_type_of(session_spec_step(session, step));
	const struct step_status *status = session_step(session, step);
	char key[SHA256_HEX_SIZE];
	struct err ignored;

	if (type->place != ACTION_IN_CONTRACTOR || !status->key[0] || status->flags & STEP_ADOPTED)
		return false;
	return session_key(session, step, key, NULL, &ignored) == 0 &&
	       strcmp(key, status->key) != 0;
}

static void mark_stale(struct session *session, size_t first)
{
	for (size_t step = first; step <= session->n_steps; step++) {
		struct step_status *status = &session_place(session, step)->status;

		if (status->result != STEP_PENDING)
			status->flags |= STEP_STALE;
	}
}

/* Where nobody gives commands nothing is tried again, and the next session looks by itself. */
void session_look_at_sources(struct session *session)
{
	if (!session->options.front)
		return;
	for (size_t step = 1; step < session->position; step++) {
		AUTO_BUF struct buf text = BUF_INIT;

		if (!has_changed(session, step))
			continue;
		mark_stale(session, step);
		buf_add_str(&text, "the files of ");
		step_add_title(session_spec_step(session, step), &text);
		buf_add_fmt(&text, " have changed: 'goto %zu', then 'continue'", step);
		session_emit(
			session,
			(struct event){.type = EVENT_STEP_NOTE, .step = step, .text = text.data});
		return;
	}
}
