/* Breakpoints in a session: setting them, and what they do when it comes by their steps. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/session/breakpoint_internal.h"
#include "engine/session/session_internal.h"

/* Whether it just stops before its one step. */
static bool is_plain(const struct breakpoint *breakpoint)
{
	bool of_step = breakpoint->where != BREAKPOINT_KIND && breakpoint->where != BREAKPOINT_FAIL;

	return of_step && breakpoint->resolved && !breakpoint->condition && !breakpoint->log &&
	       !breakpoint->temporary;
}

/* Whether another one does the same as this. */
static bool is_double(const struct breakpoints *set, const struct breakpoint *added)
{
	for (size_t i = 0; is_plain(added) && i < set->len; i++) {
		const struct breakpoint *other = &set->items[i];

		if (other != added && is_plain(other) && other->step == added->step)
			return true;
	}
	return false;
}

/* Takes a breakpoint that was just added away again if there was one like it. */
static int keep_single(struct session *session, int number, struct err *err)
{
	const struct breakpoint *added = breakpoints_find(&session->breakpoints, number);
	size_t step;

	if (!added || !is_double(&session->breakpoints, added))
		return number;
	step = added->step;
	if (session_delete_breakpoint(session, number, err) < 0)
		return -1;
	return err_set(err, ERR_USAGE, "step %zu has a breakpoint already", step);
}

int session_add_breakpoint(struct session *session, const char *line, bool temporary,
			   struct err *err)
{
	int number = breakpoints_add(&session->breakpoints, session->spec, line, temporary, err);

	return number < 0 ? -1 : keep_single(session, number, err);
}

int session_add_breakpoint_words(struct session *session, const struct strv *words, bool temporary,
				 struct err *err)
{
	int number =
		breakpoints_add_words(&session->breakpoints, session->spec, words, temporary, err);

	return number < 0 ? -1 : keep_single(session, number, err);
}

int session_break(struct session *session, size_t step, struct err *err)
{
	AUTO_FREE char *line = mem_printf("%zu", step);

	if (session_check_step(session, step, err) < 0)
		return -1;
	return session_add_breakpoint(session, line, false, err);
}

int session_delete_breakpoint(struct session *session, int number, struct err *err)
{
	AUTO_STRV struct strv which = {0};

	strv_add_fmt(&which, "%d", number);
	return session_change_breakpoints(session, BREAKPOINT_DELETE, &which, err);
}

int session_change_breakpoints(struct session *session, enum breakpoint_change change,
			       const struct strv *which, struct err *err)
{
	return breakpoints_change(&session->breakpoints, change, which, err);
}

int session_set_condition(struct session *session, int number, const char *text, struct err *err)
{
	return breakpoints_set_condition(&session->breakpoints, number, text, err);
}

bool session_has_breakpoint(const struct session *session, size_t step)
{
	return breakpoints_on(&session->breakpoints, session_spec_step(session, step)) != NULL;
}

const struct breakpoints *session_breakpoints(const struct session *session)
{
	return &session->breakpoints;
}

/* Tells what breakpoints had to say, a line each. */
static void tell_logs(struct session *session, const struct buf *log)
{
	for (size_t at = 0; at < log->len;) {
		size_t length = strcspn(log->data + at, "\n");
		AUTO_FREE char *line = mem_strndup(log->data + at, length);

		session_emit(session, (struct event){.type = EVENT_BREAKPOINT_LOG,
						     .step = session->position,
						     .text = line});
		at += length + 1;
	}
}

int session_before_step(struct session *session)
{
	AUTO_BUF struct buf log = BUF_INIT;
	int number = breakpoints_before(&session->breakpoints,
					session_spec_step(session, session->position), &log);

	tell_logs(session, &log);
	return number;
}

void session_begin_step(struct session *session)
{
	breakpoints_begin(&session->breakpoints, session_spec_step(session, session->position));
}

void session_feed_step(struct session *session, const char *bytes, size_t length)
{
	breakpoints_feed_output(&session->breakpoints,
				session_spec_step(session, session->position), bytes, length);
}

int session_after_step(struct session *session, const struct attempt *attempt)
{
	const struct breakpoint_outcome outcome = {
		.exit_status = attempt->exit_status,
		.duration_ms = attempt->duration_ms,
		.failed = attempt->result != ATTEMPT_PASSED,
	};
	AUTO_BUF struct buf log = BUF_INIT;
	int number =
		breakpoints_after(&session->breakpoints,
				  session_spec_step(session, session->position), &outcome, &log);

	tell_logs(session, &log);
	return number;
}

int session_feed_log(struct session *session, const struct attempt *attempt, struct err *err)
{
	const struct step *step = session_spec_step(session, session->position);
	AUTO_CLOSE int fd = -1;
	char bytes[1 << 16];
	ssize_t length;

	if (!breakpoints_want_output(&session->breakpoints, step))
		return 0;
	fd = store_open_log(host_store(session->host), attempt->id);
	while ((length = fd < 0 ? -1 : read(fd, bytes, sizeof bytes)) > 0)
		session_feed_step(session, bytes, (size_t)length);
	if (length < 0)
		return err_sys(err,
			       "cannot read what step %zu printed, which a breakpoint asks for",
			       session->position);
	return 0;
}

/* Whether one stops before the step. */
static bool stops_before(const struct session *session, size_t step)
{
	for (size_t i = 0; i < session->breakpoints.len; i++) {
		const struct breakpoint *one = &session->breakpoints.items[i];

		if (one->enabled && !one->log && !breakpoint_acts_after(one) &&
		    breakpoint_covers(one, session_spec_step(session, step)))
			return true;
	}
	return false;
}

int session_reverse_continue(struct session *session, struct err *err)
{
	size_t step = session->position;

	if (session->state == SESSION_STOPPED && step == 1)
		return err_set(err, ERR_USAGE, "this is the first step");
	while (--step > 1) {
		if (stops_before(session, step))
			break;
	}
	return session_goto(session, step, err);
}
