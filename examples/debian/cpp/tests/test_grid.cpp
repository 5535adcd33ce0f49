#include "check.h"
#include "grid.h"

int main()
{
	std::string empty(81, '.');
	CHECK(Grid::parse(empty)->text() == empty);
	CHECK(!Grid::parse(std::string(80, '.')));
	CHECK(!Grid::parse(std::string(81, '0')));

	Grid grid = *Grid::parse("5" + std::string(80, '.'));
	CHECK(grid.at(0) == 5);
	CHECK(grid.fits(0, 5));	  // itself does not count
	CHECK(!grid.fits(8, 5));  // the row
	CHECK(!grid.fits(72, 5)); // the column
	CHECK(!grid.fits(20, 5)); // the box
	CHECK(grid.fits(30, 5));  // the next box
	CHECK(grid.fits(8, 4));
	return 0;
}
