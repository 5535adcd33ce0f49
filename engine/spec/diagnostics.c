#include "engine/spec/diagnostics.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"

void diagnostics_release(struct diagnostics *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->items[i].text);
	free(list->items);
	*list = (struct diagnostics){0};
}

/* Where a diagnostic at offset belongs: behind all that are not later in the file. */
static size_t place_of(const struct diagnostics *list, size_t offset)
{
	size_t place = list->len;

	while (place && list->items[place - 1].position.offset > offset)
		place--;
	return place;
}

/* Whether text is among the diagnostics at offset, which end before place. */
static bool is_known(const struct diagnostics *list, size_t place, size_t offset, const char *text)
{
	while (place && list->items[place - 1].position.offset == offset) {
		if (!strcmp(list->items[--place].text, text))
			return true;
	}
	return false;
}

void diagnostics_add(struct diagnostics *list, struct position position, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *shown = NULL;
	size_t place = place_of(list, position.offset);
	struct diagnostic *slot;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	shown = buf_shown(text);
	if (is_known(list, place, position.offset, shown))
		return;
	if (list->len == DIAGNOSTICS_MAX) {
		list->dropped++;
		return;
	}
	list->items = mem_grow(list->items, list->len, &list->capacity, sizeof *list->items);
	slot = list->items + place;
	memmove(slot + 1, slot, (list->len - place) * sizeof *slot);
	list->len++;
	*slot = (struct diagnostic){.position = position, .text = take_ptr(&shown)};
}

struct short_text short_text(const char *word)
{
	struct short_text shortened = {{0}};
	const size_t room = sizeof shortened.text - sizeof "...";
	size_t length = strnlen(word, sizeof shortened.text);

	if (length < sizeof shortened.text) {
		memcpy(shortened.text, word, length);
		return shortened;
	}
	length = room;
	while (length && ((unsigned char)word[length] & 0xc0) == 0x80)
		length--;
	memcpy(shortened.text, word, length);
	memcpy(shortened.text + length, "...", sizeof "...");
	return shortened;
}
