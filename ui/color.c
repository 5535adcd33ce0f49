#include "ui/color.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "engine/spec/units.h"

static const char *const names[COLOR_CUBE] = {
	"black",	"red",		 "green",	"yellow",	  "blue",
	"magenta",	"cyan",		 "white",	"bright-black",	  "bright-red",
	"bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan",
	"bright-white",
};

/* XTerm-col.ad: color0 to color15. */
static const struct color_rgb terminal_colors[COLOR_CUBE] = {
	{0, 0, 0},	 {205, 0, 0},	{0, 205, 0},   {205, 205, 0},
	{0, 0, 238},	 {205, 0, 205}, {0, 205, 205}, {229, 229, 229},
	{127, 127, 127}, {255, 0, 0},	{0, 255, 0},   {255, 255, 0},
	{92, 92, 255},	 {255, 0, 255}, {0, 255, 255}, {255, 255, 255},
};

static const uint8_t cube_levels[] = {0, 95, 135, 175, 215, 255};

static bool parse_rgb(const char *text, struct cell_color *ret_color)
{
	unsigned red, green, blue;

	if (*text != '#' || strlen(text) != 7 || strspn(text + 1, "0123456789abcdefABCDEF") != 6 ||
	    sscanf(text, "#%2x%2x%2x", &red, &green, &blue) != 3)
		return false;
	*ret_color = (struct cell_color){.type = CELL_RGB,
					 .red = (uint8_t)red,
					 .green = (uint8_t)green,
					 .blue = (uint8_t)blue};
	return true;
}

bool color_parse(const char *text, struct cell_color *ret_color)
{
	uint64_t index;

	if (!strcmp(text, "default")) {
		*ret_color = (struct cell_color){.type = CELL_DEFAULT};
		return true;
	}
	if (!units_count(text, 0, COLOR_INDEXES - 1, &index)) {
		for (index = 0; index < COLOR_CUBE && strcmp(names[index], text) != 0;)
			index++;
		if (index == COLOR_CUBE)
			return parse_rgb(text, ret_color);
	}
	*ret_color = (struct cell_color){.type = CELL_INDEXED, .index = (uint8_t)index};
	return true;
}

const char *color_name(unsigned index)
{
	return index < COLOR_CUBE ? names[index] : NULL;
}

static struct color_rgb rgb_of_index(unsigned index)
{
	uint8_t grey;

	if (index < COLOR_CUBE)
		return terminal_colors[index];
	if (index < COLOR_GREYS) {
		index -= COLOR_CUBE;
		return (struct color_rgb){cube_levels[index / 36], cube_levels[index / 6 % 6],
					  cube_levels[index % 6]};
	}
	grey = (uint8_t)(8 + 10 * (index - COLOR_GREYS));
	return (struct color_rgb){grey, grey, grey};
}

bool color_rgb_of(const struct cell_color *color, struct color_rgb *ret_rgb)
{
	if (color->type == CELL_DEFAULT)
		return false;
	*ret_rgb = color->type == CELL_RGB
			   ? (struct color_rgb){color->red, color->green, color->blue}
			   : rgb_of_index(color->index);
	return true;
}

uint32_t color_distance(struct color_rgb a, struct color_rgb b)
{
	int red = a.red - b.red, green = a.green - b.green, blue = a.blue - b.blue;

	return (uint32_t)(red * red + green * green + blue * blue);
}

uint8_t color_nearest(struct color_rgb rgb, unsigned first, unsigned end)
{
	unsigned best = first;

	for (unsigned i = first + 1; i < end; i++) {
		if (color_distance(rgb_of_index(i), rgb) < color_distance(rgb_of_index(best), rgb))
			best = i;
	}
	return (uint8_t)best;
}
