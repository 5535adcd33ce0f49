/* stack.h: a network stack of a step's own.
 *
 * A step with network gets a network namespace of its own where the host has a program that carries its
 * packets: pasta(1), else slirp4netns(1). Such a program makes an interface in the namespace, and
 * outside, as a process of the person's, the connections that the step asks for. It is told to make none
 * to the host's loopback; and abstract UNIX sockets are of one namespace alone. What the host reaches by
 * its interfaces the step reaches.
 *
 * This is which program, with which arguments; init_stack.c starts it.
 */
#ifndef ENGINE_SANDBOX_STACK_H
#define ENGINE_SANDBOX_STACK_H

#include <stdbool.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"

enum stack {
	STACK_HOST, /* none of its own: the host's */
	STACK_PASTA,
	STACK_SLIRP4NETNS,
	STACK_MISSING, /* one of its own, but there is none: such a step is not started */
	STACKS,
};

/* Which a person wants (--network-stack). */
enum stack_wish {
	STACK_AUTO,    /* one of its own, the host's where there is none */
	STACK_PRIVATE, /* one of its own, or no network */
	STACK_SHARED,  /* the host's */
};

/* "auto|private|host", the words of a wish; stack_wish_find() returns false for another. */
#define STACK_WISHES "auto|private|host"
bool stack_wish_find(const char *word, enum stack_wish *ret_wish);

/* Where the program says that it is ready: a pipe by its name, and as a descriptor. */
#define STACK_READY_PATH "/tmp/step/ready"
enum { STACK_READY_FD = 3 };

/* The device by which both make an interface. */
#define STACK_DEVICE "/dev/net/tun"

/* Whether it is one of its own: STACK_MISSING is, too. */
bool stack_is_private(enum stack stack);

/* What a look at the host has shown. */
struct stack_host {
	bool has[STACKS];     /* the program is there */
	bool has_device;      /* STACK_DEVICE is there, */
	bool may_open_device; /* and the person's namespaces may open it */
};

/* Looks below root (""). */
void stack_look(const char *root, struct stack_host *ret_host);

/* The first that can be had. Pure. */
enum stack stack_choose(enum stack_wish wish, const struct stack_host *host);

/* "pasta", "slirp4netns"; "the host's network" for STACK_HOST. */
const char *stack_name(enum stack stack);

/* The paths where the program may be, in order, with a NULL at the end. */
const char *const *stack_paths(enum stack stack);

/* The address at which the program takes questions for the host's resolver; NULL where there is none. */
const char *stack_resolver(enum stack stack);

/* The argument vector of the program for the network namespace that is mounted on the file. Pure. */
void stack_argv(enum stack stack, const char *namespace, struct strv *ret_argv);

/* Fills in why a step cannot have a stack of its own (ERR_HOST), and returns -1. */
int stack_missing(struct err *err);

#endif
