/* js.h: JSON as contractor writes it (RFC 8259, by jansson): the head that every document has, and
 * strings that are valid JSON whatever was in them.
 *
 * A document begins with {"contractor-NAME": VERSION OF ITS FORMAT, "version": THE PROGRAM'S}. A
 * text from outside that is not UTF-8 has \xNN for what is wrong in it, and beside its key a second
 * one, KEY_base64 (RFC 4648, section 4), with the exact bytes.
 */
#ifndef ENGINE_BASE_JS_H
#define ENGINE_BASE_JS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"

/* An object with the head of a document. The caller's to json_decref(). */
json_t *js_document(const char *name, int version);

/* Sets object[key]. A NULL text becomes null. */
void js_set_text(json_t *object, const char *key, const char *text);
void js_set_int(json_t *object, const char *key, int64_t value);
void js_set_bool(json_t *object, const char *key, bool value);

/* For what may be long: sets object[key] to the text where the bytes are UTF-8 (NULs included), and
 * object[KEY_base64] alone where they are not. */
void js_set_bytes(json_t *object, const char *key, const char *bytes, size_t length);

/* Adds bytes in base64; only a last piece may have a length that is no multiple of 3. */
void js_add_base64(struct buf *out, const char *bytes, size_t length);
/* Adds a piece of UTF-8 as the inside of a JSON string. Returns -1, and adds nothing, where it is
 * not UTF-8. */
int js_add_inside(struct buf *out, const char *bytes, size_t length, bool ascii);

/* Adds the value and a newline: in one line, or laid out for reading. ascii: all other characters
 * as \uNNNN, for a terminal, which might act on them. */
void js_add_line(struct buf *out, const json_t *value, bool ascii);
void js_add_document(struct buf *out, const json_t *value, bool ascii);

#endif
