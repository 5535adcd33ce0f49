/* term_grid.h: the cells of a terminal's screen, in rows that change places when it scrolls.
 *
 * libvterm has a screen of its own, on which it spends two fifths of its time: for each character it makes
 * a larger cell, and puts together which part has changed; when it scrolls it copies all cells.
 *
 * A wide character is a cell of width 2, and one of width 0 behind it. It may lose one of them to what is
 * written or moved over it: whoever reads a row has to look for that. Nothing is checked: rows and columns
 * are on the grid.
 *
 * Life cycle: `struct term_grid grid = {0};` term_grid_resize(); use; term_grid_release().
 */
#ifndef UI_TERM_GRID_H
#define UI_TERM_GRID_H

#include <stdbool.h>

#include "ui/cell.h"

struct term_grid {
	int rows, columns;
	struct cell **lines; /* by row */
};

/* Gives it this size; what is new is blank, what does not fit is lost. */
void term_grid_resize(struct term_grid *grid, int rows, int columns, const struct cell *blank);
void term_grid_release(struct term_grid *grid);

/* Sets cells of a row, from a column to the one before `end`. */
void term_grid_fill(struct term_grid *grid, int row, int column, int end, const struct cell *cell);

/* Moves whole rows up or down. What is left behind in the rows where they were is anything. */
void term_grid_move_rows(struct term_grid *grid, int to, int from, int count);
/* Moves cells from one row to another, or within one. */
void term_grid_move_cells(struct term_grid *grid, int to_row, int to_column, int from_row,
			  int from_column, int count);

/* Whether there is nothing but blanks in a row. */
bool term_grid_is_blank(const struct term_grid *grid, int row);

#endif
