/* doctor_person.c: checks of the person's terminal, locale and editor. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/session/doctor_internal.h"
#include "engine/session/editing.h"

enum { COLUMNS_LEAST = 60, ROWS_LEAST = 16 };

/* Whether a standard stream is a terminal, and its size. */
static bool find_terminal(struct winsize *ret_size)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (ioctl(fd, TIOCGWINSZ, ret_size) == 0)
			return true;
	}
	return false;
}

/* What the screen lacks, by the kind of terminal and its size. */
static void describe_terminal(const struct doctor_terminal *kind, const char *term,
			      const struct winsize *size, struct doctor_finding *finding)
{
	AUTO_FREE char *what = mem_printf("%s, %ux%u", term, size->ws_col, size->ws_row);

	if (size->ws_col < COLUMNS_LEAST || size->ws_row < ROWS_LEAST)
		doctor_lacks(finding, DOCTOR_DEGRADED, "make the terminal larger",
			     "%s: the screen needs %dx%d", what, COLUMNS_LEAST, ROWS_LEAST);
	else if (kind && !kind->colors)
		doctor_lacks(finding, DOCTOR_DEGRADED, "export TERM=xterm-256color, or as it is",
			     "%s: no colours; states are told by their glyphs alone", what);
	else if (kind)
		doctor_fine(finding, "%s, %d colours", what, kind->colors);
	else
		doctor_fine(finding, "%s", what);
}

void doctor_check_terminal(const struct doctor_host *host, struct doctor_finding *finding)
{
	static const char use_plain[] = "start it in a terminal, or use debug --plain";
	const char *term = getenv("TERM");
	struct winsize size;

	if (!find_terminal(&size))
		doctor_lacks(finding, DOCTOR_DEGRADED, use_plain,
			     "no terminal: the screen cannot be shown");
	else if (!term || !*term)
		doctor_lacks(finding, DOCTOR_DEGRADED, "export TERM=xterm-256color, or as it is",
			     "TERM is not set: the screen cannot be shown");
	else if (!strcmp(term, "dumb") || (host->terminal && !host->terminal->can_draw))
		doctor_lacks(finding, DOCTOR_DEGRADED, "export TERM=xterm-256color, or as it is",
			     "TERM is %s, of which the terminfo of this host knows no way to move "
			     "the cursor: the screen cannot be shown",
			     term);
	else
		describe_terminal(host->terminal, term, &size, finding);
}

void doctor_check_locale(const struct doctor_host *host, struct doctor_finding *finding)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	const char *codeset = locale ? nl_langinfo_l(CODESET, locale) : "none: no such locale";

	(void)host;
	if (strcmp(codeset, "UTF-8"))
		doctor_lacks(finding, DOCTOR_DEGRADED, "export LC_ALL=C.UTF-8",
			     "the character set is %s: replacements are shown", codeset);
	else
		doctor_fine(finding, "UTF-8");
	if (locale)
		freelocale(locale);
}

/* Whether PATH has a program of this name, of so many characters; or the name is a path to one. */
static bool is_program(const struct doctor_host *host, const char *name, size_t length)
{
	const char *path = memchr(name, '/', length) ? "" : getenv("PATH");

	while (path) {
		size_t dir = strcspn(path, ":");
		AUTO_FREE char *full = mem_printf("%s%.*s%s%.*s", host->root, (int)dir, path,
						  dir ? "/" : "", (int)length, name);

		if (!access(full, X_OK))
			return true;
		path = path[dir] ? path + dir + 1 : NULL;
	}
	return false;
}

void doctor_check_editor(const struct doctor_host *host, struct doctor_finding *finding)
{
	const char *command = editing_command();

	if (is_program(host, command, strcspn(command, " \t")))
		doctor_fine(finding, "%s", command);
	else
		doctor_lacks(finding, DOCTOR_DEGRADED,
			     "sudo apt install nano && export EDITOR=nano, or as yours is called",
			     "there is no program %s; `edit` cannot open the text of a step",
			     command);
}
