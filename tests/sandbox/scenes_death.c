/* What is left of a step when it, or contractor, has ended: nothing. */
#include "tests/sandbox/scenes.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "tests/sandbox/marks.h"

enum {
	ROUNDS = 50,
	ROUND_MAX_MS = 60, /* of which it dies somewhere: longer than setting up takes */
	SETTLE_MS = 300,
	END_MAX_MS = 60000,
	BOMB_MAX = 60,
	BOMBS_MAX = 5,
	BOMB_MS = 50, /* so much longer it goes on */
};

/* A step that leaves a daemon and waits; both have the mark. */
static void start_daemon(struct trial *trial, struct rig *rig, const char *mark)
{
	static const char script[] = "inside leave-daemon $0 && echo left && read line";

	trial_init(trial, rig, RIG_ROOT, "/bin/sh", "-c", script, mark, NULL);
	trial_start(trial);
	trial_wait_output(trial, "left");
}

/* That the mark was seen while the step ran, and is not seen after it. */
static bool judge(struct buf *notes, int during, int after)
{
	buf_add_fmt(notes, "%d processes during the step, %d after it\n", during, after);
	return during >= 2 && after == 0;
}

bool scene_daemons(struct rig *rig, struct buf *notes)
{
	AUTO_FREE char *mark = mark_new();
	struct trial trial;
	int during;

	start_daemon(&trial, rig, mark);
	during = mark_count(mark, NULL);
	runner_write(trial.runner, "\n", 1);
	trial_wait_end(&trial);
	trial_release(&trial);
	return judge(notes, during, mark_count(mark, NULL));
}

static bool kill_with_grace(struct rig *rig, struct buf *notes, int64_t grace_ms)
{
	AUTO_FREE char *mark = mark_new();
	struct trial trial;
	bool was_killed;
	int during;

	start_daemon(&trial, rig, mark);
	during = mark_count(mark, NULL);
	runner_kill(trial.runner, grace_ms);
	trial_wait_end(&trial);
	was_killed = trial.result.end == RUN_KILLED;
	trial_release(&trial);
	return judge(notes, during, mark_count(mark, NULL)) && was_killed;
}

bool scene_kill(struct rig *rig, struct buf *notes)
{
	return kill_with_grace(rig, notes, 0) && kill_with_grace(rig, notes, 100);
}

static void init_bomb(struct trial *trial, struct rig *rig, uint64_t processes, const char *script,
		      const char *mark)
{
	trial_init(trial, rig, RIG_ROOT, "/bin/sh", "-c", script, mark, NULL);
	trial->policy.processes = trial->options.limits.processes = processes;
}

/* The shell's own, `:(){ :|:& };:`, which is lit until a process is refused: that is its failure. Whether it is named. */
static bool light_bomb(struct rig *rig, struct buf *notes, int *ret_left)
{
	AUTO_FREE char *mark = mark_new(), *told = NULL;
	struct trial trial;
	bool was_named;

	init_bomb(&trial, rig, BOMB_MAX, "b() { b | b & }; while :; do b; done", mark);
	trial_run(&trial);
	was_named = trial.result.end == RUN_AT_PROCESSES;
	/* "can't fork", many times. */
	buf_truncate(&trial.output, 0);
	told = trial_describe(&trial);
	trial_release(&trial);
	*ret_left = mark_count(mark, NULL);
	buf_add_fmt(notes, "%s; %d processes after it\n", told, *ret_left);
	return was_named;
}

/* So many others may have been refused a process, and have ended, before anybody could look, that the limit is not
 * named; but not every time. */
bool scene_bomb_at_limit(struct rig *rig, struct buf *notes)
{
	bool was_named = false;
	int left = 0;

	for (int bomb = 0; !was_named && !left && bomb < BOMBS_MAX; bomb++)
		was_named = light_bomb(rig, notes, &left);
	return was_named && !left;
}

/* How far one comes that never ends by itself, when it is killed soon after it has so many processes. */
static int kill_bomb(struct rig *rig, struct buf *notes, uint64_t processes, int enough)
{
	AUTO_FREE char *mark = mark_new();
	int64_t end = loop_now_ms() + END_MAX_MS;
	int during = 0, after;
	struct trial trial;

	init_bomb(&trial, rig, processes, "exec inside fork-bomb $0", mark);
	trial_start(&trial);
	while (during < enough && !trial.ended && loop_now_ms() < end) {
		trial_let_pass(&trial, 10);
		during = mark_count(mark, NULL);
	}
	trial_let_pass(&trial, BOMB_MS);
	during = mark_count(mark, NULL);
	runner_kill(trial.runner, 0);
	trial_wait_end(&trial);
	after = mark_count(mark, NULL);
	buf_add_fmt(notes, "of %llu processes: %d, after it %d\n", (unsigned long long)processes,
		    during, after);
	if (trial.result.end != RUN_KILLED || after)
		during = -1;
	trial_release(&trial);
	return during;
}

/* Some of what is allowed are ours. With a higher limit there are more. */
bool scene_bomb_killed(struct rig *rig, struct buf *notes)
{
	int usual = kill_bomb(rig, notes, BOMB_MAX, BOMB_MAX / 2);

	return usual >= BOMB_MAX / 2 && usual <= BOMB_MAX &&
	       kill_bomb(rig, notes, BOMB_MAX * 2, BOMB_MAX + 1) > BOMB_MAX;
}

/* Reaps all children, those of the dead too, for which this is the subreaper. False when some are
 * still there after END_MAX_MS. */
static bool all_ended(void)
{
	int64_t end = loop_now_ms() + END_MAX_MS;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0) {
		if (pid == 0 && loop_now_ms() > end)
			return false;
		if (pid == 0)
			usleep(1000);
	}
	return errno == ECHILD;
}

/* Another process that keeps what should be contractor's alone: two pipes. */
struct holder {
	int hold[2];  /* until nobody can write to this one */
	int ready[2]; /* this one has a byte when it is there */
};

static _Noreturn void be_holder(const struct holder *holder)
{
	char byte;

	close(holder->hold[1]);
	if (write(holder->ready[1], "", 1) != 1)
		_exit(1);
	_exit(read(holder->hold[0], &byte, 1) < 0);
}

/* In a child: contractor, which runs a step until it is killed. holder, or NULL, has the step's terminal,
 * too. */
static _Noreturn void be_contractor(struct trial *trial, const struct holder *holder)
{
	trial_launch(trial);
	if (holder && !trial_wait_output(trial, "holding"))
		_exit(1);
	if (holder && fork() == 0)
		be_holder(holder);
	for (;;)
		loop_turn(trial->rig->loop, -1);
}

static bool wait_for_mark(const char *mark)
{
	int64_t end = loop_now_ms() + END_MAX_MS;

	while (!mark_count(mark, NULL) && loop_now_ms() < end)
		usleep(1000);
	return mark_count(mark, NULL) > 0;
}

/* One death after so many milliseconds: the verdict, as an exit status. */
static int die_after(struct trial *trial, const char *mark, int delay_ms)
{
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (pid == 0)
		be_contractor(trial, NULL);
	usleep((useconds_t)delay_ms * 1000);
	kill(pid, SIGKILL);
	return all_ended() && !mark_count(mark, NULL) ? 0 : 1;
}

/* The mutation: while another process holds the life-line, the step must live on. */
static int die_with_holder(struct trial *trial, const char *mark, int delay_ms)
{
	struct holder holder;
	bool lives;
	pid_t pid;
	char byte;

	(void)delay_ms;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe(holder.hold) < 0 || pipe(holder.ready) < 0)
		return 1;
	pid = fork();
	if (pid == 0)
		be_contractor(trial, &holder);
	close(holder.ready[1]);
	lives = read(holder.ready[0], &byte, 1) == 1 && wait_for_mark(mark);
	kill(pid, SIGKILL);
	usleep(SETTLE_MS * 1000);
	lives = lives && mark_count(mark, NULL) > 0;
	close(holder.hold[1]);
	return lives && all_ended() && !mark_count(mark, NULL) ? 0 : 1;
}

/* Plays one death in a process of its own, which inherits what is left. */
static int play_death(struct rig *rig, int (*play)(struct trial *, const char *, int), int delay_ms)
{
	AUTO_FREE char *mark = mark_new();
	struct trial trial;
	int status = -1;
	pid_t pid;

	trial_init(&trial, rig, RIG_ROOT, "inside", "hold", mark, NULL);
	trial_prepare(&trial);
	pid = fork();
	if (pid == 0)
		_exit(play(&trial, mark, delay_ms));
	if (pid > 0)
		waitpid(pid, &status, 0);
	trial_release(&trial);
	return status;
}

bool scene_sudden_death(struct rig *rig, struct buf *notes)
{
	unsigned seed = (unsigned)getpid();

	for (int round = 0; round < ROUNDS; round++) {
		int delay_ms = rand_r(&seed) % ROUND_MAX_MS;

		if (play_death(rig, die_after, delay_ms) != 0) {
			buf_add_fmt(notes, "after %d ms something was left\n", delay_ms);
			return false;
		}
	}
	if (play_death(rig, die_with_holder, 0) == 0)
		return true;
	buf_add_str(notes, "the mutation showed nothing\n");
	return false;
}
