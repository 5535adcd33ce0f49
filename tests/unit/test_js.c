/* JSON as it is written (engine/base/js.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/base/js.h"
#include "engine/base/mem.h"

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void test_document(void **state)
{
	json_t *document = js_document("things", 3);
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	js_set_text(document, "none", NULL);
	js_set_int(document, "large", INT64_C(1) << 53);
	js_set_bool(document, "yes", true);
	js_add_line(&text, document, false);
	assert_string_equal(text.data,
			    "{\"contractor-things\":3,\"version\":\"" CONTRACTOR_VERSION
			    "\",\"none\":null,\"large\":9007199254740992,\"yes\":true}\n");
	buf_clear(&text);
	json_object_clear(document);
	js_set_int(document, "a", 1);
	js_add_document(&text, document, false);
	assert_string_equal(text.data, "{\n  \"a\": 1\n}\n");
	json_decref(document);
}

/* Names that would break a JSON string come back as they were, or with their bytes. */
static void test_texts(void **state)
{
	static const struct {
		const char *bytes, *text, *base64;
	} examples[] = {
		{"plain", "plain", NULL},
		{"\"\\\n\x1b[2J\x7f", "\"\\\n\x1b[2J\x7f", NULL},
		{"\xc3\xa4\xf0\x9f\x98\x80", "\xc3\xa4\xf0\x9f\x98\x80", NULL},
		{"\xff", "\\xff", "/w=="},
		{"a\xed\xa0\x80", "a\\xed\\xa0\\x80", "Ye2ggA=="},
		{"\xc0\xaf", "\\xc0\\xaf", "wK8="},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		AUTO_BUF struct buf line = BUF_INIT;
		json_t *object = json_object(), *read;

		js_set_text(object, "name", examples[i].bytes);
		js_add_line(&line, object, false);
		read = json_loadb(line.data, line.len, 0, NULL);
		assert_string_equal(text_of(read, "name"), examples[i].text);
		if (examples[i].base64)
			assert_string_equal(text_of(read, "name_base64"), examples[i].base64);
		else
			assert_null(json_object_get(read, "name_base64"));
		json_decref(read);
		json_decref(object);
	}
}

static void test_bytes(void **state)
{
	json_t *object = json_object();

	(void)state;
	js_set_bytes(object, "text", "a\0b", 3);
	assert_int_equal(json_string_length(json_object_get(object, "text")), 3);
	assert_memory_equal(text_of(object, "text"), "a\0b", 3);
	js_set_bytes(object, "other", "\xff", 1);
	assert_null(json_object_get(object, "other"));
	assert_string_equal(text_of(object, "other_base64"), "/w==");
	json_decref(object);
}

/* The examples of RFC 4648, section 10. */
static void test_base64(void **state)
{
	static const char *const examples[][2] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};
	char *large = mem_new(4 << 20);
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		buf_clear(&text);
		js_add_base64(&text, examples[i][0], strlen(examples[i][0]));
		assert_string_equal(text.data, examples[i][1]);
	}
	buf_clear(&text);
	js_add_base64(&text, large, 4 << 20);
	/* 4 MiB are 1398101 times three bytes, and one more. */
	assert_int_equal(text.len, 1398102 * 4);
	assert_int_equal(strlen(text.data), text.len);
	assert_string_equal(text.data + text.len - 4, "AA==");
	assert_int_equal(strspn(text.data, "A"), text.len - 2);
	free(large);
}

/* On a terminal no character can do anything: neither C1 controls nor marks that reorder text. */
static void test_ascii(void **state)
{
	json_t *object = json_object();
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	js_set_text(object, "a", "\x1b\xc2\x9b\xe2\x80\xae");
	js_add_line(&text, object, true);
	assert_string_equal(text.data, "{\"a\":\"\\u001B\\u009B\\u202E\"}\n");
	json_decref(object);
}

static void test_inside(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT;

	(void)state;
	assert_int_equal(js_add_inside(&text, "a\"\n\0\xc3\xa4", 6, false), 0);
	assert_string_equal(text.data, "a\\\"\\n\\u0000\xc3\xa4");
	assert_int_equal(js_add_inside(&text, "\xc3", 1, false), -1);
	assert_string_equal(text.data, "a\\\"\\n\\u0000\xc3\xa4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document), cmocka_unit_test(test_texts),
		cmocka_unit_test(test_bytes),	 cmocka_unit_test(test_base64),
		cmocka_unit_test(test_ascii),	 cmocka_unit_test(test_inside),
	};

	return cmocka_run_group_tests_name("js", tests, NULL, NULL);
}
