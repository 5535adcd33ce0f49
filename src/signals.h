/* signals.h: the signals that end the program, taken from the loop. */
#ifndef SRC_SIGNALS_H
#define SRC_SIGNALS_H

#include "engine/base/err.h"
#include "engine/process/loop.h"

/* Has SIGINT, SIGTERM and SIGHUP handled by received(), but for those that the program was
 * started to ignore (nohup, a shell's background jobs), and these more. more ends with 0. */
int signals_take(struct loop *loop, const int *more, void (*received)(void *data, int number),
		 void *data, struct err *err);

#endif
