#include "engine/base/interrupt.h"

#include <signal.h>
#include <stddef.h>

#include "engine/base/mem.h"

bool interrupt_is_pending(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (sigismember(&pending, signals[i]) == 1)
			return true;
	}
	return false;
}
