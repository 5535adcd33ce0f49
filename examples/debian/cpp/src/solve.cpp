#include "solve.h"

#include <vector>

namespace {

std::vector<int> candidates(const Grid &grid, int cell)
{
	std::vector<int> digits;

	for (int digit = 1; digit <= Grid::size; digit++) {
		if (grid.fits(cell, digit))
			digits.push_back(digit);
	}
	return digits;
}

struct Choice {
	int cell = -1; // -1: no cell is empty
	std::vector<int> digits;
};

Choice narrowest(const Grid &grid)
{
	Choice best;

	for (int cell = 0; cell < Grid::cells; cell++) {
		if (grid.at(cell))
			continue;
		auto digits = candidates(grid, cell);
		if (best.cell < 0 || digits.size() < best.digits.size())
			best = {cell, digits};
	}
	return best;
}

bool is_consistent(const Grid &grid)
{
	for (int cell = 0; cell < Grid::cells; cell++) {
		if (grid.at(cell) && !grid.fits(cell, grid.at(cell)))
			return false;
	}
	return true;
}

bool fill(Grid &grid)
{
	Choice choice = narrowest(grid);

	if (choice.cell < 0)
		return true;
	for (int digit : choice.digits) {
		grid.set(choice.cell, digit);
		if (fill(grid))
			return true;
	}
	grid.set(choice.cell, 0);
	return false;
}

} // namespace

bool solve(Grid &grid)
{
	return is_consistent(grid) && fill(grid);
}
