/* Why a run did not pass, in words. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/session_internal.h"

/* "2 GiB", "1.5 MiB", "100 bytes". */
char *session_size_text(uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	return bytes == 1 ? mem_strdup("1 byte") : mem_printf("%.4g %s", value, units[unit]);
}

static char *seconds_text(uint64_t ms)
{
	return mem_printf("%.10g s", (double)ms / 1000);
}

static char *count_text(uint64_t count)
{
	struct buf text = BUF_INIT;

	buf_add_count(&text, count, "process");
	return buf_detach(&text);
}

/* Ends that are a matter of a limit: what is said before the limit, the limit, and what behind it. */
static const struct limit_words {
	const char *before, *behind;
	size_t limit; /* offset in struct limits; with before */
	char *(*text)(uint64_t value);
} limit_words[] = {
	[RUN_TIMED_OUT] = {"stopped: ran longer than ", "", offsetof(struct limits, time_ms),
			   seconds_text},
	[RUN_OVER_OUTPUT] = {"stopped: printed more than ", "",
			     offsetof(struct limits, output_bytes), session_size_text},
	[RUN_OVER_MEMORY] = {"stopped: used more than ", " of memory",
			     offsetof(struct limits, memory_bytes), session_size_text},
	[RUN_OVER_DISK] = {"stopped: took more than ", " of the disk",
			   offsetof(struct limits, disk_bytes), session_size_text},
	[RUN_AT_FILE_SIZE] = {"failed at its limit of ", " for a file",
			      offsetof(struct limits, file_bytes), session_size_text},
	[RUN_AT_PROCESSES] = {"failed at its limit of ", "", offsetof(struct limits, processes),
			      count_text},
	[RUN_FAILED] = {0},
};

/* The person's limit came first, and the step's programs may be few of those that it counts. */
static char *person_message(const struct run_result *run)
{
	AUTO_FREE char *text = count_text(run->person_processes);

	return mem_printf("failed at this user's limit of %s (`ulimit -u`), in which all of the "
			  "user's programs count; the step's own is higher",
			  text);
}

static char *limit_message(const struct run_result *run, const struct limits *limits)
{
	const struct limit_words *words = &limit_words[run->end];
	uint64_t value = *(const uint64_t *)(const void *)((const char *)limits + words->limit);
	AUTO_FREE char *text = words->text(value);
	AUTO_FREE char *file = buf_shown(run->end == RUN_AT_FILE_SIZE ? run->over_file : "");

	return mem_printf("%s%s%s%s%s", words->before, text, words->behind, *file ? ": " : "",
			  file);
}

static char *exit_text(int status)
{
	if (status > 128 && status < 128 + 65)
		return mem_printf("exit status %d (signal %d: %s)", status, status - 128,
				  strsignal(status - 128));
	return mem_printf("exit status %d", status);
}

static char *end_message(const struct run_result *run, const struct limits *limits)
{
	if (run->end == RUN_AT_PROCESSES && run->person_processes)
		return person_message(run);
	if (limit_words[run->end].before)
		return limit_message(run, limits);
	if (run->end == RUN_FAILED)
		return mem_strdup(run->err.text);
	if (run->end == RUN_KILLED)
		return mem_strdup("killed");
	return run->exit_status ? exit_text(run->exit_status) : mem_strdup("");
}

char *session_run_message(const struct run_result *run, const struct limits *limits)
{
	AUTO_FREE char *message = end_message(run, limits);

	if (!*message || !*run->lost_network || run->end == RUN_KILLED)
		return take_ptr(&message);
	return mem_printf("%s; %s", message, run->lost_network);
}
