#include "engine/spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/spec/spec_internal.h"

static void step_release(struct step *step)
{
	field_values_free(step->values, step->n_values);
	strv_release(&step->environment);
	free(step->name);
	free(step->note);
	free(step->user);
	free(step->gid);
}

void spec_free(struct spec *spec)
{
	if (!spec)
		return;
	for (size_t i = 0; i < spec->n_steps; i++)
		step_release(spec->steps + i);
	for (size_t i = 0; i < spec->n_parameters; i++) {
		free(spec->parameters[i].name);
		free(spec->parameters[i].value);
	}
	free(spec->steps);
	strv_release(&spec->secrets);
	free(spec->parameters);
	free(spec->path);
	free(spec->directory);
	free(spec->real_path);
	free(spec->name);
	free(spec->description);
	buf_release(&spec->text);
	free(spec);
}

/* What a file is that could be opened and is not a regular one. */
static const char *kind_of_file(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	return S_ISFIFO(mode) ? "a FIFO" : "a device";
}

/* Reads a regular file; nothing else can make it wait or never end. */
static int read_file(const char *path, struct buf *text, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(path);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "cannot read %s: there is no such file", shown);
	if (fd < 0 && errno == ENXIO)
		return err_set(err, ERR_USAGE, "cannot read %s: not a regular file", shown);
	if (fd < 0 || fstat(fd, &status) < 0)
		return err_sys(err, "cannot read %s", shown);
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_USAGE, "cannot read %s: it is %s, not a file", shown,
			       kind_of_file(status.st_mode));
	return buf_read_fd(text, fd, SPEC_SIZE_MAX, shown, err);
}

/* Sets where the spec is; as far as the path exists, without links. */
static void set_paths(struct spec *spec, const char *path)
{
	AUTO_FREE char *given_directory = path_dirname(path);

	spec->path = mem_strdup(path);
	spec->real_path = realpath(path, NULL);
	if (spec->real_path) {
		spec->directory = path_dirname(spec->real_path);
		return;
	}
	spec->directory = realpath(given_directory, NULL);
	if (!spec->directory)
		spec->directory = take_ptr(&given_directory);
	spec->real_path = path_join(spec->directory, path_basename(path));
}

int spec_parse(const char *path, const void *text, size_t length,
	       const struct spec_options *options, struct spec **ret_spec,
	       struct diagnostics *diagnostics, struct err *err)
{
	struct reader reader = {.options = options, .diagnostics = diagnostics};
	struct yaml_tree *tree;

	if (length > SPEC_SIZE_MAX) {
		AUTO_FREE char *shown = buf_shown(path);

		return err_set(err, ERR_USAGE, "%s is larger than %d bytes", shown, SPEC_SIZE_MAX);
	}
	reader.spec = mem_new(sizeof *reader.spec);
	set_paths(reader.spec, path);
	buf_init(&reader.spec->text);
	buf_add(&reader.spec->text, text, length);
	tree = yaml_tree_parse(reader.spec->text.data, length, diagnostics, NULL);
	reader.tree = tree;
	spec_read(&reader);
	yaml_tree_free(tree);
	strv_release(&reader.environment);
	strv_release(&reader.artifacts);
	strv_release(&reader.secret_ids);
	*ret_spec = reader.spec;
	return 0;
}

int spec_load(const char *path, const struct spec_options *options, struct spec **ret_spec,
	      struct diagnostics *diagnostics, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (read_file(path, &text, err) < 0)
		return -1;
	return spec_parse(path, text.data, text.len, options, ret_spec, diagnostics, err);
}
