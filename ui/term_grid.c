/* The cells of a terminal's screen. */
#include "ui/term_grid.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"

void term_grid_resize(struct term_grid *grid, int rows, int columns, const struct cell *blank)
{
	int kept = columns < grid->columns ? columns : grid->columns, old_rows = grid->rows;

	for (int row = rows; row < old_rows; row++)
		free(grid->lines[row]);
	grid->lines = mem_resize(grid->lines, (size_t)rows, sizeof(*grid->lines));
	grid->rows = rows;
	grid->columns = columns;
	for (int row = 0; row < rows; row++) {
		struct cell *line = row < old_rows ? grid->lines[row] : NULL;

		grid->lines[row] = mem_resize(line, (size_t)columns, sizeof *line);
		term_grid_fill(grid, row, line ? kept : 0, columns, blank);
	}
}

void term_grid_release(struct term_grid *grid)
{
	for (int row = 0; row < grid->rows; row++)
		free(grid->lines[row]);
	free(grid->lines);
	*grid = (struct term_grid){0};
}

void term_grid_fill(struct term_grid *grid, int row, int column, int end, const struct cell *cell)
{
	struct cell *cells = grid->lines[row];

	for (; column < end; column++)
		cells[column] = *cell;
}

/* The `count` lines behind the first `gap` come before those. */
static void exchange(struct cell **lines, size_t gap, size_t count)
{
	AUTO_FREE struct cell **first = mem_resize(NULL, gap, sizeof(*first));

	memcpy(first, lines, gap * sizeof(*lines));
	memmove(lines, lines + gap, count * sizeof(*lines));
	memcpy(lines + count, first, gap * sizeof(*lines));
}

void term_grid_move_rows(struct term_grid *grid, int to, int from, int count)
{
	if (to < from)
		exchange(grid->lines + to, (size_t)(from - to), (size_t)count);
	else if (to > from)
		exchange(grid->lines + from, (size_t)count, (size_t)(to - from));
}

void term_grid_move_cells(struct term_grid *grid, int to_row, int to_column, int from_row,
			  int from_column, int count)
{
	memmove(grid->lines[to_row] + to_column, grid->lines[from_row] + from_column,
		(size_t)count * sizeof(struct cell));
}

bool term_grid_is_blank(const struct term_grid *grid, int row)
{
	for (int column = 0; column < grid->columns; column++) {
		const struct cell *cell = &grid->lines[row][column];

		if (cell->n_chars || cell->width != 1)
			return false;
	}
	return true;
}
