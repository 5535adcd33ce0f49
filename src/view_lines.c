/* A build as lines, for files, pipes and other programs. */
#include <string.h>

#include "src/view.h"
#include "ui/words.h"

/* "[4/9] Compile" and a text behind it, to standard error. What the step before it printed is
 * written first. */
static void heading(struct view *view, size_t step, const char *text)
{
	const struct spec *spec = view->build->spec;
	AUTO_BUF struct buf name = BUF_INIT;

	buf_add_shown(&name, spec->steps[step - 1].name, strlen(spec->steps[step - 1].name));
	console_flush(view->out);
	console_color(view->err, "1");
	console_print(view->err, "[%zu/%zu] %s", step, spec->n_steps, name.data);
	console_color(view->err, NULL);
	console_print(view->err, "%s\n", text);
	console_flush(view->err);
}

static void started(struct view *view, size_t step)
{
	view->step = step;
	heading(view, step, "");
}

static void output(struct view *view, const char *bytes, size_t length)
{
	if (!view->quiet)
		console_add_output(view->out, bytes, length);
}

static void note(struct view *view, const char *text)
{
	AUTO_BUF struct buf shown = BUF_INIT;

	buf_add_shown(&shown, text, strlen(text));
	console_flush(view->out);
	console_print(view->err, "note: %s\n", shown.data);
}

static void progress(struct view *view, uint64_t amount)
{
	(void)view;
	(void)amount;
}

static void ended(struct view *view, size_t step, enum step_result result,
		  const struct attempt *attempt)
{
	AUTO_BUF struct buf text = BUF_INIT;

	console_end_output(view->out);
	buf_add_fmt(&text, ": %s", step_result_name(result));
	if (result == STEP_CACHED) {
		heading(view, step, text.data);
		if (view->verbose && view->step != step)
			view_replay(view, attempt);
	} else if (view->verbose) {
		buf_add_str(&text, ", ");
		add_duration(&text, attempt->duration_ms);
		heading(view, step, text.data);
	}
	view->step = 0;
}

static void flush(struct view *view)
{
	console_flush(view->out);
	console_flush(view->err);
}

const struct view_type view_lines = {started, output, note, progress, ended, flush, flush};
