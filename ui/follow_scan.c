#include "ui/follow_scan.h"

#include <stdbool.h>
#include <string.h>

#include "engine/base/mem.h"
#include "ui/log_escape.h"
#include "ui/vtfilter.h"

enum {
	SO = 0x0e,
	SI = 0x0f,
	ESC = 0x1b,
	SEQUENCE_MAX =
		256, /* bytes of a plain CSI: longer ones may mean something else to a filter */
	UNFINISHED_MAX =
		VTFILTER_STRING_MAX, /* a sequence that is not whole after so many bytes is none */
};

/* Modes of CSI h and l that matter to plain output, and which of the two sets them. */
static const struct {
	char leader; /* 0: none */
	int number;
	char set;
	unsigned mode;
} mode_table[] = {
	{0, 4, 'h', FOLLOW_INSERT},
	{0, 20, 'h', FOLLOW_NEWLINE},
	{'?', 6, 'h', FOLLOW_ORIGIN},
	{'?', 7, 'l', FOLLOW_NO_WRAP},
	/* These bring back a cursor with its colours. */
	{'?', 1048, 'l', FOLLOW_STYLE},
	{'?', 1049, 'l', FOLLOW_STYLE},
};

/* Sequences of ESC and one byte, or of ESC, this byte and another one, that leave a mode behind. */
static const struct {
	const char *introducers;
	unsigned mode;
} escape_table[] = {
	{"8", FOLLOW_STYLE},
	{"H", FOLLOW_TABS},
	{"#", FOLLOW_LINE_SIZE},
};

/* The number at *at, which is moved behind it and a semicolon; 0 for none. */
static int next_number(const char **at, const char *end)
{
	int number = 0;

	for (; *at < end && **at >= '0' && **at <= '9'; ++*at)
		number = number < 100000 ? number * 10 + (**at - '0') : number;
	if (*at < end)
		++*at;
	return number;
}

static void take_mode(struct follow_scan *scan, char leader, int number, char final)
{
	for (size_t i = 0; i < ARRAY_SIZE(mode_table); i++) {
		if (mode_table[i].leader != leader || mode_table[i].number != number)
			continue;
		if (mode_table[i].set == final)
			scan->modes |= mode_table[i].mode;
		else if (mode_table[i].mode != FOLLOW_STYLE)
			scan->modes &= ~mode_table[i].mode;
	}
}

/* CSI h and l: each parameter is a mode. */
static void take_modes(struct follow_scan *scan, const struct escape *escape)
{
	const char *at = escape->params, *end = at + escape->n_params;
	char leader = at < end && *at == '?' ? *at++ : 0;

	while (at < end)
		take_mode(scan, leader, next_number(&at, end), escape->final);
}

/* CSI r: margins that leave out nothing are none. */
static void take_margins(struct follow_scan *scan, const struct escape *escape)
{
	const char *at = escape->params, *end = at + escape->n_params;
	int top = next_number(&at, end), bottom = next_number(&at, end);

	if (top <= 1 && (!bottom || bottom == scan->rows))
		scan->modes &= ~(unsigned)FOLLOW_MARGINS;
	else
		scan->modes |= FOLLOW_MARGINS;
}

static void take_csi(struct follow_scan *scan, const struct escape *escape)
{
	char final = escape->final;

	if (final == 'h' || final == 'l')
		take_modes(scan, escape);
	else if (final == 'r')
		take_margins(scan, escape);
	else if (final == 'g')
		scan->modes |= FOLLOW_TABS;
	else if (final == 'u' || final == 'p' || final == 'm')
		/* The cursor with its colours, a soft reset, SGR that is no plain one. */
		scan->modes |= FOLLOW_STYLE;
}

static void take_simple(struct follow_scan *scan, const struct escape *escape)
{
	for (size_t i = 0; i < ARRAY_SIZE(escape_table); i++) {
		if (strchr(escape_table[i].introducers, escape->introducer))
			scan->modes |= escape_table[i].mode;
	}
	if (escape->introducer == 'c')
		scan->modes = FOLLOW_STYLE;
}

/* A character set, which is known by its final byte (vtfilter_sets.h). Returns false when nothing has changed. */
static bool take_set(struct follow_scan *scan, const struct escape *escape)
{
	unsigned mode = escape->introducer == '(' ? FOLLOW_G0 : FOLLOW_G1, before = scan->modes;

	if (escape->length == 3 && escape->final == 'B')
		scan->modes &= ~mode;
	else if (escape->length == 3 && (escape->final == '0' || escape->final == 'A'))
		scan->modes |= mode;
	return scan->modes != before;
}

/* A sequence that is not plain. */
static void take_other(struct follow_scan *scan, const struct escape *escape)
{
	if (escape->kind == ESCAPE_CSI)
		take_csi(scan, escape);
	else if (escape->kind == ESCAPE_OTHER)
		take_simple(scan, escape);
	else if (escape->kind == ESCAPE_BROKEN)
		scan->modes |= FOLLOW_LOST;
}

/* EL: 0, 1 or 2, or nothing. */
static bool is_erase(const struct escape *escape)
{
	return escape->final == 'K' && !escape->has_intermediate &&
	       (!escape->n_params ||
		(escape->n_params == 1 && escape->params[0] >= '0' && escape->params[0] <= '2'));
}

static bool is_set(const struct escape *escape)
{
	return escape->kind == ESCAPE_OTHER &&
	       (escape->introducer == '(' || escape->introducer == ')');
}

static bool is_plain(struct follow_scan *scan, const struct escape *escape)
{
	if (is_set(escape))
		return !take_set(scan, escape);
	if (escape->kind == ESCAPE_STRING)
		return escape->introducer == ']' && escape->length <= VTFILTER_STRING_MAX;
	if (escape->kind == ESCAPE_CSI && escape->length <= SEQUENCE_MAX)
		return escape_is_sgr(escape) || is_erase(escape);
	return false;
}

/* Takes a whole sequence; behind is the offset of what follows it. */
static void take_escape(struct follow_scan *scan, const struct escape *escape, uint64_t behind)
{
	bool plain = is_plain(scan, escape);

	if (!plain)
		take_other(scan, escape);
	if (plain && (scan->modes & FOLLOW_STYLE) && escape_is_reset(escape)) {
		scan->modes &= ~(unsigned)FOLLOW_STYLE;
		plain = false; /* what is before it cannot be left out */
	}
	if (!plain)
		scan->plain_from = behind;
}

/* Looks for SO and SI, which are not plain when they change something, in bytes without ESC that begin at an
 * offset. */
static void take_text(struct follow_scan *scan, const char *bytes, size_t length, uint64_t offset)
{
	const char *end = bytes + length, *out = memrchr(bytes, SO, length);
	const char *start = out ? out + 1 : bytes;
	bool shifted = out || scan->modes & FOLLOW_SHIFTED;
	const char *in = shifted ? memrchr(start, SI, (size_t)(end - start)) : NULL;

	if (out)
		scan->plain_from = offset + (uint64_t)(out - bytes) + 1;
	if (out && !in)
		scan->modes |= FOLLOW_SHIFTED;
	if (in) {
		scan->modes &= ~(unsigned)FOLLOW_SHIFTED;
		scan->plain_from = offset + (uint64_t)(in - bytes) + 1;
	}
}

/* Takes the sequence at the front of bytes. Returns its length, 0 when it is not whole yet. */
static size_t take_sequence(struct follow_scan *scan, const char *bytes, size_t length,
			    uint64_t offset)
{
	size_t sgr = scan->modes & FOLLOW_STYLE ? 0 : escape_sgr_length(bytes, length);
	struct escape escape;

	/* Most of them are. */
	if (sgr && sgr <= SEQUENCE_MAX)
		return sgr;
	if (!escape_read(bytes, length, &escape)) {
		if (length < UNFINISHED_MAX)
			return 0;
		escape = (struct escape){.kind = ESCAPE_BROKEN, .length = length};
	}
	take_escape(scan, &escape, offset + escape.length);
	return escape.length;
}

size_t follow_scan_feed(struct follow_scan *scan, const char *bytes, size_t length)
{
	bool shifts = scan->modes & FOLLOW_SHIFTED || memchr(bytes, SO, length);
	size_t at = 0;

	while (at < length) {
		const char *found = memchr(bytes + at, ESC, length - at);
		size_t text = found ? (size_t)(found - bytes) : length, taken;

		if (shifts)
			take_text(scan, bytes + at, text - at, scan->offset + at);
		at = text;
		taken = found ? take_sequence(scan, found, length - at, scan->offset + at) : 0;
		if (!taken)
			break;
		at += taken;
	}
	escape_carry_style(bytes, at, &scan->style);
	scan->offset += at;
	return at;
}
