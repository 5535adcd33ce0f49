/* The set as text, for the store:
 *
 *	contractor-breakpoints 1 LAST
 *	NUMBER kept|temporary enabled|disabled HITS WHERE STEP LINE NAME CONDITION LOG
 *	...
 *
 * in lines that end with a newline and fields with one space between them. WHERE is step, line,
 * name, kind or fail; NAME, CONDITION and LOG are "-" when absent, and in them "%" and what is
 * not printable ASCII, and a "-" alone, are written %xx. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/breakpoint_internal.h"
#include "engine/spec/units.h"

#define HEADER "contractor-breakpoints"
#define VERSION "1"

enum {
	TEXT_MAX = 64 << 20,
	STEP_MAX = SPEC_STEPS_MAX,
	LINE_NUMBER_MAX = 1000000000,
};

enum {
	IN_NUMBER,
	IN_KEPT,
	IN_ENABLED,
	IN_HITS,
	IN_WHERE,
	IN_STEP,
	IN_LINE,
	IN_NAME,
	IN_CONDITION,
	IN_LOG,
	IN_COUNT,
};

static const char *const kept_words[] = {"kept", "temporary", NULL};
static const char *const enabled_words[] = {"disabled", "enabled", NULL};
static const char *const where_words[] = {"step", "line", "name", "kind", "fail", NULL};

/* Adds a text, or NULL, as a field behind a space. */
static void write_text(struct buf *out, const char *text)
{
	buf_add_char(out, ' ');
	if (!text || !strcmp(text, "-")) {
		buf_add_str(out, text ? "%2d" : "-");
		return;
	}
	for (const char *p = text; *p; p++) {
		if (*p > ' ' && *p <= '~' && *p != '%')
			buf_add_char(out, *p);
		else
			buf_add_fmt(out, "%%%02x", (unsigned char)*p);
	}
}

void breakpoints_write(const struct breakpoints *set, struct buf *out)
{
	buf_add_fmt(out, HEADER " " VERSION " %d\n", set->last_number);
	for (size_t i = 0; i < set->len; i++) {
		const struct breakpoint *one = &set->items[i];

		buf_add_fmt(out, "%d %s %s %" PRIu64 " %s %zu %zu", one->number,
			    kept_words[one->temporary], enabled_words[one->enabled], one->hits,
			    where_words[one->where], one->step, one->line);
		write_text(out, one->name);
		write_text(out, one->condition ? condition_text(one->condition) : NULL);
		write_text(out, one->log);
		buf_add_char(out, '\n');
	}
}

static bool read_number(const char *text, uint64_t most, uint64_t *ret_number)
{
	return units_count(text, 0, most, ret_number);
}

/* The place of a word in a list that ends with NULL; false when it is not there. */
static bool read_word(const char *text, const char *const *words, unsigned *ret_index)
{
	for (unsigned i = 0; words[i]; i++) {
		if (!strcmp(words[i], text)) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

/* The value of a hexadecimal digit as it is written here, or -1. */
static int digit_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit ? strchr(digits, digit) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Reads a field that write_text() made; *ret_text is to be freed. */
static bool read_text(const char *field, char **ret_text)
{
	AUTO_BUF struct buf text = BUF_INIT;

	*ret_text = NULL;
	if (!strcmp(field, "-"))
		return true;
	for (const char *p = field; *p; p++) {
		int high, low;

		if (*p != '%') {
			buf_add_char(&text, *p);
			continue;
		}
		high = digit_value(p[1]);
		low = high < 0 ? -1 : digit_value(p[2]);
		if (low < 0 || !(high | low))
			return false;
		buf_add_char(&text, (char)(high << 4 | low));
		p += 2;
	}
	if (!text.len)
		return false;
	*ret_text = buf_detach(&text);
	return true;
}

/* Whether what one kind of place needs is there, and nothing else. */
static bool is_whole(const struct breakpoint *one)
{
	bool has_step = one->where != BREAKPOINT_KIND && one->where != BREAKPOINT_FAIL;

	return (one->step > 0) == has_step && (one->line > 0) == (one->where == BREAKPOINT_LINE) &&
	       (one->name != NULL) == (one->where != BREAKPOINT_FAIL);
}

/* The fields that are numbers and words. */
static bool read_plain(char *const *fields, struct breakpoint *one)
{
	uint64_t number, step, line;
	unsigned kept, enabled, where;

	if (!read_number(fields[IN_NUMBER], BREAKPOINT_NUMBER_MAX, &number) ||
	    !read_word(fields[IN_KEPT], kept_words, &kept) ||
	    !read_word(fields[IN_ENABLED], enabled_words, &enabled) ||
	    !read_number(fields[IN_HITS], CONDITION_HITS_MAX, &one->hits) ||
	    !read_word(fields[IN_WHERE], where_words, &where) ||
	    !read_number(fields[IN_STEP], STEP_MAX, &step) ||
	    !read_number(fields[IN_LINE], LINE_NUMBER_MAX, &line))
		return false;
	one->number = (int)number;
	one->temporary = kept != 0;
	one->enabled = enabled != 0;
	one->where = (enum breakpoint_where)where;
	one->step = step;
	one->line = line;
	one->resolved = one->where == BREAKPOINT_FAIL;
	return true;
}

/* The fields that are texts. What was read is the caller's to release, also when it fails. */
static bool read_texts(char *const *fields, struct breakpoint *one)
{
	AUTO_FREE char *condition = NULL;
	struct err err = {0};

	if (!read_text(fields[IN_NAME], &one->name) || !read_text(fields[IN_LOG], &one->log) ||
	    !read_text(fields[IN_CONDITION], &condition))
		return false;
	if (one->log && strlen(one->log) > BREAKPOINT_LOG_MAX)
		return false;
	return !condition || condition_parse(condition, &one->condition, &err) == 0;
}

/* The fields of one line. */
static void split_line(const char *line, size_t length, struct strv *ret_fields)
{
	for (;;) {
		const char *space = memchr(line, ' ', length);
		size_t field = space ? (size_t)(space - line) : length;

		strv_take(ret_fields, mem_strndup(line, field));
		if (!space)
			return;
		line += field + 1;
		length -= field + 1;
	}
}

/* Reads the first line; the set is empty. */
static bool read_header(struct breakpoints *set, const struct strv *fields)
{
	uint64_t last;

	if (fields->len != 3 || strcmp(fields->items[0], HEADER) != 0 ||
	    strcmp(fields->items[1], VERSION) != 0 ||
	    !read_number(fields->items[2], BREAKPOINT_NUMBER_MAX, &last))
		return false;
	set->last_number = (int)last;
	return true;
}

/* Reads another line into the set. */
static bool read_breakpoint(struct breakpoints *set, const struct strv *fields)
{
	int former = set->len ? set->items[set->len - 1].number : 0;
	struct breakpoint one = {0};

	if (set->len < BREAKPOINTS_MAX && fields->len == IN_COUNT &&
	    read_plain(fields->items, &one) && one.number > former &&
	    one.number <= set->last_number && read_texts(fields->items, &one) && is_whole(&one)) {
		breakpoints_append(set, &one);
		return true;
	}
	breakpoint_release(&one);
	return false;
}

/* Reads all lines; returns the number of the first that is wrong, or 0. */
static size_t read_lines(struct breakpoints *set, const char *text, size_t length)
{
	const char *end = text + length;
	size_t line = 0;

	do {
		AUTO_STRV struct strv fields = {0};
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		line++;
		if (!newline)
			return line;
		split_line(text, (size_t)(newline - text), &fields);
		if (line == 1 ? !read_header(set, &fields) : !read_breakpoint(set, &fields))
			return line;
		text = newline + 1;
	} while (text < end);
	return 0;
}

int breakpoints_read(struct breakpoints *set, const struct spec *spec, const char *text,
		     size_t length, struct err *err)
{
	struct breakpoints read = {0};
	size_t wrong = 1;

	if (length && length <= TEXT_MAX && !memchr(text, '\0', length))
		wrong = read_lines(&read, text, length);
	if (wrong) {
		breakpoints_release(&read);
		return err_set(err, ERR_FAULT,
			       "the stored breakpoints cannot be read: line %zu is damaged, or of "
			       "another version of contractor",
			       wrong);
	}
	breakpoints_resolve(&read, spec, 0);
	breakpoints_release(set);
	*set = read;
	return 0;
}
