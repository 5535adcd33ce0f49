#include "ui/vtfilter_sets.h"

#include <string.h>

enum { DRAWING_FIRST = 0x5f, POUND = 0xa3 };

/* From 0x5f to 0x7e. */
static const uint16_t drawing[] = {
	' ',	0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0xb0,	0xb1,	0x2424, 0x240b,
	0x2518, 0x2510, 0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c,
	0x2524, 0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x3c0,	0x2260, POUND,	0xb7,
};

void vtfilter_reset_sets(struct vtfilter *filter)
{
	memset(filter->sets, 'B', sizeof filter->sets);
	filter->set = 0;
}

void vtfilter_designate(struct vtfilter *filter, int set, char final)
{
	if (final && strchr("0AB", final))
		filter->sets[set] = final;
}

uint32_t vtfilter_translate(const struct vtfilter *filter, unsigned char byte)
{
	char set = filter->sets[filter->set];

	if (set == '0' && byte >= DRAWING_FIRST)
		return drawing[byte - DRAWING_FIRST];
	return set == 'A' && byte == '#' ? POUND : byte;
}
