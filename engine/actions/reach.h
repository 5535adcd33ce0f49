/* reach.h: what a step with a network stack of its own (engine/sandbox/stack.h) does not reach: the
 * host's loopback, and who answers there: a resolver, a proxy, a mirror.
 *
 * A resolver is asked by way of the stack's program. The others are out of reach, which is better said
 * before the step than by what it prints.
 */
#ifndef ENGINE_ACTIONS_REACH_H
#define ENGINE_ACTIONS_REACH_H

#include <stdbool.h>

#include "engine/base/err.h"
#include "engine/sandbox/policy.h"
#include "engine/sandbox/stack.h"

/* What programs read to find a proxy, in which case the names are in both. Ends with NULL. */
extern const char *const reach_proxy_names[];

/* The host's resolv.conf(5) as it is to be inside: the first resolver and those on the loopback are
 * asked through the stack, as is the one that is meant when none is named. Pure; free with free(). */
char *reach_resolv_conf(const char *text, enum stack stack);

/* Whether an address ("http://127.0.0.1:3128/", "user@localhost:x", "[::1]:80") is on the loopback. */
bool reach_is_loopback(const char *address);

/* Fails with ERR_HOST when a step with this policy is to have a network that it cannot have, or has a
 * proxy in its environment that it cannot reach; and for the address that it asks, if it is known. */
int reach_check(const struct sandbox_policy *policy, const char *address, struct err *err);

#endif
