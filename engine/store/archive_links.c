#include "engine/store/archive_links.h"

#include <stdint.h>
#include <stdlib.h>

#include "engine/base/mem.h"

struct link_slot {
	dev_t dev;
	ino_t ino;
	char *name; /* NULL: free */
};

/* Where (dev, ino) is, or the free slot where it belongs. (Fibonacci hashing: Knuth, TAOCP 6.4.) */
static struct link_slot *find_slot(const struct link_table *table, dev_t dev, ino_t ino)
{
	uint64_t hash = ((uint64_t)ino ^ ((uint64_t)dev << 40)) * 0x9e3779b97f4a7c15U;
	size_t at = (size_t)(hash >> 20) & (table->size - 1);

	while (table->slots[at].name &&
	       (table->slots[at].ino != ino || table->slots[at].dev != dev))
		at = (at + 1) & (table->size - 1);
	return &table->slots[at];
}

/* Doubles the table. */
static void grow(struct link_table *table)
{
	struct link_table wider = {.size = table->size ? 2 * table->size : 64,
				   .count = table->count};

	wider.slots = mem_new(wider.size * sizeof *wider.slots);
	for (size_t i = 0; i < table->size; i++) {
		const struct link_slot *slot = &table->slots[i];

		if (slot->name)
			*find_slot(&wider, slot->dev, slot->ino) = *slot;
	}
	free(table->slots);
	*table = wider;
}

void link_table_release(struct link_table *table)
{
	for (size_t i = 0; i < table->size; i++)
		free(table->slots[i].name);
	free(table->slots);
	*table = (struct link_table){0};
}

const char *link_table_meet(struct link_table *table, dev_t dev, ino_t ino, const char *name)
{
	struct link_slot *slot;

	if (2 * table->count >= table->size)
		grow(table);
	slot = find_slot(table, dev, ino);
	if (slot->name)
		return slot->name;
	*slot = (struct link_slot){.dev = dev, .ino = ino, .name = mem_strdup(name)};
	table->count++;
	return NULL;
}
