/* rig.h: what the tests of the sandbox share: a store, a systree of busybox and inside.c, a spec
 * whose steps give the policies, and a host around it that a step must not see.
 *
 * Life cycle: rig_new(); for each test trial_init(), changes to its policy and options, trial_run()
 * or trial_start() and trial_turn..., trial_release(); rig_free().
 * What cannot go wrong unless a test is broken ends the program with a message.
 */
#ifndef TESTS_SANDBOX_RIG_H
#define TESTS_SANDBOX_RIG_H

#include <stdbool.h>

#include "engine/actions/action.h"
#include "engine/base/buf.h"
#include "engine/sandbox/runner.h"
#include "engine/sandbox/seccomp.h"
#include "engine/session/session.h"

/* The steps of the spec that policies are taken from. */
enum rig_step {
	RIG_ROOT,     /* a shell step */
	RIG_USER,     /* the same as uid 1000 */
	RIG_PACKAGES, /* apt */
	RIG_HOST,     /* debootstrap */
	RIG_GIT,
	RIG_STEPS,
};

struct rig {
	char dir[256]; /* of all of it: canary, systree.tar, spec.yaml, store, tree */
	struct loop *loop;
	struct host *host;
	struct spec_options spec_options;
	struct session *session;
	struct state state; /* the systree, and an empty workspace */
	struct strv around; /* NAME=VALUE: what probes are told of the host, see surround.h */
	bool single_id;
	bool joins; /* probes are run in shells that join a step */
};

struct rig *rig_new(void);
void rig_free(struct rig *rig);
/* Ends the program, saying why. */
_Noreturn void rig_give_up(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Packs the directory tree/ into FILE_NAME beside the spec. */
void rig_pack(struct rig *rig, const char *file_name);
/* Runs a spec of these steps to its end in a session of its own; false when one fails, and
 * *ret_message (free with free()) is why. ret_state, if not NULL, is the state at the end. */
bool rig_build(struct rig *rig, const char *steps, struct state *ret_state, char **ret_message);

/* One step run under a policy. */
struct trial {
	struct rig *rig;
	const char *command; /* of the probe; for its mutation */
	struct sandbox_policy policy;
	struct run_options options;
	struct sandbox_bind bind;     /* room for one */
	struct seccomp_cache filters; /* others than the host's, for a test that makes some */
	struct state state;	      /* before it */
	struct attempt_draft draft;
	struct runner *runner;
	struct buf output;
	bool ended, paused;
	struct run_result result;
	int pipe_fds[2]; /* with trial_plain(): of its output */
};

/* Fills trial with what the step has when it is run, and the command: words up to a NULL. */
void trial_init(struct trial *trial, struct rig *rig, enum rig_step step, ...)
	__attribute__((sentinel));
/* Without a terminal: output comes by a pipe. */
void trial_plain(struct trial *trial);
void trial_start(struct trial *trial);
/* Its halves: what needs the store, and the start itself, which a forked child can do. */
void trial_prepare(struct trial *trial);
void trial_launch(struct trial *trial);
/* Starts it in the sandbox of another step, which runs. */
void trial_join(struct trial *trial, struct trial *step);
/* Turns the loop until the output has this text or the step ended; false in the latter case. */
bool trial_wait_output(struct trial *trial, const char *text);
/* Turns the loop for so long. */
void trial_let_pass(struct trial *trial, int64_t ms);
void trial_wait_end(struct trial *trial);
/* All of it: start and wait; returns the exit status, or -1 when it was not that which ended
 * it (trial->result says more). */
int trial_run(struct trial *trial);
void trial_release(struct trial *trial);
/* How it ended, and what it printed, in one text. Free with free(). */
char *trial_describe(const struct trial *trial);

#endif
