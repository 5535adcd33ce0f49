#include "engine/store/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

enum {
	MARK_MS = 10,		   /* one "o" line for each span of so many milliseconds */
	TIMES_PENDING_MAX = 65536, /* bytes of times kept back at most */
	TAIL_BLOCK = 65536,
	TIMES_TAIL = 256, /* has the last line of the times */
};

struct recording {
	char *name;
	int log_fd, times_fd;
	int64_t start_ms;  /* CLOCK_MONOTONIC */
	uint64_t size;	   /* of the log */
	int64_t last_ms;   /* of the latest event, from the start */
	bool mark_pending; /* output up to size came by last_ms, and no line says so yet */
	struct buf times;  /* lines not written yet */
};

/* Milliseconds of a clock. */
static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Creates NAME + suffix below dir_fd; it must not exist. */
static int create_file(int dir_fd, const char *name, const char *suffix, struct err *err)
{
	AUTO_FREE char *file = mem_printf("%s%s", name, suffix);
	int fd = openat(dir_fd, file, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(err, "cannot make the log %s", file) : fd;
}

/* Removes the files of a recording that could not be begun. */
static void remove_files(int dir_fd, const char *name)
{
	static const char *const suffixes[] = {".log", ".times"};
	int saved = errno;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		AUTO_FREE char *file = mem_printf("%s%s", name, suffixes[i]);

		unlinkat(dir_fd, file, 0);
	}
	errno = saved;
}

/* Frees a recording whose files are closed or left. */
static void recording_free(struct recording *recording)
{
	fd_close(&recording->log_fd);
	fd_close(&recording->times_fd);
	buf_release(&recording->times);
	free(recording->name);
	free(recording);
}

/* Writes the lines that are kept back. */
static int flush_times(struct recording *recording, struct err *err)
{
	if (fd_write_all(recording->times_fd, recording->times.data, recording->times.len) < 0)
		return err_sys(err, "cannot write %s.times", recording->name);
	buf_clear(&recording->times);
	return 0;
}

/* Opens both files of a recording and writes the first line of the times. */
static int begin_files(struct recording *recording, int dir_fd, int columns, int rows,
		       struct err *err)
{
	recording->log_fd = create_file(dir_fd, recording->name, ".log", err);
	if (recording->log_fd < 0)
		return -1;
	recording->times_fd = create_file(dir_fd, recording->name, ".times", err);
	if (recording->times_fd < 0) {
		AUTO_FREE char *file = mem_printf("%s.log", recording->name);

		unlinkat(dir_fd, file, 0);
		return -1;
	}
	buf_add_fmt(&recording->times, "contractor-times 1 %dx%d %" PRId64 "\n", columns, rows,
		    clock_ms(CLOCK_REALTIME));
	if (flush_times(recording, err) == 0)
		return 0;
	remove_files(dir_fd, recording->name);
	return -1;
}

int recording_create(int dir_fd, const char *name, int columns, int rows,
		     struct recording **ret_recording, struct err *err)
{
	struct recording *recording = mem_new(sizeof *recording);

	recording->name = mem_strdup(name);
	recording->log_fd = recording->times_fd = -1;
	recording->start_ms = clock_ms(CLOCK_MONOTONIC);
	buf_init(&recording->times);
	if (begin_files(recording, dir_fd, columns, rows, err) < 0) {
		recording_free(recording);
		return -1;
	}
	*ret_recording = recording;
	return 0;
}

/* Adds the line of the output that came last, if it has none. */
static void mark_output(struct recording *recording)
{
	if (!recording->mark_pending)
		return;
	buf_add_fmt(&recording->times, "o %" PRId64 " %" PRIu64 "\n", recording->last_ms,
		    recording->size);
	recording->mark_pending = false;
}

/* Milliseconds from the start of an event; never before the one that went before. */
static int64_t event_ms(const struct recording *recording, int64_t now_ms)
{
	int64_t ms = now_ms - recording->start_ms;

	return ms < recording->last_ms ? recording->last_ms : ms;
}

/* Writes the lines that are kept back when they have become many. */
static int flush_when_many(struct recording *recording, struct err *err)
{
	return recording->times.len < TIMES_PENDING_MAX ? 0 : flush_times(recording, err);
}

int recording_add(struct recording *recording, const void *bytes, size_t length, int64_t now_ms,
		  struct err *err)
{
	int64_t ms = event_ms(recording, now_ms);
	struct stat status;

	if (!length)
		return 0;
	if (ms / MARK_MS != recording->last_ms / MARK_MS)
		mark_output(recording);
	recording->last_ms = ms;
	recording->mark_pending = true;
	if (fd_write_all(recording->log_fd, bytes, length) < 0) {
		err_sys(err, "cannot write %s.log", recording->name);
		/* A part of it may be there. */
		if (fstat(recording->log_fd, &status) == 0)
			recording->size = (uint64_t)status.st_size;
		return -1;
	}
	recording->size += length;
	return flush_when_many(recording, err);
}

int recording_resize(struct recording *recording, int columns, int rows, int64_t now_ms,
		     struct err *err)
{
	mark_output(recording);
	recording->last_ms = event_ms(recording, now_ms);
	buf_add_fmt(&recording->times, "s %" PRId64 " %" PRIu64 " %dx%d\n", recording->last_ms,
		    recording->size, columns, rows);
	return flush_when_many(recording, err);
}

int recording_mode(struct recording *recording, bool onlcr, int64_t now_ms, struct err *err)
{
	mark_output(recording);
	recording->last_ms = event_ms(recording, now_ms);
	buf_add_fmt(&recording->times, "m %" PRId64 " %" PRIu64 " %s\n", recording->last_ms,
		    recording->size, onlcr ? "onlcr" : "-");
	return flush_times(recording, err);
}

uint64_t recording_size(const struct recording *recording)
{
	return recording->size;
}

int recording_close(struct recording *recording, struct err *err)
{
	int result;

	if (!recording)
		return 0;
	mark_output(recording);
	result = flush_times(recording, err);
	recording_free(recording);
	return result;
}

int recording_read(int fd, char *block, uint64_t start, uint64_t end, struct err *err)
{
	size_t wanted = (size_t)(end - start), have = 0;

	while (have < wanted) {
		ssize_t got = pread(fd, block + have, wanted - have, (off_t)(start + have));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "cannot read a log");
		if (got == 0)
			return err_set(err, ERR_FAULT, "a log became shorter while it was read");
		have += (size_t)got;
	}
	return 0;
}

/* Looks in a block backwards for *count line ends; when they are all found, *ret_behind is where
 * the last of them ends and the result is true. */
static bool find_backwards(const char *block, size_t length, size_t *count, size_t *ret_behind)
{
	while (length) {
		const char *newline = memrchr(block, '\n', length);

		if (!newline)
			return false;
		length = (size_t)(newline - block);
		if (--*count == 0) {
			*ret_behind = length + 1;
			return true;
		}
	}
	return false;
}

int recording_tail_offset(int log_fd, size_t count, uint64_t *ret_offset, struct err *err)
{
	AUTO_FREE char *block = mem_resize(NULL, TAIL_BLOCK, 1);
	struct stat status;
	uint64_t end;
	size_t behind;

	if (fstat(log_fd, &status) < 0)
		return err_sys(err, "cannot read a log");
	end = (uint64_t)status.st_size;
	if (!count || !end) {
		*ret_offset = end;
		return 0;
	}
	/* The last byte is left out: a newline there ends the last line and begins none. */
	for (end--; end;) {
		uint64_t start = end > TAIL_BLOCK ? end - TAIL_BLOCK : 0;

		if (recording_read(log_fd, block, start, end, err) < 0)
			return -1;
		if (find_backwards(block, (size_t)(end - start), &count, &behind)) {
			*ret_offset = start + behind;
			return 0;
		}
		end = start;
	}
	*ret_offset = 0;
	return 0;
}

int recording_open_file(int dir_fd, const char *name, const char *suffix)
{
	AUTO_FREE char *file = mem_printf("%s%s", name, suffix);
	AUTO_CLOSE int fd = openat(dir_fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if (S_ISREG(status.st_mode))
		return take_fd(&fd);
	errno = EUCLEAN;
	return -1;
}

/* The same, with its size. */
static int open_file(int dir_fd, const char *name, const char *suffix, uint64_t *ret_size)
{
	AUTO_CLOSE int fd = recording_open_file(dir_fd, name, suffix);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	*ret_size = (uint64_t)status.st_size;
	return take_fd(&fd);
}

/* The offset in the last line of the times, which are so long; or -1. A recording without events has
 * only its first line. */
static int64_t last_offset(int times_fd, uint64_t size)
{
	char block[TIMES_TAIL + 1];
	uint64_t start = size > TIMES_TAIL ? size - TIMES_TAIL : 0;
	char *line;
	int64_t ms, offset;
	struct err ignored;

	if (!size || recording_read(times_fd, block, start, size, &ignored) < 0)
		return -1;
	block[size - start - 1] = '\0';
	line = strrchr(block, '\n');
	if (line && sscanf(line, "\n%*1[osm] %" SCNd64 " %" SCNd64, &ms, &offset) == 2)
		return offset;
	return !line && !start && !strncmp(block, "contractor-times ", 17) ? 0 : -1;
}

bool recording_is_whole(int dir_fd, const char *name)
{
	uint64_t log_size = 0, times_size = 0;
	AUTO_CLOSE int log_fd = open_file(dir_fd, name, ".log", &log_size);
	AUTO_CLOSE int times_fd = log_fd < 0 ? -1 : open_file(dir_fd, name, ".times", &times_size);
	int64_t offset = -1;

	if (times_fd >= 0) {
		errno = 0;
		offset = last_offset(times_fd, times_size);
	}
	return log_fd >= 0 && offset >= 0 && log_size >= (uint64_t)offset;
}
