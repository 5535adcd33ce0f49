/* Lines as a person sees them: without escape sequences (ECMA-48) and control characters. */
#include <string.h>

#include "engine/session/condition_internal.h"

enum { BEL = 0x07, CAN = 0x18, SUB = 0x1a, ESC = 0x1b, DEL = 0x7f };

static void end_line(struct output_lines *lines, void (*take)(void *data, const char *line),
		     void *data)
{
	lines->text[lines->length] = '\0';
	take(data, lines->text);
	lines->length = 0;
}

/* A newline or carriage return. No sequence goes on behind it: it was not one. */
static void take_end(struct output_lines *lines, bool newline,
		     void (*take)(void *data, const char *line), void *data)
{
	lines->state = LINES_TEXT;
	if (lines->length || (newline && !lines->returned)) {
		end_line(lines, take, data);
		lines->returned = !newline;
	} else if (newline) {
		lines->returned = false;
	}
}

/* Adds text while there is room; the line always ends with a NUL. */
static void add_text(struct output_lines *lines, const char *bytes, size_t length)
{
	size_t room = CONDITION_LINE_MAX - lines->length;
	size_t taken = length < room ? length : room;

	memcpy(lines->text + lines->length, bytes, taken);
	lines->length += taken;
	lines->text[lines->length] = '\0';
	lines->returned = false;
}

/* A byte behind ESC: more of it follows, or a sequence begins, or that was all. */
static void take_escape(struct output_lines *lines, unsigned char byte)
{
	lines->escape = false;
	if (byte == '[')
		lines->state = LINES_CSI;
	else if (strchr("]PX^_", byte))
		lines->state = LINES_STRING;
	else if (byte >= 0x30)
		lines->state = LINES_TEXT;
}

/* A byte of a string; BEL, CAN, SUB and ESC \ end it. */
static void take_string(struct output_lines *lines, unsigned char byte)
{
	if (byte == BEL || byte == CAN || byte == SUB || (lines->escape && byte == '\\'))
		lines->state = LINES_TEXT;
	lines->escape = byte == ESC;
}

/* A byte that is neither plain text nor the end of a line. */
static void take_other(struct output_lines *lines, unsigned char byte)
{
	if (lines->state == LINES_STRING)
		take_string(lines, byte);
	else if (byte == ESC)
		lines->state = LINES_ESCAPE;
	else if (byte == CAN || byte == SUB)
		lines->state = LINES_TEXT;
	else if (byte < 0x20 || byte == DEL)
		return;
	else if (lines->state == LINES_ESCAPE)
		take_escape(lines, byte);
	else if (byte >= 0x40)
		lines->state = LINES_TEXT;
}

/* How many bytes at the front are plain text. */
static size_t text_length(const char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length && bytes[at] != DEL &&
	       ((unsigned char)bytes[at] >= 0x20 || bytes[at] == '\t'))
		at++;
	return at;
}

void output_lines_feed(struct output_lines *lines, const char *bytes, size_t length,
		       void (*take)(void *data, const char *line), void *data)
{
	for (size_t at = 0; at < length; at++) {
		char byte = bytes[at];
		size_t plain =
			lines->state == LINES_TEXT ? text_length(bytes + at, length - at) : 0;

		if (plain) {
			add_text(lines, bytes + at, plain);
			at += plain - 1;
		} else if (byte == '\n' || byte == '\r') {
			take_end(lines, byte == '\n', take, data);
		} else {
			take_other(lines, (unsigned char)byte);
		}
	}
}
