/* command_internal.h: what the files command*.c share. */
#ifndef ENGINE_SESSION_COMMAND_INTERNAL_H
#define ENGINE_SESSION_COMMAND_INTERNAL_H

#include "engine/session/command.h"

/* command.c: the words of a line, with quotes as in sh. */
int command_split(const char *line, struct strv *ret_words, struct err *err);

/* command_step.c: the step that the argument of this index names; without one the present step,
 * which is behind the last one at the end. */
int command_step(const struct session *session, const struct strv *arguments, size_t index,
		 size_t *ret_step, struct err *err);
/* The same, but without one the last step at the end. */
int command_step_here(const struct session *session, const struct strv *arguments, size_t index,
		      size_t *ret_step, struct err *err);
/* The same, but without one the step that happened last: the present one if it has failed, else
 * the one before it. */
int command_step_last(const struct session *session, const struct strv *arguments, size_t index,
		      size_t *ret_step, struct err *err);
/* Whether what is known of the step is that it did not pass. */
bool command_step_failed(const struct session *session, size_t step);

/* command_front.c: shows text, if there is somebody to see it. */
void command_print(const struct session *session, const struct buf *text);

/* Those that only hand over to the front. */
int command_log(struct session *session, const struct strv *arguments, struct err *err);
int command_shell(struct session *session, const struct strv *arguments, struct err *err);
int command_edit(struct session *session, const struct strv *arguments, struct err *err);
int command_source(struct session *session, const struct strv *arguments, struct err *err);
int command_quit(struct session *session, const struct strv *arguments, struct err *err);

/* command_info.c: facts. */
int command_info(struct session *session, const struct strv *arguments, struct err *err);
int command_env(struct session *session, const struct strv *arguments, struct err *err);
/* The names of the topics; ends with NULL. */
const char *command_topic(size_t index);

#endif
