/* worker.h: a job in a child process (child.h), followed from the loop.
 *
 * ended() is called once, last, when the child is gone and its messages are read; with an error
 * when the job failed or died. worker_free() before that kills the child.
 */
#ifndef ENGINE_PROCESS_WORKER_H
#define ENGINE_PROCESS_WORKER_H

#include "engine/base/err.h"
#include "engine/process/child.h"
#include "engine/process/loop.h"
#include "engine/process/message.h"

struct worker;

struct worker_callbacks {
	void (*message)(void *data, const struct message *message); /* all but 'E' */
	/* NULL: it succeeded; else the worker's own, until worker_free(). */
	void (*ended)(void *data, const struct err *err);
	void *data;
};

int worker_start(struct loop *loop, const struct child_job *job,
		 const struct worker_callbacks *callbacks, struct worker **ret_worker,
		 struct err *err);
void worker_free(struct worker *worker);

#endif
