/* Arbitrary bytes as the line of a breakpoint, and as a stored set: refused, or else what is
 * written of it is read again, and gives the same text. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/breakpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct breakpoints *set, const struct spec *spec)
{
	AUTO_BUF struct buf text = BUF_INIT;
	AUTO_BUF struct buf again = BUF_INIT;
	AUTO_BUF struct buf info = BUF_INIT;
	struct breakpoints read = {0};
	struct err err;

	breakpoints_write(set, &text);
	if (breakpoints_read(&read, spec, text.data, text.len, &err) < 0)
		abort();
	breakpoints_write(&read, &again);
	if (strcmp(text.data, again.data) != 0)
		abort();
	breakpoints_describe(&read, spec, &info);
	breakpoints_release(&read);
}

/* Comes by all steps, before and after. */
static void come_by(struct breakpoints *set, const struct spec *spec)
{
	const struct breakpoint_outcome outcome = {.exit_status = 1, .failed = true};
	AUTO_BUF struct buf log = BUF_INIT;

	for (size_t i = 0; i < spec->n_steps; i++) {
		breakpoints_before(set, &spec->steps[i], &log);
		breakpoints_begin(set, &spec->steps[i]);
		breakpoints_feed_output(set, &spec->steps[i], "error\n", 6);
		breakpoints_after(set, &spec->steps[i], &outcome, &log);
	}
}

static void check_all(const char *bytes, size_t length, const struct spec *spec)
{
	AUTO_FREE char *line = mem_strndup(bytes, length);
	struct breakpoints set = {0};
	struct err err = {0};

	if (breakpoints_add(&set, spec, line, true, &err) >= 0)
		check_written(&set, spec);
	come_by(&set, spec);
	if (breakpoints_read(&set, spec, bytes, length, &err) == 0)
		check_written(&set, spec);
	come_by(&set, spec);
	breakpoints_release(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct action_schema shell = {.name = "shell"}, apt = {.name = "apt"};
	char names[3][10] = {"make", "make test", "apt gcc"}, text[] = "one\ntwo\n3\n";
	struct step steps[] = {
		{.number = 1, .schema = &shell, .name = names[0], .begin = 0, .end = 4},
		{.number = 2, .schema = &shell, .name = names[1], .begin = 4, .end = 8},
		{.number = 3, .schema = &apt, .name = names[2], .begin = 8, .end = 10},
	};
	struct spec spec = {.steps = steps, .n_steps = 3, .text = {.data = text, .len = 10}};

	for (size_t i = 0; i < 3; i++)
		steps[i].position.line = i + 1;
	check_all((const char *)data, size, &spec);
	return 0;
}
