/* breakpoint_fixture.h: a spec with steps to stop at, for the tests of breakpoints. */
#ifndef TESTS_UNIT_BREAKPOINT_FIXTURE_H
#define TESTS_UNIT_BREAKPOINT_FIXTURE_H

#include <string.h>

#include "engine/session/breakpoint.h"
#include "tests/unit/spec_fixture.h"

/* Its steps: 1 empty-workspace (line 3), 2 apt gcc (4, 5), 3 configure (6 to 8), 4 make (9 to 11),
 * 5 make test (12 to 14), 6 twin (15 to 17), 7 twin (18 to 20). The last five are of shell. */
#define STEP(name) "- action: shell\n  name: " name "\n  shell: x\n"
#define FIXTURE_HEAD \
	"name: x\nactions:\n- action: empty-workspace\n- action: apt\n  packages: [gcc]\n"
#define FIXTURE \
	FIXTURE_HEAD STEP("configure") STEP("make") STEP("make test") STEP("twin") STEP("twin")

/* A spec that must be right. */
static inline struct spec *breakpoint_spec(const char *text)
{
	AUTO_BUF struct buf messages = BUF_INIT;
	struct spec *spec = fixture_parse(text, strlen(text), NULL, &messages);

	assert_string_equal(messages.data, "");
	return spec;
}

/* Adds a breakpoint that must be right. */
static inline const struct breakpoint *breakpoint_added(struct breakpoints *set,
							const struct spec *spec, const char *line)
{
	struct err err = {0};
	int number = breakpoints_add(set, spec, line, false, &err);

	if (number < 0)
		fail_msg("\"%s\": %s", line, err.text);
	return breakpoints_find(set, number);
}

/* The text of `info breakpoints` must be this. */
static inline void expect_info(const struct breakpoints *set, const struct spec *spec,
			       const char *text)
{
	AUTO_BUF struct buf info = BUF_INIT;

	breakpoints_describe(set, spec, &info);
	assert_string_equal(info.data, text);
}

#endif
