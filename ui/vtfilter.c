#include "ui/vtfilter.h"

#include <string.h>
#include <wchar.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "ui/vtfilter_csi.h"
#include "ui/vtfilter_sets.h"

enum {
	BEL = 0x07,
	LF = 0x0a,
	CR = 0x0d,
	SO = 0x0e,
	SI = 0x0f,
	CAN = 0x18,
	SUB = 0x1a,
	ESC = 0x1b,
	DEL = 0x7f
};

/* Below it nothing combines with the character before. */
enum { FIRST_MARK = 0x300 };

struct range {
	uint32_t first, last;
};

/* What libvterm takes for marks, and nobody else. */
static const struct range false_marks[] = {
	{0x600, 0x603}, {0x6dd, 0x6de}, {0x70f, 0x70f}, {0x1734, 0x1734}, {0x302e, 0x302f},
};

/* Marks of which libvterm adds two columns to the character's width, beyond the row's end and the
 * memory's; not when they come by themselves. */
static const struct range wide_marks[] = {{0x302a, 0x302d}, {0x3099, 0x309a}};

static const char replacement[] = "\xef\xbf\xbd";

/* What leaves nothing of the program before: the alternate screen, the mouse and reversed colours are
 * not among what libvterm resets. */
static const char reset[] = "\033[?1049l\033[?1000l\033[?1006l\033[?5l\033c";

void vtfilter_init(struct vtfilter *filter, int columns)
{
	*filter = (struct vtfilter){.columns = columns,
				    .marks = VTFILTER_MARKS_MAX,
				    .string = BUF_INIT,
				    .title = BUF_INIT};
	vtfilter_reset_sets(filter);
}

void vtfilter_release(struct vtfilter *filter)
{
	buf_release(&filter->string);
	buf_release(&filter->title);
}

bool vtfilter_idle(const struct vtfilter *filter)
{
	return filter->state == VTFILTER_GROUND && !filter->partial_length;
}

const char *vtfilter_take_title(struct vtfilter *filter)
{
	bool has_title = filter->has_title;

	filter->has_title = false;
	return has_title ? filter->title.data : NULL;
}

static void enter(struct vtfilter *filter, enum vtfilter_state state)
{
	filter->state = state;
	filter->length = 0;
	filter->in_string = false;
	filter->string_length = 0;
	buf_clear(&filter->string);
}

/* Remembers the last character that passed. */
static void remember(struct vtfilter *filter, const char *bytes, size_t length)
{
	memcpy(filter->last, bytes, length);
	filter->last_length = length;
}

static bool is_within(uint32_t code, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	return false;
}

/* Whether libvterm shows a character only by misleading. */
static bool is_bad(uint32_t code)
{
	return (code >= 0x80 && code < 0xa0) ||
	       is_within(code, false_marks, ARRAY_SIZE(false_marks));
}

/* A mark on the character before, unless there is none, or it has enough of them. */
static void add_mark(struct vtfilter *filter, uint32_t code, const char *bytes, size_t length,
		     struct buf *out)
{
	if (filter->marks == VTFILTER_MARKS_MAX)
		return;
	filter->marks++;
	buf_add_char(out, is_within(code, wide_marks, ARRAY_SIZE(wide_marks)) ? VTFILTER_WIDE_MARK
									      : VTFILTER_MARK);
	buf_add(out, bytes, length);
}

/* One character, of as many bytes. */
static void add_character(struct vtfilter *filter, uint32_t code, const char *bytes, size_t length,
			  struct buf *out)
{
	if (is_bad(code)) {
		bytes = replacement;
		length = 3;
	} else if (code >= FIRST_MARK && wcwidth((wchar_t)code) == 0) {
		add_mark(filter, code, bytes, length, out);
		return;
	}
	filter->marks = 0;
	buf_add(out, bytes, length);
	remember(filter, bytes, length);
}

/* What was begun is no character. */
static void add_replacement(struct vtfilter *filter, struct buf *out)
{
	filter->partial_length = 0;
	add_character(filter, 0xfffd, replacement, 3, out);
}

void vtfilter_abort(struct vtfilter *filter, struct buf *out)
{
	if (filter->partial_length)
		add_replacement(filter, out);
	enter(filter, VTFILTER_GROUND);
}

/* An ASCII character, in the character set that is in use. */
static void add_ascii(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	char bytes[4];
	uint32_t code = vtfilter_translate(filter, byte);

	add_character(filter, code, bytes, utf8_encode(code, bytes), out);
}

/* How many bytes the character that begins with this byte has; 0 when none does. */
static size_t length_of(unsigned char first)
{
	return first >= 0xc2 && first < 0xe0   ? 2
	       : first >= 0xe0 && first < 0xf0 ? 3
	       : first >= 0xf0 && first < 0xf5 ? 4
					       : 0;
}

/* Whether some character begins with first and then next (RFC 3629, section 4). */
static bool may_follow(unsigned char first, unsigned char next)
{
	unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return next >= low && next <= high;
}

/* A byte of a character that comes in pieces; false when it belongs to no more than U+FFFD before
 * it, and is still to be taken. */
static bool take_partial(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	unsigned char first = (unsigned char)filter->partial[0];
	uint32_t code;

	if (filter->partial_length == 1 ? !may_follow(first, byte) : (byte & 0xc0) != 0x80) {
		add_replacement(filter, out);
		return false;
	}
	filter->partial[filter->partial_length++] = (char)byte;
	if (utf8_decode(filter->partial, filter->partial_length, &code)) {
		add_character(filter, code, filter->partial, filter->partial_length, out);
		filter->partial_length = 0;
	}
	return true;
}

/* A byte beyond ASCII that begins something. */
static void take_first(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	if (!length_of(byte)) {
		add_replacement(filter, out);
		return;
	}
	filter->partial[0] = (char)byte;
	filter->partial_length = 1;
}

/* Controls that work at once, also within ESC and CSI sequences. Behind them there is nothing that a mark
 * could be on, or that could be repeated: a screen does not depend on lines that have left it. */
static void take_control(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	filter->marks = VTFILTER_MARKS_MAX;
	if (byte == ESC) {
		enter(filter, VTFILTER_ESCAPE);
		return;
	}
	filter->last_length = 0;
	if (byte == CAN || byte == SUB)
		enter(filter, VTFILTER_GROUND);
	else if (byte == SO || byte == SI)
		filter->set = byte == SO;
	else if (byte == LF && filter->onlcr)
		buf_add(out, "\r\n", 2);
	else if (byte >= BEL && byte <= CR)
		buf_add_char(out, (char)byte);
}

/* Keeps a byte of a sequence; one that is too long is remembered as such. */
static void keep(struct vtfilter *filter, unsigned char byte)
{
	if (filter->length < sizeof filter->sequence)
		filter->sequence[filter->length] = (char)byte;
	if (filter->length <= sizeof filter->sequence)
		filter->length++;
}

/* What a final byte after ESC begins. */
static enum vtfilter_state state_after(unsigned char byte)
{
	if (byte == '[')
		return VTFILTER_CSI;
	if (byte == ']')
		return VTFILTER_OSC;
	return strchr("PX^_", byte) ? VTFILTER_STRING : VTFILTER_GROUND;
}

/* ESC and one byte. */
static void add_simple_escape(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	if (byte == 'c') {
		filter->last_length = 0;
		filter->hides_cursor = false;
		vtfilter_reset_sets(filter);
		buf_add_str(out, reset);
	} else if (strchr("78=>DEHM", byte)) {
		buf_add_char(out, ESC);
		buf_add_char(out, (char)byte);
	}
	if (byte == '8') {
		buf_add_str(out, VTFILTER_CLAMP);
		vtfilter_add_visibility(filter, out);
	}
}

/* ESC, an intermediate and a final byte. */
static void add_escape(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	char intermediate = filter->sequence[0];

	if (filter->length != 1)
		return;
	if (intermediate == '(' || intermediate == ')') {
		vtfilter_designate(filter, intermediate == ')', (char)byte);
	} else if (intermediate == '#' && strchr("34568", byte)) {
		buf_add_str(out, "\033#");
		buf_add_char(out, (char)byte);
	}
}

static void take_escape(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	enum vtfilter_state next = VTFILTER_GROUND;

	if (byte < 0x30) {
		keep(filter, byte);
		return;
	}
	if (filter->length) {
		add_escape(filter, byte, out);
	} else {
		next = state_after(byte);
		add_simple_escape(filter, byte, out);
	}
	enter(filter, next);
}

static void take_csi(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	if (byte < 0x40) {
		keep(filter, byte);
		return;
	}
	vtfilter_add_csi(filter, (char)byte, out);
	/* A soft reset. */
	if (byte == 'p' && filter->length == 1 && filter->sequence[0] == '!')
		vtfilter_reset_sets(filter);
	enter(filter, VTFILTER_GROUND);
}

/* Keeps the title of an OSC that is complete, if it sets one. */
static void end_osc(struct vtfilter *filter)
{
	const char *text = filter->string.data, *end = text + filter->string.len;
	uint32_t code;

	if (strncmp(text, "0;", 2) != 0 && strncmp(text, "2;", 2) != 0)
		return;
	buf_clear(&filter->title);
	for (text += 2; text < end;) {
		size_t length = utf8_decode(text, (size_t)(end - text), &code);

		if (length && utf8_is_shown(code))
			buf_add(&filter->title, text, length);
		text += length ? length : 1;
	}
	filter->has_title = true;
}

/* A byte of ESC or CSI sequences; one that is not ASCII ends them, and is text. */
static void take_sequence(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	if (byte < 0x20) {
		take_control(filter, byte, out);
	} else if (byte > DEL) {
		enter(filter, VTFILTER_GROUND);
		take_first(filter, byte, out);
	} else if (byte != DEL) {
		(filter->state == VTFILTER_CSI ? take_csi : take_escape)(filter, byte, out);
	}
}

/* A byte of a string, which ends with ST, an OSC also with BEL. An ESC that does not begin ST ends it
 * without an effect, and begins another sequence. */
static void take_string(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	bool is_osc = filter->state == VTFILTER_OSC;

	if (filter->in_string && byte != '\\') {
		enter(filter, VTFILTER_ESCAPE);
		take_sequence(filter, byte, out);
	} else if (filter->in_string || (is_osc && byte == BEL)) {
		if (is_osc)
			end_osc(filter);
		enter(filter, VTFILTER_GROUND);
	} else if (byte == CAN || byte == SUB) {
		enter(filter, VTFILTER_GROUND);
	} else if (byte == ESC) {
		filter->in_string = true;
	} else if (++filter->string_length >= VTFILTER_STRING_MAX) {
		enter(filter, VTFILTER_GROUND);
	} else if (is_osc && filter->string.len < VTFILTER_TITLE_MAX) {
		buf_add_char(&filter->string, (char)byte);
	}
}

static void take_byte(struct vtfilter *filter, unsigned char byte, struct buf *out)
{
	if (filter->partial_length && take_partial(filter, byte, out))
		return;
	if (filter->state == VTFILTER_OSC || filter->state == VTFILTER_STRING)
		take_string(filter, byte, out);
	else if (filter->state != VTFILTER_GROUND)
		take_sequence(filter, byte, out);
	else if (byte < 0x20)
		take_control(filter, byte, out);
	else if (byte > DEL)
		take_first(filter, byte, out);
	else if (byte < DEL)
		add_ascii(filter, byte, out);
}

/* Eight bytes at once: a byte's highest bit is set in what comes of it where it is below 0x20, DEL or
 * beyond ASCII. A carry out of a byte begins in one that is found itself. */
static bool are_printable(const char *bytes)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t word;

	memcpy(&word, bytes, sizeof word);
	return !((word | (word - ones * 0x20) | (word + ones)) & ones * 0x80);
}

size_t vtfilter_run(const char *bytes, size_t length)
{
	size_t used = 0;

	while (length - used >= sizeof(uint64_t) && are_printable(bytes + used))
		used += sizeof(uint64_t);
	while (used < length && bytes[used] >= 0x20 && bytes[used] < DEL)
		used++;
	return used;
}

/* Plain ASCII at the front of bytes, which is most of what comes, in one go; returns its length. */
static size_t take_run(struct vtfilter *filter, const char *bytes, size_t length, struct buf *out)
{
	size_t used = filter->sets[filter->set] == 'B' ? vtfilter_run(bytes, length) : 0;

	if (used) {
		buf_add(out, bytes, used);
		remember(filter, bytes + used - 1, 1);
		filter->marks = 0;
	}
	return used;
}

/* The parameters of a CSI at the front of bytes in one go; returns their length. */
static size_t take_parameters(struct vtfilter *filter, const char *bytes, size_t length)
{
	size_t room = sizeof filter->sequence - filter->length, used = 0;

	if (filter->length > sizeof filter->sequence)
		return 0;
	while (used < length && used < room && bytes[used] >= '0' && bytes[used] <= ';')
		used++;
	memcpy(filter->sequence + filter->length, bytes, used);
	filter->length += used;
	return used;
}

/* A whole character beyond ASCII at the front of bytes; returns its length, 0 for none. */
static size_t take_whole(struct vtfilter *filter, const char *bytes, size_t length, struct buf *out)
{
	uint32_t code;
	size_t used = (unsigned char)bytes[0] > DEL ? utf8_decode(bytes, length, &code) : 0;

	if (used)
		add_character(filter, code, bytes, used, out);
	return used;
}

void vtfilter_feed(struct vtfilter *filter, const char *bytes, size_t length, struct buf *out)
{
	size_t used;

	for (; length; bytes += used, length -= used) {
		used = 0;
		if (filter->state == VTFILTER_CSI)
			used = take_parameters(filter, bytes, length);
		else if (vtfilter_idle(filter))
			used = take_run(filter, bytes, length, out);
		if (!used && vtfilter_idle(filter))
			used = take_whole(filter, bytes, length, out);
		if (!used) {
			take_byte(filter, (unsigned char)*bytes, out);
			used = 1;
		}
	}
}
