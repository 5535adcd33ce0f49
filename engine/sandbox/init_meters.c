#include "engine/sandbox/init_meters.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/loop.h"
#include "engine/sandbox/cgroup.h"
#include "engine/sandbox/init_processes.h"

enum {
	MEMORY_MS_MIN = 10, /* from one look to the next */
	MEMORY_MS_MAX = 100,
	MEMORY_BYTES_PER_MS = 4 << 20, /* as quickly as memory may be taken */
	DISK_MS = 100,
	PROCESSES_MS_MIN = 10,
	PROCESSES_MS_MAX = 50,
	CROWD_PART = 32,
	COST_TIMES = 4,	   /* or so many times what a look takes, if that is more */
	COST_MS_MAX = 500, /* but never longer: who makes a look slow is not to go unseen */
};

/* The closer to the limit, the sooner again. Where the kernel keeps the limit, it has killed one of the
 * step's processes, and the others are to follow. */
static enum init_over look_at_memory(struct init_meters *meters, int64_t *ret_wait_ms)
{
	uint64_t limit = meters->plan->limits.memory_bytes;
	uint64_t bytes, wait_ms;

	if (meters->events_fd >= 0) {
		*ret_wait_ms = MEMORY_MS_MAX;
		return cgroup_oom_kills(meters->events_fd) ? INIT_OVER_MEMORY : INIT_WITHIN;
	}
	bytes = init_memory_bytes(&meters->memory, meters->main_pid, limit);
	wait_ms = bytes > limit ? 0 : (limit - bytes) / MEMORY_BYTES_PER_MS;
	*ret_wait_ms = wait_ms < MEMORY_MS_MIN	 ? MEMORY_MS_MIN
		       : wait_ms > MEMORY_MS_MAX ? MEMORY_MS_MAX
						 : (int64_t)wait_ms;
	return bytes > limit ? INIT_OVER_MEMORY : INIT_WITHIN;
}

static enum init_over look_at_disk(struct init_meters *meters, int64_t *ret_wait_ms)
{
	uint64_t limit = meters->plan->limits.disk_bytes;

	*ret_wait_ms = DISK_MS;
	return init_disk_look(&meters->disk, limit) > limit ? INIT_OVER_DISK : INIT_WITHIN;
}

/* The kernel refuses further ones by itself. But when the step fails, that may be why; and many end then, so
 * it is looked at more often when there may soon be so many. */
static enum init_over look_at_processes(struct init_meters *meters, int64_t *ret_wait_ms)
{
	uint64_t limit = meters->plan->kind.processes;
	uint64_t found = init_count_processes(limit / 2);

	*ret_wait_ms = found < limit / 2 ? PROCESSES_MS_MAX : PROCESSES_MS_MIN;
	/* One that was refused a process is often about to end, so there are a little fewer. */
	meters->crowded |= found >= limit - limit / CROWD_PART;
	return INIT_WITHIN;
}

static uint64_t memory_limit(const struct init_plan *plan)
{
	return plan->limits.memory_bytes;
}

static uint64_t disk_limit(const struct init_plan *plan)
{
	return plan->limits.disk_bytes;
}

static uint64_t process_limit(const struct init_plan *plan)
{
	return plan->worker ? 0 : plan->kind.processes;
}

static const struct {
	uint64_t (*limit)(const struct init_plan *plan); /* 0: none, so nothing to look at */
	enum init_over (*look)(struct init_meters *meters, int64_t *ret_wait_ms);
	int first_ms; /* from the start */
} all_meters[INIT_METERS] = {
	{memory_limit, look_at_memory, 0},
	{disk_limit, look_at_disk, DISK_MS},
	{process_limit, look_at_processes, PROCESSES_MS_MIN},
};

/* From here on the kernel counts the memory of this process and all that it forks. */
static void join_group(struct init_meters *meters, const int group_fds[2])
{
	if (group_fds[0] >= 0 && write(group_fds[0], "0", 1) == 1)
		meters->events_fd = fcntl(group_fds[1], F_DUPFD_CLOEXEC, 0);
}

void init_meters_start(struct init_meters *meters, const struct init_plan *plan)
{
	int64_t now_ms;

	*meters = (struct init_meters){.plan = plan, .events_fd = -1, .disk.fd = -1};
	join_group(meters, plan->group_fds);
	init_memory_start(&meters->memory);
	if (plan->limits.disk_bytes)
		init_disk_start(&meters->disk, plan->draft);
	now_ms = loop_now_ms();
	for (size_t i = 0; i < INIT_METERS; i++)
		meters->due_ms[i] = now_ms + all_meters[i].first_ms;
}

int init_meters_wait_ms(const struct init_meters *meters)
{
	int64_t now_ms = loop_now_ms(), wait_ms = -1;

	for (size_t i = 0; i < INIT_METERS; i++) {
		int64_t left = meters->due_ms[i] > now_ms ? meters->due_ms[i] - now_ms : 0;

		if (all_meters[i].limit(meters->plan) && (wait_ms < 0 || left < wait_ms))
			wait_ms = left;
	}
	return (int)wait_ms;
}

enum init_over init_meters_look(struct init_meters *meters)
{
	enum init_over over = INIT_WITHIN;

	for (size_t i = 0; over == INIT_WITHIN && i < INIT_METERS; i++) {
		int64_t now_ms = loop_now_ms(), wait_ms, cost_ms;

		if (!all_meters[i].limit(meters->plan) || now_ms < meters->due_ms[i])
			continue;
		over = all_meters[i].look(meters, &wait_ms);
		cost_ms = COST_TIMES * (loop_now_ms() - now_ms);
		if (cost_ms > COST_MS_MAX)
			cost_ms = COST_MS_MAX;
		meters->due_ms[i] = loop_now_ms() + (cost_ms > wait_ms ? cost_ms : wait_ms);
	}
	return over;
}

/* A file that cannot grow ends its process by a signal, or another program says what it likes. */
static bool is_at_file_size(const struct init_plan *plan, struct init_result *result)
{
	int status = result->status;
	bool signalled = WIFSIGNALED(status) ? WTERMSIG(status) == SIGXFSZ
					     : WEXITSTATUS(status) == 128 + SIGXFSZ;

	return init_find_large_file(plan->draft, plan->limits.file_bytes, result->over_file,
				    sizeof result->over_file) ||
	       signalled;
}

void init_meters_finish(struct init_meters *meters, struct init_result *result)
{
	const struct init_plan *plan = meters->plan;
	uint64_t disk = plan->limits.disk_bytes;

	if (result->over != INIT_WITHIN)
		return;
	if (meters->events_fd >= 0 && cgroup_oom_kills(meters->events_fd))
		result->over = INIT_OVER_MEMORY;
	else if (disk && init_disk_bytes(&meters->disk, disk) > disk)
		result->over = INIT_OVER_DISK;
	else if (result->status && plan->limits.file_bytes && is_at_file_size(plan, result))
		result->over = INIT_AT_FILE_SIZE;
	else if (result->status && meters->crowded)
		result->over = INIT_AT_PROCESSES;
}
