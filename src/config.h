/* config.h: the person's configuration and theme, as files and options say. */
#ifndef SRC_CONFIG_H
#define SRC_CONFIG_H

#include "src/program.h"
#include "ui/config.h"
#include "ui/theme.h"

/* Reads the configuration, and the theme that --theme or else the configuration names, unless ret_theme
 * is NULL. Returns 0; or the exit status, when something is wrong with them and has been said on
 * standard error: then there is nothing to free. */
int program_load_config(struct program *program, struct config **ret_config,
			struct theme *ret_theme);

/* How large the store may be; 0: no matter. As above. */
int program_store_size(struct program *program, uint64_t *ret_bytes);

/* Which network steps with network have. As above. */
int program_network_stack(struct program *program, enum stack_wish *ret_wish);

#endif
