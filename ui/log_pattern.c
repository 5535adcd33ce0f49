#include "ui/log_pattern.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "engine/session/condition.h"

/* Bytes folded to lower case at a time: few, since the match may be near. */
enum { FOLD_BLOCK = 4096, FOLD_UNROLLED = 64 };

struct log_pattern {
	bool is_regex, ignore_case;
	regex_t regex; /* when it is one */
	char *text;    /* else; in lower case when that does not matter */
	size_t length;
};

/* Whether a letter of it is upper case; the letter behind a backslash is none of a text. */
static bool has_upper(const char *text, bool is_regex)
{
	size_t left = strlen(text), used;

	for (; left; text += used, left -= used) {
		uint32_t code = 0;

		used = utf8_decode(text, left, &code);
		used = used ? used : 1;
		if (is_regex && *text == '\\' && left > 1)
			used = 2;
		else if (iswupper((wint_t)code))
			return true;
	}
	return false;
}

static bool is_ascii(const char *text)
{
	while (*text && (unsigned char)*text < 0x80)
		text++;
	return !*text;
}

/* The expression that matches just this text. */
static char *quoted(const char *text)
{
	AUTO_BUF struct buf expression = BUF_INIT;

	for (; *text; text++) {
		if (strchr("\\^$.[]|()*+?{}", *text))
			buf_add_char(&expression, '\\');
		buf_add_char(&expression, *text);
	}
	return buf_detach(&expression);
}

static int compile(struct log_pattern *pattern, const char *expression, struct err *err)
{
	char why[128];
	int failed;

	if (condition_check_pattern(expression, err) < 0)
		return -1;
	failed = regcomp(&pattern->regex, expression,
			 REG_EXTENDED | (pattern->ignore_case ? REG_ICASE : 0));
	if (failed) {
		regerror(failed, &pattern->regex, why, sizeof why);
		return err_set(err, ERR_USAGE, "%s", why);
	}
	pattern->is_regex = true;
	return 0;
}

/* One byte in lower case. */
static char fold(char byte)
{
	return (char)(byte | (byte >= 'A' && byte <= 'Z' ? 0x20 : 0));
}

static int prepare(struct log_pattern *pattern, const char *text, bool is_regex, struct err *err)
{
	if (!*text)
		return err_set(err, ERR_USAGE, "there is nothing to search for");
	pattern->ignore_case = !has_upper(text, is_regex);
	if (is_regex)
		return compile(pattern, text, err);
	if (pattern->ignore_case && !is_ascii(text)) {
		/* Which letters are the same is known to the locale alone. */
		AUTO_FREE char *expression = quoted(text);

		return compile(pattern, expression, err);
	}
	pattern->text = mem_strdup(text);
	pattern->length = strlen(text);
	return 0;
}

int log_pattern_new(const char *text, bool is_regex, struct log_pattern **ret_pattern,
		    struct err *err)
{
	struct log_pattern *pattern = mem_new(sizeof *pattern);

	if (prepare(pattern, text, is_regex, err) < 0) {
		log_pattern_free(pattern);
		return err_in(err, "cannot search for this");
	}
	*ret_pattern = pattern;
	return 0;
}

void log_pattern_free(struct log_pattern *pattern)
{
	if (!pattern)
		return;
	if (pattern->is_regex)
		regfree(&pattern->regex);
	free(pattern->text);
	free(pattern);
}

/* Writes the bytes in lower case; the inner loop has a fixed length so that compilers make it wide. */
static void fold_bytes(const char *bytes, size_t length, char *ret_folded)
{
	size_t at = 0;

	for (; at + FOLD_UNROLLED <= length; at += FOLD_UNROLLED) {
		for (size_t i = 0; i < FOLD_UNROLLED; i++)
			ret_folded[at + i] = fold(bytes[at + i]);
	}
	for (; at < length; at++)
		ret_folded[at] = fold(bytes[at]);
}

static bool set_match(size_t start, size_t length, struct log_match *ret_match)
{
	*ret_match = (struct log_match){start, start + length};
	return true;
}

/* Finds a text without regard to case: each block with what may reach into the next. */
static bool find_folded(const struct log_pattern *pattern, const char *bytes, size_t length,
			struct log_match *ret_match)
{
	size_t overlap = pattern->length - 1;
	AUTO_FREE char *folded = mem_resize(NULL, FOLD_BLOCK + overlap, 1);

	for (size_t at = 0; at < length; at += FOLD_BLOCK) {
		size_t left = length - at;
		size_t size = left < FOLD_BLOCK + overlap ? left : FOLD_BLOCK + overlap;
		const char *found;

		fold_bytes(bytes + at, size, folded);
		found = memmem(folded, size, pattern->text, pattern->length);
		if (found)
			return set_match(at + (size_t)(found - folded), pattern->length, ret_match);
	}
	return false;
}

static bool find_exactly(const struct log_pattern *pattern, const char *bytes, size_t length,
			 struct log_match *ret_match)
{
	const char *found = memmem(bytes, length, pattern->text, pattern->length);

	return found && set_match((size_t)(found - bytes), pattern->length, ret_match);
}

/* Tries the expression on each line. */
static bool find_regex(const struct log_pattern *pattern, const char *bytes, size_t length,
		       struct log_match *ret_match)
{
	for (size_t at = 0; at < length;) {
		const char *newline = memchr(bytes + at, '\n', length - at);
		size_t end = newline ? (size_t)(newline - bytes) : length;
		regmatch_t match = {.rm_so = 0, .rm_eo = (regoff_t)(end - at)};

		if (regexec(&pattern->regex, bytes + at, 1, &match, REG_STARTEND) == 0 &&
		    match.rm_so < match.rm_eo)
			return set_match(at + (size_t)match.rm_so,
					 (size_t)(match.rm_eo - match.rm_so), ret_match);
		at = end + 1;
	}
	return false;
}

bool log_pattern_find(const struct log_pattern *pattern, const char *lines, size_t length,
		      struct log_match *ret_match)
{
	if (pattern->is_regex)
		return find_regex(pattern, lines, length, ret_match);
	if (pattern->ignore_case)
		return find_folded(pattern, lines, length, ret_match);
	return find_exactly(pattern, lines, length, ret_match);
}
