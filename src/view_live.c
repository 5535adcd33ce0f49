/* A build on a terminal: what the steps print goes up the screen, and below it is a line about
 * the running step, drawn anew whenever something is written or a second has passed.
 *
 * The last line of the output, as long as it is not ended, is drawn with that line, cut to
 * the width of the screen: so the terminal's cursor is always at a known place, whatever
 * carriage returns and wide characters a step prints.
 */
#include <string.h>

#include "engine/base/mem.h"
#include "src/view.h"
#include "ui/words.h"

/* A line without an end that is longer is given out as if it had ended. */
enum { PARTIAL_MAX = 1 << 16, TICK_MS = 1000 };

/* Columns that a step's number and name keep, however much is said of it. */
enum { LABEL_MIN = 12 };

static const char *glyph_of(const struct view *view, enum step_result result)
{
	return view->out->utf8 ? look_of(result)->glyph : look_of(result)->ascii;
}

/* " 4 Compile  passed, 3.2 s" in width columns; it is the name that is cut first. */
static void fit_line(const struct view *view, const char *label, const char *words, size_t width,
		     struct buf *ret_line)
{
	size_t taken = columns_of(words, strlen(words)) + 2;
	AUTO_BUF struct buf whole = BUF_INIT;

	add_fitting(&whole, label, width > taken + LABEL_MIN ? width - taken : LABEL_MIN,
		    !view->out->utf8);
	buf_add_fmt(&whole, "  %s", words);
	add_fitting(ret_line, whole.data, width, !view->out->utf8);
}

/* "✓ 4 Compile  passed, 3.2 s" without its end of line; cut to width columns, 0: not at all. */
static void add_line(struct view *view, size_t step, enum step_result result, const char *words,
		     size_t width)
{
	const struct step *spec_step = &view->build->spec->steps[step - 1];
	AUTO_BUF struct buf label = BUF_INIT, text = BUF_INIT;

	buf_add_fmt(&label, " %zu ", step);
	buf_add_shown(&label, spec_step->name, strlen(spec_step->name));
	if (width)
		fit_line(view, label.data, words, width - 1, &text);
	else
		buf_add_fmt(&text, "%s%s%s", label.data, *words ? "  " : "", words);
	console_color(view->out, look_of(result)->color);
	console_print(view->out, "%s", glyph_of(view, result));
	console_color(view->out, NULL);
	console_add(view->out, text.data, text.len);
}

/* The part of the unfinished line that can be seen: behind its last carriage return, cut. */
static void draw_partial(struct view *view, size_t width)
{
	const char *text = view->partial.data;
	size_t length = view->partial.len;
	AUTO_BUF struct buf plain = BUF_INIT;
	struct plain_filter filter;
	const char *last;

	if (length && text[length - 1] == '\r')
		length--;
	last = memrchr(text, '\r', length);
	if (last) {
		length -= (size_t)(last + 1 - text);
		text = last + 1;
	}
	plain_filter_init(&filter, FILTER_TEXT, false, !view->out->utf8);
	plain_filter_feed(&filter, text, length, &plain);
	for (size_t i = 0; i < plain.len; i++)
		plain.data[i] = plain.data[i] == '\t' ? ' ' : plain.data[i];
	console_add(view->out, plain.data, fit_columns(plain.data, plain.len, width));
	console_print(view->out, "\n");
}

/* Takes away what is drawn at the bottom, line by line: a terminal that is told to clear all below
 * may keep it, above the screen. */
static void erase(struct view *view)
{
	if (view->drawn == 2)
		console_print(view->out, "\r\x1b[K\x1b[A\x1b[K");
	else if (view->drawn == 1)
		console_print(view->out, "\r\x1b[K");
	view->drawn = 0;
}

/* How long the step has been running, in whole seconds: it is drawn that often. */
static void add_clock(struct buf *words, int64_t ms)
{
	buf_add_str(words, ", ");
	if (ms < 60000)
		buf_add_fmt(words, "%d s", (int)(ms / 1000));
	else
		add_duration(words, ms);
}

/* Draws it: nothing between two steps. */
static void draw(struct view *view)
{
	size_t width = (size_t)console_columns(view->out) - 1;
	AUTO_BUF struct buf words = BUF_INIT;

	view->dirty = false;
	if (!view->step || width < 8)
		return;
	view->drawn = view->partial.len ? 2 : 1;
	if (view->partial.len)
		draw_partial(view, width);
	buf_add_str(&words, view->stopping ? view->stopping : step_result_name(STEP_RUNNING));
	add_clock(&words, loop_now_ms() - view->since_ms);
	if (view->amount) {
		buf_add_str(&words, ", ");
		add_size(&words, view->amount);
	}
	add_line(view, view->step, STEP_RUNNING, words.data, width);
}

static void flush(struct view *view)
{
	if (view->dirty) {
		erase(view);
		draw(view);
	}
	console_flush(view->out);
}

static void tick(void *data)
{
	struct view *view = data;

	view->dirty = true;
	view->tick = loop_timer(view->build->loop, TICK_MS, tick, view);
}

static void started(struct view *view, size_t step)
{
	view->step = step;
	view->since_ms = loop_now_ms();
	view->amount = 0;
	view->printed = false;
	view->dirty = true;
	loop_timer_remove(&view->tick);
	view->tick = loop_timer(view->build->loop, TICK_MS, tick, view);
}

/* Begins to write above the drawn rows; names the step the first time. */
static void begin_output(struct view *view, size_t step)
{
	erase(view);
	view->dirty = true;
	if (view->printed || !step)
		return;
	view->printed = true;
	add_line(view, step, STEP_RUNNING, "", 0);
	console_print(view->out, "\n");
}

static void output(struct view *view, const char *bytes, size_t length)
{
	const char *newline = memrchr(bytes, '\n', length);
	size_t whole = newline ? (size_t)(newline + 1 - bytes) : 0;

	if (view->quiet || !length)
		return;
	begin_output(view, view->step);
	if (whole) {
		console_add_output(view->out, view->partial.data, view->partial.len);
		console_add_output(view->out, bytes, whole);
		buf_clear(&view->partial);
	}
	buf_add(&view->partial, bytes + whole, length - whole);
	if (view->partial.len > PARTIAL_MAX) {
		console_add_output(view->out, view->partial.data, view->partial.len);
		console_print(view->out, "\n");
		buf_clear(&view->partial);
	}
}

/* What is left of the output, as a line. */
static void end_output(struct view *view)
{
	console_add_output(view->out, view->partial.data, view->partial.len);
	console_end_output(view->out);
	if (view->partial.len)
		console_print(view->out, "\n");
	buf_clear(&view->partial);
}

static void note(struct view *view, const char *text)
{
	AUTO_BUF struct buf shown = BUF_INIT;

	buf_add_shown(&shown, text, strlen(text));
	begin_output(view, view->step);
	console_print(view->out, "  note: %s\n", shown.data);
}

static void progress(struct view *view, uint64_t amount)
{
	view->dirty |= amount != view->amount;
	view->amount = amount;
}

static void ended(struct view *view, size_t step, enum step_result result,
		  const struct attempt *attempt)
{
	AUTO_BUF struct buf words = BUF_INIT;

	erase(view);
	view->printed &= result != STEP_CACHED;
	if (result == STEP_CACHED && view->verbose && view->step != step) {
		view->step = step;
		view_replay(view, attempt);
		erase(view);
	}
	end_output(view);
	view->step = 0;
	loop_timer_remove(&view->tick);
	buf_add_str(&words, step_result_name(result));
	if (result != STEP_CACHED) {
		buf_add_str(&words, ", ");
		add_duration(&words, attempt->duration_ms);
	}
	add_line(view, step, result, words.data, 0);
	console_print(view->out, "\n");
}

static void finish(struct view *view)
{
	erase(view);
	end_output(view);
	view->step = 0;
	loop_timer_remove(&view->tick);
	console_flush(view->out);
}

const struct view_type view_live = {started, output, note, progress, ended, flush, finish};
