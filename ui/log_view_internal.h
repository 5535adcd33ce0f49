/* log_view_internal.h: what the files log_view*.c share. */
#ifndef UI_LOG_VIEW_INTERNAL_H
#define UI_LOG_VIEW_INTERNAL_H

#include "ui/log_file.h"
#include "ui/log_index.h"
#include "ui/log_line.h"
#include "ui/log_search.h"
#include "ui/log_view.h"
#include "ui/problems.h"

struct log_view {
	int fd;
	struct log_index *index;
	struct log_file file;
	struct log_line line; /* the one that was loaded last */
	struct buf marks;     /* of its columns, while it is drawn: enum log_view_mark */
	int rows, columns;
	bool wrap, follow;
	uint64_t top;	/* the line of the first row; found anew when following */
	size_t top_row; /* which row of that line, when lines are wrapped */
	size_t left;	/* the first column, when they are not */

	struct log_pattern *pattern;
	struct problems *problems;
	struct log_finder finder; /* of one of those; its find is NULL when nothing is searched */
	struct log_search search;
	enum log_view_search searched;
	bool forward, begun, wrapped;
	uint64_t origin;      /* the line where the search begins, */
	uint64_t origin_byte; /* and its offset, when it has begun */
	bool has_current;
	uint64_t current; /* the line found last */
};

/* Renders a line into view->line. */
int log_view_load(struct log_view *view, uint64_t number, struct err *err);
/* Finds the top when the view follows the end. */
int log_view_settle(struct log_view *view, struct err *err);
/* Shows a line: where it is when it can be seen, else it comes to the upper part. */
int log_view_show(struct log_view *view, uint64_t line, struct err *err);

/* log_view_search.c: goes on with a search; 1 when it is not over. */
int log_view_search_step(struct log_view *view, struct err *err);
/* Marks the columns of the loaded line that match, in view->marks; those from columns on need not be. */
void log_view_mark(struct log_view *view, uint64_t number, size_t columns);

#endif
