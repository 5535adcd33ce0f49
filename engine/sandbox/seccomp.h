/* seccomp.h: the system call filter of a step, as BPF programs (seccomp(2), by libseccomp).
 *
 * Two programs, loaded one after the other; the kernel takes the stricter answer:
 *	- calls: an allow list of names. What administers a machine answers EPERM; what it does not
 *	  know answers ENOSYS, as an older kernel would, so that programs fall back. So do
 *	  foreign architectures and x32.
 *	- arguments: refusals that depend on an argument: namespaces, socket families, ioctls that
 *	  type into a terminal, device nodes.
 *
 * Building takes milliseconds, so one cache is shared by all steps of a run.
 * Life cycle: seccomp_cache_init(), seccomp_cache_get()..., seccomp_cache_release().
 */
#ifndef ENGINE_SANDBOX_SECCOMP_H
#define ENGINE_SANDBOX_SECCOMP_H

#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"

enum { SECCOMP_CALLS_VARIANTS = 2 };

struct seccomp_cache {
	struct buf calls[SECCOMP_CALLS_VARIANTS]; /* without and with chroot(2) */
	struct buf arguments;
};

void seccomp_cache_init(struct seccomp_cache *cache);
void seccomp_cache_release(struct seccomp_cache *cache);

/* The programs, arrays of struct sock_filter, for a step whose root has these capabilities
 * (bits by CAP_*): chroot(2) is allowed with CAP_SYS_CHROOT only. They belong to the cache.
 * Fails when libseccomp does. */
int seccomp_cache_get(struct seccomp_cache *cache, uint64_t capabilities,
		      const struct buf **ret_calls, const struct buf **ret_arguments,
		      struct err *err);

#endif
