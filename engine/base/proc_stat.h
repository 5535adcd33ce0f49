/* proc_stat.h: what /proc/PID/stat says of a process (proc_pid_stat(5)). In a header alone: the launcher is linked with
 * no library of ours. */
#ifndef ENGINE_BASE_PROC_STAT_H
#define ENGINE_BASE_PROC_STAT_H

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* The parent in such a text, "PID (NAME) STATE PARENT ...", where the name is the process's choice; 0: it is in another
 * namespace; -1: the text is none of these, or NULL. */
static inline pid_t proc_stat_parent(const char *text)
{
	const char *rest = text ? strrchr(text, ')') : NULL;

	return rest && strlen(rest) > 4 ? atoi(rest + 4) : -1;
}

#endif
