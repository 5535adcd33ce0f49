/* plan.h: what the launcher is told, and what it tells back.
 *
 * The launcher is the first program of contractor's inside a sandbox. It reads its plan from
 * LAUNCH_FD_PLAN to the end, does what bwrap cannot do in a prepared user namespace, and executes
 * the step's program in its own place. As the first process of a pid namespace it does that in a
 * child, reaps what ends, and ends as the child did; but not while a process is there that joined
 * the step.
 *
 * With arguments it is executed outside and joins a step: they are the names of that step's
 * namespaces, which are open from LAUNCH_FD_NAMESPACES on in the same order, the user namespace last.
 *
 * The plan is a sequence of records NAME=VALUE, each ended by a NUL, in any order; a name that
 * is not in this list is an error:
 *
 *	user=NAME          "root", decimal digits, or a name in the /etc/passwd inside
 *	gid=DIGITS         instead of the user's own group
 *	workdir=PATH       absolute
 *	argument=TEXT      one for each argument of the program, its name first
 *	environment=N=V    one for each variable; without a HOME among them, HOME is
 *	                   the user's directory from /etc/passwd
 *	own=PATH           a file to be given to the user
 *	terminal=KIND      "plain": OPOST off, and ONLCR kept as the mark that the
 *	                   reader is to make CR LF of LF; "interactive": as a shell
 *	                   wants it. Absent: descriptors 0, 1, 2 stay as they are
 *	columns=N, rows=N  of the terminal
 *	capabilities=HEX   bits by CAP_*, kept by uid 0; others keep none. Absent:
 *	                   nothing is dropped
 *	limit=R SOFT HARD  setrlimit(2), R the number of RLIMIT_*; what is above the
 *	                   hard limit in force is lowered to it
 *	session=1          a session of its own, with the pty as its terminal
 *	clear-environment=1  nothing inherited is in the environment
 *	clear-groups=1     no supplementary groups
 *	close-descriptors=1  all but 0, 1, 2
 *	no-new-privileges=1  fail unless it is set
 *	filter=N           N instructions of 8 bytes (struct sock_filter) follow the
 *	                   NUL: a seccomp program. Loaded last, in this order
 *
 * Messages on LAUNCH_FD_CONTROL (SOCK_SEQPACKET), each one record:
 *
 *	'P'       with the pty's master as SCM_RIGHTS
 *	'E' TEXT  the program could not be started, and why; the launcher then exits with a
 *	          LAUNCH_EXIT_ status
 *	'F'       the program failed, and no further process can be started: the step is at its
 *	          limit of processes
 *	'H'       the program has ended, and the step is held by processes that joined it
 *	end of file, without 'E': nothing of the launcher is left
 */
#ifndef ENGINE_SANDBOX_LAUNCHER_PLAN_H
#define ENGINE_SANDBOX_LAUNCHER_PLAN_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LAUNCH_FD_PLAN = 14,	/* = SANDBOX_FD_PLAN */
	LAUNCH_FD_CONTROL = 15, /* = SANDBOX_FD_CONTROL */
	LAUNCH_FD_NAMESPACES,	/* the first of those to join */

	LAUNCH_EXIT_SETUP = 125,     /* the sandbox could not be made as planned */
	LAUNCH_EXIT_NOT_RUN = 126,   /* the program is there and cannot be executed */
	LAUNCH_EXIT_NOT_FOUND = 127, /* there is no such program */

	LAUNCH_LIMITS_MAX = 16,
	LAUNCH_FILTERS_MAX = 4,
};

struct launch_limit {
	unsigned resource;
	uint64_t soft, hard;
};

struct launch_filter {
	const struct sock_filter *code;
	unsigned short length;
};

/* A NULL-terminated vector of strings. */
struct launch_strings {
	const char **items;
	size_t len;
};

/* A plan, taken apart. Strings point into the text it was read from. */
struct launch_plan {
	const char *user, *gid, *workdir, *terminal;
	struct launch_strings arguments, environment, own;
	unsigned columns, rows;
	bool has_capabilities;
	uint64_t capabilities;
	bool session, clear_environment, clear_groups, close_descriptors, no_new_privileges;
	struct launch_limit limits[LAUNCH_LIMITS_MAX];
	size_t n_limits;
	struct launch_filter filters[LAUNCH_FILTERS_MAX];
	size_t n_filters;
};

/* Takes length bytes of text apart; text must stay, since the plan points into it. Returns -1 and
 * the reason, a constant, for what is not as described above; ret_plan then has what came before.
 * The launcher is short: nobody frees the vectors and programs. */
int launch_plan_parse(struct launch_plan *ret_plan, const char *text, size_t length,
		      const char **ret_reason);

#endif
