/* What libvterm's screen holds, as cells that are safe to show */
#include <stdlib.h>
#include <vterm.h>
#include <wchar.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/term_internal.h"

enum { REPLACEMENT = 0xfffd, FONT_DIM = 1 /* as vtfilter.h says */ };

/* What libvterm puts into the right half of a wide character. */
static const uint32_t right_half = UINT32_MAX;

static struct cell_color read_color(const VTermColor *color)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(color) || VTERM_COLOR_IS_DEFAULT_BG(color))
		return (struct cell_color){.type = CELL_DEFAULT};
	if (VTERM_COLOR_IS_INDEXED(color))
		return (struct cell_color){.type = CELL_INDEXED, .index = color->indexed.idx};
	return (struct cell_color){CELL_RGB, 0, color->rgb.red, color->rgb.green, color->rgb.blue};
}

static struct cell_style read_style(const VTermScreenCell *raw)
{
	const VTermScreenCellAttrs *attrs = &raw->attrs;
	unsigned attributes =
		(attrs->bold ? CELL_BOLD : 0u) | (attrs->font == FONT_DIM ? CELL_DIM : 0u) |
		(attrs->italic ? CELL_ITALIC : 0u) | (attrs->underline ? CELL_UNDERLINE : 0u) |
		(attrs->blink ? CELL_BLINK : 0u) | (attrs->reverse ? CELL_REVERSE : 0u) |
		(attrs->strike ? CELL_STRIKE : 0u);

	return (struct cell_style){read_color(&raw->fg), read_color(&raw->bg), (uint8_t)attributes};
}

/* A place without a character: it has the background only, whatever the pen was when it was erased. */
static struct cell read_blank(const struct term *term, const VTermScreenCell *raw)
{
	struct cell cell = {.width = 1, .style.bg = read_color(&raw->bg)};

	cell.style.attributes = term->reversed ? CELL_REVERSE : 0;
	return cell;
}

/* A character with its marks. Where it has not the width that libvterm gives it, and where it hides
 * or reorders text, it is replaced. */
static struct cell read_character(const VTermScreenCell *raw, bool has_right_half)
{
	uint32_t base = raw->chars[0];
	int width = utf8_is_shown(base) ? wcwidth((wchar_t)base) : 0;
	struct cell cell = {.chars = {base}, .n_chars = 1, .width = 1, .style = read_style(raw)};

	if (width == 2 && has_right_half)
		cell.width = 2;
	else if (width != 1)
		cell.chars[0] = REPLACEMENT;
	for (int i = 1; i < VTERM_MAX_CHARS_PER_CELL && raw->chars[i]; i++) {
		uint32_t mark = raw->chars[i];

		if (cell.n_chars < CELL_CHARS_MAX && utf8_is_shown(mark) &&
		    wcwidth((wchar_t)mark) == 0)
			cell.chars[cell.n_chars++] = mark;
	}
	return cell;
}

/* A row of libvterm's as one of ours. */
static void read_row(const struct term *term, const VTermScreenCell *raw, int count,
		     struct cell *cells)
{
	for (int i = 0; i < count; i++) {
		bool has_right = i + 1 < count && raw[i + 1].chars[0] == right_half;

		if (!raw[i].chars[0] || raw[i].chars[0] == right_half)
			cells[i] = read_blank(term, &raw[i]);
		else
			cells[i] = read_character(&raw[i], has_right);
		if (cells[i].width == 2) {
			cells[i + 1] = (struct cell){.style = cells[i].style};
			i++;
		}
	}
}

/* A colour back to libvterm. */
static VTermColor write_color(const struct cell_color *color, VTermColor plain)
{
	if (color->type == CELL_INDEXED)
		vterm_color_indexed(&plain, color->index);
	else if (color->type == CELL_RGB)
		vterm_color_rgb(&plain, color->red, color->green, color->blue);
	return plain;
}

/* A cell back to libvterm, which looks at all of it. */
static VTermScreenCell write_cell(const struct term *term, const struct cell *cell)
{
	uint8_t attributes = cell->style.attributes;
	VTermScreenCell raw = {.width = 1};
	VTermColor fg, bg;

	for (int i = 0; i < cell->n_chars; i++)
		raw.chars[i] = cell->chars[i];
	if (cell->width == 2)
		raw.width = 2;
	raw.attrs.bold = (attributes & CELL_BOLD) != 0;
	raw.attrs.font = attributes & CELL_DIM ? FONT_DIM : 0;
	raw.attrs.italic = (attributes & CELL_ITALIC) != 0;
	raw.attrs.underline = (attributes & CELL_UNDERLINE) ? 1 : 0;
	raw.attrs.blink = (attributes & CELL_BLINK) != 0;
	raw.attrs.reverse = (attributes & CELL_REVERSE) != 0;
	raw.attrs.strike = (attributes & CELL_STRIKE) != 0;
	vterm_state_get_default_colors(term->state, &fg, &bg);
	raw.fg = write_color(&cell->style.fg, fg);
	raw.bg = write_color(&cell->style.bg, bg);
	return raw;
}

static int on_damage(VTermRect rect, void *user)
{
	struct term *term = user;

	if (rect.start_row < term->damage_first)
		term->damage_first = rect.start_row;
	if (rect.end_row - 1 > term->damage_last)
		term->damage_last = rect.end_row - 1;
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
	return 1;
}

static int on_bell(void *user)
{
	struct term *term = user;

	term->has_rung = true;
	return 1;
}

static int on_push(int columns, const VTermScreenCell *raw, void *user)
{
	struct term *term = user;

	if (term->history.limit) {
		read_row(term, raw, columns, term->line);
		scrollback_push(&term->history, term->line, columns);
	}
	return 1;
}

static int on_pop(int columns, VTermScreenCell *raw, void *user)
{
	struct term *term = user;

	if (!scrollback_pop(&term->history, term->line, columns))
		return 0;
	for (int i = 0; i < columns; i++)
		raw[i] = write_cell(term, &term->line[i]);
	return 1;
}

void term_screen_attach(struct term *term)
{
	static const VTermScreenCallbacks callbacks = {
		.damage = on_damage,
		.settermprop = on_property,
		.bell = on_bell,
		.sb_pushline = on_push,
		.sb_popline = on_pop,
	};

	vterm_screen_set_callbacks(term->screen, &callbacks, term);
}

void term_screen_reserve(struct term *term, int columns)
{
	term->line = mem_resize(term->line, (size_t)columns, sizeof *term->line);
	term->raw = mem_resize(term->raw, (size_t)columns, sizeof(VTermScreenCell));
}

void term_screen_damage_all(struct term *term)
{
	term->damage_first = 0;
	term->damage_last = term->rows - 1;
}

bool term_take_damage(struct term *term, int *ret_first, int *ret_last)
{
	int first, last;

	vterm_screen_flush_damage(term->screen);
	first = term->damage_first > 0 ? term->damage_first : 0;
	last = term->damage_last < term->rows ? term->damage_last : term->rows - 1;
	term->damage_first = term->rows;
	term->damage_last = -1;
	if (first > last)
		return false;
	*ret_first = first;
	*ret_last = last;
	return true;
}

void term_row(struct term *term, int row, struct cell *ret_cells)
{
	locale_t before = uselocale(term->locale);
	VTermScreenCell *raw = term->raw;

	for (int column = 0; column < term->columns; column++)
		vterm_screen_get_cell(term->screen, (VTermPos){row, column}, &raw[column]);
	read_row(term, raw, term->columns, ret_cells);
	uselocale(before);
}
