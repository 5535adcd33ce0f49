#include "engine/actions/ingredients.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

/* A value longer than this is shown by its digest. */
enum { SHOWN_MAX = 200 };

void ingredients_release(struct ingredients *list)
{
	strv_release(&list->names);
	strv_release(&list->values);
}

void ingredients_add(struct ingredients *list, const char *name, const char *value)
{
	strv_add(&list->names, name);
	/* "=" marks a value, so that an absent one differs from an empty one. */
	strv_take(&list->values, value ? mem_printf("=%s", value) : mem_strdup(""));
}

void ingredients_add_list(struct ingredients *list, const char *name, const struct strv *values)
{
	struct sha256 *sha = sha256_new();
	AUTO_FREE char *joined = strv_join(values, " ");
	char digest[SHA256_HEX_SIZE];
	AUTO_FREE char *shown = NULL;

	for (size_t i = 0; i < values->len; i++)
		sha256_field(sha, values->items[i]);
	sha256_finish(sha, digest);
	shown = mem_printf("%.*s (%zu: %s)", SHOWN_MAX, joined, values->len, digest);
	ingredients_add(list, name, values->len ? shown : NULL);
}

void ingredients_add_epoch(struct ingredients *list, int64_t seconds)
{
	AUTO_FREE char *text = mem_printf("%" PRId64, seconds);

	ingredients_add(list, "SOURCE_DATE_EPOCH", text);
}

void ingredients_key(const struct ingredients *list, char ret_key[SHA256_HEX_SIZE])
{
	struct sha256 *sha = sha256_new();

	for (size_t i = 0; i < list->names.len; i++) {
		sha256_field(sha, list->names.items[i]);
		sha256_field(sha, list->values.items[i]);
	}
	sha256_finish(sha, ret_key);
}

/* A value as it is, where it is short and text, else its digest. */
static json_t *shown_value(const char *value)
{
	json_t *text = strlen(value) <= 2 * SHOWN_MAX && *value ? json_string(value + 1) : NULL;
	struct sha256 *sha;
	char digest[SHA256_HEX_SIZE];

	if (!*value)
		return json_null();
	if (text)
		return text;
	sha = sha256_new();
	sha256_field(sha, value);
	sha256_finish(sha, digest);
	return json_sprintf("sha256:%s", digest);
}

char *ingredients_json(const struct ingredients *list)
{
	json_t *object = json_object();
	char *text;

	for (size_t i = 0; i < list->names.len; i++)
		json_object_set_new(object, list->names.items[i],
				    shown_value(list->values.items[i]));
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}
