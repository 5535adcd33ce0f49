/* script.h: files of commands (`source`, -x), which may name each other.
 *
 * Life cycle: `struct scripts scripts = {0};` scripts_add(); scripts_next() for each line until there is
 * none; scripts_clear() when a command was wrong, and at the end.
 */
#ifndef ENGINE_SESSION_SCRIPT_H
#define ENGINE_SESSION_SCRIPT_H

#include "engine/base/buf.h"
#include "engine/base/err.h"

enum { SCRIPTS_MAX = 16 };

struct script {
	char *path;
	struct buf text;
	size_t at;   /* of the next line */
	size_t line; /* number of the one that was taken last */
};

struct scripts {
	struct script items[SCRIPTS_MAX]; /* the innermost last */
	size_t len;
};

/* Reads a file, whose lines come before those that are left. Fails with ERR_USAGE when it cannot be read, is no
 * text or a pipe by name, which might never end, or files are nested too deep. */
int scripts_add(struct scripts *scripts, const char *path, struct err *err);
void scripts_clear(struct scripts *scripts);

/* The next line, without its newline; NULL at the end of all. ret_place, a buffer, becomes "FILE:LINE", safe
 * to show. Free with free(). */
char *scripts_next(struct scripts *scripts, struct buf *ret_place);

#endif
