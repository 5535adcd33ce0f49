#include "ui/sgr.h"

#include <string.h>

#include "engine/base/mem.h"

enum { NUMBERS_MAX = 8, NUMBER_LIMIT = 100000, UNKNOWN = -1 };

/* One parameter with what follows it after colons. */
struct parameter {
	int numbers[NUMBERS_MAX]; /* -1: left out */
	size_t count;		  /* of those above; more are dropped */
};

/* Which attribute a code turns on, and the code that turns it off. */
static const struct {
	int on, off;
	uint8_t attribute;
} attributes[] = {
	{SGR_BOLD, SGR_NORMAL, CELL_BOLD}, {SGR_DIM, SGR_NORMAL, CELL_DIM},
	{SGR_ITALIC, 23, CELL_ITALIC},	   {SGR_UNDERLINE, SGR_NO_UNDERLINE, CELL_UNDERLINE},
	{SGR_BLINK, 25, CELL_BLINK},	   {SGR_REVERSE, 27, CELL_REVERSE},
	{SGR_STRIKE, 29, CELL_STRIKE},
};

/* Parameters that stand for eight colours, from the first of them on. */
static const struct {
	int first, code, index;
} eights[] = {{30, SGR_FG, 0}, {40, SGR_BG, 0}, {90, SGR_FG, 8}, {100, SGR_BG, 8}};

/* Parameters that mean what another one does. */
static const struct {
	int code, meaning;
} synonyms[] = {{6, SGR_BLINK}, {21, SGR_UNDERLINE}};

void sgr_reader_init(struct sgr_reader *reader, const char *parameters, size_t length)
{
	*reader = (struct sgr_reader){parameters, parameters + length};
}

/* A number at the front, or -1 for none; a large one is cut to what nothing means. */
static int read_number(struct sgr_reader *reader)
{
	int number = -1;

	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
		number = (number < 0 ? 0 : number) * 10 + (*reader->at++ - '0');
		if (number > NUMBER_LIMIT)
			number = NUMBER_LIMIT;
	}
	return number;
}

/* Reads up to the next semicolon, and over it; false when all is read. */
static bool next_parameter(struct sgr_reader *reader, struct parameter *ret_parameter)
{
	struct parameter parameter = {.count = 0};
	char separator;

	if (!reader->at)
		return false;
	do {
		int number = read_number(reader);

		if (parameter.count < NUMBERS_MAX)
			parameter.numbers[parameter.count++] = number;
		separator = ';';
		if (reader->at >= reader->end)
			reader->at = NULL;
		else
			separator = *reader->at++;
	} while (reader->at && separator != ';');
	*ret_parameter = parameter;
	return true;
}

/* How many numbers belong to a colour of this kind, after the kind. */
static size_t color_numbers(int kind)
{
	return kind == 5 ? 1 : kind == 2 ? 3 : 0;
}

/* Appends what follows after semicolons, one number a parameter, to the code that begins a colour. */
static void gather_color(struct sgr_reader *reader, struct parameter *color)
{
	struct parameter next;
	size_t wanted = 2;

	while (color->count < wanted && next_parameter(reader, &next)) {
		color->numbers[color->count++] = next.numbers[0];
		if (color->count == 2)
			wanted += color_numbers(next.numbers[0]);
	}
}

/* The value of a colour at this place, 0 where it was left out; -1 when there is none. */
static int color_value(const struct parameter *parameter, size_t i)
{
	if (i >= parameter->count || parameter->numbers[i] > 255)
		return -1;
	return parameter->numbers[i] < 0 ? 0 : parameter->numbers[i];
}

/* CODE, 5, N or CODE, 2, R, G, B or CODE, 2, SPACE, R, G, B; false when it is no whole colour. */
static bool read_color(const struct parameter *parameter, struct cell_color *ret_color)
{
	int kind = parameter->count > 1 ? parameter->numbers[1] : -1;
	size_t at = kind == 2 && parameter->count > 5 ? 3 : 2;
	int values[3] = {0};

	for (size_t i = 0; i < color_numbers(kind); i++) {
		values[i] = color_value(parameter, at + i);
		if (values[i] < 0)
			return false;
	}
	if (kind == 5)
		*ret_color = (struct cell_color){CELL_INDEXED, .index = (uint8_t)values[0]};
	else
		*ret_color = (struct cell_color){CELL_RGB, 0, (uint8_t)values[0],
						 (uint8_t)values[1], (uint8_t)values[2]};
	return color_numbers(kind) > 0;
}

/* What the code of a colour begins: 38, 48 or 58. */
static bool read_color_group(struct sgr_reader *reader, struct parameter *parameter,
			     struct sgr_group *group)
{
	if (parameter->count == 1)
		gather_color(reader, parameter);
	return group->code != SGR_UNDERLINE_COLOR && read_color(parameter, &group->color);
}

/* 30 to 37 and the like, as indexed colours. */
static bool read_one_of_eight(struct sgr_group *group)
{
	for (size_t i = 0; i < ARRAY_SIZE(eights); i++) {
		int offset = group->code - eights[i].first;

		if (offset < 0 || offset > 7)
			continue;
		group->code = eights[i].code;
		group->color = (struct cell_color){CELL_INDEXED,
						   .index = (uint8_t)(eights[i].index + offset)};
		return true;
	}
	return false;
}

/* True for what needs nothing but its code. */
static bool is_plain_code(int code)
{
	if (code == SGR_RESET || code == SGR_DEFAULT_FG || code == SGR_DEFAULT_BG)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (code == attributes[i].on || code == attributes[i].off)
			return true;
	}
	return false;
}

/* The code with synonyms replaced: "4:3" and 21 are an underline as any other. */
static int plain_code(const struct parameter *parameter)
{
	int code = parameter->numbers[0] < 0 ? SGR_RESET : parameter->numbers[0];

	if (parameter->count > 1 && code != SGR_UNDERLINE)
		return UNKNOWN;
	if (parameter->count > 1 && parameter->numbers[1] == 0)
		return SGR_NO_UNDERLINE;
	for (size_t i = 0; i < ARRAY_SIZE(synonyms); i++) {
		if (code == synonyms[i].code)
			return synonyms[i].meaning;
	}
	return code;
}

/* What one parameter says, with those after it that belong to it; false for what is not known. */
static bool read_group(struct sgr_reader *reader, struct parameter *parameter,
		       struct sgr_group *ret_group)
{
	struct sgr_group group = {.code = parameter->numbers[0]};
	bool known;

	if (group.code == SGR_FG || group.code == SGR_BG || group.code == SGR_UNDERLINE_COLOR) {
		known = read_color_group(reader, parameter, &group);
	} else {
		group.code = plain_code(parameter);
		known = is_plain_code(group.code) || read_one_of_eight(&group);
	}
	if (known)
		*ret_group = group;
	return known;
}

bool sgr_next(struct sgr_reader *reader, struct sgr_group *ret_group)
{
	struct parameter parameter;

	while (next_parameter(reader, &parameter)) {
		if (read_group(reader, &parameter, ret_group))
			return true;
	}
	return false;
}

/* Turns attributes on or off. */
static void apply_attribute(int code, struct cell_style *style)
{
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (code == attributes[i].on)
			style->attributes |= attributes[i].attribute;
		else if (code == attributes[i].off)
			style->attributes &= (uint8_t)~attributes[i].attribute;
	}
}

/* Changes style as one group says. */
static void apply_group(const struct sgr_group *group, struct cell_style *style)
{
	if (group->code == SGR_RESET)
		*style = (struct cell_style){.attributes = 0};
	else if (group->code == SGR_FG)
		style->fg = group->color;
	else if (group->code == SGR_DEFAULT_FG)
		style->fg = (struct cell_color){.type = CELL_DEFAULT};
	else if (group->code == SGR_BG)
		style->bg = group->color;
	else if (group->code == SGR_DEFAULT_BG)
		style->bg = (struct cell_color){.type = CELL_DEFAULT};
	else
		apply_attribute(group->code, style);
}

void sgr_apply(const char *parameters, size_t length, struct cell_style *style)
{
	struct sgr_reader reader;
	struct sgr_group group;

	sgr_reader_init(&reader, parameters, length);
	while (sgr_next(&reader, &group))
		apply_group(&group, style);
}

/* Writes a number of at most three digits; returns what is behind it. printf() would be most of the time that
 * a colour takes. */
static char *write_number(char *at, int number)
{
	if (number >= 100)
		*at++ = (char)('0' + number / 100 % 10);
	if (number >= 10)
		*at++ = (char)('0' + number / 10 % 10);
	*at++ = (char)('0' + number % 10);
	return at;
}

void sgr_add_group(const struct sgr_group *group, struct buf *out)
{
	const struct cell_color *color = &group->color;
	const int indexed[] = {group->code, 5, color->index};
	const int rgb[] = {group->code, 2, color->red, color->green, color->blue};
	bool is_color = group->code == SGR_FG || group->code == SGR_BG;
	bool is_indexed = color->type == CELL_INDEXED;
	size_t count = !is_color ? 1 : is_indexed ? ARRAY_SIZE(indexed) : ARRAY_SIZE(rgb);
	char text[ARRAY_SIZE(rgb) * 4], *at = text;

	for (size_t i = 0; i < count; i++) {
		if (i)
			*at++ = ';';
		at = write_number(at, is_indexed ? indexed[i] : rgb[i]);
	}
	buf_add(out, text, (size_t)(at - text));
}

/* Appends ";" and a colour, unless it is the default. */
static void add_color(int code, const struct cell_color *color, struct buf *out)
{
	if (color->type == CELL_DEFAULT)
		return;
	buf_add_char(out, ';');
	sgr_add_group(&(struct sgr_group){code, *color}, out);
}

void sgr_write(const struct cell_style *style, struct buf *out)
{
	buf_add_str(out, "\x1b[0");
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (style->attributes & attributes[i].attribute)
			buf_add_fmt(out, ";%d", attributes[i].on);
	}
	add_color(SGR_FG, &style->fg, out);
	add_color(SGR_BG, &style->bg, out);
	buf_add_char(out, 'm');
}
