/* Where the debugger stands, in words. */
#include <string.h>

#include "engine/base/mem.h"
#include "src/debug.h"
#include "ui/words.h"

/* "before step 5 'Test'", "at the end: 9 steps are done" */
static void add_place(const struct debug *debug, struct buf *out)
{
	const struct spec *spec = session_spec(debug->build.session);
	size_t position = session_position(debug->build.session), last = spec->n_steps;

	if (position > last) {
		buf_add_fmt(out, "at the end: %zu step%s done", last, last == 1 ? " is" : "s are");
		return;
	}
	buf_add_str(out, "before ");
	step_add_title(&spec->steps[position - 1], out);
}

/* "step 5 'Test' failed: exit status 3" and where it is in the file */
static void tell_failure(struct debug *debug, const struct attempt *attempt)
{
	size_t position = session_position(debug->build.session);
	const struct spec *spec = session_spec(debug->build.session);
	AUTO_BUF struct buf text = BUF_INIT, path = BUF_INIT;
	enum step_result result = result_of_attempt(attempt);

	step_add_title(&spec->steps[position - 1], &text);
	buf_add_fmt(&text, " %s: ", step_result_name(result));
	add_reason(&text, attempt);
	buf_add_shown(&path, spec->path, strlen(spec->path));
	console_color(&debug->program->err, look_of(result)->color);
	debug_say(debug, "%s", text.data);
	console_color(&debug->program->err, NULL);
	debug_say(debug, "  %s:%zu:%zu", path.data, spec->steps[position - 1].position.line,
		  spec->steps[position - 1].position.column);
}

static void tell_error(struct debug *debug, const struct event *event)
{
	debug_say(debug, "step %zu: %s", event->step, event->err->text);
}

/* At the end of the build its artifacts are written as by `run`. */
static void deliver(struct debug *debug)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err;

	if (session_deliver_artifacts(debug->build.session, &text, &err) < 0)
		debug_say(debug, "%s", err.text);
	else if (text.len)
		debug_say(debug, "%s", text.data);
}

void debug_tell_stop(struct debug *debug, const struct event *event)
{
	AUTO_BUF struct buf text = BUF_INIT;

	debug->failed = event->attempt != NULL || event->err;
	add_place(debug, &text);
	if (event->attempt)
		tell_failure(debug, event->attempt);
	else if (event->err)
		tell_error(debug, event);
	else if (event->reason == STOP_BREAKPOINT)
		debug_say(debug, "breakpoint %d, %s", event->breakpoint, text.data);
	else
		debug_say(debug, "%s", text.data);
	if (event->reason == STOP_END)
		deliver(debug);
}

/* Tells how the present step failed before this session. */
static void tell_old_failure(struct debug *debug)
{
	const struct build *build = &debug->build;
	size_t position = session_position(build->session);
	struct attempt attempt = {0};
	struct err ignored;

	if (store_get_attempt(host_store(build->host),
			      session_step(build->session, position)->attempt, &attempt,
			      &ignored) > 0)
		tell_failure(debug, &attempt);
	attempt_release(&attempt);
}

void debug_tell_start(struct debug *debug)
{
	AUTO_BUF struct buf text = BUF_INIT;

	debug->failed = session_is_at_failure(debug->build.session);
	if (debug->failed) {
		tell_old_failure(debug);
		return;
	}
	add_place(debug, &text);
	debug_say(debug, "%s", text.data);
}

/* What has become of the present step, or NULL: it comes next. */
static const char *word_of_step(const struct debug *debug)
{
	enum step_result result =
		session_step(debug->build.session, session_position(debug->build.session))->result;

	if (session_state(debug->build.session) == SESSION_PAUSED)
		return "paused";
	return session_is_at_failure(debug->build.session) ? step_result_name(result) : NULL;
}

/* Whether the build stands on a tree that was made by hand. */
static bool is_adopted(const struct debug *debug)
{
	const struct session *session = debug->build.session;

	for (size_t step = 1; step < session_position(session); step++) {
		if (session_step(session, step)->flags & STEP_ADOPTED)
			return true;
	}
	return false;
}

/* Characters that the terminal cannot show become question marks. */
static void make_ascii(struct buf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		if ((unsigned char)text->data[i] >= 0x80)
			text->data[i] = '?';
	}
}

void debug_add_prompt(const struct debug *debug, struct buf *out)
{
	const struct spec *spec = session_spec(debug->build.session);
	size_t position = session_position(debug->build.session), last = spec->n_steps;
	const char *adopted = is_adopted(debug) ? ", adopted" : "";
	const char *word, *name;

	if (debug->asking) {
		buf_add_str(out, "quit all the same? [y/N] ");
		return;
	}
	if (position > last) {
		buf_add_fmt(out, "(end of %zu%s) ", last, adopted);
		return;
	}
	word = word_of_step(debug);
	buf_add_fmt(out, "(%s%zu/%zu ", word ? "" : "before ", position, last);
	name = spec->steps[position - 1].name;
	buf_add_shown(out, name, strlen(name));
	buf_add_fmt(out, "%s%s%s) ", word ? " " : "", word ? word : "", adopted);
	if (!debug->program->out.utf8)
		make_ascii(out);
}
