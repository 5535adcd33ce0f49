/* Arbitrary conditions on arbitrary outputs: what is taken is taken again as it is shown, and
 * means the same however the output is cut into pieces; what is not has a message that is safe
 * to show.
 *
 * Input: the condition, a NUL, the output. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/session/condition.h"

enum { OUTPUT_MAX = 20000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const struct err *err)
{
	AUTO_FREE char *shown = buf_shown(err->text);

	if (err->code != ERR_USAGE || strcmp(shown, err->text) != 0 ||
	    strncmp(err->text, "column ", 7) != 0)
		abort();
}

/* Whether it holds after the output came in pieces of this size. */
static bool holds(struct condition *condition, const char *output, size_t length, size_t piece)
{
	const struct condition_facts facts = {.hits = 2, .exit_status = 1, .duration_ms = 5000};

	condition_begin(condition);
	for (size_t at = 0; at < length; at += piece)
		condition_feed(condition, output + at, length - at < piece ? length - at : piece);
	return condition_holds(condition, &facts);
}

/* The condition that its own text gives. */
static struct condition *again(const struct condition *condition)
{
	struct condition *copy;
	struct err err;

	if (condition_parse(condition_text(condition), &copy, &err) < 0 ||
	    strcmp(condition_text(condition), condition_text(copy)) != 0)
		abort();
	return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t length = size ? strnlen((const char *)data, size) : 0;
	AUTO_FREE char *text = mem_strndup((const char *)data, length);
	const char *output = (const char *)data + length;
	size_t left = size - length < OUTPUT_MAX ? size - length : OUTPUT_MAX;
	struct condition *condition, *copy;
	struct err err = {0};

	if (condition_parse(text, &condition, &err) < 0) {
		check_message(&err);
		return 0;
	}
	copy = again(condition);
	if (holds(condition, output, left, left + 1) != holds(copy, output, left, 1))
		abort();
	condition_free(condition);
	condition_free(copy);
	return 0;
}
