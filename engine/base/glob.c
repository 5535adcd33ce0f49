#include "engine/base/glob.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/base/utf8.h"

/* A piece of text that is looked at: one component, or several with slashes. */
struct span {
	const char *at, *end;
};

/* Takes one character from a span that is not empty; bytes that are no UTF-8 get codes of
 * their own, beyond Unicode. */
static uint32_t take_char(struct span *span)
{
	uint32_t code;
	size_t length = utf8_decode(span->at, (size_t)(span->end - span->at), &code);

	if (!length) {
		code = 0x110000U + (unsigned char)*span->at;
		length = 1;
	}
	span->at += length;
	return code;
}

/* Takes one character of a pattern, or the one behind a backslash. */
static uint32_t take_pattern_char(struct span *pattern)
{
	if (*pattern->at == '\\' && pattern->end - pattern->at > 1)
		pattern->at++;
	return take_char(pattern);
}

/* Reads a set behind its "["; returns whether it is closed, and if so whether code is in it. */
static bool take_set(struct span *pattern, uint32_t code, bool *ret_match)
{
	struct span set = *pattern;
	bool negated, match = false, first = true;

	negated = set.at < set.end && (*set.at == '!' || *set.at == '^');
	set.at += negated;
	while (set.at < set.end && (first || *set.at != ']')) {
		uint32_t low = take_pattern_char(&set), high = low;

		first = false;
		if (set.end - set.at > 1 && set.at[0] == '-' && set.at[1] != ']') {
			set.at++;
			high = take_pattern_char(&set);
		}
		match |= low <= code && code <= high;
	}
	if (set.at == set.end)
		return false;
	pattern->at = set.at + 1;
	*ret_match = match != negated;
	return true;
}

/* Matches one character; pattern does not begin with "*". */
static bool match_char(struct span *pattern, struct span *text)
{
	uint32_t code = take_char(text);
	bool match;

	if (*pattern->at == '?') {
		pattern->at++;
		return true;
	}
	if (*pattern->at == '[') {
		struct span inside = {pattern->at + 1, pattern->end};

		if (take_set(&inside, code, &match)) {
			pattern->at = inside.at;
			return match;
		}
	}
	return take_pattern_char(pattern) == code;
}

/* Matches one component. Only the last star seen is ever widened: what an earlier one took is
 * as good as any other choice. */
static bool match_component(struct span pattern, struct span text)
{
	struct span star_pattern = {NULL, NULL}, star_text = text;

	for (;;) {
		if (pattern.at < pattern.end && *pattern.at == '*') {
			pattern.at++;
			star_pattern = pattern;
			star_text = text;
			continue;
		}
		if (pattern.at == pattern.end && text.at == text.end)
			return true;
		if (pattern.at < pattern.end && text.at < text.end && match_char(&pattern, &text))
			continue;
		if (!star_pattern.at || star_text.at == star_text.end)
			return false;
		take_char(&star_text);
		pattern = star_pattern;
		text = star_text;
	}
}

/* Takes the text up to the next slash, and the slash. */
static struct span take_component(struct span *path)
{
	const char *slash = memchr(path->at, '/', (size_t)(path->end - path->at));
	struct span component = {path->at, slash ? slash : path->end};

	path->at = slash ? slash + 1 : path->end;
	return component;
}

static bool is_globstar(struct span component)
{
	return component.end - component.at == 2 && !memcmp(component.at, "**", 2);
}

/* Matches names of several components; "**" is to components what "*" is to characters. */
static bool match_path(struct span pattern, struct span name)
{
	struct span star_pattern = {NULL, NULL}, star_name = name;

	for (;;) {
		struct span rest = pattern, piece;

		if (pattern.at == pattern.end && name.at == name.end)
			return true;
		piece = take_component(&rest);
		if (is_globstar(piece)) {
			if (rest.at == rest.end)
				return name.at < name.end;
			star_pattern = pattern = rest;
			star_name = name;
			continue;
		}
		if (pattern.at < pattern.end && name.at < name.end &&
		    match_component(piece, take_component(&name))) {
			pattern = rest;
			continue;
		}
		if (!star_pattern.at || star_name.at == star_name.end)
			return false;
		take_component(&star_name);
		pattern = star_pattern;
		name = star_name;
	}
}

bool glob_match(const char *pattern, const char *name, bool is_directory)
{
	struct span glob = {pattern, pattern + strlen(pattern)};
	struct span text = {name, name + strlen(name)};
	const char *base = strrchr(name, '/');

	if (glob.end - glob.at > 1 && glob.end[-1] == '/') {
		if (!is_directory)
			return false;
		glob.end--;
	}
	if (!memchr(glob.at, '/', (size_t)(glob.end - glob.at))) {
		if (base)
			text.at = base + 1;
		return match_component(glob, text);
	}
	glob.at += *glob.at == '/';
	return match_path(glob, text);
}

bool glob_match_any(const struct strv *patterns, const char *name, bool is_directory)
{
	for (size_t i = 0; patterns && i < patterns->len; i++) {
		if (glob_match(patterns->items[i], name, is_directory))
			return true;
	}
	return false;
}
