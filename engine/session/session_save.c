/* What is kept of a session for the next one on the same specification, as three texts in the
 * store: its breakpoints (breakpoint.h); "1 STEP ATTEMPT", the position and the attempt of the first
 * failed step, 0 without one, and then " STEP=ATTEMPT" for each result that is adopted; and the edits as JSON, {"version":1,"edits":[{"step":3,
 * "was":"...", "text":"..."}]}, with the step's texts as spec_edit_text() gives them. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/session_internal.h"
#include "engine/spec/spec_edit.h"

static const char *const kinds[SAVED_KINDS] = {"breakpoints", "position", "edits"};

/* The first step that is not done, if it has failed as it is now; else 0. */
static size_t failed_step(const struct session *session)
{
	for (size_t i = 1; i <= session->n_steps; i++) {
		const struct step_status *status = session_step(session, i);
		bool failed = status->result >= STEP_FAILED && status->attempt && status->key[0] &&
			      !(status->flags & STEP_STALE);

		if (!session_place(session, i + 1)->known)
			return failed ? i : 0;
	}
	return 0;
}

/* The attempt in which the first failed step failed, or 0. */
static int64_t failed_attempt(const struct session *session)
{
	size_t step = failed_step(session);

	return step ? session_step(session, step)->attempt : 0;
}

/* --- saving */

/* Whether two texts, NULL for none, are the same. */
static bool are_same(const char *one, const char *other)
{
	return one && other ? !strcmp(one, other) : one == other;
}

/* Stores a text, NULL for none; own is what of it is this session's. */
static int put_text(struct session *session, enum saved_kind kind, const char *text,
		    const char *own, struct err *err)
{
	if (store_set_session(host_store(session->host), session->spec->real_path, kinds[kind],
			      text, err) < 0)
		return err_in(err, "cannot keep the session's %s", kinds[kind]);
	free(session->saved[kind]);
	session->saved[kind] = mem_strdup_or_null(own);
	return 0;
}

/* The same, unless it is there already. */
static int save_text(struct session *session, enum saved_kind kind, const char *text,
		     struct err *err)
{
	return are_same(session->saved[kind], text) ? 0 : put_text(session, kind, text, text, err);
}

static int save_breakpoints(struct session *session, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (session->breakpoints.last_number)
		breakpoints_write(&session->breakpoints, &text);
	return save_text(session, SAVED_BREAKPOINTS, text.len ? text.data : NULL, err);
}

/* Finds the next adopted result in a saved position, from *at on; false when there is none. */
static bool next_adopted(const char **at, size_t *ret_step, int64_t *ret_number)
{
	bool found = *at && sscanf(*at, " %zu=%" SCNd64, ret_step, ret_number) == 2;

	if (found)
		*at = strchr(*at + 1, ' ');
	return found;
}

/* The adopted results of a saved position: behind the position and the attempt. NULL when there are none. */
static const char *adopted_of(const char *saved)
{
	for (int i = 0; saved && *saved && i < 3; i++)
		saved = strchr(saved + 1, ' ');
	return saved;
}

/* What could not be looked at is kept as it was. */
static void add_unrestored(const struct session *session, struct buf *text)
{
	const char *at = session->unrestored ? adopted_of(session->saved[SAVED_POSITION]) : NULL;
	size_t step;
	int64_t number;

	while (next_adopted(&at, &step, &number)) {
		if (step >= session->unrestored && step <= session->n_steps &&
		    !session_place(session, step + 1)->known)
			buf_add_fmt(text, " %zu=%" PRId64, step, number);
	}
}

static int save_position(struct session *session, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	buf_add_fmt(&text, "1 %zu %" PRId64, session->position, failed_attempt(session));
	for (size_t i = 1; i <= session->n_steps && session_place(session, i + 1)->known; i++) {
		const struct step_status *status = session_step(session, i);

		if (status->flags & STEP_ADOPTED && !(status->flags & STEP_STALE))
			buf_add_fmt(&text, " %zu=%" PRId64, i, status->attempt);
	}
	add_unrestored(session, &text);
	return save_text(session, SAVED_POSITION, text.data, err);
}

static json_t *edit_of(const struct session *session, size_t step)
{
	AUTO_BUF struct buf was = BUF_INIT, text = BUF_INIT;

	spec_edit_text(session->original, &session->original->steps[step - 1], &was);
	spec_edit_text(session->spec, session_spec_step(session, step), &text);
	return json_pack("{s:I, s:s, s:s}", "step", (json_int_t)step, "was", was.data, "text",
			 text.data);
}

/* The edits of a text that was stored, or NULL. Free with json_decref(). */
static json_t *parse_edits(const char *text)
{
	json_t *all = text ? json_loads(text, 0, NULL) : NULL;
	json_t *edits = json_incref(json_object_get(all, "edits"));

	json_decref(all);
	return edits;
}

/* Whether there is an edit of the same text; to_same: to the same one. */
static bool has_edit(const json_t *edits, const json_t *edit, bool to_same)
{
	const json_t *other;
	size_t i;

	json_array_foreach(edits, i, other)
	{
		if (to_same ? json_equal(other, edit)
			    : json_equal(json_object_get(other, "was"),
					 json_object_get(edit, "was")))
			return true;
	}
	return false;
}

/* Another debugger may be open on the same file: adds what it has kept since. */
static void add_others(const struct session *session, json_t *edits)
{
	AUTO_FREE char *text = store_get_session(host_store(session->host),
						 session->spec->real_path, kinds[SAVED_EDITS]);
	json_t *others = parse_edits(text), *known = parse_edits(session->saved[SAVED_EDITS]);
	json_t *edit;
	size_t i;

	json_array_foreach(others, i, edit)
	{
		if (!has_edit(known, edit, true) && !has_edit(edits, edit, false))
			json_array_append(edits, edit);
	}
	json_decref(others);
	json_decref(known);
}

/* The edits as they are stored, or NULL when there are none. Free with free(). */
static char *edits_text(json_t *edits)
{
	json_t *all = json_pack("{s:i, s:O}", "version", 1, "edits", edits);
	char *text = json_array_size(edits) ? json_dumps(all, JSON_COMPACT) : NULL;

	json_decref(all);
	return text;
}

static int save_edits(struct session *session, struct err *err)
{
	json_t *edits = json_array();
	AUTO_FREE char *own = NULL, *all = NULL;
	int result = 0;

	for (size_t i = 1; i <= session->n_steps; i++) {
		if (session_is_edited(session, i))
			json_array_append_new(edits, edit_of(session, i));
	}
	own = edits_text(edits);
	if (!are_same(session->saved[SAVED_EDITS], own)) {
		add_others(session, edits);
		all = edits_text(edits);
		result = put_text(session, SAVED_EDITS, all, own, err);
	}
	json_decref(edits);
	return result;
}

int session_save(struct session *session, struct err *err)
{
	if (save_edits(session, err) < 0 || save_breakpoints(session, err) < 0)
		return -1;
	return session->state == SESSION_STOPPED ? save_position(session, err) : 0;
}

/* --- restoring */

/* The step whose text in the file is this: the one of the number, else any; 0: none. */
static size_t step_with_text(const struct session *session, size_t number, const char *text)
{
	size_t found = 0;

	for (size_t i = session->n_steps; i >= 1; i--) {
		AUTO_BUF struct buf now = BUF_INIT;

		spec_edit_text(session->spec, session_spec_step(session, i), &now);
		if (!strcmp(now.data, text) && (!found || i == number))
			found = i;
	}
	return found;
}

/* Tells an edit that cannot be done again, so that it is not lost. */
static void show_lost_edit(json_int_t number, const char *text, struct buf *notes)
{
	buf_add_fmt(notes, "the edit of step %d no longer fits the file. It was:\n", (int)number);
	while (*text) {
		size_t length = strcspn(text, "\n");

		buf_add_str(notes, "    ");
		buf_add_shown(notes, text, length);
		buf_add_char(notes, '\n');
		text += length + (text[length] == '\n');
	}
}

/* Does an edit again. */
static void restore_edit(struct session *session, json_int_t number, const char *was,
			 const char *text, struct buf *notes)
{
	size_t step = step_with_text(session, number > 0 ? (size_t)number : 0, was);
	struct diagnostics diagnostics = {0};
	struct err err;

	if (step &&
	    session_replace_step(session, step, text, strlen(text), &diagnostics, &err) == 0)
		buf_add_fmt(notes, "step %zu is edited, and not written yet\n", step);
	else
		show_lost_edit(number, text, notes);
	diagnostics_release(&diagnostics);
}

static void restore_edits(struct session *session, struct buf *notes)
{
	json_t *edits = parse_edits(session->saved[SAVED_EDITS]), *edit;
	size_t i;

	json_array_foreach(edits, i, edit)
	{
		json_int_t step;
		const char *was, *now;

		if (json_unpack(edit, "{s:I, s:s, s:s}", "step", &step, "was", &was, "text",
				&now) == 0)
			restore_edit(session, step, was, now, notes);
	}
	json_decref(edits);
}

static void restore_breakpoints(struct session *session, struct buf *notes)
{
	const char *text = session->saved[SAVED_BREAKPOINTS];
	struct err err;

	if (text &&
	    breakpoints_read(&session->breakpoints, session->spec, text, strlen(text), &err) < 0)
		buf_add_fmt(notes, "%s\n", err.text);
}

/* Whether an attempt is what a person made of the step, in the state that is before it now. */
static bool is_adopted_here(const struct session *session, size_t step,
			    const struct attempt *attempt)
{
	const struct state *before = &session_place(session, step)->before;

	return attempt->adopted && attempt->result == ATTEMPT_PASSED &&
	       attempt->step == (int64_t)step &&
	       !strcmp(attempt->spec_path, session->spec->real_path) &&
	       !memcmp(attempt->before.key, before->key, sizeof before->key);
}

/* The cache never gives an adopted result: it is taken by its number. */
static void take_adopted(struct session *session, size_t step, int64_t number)
{
	struct store *store = host_store(session->host);
	struct place *place = session_place(session, step);
	struct attempt attempt = {0};
	struct err ignored;

	if (store_get_attempt(store, number, &attempt, &ignored) > 0 &&
	    is_adopted_here(session, step, &attempt) && store_use(store, number)) {
		place->ran = true;
		memcpy(place->status.key, attempt.key, sizeof place->status.key);
		session_note_attempt(place, &attempt, STEP_PASSED);
		session_set_after(session, step, &attempt);
	}
	attempt_release(&attempt);
}

void session_restore_adopted(struct session *session)
{
	const char *at = adopted_of(session->saved[SAVED_POSITION]);
	size_t step, missing, first = session->unrestored;
	int64_t number;
	struct err ignored;

	if (!first)
		return;
	session->unrestored = 0;
	while (next_adopted(&at, &step, &number)) {
		int found;

		if (step < 1 || step > session->n_steps || step < first ||
		    session_place(session, step + 1)->known)
			continue;
		found = session_find_state(session, step, &missing, &ignored);
		if (found > 0)
			take_adopted(session, step, number);
		else if (found < 0 && !session->unrestored)
			session->unrestored = step;
	}
}

/* Where the session was; but where a step has failed since, there. */
static void restore_position(struct session *session)
{
	const char *text = session->saved[SAVED_POSITION];
	size_t step = 0, failed = failed_step(session);
	int64_t attempt = 0;

	if (text && sscanf(text, "1 %zu %" SCNd64, &step, &attempt) != 2)
		step = 0;
	if (failed && (!step || attempt != failed_attempt(session)))
		step = failed;
	if (step < 1 || step > session->n_steps + 1 || !session_place(session, step)->known)
		step = failed ? failed : 1;
	session->position = step;
	session->at_failure = step == failed;
}

int session_restore(struct session *session, struct buf *ret_notes, struct err *err)
{
	for (size_t i = 0; i < SAVED_KINDS; i++) {
		free(session->saved[i]);
		session->saved[i] = store_get_session(host_store(session->host),
						      session->spec->real_path, kinds[i]);
	}
	restore_edits(session, ret_notes);
	restore_breakpoints(session, ret_notes);
	session->looks_briefly = true;
	session->unrestored = 1;
	session_restore_adopted(session);
	if (session_look(session, err) < 0)
		return -1;
	restore_position(session);
	return 0;
}
