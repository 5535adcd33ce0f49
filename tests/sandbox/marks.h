/* marks.h: finding processes by a mark, an argument that no other process has. */
#ifndef TESTS_SANDBOX_MARKS_H
#define TESTS_SANDBOX_MARKS_H

#include <sys/types.h>

/* A mark that was not used before. Free with free(). */
char *mark_new(void);
/* How many processes have it among their arguments; *ret_pid, if not NULL, is the last one. */
int mark_count(const char *mark, pid_t *ret_pid);

#endif
