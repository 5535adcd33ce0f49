/* git.h: what a session must know of the git action. */
#ifndef ENGINE_ACTIONS_GIT_H
#define ENGINE_ACTIONS_GIT_H

#include "engine/actions/action.h"

/* Forgets which commit the step's ref stood for, so that its key is "" and the next run looks
 * again (--refresh). Does nothing for a step of another action, or whose ref is a commit. */
int git_forget(const struct action_input *input, struct err *err);

#endif
