#include "engine/store/merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/store/archive_internal.h"
#include "engine/store/merge_internal.h"

/* So many directories are held open; one further up is found again through "..". */
enum { OPEN_MAX_LEVELS = 32 };

static const char opaque_name[] = "user.overlay.opaque";

bool merge_is_whiteout(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}

/* Names what is being copied, behind the cause in errno. */
static int fail(const struct merge *merge, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(merge->path.len ? merge->path.data : ".");

	return err_sys(err, "cannot copy %s", shown);
}

static int add_names(int fd, struct strv *names)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;

	if (!dir) {
		fd_close(&own);
		return -1;
	}
	while (errno = 0, (entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			strv_add(names, entry->d_name);
	}
	return errno ? -1 : 0;
}

static void close_frame(struct merge_frame *frame)
{
	for (size_t i = 0; i < frame->n_sources; i++)
		fd_close(&frame->sources[i]);
	fd_close(&frame->target);
}

static void release_frame(struct merge_frame *frame)
{
	close_frame(frame);
	free(frame->sources);
	strv_release(&frame->names);
}

/* Closes, for now, a directory further up. What it consists of is found again from the one below
 * only if that consists of as many: that fails to be so at most once for each layer. */
static void rest_frame(struct merge *merge)
{
	struct merge_frame *frame;

	if (merge->count <= OPEN_MAX_LEVELS)
		return;
	frame = &merge->frames[merge->count - 1 - OPEN_MAX_LEVELS];
	if (frame[0].n_sources == frame[1].n_sources)
		close_frame(frame);
}

/* Opens a closed directory again, from the one below it. */
static int wake_frame(struct merge_frame *frame, const struct merge_frame *below)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

	if (frame->target >= 0)
		return 0;
	for (size_t i = 0; i < frame->n_sources; i++) {
		frame->sources[i] = openat(below->sources[i], "..", flags);
		if (frame->sources[i] < 0)
			return -1;
	}
	frame->target = openat(below->target, "..", flags);
	return frame->target < 0 ? -1 : 0;
}

/* Begins a directory; takes what frame holds. */
static int enter(struct merge *merge, struct merge_frame *frame)
{
	merge->frames =
		mem_grow(merge->frames, merge->count, &merge->capacity, sizeof *merge->frames);
	merge->frames[merge->count++] = *frame;
	frame = &merge->frames[merge->count - 1];
	frame->path_length = merge->path.len;
	for (size_t i = 0; i < frame->n_sources; i++) {
		if (frame->sources[i] < 0)
			return -1;
	}
	if (fstat(frame->sources[0], &frame->status) < 0 ||
	    merge_copy_attributes(merge, frame->sources[0], &frame->status, frame->target) < 0)
		return -1;
	for (size_t i = 0; i < frame->n_own; i++) {
		if (add_names(frame->sources[i], &frame->names) < 0)
			return -1;
	}
	archive_sort_names(&frame->names);
	rest_frame(merge);
	return 0;
}

/* Ends the topmost directory: its times are set when nothing is put into it any more. */
static int leave(struct merge *merge)
{
	struct merge_frame *frame = &merge->frames[merge->count - 1];
	int result = merge_set_times(frame->target, &frame->status);

	if (!result && merge->count > 1)
		result = wake_frame(frame - 1, frame);
	release_frame(frame);
	merge->count--;
	return result;
}

/* Whether the layers below do not show through the directory: 1, 0, or -1. */
static int is_opaque(int fd)
{
	char value[8];
	ssize_t length = fgetxattr(fd, opaque_name, value, sizeof value);

	if (length < 0)
		return errno == ENODATA || errno == ENOTSUP ? 0 : -1;
	return length == 1 && value[0] == 'y';
}

/* Adds the directory name of a source of the parent to what frame consists of. Returns as
 * is_opaque(). */
static int add_source(const struct merge_frame *parent, size_t source, const char *name,
		      struct merge_frame *frame)
{
	int fd = openat(parent->sources[source], name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -1;
	frame->sources[frame->n_sources++] = fd;
	frame->n_own += source < parent->n_own;
	return is_opaque(fd);
}

/* Finds all that the directory name consists of, from the source `first` of the parent downwards.
 * Returns 1 when what is below is not to show through, 0, or -1. What is only looked at stays below
 * the result, and hides by itself what is below it. */
static int find_sources(const struct merge_frame *parent, size_t first, const char *name,
			struct merge_frame *frame)
{
	int opaque = add_source(parent, first, name, frame);
	size_t i;

	for (i = first + 1; i < parent->n_sources && !opaque; i++) {
		struct stat status;

		if (fstatat(parent->sources[i], name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			opaque = S_ISDIR(status.st_mode) ? add_source(parent, i, name, frame) : 1;
		else if (errno != ENOENT)
			return -1;
	}
	return opaque > 0 && i > parent->n_own ? 0 : opaque;
}

/* Makes the directory in the target. */
static int make_target(const struct merge *merge, int parent_fd, const char *name, bool opaque,
		       int *ret_fd)
{
	AUTO_CLOSE int fd = -1;

	if (mkdirat(parent_fd, name, 0700) < 0)
		return -1;
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 ||
	    (opaque && !merge->options->whole && fsetxattr(fd, opaque_name, "y", 1, 0) < 0))
		return -1;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Goes into a directory, of which the source `first` has the topmost. */
static int merge_directory(struct merge *merge, size_t first, const char *name)
{
	const struct merge_frame *parent = &merge->frames[merge->count - 1];
	struct merge_frame frame = {.target = -1};
	int opaque;

	frame.sources = mem_resize(NULL, parent->n_sources - first, sizeof *frame.sources);
	opaque = find_sources(parent, first, name, &frame);
	if (opaque < 0 || make_target(merge, parent->target, name, opaque, &frame.target) < 0) {
		release_frame(&frame);
		return -1;
	}
	return enter(merge, &frame);
}

/* Whether a whiteout hides something: 1, 0, or -1. */
static int hides(const struct merge *merge, const char *name)
{
	const struct merge_frame *frame = &merge->frames[merge->count - 1];
	struct stat status;

	if (merge->count == 1)
		return !merge->options->whole;
	for (size_t i = frame->n_own; i < frame->n_sources; i++) {
		if (fstatat(frame->sources[i], name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			return !merge_is_whiteout(&status);
		if (errno != ENOENT)
			return -1;
	}
	return 0;
}

/* Copies the topmost entry of a name, which is no directory. */
static int merge_file(struct merge *merge, int source_fd, const char *name,
		      const struct stat *status)
{
	const struct merge_frame *frame = &merge->frames[merge->count - 1];
	int copies = merge_is_whiteout(status) ? hides(merge, name) : 1;

	if (copies <= 0)
		return copies;
	return merge_copy_entry(merge, source_fd, name, status, frame->target);
}

/* Merges one name of the topmost directory. */
static int merge_name(struct merge *merge, const char *name)
{
	const struct merge_frame *frame = &merge->frames[merge->count - 1];

	for (size_t i = 0; i < frame->n_own; i++) {
		struct stat status;

		if (fstatat(frame->sources[i], name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno != ENOENT)
				return -1;
			continue;
		}
		if (S_ISDIR(status.st_mode))
			return merge_directory(merge, i, name);
		return merge_file(merge, frame->sources[i], name, &status);
	}
	return 0;
}

/* The next name of the topmost directory, each once; NULL at its end. */
static const char *next_name(struct merge_frame *frame)
{
	const struct strv *names = &frame->names;
	const char *name = frame->next < names->len ? names->items[frame->next] : NULL;

	while (name && frame->next < names->len && !strcmp(names->items[frame->next], name))
		frame->next++;
	return name;
}

static void append_name(struct buf *path, const char *name)
{
	if (path->len)
		buf_add_char(path, '/');
	buf_add_str(path, name);
}

static int merge_all(struct merge *merge, struct err *err)
{
	while (merge->count) {
		struct merge_frame *frame = &merge->frames[merge->count - 1];
		const char *name = next_name(frame);
		int result;

		buf_truncate(&merge->path, frame->path_length);
		if (name)
			append_name(&merge->path, name);
		result = name ? merge_name(merge, name) : leave(merge);
		if (result < 0)
			return fail(merge, err);
	}
	return 0;
}

/* The first directory: the layers' own, and the target itself. */
static int enter_root(struct merge *merge)
{
	const struct merge_options *options = merge->options;
	const struct strv *layers = options->layers;
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct merge_frame frame = {.target = openat(merge->root_fd, ".", flags),
				    .n_own = layers->len - options->n_below};

	frame.sources = mem_resize(NULL, layers->len, sizeof *frame.sources);
	for (size_t i = layers->len; i > 0; i--)
		frame.sources[frame.n_sources++] = open(layers->items[i - 1], flags);
	return enter(merge, &frame);
}

int merge_layers(const struct merge_options *options, int target_fd, struct err *err)
{
	struct merge merge = {.options = options, .root_fd = target_fd};
	int result;

	child_raise_open_files();
	buf_init(&merge.path);
	merge.buffer = mem_resize(NULL, MERGE_BUFFER, 1);
	result = enter_root(&merge) < 0 ? fail(&merge, err) : merge_all(&merge, err);
	while (merge.count)
		release_frame(&merge.frames[--merge.count]);
	free(merge.frames);
	free(merge.buffer);
	link_table_release(&merge.links);
	buf_release(&merge.path);
	return result;
}
