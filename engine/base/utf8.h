/* utf8.h: decoding UTF-8 (RFC 3629), strictly, and encoding it. */
#ifndef ENGINE_BASE_UTF8_H
#define ENGINE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one character from at most length bytes; returns how many bytes it takes, or
 * 0 when they do not begin with a whole valid character (overlong forms, surrogates and
 * values beyond U+10FFFF are not valid). */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *ret_code);

/* How many bytes at the end begin a character whose other bytes may still come: 0 to 3. */
size_t utf8_unfinished(const char *bytes, size_t length);

/* Writes a Unicode scalar value as UTF-8; returns how many bytes. */
size_t utf8_encode(uint32_t code, char ret_bytes[4]);

/* False for characters that must not reach a terminal: C0, DEL and C1 controls, and the
 * marks that reorder or hide text (bidirectional controls, zero-width, U+FEFF). */
bool utf8_is_shown(uint32_t code);

#endif
