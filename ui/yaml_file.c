#include "ui/yaml_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/strv.h"
#include "engine/spec/suggest.h"

/* Reads the bytes. A pipe or a device in its place must not keep us waiting. */
static int read_file(const char *path, struct buf *text, struct err *err)
{
	AUTO_FREE char *shown = buf_shown(path);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(err, ERR_NOT_FOUND, "there is no file %s", shown);
	if (fd < 0 || fstat(fd, &status) < 0) {
		err_sys(err, "cannot read %s", shown);
		err->code = ERR_HOST; /* whatever it is: the file is the person's */
		return -1;
	}
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_USAGE, "cannot read %s: it is not a file", shown);
	return buf_read_fd(text, fd, SPEC_SIZE_MAX, shown, err);
}

/* Makes the tree of file->text. */
static void parse(struct yaml_file *file)
{
	file->tree = yaml_tree_parse(file->text.data, file->text.len, &file->diagnostics, NULL);
}

int yaml_file_open(const char *path, struct yaml_file *ret_file, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (read_file(path, &text, err) < 0)
		return -1;
	*ret_file = (struct yaml_file){.path = mem_strdup(path), .text = text};
	buf_init(&text);
	parse(ret_file);
	return 0;
}

void yaml_file_parse(const char *path, const void *text, size_t length, struct yaml_file *ret_file)
{
	*ret_file = (struct yaml_file){.path = mem_strdup(path), .text = BUF_INIT};
	buf_add(&ret_file->text, text, length);
	parse(ret_file);
}

void yaml_file_release(struct yaml_file *file)
{
	yaml_tree_free(file->tree);
	diagnostics_release(&file->diagnostics);
	buf_release(&file->text);
	free(file->path);
}

int yaml_file_finish(const struct yaml_file *file, struct buf *ret_messages, struct err *err)
{
	AUTO_FREE char *shown = NULL;

	if (!file->diagnostics.len)
		return 0;
	shown = buf_shown(file->path);
	diagnostics_format(&file->diagnostics, file->path, &file->text, ret_messages);
	return err_set(err, ERR_USAGE, "%s is not valid", shown);
}

const char *yaml_file_text(struct diagnostics *diagnostics, const char *name,
			   const struct yaml_value *value)
{
	if (value->kind != YAML_TEXT)
		diagnostics_add(diagnostics, value->position, "'%s' must be a text, not a %s",
				short_text(name).text,
				value->kind == YAML_LIST ? "list" : "mapping");
	else if (yaml_is_null(value))
		diagnostics_add(diagnostics, value->position, "'%s' needs a value",
				short_text(name).text);
	else
		return value->text;
	return NULL;
}

bool yaml_file_is_map(struct diagnostics *diagnostics, const char *name,
		      const struct yaml_value *value)
{
	if (value->kind == YAML_MAP)
		return true;
	diagnostics_add(diagnostics, value->position, "'%s' must be a mapping, \"KEY: VALUE\"",
			short_text(name).text);
	return false;
}

void yaml_file_unknown(struct diagnostics *diagnostics, const struct yaml_value *key,
		       const char *what, const char *const *known)
{
	AUTO_STRV struct strv names = {0};
	AUTO_FREE char *suggestion = NULL;

	while (*known)
		strv_add(&names, *known++);
	suggestion = suggest_text(key->text, &names);
	diagnostics_add(diagnostics, key->position, "unknown key '%s' in %s%s",
			short_text(key->text).text, what, suggestion);
}
