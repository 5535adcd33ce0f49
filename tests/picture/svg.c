#include "tests/picture/svg.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/color.h"

/* Sizes in hundredths of a pixel, so that no number depends on the locale. */
enum {
	CELL_WIDTH = 840,
	CELL_HEIGHT = 1800,
	BASELINE = 1340,
	MARGIN = 1400,
	FONT_SIZE = 1400,
};

/* A terminal on a dark background: its first eight colours, then the bright ones. */
static const struct color_rgb palette[COLOR_CUBE] = {
	{0x2a, 0x2e, 0x37}, {0xf2, 0x6d, 0x6d}, {0x7f, 0xc9, 0x7a}, {0xe3, 0xb9, 0x5b},
	{0x6f, 0xa8, 0xf0}, {0xc9, 0x8a, 0xdd}, {0x5f, 0xc4, 0xc9}, {0xc9, 0xce, 0xd8},
	{0x7a, 0x82, 0x90}, {0xff, 0x8f, 0x8f}, {0xa3, 0xe0, 0x9e}, {0xf5, 0xd2, 0x82},
	{0x9a, 0xc4, 0xff}, {0xdf, 0xae, 0xee}, {0x8e, 0xe2, 0xe6}, {0xff, 0xff, 0xff},
};
static const struct color_rgb foreground = {0xd8, 0xdc, 0xe4}, background = {0x16, 0x19, 0x20};

/* Which sides of its cell a line goes to from the middle. */
enum { LEFT = 1, RIGHT = 2, UP = 4, DOWN = 8 };

struct line_sign {
	uint32_t code;
	unsigned sides;
};

/* The Unicode block "Box Drawing", as far as panes have it. */
static const struct line_sign line_signs[] = {
	{0x2500, LEFT | RIGHT},
	{0x2502, UP | DOWN},
	{0x250c, RIGHT | DOWN},
	{0x2510, LEFT | DOWN},
	{0x2514, RIGHT | UP},
	{0x2518, LEFT | UP},
	{0x251c, RIGHT | UP | DOWN},
	{0x2524, LEFT | UP | DOWN},
	{0x252c, LEFT | RIGHT | DOWN},
	{0x2534, LEFT | RIGHT | UP},
	{0x253c, LEFT | RIGHT | UP | DOWN},
};

static unsigned line_sides(const struct cell *cell)
{
	for (size_t i = 0; i < ARRAY_SIZE(line_signs); i++) {
		if (cell->n_chars && line_signs[i].code == cell->chars[0])
			return line_signs[i].sides;
	}
	return 0;
}

/* --- colours */

static struct color_rgb rgb_of(const struct cell_color *color, struct color_rgb own)
{
	struct color_rgb rgb = own;

	if (color->type == CELL_INDEXED && color->index < COLOR_CUBE)
		return palette[color->index];
	color_rgb_of(color, &rgb);
	return rgb;
}

struct look {
	struct color_rgb fg, bg;
};

static struct look look_of(const struct cell_style *style)
{
	struct look look = {rgb_of(&style->fg, foreground), rgb_of(&style->bg, background)};

	if (style->attributes & CELL_REVERSE)
		return (struct look){look.bg, look.fg};
	return look;
}

static bool same_rgb(struct color_rgb a, struct color_rgb b)
{
	return color_distance(a, b) == 0;
}

static bool same_style(const struct cell_style *a, const struct cell_style *b)
{
	struct look one = look_of(a), other = look_of(b);

	return a->attributes == b->attributes && same_rgb(one.fg, other.fg) &&
	       same_rgb(one.bg, other.bg);
}

/* --- the elements */

/* " NAME="12.34"" */
static void add_length(struct buf *out, const char *name, int hundredths)
{
	buf_add_fmt(out, " %s=\"%d.%02d\"", name, hundredths / 100, hundredths % 100);
}

static void add_color(struct buf *out, const char *name, struct color_rgb rgb)
{
	buf_add_fmt(out, " %s=\"#%02x%02x%02x\"", name, rgb.red, rgb.green, rgb.blue);
}

static int x_of(int column)
{
	return MARGIN + column * CELL_WIDTH;
}

static int y_of(int row)
{
	return MARGIN + row * CELL_HEIGHT;
}

static void add_background(struct buf *out, int row, int column, int count,
			   const struct cell_style *style)
{
	struct look look = look_of(style);

	if (same_rgb(look.bg, background))
		return;
	buf_add_str(out, "<rect");
	add_length(out, "x", x_of(column));
	add_length(out, "y", y_of(row));
	add_length(out, "width", count * CELL_WIDTH);
	add_length(out, "height", CELL_HEIGHT);
	add_color(out, "fill", look.bg);
	buf_add_str(out, "/>\n");
}

/* From the middle of the cell to one side of it. */
static void add_side(struct buf *out, int row, int column, int dx, int dy)
{
	int x = x_of(column) + CELL_WIDTH / 2, y = y_of(row) + CELL_HEIGHT / 2;
	int to_x = x + dx * CELL_WIDTH / 2, to_y = y + dy * CELL_HEIGHT / 2;

	buf_add_fmt(out, "M%d.%02d %d.%02dL%d.%02d %d.%02d", x / 100, x % 100, y / 100, y % 100,
		    to_x / 100, to_x % 100, to_y / 100, to_y % 100);
}

static void add_lines(struct buf *out, int row, int column, const struct cell *cell)
{
	unsigned sides = line_sides(cell);

	buf_add_str(out, "<path d=\"");
	if (sides & LEFT)
		add_side(out, row, column, -1, 0);
	if (sides & RIGHT)
		add_side(out, row, column, 1, 0);
	if (sides & UP)
		add_side(out, row, column, 0, -1);
	if (sides & DOWN)
		add_side(out, row, column, 0, 1);
	buf_add_char(out, '"');
	add_color(out, "stroke", look_of(&cell->style).fg);
	if (cell->style.attributes & CELL_DIM)
		buf_add_str(out, " opacity=\"0.55\"");
	buf_add_str(out, "/>\n");
}

static void add_character(struct buf *out, uint32_t code)
{
	char bytes[4];

	if (code == '<')
		buf_add_str(out, "&lt;");
	else if (code == '&')
		buf_add_str(out, "&amp;");
	else
		buf_add(out, bytes, utf8_encode(code, bytes));
}

static void add_style(struct buf *out, const struct cell_style *style)
{
	static const struct {
		enum cell_attribute attribute;
		const char *text;
	} attributes[] = {{CELL_BOLD, " font-weight=\"bold\""},
			  {CELL_DIM, " opacity=\"0.6\""},
			  {CELL_ITALIC, " font-style=\"italic\""},
			  {CELL_UNDERLINE, " text-decoration=\"underline\""}};

	add_color(out, "fill", look_of(style).fg);
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (style->attributes & attributes[i].attribute)
			buf_add_str(out, attributes[i].text);
	}
}

/* Cells of one style: ASCII at its left end with a length, any other sign in the middle. */
static void add_text(struct buf *out, int row, int column, const struct cell *cells, int count)
{
	bool ascii = cells->chars[0] < 0x80;
	int middle = count * CELL_WIDTH / 2;

	buf_add_str(out, "<text");
	add_length(out, "x", x_of(column) + (ascii ? 0 : middle));
	add_length(out, "y", y_of(row) + BASELINE);
	if (ascii)
		add_length(out, "textLength", count * CELL_WIDTH);
	else
		buf_add_str(out, " text-anchor=\"middle\"");
	add_style(out, &cells->style);
	buf_add_char(out, '>');
	for (int i = 0; i < count; i++) {
		if (cells[i].width && !cells[i].n_chars)
			buf_add_char(out, ' ');
		for (int k = 0; k < cells[i].n_chars; k++)
			add_character(out, cells[i].chars[k]);
	}
	buf_add_str(out, "</text>\n");
}

/* --- rows */

static bool is_blank(const struct cell *cell)
{
	return !cell->n_chars || cell->chars[0] == ' ';
}

static bool is_ascii(const struct cell *cell)
{
	return is_blank(cell) || cell->chars[0] < 0x80;
}

/* How many cells from here on look the same. */
static int style_length(const struct cell *cells, int count)
{
	int length = 1;

	while (length < count && same_style(&cells[length].style, &cells->style))
		length++;
	return length;
}

/* How many of them go into one element of text. */
static int text_length(const struct cell *cells, int count)
{
	int length = cells->width > 1 ? cells->width : 1;

	if (!is_ascii(cells))
		return length < count ? length : count;
	while (length < count && is_ascii(&cells[length]))
		length++;
	return length;
}

/* Text without the blanks at its ends; underlined blanks are seen, and stay. */
static void add_trimmed(struct buf *out, int row, int column, const struct cell *cells, int count)
{
	bool seen = cells->style.attributes & CELL_UNDERLINE;

	while (count && is_blank(cells) && !seen) {
		cells++;
		column++;
		count--;
	}
	while (count && is_blank(&cells[count - 1]) && !seen)
		count--;
	if (count)
		add_text(out, row, column, cells, count);
}

static void add_row(struct buf *out, int row, const struct cell *cells, int columns)
{
	int style = 0, count;

	for (int column = 0; column < columns; column += count) {
		if (column == style) {
			style += style_length(cells + column, columns - column);
			add_background(out, row, column, style - column, &cells[column].style);
		}
		count = 1;
		if (line_sides(&cells[column])) {
			add_lines(out, row, column, &cells[column]);
			continue;
		}
		count = text_length(cells + column, style - column);
		add_trimmed(out, row, column, cells + column, count);
	}
}

static void add_head(struct buf *out, int columns, int rows, const char *title)
{
	int width = 2 * MARGIN + columns * CELL_WIDTH, height = 2 * MARGIN + rows * CELL_HEIGHT;

	buf_add_str(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	add_length(out, "width", width);
	add_length(out, "height", height);
	buf_add_fmt(out,
		    " role=\"img\">\n<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" "
		    "rx=\"8\"",
		    title);
	add_color(out, "fill", background);
	buf_add_str(out, "/>\n<g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,"
			 "monospace\"");
	add_length(out, "font-size", FONT_SIZE);
	buf_add_str(out, " fill=\"none\" stroke=\"none\" xml:space=\"preserve\">\n");
}

void svg_add(struct buf *out, struct term *term, const char *title)
{
	int columns = term_columns(term), rows = term_rows(term);
	AUTO_FREE struct cell *cells = mem_new((size_t)columns * sizeof *cells);

	add_head(out, columns, rows, title);
	for (int row = 0; row < rows; row++) {
		term_row(term, row, cells);
		add_row(out, row, cells, columns);
	}
	buf_add_str(out, "</g>\n</svg>\n");
}
