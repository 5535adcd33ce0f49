/* strv.h: a growable vector of strings that ends with NULL, as exec wants it.
 *
 * Life cycle: `struct strv v = {0};` strv_add...(); use v.items (NULL while empty and
 * never added to: use strv_argv()) and v.len; strv_release(). It owns copies.
 */
#ifndef ENGINE_BASE_STRV_H
#define ENGINE_BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **items; /* len strings and a NULL */
	size_t len;
	size_t capacity; /* private */
};

void strv_release(struct strv *strv);
void strv_clear(struct strv *strv);
void strv_add(struct strv *strv, const char *text);
/* Adds text and takes it over; it is freed with the vector. */
void strv_take(struct strv *strv, char *text);
void strv_add_fmt(struct strv *strv, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds all arguments up to a NULL. */
void strv_add_all(struct strv *strv, ...) __attribute__((sentinel));
/* Adds copies of other's strings. */
void strv_extend(struct strv *strv, const struct strv *other);
/* How many bytes all strings begin with, without a part of a character (UTF-8) at the end; there is
 * at least one string. */
size_t strv_common_length(const struct strv *strv);
/* Removes the string at index. */
void strv_remove(struct strv *strv, size_t index);
bool strv_contains(const struct strv *strv, const char *text);
/* The strings with a NULL behind them, also when empty. Valid until the next change. */
char **strv_argv(struct strv *strv);
/* Sets NAME=VALUE in a vector of environment entries, replacing an earlier NAME. */
void strv_setenv(struct strv *strv, const char *name, const char *value);
/* The same for each of other's entries, all of which are NAME=VALUE. */
void strv_setenv_all(struct strv *strv, const struct strv *other);
/* The value of NAME in a vector of environment entries, or NULL. Owned by the vector. */
const char *strv_getenv(const struct strv *strv, const char *name);
/* The items joined, with separator between them. Free with free(). */
char *strv_join(const struct strv *strv, const char *separator);

#define AUTO_STRV __attribute__((cleanup(strv_release)))

#endif
