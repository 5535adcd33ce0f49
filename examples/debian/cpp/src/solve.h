// Solving by trying, the cell with the fewest possible digits first.
#pragma once

#include "grid.h"

// Fills all empty cells; false, and the grid as it was, when that cannot be done.
bool solve(Grid &grid);
