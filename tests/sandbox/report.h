/* report.h: the result lines, as tests/run.sh wants them. */
#ifndef TESTS_SANDBOX_REPORT_H
#define TESTS_SANDBOX_REPORT_H

#include <stdbool.h>

/* "ok sandbox/probe: NAME (USER, LABEL)", or "not ok" with the notes below it. Returns passed. */
bool report(const char *name, bool passed, const char *notes);
void report_skip(const char *name, const char *reason);

#endif
