/* init_internal.h: the parts of init.c, which only init uses. */
#ifndef ENGINE_SANDBOX_INIT_INTERNAL_H
#define ENGINE_SANDBOX_INIT_INTERNAL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "engine/base/err.h"
#include "engine/sandbox/init.h"
#include "engine/store/overlay.h"

struct init_addition;

/* What init remembers of trees that it copied, since no overlay could be mounted. */
struct init_copies {
	bool made[TREE_COUNT];		/* DRAFT/layer/TREE is a copy of the whole tree */
	struct timespec at[TREE_COUNT]; /* what changed later was changed by the step */
	/* What was put into the systree, and is not the step's. */
	struct init_addition *additions;
	size_t count, capacity;
};

/* init_copy.c: the tree of the overlay (its upper directory is not looked at), copied into the
 * directory path, which is made if need be, and mounted on target. */
int init_copy_overlay(const struct overlay *overlay, const char *path, const char *target,
		      struct err *err);
/* The same for a tree of the plan that is to be written; the systree gets what `over` and `under`
 * would show. */
int init_copy_tree(const struct init_plan *plan, enum tree tree, const struct overlay *overlay,
		   struct init_copies *copies, struct err *err);
/* Whether the step changed anything in a copy: 1, 0, or -1. Opening a file for writing is a change to
 * an overlay, and none here. */
int init_copy_changed(const struct init_plan *plan, enum tree tree,
		      const struct init_copies *copies, struct err *err);

/* init_additions.c: makes the missing directories of `under` in the systree root_fd, and puts the plan's
 * files in the place of what is there, which is kept in the directory aside_fd. */
int init_add_to_systree(const struct init_plan *plan, int root_fd, int aside_fd,
			struct init_copies *copies, struct err *err);
/* Takes out again what the step has left as it was, and brings back what was there. */
int init_take_from_systree(int root_fd, int aside_fd, const struct init_copies *copies,
			   struct err *err);

/* init_plan.c: waits for what init_plan_send() sends, and adds it to what is known of the plan.
 * Returns 1, 0 when contractor is gone, or -1. What the plan points to is never freed. */
int init_plan_receive(int socket, struct init_plan *plan, struct err *err);
/* Closes the descriptors of a plan. */
void init_plan_close(struct init_plan *plan);

/* init_trees.c: mounts INIT_DIR with its directories, and /proc of the pid namespace on
 * INIT_DIR/proc. */
int init_mount_scaffold(struct err *err);
/* Mounts the trees on INIT_DIR/systree and INIT_DIR/workspace. */
int init_mount_trees(const struct init_plan *plan, struct init_copies *copies, struct err *err);
/* When no process is left that could write: removes the work directories and what says nothing,
 * and fills in changed, whole and tmp_kept. failed: the step did not pass, so its /tmp is kept. The trees
 * stay mounted until init ends and its mount namespace with it: each unmounting by itself would
 * wait for all processors (synchronize_rcu). */
int init_finish_trees(const struct init_plan *plan, const struct init_copies *copies, bool failed,
		      struct init_result *result, struct err *err);
/* Fails with ERR_STEP when one of plan->outputs does not exist in the workspace. */
int init_check_outputs(const struct init_plan *plan, struct err *err);
/* Directories that every systree has while a step runs. */
struct init_mount_point {
	const char *name;
	mode_t mode;
};
enum { INIT_MOUNT_POINTS = 5 };
extern const struct init_mount_point init_mount_points[INIT_MOUNT_POINTS];
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

/* init_stack.c: the program of a step's network stack, a child of init. */
struct init_stack {
	enum stack stack;
	pid_t pid;   /* 0: none */
	int said_fd; /* its standard error, to be read, or -1 */
};
/* Starts the program, enters the network namespace, and waits until it has an interface. */
int init_start_stack(struct init_stack *stack, int socket, struct err *err);
/* The last line that the program has said, safe to show. Free with free(). */
char *init_stack_said(const struct init_stack *stack);

/* init_main.c: what the first process of a step is made of. */
struct init_main {
	const struct init_plan *plan;
	int inner_fd; /* the inner user namespace, or -1 */
	int socket;
	bool in_group; /* of which the kernel limits the memory */
};
/* In a child of init: becomes bwrap, or the worker; says on the socket what went wrong. */
_Noreturn void init_be_main(struct init_main *first);
/* In another: becomes the launcher with these arguments. */
_Noreturn void init_be_joiner(struct init_main *joiner, char **argv);

/* init_join.c: the shells that joined the step; main_pid, stack_pid and inner_fd are init's. */
enum { INIT_SHELLS_MAX = 16 };
struct init_shells {
	pid_t main_pid;
	pid_t stack_pid; /* what carries packets for the step and the shells; 0: nothing */
	int inner_fd;
	bool in_group; /* the step, and so they */
	struct init_shell {
		pid_t pid;  /* what waits for it, here */
		int socket; /* to who follows it; -1: nobody does any more */
		bool is_dying;
	} items[INIT_SHELLS_MAX];
	size_t len;
	int waiting[INIT_SHELLS_MAX]; /* sockets of those that are to be started */
	size_t n_waiting;
};
/* One is to be started by what was sent over its socket, which is taken over; an error is said there. */
void init_join(struct init_shells *shells, int socket);
/* Starts those that wait, when the step's sandbox is complete; returns whether any still wait. */
bool init_shells_start(struct init_shells *shells);
/* Reports the end of the shell whose process that was, if it was one. */
void init_shell_ended(struct init_shells *shells, pid_t pid, int status);
/* Fills in what to wait for; returns how much. Then carries out what came. */
size_t init_shells_poll(const struct init_shells *shells, struct pollfd *ret_polled);
void init_shells_obey(struct init_shells *shells, const struct pollfd *polled);
/* Kills those that are to end, what was started meanwhile in the next round; returns whether there are
 * any. */
bool init_shells_kill(const struct init_shells *shells);

#endif
