#include "engine/spec/units.h"

#include <string.h>

#include "engine/base/mem.h"

enum { DIGITS_MAX = 15 }; /* so that no number overflows when it is multiplied by a unit's ms */

static const uint64_t duration_max_ms = 1000 * UINT64_C(86400000);
static const uint64_t size_max = UINT64_C(1) << 50;

/* Reads digits, at most DIGITS_MAX, from *text on and moves it behind them. */
static bool read_digits(const char **text, uint64_t *ret_number)
{
	size_t length = strspn(*text, "0123456789");
	uint64_t number = 0;

	if (!length || length > DIGITS_MAX)
		return false;
	for (size_t i = 0; i < length; i++)
		number = number * 10 + (uint64_t)((*text)[i] - '0');
	*text += length;
	*ret_number = number;
	return true;
}

/* Adds number of a unit to *total, unless that is more than a duration may be. */
static bool add_time(uint64_t *total, uint64_t number, uint64_t unit_ms)
{
	if (number > duration_max_ms / unit_ms)
		return false;
	*total += number * unit_ms;
	return *total <= duration_max_ms;
}

/* The milliseconds of the unit that *text begins with, among those from *unit on; moves both
 * behind it. 0 when there is none. */
static uint64_t read_unit(const char **text, size_t *unit)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	size_t length = strspn(*text, "dhms");

	for (; *unit < ARRAY_SIZE(units); ++*unit) {
		const char *name = units[*unit].name;

		if (strlen(name) == length && !strncmp(*text, name, length)) {
			*text += length;
			return units[(*unit)++].ms;
		}
	}
	return 0;
}

bool units_duration(const char *text, uint64_t *ret_ms)
{
	uint64_t total = 0, number, unit_ms;
	size_t unit = 0;

	if (!read_digits(&text, &number))
		return false;
	unit_ms = *text ? read_unit(&text, &unit) : 1000;
	while (unit_ms && add_time(&total, number, unit_ms)) {
		if (!*text) {
			*ret_ms = total;
			return true;
		}
		if (!read_digits(&text, &number))
			return false;
		unit_ms = read_unit(&text, &unit);
	}
	return false;
}

/* The bytes that a fraction of a unit makes: ".5" of 1024 is 512; *text moves behind it. */
static bool read_fraction(const char **text, uint64_t *ret_number, uint64_t *ret_parts)
{
	const char *digits = *text + 1;

	*ret_number = 0;
	*ret_parts = 1;
	if (**text != '.')
		return true;
	*text += 1;
	if (strspn(digits, "0123456789") > 3 || !read_digits(text, ret_number))
		return false;
	for (; digits < *text; digits++)
		*ret_parts *= 10;
	return true;
}

bool units_size(const char *text, uint64_t *ret_bytes)
{
	static const char units[] = "KMGT";
	uint64_t number, fraction, parts, unit = 1;
	const char *found;

	if (!read_digits(&text, &number) || !read_fraction(&text, &fraction, &parts))
		return false;
	found = *text ? strchr(units, *text) : NULL;
	if (found)
		unit <<= 10 * (found - units + 1);
	if ((*text && (!found || text[1])) || (!found && parts > 1))
		return false;
	if (number >= size_max / unit + 1)
		return false;
	number = number * unit + fraction * unit / parts;
	if (number > size_max)
		return false;
	*ret_bytes = number;
	return true;
}

bool units_count(const char *text, uint64_t least, uint64_t most, uint64_t *ret_count)
{
	uint64_t number;

	if (text[0] == '0' && text[1])
		return false;
	if (!read_digits(&text, &number) || *text || number < least || number > most)
		return false;
	*ret_count = number;
	return true;
}
