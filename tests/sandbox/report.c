#include "tests/sandbox/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"

static void print_name(const char *kind, const char *name)
{
	const char *label = getenv("TEST_LABEL");

	printf("%s sandbox/probe: %s (%s%s%s)", kind, name, geteuid() ? "an ordinary user" : "root",
	       label ? ", " : "", label ? label : "");
}

bool report(const char *name, bool passed, const char *notes)
{
	AUTO_FREE char *lines = mem_strdup(notes);
	char *rest = lines, *line;

	print_name(passed ? "ok" : "not ok", name);
	putchar('\n');
	while (!passed && (line = strsep(&rest, "\n"))) {
		if (*line)
			printf("# %s\n", line);
	}
	fflush(stdout);
	return passed;
}

void report_skip(const char *name, const char *reason)
{
	print_name("skip", name);
	printf(": %s\n", reason);
	fflush(stdout);
}
