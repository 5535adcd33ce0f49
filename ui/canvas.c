/* The person's terminal, through curses. */
#include "ui/canvas.h"

#include <curses.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "ui/burst.h"
#include "ui/color.h"
#include "ui/guard.h"
#include "ui/theme.h"

#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
/* Synchronized output: what comes between is shown at once.
 * https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036 */
#define UPDATE_BEGIN "\033[?2026h"
#define UPDATE_END "\033[?2026l"

/* Without the clicks that curses would make of a press and a release that come together: nobody
 * knows those. */
#define MOUSE_EVENTS                                                                             \
	(BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON2_PRESSED | BUTTON2_RELEASED |               \
	 BUTTON3_PRESSED | BUTTON3_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED | BUTTON_SHIFT | \
	 BUTTON_ALT | BUTTON_CTRL | REPORT_MOUSE_POSITION)

struct canvas {
	SCREEN *screen;
	WINDOW *keys; /* a pad of one cell: reading from it never refreshes what is shown */
	int colors;
	bool ascii, mouse;
	struct frame shown; /* what the terminal shows */
	cchar_t *line;	    /* of the frame's columns */
	struct guard *guard;
	struct burst burst;
	struct termios before; /* how the terminal is to be again */
	bool private_modes;    /* of DEC's kind: it has them */
	bool suspended;
};

/* Whether terminfo has this string for the terminal. */
static bool has_capability(const char *name)
{
	const char *text = tigetstr(name);

	return text && text != (char *)-1;
}

/* Whether the terminal knows private modes as DEC's have them: those that it does not have it ignores. Others would
 * show them as text. */
static bool has_private_modes(void)
{
	static const char *const capabilities[] = {"smcup", "civis", "cnorm", "smkx", "smam"};

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (has_capability(capabilities[i]) && strstr(tigetstr(capabilities[i]), "\033[?"))
			return true;
	}
	return false;
}

/* --- taking the terminal and giving it back */

static void say(const char *sequence)
{
	ssize_t ignored = write(STDOUT_FILENO, sequence, strlen(sequence));

	(void)ignored;
}

/* What is said in a private mode of the terminal, if it has them. */
static void say_private(const struct canvas *canvas, const char *sequence)
{
	if (canvas->private_modes)
		say(sequence);
}

/* Makes ready for the worst: what curses would do at its end, without curses. */
static void arm(struct canvas *canvas)
{
	static const char *const capabilities[] = {"rmkx", "sgr0", "cnorm", "rmcup"};
	AUTO_BUF struct buf reset = BUF_INIT;

	if (canvas->private_modes)
		buf_add_str(&reset, UPDATE_END PASTE_OFF "\033[?1000l\033[?1002l\033[?1006l");
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (has_capability(capabilities[i]))
			buf_add_str(&reset, tigetstr(capabilities[i]));
	}
	guard_arm(canvas->guard, &canvas->before, reset.data, reset.len);
}

static void set_modes(struct canvas *canvas)
{
	raw();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	leaveok(stdscr, FALSE);
	if (canvas->mouse) {
		mousemask(MOUSE_EVENTS, NULL);
		mouseinterval(0);
	}
	say_private(canvas, PASTE_ON);
	arm(canvas);
}

/* Why curses cannot draw on this terminal. */
static int cannot_draw(bool known, struct err *err)
{
	const char *term = getenv("TERM");
	AUTO_FREE char *shown = buf_shown(term ? term : "");

	return err_set(err, ERR_USAGE,
		       "TERM is '%s', %s: set TERM to what the terminal is, or use "
		       "`contractor debug --plain`",
		       shown,
		       known ? "a terminal that cannot move its cursor"
			     : "which the terminfo of this host does not know");
}

/* How many colours the terminal has, at most so many. */
static int count_colors(int most)
{
	static const int steps[] = {1 << 24, 256, 16, 8};

	if (!has_colors() || start_color() != OK || use_default_colors() != OK)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i] <= most && COLORS >= steps[i])
			return steps[i];
	}
	return 0;
}

static int open_screen(struct canvas *canvas, const struct canvas_options *options, struct err *err)
{
	unsetenv("LINES");
	unsetenv("COLUMNS");
	set_escdelay(options->escape_ms);
	canvas->screen = newterm(NULL, stdout, stdin);
	if (!canvas->screen || !has_capability("cup"))
		return cannot_draw(canvas->screen, err);
	canvas->mouse = options->mouse;
	canvas->private_modes = has_private_modes();
	canvas->keys = newpad(1, 1);
	if (!canvas->keys)
		return err_set(err, ERR_HOST, "cannot use the terminal");
	keypad(canvas->keys, TRUE);
	nodelay(canvas->keys, TRUE);
	canvas->colors = count_colors(options->colors);
	canvas->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	set_modes(canvas);
	return 0;
}

int canvas_new(const struct canvas_options *options, struct canvas **ret_canvas, struct err *err)
{
	struct canvas *canvas;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
			       "the screen needs a terminal; `contractor run` and "
			       "`contractor debug --plain` do not");
	canvas = mem_new(sizeof *canvas);
	canvas->guard = guard_new();
	burst_open(&canvas->burst);
	tcgetattr(STDIN_FILENO, &canvas->before);
	if (open_screen(canvas, options, err) < 0) {
		canvas_free(canvas);
		return -1;
	}
	canvas_measure(canvas);
	canvas_redraw(canvas);
	*ret_canvas = canvas;
	return 0;
}

void canvas_free(struct canvas *canvas)
{
	if (!canvas)
		return;
	if (canvas->screen && !canvas->suspended)
		canvas_suspend(canvas);
	if (canvas->keys)
		delwin(canvas->keys);
	if (canvas->screen)
		delscreen(canvas->screen);
	guard_free(canvas->guard);
	burst_close(&canvas->burst);
	frame_release(&canvas->shown);
	free(canvas->line);
	free(canvas);
}

/* Ends what set_modes() began. */
static void unset_modes(struct canvas *canvas)
{
	say_private(canvas, PASTE_OFF);
	if (canvas->mouse)
		mousemask(0, NULL);
	endwin();
}

static void take_again(struct canvas *canvas)
{
	doupdate();
	set_modes(canvas);
	canvas_measure(canvas);
	canvas_redraw(canvas);
}

void canvas_suspend(struct canvas *canvas)
{
	guard_disarm(canvas->guard);
	unset_modes(canvas);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &canvas->before);
	canvas->suspended = true;
}

void canvas_resume(struct canvas *canvas)
{
	tcgetattr(STDIN_FILENO, &canvas->before);
	canvas->suspended = false;
	take_again(canvas);
}

void canvas_retake(struct canvas *canvas)
{
	unset_modes(canvas);
	take_again(canvas);
}

/* --- its size */

bool canvas_measure(struct canvas *canvas)
{
	struct winsize size;
	int rows = LINES, columns = COLS;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col) {
		rows = size.ws_row;
		columns = size.ws_col;
	}
	if (rows == canvas->shown.rows && columns == canvas->shown.columns)
		return false;
	resizeterm(rows, columns);
	frame_resize(&canvas->shown, rows, columns);
	canvas->line = mem_resize(canvas->line, (size_t)columns + 1, sizeof *canvas->line);
	canvas_redraw(canvas);
	return true;
}

int canvas_rows(const struct canvas *canvas)
{
	return canvas->shown.rows;
}

int canvas_columns(const struct canvas *canvas)
{
	return canvas->shown.columns;
}

int canvas_colors(const struct canvas *canvas)
{
	return canvas->colors;
}

bool canvas_is_ascii(const struct canvas *canvas)
{
	return canvas->ascii;
}

void *canvas_key_window(struct canvas *canvas)
{
	return canvas->keys;
}

/* --- drawing */

static attr_t attributes_of(struct cell_style style)
{
	static const struct {
		enum cell_attribute ours;
		attr_t curses;
	} table[] = {{CELL_BOLD, A_BOLD},	{CELL_DIM, A_DIM},
		     {CELL_ITALIC, A_ITALIC},	{CELL_BLINK, A_BLINK},
		     {CELL_REVERSE, A_REVERSE}, {CELL_UNDERLINE, A_UNDERLINE}};
	attr_t attributes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (style.attributes & table[i].ours)
			attributes |= table[i].curses;
	}
	return attributes;
}

/* The number by which curses knows a colour. A terminal with direct colours has no others but the first
 * eight by index (terminfo(5), "RGB"). */
static int number_of(const struct canvas *canvas, struct cell_color color)
{
	struct color_rgb rgb = {0};

	if (color.type == CELL_DEFAULT)
		return -1;
	if (color.type == CELL_INDEXED && (canvas->colors < THEME_COLORS_RGB || color.index < 8))
		return color.index;
	color_rgb_of(&color, &rgb);
	return rgb.red << 16 | rgb.green << 8 | rgb.blue;
}

/* The pair of a style's colours; 0 where there is none left. */
static int pair_of(const struct canvas *canvas, struct cell_style style)
{
	int fg = number_of(canvas, style.fg), bg = number_of(canvas, style.bg), pair;

	if (fg < 0 && bg < 0)
		return 0;
	pair = alloc_pair(fg, bg);
	return pair < 0 ? 0 : pair;
}

/* A style, as curses has it. */
struct look {
	struct cell_style style;
	attr_t attributes;
	int pair;
};

static struct look look_of(const struct canvas *canvas, struct cell_style style)
{
	struct cell_style reduced = theme_reduce(style, canvas->colors);

	return (struct look){style, attributes_of(reduced), pair_of(canvas, reduced)};
}

static void set_cell(const struct cell *cell, const struct look *look, cchar_t *ret_cell)
{
	wchar_t text[CELL_CHARS_MAX + 1] = L" ";

	for (int i = 0; i < cell->n_chars; i++) {
		text[i] = (wchar_t)cell->chars[i];
		text[i + 1] = L'\0';
	}
	setcchar(ret_cell, text, look->attributes, 0, &look->pair);
}

/* Draws a whole row: half of a wide character must never be left over. Cells beside each other mostly look the
 * same. */
static void show_row(struct canvas *canvas, const struct cell *cells, int row)
{
	struct look look = look_of(canvas, cells[0].style);
	int count = 0;

	for (int column = 0; column < canvas->shown.columns; column++) {
		const struct cell *cell = &cells[column];

		if (memcmp(&cell->style, &look.style, sizeof look.style) != 0)
			look = look_of(canvas, cell->style);
		if (cell->width)
			set_cell(cell, &look, &canvas->line[count++]);
	}
	mvwadd_wchnstr(stdscr, row, 0, canvas->line, count);
}

static bool same_cells(const struct cell *a, const struct cell *b, int count)
{
	return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

static void show_cursor(const struct frame *frame)
{
	curs_set(frame->cursor_row >= 0);
	if (frame->cursor_row >= 0)
		wmove(stdscr, frame->cursor_row, frame->cursor_column);
}

/* Draws the rows that differ from what is shown; whether there were any. */
static bool show_rows(struct canvas *canvas, const struct frame *frame)
{
	size_t columns = (size_t)frame->columns;
	bool any = false;

	for (int row = 0; row < frame->rows; row++) {
		const struct cell *cells = frame->cells + (size_t)row * columns;
		struct cell *shown = frame_at(&canvas->shown, row, 0);

		if (same_cells(cells, shown, frame->columns))
			continue;
		show_row(canvas, cells, row);
		memcpy(shown, cells, columns * sizeof *cells);
		any = true;
	}
	return any;
}

/* Whether the cursor is to be elsewhere, or hidden, or not. */
static bool moves_cursor(struct canvas *canvas, const struct frame *frame)
{
	bool moves = canvas->shown.cursor_row != frame->cursor_row ||
		     canvas->shown.cursor_column != frame->cursor_column;

	canvas->shown.cursor_row = frame->cursor_row;
	canvas->shown.cursor_column = frame->cursor_column;
	return moves;
}

void canvas_show(struct canvas *canvas, const struct frame *frame)
{
	bool rows = show_rows(canvas, frame), cursor = moves_cursor(canvas, frame);

	if (!rows && !cursor)
		return;
	burst_begin(&canvas->burst);
	show_cursor(frame);
	say_private(canvas, UPDATE_BEGIN);
	wrefresh(stdscr);
	say_private(canvas, UPDATE_END);
	burst_end(&canvas->burst);
}

void canvas_redraw(struct canvas *canvas)
{
	memset(canvas->shown.cells, 0xff,
	       (size_t)canvas->shown.rows * (size_t)canvas->shown.columns *
		       sizeof *canvas->shown.cells);
	clearok(stdscr, TRUE);
}

void canvas_bell(struct canvas *canvas)
{
	(void)canvas;
	say("\a");
}
