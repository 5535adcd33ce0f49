/* interrupt.h: noticing in a long piece of work that the process is asked to end.
 *
 * The loop handles signals between two events (engine/process/loop.h); until then they are blocked and wait. */
#ifndef ENGINE_BASE_INTERRUPT_H
#define ENGINE_BASE_INTERRUPT_H

#include <stdbool.h>

/* Whether SIGINT, SIGTERM or SIGHUP waits to be handled: the work is to be given up. Never, in a process that has not
 * blocked them. */
bool interrupt_is_pending(void);

#endif
