#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
enum { BASE = sizeof digits - 1 };

bool store_id_format(int64_t number, char ret_id[8])
{
	char reversed[STORE_ID_MAX];
	size_t length = 0;

	if (number <= 0)
		return false;
	for (; number; number /= BASE) {
		if (length == sizeof reversed)
			return false;
		reversed[length++] = digits[number % BASE];
	}
	for (size_t i = 0; i < length; i++)
		ret_id[i] = reversed[length - 1 - i];
	ret_id[length] = '\0';
	return true;
}

int64_t store_id_parse(const char *id, size_t length)
{
	int64_t number = 0;

	if (!length || length > STORE_ID_MAX || id[0] == '0')
		return -1;
	for (size_t i = 0; i < length; i++) {
		const char *digit = id[i] ? strchr(digits, id[i]) : NULL;

		if (!digit)
			return -1;
		number = number * BASE + (digit - digits);
	}
	return number;
}

void number_list_add(struct number_list *list, int64_t number)
{
	list->items = mem_grow(list->items, list->count, &list->capacity, sizeof *list->items);
	list->items[list->count++] = number;
}

void number_list_release(struct number_list *list)
{
	free(list->items);
	*list = (struct number_list){0};
}
