/* log_search.h: looks for lines of a log, a piece at a time, so that a person can press keys meanwhile.
 *
 * Lines are searched as a person sees them (log_line.h); where they have no control characters, which
 * is most of a usual log, many of them at once as they are in the file.
 *
 * Life cycle: log_search_init(); log_search_begin(); log_search_step() until it returns something else
 * than LOG_SEARCH_MORE; log_search_release().
 */
#ifndef UI_LOG_SEARCH_H
#define UI_LOG_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "ui/log_file.h"
#include "ui/log_index.h"
#include "ui/log_line.h"
#include "ui/log_pattern.h"

/* What is looked for: the first match in some lines without control characters, which newlines end. */
struct log_finder {
	bool (*find)(const void *data, const char *lines, size_t length,
		     struct log_match *ret_match);
	const void *data;
};

enum log_search_result { LOG_SEARCH_MORE, LOG_SEARCH_FOUND, LOG_SEARCH_NONE };

struct log_search {
	/* private */
	struct log_index *index;
	struct log_file file;
	struct log_finder finder;
	uint64_t at, limit;
	bool forward;
	struct log_line line;
	struct buf text;
};

/* Of the file of an index, which must stay as long. */
void log_search_init(struct log_search *search, struct log_index *index, int fd);
void log_search_release(struct log_search *search);

/* Looks forward through the lines from offset on to before limit, or backward through those before
 * offset down to limit; both are beginnings of lines, or the end of the log. */
void log_search_begin(struct log_search *search, struct log_finder finder, uint64_t offset,
		      uint64_t limit, bool forward);

/* Looks through some hundred KiB. Returns enum log_search_result, or -1 when the log cannot be read;
 * *ret_line is the line found, the nearest one to where the search began. */
int log_search_step(struct log_search *search, uint64_t *ret_line, struct err *err);

/* Up to where it has looked. */
uint64_t log_search_offset(const struct log_search *search);

#endif
