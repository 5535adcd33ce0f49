/* Arbitrary logs and times, exported: whatever is in them, each line of the cast is JSON (and so
 * valid UTF-8), and the tail of the log is found.
 *
 * Input: the times, a NUL, the log. */
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/store/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A directory for the two files. */
static int open_place(void)
{
	char path[] = "/tmp/fuzz-recording-XXXXXX";
	int fd;

	if (!mkdtemp(path))
		abort();
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		abort();
	return fd;
}

/* Makes NAME with these bytes. */
static void put_file(int dir_fd, const char *name, const uint8_t *bytes, size_t length)
{
	AUTO_CLOSE int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || fd_write_all(fd, bytes, length) < 0)
		abort();
}

/* Every line has to be JSON. */
static void check_cast(const char *cast)
{
	while (*cast) {
		const char *end = strchr(cast, '\n');
		json_t *line;

		if (!end)
			abort();
		line = json_loadb(cast, (size_t)(end - cast), JSON_ALLOW_NUL, NULL);
		if (!line)
			abort();
		json_decref(line);
		cast = end + 1;
	}
}

static void check_export(int dir_fd)
{
	AUTO_FREE char *cast = NULL;
	size_t cast_size;
	FILE *out = open_memstream(&cast, &cast_size);
	struct err err;
	int result = recording_export_asciicast(dir_fd, "a", "fuzz", out, &err);

	fclose(out);
	if (result == 0)
		check_cast(cast);
}

/* The last two lines begin at the start or behind a newline. */
static void check_tail(int dir_fd, const uint8_t *log, size_t length)
{
	AUTO_CLOSE int fd = openat(dir_fd, "a.log", O_RDONLY | O_CLOEXEC);
	uint64_t offset;
	struct err err;

	if (recording_tail_offset(fd, 2, &offset, &err) < 0 || offset > length ||
	    (offset && log[offset - 1] != '\n'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int dir_fd = -1;
	size_t times = strnlen((const char *)data, size), log = times < size ? times + 1 : size;

	if (dir_fd < 0)
		dir_fd = open_place();
	put_file(dir_fd, "a.times", data, times);
	put_file(dir_fd, "a.log", data + log, size - log);
	check_export(dir_fd);
	check_tail(dir_fd, data + log, size - log);
	return 0;
}
