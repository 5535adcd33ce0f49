#include "ui/term.h"

#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include "engine/base/clamp.h"
#include "engine/base/mem.h"
#include "ui/term_internal.h"
#include "ui/vtfilter_csi.h"
#include "ui/vtfilter_sets.h"

/* So much is filtered at once. */
enum { FEED_MAX = 4096 };

/* What a program may leave behind: origin mode and margins, which move the cursor, ... */
static const char unbound[] = "\033[?6l\033[r";

/* ... and the mouse, reports of the focus, brackets around what is pasted, application keys, reversed
 * colours, no wrapping, insertion, newline mode, SGR, cursor. */
static const char epilogue[] = "\033[?1000l\033[?1006l\033[?1004l\033[?2004l\033[?1l\033>\033[?5l"
			       "\033[?7h\033[4l\033[20l\033[0m\033[?25h\033[0 q";

/* libvterm does not look whether it got memory: mem_new() ends the program instead. */
static void *allocate(size_t size, void *data)
{
	(void)data;
	return mem_new(size);
}

static void release(void *memory, void *data)
{
	(void)data;
	free(memory);
}

/* What libvterm has to say to the program: what the person did, or an answer. */
static void on_output(const char *bytes, size_t length, void *user)
{
	struct term *term = user;

	if (term->sink)
		buf_add(term->sink, bytes, length);
	else if (term->answering && term->callbacks.reply)
		term->callbacks.reply(term->callbacks.user, bytes, length);
}

/* Sets libvterm up, in the one order that it can take. */
static void open_vterm(struct term *term)
{
	static VTermAllocatorFunctions allocator = {allocate, release};

	VTERM_CHECK_VERSION;
	term->vterm = vterm_new_with_allocator(term->rows, term->columns, &allocator, NULL);
	vterm_set_utf8(term->vterm, 1);
	term->state = vterm_obtain_state(term->vterm);
	vterm_output_set_callback(term->vterm, on_output, term);
	term_screen_attach(term);
	/* A cursor that was never saved would come back hidden. */
	term_write_text(term, "\0337");
}

struct term *term_new(int columns, int rows, const struct term_callbacks *callbacks)
{
	struct term *term = mem_new(sizeof *term);

	term->columns = clamp(columns, TERM_COLUMNS_MIN, TERM_COLUMNS_MAX);
	term->rows = clamp(rows, 1, TERM_ROWS_MAX);
	if (callbacks)
		term->callbacks = *callbacks;
	term->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	vtfilter_init(&term->filter, term->columns);
	buf_init(&term->filtered);
	scrollback_init(&term->history, TERM_HISTORY_BYTES);
	term_screen_reserve(term, term->columns);
	open_vterm(term);
	term_screen_damage_all(term);
	return term;
}

void term_free(struct term *term)
{
	if (!term)
		return;
	vterm_free(term->vterm);
	vtfilter_release(&term->filter);
	buf_release(&term->filtered);
	scrollback_release(&term->history);
	term_screen_release(term);
	if (term->locale)
		freelocale(term->locale);
	free(term);
}

/* Tells what happened meanwhile. */
static void tell(struct term *term)
{
	const struct term_callbacks *callbacks = &term->callbacks;
	const char *title = vtfilter_take_title(&term->filter);

	if (title && callbacks->title)
		callbacks->title(callbacks->user, title);
	if (term->has_rung && callbacks->bell)
		callbacks->bell(callbacks->user);
	term->has_rung = false;
}

void term_feed(struct term *term, const char *bytes, size_t length)
{
	locale_t before = uselocale(term->locale);

	while (length) {
		size_t piece = length < FEED_MAX ? length : FEED_MAX;

		vtfilter_feed(&term->filter, bytes, piece, &term->filtered);
		term_write_filtered(term);
		bytes += piece;
		length -= piece;
	}
	uselocale(before);
	tell(term);
}

void term_set_onlcr(struct term *term, bool onlcr)
{
	term->filter.onlcr = onlcr;
}

void term_set_answering(struct term *term, bool answering)
{
	term->answering = answering;
}

void term_limit_history(struct term *term, size_t bytes)
{
	scrollback_limit(&term->history, bytes);
}

/* Takes origin mode and margins back; the cursor stays where it is. */
static void unbind(struct term *term)
{
	char home[40];
	VTermPos cursor;

	vterm_state_get_cursorpos(term->state, &cursor);
	term_write_text(term, unbound);
	snprintf(home, sizeof home, "\033[%d;%dH", cursor.row + 1, cursor.col + 1);
	term_write_text(term, home);
}

void term_resize(struct term *term, int columns, int rows)
{
	locale_t before = uselocale(term->locale);

	columns = clamp(columns, TERM_COLUMNS_MIN, TERM_COLUMNS_MAX);
	rows = clamp(rows, 1, TERM_ROWS_MAX);
	if (columns != term->columns || rows != term->rows) {
		unbind(term);
		term_screen_reserve(term, columns > term->columns ? columns : term->columns);
		term->columns = columns;
		term->rows = rows;
		term->filter.columns = columns;
		/* The last character may be elsewhere now. */
		term->filter.marks = VTFILTER_MARKS_MAX;
		vterm_set_size(term->vterm, rows, columns);
		term_write_text(term, VTFILTER_CLAMP);
		term_screen_damage_all(term);
	}
	uselocale(before);
}

int term_columns(const struct term *term)
{
	return term->columns;
}

int term_rows(const struct term *term)
{
	return term->rows;
}

void term_end(struct term *term)
{
	vtfilter_abort(&term->filter, &term->filtered);
	vtfilter_reset_sets(&term->filter);
	term_write_filtered(term);
	/* The cursor that comes back must not be held within margins. */
	if (term->alternate) {
		term_write_text(term, unbound);
		term_write_text(term, "\033[?1049l");
	}
	unbind(term);
	term_write_text(term, epilogue);
}

struct term_cursor term_cursor(const struct term *term)
{
	struct term_cursor cursor = {.visible = term->cursor_visible, .shape = term->shape};
	VTermPos position;

	vterm_state_get_cursorpos(term->state, &position);
	cursor.row = position.row;
	cursor.column = position.col;
	return cursor;
}

bool term_is_alternate(const struct term *term)
{
	return term->alternate;
}

enum term_mouse_mode term_mouse_mode(const struct term *term)
{
	return term->mouse;
}

size_t term_history_count(const struct term *term)
{
	return term->history.count;
}

size_t term_history_dropped(const struct term *term)
{
	return term->history.dropped;
}

void term_history_row(struct term *term, size_t row, struct cell *ret_cells, int columns)
{
	locale_t before = uselocale(term->locale);

	scrollback_get(&term->history, row, ret_cells, columns);
	uselocale(before);
}
