/* probes.h: the protections of a sandbox, each with the attempt that it stops.
 *
 * A probe is a shell command (mostly a word or two for inside.c) whose status says what came of
 * it: 0, it went through; 1, it was held. It is run twice:
 *	- under the policy of a real step: it must be held (or must work, for what a step needs);
 *	- with that protection off: it must come out the other way, or it proves nothing.
 * Both once more with copied trees, and in a shell that joins such a step.
 * The second run is the probe's mutation. It switches off the fewest fields that protect: more
 * than one where two layers do the same, and then a comment at the probe says which.
 */
#ifndef TESTS_SANDBOX_PROBES_H
#define TESTS_SANDBOX_PROBES_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/sandbox/rig.h"

enum { PROBE_OFF_MAX = 4 };

struct probe {
	const char *name;
	const char *command; /* for sh -c */
	enum rig_step step;  /* whose policy */
	bool must_work;	     /* else it must be held */
	bool needs_range;    /* of ids: a host with a single id is different; as RIG_USER always */
	enum stack stack;    /* not STACK_HOST: with network, by this program */
	bool plain;	     /* without a terminal, which a mutation would make impossible */

	/* The mutation, one of: */
	size_t off[PROBE_OFF_MAX];	     /* offsets of fields, set to false; 0 ends */
	void (*weaken)(struct trial *trial); /* something else, besides off */
	bool outside;			     /* the probe as a process of the host */
	bool alone; /* a shell that joins would not have the mutation: none there */

	void (*prepare)(struct trial *trial); /* before both runs; or NULL */
	/* What this kernel may lack: then the mutation shows nothing, and the probe is skipped. */
	const char *needs;
};

/* Each ends with a NULL name. */
extern const struct probe privilege_probes[], call_probes[], file_probes[], surround_probes[],
	network_probes[];

/* Runs a probe and its mutation, and prints their line. False when it failed. */
bool probe_run(struct rig *rig, const struct probe *probe);

/* Whether a switch of the policy is off in some probe's mutation; prints a line for those that are
 * in none. */
bool probes_cover_policy(void);

#define OFF(field) offsetof(struct sandbox_policy, field)

#endif
