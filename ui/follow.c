#include "ui/follow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "ui/follow_scan.h"
#include "ui/log_file.h"
#include "ui/sgr.h"
#include "ui/term.h"

enum {
	SCAN_MAX = 16 << 20, /* bytes scanned a frame */
	BACK_MAX = 1 << 20,  /* bytes from the end where the part is looked for that can be seen */
	MARKS = 8,	     /* a window or more apart: together more than BACK_MAX and a window */
	SCREENS = 3,	     /* screens of lines that are fed: one of them stays */
	TIMES_MAX = 256 << 20,
};

/* A change of the terminal at an offset of the log. */
struct change {
	uint64_t offset;
	int columns, rows; /* 0: it is of onlcr */
	bool onlcr;
};

struct follow {
	struct term *term;
	struct log_file file;
	struct change *changes;
	size_t n_changes, changes_capacity, next_change;
	bool onlcr; /* at fed */
	uint64_t fed, skipped;
	struct follow_scan scan;
	struct follow_scan marks[MARKS]; /* what it was at places that it passed */
	size_t last_mark;
};

struct follow *follow_new(struct term *term, int log_fd)
{
	struct follow *follow = mem_new(sizeof *follow);

	follow->term = term;
	log_file_init(&follow->file, log_fd);
	return follow;
}

void follow_free(struct follow *follow)
{
	if (!follow)
		return;
	log_file_release(&follow->file);
	free(follow->changes);
	free(follow);
}

bool follow_is_addressed(const struct follow *follow)
{
	return follow->scan.plain_from > 0;
}

uint64_t follow_skipped(const struct follow *follow)
{
	return follow->skipped;
}

static void add_change(struct follow *follow, struct change change)
{
	follow->changes = mem_grow(follow->changes, follow->n_changes, &follow->changes_capacity,
				   sizeof *follow->changes);
	follow->changes[follow->n_changes++] = change;
}

void follow_onlcr(struct follow *follow, uint64_t offset, bool onlcr)
{
	add_change(follow, (struct change){.offset = offset, .onlcr = onlcr});
}

void follow_size(struct follow *follow, uint64_t offset, int columns, int rows)
{
	add_change(follow, (struct change){offset, columns, rows, false});
}

/* Takes one line of the times. */
static void take_times_line(struct follow *follow, const char *line)
{
	char mode[8];
	uint64_t offset = 0;
	int columns, rows;

	if (sscanf(line, "contractor-times 1 %5dx%5d ", &columns, &rows) == 2 ||
	    sscanf(line, "s %*18d %18" SCNu64 " %5dx%5d", &offset, &columns, &rows) == 3) {
		if (columns > 0 && rows > 0)
			follow_size(follow, offset, columns, rows);
	} else if (sscanf(line, "m %*18d %18" SCNu64 " %7s", &offset, mode) == 2) {
		follow_onlcr(follow, offset, strcmp(mode, "onlcr") == 0);
	}
}

int follow_load_times(struct follow *follow, int times_fd, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	char *line, *rest;

	if (buf_read_fd(&text, times_fd, TIMES_MAX, "the times of a recording", err) < 0)
		return -1;
	for (line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		/* Nearly all lines are of output, and nothing here. */
		if (line[0] != 'o')
			take_times_line(follow, line);
	}
	return 0;
}

/* Makes the changes that are due where the terminal has come to. */
static void make_changes(struct follow *follow)
{
	for (; follow->next_change < follow->n_changes; follow->next_change++) {
		const struct change *change = &follow->changes[follow->next_change];

		if (change->offset > follow->fed)
			return;
		if (change->columns) {
			term_resize(follow->term, change->columns, change->rows);
		} else {
			follow->onlcr = change->onlcr;
			term_set_onlcr(follow->term, change->onlcr);
		}
	}
}

/* Feeds up to an offset, at most so many bytes. */
static int feed(struct follow *follow, uint64_t end, uint64_t budget, struct err *err)
{
	uint64_t limit = end - follow->fed < budget ? end : follow->fed + budget;

	while (follow->fed < limit) {
		const char *bytes;
		size_t length;

		if (log_file_get(&follow->file, follow->fed, 1, &bytes, &length, err) < 0)
			return -1;
		if (!length)
			return err_set(err, ERR_FAULT, "a log became shorter while it was read");
		if (length > limit - follow->fed)
			length = (size_t)(limit - follow->fed);
		term_feed(follow->term, bytes, length);
		follow->fed += length;
	}
	return 0;
}

/* Remembers the scan when the last time is long ago. */
static void mark_scan(struct follow *follow)
{
	if (follow->scan.offset - follow->marks[follow->last_mark].offset < LOG_WINDOW)
		return;
	follow->last_mark = (follow->last_mark + 1) % MARKS;
	follow->marks[follow->last_mark] = follow->scan;
}

/* The last remembered scan that is not behind an offset. */
static struct follow_scan mark_before(const struct follow *follow, uint64_t offset)
{
	struct follow_scan found = {0};

	for (size_t i = 0; i < MARKS; i++) {
		if (follow->marks[i].offset <= offset && follow->marks[i].offset >= found.offset)
			found = follow->marks[i];
	}
	return found;
}

/* Scans up to an offset, at most SCAN_MAX bytes. Returns 1 when there is more to scan. */
static int scan_to(struct follow *follow, uint64_t end, struct err *err)
{
	uint64_t start = follow->scan.offset;

	follow->scan.rows = term_rows(follow->term);
	while (follow->scan.offset < end && follow->scan.offset - start < SCAN_MAX) {
		const char *bytes;
		size_t length;

		if (log_file_get(&follow->file, follow->scan.offset, LOG_WINDOW, &bytes, &length,
				 err) < 0)
			return -1;
		mark_scan(follow);
		if (length > end - follow->scan.offset)
			length = (size_t)(end - follow->scan.offset);
		if (!follow_scan_feed(&follow->scan, bytes, length))
			return 0;
	}
	return follow->scan.offset < end;
}

/* What is looked for backwards. */
struct start {
	size_t lines;	 /* that are still wanted behind it */
	uint64_t offset; /* where it is, when found */
};

/* Looks through a block that begins at an offset backwards for a line that feeding can begin with. */
static bool find_in_block(const struct follow *follow, const char *bytes, size_t length,
			  uint64_t offset, struct start *start)
{
	const char *newline = bytes + length;

	while ((newline = memrchr(bytes, '\n', (size_t)(newline - bytes)))) {
		const char *line = newline + 1;

		if (start->lines) {
			start->lines--;
			continue;
		}
		if (follow->onlcr || (newline > bytes && newline[-1] == '\r')) {
			start->offset = offset + (uint64_t)(line - bytes);
			return true;
		}
	}
	return false;
}

/* Finds the last line from which on feeding gives the screen that feeding all up to end gives. Returns
 * 1 when there is one. */
static int find_start(struct follow *follow, uint64_t end, uint64_t *ret_offset, struct err *err)
{
	struct start start = {.lines = (size_t)(SCREENS * term_rows(follow->term))};

	for (uint64_t at = end, from; at > follow->fed && end - at < BACK_MAX; at = from) {
		const char *bytes;
		size_t length;

		from = at - follow->fed > LOG_WINDOW ? at - LOG_WINDOW : follow->fed;
		if (log_file_get(&follow->file, from, (size_t)(at - from), &bytes, &length, err) <
		    0)
			return -1;
		if (length > at - from)
			length = (size_t)(at - from);
		if (find_in_block(follow, bytes, length, from, &start)) {
			*ret_offset = start.offset;
			return 1;
		}
	}
	return 0;
}

/* The style in force at an offset that was scanned. */
static int style_at(struct follow *follow, uint64_t offset, struct cell_style *ret_style,
		    struct err *err)
{
	struct follow_scan scan = mark_before(follow, offset);

	while (scan.offset < offset) {
		const char *bytes;
		size_t length;

		if (log_file_get(&follow->file, scan.offset, LOG_WINDOW, &bytes, &length, err) < 0)
			return -1;
		if (length > offset - scan.offset)
			length = (size_t)(offset - scan.offset);
		if (!follow_scan_feed(&scan, bytes, length))
			break;
	}
	*ret_style = scan.style;
	return 0;
}

/* Feeds what is left of the line that was begun, so that no sequence is cut. Returns 1 when it ends
 * before the given offset. */
static int finish_line(struct follow *follow, uint64_t before, struct err *err)
{
	const char *bytes, *newline;
	size_t length;

	if (log_file_get(&follow->file, follow->fed, LOG_WINDOW, &bytes, &length, err) < 0)
		return -1;
	newline = memchr(bytes, '\n', length);
	if (!newline || follow->fed + (uint64_t)(newline - bytes) >= before)
		return 0;
	return feed(follow, follow->fed + (uint64_t)(newline - bytes) + 1, UINT64_MAX, err) < 0 ? -1
												: 1;
}

/* Leaves out what cannot be seen any more when the terminal has come to end, if that is possible.
 * Returns 1 when that has to be found out in the next frame. */
static int skip(struct follow *follow, uint64_t end, struct err *err)
{
	AUTO_BUF struct buf prefix = BUF_INIT;
	struct cell_style style;
	uint64_t start;
	int result = scan_to(follow, end, err);

	if (result)
		return result;
	if (follow->scan.modes || follow->fed < follow->scan.plain_from)
		return 0;
	if ((result = find_start(follow, end, &start, err)) <= 0 ||
	    (result = finish_line(follow, start, err)) <= 0)
		return result;
	if (style_at(follow, start, &style, err) < 0)
		return -1;
	buf_add_char(&prefix, '\r');
	sgr_write(&style, &prefix);
	term_feed(follow->term, prefix.data, prefix.len);
	follow->skipped += start - follow->fed;
	follow->fed = start;
	return 0;
}

int follow_frame(struct follow *follow, uint64_t budget, struct err *err)
{
	uint64_t size, end, start;

	if (log_file_size(&follow->file, &size, err) < 0)
		return -1;
	for (make_changes(follow); follow->fed < size && budget; make_changes(follow)) {
		end = size;
		if (follow->next_change < follow->n_changes &&
		    follow->changes[follow->next_change].offset < size)
			end = follow->changes[follow->next_change].offset;
		if (end - follow->fed > budget) {
			int result = skip(follow, end, err);

			if (result)
				return result;
		}
		start = follow->fed;
		if (feed(follow, end, budget, err) < 0)
			return -1;
		budget -= follow->fed - start;
	}
	return follow->fed < size;
}
