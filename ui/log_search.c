#include "ui/log_search.h"

#include <string.h>

#include "engine/base/mem.h"

enum { DEL = 0x7f, SPAN_BLOCK = 64 };

/* Some lines that are looked through together. */
struct run {
	uint64_t offset;
	size_t length; /* bytes of the log */
	const char *text;
	size_t text_length;
	bool is_raw; /* the text is the log's bytes: offsets are the same */
};

void log_search_init(struct log_search *search, struct log_index *index, int fd)
{
	*search = (struct log_search){.index = index, .text = BUF_INIT};
	log_file_init(&search->file, fd);
}

void log_search_release(struct log_search *search)
{
	log_file_release(&search->file);
	log_line_release(&search->line);
	buf_release(&search->text);
}

void log_search_begin(struct log_search *search, struct log_finder finder, uint64_t offset,
		      uint64_t limit, bool forward)
{
	search->finder = finder;
	search->at = offset;
	search->limit = limit;
	search->forward = forward;
}

uint64_t log_search_offset(const struct log_search *search)
{
	return search->at;
}

/* 1 for a control character that is not the end of a line. */
static unsigned char is_control(unsigned char byte)
{
	return (unsigned char)(((byte < 0x20) & (byte != '\n')) | (byte == DEL));
}

/* How many bytes at the front are without control characters, in whole blocks as long as there are
 * some; the length of a block is fixed so that compilers make its loop wide. */
static size_t plain_span(const char *bytes, size_t length)
{
	const unsigned char *in = (const unsigned char *)bytes;
	size_t at = 0;

	for (; at + SPAN_BLOCK <= length; at += SPAN_BLOCK) {
		unsigned char controls = 0;

		for (size_t i = 0; i < SPAN_BLOCK; i++)
			controls |= is_control(in[at + i]);
		if (controls)
			break;
	}
	while (at < length && !is_control(in[at]))
		at++;
	return at;
}

/* How many bytes at the front are whole lines that look as they are. */
static size_t raw_length(const char *bytes, size_t length, bool at_end)
{
	size_t plain = plain_span(bytes, length);
	const char *newline;

	if (plain == length && at_end)
		return length;
	newline = memrchr(bytes, '\n', plain);
	return newline ? (size_t)(newline - bytes) + 1 : 0;
}

/* Makes a run of one line, with its text as a person sees it. */
static void render_line(struct log_search *search, const char *bytes, size_t length,
			struct run *run)
{
	static const struct cell_style style;
	size_t line = log_line_length(bytes, length);

	run->length = line ? line : length;
	log_line_render(&search->line, bytes, run->length, &style);
	buf_clear(&search->text);
	log_line_add_text(&search->line, &search->text);
	run->text = search->text.data;
	run->text_length = search->text.len;
}

/* The lines at an offset before end, as many as go together. */
static int next_run(struct log_search *search, uint64_t offset, uint64_t end, struct run *ret_run,
		    struct err *err)
{
	struct run run = {.offset = offset};
	const char *bytes;
	size_t length;

	if (log_file_get(&search->file, offset, LOG_LINE_MAX + 1, &bytes, &length, err) < 0)
		return -1;
	if (!length)
		return err_set(err, ERR_FAULT, "a log became shorter while it was read");
	if (length > end - offset)
		length = (size_t)(end - offset);
	run.length = raw_length(bytes, length, offset + length == end);
	run.is_raw = run.length > 0;
	run.text = bytes;
	run.text_length = run.length;
	if (!run.is_raw)
		render_line(search, bytes, length, &run);
	*ret_run = run;
	return 0;
}

/* Finds the first line of a run at or behind its byte *text_at that matches; moves *text_at behind that
 * line. */
static bool find_in_run(const struct log_search *search, const struct run *run, size_t *text_at,
			uint64_t *ret_offset)
{
	const char *newline;
	struct log_match match = {0};

	if (!search->finder.find(search->finder.data, run->text + *text_at,
				 run->text_length - *text_at, &match))
		return false;
	match.start += *text_at;
	newline = memchr(run->text + match.start, '\n', run->text_length - match.start);
	*text_at = newline ? (size_t)(newline - run->text) + 1 : run->text_length;
	*ret_offset = run->offset + (run->is_raw ? match.start : 0);
	return true;
}

/* Looks forward through about a window. */
static int step_forward(struct log_search *search, uint64_t *ret_offset, struct err *err)
{
	uint64_t start = search->at;
	struct run run;

	while (search->at < search->limit && search->at - start < LOG_WINDOW) {
		size_t text_at = 0;

		if (next_run(search, search->at, search->limit, &run, err) < 0)
			return -1;
		if (find_in_run(search, &run, &text_at, ret_offset))
			return LOG_SEARCH_FOUND;
		search->at += run.length;
	}
	return search->at < search->limit ? LOG_SEARCH_MORE : LOG_SEARCH_NONE;
}

/* Looks through the lines from the last mark of the index before where it is, for the last match. */
static int step_backward(struct log_search *search, uint64_t *ret_offset, struct err *err)
{
	bool found = false;
	uint64_t start, end = search->at;
	struct run run;

	if (end <= search->limit)
		return LOG_SEARCH_NONE;
	start = log_index_before(search->index, end).offset;
	if (start < search->limit)
		start = search->limit;
	for (uint64_t at = start; at < end; at += run.length) {
		size_t text_at = 0;

		if (next_run(search, at, end, &run, err) < 0)
			return -1;
		while (find_in_run(search, &run, &text_at, ret_offset))
			found = true;
	}
	search->at = start;
	if (found)
		return LOG_SEARCH_FOUND;
	return start > search->limit ? LOG_SEARCH_MORE : LOG_SEARCH_NONE;
}

int log_search_step(struct log_search *search, uint64_t *ret_line, struct err *err)
{
	struct log_place place;
	uint64_t offset = 0;
	int result = search->forward ? step_forward(search, &offset, err)
				     : step_backward(search, &offset, err);

	if (result != LOG_SEARCH_FOUND)
		return result;
	if (log_index_find_offset(search->index, offset, &place, err) < 0)
		return -1;
	*ret_line = place.line;
	return result;
}
