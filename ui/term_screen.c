/* What libvterm's state does to the screen, as cells that are safe to show */
#include <stdlib.h>
#include <vterm.h>
#include <wchar.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/term_internal.h"

enum { REPLACEMENT = 0xfffd, FONT_DIM = 1 /* as vtfilter.h says */ };

/* Beside the attributes of a cell: DECSED and DECSEL leave it alone. Nobody else sees it. */
enum { PROTECTED = 128 };

/* How the state is told that its cursor moves with the rows; another way since 0.2. */
#if VTERM_VERSION_MAJOR == 0 && VTERM_VERSION_MINOR < 2
typedef VTermPos resized;
#define CURSOR_ROW(fields) ((fields)->row)
#else
typedef VTermStateFields resized;
#define CURSOR_ROW(fields) ((fields)->pos.row)
#endif

static struct term_grid *shown(struct term *term)
{
	return &term->grids[term->alternate];
}

static void damage(struct term *term, int first, int last)
{
	if (first < term->damage_first)
		term->damage_first = first;
	if (last > term->damage_last)
		term->damage_last = last;
}

/* --- colours and attributes */

static struct cell_color read_color(const VTermColor *color)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(color) || VTERM_COLOR_IS_DEFAULT_BG(color))
		return (struct cell_color){.type = CELL_DEFAULT};
	if (VTERM_COLOR_IS_INDEXED(color))
		return (struct cell_color){.type = CELL_INDEXED, .index = color->indexed.idx};
	return (struct cell_color){CELL_RGB, 0, color->rgb.red, color->rgb.green, color->rgb.blue};
}

/* Attributes that are on or off. */
static unsigned attribute_of(VTermAttr attr)
{
	static const unsigned attributes[VTERM_N_ATTRS] = {
		[VTERM_ATTR_BOLD] = CELL_BOLD,	     [VTERM_ATTR_UNDERLINE] = CELL_UNDERLINE,
		[VTERM_ATTR_ITALIC] = CELL_ITALIC,   [VTERM_ATTR_BLINK] = CELL_BLINK,
		[VTERM_ATTR_REVERSE] = CELL_REVERSE, [VTERM_ATTR_STRIKE] = CELL_STRIKE,
		[VTERM_ATTR_FONT] = CELL_DIM,
	};

	return attributes[attr];
}

static bool is_on(VTermAttr attr, const VTermValue *value)
{
	if (attr == VTERM_ATTR_FONT)
		return value->number == FONT_DIM;
	return vterm_get_attr_type(attr) == VTERM_VALUETYPE_BOOL ? value->boolean : value->number;
}

static int on_pen(VTermAttr attr, VTermValue *value, void *user)
{
	struct term *term = user;
	struct cell_style *pen = &term->pen.style;
	unsigned attribute = attribute_of(attr), others = pen->attributes & ~attribute;

	if (attr == VTERM_ATTR_FOREGROUND)
		pen->fg = read_color(&value->color);
	else if (attr == VTERM_ATTR_BACKGROUND)
		term->blank.style.bg = pen->bg = read_color(&value->color);
	else
		pen->attributes = (uint8_t)(others | (is_on(attr, value) ? attribute : 0));
	return 1;
}

/* --- what is written, moved and erased */

/* A character with its marks. Where it has not the width that libvterm gives it, and where it hides
 * or reorders text, it is replaced. */
static void set_character(struct cell *cell, const VTermGlyphInfo *info)
{
	uint32_t base = info->chars[0];
	int width = utf8_is_shown(base) ? wcwidth((wchar_t)base) : 0;

	cell->chars[0] = width == 1 || (width == 2 && info->width > 1) ? base : REPLACEMENT;
	cell->width = width == 2 && info->width > 1 ? 2 : 1;
	for (int i = 1; i < VTERM_MAX_CHARS_PER_CELL && info->chars[i]; i++) {
		uint32_t mark = info->chars[i];

		if (cell->n_chars < CELL_CHARS_MAX && utf8_is_shown(mark) &&
		    wcwidth((wchar_t)mark) == 0)
			cell->chars[cell->n_chars++] = mark;
	}
}

/* libvterm is not trusted to keep its cursor on the screen. */
static struct cell *cell_at(struct term *term, VTermPos place)
{
	const struct term_grid *grid = shown(term);

	if ((unsigned)place.row >= (unsigned)grid->rows ||
	    (unsigned)place.col >= (unsigned)grid->columns)
		return NULL;
	return &grid->lines[place.row][place.col];
}

static int on_glyph(VTermGlyphInfo *info, VTermPos place, void *user)
{
	struct term *term = user;
	struct cell *cell = cell_at(term, place);
	bool is_ascii = info->chars[0] < 0x7f && !info->chars[1];

	if (!cell)
		return 0;
	*cell = term->pen;
	cell->chars[0] = info->chars[0];
	if (!is_ascii)
		set_character(cell, info);
	if (info->protected_cell)
		cell->style.attributes |= PROTECTED;
	if (info->width > 1 && place.col + 1 < shown(term)->columns)
		cell[1] = (struct cell){.style = cell->style};
	damage(term, place.row, place.row);
	term->last = (struct term_place){place.row, place.col, is_ascii && !info->dwl};
	return 1;
}

void term_screen_put(struct term *term, int row, int column, const char *text, int count)
{
	struct cell *cells = shown(term)->lines[row] + column, like = cells[-1];

	for (int i = 0; i < count; i++) {
		like.chars[0] = (unsigned char)text[i];
		cells[i] = like;
	}
}

/* Whether moving rows up has some leave the screen for good. */
static bool leaves_history(struct term *term, VTermRect to)
{
	return !to.start_row && !to.start_col && to.end_col == shown(term)->columns &&
	       !term->alternate && term->history.limit;
}

static void move_cells(struct term_grid *grid, VTermRect to, VTermRect from)
{
	int rows = to.end_row - to.start_row, columns = to.end_col - to.start_col;
	bool up = to.start_row < from.start_row;

	for (int i = 0; i < rows; i++) {
		int row = up ? i : rows - 1 - i;

		term_grid_move_cells(grid, to.start_row + row, to.start_col, from.start_row + row,
				     from.start_col, columns);
	}
}

/* libvterm erases what is left behind. */
static int on_move(VTermRect to, VTermRect from, void *user)
{
	struct term *term = user;
	struct term_grid *grid = shown(term);

	for (int row = 0; row < from.start_row && leaves_history(term, to); row++) {
		term_screen_read(term, row, term->line);
		scrollback_push(&term->history, term->line, grid->columns);
	}
	if (to.end_col - to.start_col == grid->columns)
		term_grid_move_rows(grid, to.start_row, from.start_row, to.end_row - to.start_row);
	else
		move_cells(grid, to, from);
	damage(term, to.start_row, to.end_row - 1);
	term->has_moved = true;
	return 1;
}

static void erase_unprotected(struct cell *cells, int column, int end, const struct cell *blank)
{
	for (; column < end; column++) {
		if (!(cells[column].style.attributes & PROTECTED))
			cells[column] = *blank;
	}
}

static int on_erase(VTermRect rect, int selective, void *user)
{
	struct term *term = user;
	struct term_grid *grid = shown(term);
	int end = rect.end_col < grid->columns ? rect.end_col : grid->columns;

	for (int row = rect.start_row; row < rect.end_row && row < grid->rows; row++) {
		if (selective)
			erase_unprotected(grid->lines[row], rect.start_col, end, &term->blank);
		else
			term_grid_fill(grid, row, rect.start_col, end, &term->blank);
	}
	damage(term, rect.start_row, rect.end_row - 1);
	term->has_moved = true;
	return 1;
}

/* A line of double width has no right half. */
static int on_line(int row, const VTermLineInfo *now, const VTermLineInfo *before, void *user)
{
	struct term *term = user;
	int columns = shown(term)->columns;

	if (now->doublewidth && (!before->doublewidth || now->doubleheight != before->doubleheight))
		on_erase((VTermRect){row, row + 1, columns / 2, columns}, 0, term);
	return 1;
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
	struct term *term = user;

	if (property == VTERM_PROP_CURSORVISIBLE)
		term->cursor_visible = value->boolean;
	else if (property == VTERM_PROP_ALTSCREEN)
		term->alternate = value->boolean;
	else if (property == VTERM_PROP_REVERSE)
		term->reversed = value->boolean;
	else if (property == VTERM_PROP_MOUSE)
		term->mouse = (enum term_mouse_mode)value->number;
	else if (property == VTERM_PROP_CURSORSHAPE && value->number > 0)
		term->shape = (enum term_shape)(value->number - VTERM_PROP_CURSORSHAPE_BLOCK);
	if (property == VTERM_PROP_ALTSCREEN || property == VTERM_PROP_REVERSE)
		term_screen_damage_all(term);
	return 1;
}

static int on_bell(void *user)
{
	struct term *term = user;

	term->has_rung = true;
	return 1;
}

/* --- another size */

static void scroll(struct term *term, int up)
{
	VTermRect all = {0, shown(term)->rows, 0, shown(term)->columns};

	vterm_scroll_rect(all, up, 0, on_move, on_erase, term);
}

/* How many rows have to go up so that the cursor, and all that is written, stays on the screen. */
static int count_surplus(struct term *term, int rows)
{
	int last = shown(term)->rows - 1;
	VTermPos cursor;

	vterm_state_get_cursorpos(term->state, &cursor);
	while (last >= rows && last != cursor.row && term_grid_is_blank(shown(term), last))
		last--;
	return last + 1 - rows;
}

/* A cell of the history, where it is kept as it looked, on the screen again. */
static struct cell restored_cell(const struct term *term, const struct cell *from)
{
	struct cell cell = *from;

	if (!cell.n_chars)
		cell.style.attributes = 0;
	else if (term->reversed)
		cell.style.attributes ^= CELL_REVERSE;
	return cell;
}

/* Takes the newest row of the history back, above all others. */
static bool take_back(struct term *term)
{
	struct term_grid *grid = shown(term);

	if (!scrollback_pop(&term->history, term->line, grid->columns))
		return false;
	scroll(term, -1);
	for (int column = 0; column < grid->columns; column++)
		grid->lines[0][column] = restored_cell(term, &term->line[column]);
	return true;
}

static int on_resize(int rows, int columns, resized *fields, void *user)
{
	struct term *term = user;
	int surplus = term->alternate ? 0 : count_surplus(term, rows);
	int added = term->alternate ? 0 : rows - shown(term)->rows;

	if (surplus > 0) {
		scroll(term, surplus);
		CURSOR_ROW(fields) -= surplus;
	}
	for (size_t i = 0; i < ARRAY_SIZE(term->grids); i++)
		term_grid_resize(&term->grids[i], rows, columns, &term->blank);
	for (; added > 0 && take_back(term); added--)
		CURSOR_ROW(fields)++;
	return 1;
}

/* --- for the other files, and the widget's users */

void term_screen_attach(struct term *term)
{
	static const VTermStateCallbacks callbacks = {
		.putglyph = on_glyph,
		.moverect = on_move,
		.erase = on_erase,
		.setpenattr = on_pen,
		.settermprop = on_property,
		.bell = on_bell,
		.resize = on_resize,
		.setlineinfo = on_line,
	};

	term->pen = (struct cell){.n_chars = 1, .width = 1};
	term->blank = (struct cell){.width = 1};
	for (size_t i = 0; i < ARRAY_SIZE(term->grids); i++)
		term_grid_resize(&term->grids[i], term->rows, term->columns, &term->blank);
	vterm_state_set_callbacks(term->state, &callbacks, term);
	vterm_state_reset(term->state, 1);
}

void term_screen_reserve(struct term *term, int columns)
{
	term->line = mem_resize(term->line, (size_t)columns, sizeof *term->line);
}

void term_screen_release(struct term *term)
{
	for (size_t i = 0; i < ARRAY_SIZE(term->grids); i++)
		term_grid_release(&term->grids[i]);
	free(term->line);
}

void term_screen_damage_all(struct term *term)
{
	term->damage_first = 0;
	term->damage_last = term->rows - 1;
}

bool term_take_damage(struct term *term, int *ret_first, int *ret_last)
{
	int first = term->damage_first > 0 ? term->damage_first : 0;
	int last = term->damage_last < term->rows ? term->damage_last : term->rows - 1;

	term->damage_first = term->rows;
	term->damage_last = -1;
	if (first > last)
		return false;
	*ret_first = first;
	*ret_last = last;
	return true;
}

/* A cell as it looks. What is left of a wide character of which half is gone: a blank, which has the
 * background only, or a replacement. */
static void read_cell(const struct term *term, const struct cell *from, bool has_right,
		      struct cell *cell)
{
	*cell = *from;
	cell->style.attributes &= (uint8_t)~PROTECTED;
	if (!from->width)
		*cell = (struct cell){.width = 1, .style.bg = from->style.bg};
	if (from->width == 2 && !has_right) {
		cell->chars[0] = REPLACEMENT;
		cell->width = 1;
	}
	if (term->reversed)
		cell->style.attributes ^= CELL_REVERSE;
}

void term_screen_read(struct term *term, int row, struct cell *cells)
{
	const struct term_grid *grid = shown(term);
	const struct cell *line = grid->lines[row];

	for (int i = 0; i < grid->columns; i++) {
		bool has_right = i + 1 < grid->columns && !line[i + 1].width;

		read_cell(term, &line[i], has_right, &cells[i]);
		if (cells[i].width == 2) {
			cells[i + 1] = (struct cell){.style = cells[i].style};
			i++;
		}
	}
}

void term_row(struct term *term, int row, struct cell *ret_cells)
{
	term_screen_read(term, row, ret_cells);
}
