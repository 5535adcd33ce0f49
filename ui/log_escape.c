#include "ui/log_escape.h"

#include <string.h>

#include "ui/sgr.h"

enum { BEL = 0x07, ESC = 0x1b, DEL = 0x7f };

/* How many bytes at the front are within the bounds. */
static size_t span(const char *bytes, size_t length, char least, char most)
{
	size_t at = 0;

	while (at < length && bytes[at] >= least && bytes[at] <= most)
		at++;
	return at;
}

/* Reads intermediates and a final byte, which is not below first, from where the sequence has come to. */
static bool read_final(const char *bytes, size_t length, char first, struct escape *escape)
{
	size_t intermediates = span(bytes + escape->length, length - escape->length, 0x20, 0x2f);

	escape->has_intermediate = intermediates > 0;
	escape->length += intermediates;
	if (escape->length == length)
		return false;
	escape->final = bytes[escape->length];
	if (escape->final < first || escape->final == DEL)
		escape->kind = ESCAPE_BROKEN;
	else
		escape->length++;
	return true;
}

static bool read_csi(const char *bytes, size_t length, struct escape *escape)
{
	escape->kind = ESCAPE_CSI;
	escape->length = 2;
	escape->params = bytes + 2;
	escape->n_params = span(bytes + 2, length - 2, 0x30, 0x3f);
	escape->length += escape->n_params;
	return read_final(bytes, length, 0x40, escape);
}

/* True for the bytes that a string may have. */
static bool is_in_string(char byte)
{
	return (unsigned char)byte >= 0x20 && byte != DEL;
}

static bool read_string(const char *bytes, size_t length, struct escape *escape)
{
	size_t at = 2;

	while (at < length && is_in_string(bytes[at]))
		at++;
	escape->length = at;
	if (at == length || (bytes[at] == ESC && at + 1 == length))
		return false;
	escape->kind = ESCAPE_STRING;
	if (bytes[at] == BEL && bytes[1] == ']')
		escape->length = at + 1;
	else if (bytes[at] == ESC && bytes[at + 1] == '\\')
		escape->length = at + 2;
	else
		escape->kind = ESCAPE_BROKEN;
	return true;
}

bool escape_read(const char *bytes, size_t length, struct escape *ret_escape)
{
	struct escape escape = {.kind = ESCAPE_OTHER, .length = 1};
	bool whole;

	if (length < 2)
		return false;
	escape.introducer = bytes[1];
	if (bytes[1] == '[')
		whole = read_csi(bytes, length, &escape);
	else if (bytes[1] && strchr("]PX^_", bytes[1]))
		whole = read_string(bytes, length, &escape);
	else
		whole = read_final(bytes, length, 0x30, &escape);
	if (whole)
		*ret_escape = escape;
	return whole;
}

bool escape_is_sgr(const struct escape *escape)
{
	return escape->kind == ESCAPE_CSI && escape->final == 'm' && !escape->has_intermediate &&
	       (!escape->n_params || escape->params[0] < '<');
}

/* True for parameters of an SGR that begin with a reset. */
static bool is_reset(const char *params, size_t length)
{
	return !length || (params[0] == '0' && (length == 1 || params[1] == ';'));
}

bool escape_is_reset(const struct escape *escape)
{
	return escape_is_sgr(escape) && is_reset(escape->params, escape->n_params);
}

size_t escape_sgr_length(const char *bytes, size_t length)
{
	size_t at = 2;

	if (length < 3 || bytes[1] != '[')
		return 0;
	at += span(bytes + at, length - at, '0', ';');
	return at < length && bytes[at] == 'm' ? at + 1 : 0;
}

/* Where the last reset in the bytes is, or where they begin. Each ESC begins a sequence, whatever is before
 * it, so they can be looked at from the end. */
static const char *last_reset(const char *bytes, const char *end)
{
	const char *at = end;

	while ((at = memrchr(bytes, ESC, (size_t)(at - bytes)))) {
		size_t length = escape_sgr_length(at, (size_t)(end - at));

		if (length && is_reset(at + 2, length - 3))
			return at;
	}
	return bytes;
}

void escape_carry_style(const char *bytes, size_t length, struct cell_style *style)
{
	const char *end = bytes + length, *at = last_reset(bytes, end);
	struct escape escape;

	while ((at = memchr(at, ESC, (size_t)(end - at)))) {
		if (!escape_read(at, (size_t)(end - at), &escape))
			return;
		if (escape_is_sgr(&escape))
			sgr_apply(escape.params, escape.n_params, style);
		at += escape.length;
	}
}
