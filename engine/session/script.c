/* Files of commands. */
#include "engine/session/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"

enum { SCRIPT_MAX = 1 << 20 };

int scripts_add(struct scripts *scripts, const char *path, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	AUTO_FREE char *shown = buf_shown(path);
	AUTO_BUF struct buf text = BUF_INIT;

	if (scripts->len == SCRIPTS_MAX)
		return err_set(err, ERR_USAGE, "'%s': files of commands are nested too deep",
			       shown);
	if (fd < 0)
		return err_set(err, ERR_USAGE, "cannot read '%s': %s", shown, strerror(errno));
	if (buf_read_fd(&text, fd, SCRIPT_MAX, shown, err) < 0)
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
