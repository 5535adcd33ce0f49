#include "check.h"
#include "solve.h"

// Whether every row, column and box of a full grid has its nine digits.
static bool is_solved(const Grid &grid)
{
	for (int cell = 0; cell < Grid::cells; cell++) {
		if (!grid.at(cell) || !grid.fits(cell, grid.at(cell)))
			return false;
	}
	return true;
}

int main()
{
	const std::string puzzle = "53..7....6..195....98....6.8...6...34..8.3..17...2...6"
				   ".6....28....419..5....8..79";
	Grid grid = *Grid::parse(puzzle);
	CHECK(solve(grid));
	CHECK(is_solved(grid));
	for (int cell = 0; cell < Grid::cells; cell++)
		CHECK(puzzle[cell] == '.' || puzzle[cell] - '0' == grid.at(cell));

	Grid twice = *Grid::parse("11" + std::string(79, '.'));
	CHECK(!solve(twice));

	// Every digit but 9 is in the first row, and 9 is in the last column.
	Grid stuck = *Grid::parse("12345678." + std::string(8, '.') + "9" + std::string(63, '.'));
	const std::string before = stuck.text();
	CHECK(!solve(stuck));
	CHECK(stuck.text() == before);
	return 0;
}
