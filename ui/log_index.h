/* log_index.h: where the lines of a log begin, and with which colours, in constant memory.
 *
 * One mark is kept for each stride of bytes; when there are many, every other one goes and the
 * stride doubles: at most 4096 of them, whatever the log's size. From a mark to a line it is a
 * short read.
 *
 * A line ends behind a newline. One longer than LOG_LINE_MAX bytes is cut into several, before a
 * character or an escape sequence where possible. The last one may still be growing.
 *
 * Life cycle: log_index_new(); log_index_scan() until it returns 0, and again when the log may have
 * grown; log_index_free().
 */
#ifndef UI_LOG_INDEX_H
#define UI_LOG_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "ui/cell.h"

enum { LOG_LINE_MAX = 65536 };

struct log_index;

/* Where a line begins. */
struct log_place {
	uint64_t line, offset;
	struct cell_style style; /* in force there */
};

/* An index of an open file, which must stay open as long. Reads nothing yet. */
struct log_index *log_index_new(int fd);
/* NULL is fine. */
void log_index_free(struct log_index *index);

/* Takes in about budget more bytes of the log. Returns 1 when there are more, 0 when all are in. */
int log_index_scan(struct log_index *index, uint64_t budget, struct err *err);

/* Of what is in: how many lines there are, and how many bytes; a last line without a newline counts. */
uint64_t log_index_lines(const struct log_index *index);
uint64_t log_index_bytes(const struct log_index *index);

/* The place of a line (of the last one, when there are fewer; of an empty log, 0). */
int log_index_find(struct log_index *index, uint64_t line, struct log_place *ret_place,
		   struct err *err);
/* The place of the line that has the byte at an offset. */
int log_index_find_offset(struct log_index *index, uint64_t offset, struct log_place *ret_place,
			  struct err *err);
/* The last place before an offset (not 0) that is cheap to begin at. */
struct log_place log_index_before(const struct log_index *index, uint64_t offset);

/* How long the line is that begins at bytes, its newline included; 0 when these bytes do not tell
 * (with more than LOG_LINE_MAX they do). */
size_t log_line_length(const char *bytes, size_t available);

#endif
