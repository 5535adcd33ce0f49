#include "src/plain_filter.h"

#include <stdint.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"

enum { CAN = 0x18, SUB = 0x1a, ESC = 0x1b, BEL = 0x07, ENQ = 0x05, DEL = 0x7f };

void plain_filter_init(struct plain_filter *filter, enum filter_kind kind, bool color, bool ascii)
{
	*filter = (struct plain_filter){.kind = kind, .color = color, .ascii = ascii};
}

void plain_filter_reset(struct plain_filter *filter, struct buf *out)
{
	filter->state = FILTER_GROUND;
	filter->partial_length = 0;
	filter->length = 0;
	if (filter->colored)
		buf_add_str(out, "\x1b[0m");
	filter->colored = false;
}

static void enter(struct plain_filter *filter, enum filter_state state)
{
	filter->state = state;
	filter->length = 0;
	filter->escape = false;
}

static void add_sequence(struct plain_filter *filter, const char *introducer, struct buf *out)
{
	buf_add_str(out, introducer);
	buf_add(out, filter->sequence, filter->length);
}

/* A byte of C0, outside of strings: what terminals do at once, also within a sequence. */
static void add_control(const struct plain_filter *filter, unsigned char byte, struct buf *out)
{
	bool passes = byte == '\n' || byte == '\r' || byte == '\t';

	if (filter->kind == FILTER_SHELL)
		passes = byte != ENQ && byte != DEL;
	if (passes)
		buf_add_char(out, (char)byte);
}

/* What begins after ESC and this byte; also for the C1 control that stands for both. */
static enum filter_state state_after(unsigned char byte)
{
	switch (byte) {
	case '[':
		return FILTER_CSI;
	case ']':
		return FILTER_OSC;
	case 'P':
	case 'X':
	case '^':
	case '_':
		return FILTER_STRING;
	default:
		return FILTER_GROUND;
	}
}

/* A C1 control, U+0080 to U+009F. */
static void take_c1(struct plain_filter *filter, uint32_t code, struct buf *out)
{
	unsigned char byte = (unsigned char)(code - 0x40);

	enter(filter, state_after(byte));
	if (filter->state == FILTER_GROUND && filter->kind == FILTER_SHELL) {
		buf_add_char(out, ESC);
		buf_add_char(out, (char)byte);
	}
}

/* One valid character, or code 0xfffd for an invalid byte. */
static void take_character(struct plain_filter *filter, const char *bytes, size_t length,
			   uint32_t code, struct buf *out)
{
	if (code >= 0x80 && code < 0xa0)
		take_c1(filter, code, out);
	else if (filter->kind == FILTER_TEXT && !utf8_is_shown(code))
		return;
	else if (filter->ascii)
		buf_add_char(out, '?');
	else
		buf_add(out, bytes, length);
}

/* How many bytes the character that begins with this byte has; 1 when none does. */
static size_t length_of(unsigned char byte)
{
	return byte >= 0xf0 && byte < 0xf8   ? 4
	       : byte >= 0xe0 && byte < 0xf0 ? 3
	       : byte >= 0xc0		     ? 2
					     : 1;
}

/* Characters beyond ASCII at the front of bytes; returns how many bytes were used. */
static size_t take_wide(struct plain_filter *filter, const char *bytes, size_t length,
			struct buf *out)
{
	uint32_t code = 0;
	size_t used = utf8_decode(bytes, length, &code);
	size_t whole = length_of((unsigned char)bytes[0]), seen = 1;

	if (used) {
		take_character(filter, bytes, used, code, out);
		return used;
	}
	while (seen < length && seen < whole && ((unsigned char)bytes[seen] & 0xc0) == 0x80)
		seen++;
	if (seen == length && seen < whole && whole <= sizeof filter->partial) {
		memcpy(filter->partial, bytes, length);
		filter->partial_length = length;
		return length;
	}
	take_character(filter, "\xef\xbf\xbd", 3, 0xfffd, out);
	return seen < whole ? seen : 1;
}

/* Whether a CSI sequence (parameters, intermediates, final byte) may pass. */
static bool csi_passes(struct plain_filter *filter, char final)
{
	if (filter->length > sizeof filter->sequence)
		return false;
	/* Not what works on the window (t) or the printer (i). */
	if (filter->kind == FILTER_SHELL)
		return final != 't' && final != 'i';
	for (size_t i = 0; i + 1 < filter->length; i++) {
		if (!strchr("0123456789;:", filter->sequence[i]))
			return false;
	}
	return final == 'm' && filter->color;
}

/* Keeps a byte of a sequence; one that is too long is remembered as such. */
static void keep(struct plain_filter *filter, char byte)
{
	if (filter->length < sizeof filter->sequence)
		filter->sequence[filter->length] = byte;
	if (filter->length <= sizeof filter->sequence)
		filter->length++;
}

static void take_csi(struct plain_filter *filter, unsigned char byte, struct buf *out)
{
	keep(filter, (char)byte);
	if (byte < 0x40)
		return;
	if (csi_passes(filter, (char)byte)) {
		add_sequence(filter, "\x1b[", out);
		filter->colored |= byte == 'm';
	}
	enter(filter, FILTER_GROUND);
}

static void take_escape(struct plain_filter *filter, unsigned char byte, struct buf *out)
{
	bool first = !filter->length;

	keep(filter, (char)byte);
	if (byte < 0x30)
		return;
	if (first && state_after(byte) != FILTER_GROUND) {
		enter(filter, state_after(byte));
		return;
	}
	if (filter->kind == FILTER_SHELL && filter->length <= sizeof filter->sequence)
		add_sequence(filter, "\x1b", out);
	enter(filter, FILTER_GROUND);
}

/* A byte of OSC, DCS, ...: swallowed. One that never ends is given up. */
static void take_string(struct plain_filter *filter, unsigned char byte, struct buf *out)
{
	bool is_osc = filter->state == FILTER_OSC;

	if (is_osc && byte == '\n')
		buf_add_char(out, '\n');
	if ((is_osc && (byte == BEL || byte == '\n')) || byte == CAN || byte == SUB ||
	    (filter->escape && byte == '\\') || ++filter->length > FILTER_STRING_MAX)
		enter(filter, FILTER_GROUND);
	else
		filter->escape = byte == ESC;
}

/* One byte of ASCII that is not plain text, or within a sequence. */
static void take_byte(struct plain_filter *filter, unsigned char byte, struct buf *out)
{
	if (filter->state == FILTER_OSC || filter->state == FILTER_STRING)
		take_string(filter, byte, out);
	else if (byte == ESC)
		enter(filter, FILTER_ESCAPE);
	else if (byte == CAN || byte == SUB)
		enter(filter, FILTER_GROUND);
	else if (byte < 0x20 || byte == DEL)
		add_control(filter, byte, out);
	else if (filter->state == FILTER_CSI)
		take_csi(filter, byte, out);
	else if (filter->state == FILTER_ESCAPE)
		take_escape(filter, byte, out);
	else
		buf_add_char(out, (char)byte);
}

/* How many bytes at the front are plain: they pass as they are. */
static size_t plain_length(const char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length && ((bytes[at] >= 0x20 && bytes[at] < DEL) || bytes[at] == '\n'))
		at++;
	return at;
}

/* Takes something from the front of bytes; returns how much, at least one byte. */
static size_t take_some(struct plain_filter *filter, const char *bytes, size_t length,
			struct buf *out)
{
	bool in_string = filter->state == FILTER_OSC || filter->state == FILTER_STRING;
	size_t plain = filter->state == FILTER_GROUND ? plain_length(bytes, length) : 0;

	if (plain) {
		buf_add(out, bytes, plain);
		return plain;
	}
	if (in_string || (unsigned char)bytes[0] < 0x80) {
		take_byte(filter, (unsigned char)bytes[0], out);
		return 1;
	}
	/* What is not ASCII has no place in a sequence, and ends it. */
	enter(filter, FILTER_GROUND);
	return take_wide(filter, bytes, length, out);
}

/* Puts the bytes that an unfinished character waits for behind it; returns how many were used. */
static size_t complete(struct plain_filter *filter, const char *bytes, size_t length,
		       struct buf *out)
{
	char character[8];
	size_t had = filter->partial_length;
	size_t room = length_of((unsigned char)filter->partial[0]) - had;
	size_t added = length < room ? length : room, used;

	memcpy(character, filter->partial, had);
	memcpy(character + had, bytes, added);
	filter->partial_length = 0;
	used = take_wide(filter, character, had + added, out);
	return used > had ? used - had : 0;
}

void plain_filter_feed(struct plain_filter *filter, const char *bytes, size_t length,
		       struct buf *out)
{
	size_t at = 0;

	if (length && filter->partial_length)
		at = complete(filter, bytes, length, out);
	while (at < length)
		at += take_some(filter, bytes + at, length - at, out);
}
