/* Results that were told and are not on the disk yet, and what is said of those that do not get there. */
#include <errno.h>

#include "engine/base/mem.h"
#include "engine/session/session_internal.h"

/* Counted, since what is told while a sync is under way is for the next one. */
void session_owe(struct session *session, const struct attempt *attempt)
{
	session->owed += !attempt->durable;
}

bool session_owes(const struct session *session)
{
	return session->owed != session->owed_done;
}

static void tell(struct session *session, const char *text)
{
	buf_add_fmt(&session->unkept, "%s\n", text);
	session_emit(session, (struct event){.type = EVENT_STORE_FAILED,
					     .step = session->position,
					     .text = text});
}

/* "steps 2, 3, 5", or what can be said of results that are of no step of this session. Returns how many these are. */
static size_t add_steps(const struct session *session, const struct store_batch *batch,
			struct buf *out)
{
	size_t count = 0;

	for (size_t step = 1; step <= session->n_steps; step++) {
		int64_t number = session_place(session, step)->status.attempt;

		if (number && store_batch_has(batch, number))
			buf_add_fmt(out, "%s%zu", count++ ? ", " : " ", step);
	}
	return count;
}

/* What becomes of them. Unmarked ones are taken from the cache like all others. */
static char *fate_text(const struct err *unmarked)
{
	if (!unmarked)
		return mem_strdup("will be run again, as what stands on that");
	return mem_printf("that could not be noted (%s): run again with --no-cache",
			  unmarked->text);
}

void session_tell_lost(struct session *session, const struct store_batch *batch,
		       const struct err *failure, const struct err *unmarked)
{
	bool is_full = failure->sys_errno == ENOSPC || failure->sys_errno == EDQUOT;
	AUTO_BUF struct buf steps = BUF_INIT;
	size_t count = add_steps(session, batch, &steps);
	AUTO_FREE char *what = count ? mem_printf("step%s%s", count == 1 ? "" : "s", steps.data)
				     : mem_printf("the attempts that were kept last");
	AUTO_FREE char *store = buf_shown(store_path(host_store(session->host)));
	AUTO_FREE char *fate = fate_text(unmarked);
	AUTO_FREE char *text = mem_printf(
		"the store %s: %s: %s cannot be relied on, and %s; %s", store, failure->text, what,
		fate, is_full ? "make room on that disk" : "look after that disk (`dmesg`)");

	tell(session, text);
}

void session_tell_owed(struct session *session)
{
	AUTO_FREE char *store = NULL, *text = NULL;

	if (!session_owes(session))
		return;
	session->owed_done = session->owed;
	store = buf_shown(store_path(host_store(session->host)));
	text = mem_printf(
		"the store %s: %s: a loss of power may still take what was done last; the "
		"next run brings it to the disk",
		store, session->keep_err.code ? session->keep_err.text : "nothing is known");
	tell(session, text);
}

const char *session_unkept(const struct session *session)
{
	return session->unkept.data;
}
