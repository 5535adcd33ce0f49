/* breakpoint_set_fixture.h: a set of breakpoints on a specification, for tests of the set alone. */
#ifndef TESTS_UNIT_BREAKPOINT_SET_FIXTURE_H
#define TESTS_UNIT_BREAKPOINT_SET_FIXTURE_H

#include "engine/base/mem.h"
#include "tests/unit/breakpoint_fixture.h"

struct fixture {
	struct spec *spec;
	struct breakpoints set;
};

static inline int set_up(void **state)
{
	struct fixture *fixture = mem_new(sizeof *fixture);

	fixture->spec = breakpoint_spec(FIXTURE);
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	breakpoints_release(&fixture->set);
	spec_free(fixture->spec);
	free(fixture);
	return 0;
}

#endif
