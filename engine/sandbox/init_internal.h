/* init_internal.h: the parts of init.c, which only init uses. */
#ifndef ENGINE_SANDBOX_INIT_INTERNAL_H
#define ENGINE_SANDBOX_INIT_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/err.h"
#include "engine/sandbox/init.h"

/* init_plan.c: waits for what init_plan_send() sends, and adds it to what is known of the plan.
 * Returns 1, 0 when contractor is gone, or -1. What the plan points to is never freed. */
int init_plan_receive(int socket, struct init_plan *plan, struct err *err);

/* init_trees.c: mounts INIT_DIR with its directories, and /proc of the pid namespace on
 * INIT_DIR/proc. */
int init_mount_scaffold(struct err *err);
/* Mounts the trees on INIT_DIR/systree and INIT_DIR/workspace. */
int init_mount_trees(const struct init_plan *plan, struct err *err);
/* When no process is left that could write: removes the work directories and what says nothing,
 * and fills in changed and tmp_kept. failed: the step did not pass, so its /tmp is kept. The trees
 * stay mounted until init ends and its mount namespace with it: each unmounting by itself would
 * wait for all processors (synchronize_rcu). */
int init_finish_trees(const struct init_plan *plan, bool failed, struct init_result *result,
		      struct err *err);
/* Fails with ERR_STEP when one of plan->outputs does not exist in the workspace. */
int init_check_outputs(const struct init_plan *plan, struct err *err);
/* "INIT_DIR/systree" or "INIT_DIR/workspace". */
const char *init_tree_path(enum tree tree);
/* The directory that becomes the step's /tmp. Free with free(). */
char *init_tmp_path(const struct init_plan *plan);

/* init_userns.c: a new user namespace below the outer one, with the same ids, in which no further
 * user namespace can be made and all ids together have at most `processes` processes. */
int init_make_inner_userns(const struct init_plan *plan, int *ret_fd, struct err *err);

/* init_network.c: enters a new network namespace with nothing but loopback, where any port may be
 * listened on. */
int init_cut_network(struct err *err);

/* init_main.c: what the first process of a step is made of. */
struct init_main {
	const struct init_plan *plan;
	int inner_fd; /* the inner user namespace, or -1 */
	int socket;
};
/* In a child of init: becomes bwrap, or the worker; says on the socket what went wrong. */
_Noreturn void init_be_main(struct init_main *first);

/* init_processes.c: what runs in the pid namespace, by INIT_DIR/proc. */
/* Sends a signal to the step's own processes, leaving bwrap alone. */
void init_signal_step(int signal_number);
/* Whether every process but init is stopped, in uninterruptible sleep, or dead. */
bool init_all_stopped(void);
/* Resident memory of all processes in bytes; pages that processes share are counted once
 * (shared file and shared memory pages are left out). */
uint64_t init_resident_bytes(void);
/* Kills everything but init and reaps it, adding up resource use. *status is changed when
 * main_pid is among it. */
void init_kill_all(pid_t main_pid, int *status);

#endif
