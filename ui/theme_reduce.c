/* Bringing styles to what a terminal can show. */
#include "ui/color.h"
#include "ui/theme.h"

/* The colour among so many: 8 or more. */
static struct cell_color reduce(const struct cell_color *color, int colors)
{
	struct color_rgb rgb;
	bool has = color->type == CELL_INDEXED &&
		   (color->index < colors || colors >= THEME_COLORS_256);

	if (!color_rgb_of(color, &rgb) || has || colors >= THEME_COLORS_RGB)
		return *color;
	if (colors < THEME_COLORS_16 && color->type == CELL_INDEXED && color->index < COLOR_CUBE)
		return (struct cell_color){.type = CELL_INDEXED,
					   .index = color->index % THEME_COLORS_8};
	return (struct cell_color){
		.type = CELL_INDEXED,
		.index = colors >= THEME_COLORS_256  ? color_nearest(rgb, COLOR_CUBE, COLOR_INDEXES)
			 : colors >= THEME_COLORS_16 ? color_nearest(rgb, 0, THEME_COLORS_16)
						     : color_nearest(rgb, 0, THEME_COLORS_8),
	};
}

static bool is_same(const struct cell_color *one, const struct cell_color *other)
{
	struct color_rgb a, b;

	return one->type == other->type && color_rgb_of(one, &a) && color_rgb_of(other, &b) &&
	       !color_distance(a, b);
}

/* Black or white, whichever is further from the colour. */
static struct cell_color opposite_of(const struct cell_color *color)
{
	const struct color_rgb black = {0}, white = {255, 255, 255};
	struct color_rgb rgb = black;

	color_rgb_of(color, &rgb);
	return (struct cell_color){
		.type = CELL_INDEXED,
		.index = color_distance(rgb, black) > color_distance(rgb, white) ? 0 : 7,
	};
}

struct cell_style theme_reduce(struct cell_style style, int colors)
{
	struct cell_style out = {.attributes = style.attributes};

	if (colors < THEME_COLORS_8)
		return out;
	out.fg = reduce(&style.fg, colors);
	out.bg = reduce(&style.bg, colors);
	if (colors < THEME_COLORS_16 && style.fg.type == CELL_INDEXED &&
	    style.fg.index >= THEME_COLORS_8 && style.fg.index < COLOR_CUBE)
		out.attributes |= CELL_BOLD;
	if (is_same(&out.fg, &out.bg) && !is_same(&style.fg, &style.bg))
		out.fg = opposite_of(&out.bg);
	return out;
}

static bool is_equal(const struct cell_color *one, const struct cell_color *other)
{
	return one->type == other->type && one->index == other->index && one->red == other->red &&
	       one->green == other->green && one->blue == other->blue;
}

void theme_limit(struct theme *theme, int colors)
{
	const struct cell_color ground = theme->styles[THEME_TEXT].bg;

	for (size_t i = 0; i < THEME_ROLES; i++) {
		struct cell_style *style = theme->styles + i;
		bool marked = !is_equal(&style->bg, &ground);

		*style = theme_reduce(*style, colors);
		if (colors < THEME_COLORS_8 && marked)
			style->attributes |= CELL_REVERSE;
	}
}
