/* What a step leaves behind so that whoever comes next should act outside its tree. */
#include "tests/sandbox/scenes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"

/* Where our files go in a systree that has `before` run in it first, and what shows in one after. */
static bool builds(struct rig *rig, struct buf *notes, const char *before, struct state *ret_state)
{
	AUTO_FREE char *message = NULL;
	AUTO_FREE char *steps = mem_printf("  - {action: create-systree, path: systree.tar}\n"
					   "  - {action: empty-workspace}\n"
					   "  - action: shell\n"
					   "    shell: |\n"
					   "      %s\n",
					   before);

	if (rig_build(rig, steps, ret_state, &message))
		return true;
	buf_add_fmt(notes, "%s: %s\n", before, message);
	return false;
}

/* Runs script in the state, with a file of ours as /etc/resolv.conf, or without; what it printed, or
 * why it could not be run. Free with free(). */
static char *show(struct rig *rig, const struct state *state, bool with_file, const char *script)
{
	const struct init_file file = {.name = "etc/resolv.conf", .text = "ours\n"};
	struct trial trial;
	char *text;

	trial_init(&trial, rig, RIG_ROOT, "/bin/sh", "-c", script, NULL);
	state_release(&trial.state);
	state_copy(&trial.state, state);
	trial.options.files = &file;
	trial.options.n_files = with_file;
	trial_run(&trial);
	text = mem_strdup(trial.result.end == RUN_FAILED ? trial.result.err.text
							 : trial.output.data);
	trial_release(&trial);
	return text;
}

static bool shows(struct rig *rig, struct buf *notes, const struct state *state, bool with_file,
		  const char *expected)
{
	static const char look[] = "cat /etc/resolv.conf /data/file";
	AUTO_FREE char *found = show(rig, state, with_file, look);

	buf_add_fmt(notes, "%s our file: %s\n", with_file ? "with" : "without", found);
	return strstr(found, expected) != NULL;
}

/* A link where a file of ours is to be: it is covered, not followed. Without ours it is followed. */
bool scene_link_below_our_file(struct rig *rig, struct buf *notes)
{
	struct state state;
	bool passed;

	if (!builds(rig, notes, "ln -s ../data/file /etc/resolv.conf", &state))
		return false;
	passed = shows(rig, notes, &state, true, "ours\nlower\n") &&
		 shows(rig, notes, &state, false, "lower\nlower\n");
	state_release(&state);
	return passed;
}

/* A link above it: that is refused. */
bool scene_link_above_our_file(struct rig *rig, struct buf *notes)
{
	struct state state;
	bool passed;

	if (!builds(rig, notes, "mv /etc /old && ln -s data /etc", &state))
		return false;
	passed = shows(rig, notes, &state, true, "/etc of the systree is not a directory") &&
		 !shows(rig, notes, &state, false, "is not a directory");
	state_release(&state);
	return passed;
}

/* A step that puts something else in the place of our file: that stays, and what it leads to too. */
bool scene_our_file_replaced(struct rig *rig, struct buf *notes)
{
	static const char *const scripts[] = {
		"rm /etc/resolv.conf && ln -s ../data/file /etc/resolv.conf",
		"mv /etc /old && ln -s data /etc && echo kept >/data/resolv.conf",
		"rm /etc/resolv.conf && mkdir -p /etc/resolv.conf/full",
	};
	bool passed = true;

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		AUTO_FREE char *found = show(rig, &rig->state, true, scripts[i]);
		AUTO_FREE char *after = show(rig, &rig->state, false, "cat /data/file");

		buf_add_fmt(notes, "%s: %s; after it: %s\n", scripts[i], found, after);
		passed &= !*found && strstr(after, "lower");
	}
	return passed;
}

/* Whether the working directory is refused, for this reason. */
static bool is_refused(struct rig *rig, struct buf *notes, const char *workdir, bool close_them,
		       const char *reason)
{
	AUTO_FREE char *told = NULL;
	struct trial trial;
	bool passed;

	trial_init(&trial, rig, RIG_ROOT, "/bin/sh", "-c", "pwd", NULL);
	trial.policy.workdir = workdir;
	trial.policy.close_descriptors = close_them;
	trial_run(&trial);
	told = trial_describe(&trial);
	buf_add_fmt(notes, "%s: %s\n", workdir, told);
	passed = trial.result.end == RUN_FAILED && strstr(told, reason);
	trial_release(&trial);
	return passed;
}

/* None of the descriptors that set the sandbox up, and nobody else's directory. The mutation is a working
 * directory inside, by a name of the same kind. */
bool scene_workdirs(struct rig *rig, struct buf *notes)
{
	struct trial trial;
	bool passed = true;
	int status;

	for (int fd = 3; fd < 20 && passed; fd++) {
		AUTO_FREE char *name = mem_printf("/proc/self/fd/%d", fd);

		passed = is_refused(rig, notes, name, true, "cannot enter workdir");
	}
	passed = passed && is_refused(rig, notes, "/proc/1/root", true, "cannot enter workdir") &&
		 is_refused(rig, notes, "/proc/1/cwd", true, "cannot enter workdir");
	trial_init(&trial, rig, RIG_ROOT, "/bin/sh", "-c", "[ $PWD = / ]", NULL);
	trial.policy.workdir = "/proc/self/cwd";
	status = trial_run(&trial);
	trial_release(&trial);
	return passed && status == 0;
}

/* A deep tree that nobody may enter, in all that a step can write to; the draft is gone with it. The
 * mutation is a look while it is there. */
bool scene_deep_trees(struct rig *rig, struct buf *notes)
{
	static const char script[] = "mkdir /tmp/deep deep; "
				     "inside dig /tmp/deep 3000; inside dig deep 3000; "
				     "chmod 0 /tmp/deep deep; echo dug; read line; exit 1";
	AUTO_FREE char *path = NULL;
	struct trial trial;
	bool was_there;

	trial_init(&trial, rig, RIG_ROOT, "/bin/sh", "-c", script, NULL);
	trial.policy.tmp_from_fd = true;
	trial_start(&trial);
	trial_wait_output(&trial, "dug");
	path = mem_printf("%s/store/tmp/%s", rig->dir, trial.draft.dir);
	was_there = access(path, F_OK) == 0;
	runner_write(trial.runner, "\n", 1);
	trial_wait_end(&trial);
	trial_release(&trial);
	buf_add_fmt(notes, "%s: %s before, %s after\n", path, was_there ? "there" : "not there",
		    access(path, F_OK) == 0 ? "there" : "gone");
	return was_there && access(path, F_OK) < 0 && errno == ENOENT;
}
