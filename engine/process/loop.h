/* loop.h: one poll(2) for everything the program waits for.
 *
 * Life cycle: loop_new(); add watches, timers and children, whose callbacks run inside
 * loop_run(); loop_stop() from a callback ends it; loop_free().
 *
 * One turn: poll, urgent watches (the keyboard) first, signals, other descriptors, children
 * that ended, timers, deferred calls, and last the before-sleep hook. Deferred calls are the place
 * for state changes and for freeing: no watch, timer or child may be freed while its own callback
 * runs, except through loop_defer(). Removing one (…_remove) is always allowed.
 */
#ifndef ENGINE_PROCESS_LOOP_H
#define ENGINE_PROCESS_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct loop;
struct loop_watch;
struct loop_timer;
struct loop_child;

struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t loop_now_ms(void);

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_URGENT = 4 };

/* Calls back with the events (LOOP_READ, LOOP_WRITE) that fd is ready for; end-of-file and errors
 * count as readable. The descriptor stays the caller's and must outlive the watch. */
struct loop_watch *loop_watch(struct loop *loop, int fd, unsigned events,
			      void (*ready)(void *data, unsigned events), void *data);
/* Changes what is waited for; 0 suspends it. */
void loop_watch_set(struct loop_watch *watch, unsigned events);
/* Ends it; *watch becomes NULL; NULL is fine. */
void loop_watch_remove(struct loop_watch **watch);

/* Calls back once after delay_ms; the timer is gone by then. */
struct loop_timer *loop_timer(struct loop *loop, int64_t delay_ms, void (*due)(void *data),
			      void *data);
void loop_timer_remove(struct loop_timer **timer);

/* Calls back when a child process of this process has ended, with its wait(2) status and
 * resource use, and reaps it. NULL with errno when there is no descriptor for it. */
struct loop_child *loop_child(struct loop *loop, pid_t pid,
			      void (*ended)(void *data, int status, const struct rusage *usage),
			      void *data);
/* Sends a signal; never to another process that got the number later. */
int loop_child_kill(struct loop_child *child, int signal_number);
/* Forgets the child: it is reaped when it ends, without a call. */
void loop_child_forget(struct loop_child **child);

/* Calls function(data) later in this turn, in the order of the calls. */
void loop_defer(struct loop *loop, void (*function)(void *data), void *data);
/* Drops the deferred calls with this data. */
void loop_defer_cancel(struct loop *loop, const void *data);

/* Called at the end of every turn, before it sleeps; one only; NULL removes it. */
void loop_before_sleep(struct loop *loop, void (*hook)(void *data), void *data);

/* Blocks these signals in the process and calls back for each that comes. Once a loop. The
 * mask of before is put back by loop_free(). */
int loop_signals(struct loop *loop, const int *signals, size_t count,
		 void (*received)(void *data, int signal_number), void *data);

/* Runs turns until loop_stop(). Returns what loop_stop was given. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int result);
/* One turn that waits at most timeout_ms (-1: until something happens). */
void loop_turn(struct loop *loop, int timeout_ms);

#endif
