/* contractor run: a client of the session that shows what happens, and stops at the first failure. */
#include <signal.h>
#include <string.h>

#include "engine/base/interrupt.h"
#include "engine/base/mem.h"
#include "engine/session/export.h"
#include "src/build.h"
#include "src/run_failure.h"
#include "src/run_json.h"
#include "src/signals.h"
#include "src/view.h"
#include "ui/words.h"

/* How long output waits for a reader when the build was interrupted. */
enum { PATIENCE_MS = 500 };

struct run {
	struct program *program;
	struct build build;
	struct view view;
	struct run_json *json; /* for --json, else NULL; then nothing is shown */
	struct failure failure;
	size_t from, until;
	size_t ran, cached;
	int64_t started_ms;
	bool going;	   /* the session has been told to run; before, it stops at --from */
	int signal_number; /* of the first one that came, or 0 */
	bool hurried;	   /* a second one has come */
	bool settling;	   /* the steps are done: what is waited for is the disk */
	bool delivered;	   /* the artifacts are written */
	enum stop_reason reason;
	struct err err; /* for STOP_ERROR */
};

static void show_started(struct run *run, const struct event *event)
{
	run->view.type->started(&run->view, event->step);
}

static void show_output(struct run *run, const struct event *event)
{
	run->view.type->output(&run->view, event->bytes, event->length);
}

static void show_note(struct run *run, const struct event *event)
{
	run->view.type->note(&run->view, event->text);
}

static void show_pruned(struct run *run, const struct event *event)
{
	if (run->view.verbose)
		run->view.type->note(&run->view, event->text);
}

static void show_progress(struct run *run, const struct event *event)
{
	run->view.type->progress(&run->view, event->amount);
}

static void show_cached(struct run *run, const struct event *event)
{
	run->view.type->ended(&run->view, event->step, STEP_CACHED, event->attempt);
}

static void show_ended(struct run *run, const struct event *event)
{
	run->view.type->ended(&run->view, event->step, result_of_attempt(event->attempt),
			      event->attempt);
}

static void on_cached(struct run *run, const struct event *event)
{
	(void)event;
	run->cached++;
}

static void on_ended(struct run *run, const struct event *event)
{
	run->ran++;
	if (event->attempt->result != ATTEMPT_PASSED)
		failure_note(&run->failure, event->step, event->attempt);
}

static void on_stopped(struct run *run, const struct event *event)
{
	run->reason = event->reason;
	if (event->err)
		run->err = *event->err;
	if (run->going)
		loop_stop(run->build.loop, 0);
}

/* What happened is shown at once; the terminal and standard output follow when the loop sleeps. */
static void show(struct run *run, const struct event *event)
{
	static void (*const showers[EVENT_TYPES])(struct run * run, const struct event *event) = {
		[EVENT_STEP_STARTED] = show_started, [EVENT_STEP_OUTPUT] = show_output,
		[EVENT_STEP_NOTE] = show_note,	     [EVENT_STEP_PROGRESS] = show_progress,
		[EVENT_STEP_CACHED] = show_cached,   [EVENT_STEP_ENDED] = show_ended,
		[EVENT_STORE_PRUNED] = show_pruned,
	};

	if (showers[event->type])
		showers[event->type](run, event);
}

/* Going to --from is no part of the build: what it tells is not told on. */
static void on_event(void *data, const struct event *event)
{
	static void (*const handlers[EVENT_TYPES])(struct run * run, const struct event *event) = {
		[EVENT_STEP_CACHED] = on_cached,
		[EVENT_STEP_ENDED] = on_ended,
		[EVENT_STOPPED] = on_stopped,
	};
	struct run *run = data;

	if (handlers[event->type])
		handlers[event->type](run, event);
	if (!run->json)
		show(run, event);
	else if (run->going)
		run_json_event(run->json, event);
}

static void on_invalid(void *data, const char *path, const struct diagnostics *diagnostics)
{
	struct run *run = data;

	if (run->json)
		run_json_diagnostics(run->json, path, diagnostics);
}

/* The first signal lets the step end, the second one does not wait for it, nor for the disk. */
static void on_signal(void *data, int number)
{
	struct run *run = data;
	bool first = !run->signal_number;
	struct err ignored;

	if (first)
		run->signal_number = number;
	run->program->out.patience_ms = PATIENCE_MS;
	run->view.stopping = "stopping (^C again: at once)";
	run->view.dirty = true;
	run->hurried = !first;
	if (run->settling)
		loop_stop(run->build.loop, 0);
	else if (!first)
		session_kill_now(run->build.session);
	else if (session_kill(run->build.session, &ignored) < 0)
		loop_stop(run->build.loop, 0);
}

/* Nobody reads any more, or the disk is full: no use in going on. */
static void on_sleep(void *data)
{
	struct run *run = data;

	run->view.type->flush(&run->view);
	if (run->program->out.error && run->going) {
		session_kill_now(run->build.session);
		loop_stop(run->build.loop, 0);
	}
}

/* Whether there is nothing between --from and --until. */
static int check_part(struct run *run)
{
	size_t first = run->from ? run->from : 1;
	struct err err;

	if (!run->until || run->until > first)
		return 0;
	err_set(&err, ERR_USAGE,
		"nothing to run: --until stops before step %zu, and the build begins at step %zu",
		run->until, first);
	return program_fail_usage(run->program, &err);
}

static int find_part(struct run *run)
{
	const struct options *options = &run->program->options;
	int status = 0;

	if (options->from)
		status = build_find_step(&run->build, options->from, &run->from);
	if (!status && options->until)
		status = build_find_step(&run->build, options->until, &run->until);
	return status ? status : check_part(run);
}

/* What is going to be called done must be on the disk: so the waiting comes before the last words. */
static void settle(struct run *run)
{
	if (run->hurried)
		return;
	run->settling = true;
	build_settle(&run->build);
}

/* Runs the part of the build that was asked for, and sees to it that it stays in the store. */
static int go(struct run *run, struct err *err)
{
	struct session *session = run->build.session;

	loop_before_sleep(run->build.loop, on_sleep, run);
	if (signals_take(run->build.loop, NULL, on_signal, run, err) < 0)
		return -1;
	if (run->from && session_goto(session, run->from, err) < 0)
		return -1;
	run->going = true;
	if ((run->until ? session_until(session, run->until, err)
			: session_continue(session, err)) < 0 &&
	    !interrupt_is_pending())
		return -1;
	loop_run(run->build.loop);
	/* It may have ended because of a signal that nobody has taken yet. */
	if (interrupt_is_pending())
		loop_turn(run->build.loop, 0);
	settle(run);
	return 0;
}

/* "hello: 9 steps passed (5 cached) in 12 s" */
static void print_summary(struct run *run)
{
	struct console *console = &run->program->err;
	AUTO_BUF struct buf text = BUF_INIT;
	size_t done = run->ran + run->cached;

	buf_add_fmt(&text, "%s: ", run->build.spec->name);
	buf_add_count(&text, done, "step");
	buf_add_str(&text, " passed");
	if (run->cached)
		buf_add_fmt(&text, ", %zu of them cached", run->cached);
	buf_add_str(&text, ", in ");
	add_duration(&text, loop_now_ms() - run->started_ms);
	console_print(console, "%s\n", text.data);
	console_flush(console);
}

/* Whether all that was to run has passed. */
static bool is_done(const struct run *run)
{
	size_t end = run->until ? run->until : run->build.spec->n_steps + 1;

	return session_position(run->build.session) == end && !run->failure.step;
}

/* What a build that is done was to hand out, and has not since it was interrupted. */
static void add_undelivered(const struct run *run, struct buf *out)
{
	const char *dir = run->program->options.keep_workspace;

	if (!run->delivered)
		session_add_artifacts(run->build.session, out);
	if (dir) {
		buf_add_str(out, out->len ? " and the workspace for " : "the workspace for ");
		buf_add_shown(out, dir, strlen(dir));
	}
}

static int end_by_signal(struct run *run)
{
	AUTO_BUF struct buf missing = BUF_INIT;

	if (is_done(run))
		add_undelivered(run, &missing);
	program_warn(run->program, "stopped by SIG%s%s%s", sigabbrev_np(run->signal_number),
		     missing.len ? ": all steps have passed, but what they made was not handed "
				   "out; the next run does it: "
				 : "",
		     missing.data);
	return STATUS_SIGNAL + run->signal_number;
}

static void on_exported(void *data, const struct err *err)
{
	struct run *run = data;

	run->err = err ? *err : (struct err){0};
	loop_stop(run->build.loop, 0);
}

/* --keep-workspace: copies the workspace out. */
static int keep_workspace(struct run *run, struct err *err)
{
	const char *dir = run->program->options.keep_workspace;
	struct export *export;

	if (export_start(run->build.session, dir, on_exported, run, &export, err) < 0)
		return -1;
	loop_run(run->build.loop);
	export_free(export);
	if (run->signal_number || !run->err.code)
		return 0;
	*err = run->err;
	return -1;
}

/* The build, or the part that was wanted, is done: hands out what it made. */
static int deliver(struct run *run)
{
	struct err err;

	if (session_export_artifacts(run->build.session, &err) < 0)
		return program_fail(run->program, &err);
	run->delivered = true;
	if (run->program->options.keep_workspace && keep_workspace(run, &err) < 0)
		return program_fail(run->program, &err);
	if (run->signal_number)
		return end_by_signal(run);
	if (!run->json)
		print_summary(run);
	return 0;
}

/* A step could not be run at all: says why, and which. */
static int fail_at_step(struct run *run)
{
	const struct spec *spec = run->build.spec;
	size_t number = session_position(run->build.session);
	int status = program_fail(run->program, &run->err);
	AUTO_BUF struct buf title = BUF_INIT, path = BUF_INIT;
	const struct step *step;

	if (!number || number > spec->n_steps)
		return status;
	step = &spec->steps[number - 1];
	step_add_title(step, &title);
	buf_add_shown(&path, spec->path, strlen(spec->path));
	console_print(&run->program->err, "  %s:%zu:%zu: %s\n", path.data, step->position.line,
		      step->position.column, title.data);
	return status;
}

/* Says how it went, and gives the exit status. */
static int conclude(struct run *run)
{
	if (run->signal_number && run->settling && run->reason == STOP_FAILED)
		failure_report(&run->failure, &run->build);
	if (run->signal_number)
		return end_by_signal(run);
	if (run->program->out.error)
		return STATUS_STEP_FAILED;
	switch (run->reason) {
	case STOP_FAILED:
	case STOP_KILLED:
		failure_report(&run->failure, &run->build);
		return STATUS_STEP_FAILED;
	case STOP_ERROR:
		return fail_at_step(run);
	default:
		return deliver(run);
	}
}

/* The end of the build. */
static int end(struct run *run)
{
	int status;

	run->view.type->finish(&run->view);
	status = conclude(run);
	build_tell_unkept(&run->build);
	return status;
}

/* Opens and runs the build; returns the exit status. */
static int run_build(struct run *run)
{
	const struct build_wish wish = {.event = on_event, .invalid = on_invalid, .data = run};
	struct err err;
	int status = build_open(&run->build, run->program, &wish);

	view_init(&run->view, &run->build);
	if (!status && run->json)
		run_json_head(run->json, run->build.spec);
	if (!status)
		status = find_part(run);
	if (!status)
		status = go(run, &err) < 0 ? program_fail(run->program, &err) : end(run);
	return status;
}

static int run_build_as_json(struct run *run)
{
	struct run_json json;
	struct run_summary summary = {0};

	run_json_init(&json, run->program);
	run->json = &json;
	summary.status = run_build(run);
	summary.signal_number = run->signal_number;
	summary.ran = run->ran;
	summary.cached = run->cached;
	run_json_end(&json, &summary);
	run_json_release(&json);
	return summary.status;
}

int run_command(struct program *program)
{
	struct run run = {
		.program = program, .failure.reason = BUF_INIT, .started_ms = loop_now_ms()};
	int status = program->options.json ? run_build_as_json(&run) : run_build(&run);

	view_release(&run.view);
	if (run.build.loop)
		loop_before_sleep(run.build.loop, NULL, NULL);
	build_release(&run.build);
	failure_release(&run.failure);
	return status;
}
