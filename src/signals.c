#include "src/signals.h"

#include <signal.h>

#include "engine/base/mem.h"

static bool is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int signals_take(struct loop *loop, const int *more, void (*received)(void *data, int number),
		 void *data, struct err *err)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	int taken[16];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ending); i++) {
		if (!is_ignored(ending[i]))
			taken[count++] = ending[i];
	}
	for (; more && *more; more++)
		taken[count++] = *more;
	if (loop_signals(loop, taken, count, received, data) < 0)
		return err_sys(err, "cannot take signals");
	return 0;
}
