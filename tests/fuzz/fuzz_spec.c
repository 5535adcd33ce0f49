/* Any bytes as a specification: read, shown, hashed; nothing crashes or takes long. */
#include <stdint.h>
#include <stdlib.h>

#include "engine/spec/spec.h"
#include "tests/unit/spec_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Uses all that a spec gives. */
static void use(const struct spec *spec)
{
	struct err err;

	for (size_t i = 0; i < spec->n_steps; i++) {
		const struct step *step = spec->steps + i;
		char hex[SHA256_HEX_SIZE];
		struct sha256 *sha = sha256_new();

		if (step->begin > step->end || step->end > spec->text.len || !step->name)
			abort();
		step_hash(step, sha);
		sha256_finish(sha, hex);
		spec_find_step(spec, step->name, &err);
		spec_step_at_line(spec, step->position.line);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec_options options = {.schemas = fixture_schemas};
	struct diagnostics diagnostics = {0};
	struct buf out = BUF_INIT;
	struct spec *spec;
	struct err err;

	if (spec_parse("/nowhere/fuzz.yaml", data, size, &options, &spec, &diagnostics, &err) < 0)
		return 0;
	diagnostics_format(&diagnostics, "fuzz.yaml", &spec->text, &out);
	use(spec);
	buf_release(&out);
	diagnostics_release(&diagnostics);
	spec_free(spec);
	return 0;
}
