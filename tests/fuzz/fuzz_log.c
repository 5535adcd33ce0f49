/* Arbitrary logs, looked at and searched: a line that is said to match is there, whichever way it is
 * looked for, and all that is drawn has a width.
 *
 * Input: the pattern, a NUL, the log. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "ui/log_view.h"

enum { ROWS = 5, COLUMNS = 9 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int result)
{
	if (result < 0)
		abort();
}

/* Does all that is to be done. */
static void work(struct log_view *view)
{
	struct err err;
	int more;

	do
		check(more = log_view_work(view, 0, &err));
	while (more);
}

static void draw(struct log_view *view)
{
	struct cell cells[ROWS * COLUMNS];
	uint8_t marks[ROWS * COLUMNS];
	struct err err;

	check(log_view_draw(view, cells, marks, &err));
	for (size_t i = 0; i < ROWS * COLUMNS; i++) {
		if (cells[i].width > 2 || (cells[i].width == 0 && i % COLUMNS == 0))
			abort();
	}
}

/* Searches from the start and from the end: both find something, or none does. */
static void search(struct log_view *view, const char *pattern, bool is_regex)
{
	bool found[2];
	struct err err;

	for (int forward = 0; forward < 2; forward++) {
		log_view_home(view);
		if (log_view_search(view, pattern, is_regex, forward, &err) < 0)
			return;
		work(view);
		draw(view);
		found[forward] = log_view_searched(view) != LOG_VIEW_NOT_FOUND;
	}
	if (found[0] != found[1])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = strnlen((const char *)data, size);
	AUTO_FREE char *pattern = mem_strndup((const char *)data, length);
	AUTO_CLOSE int fd = memfd_create("log", MFD_CLOEXEC);
	size_t log = length < size ? length + 1 : size;
	struct log_view *view = log_view_new(fd);
	struct err err;

	if (fd_write_all(fd, data + log, size - log) < 0)
		abort();
	log_view_resize(view, ROWS, COLUMNS);
	work(view);
	draw(view);
	search(view, pattern, false);
	search(view, pattern, true);
	log_view_wrap(view, true);
	check(log_view_move(view, -3, &err));
	draw(view);
	log_view_first_problem(view);
	work(view);
	log_view_free(view);
	return 0;
}
