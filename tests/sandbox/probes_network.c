/* A step with network, and the host's loopback: by each program that can carry its packets. */
#include "tests/sandbox/probes.h"

/* What such a step has without one. */
static void share_network(struct trial *trial)
{
	trial->policy.stack = STACK_HOST;
}

/* As steps without network. */
static void cut_network(struct trial *trial)
{
	trial->policy.unshare_network = true;
}

/* The program is one of init's pid namespace, of which the step's is a part. */
#define PROBES(program, which)                                                      \
	{.name = program ": no listener of the host's loopback",                    \
	 .command = "inside connect $PORT",                                         \
	 .stack = (which),                                                          \
	 .weaken = share_network},                                                  \
		{.name = program ": no abstract socket of the host",                \
		 .command = "inside connect-abstract $ABSTRACT",                    \
		 .stack = (which),                                                  \
		 .weaken = share_network},                                          \
		{.name = program ": not the host's network namespace",              \
		 .command = "inside namespace net $NS_net",                         \
		 .stack = (which),                                                  \
		 .weaken = share_network},                                          \
		{.name = program ": low ports can be listened on by a user",        \
		 .command = "inside serve 1",                                       \
		 .step = RIG_USER,                                                  \
		 .stack = (which),                                                  \
		 .must_work = true,                                                 \
		 .weaken = share_network},                                          \
		{.name = program ": there is a way out",                            \
		 .command = "grep -qE '^[a-z0-9]+.00000000' /proc/net/route",       \
		 .stack = (which),                                                  \
		 .must_work = true,                                                 \
		 .weaken = cut_network},                                            \
	{                                                                           \
		.name = program ": what carries the packets cannot be seen",        \
		.command = "grep -qsE 'pasta|passt|slirp4netns' /proc/[0-9]*/comm", \
		.stack = (which),                                                   \
		.off = { OFF(unshare_pid) }                                         \
	}

const struct probe network_probes[] = {
	PROBES("pasta", STACK_PASTA),
	PROBES("slirp4netns", STACK_SLIRP4NETNS),
	{.name = NULL},
};
