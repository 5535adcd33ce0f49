/* Masking texts in a stream (engine/base/mask.h), against a reference that looks at each place of the
 * whole stream; and memory that does not get out (engine/base/private.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mask.h"
#include "engine/base/mem.h"
#include "engine/base/private.h"
#include "engine/base/strv.h"

/* The stream with every byte that is in an occurrence of a text left out. */
static void reference(const struct strv *texts, const char *bytes, size_t length, struct buf *out)
{
	AUTO_FREE char *covered = mem_new(length + 1);

	for (size_t i = 0; i < length; i++) {
		for (size_t j = 0; j < texts->len; j++) {
			size_t size = strlen(texts->items[j]);

			if (size <= length - i && !memcmp(bytes + i, texts->items[j], size))
				memset(covered + i, 1, size);
		}
	}
	for (size_t i = 0; i < length; i++) {
		if (!covered[i])
			buf_add_char(out, bytes[i]);
		else if (!i || !covered[i - 1])
			buf_add_str(out, "***");
	}
}

static struct mask_texts *make_texts(const struct strv *list)
{
	struct mask_texts *texts = mask_texts_new();

	for (size_t i = 0; i < list->len; i++)
		mask_texts_add(texts, list->items[i], strlen(list->items[i]));
	return texts;
}

/* The stream, masked in pieces of so many bytes; 0: of any number from 1 to 7. */
static void mask_in_pieces(struct mask_texts *texts, const char *bytes, size_t length, size_t piece,
			   struct buf *out)
{
	struct mask *mask = mask_new(texts);

	for (size_t at = 0; at < length;) {
		size_t size = piece ? piece : 1 + (size_t)rand() % 7;

		if (size > length - at)
			size = length - at;
		mask_write(mask, bytes + at, size, out);
		at += size;
	}
	mask_finish(mask, out);
	mask_free(mask);
}

static void expect_pieces(const struct strv *list, const char *bytes, size_t length)
{
	struct mask_texts *texts = make_texts(list);
	AUTO_BUF struct buf expected = BUF_INIT;

	reference(list, bytes, length, &expected);
	for (size_t piece = 0; piece <= 3; piece++) {
		AUTO_BUF struct buf out = BUF_INIT;

		mask_in_pieces(texts, bytes, length, piece == 3 ? length : piece, &out);
		assert_int_equal(out.len, expected.len);
		assert_memory_equal(out.data, expected.data, out.len);
	}
	mask_texts_free(texts);
}

/* Few letters, so that there are texts in texts, and beginnings that are ends of others. */
static void add_random(struct buf *out, size_t length)
{
	for (size_t i = 0; i < length; i++)
		buf_add_char(out, "ab\n"[rand() % 3]);
}

static void test_random_splits(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 3000; round++) {
		AUTO_STRV struct strv list = {0};
		AUTO_BUF struct buf bytes = BUF_INIT;

		for (int i = rand() % 4; i >= 0; i--) {
			AUTO_BUF struct buf text = BUF_INIT;

			add_random(&text, 1 + (size_t)rand() % 9);
			strv_add(&list, text.data);
		}
		add_random(&bytes, (size_t)rand() % 200);
		expect_pieces(&list, bytes.data, bytes.len);
	}
}

/* What the texts "one" and "two" make of the bytes. */
static void expect(const char *one, const char *two, const char *bytes, const char *expected)
{
	AUTO_STRV struct strv list = {0};
	AUTO_BUF struct buf out = BUF_INIT;
	struct mask_texts *texts;

	strv_add(&list, one);
	if (two)
		strv_add(&list, two);
	texts = make_texts(&list);
	mask_in_pieces(texts, bytes, strlen(bytes), 1, &out);
	assert_string_equal(out.data, expected);
	mask_texts_free(texts);
	expect_pieces(&list, bytes, strlen(bytes));
}

static void test_places(void **state)
{
	(void)state;
	expect("secret", NULL, "", "");
	expect("secret", NULL, "secret", "***");
	expect("secret", NULL, "a secret b", "a *** b");
	expect("secret", NULL, "secre", "secre");
	expect("secret", NULL, "secsecret", "sec***");
	expect("secret", NULL, "secretsecret secret", "*** ***");
	/* One within another, one that ends as another begins, and overlaps. */
	expect("abcd", "abcdefgh", "abcdefgh abcdef", "*** ***ef");
	expect("abcdefgh", "cdef", "xabcdefgx abcdefgh", "xab***gx ***");
	expect("abcd", "cdef", "-abcdef-", "-***-");
	expect("abab", NULL, "abababa", "***a");
}

/* What a value hides, by an output; "\n" and the like are escaped by C alone. */
static void check_value(const char *value, const char *bytes, const char *expected)
{
	struct mask_texts *texts = mask_texts_new();
	AUTO_FREE char *masked = NULL;

	mask_texts_add_value(texts, value, strlen(value));
	masked = mask_text(texts, bytes);
	assert_string_equal(masked, expected);
	mask_texts_free(texts);
}

static void test_values(void **state)
{
	(void)state;
	check_value("hunter2\n", "it is hunter2, yes\n", "it is ***, yes\n");
	check_value("hunter2\r\n\n", "hunter2\n", "***\n");
	check_value("one line\nthe other\n", "one line\nthe other\n", "***\n");
	check_value("one line\nthe other\n", "one line\r\nthe other\r\n", "***\r\n");
	check_value("one line\r\nthe other", "one line\nthe other\n", "***\n");
	check_value("one line\nthe other\n", "> the other\n> one line\n", "> ***\n> ***\n");
	/* Short lines are hidden only where all of the value is; blanks do not make one long. */
	check_value("{\n    }\nab\n", "{\n    }\nab\n", "***\n");
	check_value("{\n    }\nlong\n", "if {\n    }\n along\n", "if {\n    }\n a***\n");
	check_value("  padded  \nx", "(padded)", "(***)");
}

/* A value may have NULs. */
static void test_nul(void **state)
{
	struct mask_texts *texts = mask_texts_new();
	AUTO_BUF struct buf out = BUF_INIT;

	(void)state;
	mask_texts_add_value(texts, "\0a\0b", 4);
	mask_in_pieces(texts, "x\0a\0by\0a", 8, 1, &out);
	assert_int_equal(out.len, 7);
	assert_memory_equal(out.data, "x***y\0a", 7);
	mask_texts_free(texts);
}

/* A stream that one text or two are taken out of, and what has come through. */
struct stream {
	struct mask_texts *texts;
	struct mask *mask;
	struct buf out;
};

static void stream_begin(struct stream *stream, const char *text, const char *other)
{
	stream->texts = mask_texts_new();
	mask_texts_add(stream->texts, text, strlen(text));
	if (other)
		mask_texts_add(stream->texts, other, strlen(other));
	stream->mask = mask_new(stream->texts);
	buf_init(&stream->out);
}

static void stream_end(struct stream *stream)
{
	mask_free(stream->mask);
	mask_texts_free(stream->texts);
	buf_release(&stream->out);
}

/* What cannot be the beginning of a text is given out at once; what can, with the byte that decides. */
static void test_nothing_waits_without_reason(void **state)
{
	struct stream stream;

	(void)state;
	stream_begin(&stream, "password", NULL);
	mask_write(stream.mask, "Enter the p", 11, &stream.out);
	assert_string_equal(stream.out.data, "Enter the ");
	mask_write(stream.mask, "in: ", 4, &stream.out);
	assert_string_equal(stream.out.data, "Enter the pin: ");
	mask_write(stream.mask, "password", 8, &stream.out);
	assert_string_equal(stream.out.data, "Enter the pin: ***");
	assert_false(mask_waits(stream.mask));
	stream_end(&stream);
}

/* A pause gives out a beginning of up to three bytes, once; the rest is masked nevertheless. */
static void test_pause(void **state)
{
	struct stream stream;

	(void)state;
	stream_begin(&stream, "password", NULL);
	mask_write(stream.mask, "pas", 3, &stream.out);
	assert_true(mask_waits(stream.mask));
	mask_pause(stream.mask, &stream.out);
	assert_string_equal(stream.out.data, "pas");
	assert_false(mask_waits(stream.mask));
	mask_pause(stream.mask, &stream.out);
	mask_write(stream.mask, "s", 1, &stream.out);
	assert_false(mask_waits(stream.mask));
	mask_pause(stream.mask, &stream.out);
	assert_string_equal(stream.out.data, "pas");
	mask_write(stream.mask, "word", 4, &stream.out);
	assert_string_equal(stream.out.data, "pas***");
	mask_write(stream.mask, "pass", 4, &stream.out);
	mask_finish(stream.mask, &stream.out);
	assert_string_equal(stream.out.data, "pas***pass");
	stream_end(&stream);
}

/* However slowly a text comes, no more of it than three bytes is seen. */
static void test_pause_behind_each_byte(void **state)
{
	struct stream stream;

	(void)state;
	stream_begin(&stream, "password", "wordless");
	for (const char *at = "<passwordless>"; *at; at++) {
		mask_write(stream.mask, at, 1, &stream.out);
		mask_pause(stream.mask, &stream.out);
	}
	mask_finish(stream.mask, &stream.out);
	assert_string_equal(stream.out.data, "<pas***>");
	stream_end(&stream);
}

/* The flags that /proc/self/smaps has for the mapping of an address. */
static void find_flags(const void *address, char *ret_flags, size_t size)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	uintptr_t wanted = (uintptr_t)address, begin, end;
	char line[512];
	bool inside = false;

	ret_flags[0] = '\0';
	while (maps && fgets(line, sizeof line, maps)) {
		if (sscanf(line, "%zx-%zx ", (size_t *)&begin, (size_t *)&end) == 2)
			inside = wanted >= begin && wanted < end;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			snprintf(ret_flags, size, "%s", line + 8);
	}
	if (maps)
		fclose(maps);
}

/* Not in core files ("dd"), not in children ("wf"), not in swap ("lo"). */
static void test_private_memory(void **state)
{
	char *memory = private_new(100), flags[512];
	int status;
	pid_t pid;

	(void)state;
	strcpy(memory, "secret");
	find_flags(memory, flags, sizeof flags);
	assert_non_null(strstr(flags, " dd"));
	assert_non_null(strstr(flags, " wf"));
#ifndef __SANITIZE_ADDRESS__ /* which makes mlock(2) do nothing */
	assert_non_null(strstr(flags, " lo"));
#endif
	pid = fork();
	if (!pid)
		_exit(memory[0] ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(memory, "secret");
	private_free(memory);
	private_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_splits),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_nothing_waits_without_reason),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_pause_behind_each_byte),
		cmocka_unit_test(test_private_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
