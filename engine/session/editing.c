/* A step's text in the person's editor. */
#include "engine/session/editing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/spec/spec_edit.h"

enum { TEXT_MAX = 16 << 20 };

const char *editing_command(void)
{
	static const char *const variables[] = {"VISUAL", "EDITOR"};

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *value = getenv(variables[i]);

		if (value && *value)
			return value;
	}
	return access("/usr/bin/sensible-editor", X_OK) == 0 ? "/usr/bin/sensible-editor" : "vi";
}

/* Writes the text to a new file of its own. Free *ret_path with free(). */
static int make_file(const struct buf *text, char **ret_path, struct err *err)
{
	const char *dir = getenv("TMPDIR");
	AUTO_FREE char *path = path_join(dir && *dir ? dir : "/tmp", "contractor-XXXXXX.yaml");
	AUTO_CLOSE int fd = mkostemps(path, (int)strlen(".yaml"), O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot make a file for the editor");
	if (fd_write_all(fd, text->data, text->len) < 0) {
		err_sys(err, "cannot write '%s'", path);
		unlink(path);
		return -1;
	}
	*ret_path = take_ptr(&path);
	return 0;
}

/* The text of the step that was refused, or NULL. */
static struct editing_refused *find_refused(const struct editing *editing, size_t step)
{
	for (size_t i = 0; i < editing->n_refused; i++) {
		if (editing->refused[i].step == step)
			return &editing->refused[i];
	}
	return NULL;
}

int editing_begin(struct editing *editing, const struct session *session, size_t step,
		  struct err *err)
{
	const struct spec *spec = session_spec(session);
	const struct editing_refused *refused = find_refused(editing, step);
	AUTO_BUF struct buf text = BUF_INIT;

	if (refused)
		buf_add(&text, refused->text.data, refused->text.len);
	else
		spec_edit_text(spec, &spec->steps[step - 1], &text);
	editing_drop(editing);
	editing->step = step;
	return make_file(&text, &editing->path, err);
}

void editing_drop(struct editing *editing)
{
	if (editing->path)
		unlink(editing->path);
	free(take_ptr(&editing->path));
}

void editing_release(struct editing *editing)
{
	editing_drop(editing);
	for (size_t i = 0; i < editing->n_refused; i++)
		buf_release(&editing->refused[i].text);
	free(editing->refused);
	*editing = (struct editing){0};
}

/* What was refused of the step that is edited is of no use any more; that of others is. */
static void forget_refused(struct editing *editing)
{
	struct editing_refused *refused = find_refused(editing, editing->step);

	if (!refused)
		return;
	buf_release(&refused->text);
	*refused = editing->refused[--editing->n_refused];
}

/* Keeps the text, in the place of what was refused of the step before. */
static void refuse(struct editing *editing, const struct buf *text)
{
	struct editing_refused *refused;

	forget_refused(editing);
	editing->refused = mem_grow(editing->refused, editing->n_refused,
				    &editing->refused_capacity, sizeof *editing->refused);
	refused = &editing->refused[editing->n_refused++];
	refused->step = editing->step;
	buf_init(&refused->text);
	buf_add(&refused->text, text->data, text->len);
}

/* What is wrong with the file as it would become. */
static void describe(const struct editing *editing, const struct session *session,
		     const struct buf *text, const struct diagnostics *diagnostics,
		     struct buf *ret_problems)
{
	const struct spec *spec = session_spec(session);
	AUTO_BUF struct buf file = BUF_INIT;
	struct err ignored;

	if (diagnostics->len && spec_edit_replace(spec, &spec->steps[editing->step - 1], text->data,
						  text->len, &file, &ignored) == 0)
		diagnostics_format(diagnostics, spec->path, &file, ret_problems);
}

static enum editing_result take_text(struct editing *editing, struct session *session,
				     const struct buf *text, struct buf *ret_problems,
				     struct err *err)
{
	struct diagnostics diagnostics = {0};
	enum editing_result result = EDITING_TAKEN;

	if (session_replace_step(session, editing->step, text->data, text->len, &diagnostics, err) <
	    0) {
		refuse(editing, text);
		describe(editing, session, text, &diagnostics, ret_problems);
		result = EDITING_REFUSED;
	} else {
		forget_refused(editing);
	}
	diagnostics_release(&diagnostics);
	return result;
}

static int read_file(const struct editing *editing, struct buf *ret_text, struct err *err)
{
	AUTO_CLOSE int fd = open(editing->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot read '%s'", editing->path);
	return buf_read_fd(ret_text, fd, TEXT_MAX, editing->path, err);
}

int editing_end(struct editing *editing, struct session *session, enum editing_result *ret_result,
		struct buf *ret_problems, struct err *err)
{
	const struct spec *spec = session_spec(session);
	AUTO_BUF struct buf text = BUF_INIT, before = BUF_INIT;
	int result = read_file(editing, &text, err);

	editing_drop(editing);
	if (result < 0)
		return -1;
	spec_edit_text(spec, &spec->steps[editing->step - 1], &before);
	if (text.len == before.len && !memcmp(text.data, before.data, text.len)) {
		forget_refused(editing);
		*ret_result = EDITING_UNCHANGED;
	} else {
		*ret_result = take_text(editing, session, &text, ret_problems, err);
	}
	return 0;
}
