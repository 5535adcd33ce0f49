/* Regular expressions, within bounds: compiling copies what is repeated, and copies of copies
 * could fill the memory; matching back-references may take exponential time. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/condition_internal.h"

enum { GROUPS_MAX = 32 };

/* How large an expression gets when its repetitions are written out. */
struct extent {
	size_t sum[GROUPS_MAX + 1]; /* of each group that is open */
	size_t depth;
	size_t last; /* of the last thing, which a repetition would repeat */
};

/* The character behind a bracket expression, whose "[" is at p; its end when it is never closed. */
static const char *skip_brackets(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	if (*p == ']')
		p++;
	while (*p && *p != ']') {
		if (*p == '[' && p[1] && strchr(".:=", p[1])) {
			char closing[3] = {p[1], ']', '\0'};
			const char *end = strstr(p + 2, closing);

			p = end ? end + 1 : p;
		}
		p++;
	}
	return *p ? p + 1 : p;
}

static size_t read_count(const char **p)
{
	size_t count = 0;

	for (; **p >= '0' && **p <= '9'; ++*p) {
		if (count <= CONDITION_REPEAT_MAX)
			count = count * 10 + (size_t)(**p - '0');
	}
	return count;
}

/* How many copies "{m}", "{m,}" or "{m,n}" makes; moves *p behind its numbers. */
static size_t read_interval(const char **p)
{
	size_t least, most;

	++*p;
	least = most = read_count(p);
	if (**p == ',') {
		++*p;
		most = read_count(p);
	}
	if (most < least + 1)
		most = least + 1;
	return most;
}

static int too_large(struct err *err)
{
	return err_set(err, ERR_USAGE, "it repeats more than %d times in all",
		       CONDITION_REPEAT_MAX);
}

/* The last thing is there so many times. */
static int repeat(struct extent *extent, size_t copies, struct err *err)
{
	size_t *sum = &extent->sum[extent->depth];

	*sum += extent->last * (copies - 1);
	extent->last *= copies;
	return *sum > CONDITION_REPEAT_MAX ? too_large(err) : 0;
}

static int open_group(struct extent *extent, struct err *err)
{
	if (extent->depth == GROUPS_MAX)
		return err_set(err, ERR_USAGE, "more than %d groups are in one another",
			       GROUPS_MAX);
	extent->sum[++extent->depth] = 1;
	extent->last = 0;
	return 0;
}

static int close_group(struct extent *extent, struct err *err)
{
	if (!extent->depth) /* an ordinary character, or an error that is reported elsewhere */
		return 0;
	extent->last = extent->sum[extent->depth--];
	extent->sum[extent->depth] += extent->last;
	return extent->sum[extent->depth] > CONDITION_REPEAT_MAX ? too_large(err) : 0;
}

/* A character, or a set of them. */
static void add_one(struct extent *extent)
{
	extent->sum[extent->depth]++;
	extent->last = 1;
}

/* Takes one thing from *p. */
static int measure_one(const char **p, struct extent *extent, struct err *err)
{
	const char *at = (*p)++;

	switch (*at) {
	case '(':
		return open_group(extent, err);
	case ')':
		return close_group(extent, err);
	case '+': /* compiled as "xx*" */
		return repeat(extent, 2, err);
	case '{':
		*p = at;
		return repeat(extent, read_interval(p), err);
	case '*':
	case '?':
		extent->sum[extent->depth]++;
		extent->last++;
		return 0;
	case '[':
		*p = skip_brackets(at);
		break;
	case '\\':
		if (at[1] >= '1' && at[1] <= '9')
			return err_set(err, ERR_USAGE, "back-references are not possible");
		*p += at[1] != '\0';
		break;
	}
	add_one(extent);
	return 0;
}

int condition_check_pattern(const char *expression, struct err *err)
{
	struct extent extent = {0};

	if (strlen(expression) > CONDITION_PATTERN_MAX)
		return err_set(err, ERR_USAGE, "it is longer than %d bytes", CONDITION_PATTERN_MAX);
	while (*expression) {
		if (measure_one(&expression, &extent, err) < 0)
			return -1;
	}
	return 0;
}

struct pattern *pattern_new(const char *expression, struct err *err)
{
	AUTO_FREE struct pattern *pattern = mem_new(sizeof *pattern);
	char why[128];
	int failed;

	if (condition_check_pattern(expression, err) < 0)
		return NULL;
	failed = regcomp(&pattern->regex, expression, REG_EXTENDED | REG_NOSUB);
	if (failed) {
		regerror(failed, NULL, why, sizeof why);
		err_set(err, ERR_USAGE, "%s", why);
		return NULL;
	}
	return take_ptr(&pattern);
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	regfree(&pattern->regex);
	free(pattern);
}
