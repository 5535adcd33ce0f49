// sudoku: reads a puzzle as 81 characters, digits and dots, and prints its solution.
#include <iostream>

#include "solve.h"

static void print(const Grid &grid)
{
	std::string text = grid.text();

	for (int row = 0; row < Grid::size; row++) {
		for (int column = 0; column < Grid::size; column++)
			std::cout << (column ? " " : "") << text[row * Grid::size + column];
		std::cout << '\n';
	}
}

int main()
{
	std::string line;
	std::getline(std::cin, line);
	auto grid = Grid::parse(line);

	if (!grid) {
		std::cerr << "sudoku: expected 81 digits and dots\n";
		return 2;
	}
	if (!solve(*grid)) {
		std::cerr << "sudoku: there is no solution\n";
		return 1;
	}
	print(*grid);
	return 0;
}
