/* What follows a recorded attempt in the background: it becomes durable, and gets its sums (sums.h). */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/worker.h"
#include "engine/session/session_internal.h"
#include "engine/store/sums.h"

enum { KEEP_EVERY_MS = 1000 };

/* As linux/ioprio.h has it: the class that gets the disk when nobody else wants it. */
enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_IDLE = 3 << 13 };

/* What the child is to do. */
struct job {
	int store_fd, logs_fd;
	bool sync;
	const struct userns *userns; /* NULL: there is nothing to sum */
	int64_t *numbers;
	size_t count;
};

void session_yield_to_steps(void)
{
	setpriority(PRIO_PROCESS, 0, 19);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}

/* The child. That the files are on the disk is told before it looks at them, which may take longer. */
static int work(void *data, int socket, struct err *err)
{
	const struct job *job = data;
	AUTO_FREE struct sums *sums = NULL;

	if (job->sync &&
	    (store_sync_files(job->store_fd, err) < 0 || message_send_text(socket, 'P', "0") < 0))
		return -1;
	if (!job->userns)
		return 0;
	session_yield_to_steps();
	sums = sums_of_logs(job->numbers, job->count, job->logs_fd);
	if (userns_enter(job->userns, err) < 0)
		return -1;
	return sums_send(sums, job->count, USERNS_DIR "/layers", socket, err);
}

/* Marks what was synced, or was not. */
static void finish_batch(struct session *session, bool synced)
{
	struct err ignored;

	if (session->batch &&
	    store_batch_finish(host_store(session->host), session->batch, synced, &ignored) < 0)
		session->no_keep = true;
	store_batch_free(take_ptr(&session->batch));
}

static void on_message(void *data, const struct message *message)
{
	struct session *session = data;
	struct sums sums;
	struct err ignored;

	if (message->type == 'P')
		finish_batch(session, true);
	else if (message->type == 'R' && sums_parse(message->body, &sums) &&
		 sums_record(host_store(session->host), &sums, &ignored) < 0)
		session->no_keep = true;
}

/* A sync that failed has lost what it was for. A child that was killed has found out nothing: the attempts stay as they
 * were, and the next sync is for them, too. */
static void end_batch(struct session *session, const struct err *err)
{
	if (err && err->sys_errno)
		finish_batch(session, false);
	else
		store_batch_free(take_ptr(&session->batch));
}

/* What was recorded meanwhile comes next. What failed, a sync above all, is not tried again. */
static void on_ended(void *data, const struct err *err)
{
	struct session *session = data;

	/* The error is the worker's. */
	end_batch(session, err);
	session->no_keep |= err != NULL;
	worker_free(session->keeping);
	session->keeping = NULL;
	session_prune(session);
	if (!session->no_keep && session->settled)
		session_keep_last(session);
	else if (!session->no_keep)
		session_sync(session);
	session_settled(session);
}

/* Finds out what there is to do; false when there is nothing. Namespaces are not made for it, unless
 * the size of all there is has to be known. Who waits for that waits for nothing else. */
static bool find_job(struct session *session, struct job *job)
{
	struct store *store = host_store(session->host);
	struct err ignored;

	*job = (struct job){.store_fd = store_fd(store), .logs_fd = store_logs_fd(store)};
	job->sync = !session->settled && store_has_volatile(store) &&
		    store_batch_new(store, &session->batch, &ignored) == 0;
	if ((session->options.store_size || host_has_userns(session->host)) &&
	    sums_pending(store, &job->numbers, &job->count, &ignored) == 0 && job->count &&
	    host_userns(session->host, &job->userns, &ignored) < 0)
		job->userns = NULL;
	return job->sync || job->userns;
}

static void start_keeping(struct session *session)
{
	const struct worker_callbacks callbacks = {on_message, on_ended, session};
	struct job job;
	int keep[4], n_keep = 2;
	struct err ignored;

	session->no_keep = false;
	if (find_job(session, &job)) {
		keep[0] = job.store_fd;
		keep[1] = job.logs_fd;
		if (job.userns) {
			keep[n_keep++] = userns_user_fd(job.userns);
			keep[n_keep++] = userns_mount_fd(job.userns);
		}
		session->kept_ms = loop_now_ms();
		if (worker_start(host_loop(session->host),
				 &(struct child_job){work, &job, keep, (size_t)n_keep}, &callbacks,
				 &session->keeping, &ignored) < 0)
			store_batch_free(take_ptr(&session->batch));
	}
	free(job.numbers);
}

static void keeping_due(void *data)
{
	struct session *session = data;

	session->keep_timer = NULL;
	start_keeping(session);
}

/* Not after each step: the index is written to disk for it, in this process, and quick steps would
 * do little else than wait for that. */
void session_sync(struct session *session)
{
	int64_t wait_ms = session->kept_ms + KEEP_EVERY_MS - loop_now_ms();

	if (session->keeping || session->keep_timer)
		return;
	if (session->kept_ms && wait_ms > 0)
		session->keep_timer =
			loop_timer(host_loop(session->host), wait_ms, keeping_due, session);
	else
		start_keeping(session);
}

void session_keep_last(struct session *session)
{
	session_keep_end(session);
	start_keeping(session);
}

void session_keep_end(struct session *session)
{
	loop_timer_remove(&session->keep_timer);
	worker_free(session->keeping);
	session->keeping = NULL;
	store_batch_free(take_ptr(&session->batch));
}
