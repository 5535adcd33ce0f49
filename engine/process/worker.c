#include "engine/process/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "engine/base/mem.h"

/* Messages that are taken in one turn of the loop: a child that tells much must not keep the others waiting. */
enum { MESSAGES_A_TURN = 64 };

struct worker {
	struct loop *loop;
	struct loop_child *child;
	struct loop_watch *watch;
	int socket;
	struct worker_callbacks callbacks;
	int status;
	struct err err;
};

static void tell_end(void *data)
{
	struct worker *worker = data;

	if (worker->status && !worker->err.code)
		err_set(&worker->err, ERR_FAULT, "a worker process died (wait status %d)",
			worker->status);
	worker->callbacks.ended(worker->callbacks.data, worker->err.code ? &worker->err : NULL);
}

static void end_if_over(struct worker *worker)
{
	if (!worker->child && !worker->watch)
		loop_defer(worker->loop, tell_end, worker);
}

static void readable(void *data, unsigned events)
{
	struct worker *worker = data;
	struct message message;
	int got = 1;

	(void)events;
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		got = message_receive(worker->socket, &message, 0);
		if (got != 1)
			break;
		fd_close(&message.fd);
		if (message.type == 'E')
			message_get_err(&message, &worker->err);
		else if (worker->callbacks.message)
			worker->callbacks.message(worker->callbacks.data, &message);
	}
	if (got == 1 || (got < 0 && errno == EAGAIN))
		return;
	loop_watch_remove(&worker->watch);
	fd_close(&worker->socket);
	end_if_over(worker);
}

static void ended(void *data, int status, const struct rusage *usage)
{
	struct worker *worker = data;

	(void)usage;
	worker->child = NULL;
	worker->status = status;
	end_if_over(worker);
}

int worker_start(struct loop *loop, const struct child_job *job,
		 const struct worker_callbacks *callbacks, struct worker **ret_worker,
		 struct err *err)
{
	struct worker *worker = mem_new(sizeof *worker);
	pid_t pid;

	*worker = (struct worker){.loop = loop, .socket = -1, .callbacks = *callbacks};
	if (child_fork(job, &pid, &worker->socket, err) < 0) {
		free(worker);
		return -1;
	}
	worker->watch = loop_watch(loop, worker->socket, LOOP_READ, readable, worker);
	worker->child = loop_child(loop, pid, ended, worker);
	if (!worker->child) {
		err_sys(err, "cannot watch a process");
		worker_free(worker);
		return -1;
	}
	*ret_worker = worker;
	return 0;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	if (worker->child)
		loop_child_kill(worker->child, SIGKILL);
	loop_child_forget(&worker->child);
	loop_watch_remove(&worker->watch);
	fd_close(&worker->socket);
	loop_defer_cancel(worker->loop, worker);
	free(worker);
}
