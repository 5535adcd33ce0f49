/* Waiting for another contractor that is at work on the present step, and showing what it prints. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/worker.h"
#include "engine/session/session_internal.h"

enum { BLOCK = 1 << 16, LOOK_EVERY_MS = 10 };

struct follow {
	struct session *session;
	struct worker *waiting; /* ends when the claim is ours */
	struct loop_timer
		*timer; /* until the other has begun its attempt; then for the rest of its log */
	struct loop_watch *watch; /* for its log; NULL where that cannot be watched: then it is
				     shown when the other has ended */
	int log_fd, times_fd, notify_fd;
	struct buf times; /* the part of a line that is not whole yet */
	long pid;
	bool is_over;	    /* the claim is ours: what is left of the log is shown, and then */
	struct err failure; /* it goes on, unless waiting has failed */
};

static struct loop *loop_of(const struct follow *follow)
{
	return host_loop(follow->session->host);
}

/* A line of the times that says a mode of the other's terminal. */
static void tell_mode(struct follow *follow, const char *line)
{
	struct session *session = follow->session;
	uint64_t offset;
	char mode[8];

	if (sscanf(line, "m %*18d %18" SCNu64 " %7s", &offset, mode) == 2)
		session_emit(session, (struct event){.type = EVENT_STEP_TERMINAL,
						     .step = session->position,
						     .amount = offset,
						     .onlcr = !strcmp(mode, "onlcr")});
}

/* Tells the modes in the whole lines. */
static void take_lines(struct follow *follow)
{
	struct buf *times = &follow->times;
	char *at = times->data, *end;

	while ((end = memchr(at, '\n', times->len - (size_t)(at - times->data)))) {
		*end = '\0';
		tell_mode(follow, at);
		at = end + 1;
	}
	buf_drop(times, (size_t)(at - times->data));
}

/* Tells the modes that are new in the times: before the output that they are about. */
static void tell_modes(struct follow *follow)
{
	struct buf *times = &follow->times;
	ssize_t length;

	if (follow->times_fd < 0)
		return;
	while ((length = read(follow->times_fd, buf_reserve(times, BLOCK), BLOCK)) > 0) {
		times->len += (size_t)length;
		take_lines(follow);
	}
}

/* Shows the next part of the log; returns whether there may be more. */
static bool show_block(struct follow *follow)
{
	struct session *session = follow->session;
	char bytes[BLOCK];
	ssize_t length = follow->log_fd < 0 ? 0 : read(follow->log_fd, bytes, sizeof bytes);

	tell_modes(follow);
	if (length > 0)
		session_emit(session, (struct event){.type = EVENT_STEP_OUTPUT,
						     .step = session->position,
						     .bytes = bytes,
						     .length = (size_t)length});
	return length == BLOCK;
}

/* All is shown: its result is in the store, or there is none. */
static void finish(struct follow *follow)
{
	struct session *session = follow->session;
	const struct err failure = follow->failure;

	session->followed = follow->pid;
	session_unfollow(session);
	if (failure.code)
		session_stop(session, STOP_ERROR, NULL, &failure);
	else
		session_advance(session);
}

/* A part a turn: a log may be long, and the person must get a word in. Deferred calls are all of one turn. */
static void show_more(void *data)
{
	struct follow *follow = data;

	follow->timer = NULL;
	if (show_block(follow))
		follow->timer = loop_timer(loop_of(follow), 1, show_more, follow);
	else if (follow->is_over)
		finish(follow);
}

/* The claim is ours, however the other has ended. */
static void on_free(void *data, const struct err *err)
{
	struct follow *follow = data;

	follow->is_over = true;
	if (err)
		follow->failure = *err;
	loop_timer_remove(&follow->timer);
	show_more(follow);
}

/* The log has grown. */
static void on_growth(void *data, unsigned events)
{
	struct follow *follow = data;
	char notes[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	(void)events;
	while (read(follow->notify_fd, notes, sizeof notes) > 0)
		;
	loop_timer_remove(&follow->timer);
	show_more(follow);
}

static void watch_log(struct follow *follow)
{
	char path[32];

	follow->notify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", follow->log_fd);
	if (follow->notify_fd >= 0 && inotify_add_watch(follow->notify_fd, path, IN_MODIFY) >= 0)
		follow->watch = loop_watch(loop_of(follow), follow->notify_fd, LOOP_READ, on_growth,
					   follow);
}

/* The other has begun its attempt: tells who it is, and shows what it prints. */
static void begin(struct follow *follow, const char *id)
{
	struct session *session = follow->session;
	AUTO_FREE char *text =
		mem_printf("step %zu is being run by another contractor (process %ld): "
			   "following it",
			   session->position, follow->pid);

	follow->log_fd = store_open_log(host_store(session->host), id);
	follow->times_fd = store_open_times(host_store(session->host), id);
	if (follow->log_fd >= 0)
		watch_log(follow);
	session_emit(session, (struct event){.type = EVENT_STEP_STARTED,
					     .step = session->position,
					     .attempt_id = id});
	session_emit(
		session,
		(struct event){.type = EVENT_STEP_NOTE, .step = session->position, .text = text});
	follow->timer = loop_timer(loop_of(follow), 0, show_more, follow);
}

/* Looks which attempt it is. Between taking the claim and beginning the attempt there is a moment
 * that nothing tells the end of. */
static void look(void *data)
{
	struct follow *follow = data;
	struct session *session = follow->session;
	char id[8];
	int known = claim_holder(host_store(session->host), &session->claim, id, &follow->pid);

	follow->timer = NULL;
	if (known > 0)
		begin(follow, id);
	else if (!known)
		follow->timer = loop_timer(loop_of(follow), LOOK_EVERY_MS, look, follow);
}

void session_unfollow(struct session *session)
{
	struct follow *follow = take_ptr(&session->follow);

	if (!follow)
		return;
	session_place(session, session->position)->status.result = STEP_PENDING;
	loop_timer_remove(&follow->timer);
	loop_watch_remove(&follow->watch);
	worker_free(follow->waiting);
	fd_close(&follow->notify_fd);
	fd_close(&follow->log_fd);
	fd_close(&follow->times_fd);
	buf_release(&follow->times);
	free(follow);
}

struct wait_job {
	const struct claim *claim;
	pid_t parent;
};

static int wait_for_claim(void *data, int socket, struct err *err)
{
	const struct wait_job *wait = data;

	(void)socket;
	return claim_wait(wait->claim, wait->parent, err);
}

/* Waits in a child, since the lock can be waited for only by blocking. */
static int start(struct session *session, struct err *err)
{
	struct follow *follow = mem_new(sizeof *follow);
	const struct worker_callbacks callbacks = {.ended = on_free, .data = follow};
	struct wait_job wait = {&session->claim, getpid()};
	const int keep[] = {session->claim.fd};
	const struct child_job job = {wait_for_claim, &wait, keep, ARRAY_SIZE(keep)};

	*follow =
		(struct follow){.session = session, .log_fd = -1, .times_fd = -1, .notify_fd = -1};
	buf_init(&follow->times);
	if (worker_start(host_loop(session->host), &job, &callbacks, &follow->waiting, err) < 0) {
		free(follow);
		return -1;
	}
	session->follow = follow;
	session_place(session, session->position)->status.result = STEP_RUNNING;
	look(follow);
	return 1;
}

int session_claim(struct session *session, struct err *err)
{
	const char *key = session_step(session, session->position)->key;
	int taken;

	if (!key[0] || claim_is_on(&session->claim, key))
		return 0;
	claim_release(&session->claim);
	taken = claim_take(host_store(session->host), key, &session->claim, err);
	if (taken)
		return taken < 0 ? -1 : 0;
	return start(session, err);
}

void session_tell_unfollowed(struct session *session)
{
	AUTO_FREE char *text = NULL;

	if (!session->followed)
		return;
	text = mem_printf("process %ld has not passed step %zu: running it here", session->followed,
			  session->position);
	session->followed = 0;
	session_emit(
		session,
		(struct event){.type = EVENT_STEP_NOTE, .step = session->position, .text = text});
}
