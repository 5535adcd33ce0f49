/* contractor artifact: the artifact directory, whose files are NAME.tar.zst and the like. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/actions/artifact.h"
#include "engine/actions/source.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/archive.h"
#include "src/artifact_file.h"
#include "src/build.h"
#include "src/columns.h"
#include "ui/words.h"

enum { LIST_JSON_VERSION = 1 };

static int by_name(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* The names of the files that are artifacts, sorted. A directory that is not there has none. */
static int list_files(const char *dir, struct strv *ret_files, struct err *err)
{
	AUTO_CLOSEDIR DIR *stream = opendir(dir);
	struct dirent *entry;

	if (!stream && errno == ENOENT)
		return 0;
	if (!stream)
		return err_sys(err, "cannot list the artifacts in '%s'", dir);
	while ((entry = readdir(stream))) {
		if (artifact_name_length(entry->d_name))
			strv_add(ret_files, entry->d_name);
	}
	if (ret_files->len)
		qsort(ret_files->items, ret_files->len, sizeof *ret_files->items, by_name);
	return 0;
}

/* One artifact's file. */
struct found {
	const char *file; /* its name */
	char *path;
	struct stat status;
};

static void add_row(struct columns *table, const struct found *found)
{
	AUTO_BUF struct buf size = BUF_INIT, time = BUF_INIT;

	add_size(&size, (uint64_t)found->status.st_size);
	add_time(&time, (int64_t)found->status.st_mtime * 1000);
	columns_add_fmt(table, "%.*s", (int)artifact_name_length(found->file), found->file);
	columns_add(table, size.data);
	columns_add(table, time.data);
	columns_add(table, found->path);
}

static json_t *found_json(const struct found *found)
{
	AUTO_FREE char *name = mem_strndup(found->file, artifact_name_length(found->file));
	const struct timespec *modified = &found->status.st_mtim;
	json_t *object = json_object();

	js_set_text(object, "name", name);
	js_set_text(object, "path", found->path);
	js_set_int(object, "bytes", found->status.st_size);
	js_set_int(object, "modified_ms",
		   (int64_t)modified->tv_sec * 1000 + modified->tv_nsec / 1000000);
	return object;
}

/* Adds those that are files to the table and to the array. */
static void add_found(const char *dir, const struct strv *files, struct columns *table,
		      json_t *array)
{
	for (size_t i = 0; i < files->len; i++) {
		struct found found = {.file = files->items[i]};
		AUTO_FREE char *path = path_join(dir, found.file);

		if (stat(path, &found.status) < 0 || !S_ISREG(found.status.st_mode))
			continue;
		found.path = path;
		add_row(table, &found);
		json_array_append_new(array, found_json(&found));
	}
}

static json_t *list_document(const char *dir, json_t *artifacts)
{
	json_t *document = js_document("artifact-list", LIST_JSON_VERSION);

	js_set_text(document, "directory", dir);
	json_object_set(document, "artifacts", artifacts);
	return document;
}

int artifact_list_command(struct program *program)
{
	static const char *const heads[] = {"NAME", "SIZE", "MADE", "FILE"};
	AUTO_FREE char *dir = program_artifact_dir(program);
	struct columns table = {.count = ARRAY_SIZE(heads), .right = " r  "};
	AUTO_STRV struct strv files = {0};
	json_t *artifacts;
	struct err err;

	if (list_files(dir, &files, &err) < 0)
		return program_fail(program, &err);
	artifacts = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		columns_add(&table, heads[i]);
	add_found(dir, &files, &table, artifacts);
	if (program->options.json)
		program_print_json(program, list_document(dir, artifacts));
	else if (json_array_size(artifacts))
		columns_print(&table, &program->out);
	columns_release(&table);
	json_decref(artifacts);
	return 0;
}

static int not_found(const char *dir, const char *name, struct err *err)
{
	return err_set(
		err, ERR_NOT_FOUND,
		"there is no artifact '%s' in '%s' ('contractor artifact list' shows those that "
		"are)",
		name, dir);
}

/* Copies the archive to standard output. */
static int print_file(struct program *program, int fd, struct err *err)
{
	char bytes[1 << 16];
	ssize_t length = 0;

	while (!program->out.error && (length = read(fd, bytes, sizeof bytes)) > 0) {
		console_add(&program->out, bytes, (size_t)length);
		console_flush(&program->out);
	}
	return length < 0 ? err_sys(err, "cannot read the artifact") : 0;
}

/* Opens what is in a directory that anybody may have filled, without waiting for the other end of
 * a pipe; -1 with errno 0 when it is no regular file. */
static int open_regular(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if (S_ISREG(status.st_mode))
		return take_fd(&fd);
	errno = 0;
	return -1;
}

static int get(struct program *program, const char *dir, const char *name, struct err *err)
{
	AUTO_FREE char *path = artifact_find(dir, name);
	const char *target = program_argument(program, 1);
	AUTO_CLOSE int fd = path ? open_regular(path) : -1;

	if (!path)
		return not_found(dir, name, err);
	if (fd < 0 && !errno)
		return err_set(err, ERR_USAGE, "'%s' is not a regular file", path);
	if (fd < 0)
		return err_sys(err, "cannot read '%s'", path);
	if (target && !strcmp(target, "-"))
		return print_file(program, fd, err);
	return artifact_copy(fd, target ? target : path_basename(path), err);
}

int artifact_get_command(struct program *program)
{
	AUTO_FREE char *dir = program_artifact_dir(program);
	const char *name = program_argument(program, 0);
	struct err err;

	if (artifact_check_name(name, &err) < 0 || get(program, dir, name, &err) < 0)
		return program_fail(program, &err);
	return 0;
}

/* Removes the artifact's files, of every compression, but for the one called keep (or NULL).
 * Returns how many there were, or -1. */
static int remove_files(const char *dir, const char *name, const char *keep, struct err *err)
{
	AUTO_STRV struct strv files = {0};
	int removed = 0;

	if (list_files(dir, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files.len; i++) {
		size_t length = artifact_name_length(files.items[i]);
		AUTO_FREE char *path = path_join(dir, files.items[i]);

		if (strlen(name) != length || memcmp(files.items[i], name, length) ||
		    (keep && !strcmp(files.items[i], keep)))
			continue;
		if (unlink(path) < 0)
			return err_sys(err, "cannot remove '%s'", path);
		removed++;
	}
	return removed;
}

static int put(const char *dir, const char *name, const char *source, struct err *err)
{
	AUTO_CLOSE int fd = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	AUTO_FREE char *file = NULL, *path = NULL;
	const char *suffix;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_USAGE,
			       "cannot read '%s': %s", source, strerror(errno));
	suffix = artifact_suffix_of(fd);
	if (!suffix)
		return err_set(
			err, ERR_USAGE,
			"'%s' is not a tar archive, plain or compressed with gzip, xz or zstd",
			source);
	file = mem_printf("%s.%s", name, suffix);
	path = path_join(dir, file);
	if (artifact_copy(fd, path, err) < 0)
		return -1;
	return remove_files(dir, name, file, err) < 0 ? -1 : 0;
}

/* The default artifact directory is in the store, which is made as a store, private. */
static int prepare_dir(struct program *program, const char *dir)
{
	struct build build = {0};
	struct err err;
	int status = program->options.artifacts ? 0 : build_open_store(&build, program, false);

	build_release(&build);
	if (!status && path_make_dirs(dir, 0777, &err) < 0)
		status = program_fail(program, &err);
	return status;
}

int artifact_put_command(struct program *program)
{
	AUTO_FREE char *dir = program_artifact_dir(program);
	const char *name = program_argument(program, 0);
	struct err err;
	int status;

	if (artifact_check_name(name, &err) < 0)
		return program_fail(program, &err);
	status = prepare_dir(program, dir);
	if (!status && put(dir, name, program_argument(program, 1), &err) < 0)
		status = program_fail(program, &err);
	return status;
}

int artifact_remove_command(struct program *program)
{
	AUTO_FREE char *dir = program_artifact_dir(program);
	const char *name = program_argument(program, 0);
	struct err err;
	int removed = artifact_check_name(name, &err);

	if (!removed)
		removed = remove_files(dir, name, NULL, &err);
	if (!removed)
		removed = not_found(dir, name, &err);
	return removed < 0 ? program_fail(program, &err) : 0;
}
