/* Files of commands. */
#include "engine/session/script.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine/base/mem.h"

enum { SCRIPT_MAX = 1 << 20 };

/* What ends only when another process wants it, would hold up everything: named pipes and terminals. The pipe of a
 * shell's <(COMMAND) has no name, and its writer is at work. */
static int check_ends(int fd, const char *shown, struct err *err)
{
	struct stat status;
	struct statfs system;

	if (fstat(fd, &status) < 0 || fstatfs(fd, &system) < 0)
		return err_sys(err, "cannot read '%s'", shown);
	if (isatty(fd) || (S_ISFIFO(status.st_mode) && system.f_type != PIPEFS_MAGIC))
		return err_set(err, ERR_USAGE,
			       "'%s' is a %s, which commands are not read from: name a file", shown,
			       isatty(fd) ? "terminal" : "named pipe");
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return 0;
}

/* A line with a NUL would be run as a part of itself. */
static int check_text(const struct buf *text, const char *shown, struct err *err)
{
	const char *nul = memchr(text->data, '\0', text->len);
	size_t line = 1;

	if (!nul)
		return 0;
	for (const char *at = text->data; at < nul; at++)
		line += *at == '\n';
	return err_set(err, ERR_USAGE, "'%s' has a NUL byte in line %zu: it is no file of commands",
		       shown, line);
}

int scripts_add(struct scripts *scripts, const char *path, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	AUTO_FREE char *shown = buf_shown(path);
	AUTO_BUF struct buf text = BUF_INIT;

	if (scripts->len == SCRIPTS_MAX)
		return err_set(err, ERR_USAGE, "'%s': files of commands are nested too deep",
			       shown);
	if (fd < 0)
		return err_set(err, ERR_USAGE, "cannot read '%s': %s", shown, strerror(errno));
	if (check_ends(fd, shown, err) < 0 || buf_read_fd(&text, fd, SCRIPT_MAX, shown, err) < 0 ||
	    check_text(&text, shown, err) < 0)
		return -1;
	scripts->items[scripts->len++] = (struct script){.path = mem_strdup(path), .text = text};
	buf_init(&text);
	return 0;
}

static void end_innermost(struct scripts *scripts)
{
	struct script *script = &scripts->items[--scripts->len];

	free(script->path);
	buf_release(&script->text);
}

void scripts_clear(struct scripts *scripts)
{
	while (scripts->len)
		end_innermost(scripts);
}

char *scripts_next(struct scripts *scripts, struct buf *ret_place)
{
	struct script *script;
	const char *line;
	size_t length;

	while (scripts->len &&
	       scripts->items[scripts->len - 1].at >= scripts->items[scripts->len - 1].text.len)
		end_innermost(scripts);
	if (!scripts->len)
		return NULL;
	script = &scripts->items[scripts->len - 1];
	line = script->text.data + script->at;
	length = strcspn(line, "\n");
	script->at += length + 1;
	script->line++;
	buf_clear(ret_place);
	buf_add_shown(ret_place, script->path, strlen(script->path));
	buf_add_fmt(ret_place, ":%zu", script->line);
	return mem_strndup(line, length);
}
