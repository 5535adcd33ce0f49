/* What a step printed: in its present attempt, or an older one. */
#include <inttypes.h>
#include <string.h>

#include "engine/actions/host.h"
#include "engine/base/mem.h"
#include "ui/screen_internal.h"
#include "ui/words.h"

/* What is left of a step's name in the title. */
enum { NAME_COLUMNS_MIN = 8 };

static struct store *store_of(const struct screen *screen)
{
	return host_store(session_host(screen->session));
}

/* --- which attempt */

static bool is_running(const struct screen *screen, size_t step)
{
	return session_state(screen->session) != SESSION_STOPPED && screen->running_id[0] &&
	       session_position(screen->session) == step;
}

/* The step whose output is shown: the selected one; or, while that has not run, the one before it that has
 * just run, since what it printed is what one has waited for. */
static size_t shown_step(const struct screen *screen)
{
	size_t selected = screen->selected;
	bool has_run =
		session_step(screen->session, selected)->attempt || is_running(screen, selected);

	return !has_run && screen->done_step && screen->done_step + 1 == selected
		       ? screen->done_step
		       : selected;
}

/* The number of the attempt to show of it; 0: none. */
static int64_t shown_attempt(const struct screen *screen)
{
	if (screen->output_attempt)
		return screen->output_attempt;
	return session_step(screen->session, shown_step(screen))->attempt;
}

static void close_output(struct screen *screen)
{
	output_free(screen->output);
	screen->output = NULL;
}

/* Opens the log, unless it is the one that is shown. */
static void show_id(struct screen *screen, const char *id, bool live)
{
	bool typing = screen->typing && live;
	struct err err;

	if (screen->output && !strcmp(output_id(screen->output), id)) {
		if (!live && output_is_live(screen->output))
			output_end(screen->output);
		return;
	}
	close_output(screen);
	/* Who asked to type before the step was there means it. */
	screen->typing = typing;
	screen->searched = LOG_VIEW_IDLE;
	if (output_open(store_logs_fd(store_of(screen)), id, live, &screen->output, &err) < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
}

void screen_refresh_output(struct screen *screen)
{
	struct attempt attempt = {0};
	struct err err;
	int64_t number;

	if (!screen->session)
		return;
	if (is_running(screen, screen->selected) && !screen->output_attempt) {
		show_id(screen, screen->running_id, true);
		return;
	}
	number = shown_attempt(screen);
	if (!number || store_get_attempt(store_of(screen), number, &attempt, &err) <= 0)
		close_output(screen);
	else
		show_id(screen, attempt.id, false);
	attempt_release(&attempt);
}

void screen_show_attempt(struct screen *screen, int64_t number)
{
	screen->output_attempt = number;
	screen_refresh_output(screen);
	screen_touch(screen);
}

/* What is looked for among the attempts of a step: the one next to `than` in a direction. */
struct neighbour {
	const char *spec_path;
	int64_t step, than, found; /* found 0: none */
	int direction;
};

static int consider(void *data, const struct attempt *attempt)
{
	struct neighbour *neighbour = data;
	bool older = attempt->number<neighbour->than, newer = attempt->number> neighbour->than;

	if (attempt->step != neighbour->step ||
	    strcmp(attempt->spec_path, neighbour->spec_path) != 0)
		return 0;
	if (neighbour->direction < 0 && older)
		neighbour->found = attempt->number;
	if (neighbour->direction > 0 && newer && !neighbour->found)
		neighbour->found = attempt->number;
	return 0;
}

void screen_step_attempts(struct screen *screen, int direction)
{
	struct neighbour neighbour = {session_spec(screen->session)->real_path,
				      (int64_t)shown_step(screen), shown_attempt(screen), 0,
				      direction};
	struct err err;

	if (is_running(screen, screen->selected) && !screen->output_attempt)
		neighbour.than = INT64_MAX;
	if (store_each_attempt(store_of(screen), consider, &neighbour, &err) < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
	else if (neighbour.found)
		screen_show_attempt(screen, neighbour.found);
	else if (direction > 0 && screen->output_attempt)
		screen_show_attempt(screen, 0);
	else
		screen_say(screen, THEME_WARNING, "step %zu has no %s attempt", shown_step(screen),
			   direction < 0 ? "older" : "newer");
}

/* --- the pane */

static void draw(struct screen *screen, struct rect rect)
{
	struct cell_style faint = screen_style(screen, THEME_FAINT);

	if (screen->output)
		output_draw(screen->output, &screen->frame, rect, &screen->theme, screen->typing);
	else
		frame_text(&screen->frame, rect, 0, 1, faint, "it has not run yet");
}

/* A search goes on in the background: how it ended is said when it has. */
void screen_tell_search(struct screen *screen)
{
	static const char *const texts[] = {
		[LOG_VIEW_NOT_FOUND] = "nothing found",
		[LOG_VIEW_WRAPPED] = "found, coming from the other end",
	};
	enum log_view_search state = output_searched(screen->output);

	if (state == screen->searched)
		return;
	screen->searched = state;
	if (state < ARRAY_SIZE(texts) && texts[state])
		screen_say(screen, THEME_WARNING, "%s", texts[state]);
}

/* "failed: exit status 1 · 3.2 s" */
static void add_result(const struct screen *screen, const char *between, struct buf *out)
{
	struct attempt attempt = {0};
	struct err err;

	if (store_get_attempt(store_of(screen), shown_attempt(screen), &attempt, &err) > 0) {
		buf_add_fmt(out, "%s%s", between, step_result_name(result_of_attempt(&attempt)));
		if (attempt.result != ATTEMPT_PASSED) {
			buf_add_str(out, ": ");
			add_reason(out, &attempt);
		}
		buf_add_str(out, between);
		add_duration(out, attempt.duration_ms);
	}
	attempt_release(&attempt);
}

static void add_number(const struct screen *screen, const char *between, struct buf *out)
{
	buf_add_fmt(out, "%sattempt %" PRId64, between, shown_attempt(screen));
}

/* "running · 12 s of about 40 s" */
static void add_progress(const struct screen *screen, const char *between, struct buf *out)
{
	bool paused = session_state(screen->session) == SESSION_PAUSED;

	buf_add_fmt(out, "%s%s%s", between, paused ? "paused" : "running", between);
	add_duration(out, screen_elapsed(screen));
	if (screen->expected_ms) {
		buf_add_str(out, " of about ");
		add_duration(out, screen->expected_ms);
	}
}

/* How the view differs from what the pane shows of itself. */
static void add_view(const struct screen *screen, const char *between, struct buf *out)
{
	if (output_searched(screen->output) == LOG_VIEW_SEARCHING)
		buf_add_fmt(out, "%ssearching %d %%", between, output_progress(screen->output));
	if (!output_follows(screen->output))
		buf_add_fmt(out, "%sscrolled back", between);
}

/* What is known of the output besides its step, the most important first: where there is no room, the end is
 * cut off. The number of an attempt is important when it is an older one. */
static void add_facts(const struct screen *screen, const char *between, struct buf *out)
{
	bool running = is_running(screen, screen->selected) && !screen->output_attempt;

	if (screen->typing)
		buf_add_fmt(out, "%styping into it", between);
	if (screen->output_attempt)
		add_number(screen, between, out);
	if (running)
		add_progress(screen, between, out);
	if (!screen->output)
		return;
	if (!running)
		add_result(screen, between, out);
	add_view(screen, between, out);
	if (!running && !screen->output_attempt)
		add_number(screen, between, out);
}

/* "5 Configure · failed: exit status 1 · 3.2 s · attempt 2". The name, which the list of steps has too,
 * gives way to how the step ended. */
static void add_title(struct screen *screen, struct buf *out)
{
	const struct step *step = screen_step(screen, shown_step(screen));
	AUTO_BUF struct buf name = BUF_INIT, facts = BUF_INIT;
	int room;

	add_facts(screen, screen->frame.ascii ? " - " : " · ", &facts);
	buf_add_fmt(out, "%zu ", step->number);
	buf_add_shown(&name, step->name, strlen(step->name));
	/* Within the corners of the border, and a blank at the end. */
	room = screen->layout.panes[PANE_OUTPUT].columns - 3 - frame_text_columns(out->data) -
	       frame_text_columns(facts.data);
	add_fitting(out, name.data, (size_t)(room > NAME_COLUMNS_MIN ? room : NAME_COLUMNS_MIN),
		    screen->frame.ascii);
	buf_add_str(out, facts.data);
}

static void move(struct screen *screen, enum motion motion)
{
	struct err err;

	if (screen->output && output_move(screen->output, motion, &err) < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
}

/* The log is searched in the background: whether there is a match is told in the title. */
static bool find(struct screen *screen, const char *pattern, bool forward)
{
	struct err err;

	if (screen->output && output_search(screen->output, pattern, forward, &err) < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
	return true;
}

const struct pane_type pane_output = {UI_CONTEXT_TEXT, draw, add_title, move, find, NULL};
