#include "engine/process/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/mem.h"

struct loop_watch {
	struct loop *loop;
	int fd;
	unsigned events;
	void (*ready)(void *data, unsigned events);
	void *data;
	bool removed;
	unsigned seen; /* what the last poll said */
};

struct loop_timer {
	struct loop *loop;
	int64_t due_ms;
	void (*due)(void *data);
	void *data;
};

struct loop_child {
	struct loop *loop;
	pid_t pid;
	int pidfd;
	struct loop_watch *watch;
	void (*ended)(void *data, int status, const struct rusage *usage);
	void *data;
};

struct deferred {
	void (*function)(void *data);
	void *data;
};

struct loop {
	struct loop_watch **watches;
	size_t n_watches, watches_capacity;
	struct loop_timer **timers;
	size_t n_timers, timers_capacity;
	struct deferred *deferred;
	size_t n_deferred, deferred_capacity;
	struct pollfd *polled;
	size_t polled_capacity;
	void (*before_sleep)(void *data);
	void *before_sleep_data;
	int signal_fd;
	sigset_t old_mask;
	struct loop_watch *signal_watch;
	void (*received)(void *data, int signal_number);
	void *received_data;
	bool stopped;
	int result;
};

struct loop *loop_new(void)
{
	struct loop *loop = mem_new(sizeof *loop);

	loop->signal_fd = -1;
	return loop;
}

/* Frees the watches that were removed since. */
static void sweep(struct loop *loop)
{
	size_t kept = 0;

	for (size_t i = 0; i < loop->n_watches; i++) {
		if (loop->watches[i]->removed)
			free(loop->watches[i]);
		else
			loop->watches[kept++] = loop->watches[i];
	}
	loop->n_watches = kept;
}

static void child_ready(void *data, unsigned events);

/* Frees a watch, and the child that it was for. */
static void free_watch(struct loop_watch *watch)
{
	if (watch->ready == child_ready && !watch->removed) {
		struct loop_child *child = watch->data;

		fd_close(&child->pidfd);
		free(child);
	}
	free(watch);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	loop_watch_remove(&loop->signal_watch);
	if (loop->signal_fd >= 0)
		sigprocmask(SIG_SETMASK, &loop->old_mask, NULL);
	fd_close(&loop->signal_fd);
	for (size_t i = 0; i < loop->n_watches; i++)
		free_watch(loop->watches[i]);
	for (size_t i = 0; i < loop->n_timers; i++)
		free(loop->timers[i]);
	free(loop->watches);
	free(loop->timers);
	free(loop->deferred);
	free(loop->polled);
	free(loop);
}

int64_t loop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct loop_watch *loop_watch(struct loop *loop, int fd, unsigned events,
			      void (*ready)(void *data, unsigned events), void *data)
{
	struct loop_watch *watch = mem_new(sizeof *watch);

	*watch = (struct loop_watch){
		.loop = loop, .fd = fd, .events = events, .ready = ready, .data = data};
	loop->watches = mem_grow(loop->watches, loop->n_watches, &loop->watches_capacity,
				 sizeof(*loop->watches));
	loop->watches[loop->n_watches++] = watch;
	return watch;
}

void loop_watch_set(struct loop_watch *watch, unsigned events)
{
	watch->events = events;
}

void loop_watch_remove(struct loop_watch **watch)
{
	if (*watch)
		(*watch)->removed = true;
	*watch = NULL;
}

struct loop_timer *loop_timer(struct loop *loop, int64_t delay_ms, void (*due)(void *data),
			      void *data)
{
	struct loop_timer *timer = mem_new(sizeof *timer);

	*timer = (struct loop_timer){
		.loop = loop, .due_ms = loop_now_ms() + delay_ms, .due = due, .data = data};
	loop->timers = mem_grow(loop->timers, loop->n_timers, &loop->timers_capacity,
				sizeof(*loop->timers));
	loop->timers[loop->n_timers++] = timer;
	return timer;
}

void loop_timer_remove(struct loop_timer **timer)
{
	struct loop *loop;

	if (!*timer)
		return;
	loop = (*timer)->loop;
	for (size_t i = 0; i < loop->n_timers; i++) {
		if (loop->timers[i] == *timer) {
			loop->timers[i] = loop->timers[--loop->n_timers];
			break;
		}
	}
	free(*timer);
	*timer = NULL;
}

/* The child of a fired pidfd is reaped and its owner told. */
static void child_ready(void *data, unsigned events)
{
	struct loop_child *child = data;
	struct rusage usage;
	int status;

	(void)events;
	if (wait4(child->pid, &status, WNOHANG, &usage) != child->pid)
		return;
	loop_watch_remove(&child->watch);
	fd_close(&child->pidfd);
	if (child->ended)
		child->ended(child->data, status, &usage);
	free(child);
}

struct loop_child *loop_child(struct loop *loop, pid_t pid,
			      void (*ended)(void *data, int status, const struct rusage *usage),
			      void *data)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct loop_child *child;

	if (pidfd < 0)
		return NULL;
	child = mem_new(sizeof *child);
	*child = (struct loop_child){
		.loop = loop, .pid = pid, .pidfd = pidfd, .ended = ended, .data = data};
	child->watch = loop_watch(loop, pidfd, LOOP_READ, child_ready, child);
	return child;
}

int loop_child_kill(struct loop_child *child, int signal_number)
{
	return (int)syscall(SYS_pidfd_send_signal, child->pidfd, signal_number, NULL, 0);
}

void loop_child_forget(struct loop_child **child)
{
	if (*child)
		(*child)->ended = NULL;
	*child = NULL;
}

void loop_defer(struct loop *loop, void (*function)(void *data), void *data)
{
	loop->deferred = mem_grow(loop->deferred, loop->n_deferred, &loop->deferred_capacity,
				  sizeof *loop->deferred);
	loop->deferred[loop->n_deferred++] = (struct deferred){function, data};
}

void loop_defer_cancel(struct loop *loop, const void *data)
{
	for (size_t i = 0; i < loop->n_deferred; i++) {
		if (loop->deferred[i].data == data)
			loop->deferred[i].function = NULL;
	}
}

void loop_before_sleep(struct loop *loop, void (*hook)(void *data), void *data)
{
	loop->before_sleep = hook;
	loop->before_sleep_data = data;
}

static void signals_ready(void *data, unsigned events)
{
	struct loop *loop = data;
	struct signalfd_siginfo info;

	(void)events;
	while (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
		loop->received(loop->received_data, (int)info.ssi_signo);
}

int loop_signals(struct loop *loop, const int *signals, size_t count,
		 void (*received)(void *data, int signal_number), void *data)
{
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < count; i++)
		sigaddset(&mask, signals[i]);
	sigprocmask(SIG_BLOCK, &mask, &loop->old_mask);
	loop->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0) {
		sigprocmask(SIG_SETMASK, &loop->old_mask, NULL);
		return -1;
	}
	loop->received = received;
	loop->received_data = data;
	loop->signal_watch = loop_watch(loop, loop->signal_fd, LOOP_READ, signals_ready, loop);
	return 0;
}

/* How long poll may sleep: not beyond the next timer. */
static int sleep_ms(const struct loop *loop, int timeout_ms)
{
	int64_t least = timeout_ms < 0 ? INT_MAX : timeout_ms, now = loop_now_ms();

	if (loop->n_deferred || loop->stopped)
		return 0;
	for (size_t i = 0; i < loop->n_timers; i++) {
		int64_t left = loop->timers[i]->due_ms - now;

		if (left < least)
			least = left > 0 ? left : 0;
	}
	return least == INT_MAX ? -1 : (int)least;
}

static short poll_events(unsigned events)
{
	return (short)((events & LOOP_READ ? POLLIN : 0) | (events & LOOP_WRITE ? POLLOUT : 0));
}

static unsigned loop_events(short revents)
{
	unsigned events = 0;

	if (revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL))
		events |= LOOP_READ;
	if (revents & (POLLOUT | POLLERR))
		events |= LOOP_WRITE;
	return events;
}

/* Polls once and notes in each watch what it saw. A suspended watch is not polled at all. */
static void poll_watches(struct loop *loop, int timeout_ms)
{
	size_t count = loop->n_watches;

	if (count > loop->polled_capacity) {
		loop->polled_capacity = count * 2;
		loop->polled = mem_resize(loop->polled, count * 2, sizeof *loop->polled);
	}
	for (size_t i = 0; i < count; i++) {
		short events = poll_events(loop->watches[i]->events);

		loop->polled[i] =
			(struct pollfd){.fd = events ? loop->watches[i]->fd : -1, .events = events};
	}
	if (poll(loop->polled, count, sleep_ms(loop, timeout_ms)) < 0)
		count = 0;
	for (size_t i = 0; i < loop->n_watches; i++)
		loop->watches[i]->seen = i < count ? loop_events(loop->polled[i].revents) : 0;
}

/* The parts of a turn that watches are called in. */
enum rank { RANK_URGENT, RANK_SIGNALS, RANK_OTHER, RANK_CHILDREN, RANK_COUNT };

static enum rank rank_of(const struct loop_watch *watch)
{
	if (watch->ready == signals_ready)
		return RANK_SIGNALS;
	if (watch->ready == child_ready)
		return RANK_CHILDREN;
	return watch->events & LOOP_URGENT ? RANK_URGENT : RANK_OTHER;
}

/* Calls the watches of one part that the last poll found ready. */
static void call_watches(struct loop *loop, size_t count, enum rank rank)
{
	for (size_t i = 0; i < count; i++) {
		struct loop_watch *watch = loop->watches[i];
		unsigned events = watch->seen & watch->events;

		if (watch->removed || !events || rank_of(watch) != rank)
			continue;
		/* Once a turn, also when the callback makes it a watch of a later part. */
		watch->seen = 0;
		watch->ready(watch->data, events);
	}
}

/* Calls the timers that are due, each once, the earliest first. */
static void call_timers(struct loop *loop)
{
	int64_t now = loop_now_ms();

	for (;;) {
		struct loop_timer *next = NULL;
		struct loop_timer timer;

		for (size_t i = 0; i < loop->n_timers; i++) {
			/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): removed are no more in it */
			if (loop->timers[i]->due_ms <= now &&
			    (!next || loop->timers[i]->due_ms < next->due_ms))
				next = loop->timers[i];
		}
		if (!next)
			return;
		timer = *next;
		loop_timer_remove(&next);
		timer.due(timer.data);
	}
}

static void call_deferred(struct loop *loop)
{
	for (size_t i = 0; i < loop->n_deferred; i++) {
		struct deferred call = loop->deferred[i];

		if (call.function)
			call.function(call.data);
	}
	loop->n_deferred = 0;
}

void loop_turn(struct loop *loop, int timeout_ms)
{
	size_t count = loop->n_watches;

	poll_watches(loop, timeout_ms);
	for (enum rank rank = 0; rank < RANK_COUNT; rank++)
		call_watches(loop, count, rank);
	call_timers(loop);
	call_deferred(loop);
	sweep(loop);
	if (loop->before_sleep)
		loop->before_sleep(loop->before_sleep_data);
}

int loop_run(struct loop *loop)
{
	loop->stopped = false;
	while (!loop->stopped)
		loop_turn(loop, -1);
	return loop->result;
}

void loop_stop(struct loop *loop, int result)
{
	loop->stopped = true;
	loop->result = result;
}
