/* seccomp_internal.h: the rules of seccomp.c as tables. Names are those of libseccomp; one that
 * this architecture does not have is passed over. */
#ifndef ENGINE_SANDBOX_SECCOMP_INTERNAL_H
#define ENGINE_SANDBOX_SECCOMP_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* Names of calls, ended by NULL. */
extern const char *const seccomp_allowed[];

/* Calls younger than the oldest libseccomp we build with. Their numbers are the same on every
 * architecture of ours. */
struct seccomp_number {
	const char *name;
	int number;
};
extern const struct seccomp_number seccomp_allowed_numbers[];

/* Calls that are known and refused, with what they answer; ended by a NULL name. */
struct seccomp_refusal {
	const char *name;
	int error;
};
extern const struct seccomp_refusal seccomp_refused[];

/* Refused where argument & mask == value, or, without a mask, where argument > value.
 * A mask within 32 bits for what the kernel reads as an int. Ended by a NULL name. */
struct seccomp_argument_rule {
	const char *name;
	unsigned argument;
	uint64_t mask, value;
	int error;
};
extern const struct seccomp_argument_rule seccomp_argument_rules[];

/* The only execution domains for personality(2). */
extern const uint32_t seccomp_personalities[];
extern const size_t seccomp_n_personalities;

#endif
