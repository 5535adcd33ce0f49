#include "tests/sandbox/inside.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/mem.h"

static const struct inside_command *find(const char *name)
{
	const struct inside_command *const tables[] = {inside_calls, inside_looks, inside_loads,
						       inside_hogs, inside_escapes};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct inside_command *command = tables[i]; command->name; command++) {
			if (!strcmp(command->name, name))
				return command;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct inside_command *command = argc > 1 ? find(argv[1]) : NULL;

	if (argc > 1 && !command)
		return inside_try_call(argv[1]);
	if (!command || (size_t)argc - 2 < command->n_arguments) {
		fprintf(stderr, "usage: inside NAME [ARGUMENT...]\n");
		return INSIDE_BROKEN;
	}
	return command->run(argv + 2);
}
