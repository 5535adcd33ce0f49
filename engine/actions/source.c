#include "engine/actions/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/actions/artifact.h"
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/archive.h"

/* Whether dir is the root of a git work tree. */
static bool is_work_tree(const char *dir)
{
	AUTO_FREE char *git = path_join(dir, ".git");

	return !access(git, F_OK);
}

/* The nearest directory from dir upwards that is a git work tree's root; dir when there is none. */
static char *find_context(const char *dir)
{
	char *candidate = mem_strdup(dir);

	while (!is_work_tree(candidate)) {
		char *parent = path_dirname(candidate);
		bool top = !strcmp(parent, candidate);

		free(candidate);
		candidate = parent;
		if (top) {
			free(candidate);
			return mem_strdup(dir);
		}
	}
	return candidate;
}

/* What is left of path behind dir, "." when they are equal, NULL when path is not below dir. */
static const char *below(const char *path, const char *dir)
{
	size_t length = strlen(dir);

	if (!strcmp(path, dir))
		return ".";
	if (!strcmp(dir, "/"))
		return path + 1;
	return !strncmp(path, dir, length) && path[length] == '/' ? path + length + 1 : NULL;
}

int context_open(const struct action_input *input, char **ret_prefix, struct err *err)
{
	const char *given = host_settings(input->host)->context_dir;
	AUTO_FREE char *dir = given ? realpath(given, NULL) : find_context(input->spec->directory);
	const char *prefix;
	int fd;

	if (!dir) {
		err_sys(err, "cannot find the context directory %s", given);
		err->code = ERR_USAGE;
		return -1;
	}
	prefix = below(input->spec->directory, dir);
	if (!prefix)
		return err_set(err, ERR_USAGE, "the spec %s is not below the context directory %s",
			       input->spec->path, dir);
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open the context directory %s", dir);
	*ret_prefix = mem_strdup(prefix);
	return fd;
}

/* Removes the last component of a name; false when there is none left. */
static bool go_up(struct buf *name)
{
	const char *slash = strrchr(name->data, '/');

	if (!name->len)
		return false;
	buf_truncate(name, slash ? (size_t)(slash - name->data) : 0);
	return true;
}

/* Appends the components of path to name, going up for "..". */
static bool append(struct buf *name, const char *path)
{
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && !strncmp(path, "..", 2)) {
			if (!go_up(name))
				return false;
		} else if (length && !(length == 1 && *path == '.')) {
			if (name->len)
				buf_add_char(name, '/');
			buf_add(name, path, length);
		}
		path += length + (path[length] == '/');
	}
	return true;
}

char *context_name(const char *prefix, const char *name, struct err *err)
{
	struct buf clean = BUF_INIT;

	if (name[0] == '/' || !append(&clean, prefix) || !append(&clean, name)) {
		buf_release(&clean);
		err_set(err, ERR_STEP,
			"'%s' leaves the directory that a spec may read from; --context DIR sets "
			"another",
			name);
		return NULL;
	}
	if (!clean.len)
		buf_add_char(&clean, '.');
	return buf_detach(&clean);
}

/* An archive beside the spec. */
static int open_path(const struct action_input *input, const char *path, struct source *source,
		     struct err *err)
{
	AUTO_FREE char *prefix = NULL, *name = NULL;
	AUTO_CLOSE int context = context_open(input, &prefix, err);

	if (context < 0 || !(name = context_name(prefix, path, err)))
		return -1;
	source->fd = path_open_beneath(context, name, O_RDONLY, 0);
	if (source->fd >= 0)
		return 0;
	if (errno == ELOOP) {
		path_refuse_link(context, name, err);
		return err_in(err, "cannot open the archive %s of step %zu", path,
			      input->step->number);
	}
	err_sys(err, "cannot open the archive %s of step %zu", path, input->step->number);
	err->code = ERR_STEP;
	return -1;
}

/* An artifact: the one this build made, else the one in the artifact directory. */
static int open_artifact(const struct action_input *input, const char *name, struct source *source,
			 struct err *err)
{
	const char *digest = strv_getenv(&input->before->artifacts, name);
	AUTO_FREE char *path = NULL;

	if (digest) {
		snprintf(source->digest, sizeof source->digest, "%s", digest);
		source->fd = blob_open(host_store(input->host), digest, err);
		return source->fd < 0 ? -1 : 0;
	}
	path = artifact_find(host_artifact_dir(input->host), name);
	if (!path)
		return err_set(
			err, ERR_STEP,
			"there is no artifact '%s': no earlier step makes it, and %s has none",
			name, host_artifact_dir(input->host));
	source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return source->fd < 0 ? err_sys(err, "cannot open the artifact %s", path) : 0;
}

static int check_regular(int fd, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return err_sys(err, "cannot look at the archive");
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_STEP, "the archive is not a regular file");
	return 0;
}

int source_open(const struct action_input *input, struct source *ret_source, struct err *err)
{
	const char *path = step_text(input->step, "path");
	struct source source = {.fd = -1};
	int result = path ? open_path(input, path, &source, err)
			  : open_artifact(input, step_text(input->step, "artifact"), &source, err);

	if (!result)
		result = check_regular(source.fd, err);
	if (!result && !source.digest[0])
		result = store_file_digest(host_store(input->host), source.fd, source.digest, err);
	if (!result && lseek(source.fd, 0, SEEK_SET) < 0)
		result = err_sys(err, "cannot read the archive");
	if (result < 0) {
		source_release(&source);
		return -1;
	}
	*ret_source = source;
	return 0;
}

void source_release(struct source *source)
{
	fd_close(&source->fd);
}
