#include "grid.h"

namespace {

bool see_each_other(int one, int other)
{
	int row = one / 9, column = one % 9, other_row = other / 9, other_column = other % 9;

	return row == other_row || column == other_column ||
	       (row / 3 == other_row / 3 && column / 3 == other_column / 3);
}

} // namespace

std::optional<Grid> Grid::parse(const std::string &text)
{
	Grid grid;

	if (text.size() != cells)
		return std::nullopt;
	for (int cell = 0; cell < cells; cell++) {
		if (text[cell] >= '1' && text[cell] <= '9')
			grid.set(cell, text[cell] - '0');
		else if (text[cell] != '.')
			return std::nullopt;
	}
	return grid;
}

std::string Grid::text() const
{
	std::string text;

	for (int digit : digits)
		text += digit ? static_cast<char>('0' + digit) : '.';
	return text;
}

bool Grid::fits(int cell, int digit) const
{
	for (int other = 0; other < cells; other++) {
		if (other != cell && digits[other] == digit && see_each_other(cell, other))
			return false;
	}
	return true;
}
