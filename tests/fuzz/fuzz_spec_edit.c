/* Any bytes as a specification, each of whose steps is replaced.
 *
 * A valid one stays valid and keeps its meaning when a comment is added to a step's text, and
 * every byte outside of the step stays. The rest of the input after a zero byte is put in as
 * another text for the first step. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/spec/spec_edit.h"
#include "tests/unit/spec_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct spec *parse(const void *text, size_t length, size_t *ret_errors)
{
	struct spec_options options = {.schemas = fixture_schemas};
	struct diagnostics diagnostics = {0};
	struct spec *spec = NULL;
	struct err err;

	if (spec_parse("/nowhere/fuzz.yaml", text, length, &options, &spec, &diagnostics, &err) < 0)
		return NULL;
	*ret_errors = diagnostics.len;
	diagnostics_release(&diagnostics);
	return spec;
}

static void hash(const struct step *step, char hex[SHA256_HEX_SIZE])
{
	struct sha256 *sha = sha256_new();

	step_hash(step, sha);
	sha256_finish(sha, hex);
}

/* Aborts unless both specs mean the same. */
static void compare(const struct spec *one, const struct spec *other)
{
	if (one->n_steps != other->n_steps)
		abort();
	for (size_t i = 0; i < one->n_steps; i++) {
		char first[SHA256_HEX_SIZE], second[SHA256_HEX_SIZE];

		hash(one->steps + i, first);
		hash(other->steps + i, second);
		if (strcmp(first, second))
			abort();
	}
}

/* Aborts unless file has the spec's bytes outside of the step. */
static void check_outside(const struct spec *spec, const struct step *step, const struct buf *file)
{
	size_t after = spec->text.len - step->end;

	if (file->len < step->begin + after ||
	    memcmp(file->data, spec->text.data, step->begin) != 0 ||
	    memcmp(file->data + file->len - after, spec->text.data + step->end, after) != 0)
		abort();
}

/* Replaces a step by its own text, with a comment where comments can be. */
static void edit_step(const struct spec *spec, const struct step *step)
{
	bool dashed = spec->text.data[step->begin] == '-';
	struct buf text = BUF_INIT, file = BUF_INIT;
	size_t errors = 0;
	struct spec *again;
	struct err err;

	spec_edit_text(spec, step, &text);
	if (dashed)
		buf_add_str(&text, "# more\n");
	if (spec_edit_replace(spec, step, text.data, text.len, &file, &err) < 0)
		abort();
	check_outside(spec, step, &file);
	again = parse(file.data, file.len, &errors);
	if (again && errors)
		abort();
	if (again)
		compare(spec, again);
	spec_free(again);
	buf_release(&text);
	buf_release(&file);
}

/* Replaces a step by any text. */
static void put_in(const struct spec *spec, const struct step *step, const void *text,
		   size_t length)
{
	struct buf file = BUF_INIT;
	struct err err;

	if (!spec_edit_replace(spec, step, text, length, &file, &err))
		check_outside(spec, step, &file);
	buf_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	size_t length = zero ? (size_t)(zero - data) : size, errors = 0;
	struct spec *spec = parse(data, length, &errors);

	if (!spec)
		return 0;
	if (spec->n_steps && zero)
		put_in(spec, spec->steps, zero + 1, size - length - 1);
	/* A last line without an end gets one: then a block text has one more newline. */
	for (size_t i = 0; !errors && data[length - 1] == '\n' && i < spec->n_steps; i++)
		edit_step(spec, spec->steps + i);
	spec_free(spec);
	return 0;
}
