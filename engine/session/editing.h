/* editing.h: a step's text in the person's editor.
 *
 * Life cycle: `struct editing editing = {0};` editing_begin() writes the text to a file; the caller runs
 * editing_command() on it; editing_end() takes what it became. What is not taken, since it is no valid step or
 * the build has reached the step meanwhile, is kept, one text a step: the next editing_begin() for that step
 * goes on with it. editing_release().
 */
#ifndef ENGINE_SESSION_EDITING_H
#define ENGINE_SESSION_EDITING_H

#include "engine/session/session.h"

struct editing_refused {
	size_t step;
	struct buf text;
};

struct editing {
	size_t step;
	char *path;			 /* of the file, or NULL: none is edited */
	struct editing_refused *refused; /* the last text of each step whose text was not taken */
	size_t n_refused, refused_capacity;
};

/* Makes the file, for this process's user alone. */
int editing_begin(struct editing *editing, const struct session *session, size_t step,
		  struct err *err);

/* The person's editor: $VISUAL, $EDITOR, sensible-editor, or vi; words for a shell, to which the
 * file's name is to be added. */
const char *editing_command(void);

enum editing_result { EDITING_UNCHANGED, EDITING_TAKEN, EDITING_REFUSED };

/* Reads the file, removes it, and gives the text to the session. EDITING_REFUSED: the text is kept; err says
 * why in short, and ret_problems what is wrong at which place, as `check` does; that is empty if nothing is,
 * but the step cannot be edited now. Fails when the file cannot be read. */
int editing_end(struct editing *editing, struct session *session, enum editing_result *ret_result,
		struct buf *ret_problems, struct err *err);
/* Removes the file: the editor failed. */
void editing_drop(struct editing *editing);

void editing_release(struct editing *editing);

#endif
