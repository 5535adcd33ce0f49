/* columns.h: rows of words, aligned.
 *
 * Life cycle: `struct columns table = {.count = 3, .right = "r  "};` columns_add() cell by cell, row
 * after row; columns_print(); columns_release().
 */
#ifndef SRC_COLUMNS_H
#define SRC_COLUMNS_H

#include <stddef.h>

#include "engine/base/strv.h"
#include "src/console.h"

struct columns {
	size_t count;	   /* cells a row */
	const char *right; /* count characters: 'r' aligns the column to the right; 'c' lets it be
			    * cut where the terminal is too narrow for the row */
	struct strv cells;
};

/* Adds the next cell; it is made safe to show. */
void columns_add(struct columns *columns, const char *text);
void columns_add_fmt(struct columns *columns, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints all rows. The last column is not filled up with blanks. */
void columns_print(const struct columns *columns, struct console *out);
void columns_release(struct columns *columns);

#endif
