/* init_memory.c: how much memory a step uses.
 *
 * Two looks. The first is quick and says too much rather than too little: pages of a process's own,
 * counted in each process that shares them since a fork, and all shared memory and swap space that
 * the host uses. Only when that is too much, the second counts every page once: a proportional
 * share in each process (proc_pid_smaps_rollup(5)), and what is in files that are memory.
 */
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/sandbox/init_meters.h"
#include "engine/sandbox/init_processes.h"

enum {
	PASSES = 7,	/* at most, an odd number */
	PAUSE_US = 500, /* between two: who has just waited is seldom interrupted soon */
};

/* What is added up over the processes. */
struct sum {
	const struct init_memory *memory;
	uint64_t own, shared, unnamed; /* bytes */
	unsigned read;		       /* processes */
	bool missed;		       /* a process ended before it was read */
};

/* A file about the memory of a process or thread. */
struct memory_file {
	const char *name;
	char *text;
	size_t size;
};

/* Reads it, if there is any memory. */
static bool read_memory_file(void *data, int dir_fd, pid_t tid)
{
	const struct memory_file *file = data;

	(void)tid;
	return init_read_process(dir_fd, file->name, file->text, file->size) && file->text[0] &&
	       strncmp(file->text, "0 ", 2) != 0;
}

/* The first thread of a process may end before the others: then only they show their memory. */
static bool read_memory(int dir_fd, const char *name, char *text, size_t size)
{
	struct memory_file file = {name, text, size};

	return read_memory_file(&file, dir_fd, 0) ||
	       init_each_thread(dir_fd, read_memory_file, &file);
}

/* The pages of a process that are no file's, in bytes. */
static uint64_t own_pages(int dir_fd)
{
	unsigned long resident, shared;
	char statm[256];

	if (!read_memory(dir_fd, "statm", statm, sizeof statm) ||
	    sscanf(statm, "%*u %lu %lu", &resident, &shared) != 2 || shared > resident)
		return 0;
	return (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void add_quickly(void *data, int dir_fd, pid_t pid)
{
	struct sum *sum = data;

	(void)pid;
	sum->own += own_pages(dir_fd);
}

/* The shared memory and swap space that the host uses. */
static uint64_t host_bytes(void)
{
	struct sysinfo host;

	if (sysinfo(&host) < 0)
		return UINT64_MAX / 2;
	return (uint64_t)host.mem_unit * (host.sharedram + host.totalswap - host.freeswap);
}

void init_memory_start(struct init_memory *memory)
{
	memory->host_before = host_bytes();
}

static uint64_t at_most(void)
{
	struct sum sum = {0};

	init_each_process(add_quickly, &sum);
	return sum.own + host_bytes();
}

/* The bytes that a line "NAME: N kB" says. */
static uint64_t line_bytes(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	unsigned long long kilobytes;

	return line && sscanf(line + strlen(name), " %llu", &kilobytes) == 1 ? kilobytes << 10 : 0;
}

/* A child of vfork(2) has its parent's memory until it executes a program: it counts with that. */
static bool has_parents_memory(int dir_fd, pid_t pid)
{
	struct memory_file file = {"statm", (char[256]){0}, 256};
	pid_t parent = init_parent_of(pid);

	return parent > 1 && read_memory_file(&file, dir_fd, pid) &&
	       syscall(SYS_kcmp, pid, parent, KCMP_VM, 0UL, 0UL) == 0;
}

static bool has_memory(int dir_fd)
{
	char statm[256];

	return read_memory(dir_fd, "statm", statm, sizeof statm);
}

static void count_living(void *data, int dir_fd, pid_t pid)
{
	unsigned *count = data;

	(void)pid;
	*count += has_memory(dir_fd);
}

static void add_share(void *data, int dir_fd, pid_t pid)
{
	struct sum *sum = data;
	char text[4096];

	sum->read += has_memory(dir_fd);
	if (pid == sum->memory->stack_pid || has_parents_memory(dir_fd, pid))
		return;
	if (!read_memory(dir_fd, "smaps_rollup", text, sizeof text)) {
		uint64_t own = own_pages(dir_fd);

		/* It has ended; or the kernel does not tell. */
		sum->missed |= !own;
		sum->own += own;
		return;
	}
	sum->own += line_bytes(text, "\nPss_Anon:") + line_bytes(text, "\nSwapPss:");
	sum->shared += line_bytes(text, "\nPss_Shmem:");
}

/* A file of memfd_create(2), say. What is on a tmpfs of the step counts with that. */
static void add_unnamed(void *data, const struct init_unnamed *file)
{
	struct sum *sum = data;

	if (file->file_system != TMPFS_MAGIC)
		return;
	for (size_t i = 0; i < sum->memory->n_tmpfs; i++) {
		if (file->status->st_dev == sum->memory->tmpfs[i].dev)
			return;
	}
	sum->unnamed += (uint64_t)file->status->st_blocks * 512;
}

/* Notes a tmpfs of the step, each once. */
static void note_tmpfs(struct init_memory *memory, int root_fd, const char *name)
{
	AUTO_CLOSE int fd = path_open_in_root(root_fd, name, O_PATH | O_DIRECTORY, 0);
	struct statfs place;
	struct stat status;

	if (fd < 0 || fstatfs(fd, &place) < 0 || fstat(fd, &status) < 0 ||
	    place.f_type != TMPFS_MAGIC)
		return;
	for (size_t i = 0; i < memory->n_tmpfs; i++) {
		if (memory->tmpfs[i].dev == status.st_dev)
			return;
	}
	memory->tmpfs[memory->n_tmpfs].dev = status.st_dev;
	memory->tmpfs[memory->n_tmpfs++].fd = take_fd(&fd);
}

/* Enters the IPC namespace of the step, where its System V segments are. */
static void enter_ipc(struct init_memory *memory, int launcher_fd)
{
	AUTO_CLOSE int fd = openat(launcher_fd, "ns/ipc", O_RDONLY | O_CLOEXEC);

	memory->in_ipc = fd >= 0 && setns(fd, CLONE_NEWIPC) == 0;
}

/* All segments, those that no process is attached to as well. */
static uint64_t segment_bytes(const struct init_memory *memory)
{
	struct shm_info info;

	if (!memory->in_ipc || shmctl(0, SHM_INFO, (struct shmid_ds *)&info) < 0)
		return 0;
	return (uint64_t)(info.shm_rss + info.shm_swp) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Finds them when the sandbox is complete: then the first process in it is no more bwrap. */
static void find_tmpfs(struct init_memory *memory, pid_t main_pid)
{
	static const char *const names[INIT_TMPFS_MAX] = {".", "tmp", "run", "dev", "dev/shm"};
	AUTO_CLOSE int launcher_fd = memory->n_tmpfs ? -1 : init_open_launcher(main_pid);
	AUTO_CLOSE int root_fd = -1;
	char name[32];

	if (launcher_fd < 0 || !init_read_process(launcher_fd, "comm", name, sizeof name) ||
	    strncmp(name, "contractor", strlen("contractor")))
		return;
	root_fd = openat(launcher_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; root_fd >= 0 && i < INIT_TMPFS_MAX; i++)
		note_tmpfs(memory, root_fd, names[i]);
	if (!memory->in_ipc)
		enter_ipc(memory, launcher_fd);
}

static uint64_t tmpfs_bytes(const struct init_memory *memory)
{
	uint64_t bytes = 0;
	struct statfs place;

	for (size_t i = 0; i < memory->n_tmpfs; i++) {
		if (fstatfs(memory->tmpfs[i].fd, &place) == 0)
			bytes += (uint64_t)(place.f_blocks - place.f_bfree) *
				 (uint64_t)place.f_bsize;
	}
	return bytes;
}

/* The memory that files of the step are. What others give back meanwhile must not hide what was found. */
static uint64_t file_bytes(struct sum *sum)
{
	bool all = init_each_unnamed(add_unnamed, sum);
	uint64_t found = tmpfs_bytes(sum->memory) + segment_bytes(sum->memory) + sum->unnamed;
	uint64_t host = host_bytes(), before = sum->memory->host_before;

	return all || host < before + found ? found : host - before;
}

/* One look at all processes, and what it is worth. */
struct look {
	uint64_t bytes;
	bool is_exact; /* no process began or ended meanwhile */
	bool at_most;  /* or at least nothing was missed */
};

/* What a process shares with one that it begins during the look may count twice: as its own alone before, and in part
 * as the other's after. So does what is shared with one that ends then. */
static void look_at_processes(struct sum *sum, struct look *ret_look)
{
	long first_pid = init_last_pid(), last_pid;
	unsigned living = 0;

	init_each_process(add_share, sum);
	init_each_process(count_living, &living);
	last_pid = init_last_pid();
	ret_look->is_exact = !sum->missed && last_pid == first_pid && living == sum->read;
	/* One that begins has a higher number than all, and is read after them, but when numbers begin anew. */
	ret_look->at_most = !sum->missed && last_pid >= first_pid;
}

/* Files that are memory may be mapped, too: of both counts the larger one is sure to be used. To look for
 * them takes longest, and often is not needed. */
static struct look look_closely(const struct init_memory *memory, uint64_t limit)
{
	struct sum sum = {.memory = memory};
	uint64_t files = host_bytes();
	struct look look;

	look_at_processes(&sum, &look);
	if (sum.own <= limit && sum.own + files > limit)
		files = file_bytes(&sum);
	look.bytes = sum.own + (files > sum.shared ? files : sum.shared);
	return look;
}

static int compare_bytes(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

uint64_t init_memory_bytes(struct init_memory *memory, pid_t main_pid, uint64_t limit)
{
	uint64_t most = at_most(), found[PASSES];

	if (most <= limit)
		return most;
	find_tmpfs(memory, main_pid);
	for (int pass = 0; pass < PASSES; pass++) {
		struct look look = look_closely(memory, limit);

		if (look.is_exact || (look.at_most && look.bytes <= limit))
			return look.bytes;
		found[pass] = look.bytes;
		usleep(PAUSE_US);
	}
	/* Some count too much, some too little. */
	qsort(found, PASSES, sizeof found[0], compare_bytes);
	return found[PASSES / 2];
}
