/* actions.h: the types, each in a file of its own; for the table in action.c. */
#ifndef ENGINE_ACTIONS_ACTIONS_H
#define ENGINE_ACTIONS_ACTIONS_H

#include "engine/actions/action.h"

extern const struct action_type action_empty_workspace;
extern const struct action_type action_create_artifact;
extern const struct action_type action_unpack_artifact;
extern const struct action_type action_create_systree;
extern const struct action_type action_debootstrap;
extern const struct action_type action_apt;
extern const struct action_type action_shell;
extern const struct action_type action_copy;
extern const struct action_type action_git;

#endif
