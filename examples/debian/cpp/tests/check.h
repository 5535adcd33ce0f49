// The least that a test needs.
#pragma once

#include <cstdlib>
#include <iostream>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			std::cerr << __FILE__ << ":" << __LINE__ << ": not so: " #condition "\n";  \
			std::exit(1);                                                              \
		}                                                                                  \
	} while (0)
