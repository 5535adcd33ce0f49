/* units.h: durations and sizes as people write them. */
#ifndef ENGINE_SPEC_UNITS_H
#define ENGINE_SPEC_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What they are called where something else was given: "'NAME' must be ..." */
#define UNITS_DURATION_WANTED \
	"a time such as 90s, 30m or 1h30m (a number of seconds, or with the units d, h, m, s, ms)"
#define UNITS_SIZE_WANTED \
	"a size such as 512M or 1.5G (a number of bytes, or with a unit: K, M, G, T)"

/* "90" (seconds), "90s", "30m", "1h30m", "500ms", "2d": whole numbers, larger units first,
 * each at most once. At most 1000 days. False when text is anything else. */
bool units_duration(const char *text, uint64_t *ret_ms);

/* "4096" (bytes), "512M", "1.5G": K, M, G, T count by 1024. At most 1024 T. */
bool units_size(const char *text, uint64_t *ret_bytes);

/* A whole number, digits only, without leading zeros, from least to most. */
bool units_count(const char *text, uint64_t least, uint64_t most, uint64_t *ret_count);

#endif
