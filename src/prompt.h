/* prompt.h: lines that a person types on a terminal, with editing, history and completion (libedit),
 * within the loop: nothing waits for a key.
 *
 * Life cycle: prompt_new(); prompt_show(), and line() is called once, with the prompt hidden again;
 * prompt_free(). While it is hidden the terminal is as it was, and what is typed stays there.
 */
#ifndef SRC_PROMPT_H
#define SRC_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"
#include "engine/base/strv.h"
#include "engine/process/loop.h"

struct prompt;

struct prompt_callbacks {
	void (*line)(void *data, const char *line); /* NULL: the end of input */
	/* Adds what the last word of line may become; returns where that word begins. */
	size_t (*complete)(void *data, const char *line, struct strv *ret_words);
	void *data;
};

/* Standard input and output are the terminal. */
int prompt_new(struct loop *loop, const struct prompt_callbacks *callbacks,
	       struct prompt **ret_prompt, struct err *err);
void prompt_free(struct prompt *prompt);

/* Asks for a line behind this text, which is safe to show. */
void prompt_show(struct prompt *prompt, const char *text);
/* Forgets what has been typed, and gives the terminal back. */
void prompt_hide(struct prompt *prompt);
bool prompt_is_shown(const struct prompt *prompt);
/* Draws it again, with what has been typed, where the cursor is: something else was written. */
void prompt_redraw(struct prompt *prompt);

/* The terminal has another size. */
void prompt_resize(struct prompt *prompt);

#endif
