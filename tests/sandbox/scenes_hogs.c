/* Steps that take up memory, space on the disk and processes in ways that are not seen at once. */
#include "tests/sandbox/scenes.h"

#include <stdlib.h>
#include <unistd.h>

#include "engine/base/mem.h"

#define MIB (UINT64_C(1) << 20)

/* How long inside keeps what it has taken: until that is noticed, or longer than that would usually take. */
#define UNTIL_NOTICED_MS "60000"
#define USUALLY_MS "400"

/* A step that has to end so within these limits, and by itself without them; or, if it ends by itself
 * within them, otherwise with the lower ones. */
struct hog {
	const char *command;
	enum rig_step step; /* RIG_ROOT or RIG_USER */
	struct run_limits limits;
	enum run_end end;
	struct run_limits lower;
	enum run_end lower_end;
};

#define MEMORY(MEGABYTES)                       \
	{                                       \
		.memory_bytes = (MEGABYTES)*MIB \
	}
#define DISK(BYTES)                   \
	{                             \
		.disk_bytes = (BYTES) \
	}

static const struct hog memory_hogs[] = {
	{"inside in-memfd 120", RIG_USER, MEMORY(40), RUN_OVER_MEMORY, {0}, RUN_EXITED},
	{"inside shared 120", RIG_ROOT, MEMORY(40), RUN_OVER_MEMORY, {0}, RUN_EXITED},
	{"inside in-file 60 /dev/shm/a", RIG_USER, MEMORY(40), RUN_OVER_MEMORY, {0}, RUN_EXITED},
	{"inside in-file 30 /run/a & inside in-file 30 /dev/shm/a; wait",
	 RIG_ROOT,
	 MEMORY(40),
	 RUN_OVER_MEMORY,
	 {0},
	 RUN_EXITED},
	{"inside in-segments 120", RIG_ROOT, MEMORY(40), RUN_OVER_MEMORY, {0}, RUN_EXITED},
	{"inside without-leader 120", RIG_USER, MEMORY(40), RUN_OVER_MEMORY, {0}, RUN_EXITED},
	{"inside in-threads-memfd 120", RIG_ROOT, MEMORY(40), RUN_OVER_MEMORY, {0}, RUN_EXITED},
	{"inside behind-many 400 20", RIG_ROOT, MEMORY(40), RUN_OVER_MEMORY, {0}, RUN_EXITED},
	{"inside handed-on 80 300", RIG_USER, MEMORY(40), RUN_OVER_MEMORY, {0}, RUN_EXITED},
};

/* What several processes share counts once; and pages of the disk's files are not the step's. */
static const struct hog memory_sharers[] = {
	{"inside forked 40", RIG_ROOT, MEMORY(80), RUN_EXITED, MEMORY(20), RUN_OVER_MEMORY},
	{"inside forked-often 40 60", RIG_USER, MEMORY(60), RUN_EXITED, MEMORY(20),
	 RUN_OVER_MEMORY},
	{"inside vforked 40", RIG_USER, MEMORY(60), RUN_EXITED, MEMORY(20), RUN_OVER_MEMORY},
	{"inside shared 40", RIG_USER, MEMORY(80), RUN_EXITED, MEMORY(20), RUN_OVER_MEMORY},
	{"head -c 50000000 /dev/zero >a; cat a a >/dev/null; inside forked 5", RIG_ROOT, MEMORY(20),
	 RUN_EXITED, MEMORY(2), RUN_OVER_MEMORY},
};

static const struct hog disk_hogs[] = {
	{"inside in-file 60 a", RIG_ROOT, DISK(20 * MIB), RUN_OVER_DISK, {0}, RUN_EXITED},
	{"inside in-file 60 /tmp/a", RIG_USER, DISK(20 * MIB), RUN_OVER_DISK, {0}, RUN_EXITED},
	{"inside in-file 60 /a", RIG_ROOT, DISK(20 * MIB), RUN_OVER_DISK, {0}, RUN_EXITED},
	{"cd /tmp; inside in-unnamed 60", RIG_USER, DISK(20 * MIB), RUN_OVER_DISK, {0}, RUN_EXITED},
	{"inside in-unnamed 60", RIG_ROOT, DISK(20 * MIB), RUN_OVER_DISK, {0}, RUN_EXITED},
	{"inside in-the-deep 60", RIG_ROOT, DISK(20 * MIB), RUN_OVER_DISK, {0}, RUN_EXITED},
	{"inside names 1500", RIG_ROOT, DISK(MIB), RUN_OVER_DISK, {0}, RUN_EXITED},
	/* Seen only when it has ended. */
	{"head -c 3000000 /dev/zero >a", RIG_ROOT, DISK(2 * MIB), RUN_OVER_DISK, {0}, RUN_EXITED},
};

/* Holes; what is gone again, and what is memory. */
static const struct hog disk_savers[] = {
	{"inside hole 1000", RIG_ROOT, DISK(MIB), RUN_EXITED, DISK(512), RUN_OVER_DISK},
	{"for i in 1 2 3; do head -c 9000000 /dev/zero >a; rm a; done; >b; "
	 "inside in-file 20 /run/a",
	 RIG_ROOT, DISK(10 * MIB), RUN_EXITED, DISK(512), RUN_OVER_DISK},
};

/* The second goes on after the signal, and fails by a status of its own. */
static const struct hog large_files[] = {
	{"inside in-file 3 a", RIG_ROOT, {.file_bytes = MIB}, RUN_AT_FILE_SIZE, {0}, RUN_EXITED},
	{"trap '' XFSZ; head -c 3000000 /dev/zero >/tmp/a",
	 RIG_USER,
	 {.file_bytes = MIB},
	 RUN_AT_FILE_SIZE,
	 {0},
	 RUN_EXITED},
	{"inside write a 999424",
	 RIG_ROOT,
	 {.file_bytes = MIB},
	 RUN_EXITED,
	 {.file_bytes = MIB / 2},
	 RUN_AT_FILE_SIZE},
};

/* At its end; and only on the way there. */
static const struct hog crowds[] = {
	{"for i in $(seq 60); do sleep 1000 & done; exit 0",
	 RIG_USER,
	 {.processes = 40},
	 RUN_AT_PROCESSES,
	 {0},
	 RUN_EXITED},
	{"mkfifo p; sh -c 'for i in $(seq 60); do cat p & done' || { sleep 2; : >p; sleep 1; exit "
	 "1; }",
	 RIG_ROOT,
	 {.processes = 40},
	 RUN_AT_PROCESSES,
	 {0},
	 RUN_EXITED},
};

/* Whether the draft of the trial, whatever is in it, is gone from the store. */
static bool is_removed(struct trial *trial)
{
	AUTO_FREE char *path = mem_printf("%s/store/tmp/%s", trial->rig->dir, trial->draft.dir);

	trial_release(trial);
	return access(path, F_OK) < 0;
}

/* Whether a step that ends so is ended from outside, as soon as it is noticed. */
static bool is_stopped(enum run_end end)
{
	return end == RUN_OVER_MEMORY || end == RUN_OVER_DISK;
}

static bool ends(struct rig *rig, struct buf *notes, const struct hog *hog,
		 const struct run_limits *limits, enum run_end end)
{
	AUTO_FREE char *told = NULL;
	struct trial trial;
	bool passed;

	trial_init(&trial, rig, hog->step, "/bin/sh", "-c", hog->command, NULL);
	strv_setenv(&trial.policy.environment, "HOLD_MS",
		    is_stopped(end) ? UNTIL_NOTICED_MS : USUALLY_MS);
	trial.options.limits = *limits;
	trial.policy.processes = limits->processes;
	trial.policy.file_size = limits->file_bytes;
	trial_run(&trial);
	told = trial_describe(&trial);
	passed = trial.result.end == end && (end != RUN_EXITED || !trial.result.exit_status);
	passed &= is_removed(&trial);
	if (!passed)
		buf_add_fmt(notes, "%s: %s\n", hog->command, told);
	return passed;
}

static bool play(struct rig *rig, struct buf *notes, const struct hog *hogs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct hog *hog = &hogs[i];

		if (hog->step == RIG_USER && rig->single_id)
			continue;
		if (!ends(rig, notes, hog, &hog->limits, hog->end) ||
		    !ends(rig, notes, hog, &hog->lower, hog->lower_end))
			return false;
	}
	return true;
}

bool scene_memory_hogs(struct rig *rig, struct buf *notes)
{
	return play(rig, notes, memory_hogs, ARRAY_SIZE(memory_hogs));
}

bool scene_memory_sharers(struct rig *rig, struct buf *notes)
{
	return play(rig, notes, memory_sharers, ARRAY_SIZE(memory_sharers));
}

bool scene_disk_hogs(struct rig *rig, struct buf *notes)
{
	return play(rig, notes, disk_hogs, ARRAY_SIZE(disk_hogs));
}

bool scene_disk_savers(struct rig *rig, struct buf *notes)
{
	return play(rig, notes, disk_savers, ARRAY_SIZE(disk_savers));
}

bool scene_file_size(struct rig *rig, struct buf *notes)
{
	return play(rig, notes, large_files, ARRAY_SIZE(large_files));
}

bool scene_crowds(struct rig *rig, struct buf *notes)
{
	return play(rig, notes, crowds, ARRAY_SIZE(crowds));
}
