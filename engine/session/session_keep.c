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

/* Something could not be done: it is not tried again, but for what is recorded next. */
static void give_up(struct session *session, const struct err *err)
{
	session->no_keep = true;
	session->keep_err = *err;
}

/* Marks what was synced as durable; or, when the sync failed, as lost, which is said. */
static void finish_batch(struct session *session, const struct err *failure)
{
	struct store *store = host_store(session->host);
	struct err err;
	bool is_marked;

	if (!session->batch)
		return;
	is_marked = store_batch_finish(store, session->batch, !failure, &err) == 0;
	if (!is_marked)
		give_up(session, &err);
	if (is_marked || failure)
		session->owed_done = session->owed_in_batch;
	if (failure)
		session_tell_lost(session, session->batch, failure, is_marked ? NULL : &err);
	store_batch_free(take_ptr(&session->batch));
}

/* The sums that the child would go on with are not worth waiting for. */
static void end_child(void *data)
{
	struct session *session = data;

	if (session->no_keep)
		session_keep_end(session);
	else
		session_keep_last(session);
	session_settled(session);
}

static void on_synced(struct session *session)
{
	finish_batch(session, NULL);
	if (session->settled && !session->options.store_size)
		loop_defer(host_loop(session->host), end_child, session);
}

static void on_message(void *data, const struct message *message)
{
	struct session *session = data;
	struct sums sums;
	struct err ignored;

	if (message->type == 'P')
		on_synced(session);
	else if (message->type == 'R' && sums_parse(message->body, &sums) &&
		 sums_record(host_store(session->host), &sums, &ignored) < 0)
		session->no_keep = true;
}

/* A sync that failed has lost what it was for. A child that was killed has found out nothing: the attempts stay as they
 * were, and the next sync is for them, too. */
static void end_batch(struct session *session, const struct err *err)
{
	if (err && err->sys_errno)
		finish_batch(session, err);
	else
		store_batch_free(take_ptr(&session->batch));
}

/* What was recorded meanwhile comes next. What failed, a sync above all, is not tried again. */
static void on_ended(void *data, const struct err *err)
{
	struct session *session = data;

	/* The error is the worker's. */
	end_batch(session, err);
	if (err)
		give_up(session, err);
	worker_free(session->keeping);
	session->keeping = NULL;
	session_prune(session);
	if (!session->no_keep && session->settled)
		session_keep_last(session);
	else if (!session->no_keep)
		session_sync(session);
	session_settled(session);
}

/* A sync, if there is something for it. Who is about to end waits for one only if it has told results that are not
 * durable, and then for nothing else. */
static bool find_sync(struct session *session)
{
	struct store *store = host_store(session->host);
	struct err err;

	if (session->settled && !session_owes(session))
		return false;
	session->owed_in_batch = session->owed;
	if (!store_has_volatile(store)) {
		session->owed_done = session->owed;
		return false;
	}
	if (store_batch_new(store, &session->batch, &err) == 0)
		return true;
	give_up(session, &err);
	return false;
}

/* Namespaces are not made for sums, unless the size of all there is has to be known. */
static bool wants_sums(const struct session *session, const struct job *job)
{
	if (session->options.store_size)
		return !session->settled || !job->sync;
	return !session->settled && host_has_userns(session->host);
}

/* Finds out what there is to do; false when there is nothing. */
static bool find_job(struct session *session, struct job *job)
{
	struct store *store = host_store(session->host);
	struct err ignored;

	*job = (struct job){.store_fd = store_fd(store), .logs_fd = store_logs_fd(store)};
	job->sync = find_sync(session);
	if (wants_sums(session, job) &&
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
	struct err err;

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
				 &session->keeping, &err) < 0) {
			give_up(session, &err);
			store_batch_free(take_ptr(&session->batch));
		}
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
	if (session->batch)
		return;
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
