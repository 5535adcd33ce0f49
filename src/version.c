#include "src/program.h"

int version_command(struct program *program)
{
	console_print(&program->out, "contractor %s\n", CONTRACTOR_VERSION);
	return 0;
}
