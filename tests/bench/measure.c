/* measure.c: runs COMMAND and says how long it took, and how much memory.
 *
 *	measure [-o FILE] COMMAND...
 *
 * prints one line "WALL FIRST GAP CPU OWN ALL":
 *	WALL	milliseconds from the start to the end of COMMAND
 *	FIRST	until "first" came on its standard output, or -
 *	GAP	from "end" to "start" there, or -
 *	CPU	milliseconds of processor time of COMMAND and all that it waited for
 *	OWN	resident memory of the process itself at its peak, KiB
 *	ALL	the largest peak of it and any process that it waited for, KiB
 * With -o its standard output goes to FILE, unread. Fails when COMMAND does. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLE_MS = 20, FIRST, END, START, MARKS };

static const char *const marks[MARKS] = {[FIRST] = "first", [END] = "end", [START] = "start"};

struct measure {
	const char *file; /* or NULL: standard output is read */
	pid_t pid;
	int output_fd, pid_fd;
	double began_ms, seen_ms[MARKS]; /* 0: not seen */
	char line[256];
	size_t length;
	long own_kib;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static _Noreturn void be_command(const struct measure *measure, int write_fd, char **argv)
{
	int fd = write_fd;

	if (measure->file)
		fd = open(measure->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		die(measure->file);
	execvp(argv[0], argv);
	die(argv[0]);
}

static void start(struct measure *measure, char **argv)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		die("pipe");
	measure->began_ms = now_ms();
	measure->pid = fork();
	if (measure->pid == 0)
		be_command(measure, ends[1], argv);
	close(ends[1]);
	measure->output_fd = ends[0];
	measure->pid_fd = (int)syscall(SYS_pidfd_open, measure->pid, 0);
	if (measure->pid < 0 || measure->pid_fd < 0)
		die("fork");
}

static void note_line(struct measure *measure, double ms)
{
	for (int i = FIRST; i < MARKS; i++) {
		if (strlen(marks[i]) == measure->length &&
		    !memcmp(measure->line, marks[i], measure->length))
			measure->seen_ms[i] = ms;
	}
	measure->length = 0;
}

/* Looks for the marks in what came; a line too long for one is none. */
static void read_output(struct measure *measure)
{
	char bytes[65536];
	ssize_t got = read(measure->output_fd, bytes, sizeof bytes);
	double ms = now_ms();

	if (got <= 0) {
		close(measure->output_fd);
		measure->output_fd = -1;
	}
	for (ssize_t i = 0; i < got; i++) {
		if (bytes[i] == '\n')
			note_line(measure, ms);
		else if (measure->length < sizeof measure->line)
			measure->line[measure->length++] = bytes[i];
	}
}

/* The peak that the kernel keeps (proc(5), VmHWM) is gone with the process, so it is read often. */
static void sample_memory(struct measure *measure)
{
	char path[64], text[4096];
	const char *line;
	ssize_t length;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/status", measure->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	close(fd);
	if (length < 0)
		return;
	text[length] = '\0';
	line = strstr(text, "\nVmHWM:");
	if (line && atol(line + 7) > measure->own_kib)
		measure->own_kib = atol(line + 7);
}

static void watch(struct measure *measure)
{
	bool ended = false;

	while (!ended || measure->output_fd >= 0) {
		struct pollfd polled[] = {{.fd = measure->output_fd, .events = POLLIN},
					  {.fd = ended ? -1 : measure->pid_fd, .events = POLLIN}};

		if (poll(polled, 2, SAMPLE_MS) == 0)
			sample_memory(measure);
		if (polled[0].revents)
			read_output(measure);
		ended |= polled[1].revents != 0;
	}
}

static void print_ms(double ms)
{
	if (ms > 0)
		printf("%.2f ", ms);
	else
		printf("- ");
}

static double cpu_ms(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
}

static int finish(struct measure *measure)
{
	struct rusage usage;
	double ended_ms;
	int status;

	if (wait4(measure->pid, &status, 0, &usage) < 0)
		die("wait4");
	ended_ms = now_ms();
	if (status)
		return 1;
	print_ms(ended_ms - measure->began_ms);
	print_ms(measure->seen_ms[FIRST] - measure->began_ms);
	print_ms(measure->seen_ms[START] - measure->seen_ms[END]);
	print_ms(cpu_ms(&usage));
	printf("%ld %ld\n", measure->own_kib, usage.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	struct measure measure = {0};
	int at = 1;

	if (argc > 3 && !strcmp(argv[1], "-o")) {
		measure.file = argv[2];
		at = 3;
	}
	if (at >= argc) {
		fprintf(stderr, "usage: measure [-o FILE] COMMAND...\n");
		return 2;
	}
	start(&measure, argv + at);
	watch(&measure);
	return finish(&measure);
}
