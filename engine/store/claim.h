/* claim.h: who is at work on the step with a key, so that two contractors that come to it at the
 * same time do the work once.
 *
 * A claim is a lock, which dies with its process: nobody ever waits for what is dead. A process
 * holds one at a time, so none can wait in a circle.
 *
 * Life cycle: `struct claim claim = CLAIM_INIT;` claim_take(). When it is another's: claim_wait() in
 * a child process makes it ours, or claim_release() gives up. claim_tell() says which attempt it
 * has become. claim_release() at the end; once more is fine.
 */
#ifndef ENGINE_STORE_CLAIM_H
#define ENGINE_STORE_CLAIM_H

#include <sys/types.h>

#include "engine/store/store.h"

struct claim {
	int fd; /* an open file of its own, which the child that waits shares; or -1 */
	off_t start;
};
#define CLAIM_INIT       \
	{                \
		.fd = -1 \
	}

/* Tries to be the one who works on key (64 hex digits). 1: ret_claim is ours; 0: another process
 * has it, and ret_claim can wait for it; -1. */
int claim_take(struct store *store, const char *key, struct claim *ret_claim, struct err *err);

/* Blocks until the claim is ours: for a child of the process parent, with claim->fd kept open. The
 * child dies with its parent, and may end when this returns: the parent has the claim then. */
int claim_wait(const struct claim *claim, pid_t parent, struct err *err);

/* Whether it was taken, or is waited for, for this key. */
bool claim_is_on(const struct claim *claim, const char *key);

/* Names our attempt to those who wait. */
void claim_tell(const struct claim *claim, int64_t number);

/* The id of the attempt that the holder has begun, and its process.
 * Returns 1; 0 while it has none in flight; -1 when nobody holds the claim any more. */
int claim_holder(struct store *store, const struct claim *claim, char ret_id[8], long *ret_pid);

void claim_release(struct claim *claim);

#endif
