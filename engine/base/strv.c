#include "engine/base/strv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

void strv_release(struct strv *strv)
{
	strv_clear(strv);
	free(strv->items);
	*strv = (struct strv){0};
}

void strv_clear(struct strv *strv)
{
	for (size_t i = 0; i < strv->len; i++)
		free(strv->items[i]);
	strv->len = 0;
	if (strv->items)
		strv->items[0] = NULL;
}

void strv_take(struct strv *strv, char *text)
{
	/* One more than the new string, for the NULL. */
	strv->items = mem_grow(strv->items, strv->len + 1, &strv->capacity, sizeof *strv->items);
	strv->items[strv->len++] = text;
	strv->items[strv->len] = NULL;
}

void strv_add(struct strv *strv, const char *text)
{
	strv_take(strv, mem_strdup(text));
}

void strv_add_fmt(struct strv *strv, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	strv_take(strv, text);
}

void strv_add_all(struct strv *strv, ...)
{
	va_list args;
	const char *text;

	va_start(args, strv);
	while ((text = va_arg(args, const char *)))
		strv_add(strv, text);
	va_end(args);
}

void strv_extend(struct strv *strv, const struct strv *other)
{
	for (size_t i = 0; i < other->len; i++)
		strv_add(strv, other->items[i]);
}

size_t strv_common_length(const struct strv *strv)
{
	const char *first = strv->items[0];
	size_t length = strlen(first);

	for (size_t i = 1; i < strv->len; i++) {
		size_t same = 0;

		while (same < length && strv->items[i][same] == first[same])
			same++;
		length = same;
	}
	while (length && ((unsigned char)first[length] & 0xc0) == 0x80)
		length--;
	return length;
}

void strv_remove(struct strv *strv, size_t index)
{
	free(strv->items[index]);
	memmove(&strv->items[index], &strv->items[index + 1],
		(strv->len - index) * sizeof *strv->items);
	strv->len--;
}

bool strv_contains(const struct strv *strv, const char *text)
{
	for (size_t i = 0; i < strv->len; i++) {
		if (!strcmp(strv->items[i], text))
			return true;
	}
	return false;
}

char **strv_argv(struct strv *strv)
{
	if (!strv->items) {
		strv->items = mem_grow(NULL, 0, &strv->capacity, sizeof *strv->items);
		strv->items[0] = NULL;
	}
	return strv->items;
}

/* The index of the entry NAME=..., or len. */
static size_t find_env(const struct strv *strv, const char *name)
{
	size_t length = strlen(name), i;

	for (i = 0; i < strv->len; i++) {
		if (!strncmp(strv->items[i], name, length) && strv->items[i][length] == '=')
			break;
	}
	return i;
}

void strv_setenv(struct strv *strv, const char *name, const char *value)
{
	size_t i = find_env(strv, name);

	if (i == strv->len) {
		strv_add_fmt(strv, "%s=%s", name, value);
		return;
	}
	free(strv->items[i]);
	strv->items[i] = mem_printf("%s=%s", name, value);
}

void strv_setenv_all(struct strv *strv, const struct strv *other)
{
	for (size_t i = 0; i < other->len; i++) {
		const char *entry = other->items[i];
		size_t length = strcspn(entry, "=");
		AUTO_FREE char *name = mem_strndup(entry, length);

		strv_setenv(strv, name, entry + length + 1);
	}
}

const char *strv_getenv(const struct strv *strv, const char *name)
{
	size_t i = find_env(strv, name);

	return i < strv->len ? strv->items[i] + strlen(name) + 1 : NULL;
}

char *strv_join(const struct strv *strv, const char *separator)
{
	struct buf buf = BUF_INIT;

	for (size_t i = 0; i < strv->len; i++) {
		if (i)
			buf_add_str(&buf, separator);
		buf_add_str(&buf, strv->items[i]);
	}
	return buf_detach(&buf);
}
