/* The base of the engine: errors, memory, vectors of strings, digests, UTF-8
 * (engine/base/). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/base/sha256.h"
#include "engine/base/strv.h"
#include "engine/base/utf8.h"

/* err */

static void test_err_set(void **state)
{
	struct err err = {.sys_errno = 7};

	(void)state;
	assert_int_equal(err_set(&err, ERR_USAGE, "no step %d", 3), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(err.sys_errno, 0);
	assert_string_equal(err.text, "no step 3");
}

/* The context is put in front, so that the text reads from the outside in. */
static void test_err_in(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, ERR_HOST, "disk full");
	assert_int_equal(err_in(&err, "cannot write %s", "x"), -1);
	assert_int_equal(err_in(&err, "step 2"), -1);
	assert_string_equal(err.text, "step 2: cannot write x: disk full");
	assert_int_equal(err.code, ERR_HOST);
}

/* What the host refuses is its fault; anything else is ours. */
static void test_err_sys(void **state)
{
	static const struct {
		int number;
		enum err_code code;
	} cases[] = {
		{ENOSPC, ERR_HOST}, {EDQUOT, ERR_HOST},	 {EROFS, ERR_HOST},  {EACCES, ERR_HOST},
		{EPERM, ERR_HOST},  {ENOMEM, ERR_HOST},	 {EMFILE, ERR_HOST}, {ENFILE, ERR_HOST},
		{EAGAIN, ERR_HOST}, {EINVAL, ERR_FAULT}, {EIO, ERR_HOST},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *expected = mem_printf("open x: %s", strerror(cases[i].number));
		struct err err = {0};

		errno = cases[i].number;
		assert_int_equal(err_sys(&err, "open %s", "x"), -1);
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(err.sys_errno, cases[i].number);
		assert_string_equal(err.text, expected);
	}
}

/* A text that does not fit is cut, and stays a string. */
static void test_err_too_long(void **state)
{
	char text[2 * ERR_TEXT_SIZE];
	struct err err;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	err_set(&err, ERR_FAULT, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
	err_in(&err, "y");
	assert_memory_equal(err.text, "y: xxx", 6);
	assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
	errno = EIO;
	err_sys(&err, "%s", text);
	assert_int_equal(strlen(err.text), ERR_TEXT_SIZE - 1);
}

/* mem */

static void test_mem_copies(void **state)
{
	static const char zeros[64];
	AUTO_FREE char *fresh = mem_new(sizeof zeros);
	AUTO_FREE char *whole = mem_strdup("text"), *part = mem_strndup("text", 2);
	AUTO_FREE char *none = mem_strdup_or_null(NULL), *some = mem_strdup_or_null("a");
	AUTO_FREE char *printed = mem_printf("%d-%s", 7, "x");

	(void)state;
	assert_memory_equal(fresh, zeros, sizeof zeros);
	assert_string_equal(whole, "text");
	assert_string_equal(part, "te");
	assert_null(none);
	assert_string_equal(some, "a");
	assert_string_equal(printed, "7-x");
}

static void test_mem_grow(void **state)
{
	size_t capacity = 0;
	int *numbers = NULL;

	(void)state;
	for (int i = 0; i < 100; i++) {
		numbers = mem_grow(numbers, (size_t)i, &capacity, sizeof *numbers);
		assert_true(capacity > (size_t)i);
		numbers[i] = i;
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(numbers[i], i);
	free(numbers);
}

/* A size that does not fit into a size_t must not become a small one. */
static void test_mem_overflow(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		mem_resize(NULL, SIZE_MAX / 2, 4);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_mem_cleanup(void **state)
{
	int kept, closed;

	(void)state;
	{
		AUTO_CLOSE int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
		AUTO_CLOSE int second = open("/dev/null", O_RDONLY | O_CLOEXEC);

		closed = first;
		kept = take_fd(&second);
		assert_int_equal(second, -1);
	}
	assert_int_equal(fcntl(closed, F_GETFD), -1);
	assert_int_not_equal(fcntl(kept, F_GETFD), -1);
	errno = EXDEV;
	fd_close(&kept);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(kept, -1);
	fd_close(&kept);
}

static void test_mem_take(void **state)
{
	AUTO_FREE char *text = mem_strdup("mine");
	AUTO_FREE char *taken = take_ptr(&text);

	(void)state;
	assert_null(text);
	assert_string_equal(taken, "mine");
}

/* strv */

static void test_strv(void **state)
{
	AUTO_STRV struct strv strv = {0}, other = {0};
	AUTO_FREE char *nothing = strv_join(&strv, ","), *joined = NULL;

	(void)state;
	assert_string_equal(nothing, "");
	assert_false(strv_contains(&strv, "a"));
	strv_add_all(&strv, "a", "b", NULL);
	strv_add_fmt(&strv, "%d", 3);
	strv_take(&other, mem_strdup("d"));
	strv_extend(&strv, &other);
	joined = strv_join(&strv, ", ");
	assert_string_equal(joined, "a, b, 3, d");
	assert_int_equal(strv.len, 4);
	assert_null(strv.items[4]);
	assert_true(strv_contains(&strv, "d"));
	assert_false(strv_contains(&strv, "D"));
	strv_clear(&strv);
	assert_int_equal(strv.len, 0);
	assert_null(strv_argv(&strv)[0]);
}

/* exec needs the NULL at every length, also where the room just grew. */
static void test_strv_ends_with_null(void **state)
{
	AUTO_STRV struct strv strv = {0};

	(void)state;
	assert_null(strv_argv(&strv)[0]);
	for (size_t i = 0; i < 40; i++) {
		strv_add_fmt(&strv, "%zu", i);
		assert_string_equal(strv_argv(&strv)[0], "0");
		assert_null(strv_argv(&strv)[i + 1]);
	}
}

static void test_strv_environment(void **state)
{
	AUTO_STRV struct strv env = {0};

	(void)state;
	assert_null(strv_getenv(&env, "PATH"));
	strv_setenv(&env, "PATH", "/bin");
	strv_setenv(&env, "PATHS", "a=b");
	strv_setenv(&env, "PATH", "/usr/bin");
	assert_int_equal(env.len, 2);
	assert_string_equal(strv_getenv(&env, "PATH"), "/usr/bin");
	assert_string_equal(strv_getenv(&env, "PATHS"), "a=b");
	assert_null(strv_getenv(&env, "PAT"));
	assert_string_equal(env.items[0], "PATH=/usr/bin");
}

static void test_strv_environment_over_another(void **state)
{
	AUTO_STRV struct strv env = {0}, other = {0};

	(void)state;
	strv_add_all(&env, "PATH=/bin", "LANG=C", NULL);
	strv_add_all(&other, "PATH=/a=b", "EMPTY=", NULL);
	strv_setenv_all(&env, &other);
	assert_int_equal(env.len, 3);
	assert_string_equal(strv_getenv(&env, "PATH"), "/a=b");
	assert_string_equal(strv_getenv(&env, "LANG"), "C");
	assert_string_equal(strv_getenv(&env, "EMPTY"), "");
}

/* sha256 */

static void check_digest(const char *text, const char *expected)
{
	struct sha256 *sha = sha256_new();
	char hex[SHA256_HEX_SIZE];

	sha256_add(sha, text, strlen(text));
	sha256_finish(sha, hex);
	assert_string_equal(hex, expected);
	assert_true(sha256_is_hex(hex));
}

/* The examples that NIST publishes for FIPS 180-4. */
static void test_sha256_vectors(void **state)
{
	static const char abc[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	static const char empty[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	static const char two_blocks[] =
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";

	(void)state;
	check_digest("", empty);
	check_digest("abc", abc);
	check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", two_blocks);
}

static void test_sha256_in_pieces(void **state)
{
	struct sha256 *sha = sha256_new();
	char hex[SHA256_HEX_SIZE], piece[1000];

	(void)state;
	memset(piece, 'a', sizeof piece);
	for (int i = 0; i < 1000; i++)
		sha256_add(sha, piece, sizeof piece);
	sha256_finish(sha, hex);
	assert_string_equal(hex,
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* The digest of some fields, ended by a field that all have. */
static void digest_fields(const char *first, const char *second, char ret_hex[SHA256_HEX_SIZE])
{
	struct sha256 *sha = sha256_new();

	sha256_field(sha, first);
	sha256_field(sha, second);
	sha256_finish(sha, ret_hex);
}

/* The length comes first, in eight bytes, most significant first. */
static void test_sha256_field_format(void **state)
{
	static const char bytes[] = "\0\0\0\0\0\0\0\3abc\0\0\0\0\0\0\1\0";
	struct sha256 *sha = sha256_new(), *fields = sha256_new();
	char hex[SHA256_HEX_SIZE], expected[SHA256_HEX_SIZE], zeros[256] = {0};

	(void)state;
	sha256_add(sha, bytes, sizeof bytes - 1);
	sha256_add(sha, zeros, sizeof zeros);
	sha256_finish(sha, expected);
	sha256_field(fields, "abc");
	sha256_field_bytes(fields, zeros, sizeof zeros);
	sha256_finish(fields, hex);
	assert_string_equal(hex, expected);
}

static void test_sha256_fields_are_distinct(void **state)
{
	char a[SHA256_HEX_SIZE], b[SHA256_HEX_SIZE];

	(void)state;
	digest_fields("ab", "c", a);
	digest_fields("a", "bc", b);
	assert_string_not_equal(a, b);
	digest_fields("", "x", a);
	digest_fields(NULL, "x", b);
	assert_string_not_equal(a, b);
	sha256_free(sha256_new());
	sha256_free(NULL);
}

static void test_sha256_is_hex(void **state)
{
	char text[66];

	(void)state;
	memset(text, 'a', 64);
	text[64] = '\0';
	assert_true(sha256_is_hex(text));
	text[0] = 'A';
	assert_false(sha256_is_hex(text));
	memset(text, '0', 65);
	text[65] = '\0';
	assert_false(sha256_is_hex(text));
	text[63] = '\0';
	assert_false(sha256_is_hex(text));
	assert_false(sha256_is_hex(""));
}

/* utf8 */

/* The borders of each form, and what RFC 3629 forbids; used is 0 for that. */
static void test_utf8_decode(void **state)
{
	static const struct {
		const char *bytes;
		size_t length, used;
		uint32_t code;
	} cases[] = {
		{"", 0, 0, 0},
		{"\0", 1, 1, 0},
		{"\x7f", 1, 1, 0x7f},
		{"\xc2\x80", 2, 2, 0x80},
		{"\xdf\xbf", 2, 2, 0x7ff},
		{"\xe0\xa0\x80", 3, 3, 0x800},
		{"\xef\xbf\xbf", 3, 3, 0xffff},
		{"\xf0\x90\x80\x80", 4, 4, 0x10000},
		{"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
		{"\xe2\x82\xacxyz", 6, 3, 0x20ac},
		{"\xed\x9f\xbf", 3, 3, 0xd7ff},
		{"\xee\x80\x80", 3, 3, 0xe000},
		{"\x80", 1, 0, 0},
		{"\xc1\xbf", 2, 0, 0},
		{"\xe0\x9f\xbf", 3, 0, 0},
		{"\xf0\x8f\xbf\xbf", 4, 0, 0},
		{"\xed\xa0\x80", 3, 0, 0},
		{"\xed\xbf\xbf", 3, 0, 0},
		{"\xf4\x90\x80\x80", 4, 0, 0},
		{"\xf8\x88\x80\x80\x80", 5, 0, 0},
		{"\xff", 1, 0, 0},
		{"\xe2\x82", 2, 0, 0},
		{"\xe2\x28\xa1", 3, 0, 0},
		{"\xc3\xa9", 1, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t code = 0;
		size_t used = utf8_decode(cases[i].bytes, cases[i].length, &code);

		if (used != cases[i].used || code != cases[i].code)
			fail_msg("case %zu: %zu bytes, U+%04X", i, used, code);
	}
}

static void test_utf8_unfinished(void **state)
{
	static const struct {
		const char *bytes;
		size_t unfinished;
	} cases[] = {
		{"", 0},
		{"abc", 0},
		{"\xc3", 1},
		{"\xc3\xa4", 0},
		{"a\xe2\x82", 2},
		{"\xe2\x82\xac", 0},
		{"\xf0\x9f\x98", 3},
		{"\xf0\x9f", 2},
		{"\xf0\x9f\x98\x80", 0},
		{"\xff", 0},
		{"\xa4", 0},
		{"\xa4\xa4\xa4\xa4", 0},
		{"\xc3\xa4\xa4", 0},
		{"\xc3\xa4\xa4\xc3", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(utf8_unfinished(cases[i].bytes, strlen(cases[i].bytes)),
				 cases[i].unfinished);
}

static void test_utf8_is_shown(void **state)
{
	static const uint32_t shown[] = {' ', '~', 0xa0, 0x200a, 0x2010, 0x2030, 0x4e2d, 0x1f35e};
	static const uint32_t hidden[] = {0,	  0x1b,	  0x7f,	  0x80,	  0x9b,	  0x9f,	  0x200b,
					  0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		assert_true(utf8_is_shown(shown[i]));
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		assert_false(utf8_is_shown(hidden[i]));
}

/* What all words begin with, and never a part of a character. */
static void test_strv_common_length(void **state)
{
	AUTO_STRV struct strv words = {0};

	(void)state;
	strv_add(&words, "continue");
	assert_int_equal(strv_common_length(&words), 8);
	strv_add(&words, "context");
	assert_int_equal(strv_common_length(&words), 4);
	strv_add(&words, "break");
	assert_int_equal(strv_common_length(&words), 0);
	strv_clear(&words);
	strv_add(&words, "a\xc3\xa9");
	strv_add(&words, "a\xc3\xa8");
	assert_int_equal(strv_common_length(&words), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err_set),
		cmocka_unit_test(test_err_in),
		cmocka_unit_test(test_err_sys),
		cmocka_unit_test(test_err_too_long),
		cmocka_unit_test(test_mem_copies),
		cmocka_unit_test(test_mem_grow),
		cmocka_unit_test(test_mem_overflow),
		cmocka_unit_test(test_mem_cleanup),
		cmocka_unit_test(test_mem_take),
		cmocka_unit_test(test_strv),
		cmocka_unit_test(test_strv_ends_with_null),
		cmocka_unit_test(test_strv_environment),
		cmocka_unit_test(test_strv_environment_over_another),
		cmocka_unit_test(test_sha256_vectors),
		cmocka_unit_test(test_sha256_in_pieces),
		cmocka_unit_test(test_sha256_field_format),
		cmocka_unit_test(test_sha256_fields_are_distinct),
		cmocka_unit_test(test_sha256_is_hex),
		cmocka_unit_test(test_utf8_decode),
		cmocka_unit_test(test_utf8_unfinished),
		cmocka_unit_test(test_utf8_is_shown),
		cmocka_unit_test(test_strv_common_length),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
