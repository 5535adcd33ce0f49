#include "engine/store/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"

enum {
	CHUNK = 65536,	    /* bytes of a log read at a time */
	LINE_MAX_SIZE = 96, /* of the times; a longer line is none of ours */
};

/* How a cast is being written. */
struct cast {
	FILE *out;
	int log_fd;
	uint64_t log_size;
	uint64_t offset; /* bytes of the log read so far */
	int64_t ms;	 /* of the latest line of the times */
	bool onlcr;
	bool in_event;	 /* an "o" event was begun */
	struct buf text; /* read, not written: at most a chunk and a cut character */
};

/* One line of the times after the first. */
struct times_line {
	char kind;
	int64_t ms;
	uint64_t offset;
	char rest[32];
};

/* Writes one valid character, or a replacement for what is none, into a JSON string. */
static void put_character(FILE *out, const char *bytes, size_t length)
{
	unsigned char byte = (unsigned char)bytes[0];

	if (!length)
		fputs("\xef\xbf\xbd", out);
	else if (length > 1)
		fwrite(bytes, 1, length, out);
	else if (byte == '"' || byte == '\\')
		fprintf(out, "\\%c", byte);
	else if (byte < 0x20 || byte == 0x7f)
		fprintf(out, "\\u%04x", byte);
	else
		fputc(byte, out);
}

/* Writes a text as a JSON string. */
static void put_string(FILE *out, const char *text)
{
	size_t left = strlen(text);

	fputc('"', out);
	while (left) {
		uint32_t code;
		size_t used = utf8_decode(text, left, &code);

		put_character(out, text, used);
		text += used ? used : 1;
		left -= used ? used : 1;
	}
	fputc('"', out);
}

/* Writes the beginning of an event up to its data. */
static void put_event(struct cast *cast, char kind)
{
	fprintf(cast->out, "[%" PRId64 ".%03d, \"%c\", ", cast->ms / 1000, (int)(cast->ms % 1000),
		kind);
}

/* True when the bytes may be the beginning of a character that goes on behind them. */
static bool is_cut_character(const char *bytes, size_t length)
{
	unsigned char first = (unsigned char)bytes[0];
	size_t whole = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : 2;

	if (first < 0xc2 || first >= 0xf8 || length >= whole)
		return false;
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)bytes[i] & 0xc0) != 0x80)
			return false;
	}
	return true;
}

/* Writes one character of the output into the event, which it begins when there is none. */
static void put_output(struct cast *cast, const char *bytes, size_t length)
{
	if (!cast->in_event) {
		put_event(cast, 'o');
		fputc('"', cast->out);
		cast->in_event = true;
	}
	if (cast->onlcr && length == 1 && bytes[0] == '\n')
		put_character(cast->out, "\r", 1);
	put_character(cast->out, bytes, length);
}

/* Writes the text that was read; a cut character at its end stays, unless all is to go. */
static void put_text(struct cast *cast, bool all)
{
	const char *bytes = cast->text.data;
	size_t left = cast->text.len;

	while (left) {
		uint32_t code;
		size_t used = utf8_decode(bytes, left, &code);

		if (!used && !all && is_cut_character(bytes, left))
			break;
		put_output(cast, bytes, used);
		bytes += used ? used : 1;
		left -= used ? used : 1;
	}
	buf_drop(&cast->text, cast->text.len - left);
}

/* Ends the event that was begun, if any. */
static void end_event(struct cast *cast)
{
	if (cast->in_event)
		fputs("\"]\n", cast->out);
	cast->in_event = false;
}

/* Writes an event of the log up to the offset end. */
static int put_log(struct cast *cast, uint64_t end, struct err *err)
{
	if (end > cast->log_size)
		end = cast->log_size;
	while (cast->offset < end) {
		uint64_t left = end - cast->offset;
		size_t wanted = left < CHUNK ? (size_t)left : CHUNK;
		char *room = buf_reserve(&cast->text, CHUNK);

		if (recording_read(cast->log_fd, room, cast->offset, cast->offset + wanted, err) <
		    0)
			return -1;
		cast->text.len += wanted;
		cast->offset += wanted;
		put_text(cast, false);
	}
	return 0;
}

/* Reads "COLUMNSxROWS" with both from 1 to 65535. */
static bool parse_size(const char *text, int *ret_columns, int *ret_rows)
{
	int columns, rows;
	char rest;

	if (sscanf(text, "%5dx%5d%c", &columns, &rows, &rest) != 2)
		return false;
	if (columns < 1 || columns > 65535 || rows < 1 || rows > 65535)
		return false;
	*ret_columns = columns;
	*ret_rows = rows;
	return true;
}

/* Reads a decimal number of at most 18 digits (which cannot overflow) that a separator ends;
 * returns what comes behind that, or NULL. */
static const char *parse_number(const char *text, uint64_t *ret_value)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 18 || (text[digits] && text[digits] != ' '))
		return NULL;
	*ret_value = strtoull(text, NULL, 10);
	return text + digits + (text[digits] == ' ');
}

/* Takes a line of the times apart; false when it is none. */
static bool parse_line(const char *text, struct times_line *ret_line)
{
	struct times_line line = {.kind = text[0]};
	uint64_t ms;

	if (!strchr("osm", text[0]) || !text[0] || text[1] != ' ')
		return false;
	text = parse_number(text + 2, &ms);
	if (text)
		text = parse_number(text, &line.offset);
	if (!text || strlen(text) >= sizeof line.rest)
		return false;
	line.ms = (int64_t)ms;
	memcpy(line.rest, text, strlen(text) + 1);
	*ret_line = line;
	return true;
}

/* Writes what a line says. */
static int put_line(struct cast *cast, const struct times_line *line, struct err *err)
{
	int columns, rows;

	if (line->ms > cast->ms)
		cast->ms = line->ms;
	if (put_log(cast, line->offset, err) < 0)
		return -1;
	end_event(cast);
	if (line->kind == 'm') {
		cast->onlcr = !strcmp(line->rest, "onlcr");
	} else if (line->kind == 's' && parse_size(line->rest, &columns, &rows)) {
		put_event(cast, 'r');
		fprintf(cast->out, "\"%dx%d\"]\n", columns, rows);
	}
	return 0;
}

/* Reads the next line without its newline; a longer one than ours becomes empty. A last line
 * without newline was cut off and does not count. False at the end. */
static bool read_line(FILE *times, char line[LINE_MAX_SIZE])
{
	size_t length = 0;
	int byte;

	while ((byte = getc(times)) != EOF && byte != '\n') {
		if (length < LINE_MAX_SIZE)
			line[length++] = (char)byte;
	}
	if (byte == EOF)
		return false;
	line[length < LINE_MAX_SIZE ? length : 0] = '\0';
	return true;
}

/* Writes the header from the first line of the times. */
static int put_header(struct cast *cast, FILE *times, const char *name, const char *title,
		      struct err *err)
{
	char line[LINE_MAX_SIZE], size[16];
	int columns, rows;
	int64_t unix_ms;

	if (!read_line(times, line) ||
	    sscanf(line, "contractor-times 1 %15s %18" SCNd64, size, &unix_ms) != 2 ||
	    !parse_size(size, &columns, &rows))
		return err_set(err, ERR_FAULT, "%s.times is not a recording of this version", name);
	fprintf(cast->out,
		"{\"version\": 2, \"width\": %d, \"height\": %d, \"timestamp\": %" PRId64, columns,
		rows, unix_ms / 1000);
	if (title) {
		fputs(", \"title\": ", cast->out);
		put_string(cast->out, title);
	}
	fputs("}\n", cast->out);
	return 0;
}

/* Writes all events; what no line covers belongs to the last time. */
static int put_events(struct cast *cast, FILE *times, struct err *err)
{
	char text[LINE_MAX_SIZE];
	struct times_line line;

	while (read_line(times, text)) {
		if (parse_line(text, &line) && put_line(cast, &line, err) < 0)
			return -1;
	}
	if (put_log(cast, cast->log_size, err) < 0)
		return -1;
	put_text(cast, true);
	end_event(cast);
	return 0;
}

/* Opens NAME + suffix for reading. */
static int open_part(int dir_fd, const char *name, const char *suffix, struct err *err)
{
	int fd = recording_open_file(dir_fd, name, suffix);

	if (fd >= 0)
		return fd;
	err_sys(err, "cannot read the recording %s%s", name, suffix);
	if (errno == ENOENT)
		err->code = ERR_NOT_FOUND;
	return -1;
}

int recording_export_asciicast(int dir_fd, const char *name, const char *title, FILE *out,
			       struct err *err)
{
	AUTO_CLOSE int log_fd = open_part(dir_fd, name, ".log", err);
	AUTO_CLOSE int times_fd = log_fd < 0 ? -1 : open_part(dir_fd, name, ".times", err);
	AUTO_FCLOSE FILE *times = times_fd < 0 ? NULL : fdopen(times_fd, "r");
	struct cast cast = {.out = out, .log_fd = log_fd, .onlcr = true, .text = BUF_INIT};
	struct stat status;
	int result;

	if (times_fd < 0)
		return -1;
	if (times)
		take_fd(&times_fd); /* it is closed with times */
	if (!times || fstat(log_fd, &status) < 0)
		return err_sys(err, "cannot read the recording %s", name);
	cast.log_size = (uint64_t)status.st_size;
	result = put_header(&cast, times, name, title, err);
	if (!result)
		result = put_events(&cast, times, err);
	buf_release(&cast.text);
	if (!result && (fflush(out) || ferror(out)))
		return err_sys(err, "cannot write the cast of %s", name);
	return result;
}
