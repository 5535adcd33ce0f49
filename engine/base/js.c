#include "engine/base/js.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"

enum { INDENT = 2, BASE64_BYTES = 3, BASE64_CHARACTERS = 4, BASE64_PIECE = 3 << 20 };

json_t *js_document(const char *name, int version)
{
	AUTO_FREE char *key = mem_printf("contractor-%s", name);
	json_t *document = json_object();

	js_set_int(document, key, version);
	js_set_text(document, "version", CONTRACTOR_VERSION);
	return document;
}

/* Sets object[KEY_base64]. */
static void set_base64(json_t *object, const char *key, const char *bytes, size_t length)
{
	AUTO_FREE char *name = mem_printf("%s_base64", key);
	AUTO_BUF struct buf text = BUF_INIT;

	js_add_base64(&text, bytes, length);
	json_object_set_new(object, name, json_stringn(text.data, text.len));
}

void js_set_text(json_t *object, const char *key, const char *text)
{
	json_t *value = text ? json_string(text) : json_null();
	AUTO_FREE char *shown = value ? NULL : buf_shown(text);

	if (value) {
		json_object_set_new(object, key, value);
		return;
	}
	json_object_set_new(object, key, json_string(shown));
	set_base64(object, key, text, strlen(text));
}

void js_set_int(json_t *object, const char *key, int64_t value)
{
	json_object_set_new(object, key, json_integer(value));
}

void js_set_bool(json_t *object, const char *key, bool value)
{
	json_object_set_new(object, key, json_boolean(value));
}

void js_set_bytes(json_t *object, const char *key, const char *bytes, size_t length)
{
	json_t *value = json_stringn(bytes, length);

	if (value)
		json_object_set_new(object, key, value);
	else
		set_base64(object, key, bytes, length);
}

/* In pieces, since EVP_EncodeBlock(3) counts with int. */
void js_add_base64(struct buf *out, const char *bytes, size_t length)
{
	while (length) {
		size_t piece = length < BASE64_PIECE ? length : BASE64_PIECE;
		size_t room = (piece + BASE64_BYTES - 1) / BASE64_BYTES * BASE64_CHARACTERS;
		char *place = buf_reserve(out, room);

		EVP_EncodeBlock((unsigned char *)place, (const unsigned char *)bytes, (int)piece);
		out->len += room;
		bytes += piece;
		length -= piece;
	}
}

static int add_piece(const char *bytes, size_t length, void *data)
{
	buf_add(data, bytes, length);
	return 0;
}

static void dump(struct buf *out, const json_t *value, size_t flags, bool ascii)
{
	if (json_dump_callback(value, add_piece, out, flags | (ascii ? JSON_ENSURE_ASCII : 0)) < 0)
		abort();
}

int js_add_inside(struct buf *out, const char *bytes, size_t length, bool ascii)
{
	AUTO_BUF struct buf quoted = BUF_INIT;
	json_t *value = json_stringn(bytes, length);

	if (!value)
		return -1;
	dump(&quoted, value, JSON_ENCODE_ANY, ascii);
	json_decref(value);
	buf_add(out, quoted.data + 1, quoted.len - 2);
	return 0;
}

void js_add_line(struct buf *out, const json_t *value, bool ascii)
{
	dump(out, value, JSON_COMPACT, ascii);
	buf_add_char(out, '\n');
}

void js_add_document(struct buf *out, const json_t *value, bool ascii)
{
	dump(out, value, JSON_INDENT(INDENT), ascii);
	buf_add_char(out, '\n');
}
