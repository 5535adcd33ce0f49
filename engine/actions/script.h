/* script.h: scripts that contractor itself makes for a step's shell. */
#ifndef ENGINE_ACTIONS_SCRIPT_H
#define ENGINE_ACTIONS_SCRIPT_H

#include "engine/base/buf.h"
#include "engine/base/strv.h"

/* Where a step's script is inside: a file, so that its messages have line numbers. */
#define SCRIPT_PATH "/run/contractor-script"

/* Adds text as exactly one word of a shell command, whatever it contains. */
void script_add_word(struct buf *script, const char *text);

/* Adds each text as a word, with a space in front. */
void script_add_words(struct buf *script, const struct strv *texts);

#endif
