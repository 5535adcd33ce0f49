/* config.h: what a person has set once for all: theme, keys, sizes.
 *
 * The file is config.yaml in config_dir_path(), a mapping of the settings of config_rows and of `keys`.
 * What it leaves out has its default. config_print() writes the one in force in the same form, with
 * comments: it can be read again.
 *
 * Life cycle: config_new() has the defaults; config_load(); config_set() for options of the command
 * line; config_text() ...; config_free(). Texts and the keymap belong to it.
 */
#ifndef UI_CONFIG_H
#define UI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "ui/keymap.h"

enum config_setting {
	CONFIG_THEME,
	CONFIG_BELL,
	CONFIG_MOUSE,
	CONFIG_PREFIX,
	CONFIG_ESCAPE_DELAY, /* ms */
	CONFIG_SCROLLBACK,   /* lines */
	CONFIG_STEPS_WIDTH,  /* percent */
	CONFIG_DETAILS_HEIGHT,
	CONFIG_STORE_SIZE,    /* bytes; 0: none */
	CONFIG_NETWORK_STACK, /* enum stack_wish */
	CONFIG_SETTINGS,
};

enum config_type {
	CONFIG_TYPE_THEME,
	CONFIG_TYPE_BOOL,
	CONFIG_TYPE_COUNT,
	CONFIG_TYPE_DURATION,
	CONFIG_TYPE_SIZE,
	CONFIG_TYPE_PREFIX,
	CONFIG_TYPE_STACK,
};

struct config_row {
	const char *name;
	enum config_type type;
	const char *fallback;
	uint64_t least, most; /* of a number, in the unit above */
	const char *help;     /* one line */
};

/* CONFIG_SETTINGS rows, in the order of enum config_setting. */
extern const struct config_row config_rows[];

struct config;

/* The directory of the configuration: $XDG_CONFIG_HOME/contractor if that is an absolute path (XDG Base
 * Directory Specification), else ~/.config/contractor; NULL when the home is not known. Free with
 * free(). */
char *config_dir_path(void);

/* The defaults. dir is the directory of the configuration and its themes, or NULL: none. */
struct config *config_new(const char *dir);
void config_free(struct config *config);

/* The path of its file, whether there is one or not; NULL when it has no directory. */
const char *config_path(const struct config *config);
/* The directory, or NULL. */
const char *config_dir(const struct config *config);

/* Reads the file, if there is one. Returns -1 when it cannot be read, and with ERR_USAGE when it is not
 * valid: ret_messages then has what is wrong, each at its line and column. */
int config_load(struct config *config, struct buf *ret_messages, struct err *err);

/* The same from a text; path names it in messages. */
int config_read(struct config *config, const char *path, const void *text, size_t length,
		struct buf *ret_messages, struct err *err);

/* Sets one from a text as it would stand in the file; fails with ERR_USAGE. */
int config_set(struct config *config, enum config_setting setting, const char *text,
	       struct err *err);

const char *config_text(const struct config *config, enum config_setting setting);
/* Of a setting that is a number or an enum, or of a flag 0 or 1. */
uint64_t config_number(const struct config *config, enum config_setting setting);
bool config_flag(const struct config *config, enum config_setting setting);
const struct keymap *config_keymap(const struct config *config);

/* Adds all of it as YAML with comments. */
void config_print(const struct config *config, struct buf *out);

#endif
