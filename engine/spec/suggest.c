#include "engine/spec/suggest.h"

#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/spec/diagnostics.h"

enum {
	FAR = SUGGEST_DISTANCE_MAX + 1,
	BAND = 2 * FAR + 1, /* cells of a row that can hold a distance below FAR, and borders */
	LISTED_MAX = 12,
};

/* One row of the table of distances: cell k is that of column row + k - FAR. */
struct band {
	size_t cells[BAND];
};

static size_t min(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* Fills the cells of one row from the two before; row counts characters of one, from 1. */
static void next_row(const char *one, const char *other, size_t length, size_t row,
		     const struct band before[2], struct band *now)
{
	for (size_t k = 0; k < BAND; k++) {
		size_t column = row + k - FAR, best = FAR;

		now->cells[k] = FAR;
		if (row + k < FAR || column > length)
			continue;
		if (k + 1 < BAND)
			best = min(best, before[0].cells[k + 1] + 1);
		if (column == 0) {
			now->cells[k] = min(best, row);
			continue;
		}
		if (k > 0)
			best = min(best, now->cells[k - 1] + 1);
		best = min(best, before[0].cells[k] + (one[row - 1] != other[column - 1]));
		if (row > 1 && column > 1 && one[row - 1] == other[column - 2] &&
		    one[row - 2] == other[column - 1])
			best = min(best, before[1].cells[k] + 1);
		now->cells[k] = best;
	}
}

size_t suggest_distance(const char *one, const char *other)
{
	size_t rows = strlen(one), columns = strlen(other);
	struct band before[2], now;

	if (rows > columns + SUGGEST_DISTANCE_MAX || columns > rows + SUGGEST_DISTANCE_MAX)
		return FAR;
	for (size_t k = 0; k < BAND; k++)
		now.cells[k] = k < FAR ? (size_t)FAR : min(k - FAR, FAR);
	before[0] = now;
	for (size_t row = 1; row <= rows; row++) {
		before[1] = before[0];
		before[0] = now;
		next_row(one, other, columns, row, before, &now);
	}
	return min(now.cells[columns + FAR - rows], FAR);
}

const char *suggest_nearest(const char *word, const struct strv *candidates)
{
	const char *nearest = NULL;
	size_t least = min(FAR, (strlen(word) + 1) / 2);

	for (size_t i = 0; i < candidates->len; i++) {
		size_t distance = suggest_distance(word, candidates->items[i]);

		if (distance < least) {
			least = distance;
			nearest = candidates->items[i];
		}
	}
	return nearest;
}

/* What stands around a suggestion. */
static const char asking[] = " (did you mean '", asked[] = "'?)";

char *suggest_text(const char *word, const struct strv *candidates)
{
	const char *nearest = suggest_nearest(word, candidates);
	struct buf buf = BUF_INIT;

	if (nearest) {
		buf_add_fmt(&buf, "%s%s%s", asking, short_text(nearest).text, asked);
		return buf_detach(&buf);
	}
	if (!candidates->len)
		buf_add_str(&buf, "; none is known");
	for (size_t i = 0; i < candidates->len && i < LISTED_MAX; i++)
		buf_add_fmt(&buf, "%s%s",
			    i ? ", " : "; known: ", short_text(candidates->items[i]).text);
	if (candidates->len > LISTED_MAX)
		buf_add_fmt(&buf, " and %zu more", candidates->len - LISTED_MAX);
	return buf_detach(&buf);
}

char *suggest_of_message(const char *message)
{
	const char *begin = strstr(message, asking), *end;

	if (!begin)
		return NULL;
	begin += strlen(asking);
	end = strstr(begin, asked);
	return end && !end[strlen(asked)] ? mem_strndup(begin, (size_t)(end - begin)) : NULL;
}
