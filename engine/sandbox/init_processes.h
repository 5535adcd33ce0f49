/* init_processes.h: what runs in the pid namespace of a step, by INIT_DIR/proc. Only init uses it. */
#ifndef ENGINE_SANDBOX_INIT_PROCESSES_H
#define ENGINE_SANDBOX_INIT_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct init_shells;

/* Sends a signal to the step's own processes, leaving bwrap alone. */
void init_signal_step(int signal_number);
/* Sends a signal to all processes but init, the network stack's, and those of shells that joined. */
void init_signal_all(const struct init_shells *shells, int signal_number);
/* Sends a signal to the processes of one of these shells. What waits for it inside is ours, and goes
 * on, in case that the step has stopped it: it ends what is left when the shell has ended. */
void init_signal_shell(pid_t pid, int signal_number);
/* Whether every thread of every process but these is stopped or dead; with_sleepers: or in
 * uninterruptible sleep, from which some only come when another process goes on, as after vfork(2). */
bool init_all_stopped(const struct init_shells *shells, bool with_sleepers);
/* Opens the directory in /proc of the launcher that is the first process of the pid namespace
 * below bwrap; -1 when there is none yet. */
int init_open_launcher(pid_t bwrap_pid);
/* Kills everything but init and reaps it, adding up resource use. *status is changed when
 * main_pid is among it. */
void init_kill_all(pid_t main_pid, int *status);

/* Calls each() for every process of the pid namespace but init, with its directory in /proc. */
void init_each_process(void (*each)(void *data, int dir_fd, pid_t pid), void *data);
/* Calls each() for the threads of such a process until it returns true; whether it did. */
bool init_each_thread(int process_fd, bool (*each)(void *data, int dir_fd, pid_t tid), void *data);
/* Reads a file of a process into text; false when the process is gone. */
bool init_read_process(int dir_fd, const char *name, char *text, size_t size);
/* The parent of a process, or -1. */
pid_t init_parent_of(pid_t pid);
/* How many processes there are, each thread counting as one; of less than enough, maybe 0. */
uint64_t init_count_processes(uint64_t enough);
/* The process id that was given out last, which changes with each process or thread that begins; -1
 * when the kernel does not tell. */
long init_last_pid(void);

/* A regular file without a name, which is there only since a process has it open. */
struct init_unnamed {
	const struct stat *status;
	long file_system; /* f_type of statfs(2) */
};
/* init_unnamed.c: calls each() once for each of them; false when so many descriptors are open that it
 * has not looked at all. */
bool init_each_unnamed(void (*each)(void *data, const struct init_unnamed *file), void *data);

#endif
