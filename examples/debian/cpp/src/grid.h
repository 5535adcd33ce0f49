// A sudoku of nine times nine cells.
#pragma once

#include <array>
#include <optional>
#include <string>

class Grid {
public:
	static constexpr int size = 9;
	static constexpr int cells = size * size;

	// From 81 characters: digits, and '.' for an empty cell. Nothing when they are not that.
	static std::optional<Grid> parse(const std::string &text);

	// 81 characters, as parse() takes them.
	std::string text() const;

	// The digit of a cell, 0 when it is empty.
	int at(int cell) const { return digits[cell]; }
	void set(int cell, int digit) { digits[cell] = digit; }

	// Whether the digit is in no other cell of the row, the column and the box.
	bool fits(int cell, int digit) const;

private:
	std::array<int, cells> digits{};
};
