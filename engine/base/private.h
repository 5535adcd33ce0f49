/* private.h: memory for what nobody else is to see.
 *
 * It is not written to swap where the limit of locked memory (RLIMIT_MEMLOCK) allows that, is left out
 * of a core file, is zeros in a forked child, and is cleared before it is given back (madvise(2),
 * mlock(2)). Each piece takes whole pages.
 */
#ifndef ENGINE_BASE_PRIVATE_H
#define ENGINE_BASE_PRIVATE_H

#include <stddef.h>

/* Zeroed memory for size bytes, aligned for anything. Free with private_free(). */
void *private_new(size_t size) __attribute__((returns_nonnull));
/* NULL is fine. */
void private_free(void *memory);

#endif
