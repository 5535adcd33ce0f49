/* spare.h: an init that is started before it is known what for.
 *
 * Entering the outer namespaces and making those of a step takes some milliseconds. They are spent
 * while the step before runs: then an init waits, ready but for the trees, and the next step
 * sends it its plan (init_plan_send()). Every init that has no worker is started this way, if
 * only a moment before.
 *
 * Life cycle: spare_start(); spare_take(), which frees it, or spare_free(). While it waits it has
 * no tree and no layer, and it ends with contractor: its socket is its life-line.
 */
#ifndef ENGINE_SANDBOX_SPARE_H
#define ENGINE_SANDBOX_SPARE_H

#include <stdbool.h>
#include <sys/types.h>

#include "engine/base/err.h"
#include "engine/process/loop.h"
#include "engine/process/userns.h"
#include "engine/sandbox/init.h"

struct spare;

/* Starts one. userns must outlive it. */
int spare_start(const struct userns *userns, const struct init_kind *kind, struct spare **ret_spare,
		struct err *err);

/* Whether it lives, and is of this kind; false for NULL. */
bool spare_fits(const struct spare *spare, const struct init_kind *kind);

/* Hands over what child_fork() gave: the process that starts init, not reaped yet, and the socket,
 * on which init's own 'I' comes. Frees the spare. */
void spare_take(struct spare *spare, pid_t *ret_spawner, int *ret_socket);

/* Ends it, and has the loop reap it; NULL is fine. */
void spare_free(struct spare *spare, struct loop *loop);

#endif
